"""What the platform does not confirm is sent again, and never as a storm: in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from agent.uplink.again import PAGE, WAIT_MOST_S, Again
from agent.uplink.answers import Answers
from simulators.clock import run_virtual
from tests.agent.outbox.bench import START, alarms, opened, record
from tests.agent.outbox.failing import failing

AGAIN_S = 60.0
Story = Callable[[Outbox, Again, Answers, list[tuple[float, int]]], Awaitable[None]]


def everything(_stored: Stored) -> bool:
    return True


def nothing(_stored: Stored) -> bool:
    return False


def play(
    directory: Path,
    waiting: int,
    story: Story,
    *,
    takes: Callable[[Stored], bool] = nothing,
    memory_bytes: int = 0,
) -> list[tuple[float, int]]:
    """So many records that the broker has; the platform confirms what it takes, within a moment."""
    sent: list[tuple[float, int]] = []

    async def main() -> None:
        began_s = asyncio.get_running_loop().time()
        async with opened(directory, memory_bytes=memory_bytes) as outbox:
            answers = Answers()

            async def send(stored: Stored) -> None:
                sent.append((asyncio.get_running_loop().time() - began_s, stored.sequence))
                if takes(stored):
                    await outbox.confirm_spans(stored.series, [(stored.sequence, stored.sequence)])
                    answers.note()

            again = Again("platform", outbox, answers, AGAIN_S, send)
            await outbox.append(alarms(waiting), {})
            assert not any(again.by_broker(stored) for stored in await outbox.next(START, waiting))
            running = asyncio.create_task(again.run())
            await story(outbox, again, answers, sent)
            running.cancel()

    run_virtual(main(), seed=1)
    return sent


async def an_hour(_outbox: Outbox, _again: Again, _answers: Answers, _sent: list[tuple[float, int]]) -> None:
    await asyncio.sleep(3600.0)


def test_ten_thousand_records_that_nobody_answers_cost_a_page_every_few_minutes(tmp_path: Path) -> None:
    sent = play(tmp_path, 10_000, an_hour)
    assert len(sent) <= PAGE * (3600.0 / WAIT_MOST_S + 4)
    assert [sequence for _, sequence in sent] == list(range(1, len(sent) + 1)), "each time the next page"
    assert AGAIN_S <= sent[0][0] <= 1.5 * AGAIN_S


def test_a_platform_that_is_there_gets_all_of_them_at_once_and_each_once(tmp_path: Path) -> None:
    sent = play(tmp_path, 1_000, an_hour, takes=everything)
    assert [sequence for _, sequence in sent] == list(range(1, 1_001))


def test_a_platform_that_comes_back_does_not_wait_for_the_end_of_a_long_pause(tmp_path: Path) -> None:
    async def story(_outbox: Outbox, _again: Again, answers: Answers, sent: list[tuple[float, int]]) -> None:
        await asyncio.sleep(1300.0)
        before = len(sent)
        answers.note()  # it has confirmed something that came just now
        await asyncio.sleep(1.0)
        assert len(sent) == before + PAGE

    play(tmp_path, 1_000, story)


def test_what_a_platform_cannot_take_keeps_nothing_back_that_lies_behind_it(tmp_path: Path) -> None:
    """Two pages of alarms that it never confirms, and then one that was lost on the way."""
    lost, deaf_to = 2 * PAGE + 1, 2 * PAGE
    sent = play(tmp_path, lost, an_hour, takes=lambda stored: stored.sequence > deaf_to)
    assert [sequence for _, sequence in sent].count(lost) == 1
    assert next(at_s for at_s, sequence in sent if sequence == lost) < 900.0


def test_an_alarm_that_is_never_confirmed_does_not_keep_back_the_events(tmp_path: Path) -> None:
    async def story(outbox: Outbox, again: Again, _answers: Answers, sent: list[tuple[float, int]]) -> None:
        await outbox.append([record(Lane.EVENT, "gateway")], {})
        for stored in await outbox.next({**START, Lane.ALARM: 1}, 1):
            assert not again.by_broker(stored)
        await asyncio.sleep(900.0)
        assert {sequence for _, sequence in sent} == {1, 2}

    play(tmp_path, 1, story, takes=lambda stored: stored.record.lane is Lane.EVENT)


def test_what_was_sent_is_sent_again_also_when_its_records_go_on_under_another_name(tmp_path: Path) -> None:
    """The disk refused meanwhile: what waits keeps its name and its place, and what is new counts from 1."""

    async def story(outbox: Outbox, again: Again, _answers: Answers, sent: list[tuple[float, int]]) -> None:
        failing(outbox).fail_in = 1
        await outbox.append(alarms(2), {})
        assert outbox.in_memory
        for stored in await outbox.next({**START, Lane.ALARM: 3}, 2):
            assert not again.by_broker(stored)
        await asyncio.sleep(600.0)
        assert sorted(sequence for _, sequence in sent) == [1, 1, 2, 2, 3], (
            "three of the one name, two of the other"
        )

    play(tmp_path, 3, story, takes=everything, memory_bytes=1024 * 1024)


def test_at_the_brokers_level_nothing_is_sent_again(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path) as outbox:
            await outbox.append(alarms(1), {})
            (stored,) = await outbox.next(START, 1)

            async def send(_: Stored) -> None:
                raise AssertionError("sent again")

            again = Again("broker", outbox, Answers(), AGAIN_S, send)
            assert again.by_broker(stored)
            await again.run()

    run_virtual(main(), seed=1)
