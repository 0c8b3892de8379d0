"""The entrance in virtual time: cameras, UPS, readers, a door and bollards, from the field to the platform."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from agent.config.load import load_site
from simulators.at_rest import bring_to_rest
from simulators.camera import SimulatedCamera
from simulators.clock import run_virtual
from simulators.field_file import read_lines
from simulators.scenario_file import read_yaml
from tests.site.school import School, calmer, running

CONFIG = Path(__file__).parent.parent.parent / "configs" / "gateways" / "entrance.yaml"
CARD = "0A1B2C3D"


def play(directory: Path, story: Callable[[School], Awaitable[None]]) -> None:
    """At rest, when everything has been read."""

    async def main() -> None:
        lines = read_lines(CONFIG)
        place = School(directory, 0, calmer(replace(load_site(CONFIG), control_socket=None)), lines)
        bring_to_rest(place.field, read_yaml(CONFIG), lines)
        async with running(place):
            await place.until(lambda: place.platform.heartbeats and all_read(place), within_s=40.0)
            await story(place)

    run_virtual(main())


def all_read(place: School) -> bool:
    table, devices = place.gateway.pipe.table, place.site.devices
    return all(set(table.of(device)) == set(device.points) for device in devices)


def card(place: School, device: str) -> object:
    return place.gateway.pipe.table.of(place.gateway.pipe.devices[device])["card"].value


def test_an_entrance_at_rest_has_nothing_to_tell(tmp_path: Path) -> None:
    async def story(place: School) -> None:
        await asyncio.sleep(300)
        assert place.told() == []
        points = place.gateway.pipe.table.unit("cam-gate")
        assert {name: point.value for name, point in points.items()} == {
            "reachable": True, "rtsp": True, "onvif": True, "clock_offset_s": 0.0,
        }  # fmt: skip
        assert all(point.good for point in points.values())

    play(tmp_path, story)


def test_a_camera_that_is_off_for_a_while_is_told_once_and_back_once(tmp_path: Path) -> None:
    async def story(place: School) -> None:
        place.field.unplug("cam-gate")
        assert await place.heard_within("camera-gate unreachable raised", 120) > 20
        await asyncio.sleep(900)
        place.field.plug("cam-gate")
        await place.heard_within("camera-gate unreachable cleared", 65)
        assert place.told() == ["camera-gate unreachable raised", "camera-gate unreachable cleared"]

    play(tmp_path, story)


def test_a_camera_without_a_stream_and_one_with_a_wrong_clock_are_told(tmp_path: Path) -> None:
    async def story(place: School) -> None:
        camera = place.field.unit("cam-gate")
        assert isinstance(camera, SimulatedCamera)
        camera.rtsp = "server_error"
        place.field.set("cam-lane.clock_offset_s", -45.0)
        await place.heard_within("camera-gate stream_fault raised", 120)
        await place.heard_within("camera-lane clock_wrong raised", 65)
        (wrong,) = (alarm for alarm in place.alarms() if alarm.condition == "clock_wrong")
        assert wrong.cause == "off by -45 s, limit 30 s"

    play(tmp_path, story)


def test_a_network_that_is_away_takes_every_camera_and_no_other_device(tmp_path: Path) -> None:
    async def story(place: School) -> None:
        place.field.vanish("cameras")
        for device in ("camera-gate", "camera-lane", "recorder-office"):
            await place.heard_within(f"{device} unreachable raised", 120)
        assert len(place.told()) == 3

    play(tmp_path, story)


def test_a_ups_on_battery_is_told_and_one_that_is_silent_is_lost(tmp_path: Path) -> None:
    async def story(place: School) -> None:
        place.field.set("ups-gate.on_battery", True)
        assert await place.heard_within("ups-guard on_battery raised", 10) > 4
        place.field.unplug("ups-gate")
        await place.heard_within("ups-guard lost raised", 15)

    play(tmp_path, story)


def test_cards_are_seen_by_whoever_watches_the_pipe(tmp_path: Path) -> None:
    async def story(place: School) -> None:
        seen: list[object] = []
        for device in ("sign-on-guard", "sign-on-escort"):
            place.gateway.pipe.watchers.append(lambda device=device: seen.append((device, card(place, device))))
        place.field.set("guard-reader.card", CARD)
        place.field.set("escort-reader.card", CARD)
        await place.until(lambda: ("sign-on-escort", CARD) in seen, within_s=2)
        await place.until(lambda: ("sign-on-guard", CARD.ljust(20, "0")) in seen, within_s=2)
        place.field.set("escort-reader.card", "")
        await place.until(lambda: seen[-2:] and ("sign-on-escort", "") in seen[-4:], within_s=2)
        await place.until(lambda: card(place, "sign-on-guard") == "", within_s=2)
        assert place.told() == []

    play(tmp_path, story)


def test_a_door_and_bollards_are_told_as_they_are(tmp_path: Path) -> None:
    async def story(place: School) -> None:
        place.field.set("gate-io.di2", False)
        await place.heard_within("door-side forced_open raised", 5)
        await place.heard_within("door-side held_open raised", 60)
        place.field.set("gate-io.di2", True)
        place.field.set("gate-io.di4", False)
        await place.heard_within("door-side held_open cleared", 5)
        assert await place.heard_within("bollards no_feedback raised", 15) > 8
        memory = place.gateway.pipe.latest
        assert (memory("door-side").motion, memory("bollards").motion) == ("closed", "stopped")

    play(tmp_path, story)
