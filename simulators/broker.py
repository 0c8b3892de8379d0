"""An MQTT broker that installs with pip (iotcore), in a process of its own, on loopback only."""

import asyncio
import logging
import os
import re
import socket
import sys
import threading
from pathlib import Path

from agent.language import tr
from simulators.child import Child, ChildFailed

HOST = "127.0.0.1"
LISTEN = re.compile(r'listen = "127\.0\.0\.1:(\d+)"')
START_S = 15.0
POLL_S = 0.02


class OwnBroker:
    """The broker of configs/broker/demo.toml; a port that is taken is replaced by a free one.

    It keeps everything in memory: what it has not passed on when it goes is gone with it.
    """

    def __init__(self, config: Path, directory: Path) -> None:
        text, ports = _with_free_ports(config.read_text())
        self.mqtt5, self.mqtt311 = ports
        own_config = directory / "broker.toml"
        own_config.write_text(text)
        self._child = Child("broker", ["-m", "simulators.broker", str(own_config)], directory)

    async def start(self) -> None:
        """Start it and wait until both listeners answer; raises ChildFailed."""
        await self._child.start()
        ended = asyncio.create_task(self._child.ended())
        try:
            async with asyncio.timeout(START_S):
                while not (await _answers(self.mqtt5) and await _answers(self.mqtt311)):
                    await asyncio.wait([ended], timeout=POLL_S)
                    if ended.done():
                        ended.result()
        except TimeoutError:
            late = tr("the broker does not listen after {seconds:g} s", seconds=START_S)
            raise ChildFailed(self._child.said(late)) from None
        finally:
            ended.cancel()

    async def stop(self) -> None:
        """It is gone, as after a power cut."""
        await self._child.stop()


def free_port(wanted: int) -> int:
    """This port of loopback if nobody listens there, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ChildFailed(tr("no free port on {host}", host=HOST))


def _with_free_ports(text: str) -> tuple[str, list[int]]:
    """The configuration with ports that are free, in the order in which they stand there."""
    ports = [free_port(int(port)) for port in LISTEN.findall(text)]
    rest = iter(ports)
    return LISTEN.sub(lambda _: f'listen = "{HOST}:{next(rest)}"', text), ports


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def serve(config: str) -> None:
    """The broker's own process: ends when whoever started it ends."""
    from iotcore import IotCoreBroker

    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # it tells every packet as an error
    threading.Thread(target=_end_with_parent, daemon=True).start()
    IotCoreBroker(config_path=config).run_forever()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
