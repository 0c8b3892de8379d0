"""Two hosts on one machine, the gateway's and the broker's, and a link that can be made bad (needs root)."""

import asyncio
import os
import random
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.reliability.brokers.relay import Relay, open_tun

NEAR, FAR = "10.97.0.1", "10.97.0.2"  # seen only inside the two namespaces
DEVICE = "wire0"


@dataclass(frozen=True, slots=True)
class Hosts:
    """The namespaces' names, the broker's address as the gateway sees it, and the link."""

    near: str
    far: str
    broker: str
    relay: Relay

    def command(self, namespace: str) -> list[str]:
        """What to put before a command to run it there; the process keeps the id that it is started with."""
        return [_program(), "netns", "exec", namespace]


def missing() -> str:
    """What this machine lacks for two hosts; empty when nothing."""
    if os.geteuid() != 0:
        return "root, for network namespaces"
    if not _program():
        return "ip (apt install iproute2)"
    return "" if Path("/dev/net/tun").exists() else "/dev/net/tun"


def _program() -> str:
    return shutil.which("ip", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin") or ""


@asynccontextmanager
async def two_hosts(dice: random.Random) -> AsyncIterator[Hosts]:
    """Both hosts, up and linked; nothing of them is left afterwards. Raises BenchError."""
    if lacks := missing():
        raise BenchError(f"two hosts need {lacks}")
    async with AsyncExitStack() as things:
        near, far = f"gw-{secrets.token_hex(3)}", f"br-{secrets.token_hex(3)}"
        for namespace in (near, far):
            await _ip("netns", "add", namespace)
            things.push_async_callback(_ip, "netns", "delete", namespace)
        relay = Relay(open_tun(near, DEVICE), open_tun(far, DEVICE), dice)
        things.callback(relay.close)
        await _set_up(near, NEAR, FAR)
        await _set_up(far, FAR, NEAR)
        relay.start()
        yield Hosts(near, far, FAR, relay)


async def _set_up(namespace: str, own: str, peer: str) -> None:
    await _ip("-n", namespace, "address", "add", own, "peer", peer, "dev", DEVICE)
    await _ip("-n", namespace, "link", "set", DEVICE, "up")
    await _ip("-n", namespace, "link", "set", "lo", "up")


async def _ip(*words: str) -> None:
    process = await asyncio.create_subprocess_exec(_program(), *words, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    if process.returncode:
        raise BenchError(f"ip {' '.join(words)}: {said.decode().strip()}")
