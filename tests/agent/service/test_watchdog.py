"""The watchdog is fed by progress, not by being alive."""

import asyncio

import pytest

from agent.polling.poller import Progress
from agent.service.watchdog import feed, stuck


def test_a_poller_without_progress_for_longer_than_its_limit_is_stuck() -> None:
    marks = {"rs485-1": Progress(at_s=100.0, limit_s=15.0), "tcp-1": Progress(at_s=110.0, limit_s=15.0)}
    assert stuck(marks, 115.0) == []
    assert stuck(marks, 115.1) == ["rs485-1"]


@pytest.mark.asyncio
async def test_one_stuck_line_stops_the_feeding_and_is_named_in_the_status() -> None:
    sent: list[str] = []
    mark = Progress(at_s=asyncio.get_running_loop().time(), limit_s=0.05)
    feeding = asyncio.create_task(feed(sent.append, {"rs485-1": mark}, every_s=0.01))
    async with asyncio.timeout(5):
        while not any(line.startswith("STATUS=stuck: rs485-1") for line in sent):
            await asyncio.sleep(0.005)
    assert sent[0] == "WATCHDOG=1"
    assert "WATCHDOG=1" not in sent[sent.index("STATUS=stuck: rs485-1") :]
    mark.at_s = asyncio.get_running_loop().time() + 60
    seen = len(sent)
    async with asyncio.timeout(5):
        while "WATCHDOG=1" not in sent[seen:]:
            await asyncio.sleep(0.005)
    feeding.cancel()
