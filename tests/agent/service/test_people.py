"""People sign on and off by card, button and word; what they signed outlives restarts and a disk that refuses."""

import asyncio
from pathlib import Path

import pytest

from agent.errors import OrderRefused, StorageError
from agent.provisioning.check_ins import SAME_S, Signed
from agent.provisioning.model import CheckIn
from agent.records import Instant, as_recorded
from agent.service.check_in_log import DAYS, CheckInLog
from drivers.reading import Reading
from tests.agent.service.people_stand import (
    DESK,
    READER,
    UNIT,
    UTC_S,
    Ticking,
    button,
    play,
    reader,
    stand,
)
from tests.agent.service.world import until


def test_a_card_signs_on_and_the_same_card_later_off_and_held_twice_is_held_once(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, reader()) as it:
            await it.card("04a1b2c3000000000000")  # a reader with room for ten bytes
            await it.card("04A1B2C3", for_s=SAME_S)
            await it.card("04A1B2C3")
            await until(lambda: it.signed() == [("zhang", True), ("zhang", False)])
            assert await it.events("people.") == ["people.signed_on", "people.signed_off"]
            fields = await it.event("people.signed_off")
            assert fields == {
                "person": "zhang", "name": "张卫国", "role": "guard", "on": False, "post": READER,
                "by": READER, "sure": True,
            }  # fmt: skip

    play(story, tmp_path)


def test_a_card_that_stays_or_was_there_before_is_no_new_one(
    tmp_path: Path,
) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, reader()) as it:
            await it.pipe.accept(UNIT, [Reading("card", "04A1B2C3")])
            await until(it.signed)
            await it.bad("card")
            await asyncio.sleep(100)
            await it.pipe.accept(UNIT, [Reading("card", "04A1B2C3")])
            await asyncio.sleep(100)
            assert it.signed() == [("zhang", True)]
        async with stand(world, reader()) as it:
            await asyncio.sleep(100)
            assert it.signed() == [("zhang", True)]
            assert it.on() == ["zhang"]

    play(story, tmp_path)


def test_a_reader_may_say_that_a_second_card_means_still_there(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, reader(mode="on", post="escort-gate")) as it:
            for _ in range(2):
                await it.card("04A1B2C3")
                await asyncio.sleep(SAME_S)
            await until(lambda: it.signed() == [("zhang", True), ("zhang", True)])
            assert {one.post for one in it.people.check_ins()} == {"escort-gate"}

    play(story, tmp_path)


def test_a_card_at_another_post_moves_its_holder_there(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, reader()) as it:
            await it.sign("zhang", True, post="dormitory")
            await it.card("04A1B2C3")
            await until(lambda: len(it.signed()) == 2)
            assert [(one.on, one.post) for one in it.people.check_ins()] == [(True, "dormitory"), (True, READER)]

    play(story, tmp_path)


def test_an_unknown_card_is_told_and_is_nobodys_check_in(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, reader()) as it:
            await it.card("FFFF")
            await asyncio.sleep(1)
            assert await it.events("people.") == ["people.unknown_card"]
            assert await it.event("people.unknown_card") == {"device": READER, "card": "FFFF"}
            assert it.signed() == []
            for n in range(200):
                await it.card(f"{n:04X}", for_s=0.01)
            await asyncio.sleep(1)
            assert len(await it.events("people.unknown_card")) < 40, "who plays with cards does not fill the disk"

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("settings", "person", "role"),
    [({"person": "li"}, "li", "guard"), ({"role": "teacher"}, f"@{DESK}", "teacher"), ({}, f"@{DESK}", "guard")],
)
def test_a_button_signs_on_a_person_or_a_role(
    tmp_path: Path, settings: dict[str, str], person: str, role: str
) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, button(**settings)) as it:
            for pressed in (True, False, True):  # bounced: once
                await it.pipe.accept(UNIT, [Reading("di8", pressed)])
            await until(it.signed)
            (one,) = it.people.check_ins()
            assert (one.person, one.role, one.by) == (person, role, DESK)

    play(story, tmp_path)


def test_a_sign_on_without_a_sign_off_is_over_in_time_also_across_a_restart(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await it.sign("zhang", True)
            await asyncio.sleep(10 * 3600)
        async with stand(world) as it:
            await asyncio.sleep(4 * 3600 - 60)
            assert it.on() == ["zhang"]
            await asyncio.sleep(61)
            assert it.on() == []
            first, last = it.people.check_ins()
            assert (last.on, last.by) == (False, "expiry")
            assert last.at_utc_s - first.at_utc_s == pytest.approx(14 * 3600, abs=2)

    play(story, tmp_path)


def test_a_card_that_the_disk_refuses_is_kept_with_its_time_and_stored_once(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, reader()) as it:
            await asyncio.sleep(5)
            world.disk_full = True
            await it.card("04A1B2C3")
            await it.card("04D4E5F6")
            await asyncio.sleep(600)
            assert it.signed() == [], "in memory it moves only after the disk"
            with pytest.raises(StorageError):
                await it.sign("li", True)
            world.disk_full = False
            await until(lambda: it.on() == ["li", "zhang"])
            assert [one.at_utc_s for one in it.people.check_ins()] == pytest.approx(
                [UTC_S + 5.1, UTC_S + 6.1], abs=0.5
            )
            assert await it.events("people.") == ["people.signed_on", "people.signed_on"]

    play(story, tmp_path)


def test_what_is_signed_while_the_clock_is_not_right_is_kept_and_marked(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        world.clock = "unknown"
        async with stand(world) as it:
            await it.sign("zhang", True)
            assert it.people.logged_since_utc_s is None
            (one,) = it.people.check_ins()
            assert not one.sure
            (shown,) = (await it.ask("people"))["on"]
            assert shown["sure"] is False
            assert (await it.event("people.signed_on"))["sure"] is False
        world.clock = "synchronised"
        async with stand(world) as it:
            assert [one.sure for one in it.people.check_ins()] == [False]
            assert it.people.logged_since_utc_s == pytest.approx(UTC_S, abs=5)

    play(story, tmp_path)


def test_the_log_keeps_400_days_and_no_more_states_than_that() -> None:
    states: dict[str, str] = {}
    log = CheckInLog(states)
    for day in range(DAYS + 20):
        for n in range(3):
            at_utc_s = UTC_S + day * 86400 + n
            one = Signed(CheckIn(at_utc_s, "zhang", "张卫国", "guard", n % 2 == 0, READER, READER))
            states |= log.states(one)
            log.add(one)
    known = log.all(as_recorded)
    assert len(known) == 3 * DAYS
    assert known[0].at_utc_s == UTC_S + 20 * 86400
    assert len(states) == DAYS
    assert CheckInLog(states).all(as_recorded) == known
    ahead = CheckIn(2 * UTC_S, "li", "李", "guard", True, READER, READER, False)
    unsure = Signed(ahead, "estimated", "boot", 7.0, log.latest_s(as_recorded))
    states |= log.states(unsure)
    log.add(unsure)
    *before, last = log.all(as_recorded)
    assert CheckInLog(states).all(as_recorded) == (*before, last)
    assert tuple(before) == known, "it costs no good day its place"
    assert known[-1].at_utc_s < last.at_utc_s <= known[-1].at_utc_s + 86401, "nor all that comes later"
    later = CheckInLog(states).all(lambda boot, at: Instant(at.monotonic_s, UTC_S + 1e8, "synchronised"))
    assert (later[-1].person, later[-1].sure) == ("li", True), "its time is filled in when the clock is known"


@pytest.mark.parametrize(
    ("person", "on", "why"),
    [("zang", True, "did you mean 'zhang'"), ("zhang", False, "is not signed on"), ("li", True, "already")],
)
def test_what_cannot_be_meant_is_refused_in_words(tmp_path: Path, person: str, on: bool, why: str) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await it.sign("li", True)
            with pytest.raises(OrderRefused, match=why):
                await it.sign(person, on)
            assert it.signed() == [("li", True)]

    play(story, tmp_path)


def test_watchers_are_told_of_each(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            told: list[int] = []
            it.people.watchers.append(lambda: told.append(len(it.people.check_ins())))
            await it.sign("zhang", True)
            await it.sign("zhang", False)
            assert told == [1, 2]

    play(story, tmp_path)


def test_what_was_written_damaged_costs_that_and_not_the_start(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            damaged = {"people/on": "[[1]]", "people/day-7": '{"day": 7}', "people/presses": "x", "drills/1": "{}"}
            await it.outbox.append([], damaged)
        async with stand(world) as it:
            assert (it.signed(), it.on(), it.people.presses(), it.drills.known()) == ([], [], (), ())
            await it.sign("zhang", True)

    play(story, tmp_path)


def test_who_signs_off_while_nobody_knows_the_time_is_not_surely_there(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await it.sign("zhang", True)
        world.clock, world.ahead_s = "unknown", -UTC_S
        async with stand(world) as it:
            await it.sign("zhang", False)
        world.clock, world.ahead_s = "synchronised", 600.0
        async with stand(world) as it:
            last = it.people.check_ins()[-1]
            assert (last.person, last.on, last.sure) == ("zhang", False, False)
            await it.sign("zhang", True)
            last = it.people.check_ins()[-1]
            assert (last.on, last.sure) == (True, True)

    play(story, tmp_path)


def test_one_check_in_of_an_unsure_time_makes_no_year_of_them_be_sorted_with_every_look() -> None:
    log = CheckInLog({})
    for n in range(100):
        log.add(Signed(CheckIn(UTC_S + n, "zhang", "张卫国", "guard", True, READER, READER)))
    log.add(Signed(CheckIn(1.0, "li", "李", "guard", True, READER, READER, False), "unknown", "boot", 7.0))
    assert log.all(as_recorded) is log.all(as_recorded)
