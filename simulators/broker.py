"""An MQTT broker that installs with pip (iotcore), in a process of its own, on loopback only."""

import asyncio
import logging
import re
import socket
import sys
from pathlib import Path

from agent.language import tr
from simulators.child import Child, ChildFailed
from simulators.claims import claimed

HOST = "127.0.0.1"
LISTEN = re.compile(r'listen = "127\.0\.0\.1:(\d+)"')
START_S = 15.0
ATTEMPTS = 3  # a program that knows nothing of our claims may take the port just before the broker does
POLL_S = 0.02


class OwnBroker:
    """The broker of configs/broker/demo.toml; a port that is taken is replaced by a free one, at each start anew.

    It keeps everything in memory: what it has not passed on when it goes is gone with it.
    """

    def __init__(self, config: Path, directory: Path) -> None:
        self.port = 0
        self._text = config.read_text()
        self._config = directory / "broker.toml"
        self._mark = directory / "broker.has-ports"
        self._child = Child("broker", ["-m", "simulators.broker", str(self._config), str(self._mark)], directory)
        self._up = asyncio.Event()
        self._claim: socket.socket | None = None

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it is, for MQTT 5; None while it is gone: who is at its port then is somebody else."""
        return (HOST, self.port) if self._up.is_set() else None

    async def start(self) -> None:
        """Start it and wait until it answers; raises ChildFailed."""
        for attempt in range(1, ATTEMPTS + 1):
            self._give_back()
            text, self.port, self._claim = _with_free_port(self._text)
            self._config.write_text(text)
            self._mark.unlink(missing_ok=True)
            await self._child.start()
            try:
                await self._answering()
            except ChildFailed:
                if attempt == ATTEMPTS:
                    raise
            else:
                self._up.set()
                return

    async def stop(self) -> None:
        """It is gone, as after a power cut."""
        self._up.clear()
        await self._child.stop()
        self._give_back()

    async def ended(self) -> None:
        """Wait until it ends though nobody stopped it; raises ChildFailed then."""
        while True:
            await self._up.wait()
            await self._child.gone()
            if self._up.is_set():
                await self._child.ended()

    def _give_back(self) -> None:
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    async def _answering(self) -> None:
        """Wait for our own process: at the same port somebody else may have come first, and would answer too."""
        ended = asyncio.create_task(self._child.ended())
        try:
            async with asyncio.timeout(START_S):
                while not (self._mark.exists() and await _answers(self.port)):
                    await asyncio.wait([ended], timeout=POLL_S)
                    if ended.done():
                        ended.result()
        except TimeoutError:
            late = tr("the broker does not listen after {seconds:g} s", seconds=START_S)
            raise ChildFailed(self._child.said(late)) from None
        finally:
            ended.cancel()


def free_port(wanted: int) -> int:
    """This port of loopback if nobody listens there, else any free one."""
    for port in (wanted, 0):
        if (found := _free(port)) is not None:
            return found
    raise ChildFailed(tr("no free port on {host}", host=HOST))


def _free(port: int) -> int | None:
    """The port (0: any) if nobody listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def _with_free_port(text: str) -> tuple[str, int, socket.socket]:
    """The configuration with a port that is free, the port, and our claim to it, to be closed."""
    (wanted,) = LISTEN.findall(text)
    for port in (int(wanted), *[0] * ATTEMPTS):
        if (found := _free(port)) is not None and (claim := claimed(found)) is not None:
            return LISTEN.sub(f'listen = "{HOST}:{found}"', text), found, claim
    raise ChildFailed(tr("no free port on {host}", host=HOST))


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def serve(config: str, mark: str) -> None:
    """The broker's own process: marks that its ports are free, and serves."""
    from iotcore import IotCoreBroker

    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it tells every packet as an error
    broker = IotCoreBroker(config_path=config)
    broker.check_ports()
    Path(mark).touch()
    broker.run_forever()


if __name__ == "__main__":
    serve(*sys.argv[1:])
