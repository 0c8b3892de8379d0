"""The simulated panels behave as the real ones do when nobody, or somebody wrong, is at the other end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from drivers.panels.fuan_events import POLL as FUAN_POLL
from drivers.panels.fuan_events import RESEND
from drivers.panels.fuan_events import wrap as fuan
from drivers.panels.jbf_events import POLL, event_of
from drivers.panels.songjiang_lists import NOTHING
from drivers.panels.songjiang_lists import wrap as songjiang
from simulators.clock import run_virtual
from simulators.memory import MemoryStream, memory_pair
from simulators.panels import SIMULATED_PANELS
from simulators.panels.fuan import FuanPanelBoard
from simulators.panels.jbf import JbfCard
from simulators.panels.notifier import NotifierPrinter
from simulators.panels.songjiang import SongjiangCrt

OUR_ACK = songjiang(1, NOTHING, bytes((NOTHING,)))


def play(panel: Any, script: Callable[[Any, MemoryStream], Awaitable[None]]) -> None:
    async def whole() -> None:
        near, far = memory_pair()
        serving = asyncio.create_task(panel.run(far))
        await script(panel, near)
        near.vanish()
        await serving  # a wire that is gone is no failure

    run_virtual(whole())


async def hear(stream: MemoryStream, for_s: float) -> bytes:
    """All that comes in this time."""
    heard = b""
    try:
        async with asyncio.timeout(for_s):
            while True:
                heard += await stream.receive()
    except TimeoutError:
        return heard


@pytest.mark.parametrize("protocol", SIMULATED_PANELS)
def test_without_power_a_panel_neither_speaks_nor_answers(protocol: Any) -> None:
    async def script(panel: Any, near: MemoryStream) -> None:
        panel.plugged = False
        await asyncio.sleep(3)
        await hear(near, 0.1)
        await near.send(POLL)
        panel.say("1.3.30", "fire")
        assert await hear(near, 5) == b""

    play(SIMULATED_PANELS[protocol](), script)


@pytest.mark.parametrize("protocol", SIMULATED_PANELS)
def test_a_panel_serves_the_next_wire_when_the_last_one_is_gone(protocol: Any) -> None:
    async def script(panel: Any, near: MemoryStream) -> None:
        near.vanish()
        await asyncio.sleep(1)
        again, far = memory_pair()
        serving = asyncio.create_task(panel.run(far))
        await asyncio.sleep(5)
        await hear(again, 0.1)
        panel.say("1.3.30", "fire")
        assert await hear(again, 5)
        again.vanish()
        await serving

    play(SIMULATED_PANELS[protocol](), script)


def test_what_is_printed_while_nobody_is_there_is_lost() -> None:
    panel = NotifierPrinter()
    panel.say("1D001", "fire")

    async def script(panel: NotifierPrinter, near: MemoryStream) -> None:
        assert await hear(near, 1) == b""
        panel.say("1D002", "fault")
        line = (await hear(near, 1)).decode("gb18030")
        assert line.startswith("TROUBL")
        assert line.endswith("1D002\r\n")
        panel.reset()
        lines = [line.split("  ")[0] for line in (await hear(near, 1)).decode("gb18030").splitlines()]
        assert lines == ["SYSTEM RESET", "TROUBL MONITOR"]

    play(panel, script)


def test_a_card_answers_while_it_hears_polls_and_pushes_some_seconds_after_the_last() -> None:
    async def script(card: JbfCard, near: MemoryStream) -> None:
        await near.send(POLL)
        assert event_of(await hear(near, 0.5)).code == 0x09
        card.say("1.3.30", "fire")
        assert await hear(near, 2) == b""
        await near.send(POLL)
        assert event_of(await hear(near, 0.5)).code == 0x80
        card.say("1.3.31", "fire")
        assert await hear(near, 2) == b""
        assert event_of(await hear(near, 1)).point == 31

    play(JbfCard(), script)


def test_songjiang_repeats_its_news_until_they_are_acknowledged() -> None:
    async def script(panel: SongjiangCrt, near: MemoryStream) -> None:
        await near.send(OUR_ACK)
        await hear(near, 0.1)
        panel.say("1.3.30", "fire")
        first = await hear(near, 1)
        assert (first[2], panel.unacknowledged) == (110, 1)
        assert await hear(near, 1.5) == first
        while not await hear(near, 0.05):
            continue
        await near.send(OUR_ACK)
        await asyncio.sleep(0.1)
        assert panel.unacknowledged == 0

    play(SongjiangCrt(), script)


@pytest.mark.parametrize("panel", [SongjiangCrt, FuanPanelBoard])
def test_a_panel_that_nobody_answers_calls_a_communication_fault(panel: Any) -> None:
    async def script(panel: Any, near: MemoryStream) -> None:
        assert not panel.communication_fault
        await hear(near, 6)
        assert panel.communication_fault

    play(panel(), script)


def test_fu_an_tells_no_events_to_a_silent_gateway_and_everything_to_one_that_is_back() -> None:
    answer = fuan(1, bytes((FUAN_POLL, 0, 0)))

    async def script(panel: FuanPanelBoard, near: MemoryStream) -> None:
        await hear(near, 6)
        panel.say("1.3.30", "fire")
        assert b"\xa5" not in await hear(near, 3)
        while not (heard := await hear(near, 0.05)):
            continue
        await near.send(answer)
        heard = await hear(near, 1.5)
        assert b"\xa5\xc3\x01\x05" in heard
        assert not panel.communication_fault

    play(FuanPanelBoard(), script)


def test_fu_an_says_everything_again_when_the_answer_asks_so() -> None:
    async def script(panel: FuanPanelBoard, near: MemoryStream) -> None:
        panel.board.put("1.3.30", "fire", True, "")
        await asyncio.sleep(0.01)
        await near.send(fuan(1, bytes((FUAN_POLL, RESEND, 0))))
        assert b"\xa5\xc3\x01\x05" in await hear(near, 0.5)

    play(FuanPanelBoard(), script)
