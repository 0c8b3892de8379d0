"""How the gateway reaches the broker: straight, past a man in the middle, over TLS, or from another host."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.reliability.brokers.between import Between
from bench.reliability.brokers.certificates import Certificates
from bench.reliability.brokers.hosts import FAR, two_hosts
from bench.reliability.brokers.relay import Relay
from simulators.broker import HOST, free_port

PORT = 1883  # on a host of its own


@dataclass(slots=True)
class Way:
    """`broker` is where the broker listens, `called` what the gateway calls; the rest can be meddled with."""

    broker: tuple[str, int]
    called: tuple[str, int]
    broker_before: Sequence[str] = ()
    gateway_before: Sequence[str] = ()
    relay: Relay | None = None
    between: Between | None = None
    certificates: Certificates | None = None

    @property
    def uplink(self) -> str:
        """The gateway's broker as YAML."""
        host, port = self.called
        tls = f", tls: {{ca: {self.certificates.authority}}}" if self.certificates is not None else ""
        return f"{{host: {host}, port: {port}, username: gw{tls}}}"


@asynccontextmanager
async def open_way(kind: str, directory: Path, dice: random.Random) -> AsyncIterator[Way]:
    """Make it, and put it away afterwards; raises BenchError where it needs more than there is."""
    straight = HOST, free_port(0)
    if kind == "two hosts":
        async with two_hosts(dice) as hosts:
            address = FAR, PORT
            yield Way(address, address, hosts.command(hosts.far), hosts.command(hosts.near), hosts.relay)
    elif kind == "between":
        between = Between(straight[1])
        await between.start()
        try:
            yield Way(straight, (HOST, between.port), between=between)
        finally:
            await between.close()
    elif kind == "TLS":
        yield Way(straight, straight, certificates=Certificates(directory))
    else:
        yield Way(straight, straight)
