"""The pipe: the state moves only when the outbox has the events, and nothing is owed for long."""

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.alarms.model import Order, State
from agent.errors import OrderRefused, StorageError
from agent.records import Lane
from agent.service.debts import OWED_MOST
from agent.site import Device
from drivers.reading import Quality, Reading
from simulators.clock import run_virtual
from tests.agent.service.world import BUTTON, World, alarms, device, open_pipe, site_in, stored

UNIT = "gate-io"
PRESSED, RELEASED = [Reading("di1", True)], [Reading("di1", False)]


def state(pipe: Any, condition: str = "pressed") -> State:
    known = pipe.memories[BUTTON].conditions.get(condition)
    return State.NORMAL if known is None else known.state


def play(main: Coroutine[Any, Any, None]) -> None:
    run_virtual(main)


def test_an_alarm_and_its_state_are_stored_together_and_survive_a_restart(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        await pipe.accept(UNIT, RELEASED)
        await pipe.accept(UNIT, PRESSED)
        assert await alarms(outbox) == ["pressed raised"]
        since = pipe.memories[BUTTON].conditions["pressed"].since
        assert since is not None
        moment = [1_800_000_000.0, "synchronised", since.monotonic_s, "boot"]
        kept = {"pressed": {"since": moment, "state": "unacknowledged"}}
        assert json.loads(outbox.states()[BUTTON]) == kept
        await outbox.aclose()
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        assert state(pipe) is State.UNACKNOWLEDGED
        assert pipe.memories[BUTTON].conditions["pressed"].since == since
        await pipe.accept(UNIT, PRESSED)
        assert await alarms(outbox) == ["pressed raised"]
        await outbox.aclose()

    play(main())


def test_while_the_disk_refuses_the_state_stays_and_the_timer_derives_the_same_alarm_later(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        timers = asyncio.create_task(pipe.run_timers())
        await pipe.accept(UNIT, RELEASED)
        world.disk_full = True
        await pipe.accept(UNIT, PRESSED)
        assert state(pipe) is State.NORMAL
        assert pipe.owes(UNIT)
        assert "full" in pipe.journal.fault
        await asyncio.sleep(5.5)
        assert state(pipe) is State.NORMAL
        world.disk_full = False
        await asyncio.sleep(1.1)
        assert state(pipe) is State.UNACKNOWLEDGED
        assert await alarms(outbox) == ["pressed raised"]
        assert not pipe.owes(UNIT)
        assert pipe.journal.fault == ""
        timers.cancel()
        await outbox.aclose()

    play(main())


def test_an_owed_alarm_is_also_stored_at_the_next_poll(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        world.disk_full = True
        await pipe.accept(UNIT, PRESSED)
        world.disk_full = False
        await pipe.accept(UNIT, PRESSED)
        assert await alarms(outbox) == ["pressed raised"]
        await outbox.aclose()

    play(main())


def test_a_press_that_is_over_before_the_disk_takes_it_is_told_with_its_own_time(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        timers = asyncio.create_task(pipe.run_timers())
        await pipe.accept(UNIT, RELEASED)
        world.disk_full = True
        pressed_s = asyncio.get_running_loop().time()
        await pipe.accept(UNIT, PRESSED)
        await asyncio.sleep(0.1)
        await pipe.accept(UNIT, RELEASED)
        await asyncio.sleep(5.0)
        assert state(pipe) is State.NORMAL
        world.disk_full = False
        await asyncio.sleep(1.1)
        assert state(pipe) is State.LATCHED_UNACKNOWLEDGED
        assert await alarms(outbox) == ["pressed raised", "pressed cleared"]
        raised, cleared, *_ = [one.record for one in await stored(outbox)]
        assert raised.at.monotonic_s == pressed_s
        assert cleared.at.monotonic_s == pytest.approx(pressed_s + 0.1)
        timers.cancel()
        await outbox.aclose()

    play(main())


def test_an_order_does_not_overtake_what_the_disk_still_owes(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        world.disk_full = True
        await pipe.accept(UNIT, PRESSED)
        with pytest.raises(StorageError):
            await pipe.operate(BUTTON, Order("acknowledge", "pressed", "王老师"))
        world.disk_full = False
        await pipe.operate(BUTTON, Order("acknowledge", "pressed", "王老师"))
        assert await alarms(outbox) == ["pressed raised", "pressed acknowledged"]
        assert state(pipe) is State.ACKNOWLEDGED
        assert not pipe.owes(UNIT)
        await outbox.aclose()

    play(main())


def test_a_contact_that_flutters_while_the_disk_refuses_fills_no_memory_and_its_last_word_counts(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        world.disk_full = True
        for _ in range(OWED_MOST):
            await pipe.accept(UNIT, PRESSED)
            await pipe.accept(UNIT, RELEASED)
        await pipe.accept(UNIT, PRESSED)
        world.disk_full = False
        await pipe.accept(UNIT, PRESSED)
        told = await alarms(outbox)
        assert OWED_MOST <= len(told) <= OWED_MOST + 1
        assert state(pipe) is State.UNACKNOWLEDGED
        await outbox.aclose()

    play(main())


def test_an_order_that_cannot_be_stored_is_not_done(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        await pipe.accept(UNIT, PRESSED)
        world.disk_full = True
        with pytest.raises(StorageError):
            await pipe.operate(BUTTON, Order("acknowledge", "pressed", "王老师"))
        assert state(pipe) is State.UNACKNOWLEDGED
        world.disk_full = False
        await pipe.operate(BUTTON, Order("acknowledge", "pressed", "王老师"))
        assert state(pipe) is State.ACKNOWLEDGED
        with pytest.raises(OrderRefused, match="no device 'nobody'; known: panic-gate"):
            await pipe.operate("nobody", Order("acknowledge", "pressed", "王老师"))
        await outbox.aclose()

    play(main())


def test_whatever_is_stored_first_after_a_fault_of_the_disk_tells_of_it_once(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        world.disk_full = True
        await pipe.journal.report("part.failed", "lost with the disk")
        world.disk_full = False
        await pipe.journal.report("part.failed", "kept")
        await pipe.accept(UNIT, PRESSED)
        events = [one.record.data for one in await stored(outbox) if one.record.lane is Lane.EVENT]
        assert [event["event"] for event in events] == ["part.failed", "storage.recovered"]
        assert "full" in events[1]["fields"]["fault"]
        await outbox.aclose()

    play(main())


def test_a_delay_expires_without_any_reading(tmp_path: Path) -> None:
    async def main() -> None:
        site = replace(site_in(tmp_path), devices=(device("one_key_alarm", "pressed", "line_fault"),))
        pipe, outbox, _ = await open_pipe(World(tmp_path), site)
        timers = asyncio.create_task(pipe.run_timers())
        await pipe.accept(UNIT, [Reading("di1", False), Reading("di2", True)])
        assert await alarms(outbox) == []
        await asyncio.sleep(1.01)
        assert await alarms(outbox) == ["line_fault raised"]
        timers.cancel()
        await outbox.aclose()

    play(main())


def test_a_lost_unit_makes_its_devices_lost_and_back_clears_after_its_delay(tmp_path: Path) -> None:
    async def main() -> None:
        pipe, outbox, _ = await open_pipe(World(tmp_path), site_in(tmp_path))
        timers = asyncio.create_task(pipe.run_timers())
        await pipe.accept(UNIT, PRESSED)
        await pipe.unit_lost(UNIT, "no answer")
        assert await alarms(outbox) == ["pressed raised", "lost raised"]
        assert state(pipe).active
        await pipe.unit_back(UNIT)
        await pipe.accept(UNIT, PRESSED)
        await asyncio.sleep(31)
        assert (await alarms(outbox))[2:] == ["lost cleared"]
        timers.cancel()
        await outbox.aclose()

    play(main())


def test_after_a_restart_a_loss_is_not_cleared_by_the_other_unit_of_the_device(tmp_path: Path) -> None:
    async def main() -> None:
        both = device("one_key_alarm", "pressed", "tamper", lost_off_delay_s=0)
        both.points["tamper"] = replace(both.points["tamper"], unit="other")  # type: ignore[index]
        site = replace(site_in(tmp_path), devices=(both,))
        pipe, outbox, _ = await open_pipe(World(tmp_path), site)
        await pipe.unit_lost("other", "no answer")
        await outbox.aclose()
        pipe, outbox, _ = await open_pipe(World(tmp_path), site)
        await pipe.accept(UNIT, RELEASED)
        assert state(pipe, "lost").active
        await pipe.accept("other", [Reading("di2", False)])
        assert not state(pipe, "lost").active
        await outbox.aclose()

    play(main())


def test_a_panel_that_comes_back_keeps_its_fire_and_is_not_called_bad(tmp_path: Path) -> None:
    async def main() -> None:
        panel = Device(BUTTON, "fire_panel", "名", "处", unit=UNIT)
        pipe, outbox, board = await open_pipe(World(tmp_path), replace(site_in(tmp_path), devices=(panel,)))
        timers = asyncio.create_task(pipe.run_timers())
        await pipe.accept(UNIT, [Reading("1.3/fire", True, text="三层手报")])
        await pipe.unit_lost(UNIT, "no answer")
        await pipe.unit_back(UNIT)
        await asyncio.sleep(120)
        assert await alarms(outbox) == ["fire raised", "lost raised", "lost cleared"]
        assert board.take()["state", BUTTON]["points"]["1.3/fire"]["quality"] == "uncertain"
        timers.cancel()
        await outbox.aclose()

    play(main())


def test_the_state_upstream_follows_contacts_at_once_and_tells_the_motion_of_a_barrier(tmp_path: Path) -> None:
    async def main() -> None:
        barrier = device("gate_barrier", "open_limit", "closed_limit", "loop", guarded=False)
        pipe, outbox, board = await open_pipe(World(tmp_path), replace(site_in(tmp_path), devices=(barrier,)))
        said = []
        for opened, closed, loop in ((0, 1, 0), (0, 1, 1), (0, 0, 1), (1, 0, 1), (1, 0, 1)):
            values = zip(("di1", "di2", "di3"), (opened, closed, loop), strict=True)
            await pipe.accept(UNIT, [Reading(name, bool(value)) for name, value in values])
            shown = board.take().get(("state", BUTTON))
            said.append((shown["motion"], shown["points"]["loop"]["value"]) if shown else None)
        assert said == [("closed", False), ("closed", True), ("opening", True), ("open", True), None]
        await outbox.aclose()

    play(main())


def test_numbers_go_to_the_lowest_lane_and_into_the_state_at_their_pace(tmp_path: Path) -> None:
    async def main() -> None:
        room = device("environment", "temperature")
        site = replace(site_in(tmp_path), devices=(room,), telemetry_s=60.0)
        pipe, outbox, board = await open_pipe(World(tmp_path), site)
        for value in (20.0, 20.1, 20.2):
            await pipe.accept(UNIT, [Reading("di1", value)])
            await asyncio.sleep(1)
        assert board.take()["state", BUTTON]["points"]["temperature"]["value"] == 20.0
        await asyncio.sleep(60)
        await pipe.accept(UNIT, [Reading("di1", 20.3)])
        assert board.take()["state", BUTTON]["points"]["temperature"]["value"] == 20.3
        await asyncio.sleep(1)
        rows = [s.record for s in await stored(outbox) if s.record.lane is Lane.TELEMETRY]
        assert [r.data["values"]["temperature"]["value"] for r in rows] == [20.0, 20.3]
        await outbox.aclose()

    play(main())


def test_an_alarm_that_is_set_aside_goes_upstream_with_its_mark(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        until_utc_s = world.utc_s + 600
        order = Order("out_of_service", "pressed", "王老师", reason="换线", until_utc_s=until_utc_s)
        await pipe.operate(BUTTON, order)
        await pipe.accept(UNIT, PRESSED)
        told = [s.record.data for s in await stored(outbox)]
        assert [(d["change"], d["hold"], d["until"]) for d in told] == [
            ("out_of_service", "out_of_service", until_utc_s),
            ("raised", "out_of_service", until_utc_s),
        ]
        await outbox.aclose()

    play(main())


def test_a_hold_ends_at_its_time_though_no_reading_comes(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))
        timers = asyncio.create_task(pipe.run_timers())
        await pipe.accept(UNIT, RELEASED)
        await asyncio.sleep(1)
        order = Order("out_of_service", "pressed", "王老师", reason="换线", until_utc_s=world.utc_s + 90)
        await pipe.operate(BUTTON, order)
        await asyncio.sleep(89)
        assert await alarms(outbox) == ["pressed out_of_service"]
        await asyncio.sleep(1.1)
        assert await alarms(outbox) == ["pressed out_of_service", "pressed returned_to_service"]
        timers.cancel()
        await outbox.aclose()

    play(main())


def test_a_bad_reading_clears_nothing_upstream(tmp_path: Path) -> None:
    async def main() -> None:
        pipe, outbox, _ = await open_pipe(World(tmp_path), site_in(tmp_path))
        await pipe.accept(UNIT, PRESSED)
        await pipe.accept(UNIT, [Reading("di1", None, Quality.BAD, "refused")])
        assert await alarms(outbox) == ["pressed raised"]
        assert state(pipe).active
        await outbox.aclose()

    play(main())


def test_what_could_not_be_judged_is_judged_again_though_it_reads_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        pipe, outbox, _ = await open_pipe(World(tmp_path), site_in(tmp_path))
        await pipe.accept(UNIT, RELEASED)
        with monkeypatch.context() as broken:
            broken.setattr("agent.service.pipe.judge", lambda *_a, **_n: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await pipe.accept(UNIT, PRESSED)
        await pipe.accept(UNIT, PRESSED)
        assert await alarms(outbox) == ["pressed raised"]
        await outbox.aclose()

    play(main())


def test_a_room_that_fails_where_it_looks_on_keeps_no_alarm_from_its_way(tmp_path: Path) -> None:
    def broken(*_about: object) -> Any:
        raise KeyError("a room's mistake")

    async def main() -> None:
        pipe, outbox, _ = await open_pipe(World(tmp_path), site_in(tmp_path))
        heard = list[str]()
        pipe.watchers += [broken, lambda: heard.append("watcher")]
        pipe.marks += [broken, lambda _device, _change: {"drill": True}]
        pipe.journal.beside += [broken, lambda _records: {"room/state": "kept"}]
        pipe.journal.accepted += [broken, lambda _records, _sequences: heard.append("accepted")]
        await pipe.accept(UNIT, RELEASED)
        await pipe.accept(UNIT, PRESSED)
        (alarm,) = [one.record for one in await stored(outbox) if one.record.lane is Lane.ALARM]
        assert (alarm.data["change"], alarm.data["drill"]) == ("raised", True)
        assert state(pipe) is State.UNACKNOWLEDGED
        assert outbox.states()["room/state"] == "kept"
        assert {"watcher", "accepted"} <= set(heard)
        await outbox.aclose()

    play(main())
