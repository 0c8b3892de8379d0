"""The central platform at the broker's own socket: what arrives goes to the reference consumer."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from simulators.platform import Arrival, Platform, Unreadable

AGAIN_S = 0.1
LONGEST_LINE = 1 << 20


class Ear:
    """mosquitto_sub with a lasting session; it comes back by itself when the broker does."""

    def __init__(
        self,
        socket: Path,
        platform: Platform,
        heard: Callable[[Arrival], None],
        topics: Sequence[str] = ("campus/v1/#",),
    ) -> None:
        self.unreadable: list[str] = []
        self._topics = topics
        self._socket = socket
        self._platform = platform
        self._heard = heard
        self._process: asyncio.subprocess.Process | None = None

    async def run(self) -> None:
        """Listen until cancelled."""
        command = ["mosquitto_sub", "--unix", str(self._socket), "-V", "mqttv5", "-i", "platform", "-c"]
        command += ["-x", "3600", "-q", "1", "-F", "%t %p"]
        command += [word for topic in self._topics for word in ("-t", topic)]
        quiet = asyncio.subprocess.DEVNULL
        try:
            while True:
                self._process = await asyncio.create_subprocess_exec(
                    *command, stdout=asyncio.subprocess.PIPE, stderr=quiet, limit=LONGEST_LINE
                )
                assert self._process.stdout is not None
                await self._listen(self._process.stdout)
                await self._process.wait()
                await asyncio.sleep(AGAIN_S)
        finally:
            if self._process is not None and self._process.returncode is None:
                self._process.kill()
                await self._process.wait()

    async def say(self, topic: str, payload: bytes) -> None:
        """Publish a command; one that the broker does not take is lost, as a platform's can be."""
        command = ["mosquitto_pub", "--unix", str(self._socket), "-V", "mqttv5", "-q", "1", "-t", topic, "-s"]
        pipe, quiet = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stderr=quiet)
        await process.communicate(payload)

    async def _listen(self, said: asyncio.StreamReader) -> None:
        while line := await said.readline():
            topic, _, payload = line.rstrip(b"\n").partition(b" ")
            try:
                arrival = self._platform.take(topic.decode(), payload, asyncio.get_running_loop().time())
            except Unreadable as error:
                if b"/command/" not in topic:  # what we say ourselves comes back to us
                    self.unreadable.append(str(error))
            else:
                self._heard(arrival)
