"""Who stays at the wire: what it keeps, what it acknowledges when, and what it never does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from drivers.errors import BadFrame, LineError, NoResponse
from drivers.panels.attendant import ROOM
from drivers.panels.jbf import JbfPanel
from drivers.panels.notifier import NotifierPanel
from drivers.panels.songjiang import SongjiangPanel
from drivers.panels.songjiang_lists import NOTHING, wrap
from drivers.reading import Reading
from simulators.clock import run_virtual
from simulators.memory import MemoryStream, memory_pair
from tests.drivers.panels.transcript import PROFILES

POLL = ACKNOWLEDGED = wrap(1, NOTHING, bytes((NOTHING,)))
FIRE = wrap(1, 110, bytes((1, 0, 1, 3, 30, 0, 0, 5, 1, *[0] * 5)) + b"\xff" * 20)
FAULT = wrap(1, 111, bytes((1, 0, 1, 3, 31, 0, 0, 5, 8, *[0] * 5)) + b"\xff" * 20)
WISH_FOR_FIRES = wrap(1, 110, bytes((110,)))
Open = Callable[[], Awaitable[MemoryStream]]


class Wires:
    """Gives a new wire at each opening; `far` is the last one's other end."""

    def __init__(self) -> None:
        self.opened = 0

    async def open(self) -> MemoryStream:
        self.opened += 1
        self.near, self.far = memory_pair()
        return self.near


async def answer(far: MemoryStream, within_s: float = 0.5) -> bytes:
    async with asyncio.timeout(within_s):
        return await far.receive()


async def silent(far: MemoryStream, for_s: float) -> bool:
    try:
        await answer(far, for_s)
    except TimeoutError:
        return True
    return False


async def started(wires: Wires) -> SongjiangPanel:
    """A panel that has asked for all its lists, and got no list."""
    panel = SongjiangPanel(wires.open, PROFILES["songjiang_jb3208"], 1)
    assert await panel.poll() == []
    for _ in range(6):
        await wires.far.send(POLL)
        await answer(wires.far)
    return panel


def points(readings: list[Reading]) -> list[str]:
    return [reading.point for reading in readings]


def test_while_a_list_is_not_stored_no_poll_gets_what_looks_like_its_acknowledgement() -> None:
    async def script() -> None:
        wires = Wires()
        panel = await started(wires)
        await wires.far.send(FIRE)
        await asyncio.sleep(0)
        await wires.far.send(POLL)  # while it is only kept
        assert await answer(wires.far) == WISH_FOR_FIRES
        assert points(await panel.poll()) == ["1.3.30/fire"]
        await wires.far.send(POLL)  # while somebody stores it
        assert await answer(wires.far) == WISH_FOR_FIRES
        assert await panel.poll() == []
        assert await answer(wires.far) == ACKNOWLEDGED
        await wires.far.send(POLL)
        assert await answer(wires.far) == wrap(1, NOTHING, bytes((NOTHING,)))
        await panel.aclose()

    run_virtual(script())


def test_no_acknowledgement_goes_out_while_another_list_is_not_stored() -> None:
    async def script() -> None:
        wires = Wires()
        panel = await started(wires)
        await wires.far.send(FIRE)
        assert points(await panel.poll()) == ["1.3.30/fire"]
        await wires.far.send(FAULT)
        await asyncio.sleep(0.1)
        assert points(await panel.poll()) == ["1.3.31/fault"]
        assert await silent(wires.far, 0.1)
        await wires.far.send(FAULT)  # said again meanwhile: that is the same list
        await asyncio.sleep(0.1)
        assert points(await panel.poll()) == ["1.3.31/fault"]
        assert await answer(wires.far) == ACKNOWLEDGED
        await panel.aclose()

    run_virtual(script())


def test_what_was_heard_on_one_wire_is_not_acknowledged_on_the_next() -> None:
    """The panel would take it for the acknowledgement of something else."""

    async def script() -> None:
        wires = Wires()
        panel = await started(wires)
        await wires.far.send(FIRE)
        assert points(await panel.poll()) == ["1.3.30/fire"]
        wires.near.vanish()
        with pytest.raises(LineError):
            await panel.poll()
        polling = asyncio.create_task(panel.poll())
        await asyncio.sleep(0.1)
        assert wires.opened == 2
        assert await silent(wires.far, 0.5)
        with pytest.raises(NoResponse):
            await polling
        await panel.aclose()

    run_virtual(script())


def test_what_came_whole_before_the_wire_broke_is_still_told() -> None:
    async def script() -> None:
        wires = Wires()
        panel = NotifierPanel(wires.open, PROFILES["notifier_nfs"], 0)
        assert await panel.poll() == []
        await wires.far.send(b"FIRE ALARM   Detector L01D019\r\nALARM: SMOKE   11:22A 021526 Sun 1D001")
        wires.near.vanish()
        assert points(await panel.poll()) == ["L01D019/fire"]
        assert points(await panel.poll()) == ["1D001/fire"]
        with pytest.raises(LineError):
            await panel.poll()
        await panel.aclose()

    run_virtual(script())


def test_what_nobody_fetches_is_kept_within_bounds_and_nothing_of_it_is_lost() -> None:
    async def script() -> None:
        wires = Wires()
        panel = NotifierPanel(wires.open, PROFILES["notifier_nfs"], 0)
        assert await panel.poll() == []
        for point in range(200):
            await wires.far.send(f"ALARM: SMOKE   11:22A 021526 Sun 1D{point:03}\r\n".encode())
            await asyncio.sleep(0.01)
        assert len(panel._wire._kept) == ROOM
        told = [points(await panel.poll()) for _ in range(ROOM)]
        assert told == [[f"1D{point:03}/fire"] for point in range(ROOM)]
        rest = [point for _ in range(200 - ROOM) for point in points(await panel.poll())]
        assert rest == [f"1D{point:03}/fire" for point in range(ROOM, 200)]
        await panel.aclose()

    run_virtual(script())


def test_a_poll_that_is_cancelled_loses_nothing() -> None:
    async def script() -> None:
        wires = Wires()
        panel = NotifierPanel(wires.open, PROFILES["notifier_nfs"], 0)
        for delay_s in (0.0, 0.1, 0.5):
            polling = asyncio.create_task(panel.poll())
            await asyncio.sleep(delay_s)
            polling.cancel()
            await asyncio.wait([polling])
        polling = asyncio.create_task(panel.poll())
        await asyncio.sleep(0.1)
        await wires.far.send(b"ALARM: SMOKE   11:22A 021526 Sun 1D001\r\n")
        polling.cancel()
        await asyncio.wait([polling])
        assert points(await panel.poll()) == ["1D001/fire"]
        assert wires.opened == 1
        await panel.aclose()

    run_virtual(script())


def test_closing_twice_is_harmless_and_a_later_poll_opens_anew() -> None:
    async def script() -> None:
        wires = Wires()
        panel = NotifierPanel(wires.open, PROFILES["notifier_nfs"], 0)
        await panel.aclose()
        assert await panel.poll() == []
        await panel.aclose()
        await panel.aclose()
        assert wires.near.closed
        assert await panel.poll() == []
        assert wires.opened == 2
        await panel.aclose()

    run_virtual(script())


def test_a_wire_that_takes_nothing_more_is_gone() -> None:
    class Stuck(MemoryStream):
        async def send(self, data: bytes) -> None:
            await asyncio.Event().wait()

    async def open_stuck() -> MemoryStream:
        return Stuck()

    async def script() -> None:
        panel = JbfPanel(open_stuck, PROFILES["jbf_193k"], 0)
        with pytest.raises(LineError):
            await panel.poll()
        await panel.aclose()

    run_virtual(script())


def test_bytes_that_are_no_messages_are_called_so() -> None:
    """Whoever has set the wrong baud rate shall not look for a cut cable."""

    async def script() -> None:
        wires = Wires()
        panel = JbfPanel(wires.open, PROFILES["jbf_193k"], 0)
        assert await panel.poll() == []
        await wires.far.send(bytes(range(0x84, 0xA0)))
        with pytest.raises(BadFrame):
            await panel.poll()
        assert panel.counters.faults == {"garbage": 1}
        await panel.aclose()

    run_virtual(script())
