"""What the platform does not confirm is sent again, and never as a storm: in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from agent.outbox.outbox import Outbox
from agent.records import Stored
from agent.uplink.again import PAGE, WAIT_MOST_S, Again
from agent.uplink.answers import Answers
from simulators.clock import run_virtual
from tests.agent.outbox.bench import START, alarms, opened

AGAIN_S = 60.0
Story = Callable[[Outbox, Again, Answers, list[tuple[float, int]]], Awaitable[None]]


def play(directory: Path, waiting: int, story: Story, *, there: bool = False) -> list[tuple[float, int]]:
    """So many records that the broker has; `there`: the platform confirms what comes."""
    sent: list[tuple[float, int]] = []

    async def main() -> None:
        began_s = asyncio.get_running_loop().time()
        async with opened(directory) as outbox:
            answers = Answers()

            async def send(stored: Stored) -> None:
                sent.append((asyncio.get_running_loop().time() - began_s, stored.sequence))
                if there:
                    await outbox.confirm_spans(outbox.store_id, [(stored.sequence, stored.sequence)])
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
    assert {sequence for _, sequence in sent} == set(range(1, PAGE + 1)), "the oldest, again and again"
    assert AGAIN_S <= sent[0][0] <= 1.5 * AGAIN_S


def test_a_platform_that_is_there_gets_all_of_them_at_once_and_each_once(tmp_path: Path) -> None:
    sent = play(tmp_path, 1_000, an_hour, there=True)
    assert [sequence for _, sequence in sent] == list(range(1, 1_001))


def test_a_platform_that_comes_back_does_not_wait_for_the_end_of_a_long_pause(tmp_path: Path) -> None:
    async def story(_outbox: Outbox, _again: Again, answers: Answers, sent: list[tuple[float, int]]) -> None:
        await asyncio.sleep(1300.0)
        before = len(sent)
        answers.note()  # it has confirmed something that came just now
        await asyncio.sleep(1.0)
        assert len(sent) == before + PAGE

    play(tmp_path, 1_000, story)


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
