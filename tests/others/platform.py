"""The central platform, as Debian's mosquitto_sub plays it."""

import asyncio
import json
from typing import Any

from tests.waiting import ended, until


class Platform:
    """What arrives upstream, heard by mosquitto_sub with a lasting session; it connects again by itself."""

    def __init__(self, port: int) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Subscribe, and wait until the subscription stands."""
        command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(self._port), "-V", "mqttv5", "-i", "platform"]
        command += ["-c", "-x", "600", "-q", "1", "-t", "campus/v1/#", "-t", "$SYS/broker/uptime", "-F", "%t %p"]
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(*command, stdout=pipe)
        assert self._process.stdout is not None
        assert await self._process.stdout.readline()  # the broker's uptime is retained, so it comes at once
        self._listening = asyncio.create_task(self._listen(self._process.stdout))

    async def _listen(self, said: asyncio.StreamReader) -> None:
        while line := await said.readline():
            topic, _, payload = line.decode().rstrip("\n").partition(" ")
            if topic.startswith("campus/"):
                self.messages.append((topic, json.loads(payload)))

    async def stop(self) -> None:
        """End the subscriber."""
        if self._process is not None:
            self._process.terminate()
            await ended(self._process)
        if self._listening is not None:
            await self._listening

    def heard(self, channel: str) -> list[dict[str, Any]]:
        """The events of one channel, in the order of arrival."""
        return [event for topic, event in self.messages if topic.split("/")[5] == channel]

    def alarms(self, condition: str) -> list[bool]:
        """Whether the condition was active, in the order of the sequence, each record once."""
        by_sequence = {event["sequence"]: event["data"] for event in self.heard("alarm")}
        told = [data for _, data in sorted(by_sequence.items())]
        return [data["active"] for data in told if data["condition"] == condition]

    def missing(self) -> set[int]:
        """Sequence numbers up to the highest that never arrived."""
        seen = {int(event["sequence"]) for _, event in self.messages if event.get("sequence")}
        return set(range(1, max(seen, default=0) + 1)) - seen

    async def expect(self, condition: str, active: bool, times: int = 1) -> None:
        """Wait for an alarm, or its end, to arrive for the n-th time."""
        what = f"{condition} {'on' if active else 'off'} number {times}"
        await until(lambda: self.alarms(condition).count(active) >= times, what)
