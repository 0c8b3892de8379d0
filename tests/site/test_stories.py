"""Stories of a school, told from the field's side and the platform's: the agent in between is the real one."""

import asyncio
from pathlib import Path

from agent.uplink.messages import HeartbeatData
from tests.site.school import School, calmer, demo_site, play

POLL_S = 0.3  # from the contact to the platform when all is well


def test_a_school_day(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.field.set("gate-io.di1", True)
        assert await school.heard_within("panic-gate pressed raised", 1.0) < POLL_S
        school.field.set("gate-io.di1", False)
        await school.heard_within("panic-gate pressed cleared", 1.0)

        school.field.set("smoke-302.level", 320)
        await school.heard_within("smoke-3f-west prealarm raised", 2.0)
        school.field.set("smoke-302.smoke", True)
        await school.heard_within("smoke-3f-west alarm raised", 2.0)

        school.field.set("canteen-env.temperature", 48.0)
        await school.heard_within("canteen temperature_high raised", 15.0)

        school.field.panel("panel-jbf").say("1.3.30", "fire", text="手动报警按钮")
        await school.heard_within("fire-teaching 1.3.30/fire raised", 5.0)

        assert len(school.told()) == 6
        assert school.platform.gaps() == []

    play(story, tmp_path)


def test_each_fire_panel_is_heard_and_its_reset_clears(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        for unit, device, address in (
            ("panel-jbf", "fire-teaching", "1.1.12"),
            ("panel-notifier", "fire-dorm", "1D012"),
            ("panel-songjiang", "fire-canteen", "1.1.12"),
        ):
            school.field.panel(unit).say(address, "fire")
            await school.heard_within(f"{device} {address}/fire raised", 20.0)
            school.field.panel(unit).reset()
            await school.heard_within(f"{device} {address}/fire cleared", 20.0)

    play(story, tmp_path)


def test_a_device_pulled_off_is_lost_and_its_neighbours_go_on(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.field.unplug("smoke-301")
        await school.heard_within("smoke-3f-east lost raised", 30.0)
        school.field.set("gate-io.di1", True)
        assert await school.heard_within("panic-gate pressed raised", 5.0) < 1.0
        school.field.set("gate-io.di1", False)
        await asyncio.sleep(60.0)
        school.field.set("smoke-301.smoke", True)
        school.field.plug("smoke-301")
        await school.heard_within("smoke-3f-east alarm raised", 12.0)
        await school.heard_within("smoke-3f-east lost cleared", 5.0)
        assert [t for t in school.told() if "lost" in t] == [
            "smoke-3f-east lost raised",
            "smoke-3f-east lost cleared",
        ]

    play(story, tmp_path)


def test_a_broker_away_for_an_hour_costs_nothing_but_time(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        for _ in range(6):
            await asyncio.sleep(600.0)
            school.field.set("gate-io.di1", True)
            await asyncio.sleep(5.0)
            school.field.set("gate-io.di1", False)
        heartbeats = len([a for a in school.heard if a.channel == "heartbeat"])
        school.broker.start()
        await school.until(lambda: school.told().count("panic-gate pressed cleared") == 6, 5.0)
        await school.until(lambda: school.waiting == 0, 60.0)
        assert school.told() == ["panic-gate pressed raised", "panic-gate pressed cleared"] * 6
        assert school.platform.gaps() == []
        later = [a for a in school.heard if a.channel == "heartbeat"][heartbeats:]
        assert len(later) <= 15  # one each five seconds, and none of the hour before

    play(story, tmp_path, site=calmer(demo_site(), 2.0))


def test_a_latched_alarm_survives_a_kill_until_somebody_resets_it(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.field.set("gate-io.di1", True)
        await school.heard_within("panic-gate pressed raised", 1.0)
        school.field.set("gate-io.di1", False)
        await school.heard_within("panic-gate pressed cleared", 1.0)
        await school.restart()
        await school.until(lambda: school.twin.boots == 2 and school.status.online, 5.0)
        await asyncio.sleep(5.0)
        assert school.shown("panic-gate") == {"pressed": "latched_unacknowledged"}
        await school.order("panic-gate", "pressed", "acknowledge")
        await school.until(lambda: school.shown("panic-gate") == {"pressed": "latched_acknowledged"}, 2.0)
        await school.order("panic-gate", "pressed", "reset")
        await school.until(lambda: school.shown("panic-gate") == {}, 2.0)
        assert school.told()[-2:] == ["panic-gate pressed acknowledged", "panic-gate pressed reset"]
        assert school.told().count("panic-gate pressed raised") == 1

    play(story, tmp_path)


def test_a_port_that_vanishes_takes_its_devices_along_and_brings_them_back(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        on_line = {"panic-gate", "barrier-south", "smoke-3f-east", "smoke-3f-west", "canteen"}
        school.field.vanish("rs485-1")
        await school.until(
            lambda: {t for t in school.told() if "lost raised" in t} == {f"{d} lost raised" for d in on_line}, 30.0
        )
        await asyncio.sleep(30.0)
        assert not any("cleared" in t for t in school.told())
        school.field.restore("rs485-1")
        await school.until(
            lambda: {t for t in school.told() if "lost cleared" in t} == {f"{d} lost cleared" for d in on_line},
            15.0,
        )

    play(story, tmp_path)


def test_a_disk_that_refuses_for_a_while_loses_no_alarm_and_is_told(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.twin.disk.refuses = "disk I/O error"
        school.field.set("gate-io.di1", True)
        await asyncio.sleep(20.0)
        assert "panic-gate pressed raised" not in school.told()
        assert school.shown("panic-gate") == {}
        school.twin.disk.refuses = ""
        await school.heard_within("panic-gate pressed raised", 3.0)
        assert school.platform.gaps() == []
        faults = {a.payload.storage_fault for a in school.heard if isinstance(a.payload, HeartbeatData)}
        assert "disk I/O error" in faults
        await school.until(lambda: "storage.recovered" in school.events(), 3.0)

    play(story, tmp_path)


def test_a_barrier_forced_is_an_alarm_and_one_commanded_is_not(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        async def travel(opens: bool) -> None:
            school.field.set("gate-io.di4" if opens else "gate-io.di3", False)
            await asyncio.sleep(1.5)
            school.field.set("gate-io.di3" if opens else "gate-io.di4", True)
            await asyncio.sleep(8.0)

        school.field.set("gate-io.do1", True)
        await asyncio.sleep(6.0)
        await travel(opens=True)
        school.field.set("gate-io.do1", False)
        await travel(opens=False)
        assert school.told() == []
        await asyncio.sleep(15.0)
        await travel(opens=True)
        assert school.told() == ["barrier-south forced_open raised"]
        await travel(opens=False)
        assert school.told()[-1] == "barrier-south forced_open cleared"

    play(story, tmp_path)


def test_a_gateway_that_is_stopped_says_so_and_one_that_is_killed_has_its_will(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await school.twin.stop()
        assert (school.status.online, school.status.reason) == (False, "stopped")
        school.start()
        await school.until(lambda: school.status.online, 5.0)
        await school.twin.kill()
        assert (school.status.online, school.status.reason) == (False, "lost")
        school.start()
        await school.until(lambda: school.status.online, 5.0)

    play(story, tmp_path)


def test_the_demo_s_field_hears_no_broken_silence(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await asyncio.sleep(60.0)
        bus = school.field.line("rs485-1").far
        assert (bus.violations, bus.collisions) == (0, 0)
        assert school.told() == []
        assert school.site == demo_site()

    play(story, tmp_path)


def test_a_gateway_stops_also_in_the_moment_its_link_breaks(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.drop()
        await school.twin.stop()  # fails when it takes longer than systemd allows
        school.start()
        await school.until(lambda: school.status.online, 5.0)

    play(story, tmp_path)


def test_a_link_that_breaks_again_and_again_does_not_end_the_uplink(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        for _ in range(20):
            school.broker.drop()
            await school.until(lambda: school.broker.connected and school.status.online, 20.0)
        school.field.set("gate-io.di1", True)
        await school.heard_within("panic-gate pressed raised", 5.0)

    play(story, tmp_path)


def test_a_broker_that_refuses_one_topic_gets_the_others_at_once_and_that_one_later(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.rejects["/alarm/panic-gate"] = 0x87
        school.field.set("gate-io.di1", True)
        await asyncio.sleep(2.0)
        school.field.set("smoke-301.smoke", True)
        await school.heard_within("smoke-3f-east alarm raised", 2.0)
        await school.until(lambda: "uplink.refused" in school.events(), 2.0)
        assert "panic-gate pressed raised" not in school.told()
        school.broker.rejects.clear()
        await school.heard_within("panic-gate pressed raised", 61.0)
        assert school.platform.gaps() == []

    play(story, tmp_path)


def test_every_press_of_half_a_second_is_heard_beside_two_dead_neighbours(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.field.unplug("smoke-301")
        school.field.unplug("canteen-env")
        await asyncio.sleep(30.0)
        for press in range(1, 31):
            school.field.set("gate-io.di1", True)
            await asyncio.sleep(0.5)
            school.field.set("gate-io.di1", False)
            await asyncio.sleep(school.dice.uniform(1.0, 3.0))
            assert school.told().count("panic-gate pressed raised") == press

    play(story, tmp_path)


def test_a_clock_that_is_put_back_changes_neither_time_nor_order_of_what_is_told(tmp_path: Path) -> None:
    """The monotonic clock went on: what the wall clock said while it was right still tells the time."""

    async def story(school: School) -> None:
        school.twin.clock.state, school.twin.clock.jump_s = "unknown", -30 * 86400.0
        school.field.set("gate-io.di1", True)
        await school.heard_within("panic-gate pressed raised", 1.0)
        school.twin.clock.state, school.twin.clock.jump_s = "synchronised", 0.0
        school.field.set("gate-io.di1", False)
        await school.heard_within("panic-gate pressed cleared", 1.0)
        raised, cleared = (arrival for arrival in school.heard if arrival.alarm is not None)
        assert (raised.event.clock, cleared.event.clock) == ("synchronised", "synchronised")
        assert raised.event.time < cleared.event.time
        assert school.told() == ["panic-gate pressed raised", "panic-gate pressed cleared"]

    play(story, tmp_path)


def test_a_silent_broker_is_given_up_and_what_it_did_not_confirm_comes_again(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.cut()
        school.field.set("gate-io.di1", True)
        await asyncio.sleep(40.0)
        assert school.told() == []
        school.broker.mend()
        await school.heard_within("panic-gate pressed raised", 15.0)
        school.broker.confirms = False
        school.field.set("gate-io.di1", False)
        await asyncio.sleep(20.0)
        school.broker.confirms = True
        await school.until(lambda: school.waiting == 0, 30.0)
        assert school.told() == ["panic-gate pressed raised", "panic-gate pressed cleared"]
        assert school.platform.duplicates > 0
        assert school.platform.gaps() == []

    play(story, tmp_path)


def test_a_gateway_stops_in_time_though_its_disk_refuses(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.twin.disk.refuses = "disk I/O error"
        school.field.set("gate-io.di1", True)
        await asyncio.sleep(5.0)
        await school.twin.stop()
        school.twin.disk.refuses = ""
        school.start()
        await school.heard_within("panic-gate pressed raised", 5.0)

    play(story, tmp_path)
