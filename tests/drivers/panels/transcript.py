"""Reads a wire transcript (tests/transcripts/README.md says how) and plays the panel's part of it to a driver."""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

from drivers.errors import NoResponse
from drivers.panels import PANELS
from drivers.profiles import load_profiles, profiles_dir
from drivers.reading import Quality, Reading
from simulators.memory import MemoryStream, memory_pair

FOLDER = Path(__file__).parent.parent.parent / "transcripts"
PROFILES = {profile.protocol: profile for profile in load_profiles(profiles_dir()).values()}
PATIENCE_S = 2.0
SILENT = Reading("", None, Quality.BAD, "silent")


@dataclass(frozen=True, slots=True)
class Step:
    """One line: its mark, what follows, and where it stands."""

    mark: str
    content: str
    where: str


def read(path: Path) -> list[Step]:
    """The steps of a transcript; lines that begin with spaces go on with the one before."""
    steps: list[Step] = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        text = re.sub(r"\s\s+#.*$|^#.*$", "", line).rstrip()
        if text.startswith(" "):
            steps[-1] = Step(steps[-1].mark, f"{steps[-1].content} {text.strip()}", steps[-1].where)
        elif text:
            assert text[:2] in ("<<", ">>", "==", "!!", "--"), f"{path.name}:{number}: {text}"
            steps.append(Step(text[:2], text[2:].strip(), f"{path.name}:{number}"))
    return steps


def content_of(step: Step) -> bytes:
    """The bytes on the wire."""
    if step.content.startswith('"'):
        return step.content.strip('"').encode("gb18030") + b"\r\n"
    return bytes.fromhex(step.content)


class Player:
    """The panel at the far end; at the near end a driver that is polled as the agent does it."""

    def __init__(self, path: Path) -> None:
        self._steps = read(path)
        self._profile = PROFILES[path.stem.partition("-")[0]]  # type: ignore[index]
        self._read: asyncio.Queue[Reading] = asyncio.Queue()
        self._near, self._far = memory_pair()

    async def play(self) -> None:
        """Go through the transcript; raises AssertionError where the driver does something else."""
        panel = PANELS[self._profile.protocol](self._open, self._profile, self._profile.port.address)

        async def poll_for_ever() -> None:
            while True:
                try:
                    readings = await panel.poll()
                except NoResponse:
                    readings = [SILENT]
                for reading in readings:
                    self._read.put_nowait(reading)

        poller = asyncio.create_task(poll_for_ever())
        try:
            for step in self._steps:
                await self._do(step)
            left = [self._read.get_nowait() for _ in range(self._read.qsize())]
            assert [reading for reading in left if reading is not SILENT] == [], "more was read than written down"
        finally:
            poller.cancel()
            await asyncio.wait([poller])
            await panel.aclose()

    async def _open(self) -> MemoryStream:
        return self._near

    async def _do(self, step: Step) -> None:
        match step.mark:
            case "--":
                await asyncio.sleep(float(step.content))
            case "<<":
                await self._far.send(content_of(step))
            case ">>":
                wanted = content_of(step)
                async with asyncio.timeout(PATIENCE_S):
                    sent = await self._far.receive()
                assert sent.hex(" ").upper() == wanted.hex(" ").upper(), step.where
            case "==":
                self._compare(step, await self._next(step))
            case "!!":
                assert await self._next(step) is SILENT, step.where

    async def _next(self, step: Step) -> Reading:
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await self._read.get()
        except TimeoutError:
            raise AssertionError(f"{step.where}: nothing was read") from None

    def _compare(self, step: Step, reading: Reading) -> None:
        point, state, *text = step.content.split(" ", 2)
        said = "bad" if reading.quality is Quality.BAD else "on" if reading.value else "off"
        assert (reading.point, said) == (point, state), step.where
        assert not text or reading.text == text[0], step.where
