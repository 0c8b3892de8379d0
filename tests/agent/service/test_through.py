"""Which alarms have got through: what a full or a refusing disk has lost is never taken for confirmed."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.outbox.outbox import Outbox
from agent.provisioning.sent import Sent
from agent.records import Instant, Lane, Record
from agent.service.through import Through
from simulators.clock import run_virtual
from tests.agent.outbox.failing import failing
from tests.agent.service.world import World

MOST = 60_000


def alarm(number: int) -> Record:
    data = {"device": "k", "condition": "pressed", "address": "", "change": "raised", "more": "x" * 400}
    return Record(Lane.ALARM, "alarm", "k", data, Instant(float(number), 1.8e9 + number, "synchronised"))


def play(directory: Path, story: Callable[[Outbox], Awaitable[None]]) -> None:
    async def main() -> None:
        outbox = await Outbox.open(
            directory,
            max_bytes=MOST,
            boot_id="boot",
            offload=World(directory).host().offload,
            history_bytes=20_000,
            memory_bytes=MOST,
        )
        await story(outbox)
        await outbox.aclose()

    run_virtual(main())


async def _appended(outbox: Outbox, through: Through, record: Record) -> Sent:
    through.note([record], await outbox.append([record], {}))
    return through.named(record)


async def _fill(outbox: Outbox) -> None:
    for number in range(100, 400):
        await outbox.append([alarm(number)], {})
    assert outbox.dropped(Lane.ALARM) > 0


@pytest.mark.parametrize("started_anew", [False, True])
def test_an_alarm_that_a_full_store_has_dropped_is_not_confirmed(tmp_path: Path, started_anew: bool) -> None:
    async def story(outbox: Outbox) -> None:
        through = Through(outbox, "boot")
        one = await _appended(outbox, through, alarm(1))
        assert await through.asked({one}) == (set(), set())
        await _fill(outbox)
        asked = Through(outbox, "boot") if started_anew else through
        assert await asked.asked({one}) == (set(), {one})

    play(tmp_path, story)


def test_what_is_confirmed_is_also_after_the_history_has_made_room(tmp_path: Path) -> None:
    async def story(outbox: Outbox) -> None:
        through = Through(outbox, "boot")
        one, other = [await _appended(outbox, through, alarm(number)) for number in (1, 2)]
        first, _ = await outbox.next({}, 10)
        await outbox.confirm([first])
        assert await through.asked({one, other}) == ({one}, set())
        for number in range(3, 100):
            await outbox.append([alarm(number)], {})
            await outbox.confirm([one for one in await outbox.next({}, 10) if one.record.at.monotonic_s != 2.0])
        await outbox.depths()
        assert await outbox.missing([1]) == {1}
        assert await through.asked({one, other}) == ({one}, set())

    play(tmp_path, story)


def test_what_is_confirmed_counts_though_others_were_dropped(tmp_path: Path) -> None:
    async def story(outbox: Outbox) -> None:
        through = Through(outbox, "boot")
        await _fill(outbox)
        one = await _appended(outbox, through, alarm(1))
        await outbox.confirm(
            [stored for stored in await outbox.next({}, 1000) if stored.record.at.monotonic_s == 1]
        )
        await outbox.depths()
        assert await through.asked({one}) == ({one}, set())

    play(tmp_path, story)


def test_what_stayed_behind_on_a_disk_that_refuses_is_not_known_to_be_confirmed(tmp_path: Path) -> None:
    async def story(outbox: Outbox) -> None:
        through = Through(outbox, "boot")
        one = await _appended(outbox, through, alarm(1))
        disk = failing(outbox)
        disk.fail_in, disk.for_good = 1, True
        await outbox.append([alarm(2)], {})
        assert outbox.in_memory
        assert await outbox.missing([1]) == {1}
        assert await through.asked({one}) == (set(), set())
        disk.heal()

    play(tmp_path, story)
