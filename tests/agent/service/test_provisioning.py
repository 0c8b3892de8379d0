"""The provisioning room: what devices say becomes verdicts, events, retained messages and a history."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import jsonschema

from agent.records import Instant
from agent.service import provisioning
from agent.service.openings import DAY_MOST, Openings, Span
from agent.service.provisioning_answer import ProvisionAnswer
from agent.uplink.envelope import live_event
from agent.uplink.provision_message import ProvisionData
from tests.agent.service.provision_stand import MONDAY_S, Stand, kept, pack, play, until

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/schema/provision.schema.json").read_text())
Story = Callable[[Stand], Awaitable[None]]


async def logged_for(stand: Stand, seconds: float) -> None:
    await stand.say()
    await asyncio.sleep(seconds)


def test_what_is_not_logged_long_enough_is_unknown_and_then_all_is_met(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await stand.say()
            await until(room.verdicts)
            assert stand.verdicts(room) == {"closed_campus": "unknown", "alarm_video": "met"}
            await asyncio.sleep(3700.0)
            assert stand.verdicts(room) == {"closed_campus": "met", "alarm_video": "met"}
            assert await stand.changes() == [
                "closed_campus None unknown",
                "alarm_video None met",
                "closed_campus unknown met",
            ]

    play(story, Stand(tmp_path))


def test_a_gate_held_open_outside_its_window_is_not_met_and_named_with_clause_and_fix(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            stand.taken()
            await stand.say(closed=False)
            after_s = await until(lambda: stand.verdicts(room)["closed_campus"] == "not_met", 300.0)
            assert 120.0 < after_s < 182.0  # longer than may be, seen at the next minute at the latest
            (told,) = [one for one in await stand.events() if one["after"] == "not_met"]
            assert "东门道闸" in told["why"]["zh"][0]
            shown = ProvisionData.model_validate(stand.taken()["closed_campus"])
            (failing,) = [one for one in shown.items if one.verdict == "not_met"]
            assert (failing.id, failing.clause, failing.mark) == ("never_open", "clause 1", "seen")
            assert [one.subject for one in failing.missing] == ["gate"]
            assert failing.missing[0].fix.en == "mend it"
            assert shown.share < 1

    play(story, Stand(tmp_path))


def test_a_device_that_is_lost_is_no_longer_evidence(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            await stand.lose("io2")
            assert await until(lambda: stand.verdicts(room)["alarm_video"] == "unknown") < 3.0
            assert stand.verdicts(room)["closed_campus"] == "met"
            await stand.lose("io")  # and this item asks that the gate is not lost
            await until(lambda: stand.verdicts(room)["closed_campus"] == "not_met", 3.0)

    play(story, Stand(tmp_path))


def test_while_a_gate_could_not_be_seen_it_may_have_been_open(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            for blind_s, verdict in ((60.0, "met"), (200.0, "unknown")):
                await stand.lose("io")
                await asyncio.sleep(blind_s)
                await stand.pipe.unit_back("io")
                await stand.say()
                await asyncio.sleep(61.0)
                assert stand.verdicts(room)["closed_campus"] == verdict
            await asyncio.sleep(3600.0)
            assert stand.verdicts(room)["closed_campus"] == "met"

    play(story, Stand(tmp_path))


def test_a_way_that_breaks_is_seen_with_the_next_minute(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 30.0)
            assert stand.verdicts(room)["alarm_video"] == "met"
            stand.up = False  # nobody is told of it by the pipe
            after_s = await until(lambda: stand.verdicts(room)["alarm_video"] == "not_met", 61.0)
            assert after_s > 0

    play(story, Stand(tmp_path))


def test_the_retained_message_is_what_the_schema_says_and_ages_alone_are_no_news(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            await asyncio.sleep(700.0)
            first = stand.taken()
            assert set(first) == {"closed_campus", "alarm_video"}
            at = Instant(1.0, MONDAY_S, "synchronised")
            for subject, data in first.items():
                event = json.loads(live_event("provision", subject, "/campus/1/2/3", at, "boot", data))
                jsonschema.Draft202012Validator(SCHEMA).validate(event)
            put = list[str]()
            keep, stand.board.put = stand.board.put, lambda subject, *_: put.append(subject)  # type: ignore[method-assign,assignment]
            await asyncio.sleep(provisioning.REPEAT_S * 3)
            stand.board.put = keep  # type: ignore[method-assign]
            assert 2 <= put.count("alarm_video") <= 3
            assert room.verdicts()[0].oldest_evidence_age_s is not None

    play(story, Stand(tmp_path))


def test_an_orderly_restart_and_a_short_power_cut_keep_history_openings_and_verdicts(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            await stand.say(closed=False)
            await asyncio.sleep(200.0)
            await stand.say()
            await asyncio.sleep(65.0)
            before = room.openings.openings(Instant(0.0, 0.0, "unknown"))
            assert stand.verdicts(room)["closed_campus"] == "not_met"
        for killed in (False, True):
            await asyncio.sleep(30.0)
            async with stand.room(killed=killed) as room:
                await stand.say()
                await until(room.verdicts)
                assert stand.verdicts(room)["closed_campus"] == "not_met"
                (opening,) = [
                    one
                    for one in room.openings.openings(Instant(1e9, 0.0, "unknown"))
                    if one.last_utc_s is not None and one.last_utc_s - one.first_utc_s > 1
                ]
                assert opening.first_utc_s == before[0].first_utc_s
                assert (opening.last_utc_s or 0) - opening.first_utc_s == 200.0
                assert "n" in stand.day(room, "closed_campus")
                await asyncio.sleep(5.0)
        assert len([one for one in await _stored(stand) if one.startswith("closed_campus")]) == 3

    play(story, Stand(tmp_path))


async def _stored(stand: Stand) -> list[str]:
    async with stand.room():
        return await stand.changes()


def test_while_the_gateway_was_off_nothing_is_proven(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            assert stand.verdicts(room)["closed_campus"] == "met"
        await asyncio.sleep(1800.0)
        async with stand.room() as room:
            await stand.say()
            await until(room.verdicts)
            assert stand.verdicts(room)["closed_campus"] == "unknown"
            (gap,) = [one for one in room.openings.gaps(_now(stand)) if one.device == ""]
            assert 1800.0 <= (gap.last_utc_s or 0) - gap.first_utc_s < 1803.0
            await asyncio.sleep(3600.0)
            assert stand.verdicts(room)["closed_campus"] == "met"  # the gap is older than what is asked for

    play(story, Stand(tmp_path))


def _now(stand: Stand) -> Instant:
    return stand._host().instant()


def test_a_gate_that_is_open_before_and_after_a_short_restart_was_open_all_along(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            opened_s = stand.utc_s()
            await stand.say(closed=False)
            await asyncio.sleep(70.0)
        await asyncio.sleep(20.0)
        async with stand.room() as room:
            await stand.say(closed=False)
            await asyncio.sleep(70.0)
            (lasting,) = [one for one in room.openings.openings(_now(stand)) if one.last_utc_s is None]
            assert abs(lasting.first_utc_s - opened_s) < 2.0
            assert stand.verdicts(room)["closed_campus"] == "not_met"  # neither half is longer than may be

    play(story, Stand(tmp_path))


def test_a_power_cut_makes_a_gap_from_the_last_moment_that_was_kept(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room(killed=True) as room:
            await logged_for(stand, 5700.0)  # long after the hour has changed
            whole_s = kept(stand)["provisioning/openings/whole"]["whole"]
            assert stand.utc_s() - whole_s <= provisioning.KEEP_S + provisioning.TICK_S
        async with stand.room() as room:
            await stand.say()
            await until(room.verdicts)
            (gap,) = [one for one in room.openings.gaps(_now(stand)) if one.device == ""]
            assert gap.first_utc_s == whole_s

    play(story, Stand(tmp_path))


def test_a_disk_that_refuses_costs_no_verdict_and_the_event_comes_when_it_is_well(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 10.0)
            assert len(await stand.changes()) == 2
            stand.disk_full = True
            stand.taken()
            await stand.lose("io2")
            await until(lambda: stand.verdicts(room)["alarm_video"] == "unknown", 3.0)
            assert stand.taken()["alarm_video"]["verdict"] == "unknown"
            seen_s = stand.utc_s()
            await asyncio.sleep(30.0)
            stand.disk_full = False
            assert len(await stand.changes()) == 2
            await asyncio.sleep(provisioning.RETRY_S + 1.0)
            assert (await stand.changes())[2:] == ["alarm_video met unknown"]
            (late,) = [one for one in await stand.outbox.next({}, 1000) if one.record.data.get("event") ==
                       "provision.changed" and one.record.data["fields"]["after"] == "unknown"
                       and one.record.data["fields"]["before"] == "met"]  # fmt: skip
            assert abs(late.record.at.utc_s - seen_s) < 3.0  # as of when it was seen

    play(story, Stand(tmp_path))


def test_a_condition_counts_also_while_the_disk_does_not_take_it(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 10.0)
            stand.disk_full = True
            await stand.say(tamper=True)
            await until(lambda: stand.verdicts(room)["alarm_video"] == "not_met", 3.0)

    play(story, Stand(tmp_path))


def test_what_the_disk_refused_is_offered_again_though_nothing_else_happens(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 10.0)
            stand.disk_full, stand.up = True, False
            await until(lambda: stand.verdicts(room)["alarm_video"] == "not_met")
            await asyncio.sleep(3.0)
            stand.disk_full = False
            await asyncio.sleep(provisioning.RETRY_S + 0.5)
            assert (await stand.changes())[-1] == "alarm_video met not_met"

    play(story, Stand(tmp_path))


def test_a_gate_that_is_open_before_and_after_a_short_silence_was_open_all_along(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 3700.0)
            opened_s = stand.utc_s()
            await stand.say(closed=False)
            await asyncio.sleep(70.0)
            await stand.lose("io")
            await asyncio.sleep(20.0)
            await stand.pipe.unit_back("io")
            await stand.say(closed=False)
            await asyncio.sleep(70.0)
            (lasting,) = [one for one in room.openings.openings(_now(stand)) if one.last_utc_s is None]
            assert abs(lasting.first_utc_s - opened_s) < 2.0
            assert stand.verdicts(room)["closed_campus"] == "not_met"

    play(story, Stand(tmp_path))


def test_however_much_happens_it_judges_once_a_second(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 30.0)
            looks = list[int]()
            room.watchers.append(lambda: looks.append(1))
            for n in range(300):
                await stand.say(closed=n % 2 == 0)
                await asyncio.sleep(0.03)
            assert 8 <= len(looks) <= 11
            looks.clear()
            await stand.say()
            await asyncio.sleep(2.0)
            looks.clear()
            await asyncio.sleep(600.0)
            assert len(looks) == 10  # and each minute where nothing happens

    play(story, Stand(tmp_path))


def test_a_check_in_stirs_it(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 30.0)
            looks = list[int]()
            room.watchers.append(lambda: looks.append(1))
            stand.people.watchers[0]()
            assert await until(lambda: looks) < 2.0

    play(story, Stand(tmp_path))


def test_hours_in_which_nobody_judged_are_empty_in_the_history(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 4000.0)  # from 9 o'clock: unknown for an hour, then met
            assert stand.day(room, "closed_campus") == "-" * 9 + "um" + "-" * 13
            await stand.lose("io2")
            await asyncio.sleep(61.0)
            await stand.pipe.unit_back("io2")
            await stand.say()
            await asyncio.sleep(61.0)
            (day,) = room.strip.shown()["alarm_video"]
            assert (day.worst[9:11], day.last[9:11]) == ("mu", "mm")  # the worst of the hour, and how it ended
        await asyncio.sleep(4 * 3600.0)
        async with stand.room() as room:
            await logged_for(stand, 120.0)
            assert stand.day(room, "alarm_video") == "-" * 9 + "mu" + "-" * 3 + "m" + "-" * 9
            await asyncio.sleep(11 * 3600.0)  # past midnight
            assert [len(day) for day in stand.day(room, "alarm_video").split("|")] == [24, 24]

    play(story, Stand(tmp_path))


def test_the_history_and_the_log_are_bounded_to_a_month(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await stand.say()
            at = datetime(2026, 1, 1, tzinfo=UTC)
            for n in range(400):
                room.strip.note({"x": "met"}, datetime.fromtimestamp(at.timestamp() + n * 86400, UTC))
            assert len(room.strip.shown()["x"]) == 31
            for n in range(400):
                now = Instant(1000.0 + n * 86400.0, MONDAY_S + n * 86400.0, "synchronised")
                room.openings.look(_gate(motion="closed" if n % 2 else "open"), now)
            assert 14 <= len(room.openings.openings(now)) <= 17
            await room._keep(now)
            assert len([key for key in kept(stand) if key.startswith("provisioning/")]) <= 31 + 32 + 2

    play(story, Stand(tmp_path))


def _gate(motion: str):  # type: ignore[no-untyped-def]
    from agent.provisioning.model import DeviceSeen

    seen = DeviceSeen("gate", "gate_barrier", "", "", "", False, False, True, frozenset(), frozenset(),
                      motion, 0.0)  # type: ignore[arg-type] # fmt: skip
    return (seen,)


def test_while_the_clock_is_not_right_nothing_is_written_that_needs_it(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        stand.clock, stand.off_s = "estimated", -1e6
        async with stand.room() as room:
            await logged_for(stand, 700.0)
            assert room.strip.shown() == {}
            assert "provisioning/openings/whole" not in kept(stand)
            assert stand.verdicts(room)["closed_campus"] == "unknown"
            await stand.say(closed=False)
            await asyncio.sleep(50.0)
            await stand.say()
            stand.clock, stand.off_s = "synchronised", 0.0
            await asyncio.sleep(130.0)
            (opening,) = room.openings.openings(_now(stand))
            assert abs((opening.last_utc_s or 0) - opening.first_utc_s - 50.0) < 2.0
            assert stand.utc_s() - opening.first_utc_s < 200.0
            assert room.strip.shown()

    play(story, Stand(tmp_path))


def test_what_waits_for_the_clock_is_bounded_and_what_was_dropped_proves_nothing(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            log = room.openings
            for n in range(3000):
                at = Instant(1000.0 + n, 0.0, "unknown")
                log.look(_gate(motion="closed" if n % 2 else "open"), at)
            right = Instant(5000.0, MONDAY_S, "synchronised")
            log.look(_gate(motion="closed"), right)
            known = log.openings(right)
            assert 0 < len(known) <= 300
            assert log.logged_since_utc_s is not None
            assert MONDAY_S - 4000.0 < log.logged_since_utc_s <= min(one.first_utc_s for one in known)

    play(story, Stand(tmp_path))


def test_two_packs_with_an_indicator_of_the_same_name_have_two_topics(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        async with stand.room() as room:
            await logged_for(stand, 10.0)
            four = {"closed_campus", "alarm_video", "other-closed_campus", "other-alarm_video"}
            assert set(stand.taken()) == four
            assert set(room.room().beat()["provision"]) == four
        stand.packs = (pack(),)  # a configuration without the second one
        async with stand.room() as room:
            await logged_for(stand, 10.0)
            taken = stand.taken()
            assert {subject for subject, data in taken.items() if data is None} == {
                "other-closed_campus",
                "other-alarm_video",
            }

    play(story, Stand(tmp_path, (pack(), pack("other"))))


def test_the_answer_has_all_that_a_report_needs_and_nobody_s_name(tmp_path: Path) -> None:
    async def story(stand: Stand) -> None:
        from agent.provisioning.model import CheckIn

        stand.people.on = (
            CheckIn(stand.utc_s(), "zhang", "张卫国", "guard", True, "gate", "terminal"),
            CheckIn(stand.utc_s(), "wang", "王建国", "guard", True, "gate", "terminal"),
            CheckIn(stand.utc_s(), "wang", "王建国", "guard", False, "gate", "terminal"),
        )
        async with stand.room() as room:
            await logged_for(stand, 10.0)
            raw = await room.room().requests["provision"]({})
            answer = ProvisionAnswer.model_validate(raw)
            assert [(one.role, one.signed_on) for one in answer.people] == [("guard", 1)]
            assert "王建国" not in json.dumps(raw, ensure_ascii=False)
            assert answer.packs[0].subjects == {"closed_campus": "closed_campus", "alarm_video": "alarm_video"}
            assert [one.verdict for one in answer.verdicts] == ["unknown", "met"]
            assert {one.device for one in answer.devices} == {"gate", "panic"}
            assert answer.facts[0].by == "李主任"
            assert answer.ways == {"primary": True}
            assert answer.history["alarm_video"][0].worst[9] == "m"

    play(story, Stand(tmp_path))


def test_a_contact_that_flutters_all_day_hides_no_long_opening_of_another_gate() -> None:
    log = Openings({})
    for n in range(DAY_MOST + 50):
        log._add(Span(MONDAY_S + 60.0 * n, MONDAY_S + 60.0 * n + 10, "flutters", gap=True))
    log._add(Span(MONDAY_S, MONDAY_S + 3600, "gate"))
    log._add(Span(MONDAY_S + 70_000, MONDAY_S + 70_010, "flutters", gap=True))
    at = Instant(0.0, MONDAY_S + 80_000, "synchronised")
    assert [one.device for one in log.openings(at)] == ["gate"]
    assert len(log.gaps(at)) < DAY_MOST
