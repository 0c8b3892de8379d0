"""The poller of cameras: what it says of them and when, a few at once, and nothing kept open."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from agent.polling.camera_poller import AT_ONCE, CameraPoller
from agent.records import ClockState
from agent.service.line_sight import LineSight
from agent.site import LinePlan, Unit
from drivers.camera.probe import Camera
from drivers.profiles import load_profiles, profiles_dir
from drivers.reading import Value
from drivers.stream import Endpoint
from simulators.camera import OnvifHabit, RtspHabit, SimulatedCamera
from simulators.clock import run_virtual
from simulators.field import Field
from simulators.field_file import LineSetup, UnitSetup
from tests.agent.polling.bench import Heard, host_of, now_s

PROFILES = load_profiles(profiles_dir())
EPOCH_S = 1_790_000_000.0
PERIOD_S = 45.0


class Case:
    """So many cameras, polled in virtual time on a machine whose clock is right."""

    def __init__(self, count: int = 1, profile: str = "ip_camera") -> None:
        chosen = PROFILES[profile]
        assert chosen.probes is not None
        at = {f"cam-{n}": Camera(f"10.0.0.{n}", chosen.probes.asked, "/live") for n in range(count)}
        setup = LineSetup("l", "cameras", None, tuple(UnitSetup(name, chosen, 1, at[name]) for name in at))
        self.field = Field((setup,), random.Random(1))
        self.field.utc_s = lambda: EPOCH_S + now_s()
        units = (Unit(name, "l", chosen, camera=camera, interval_s=PERIOD_S) for name, camera in at.items())
        self.plan = LinePlan("l", "cameras", None, tuple(units))
        self.heard = Heard()
        self.clock: ClockState = "synchronised"
        self.opened = 0
        host = replace(host_of(1), open_line=self._open, wall_clock=lambda: (EPOCH_S + now_s(), self.clock))
        self.poller = CameraPoller(self.plan, host, self.heard)

    async def _open(self, endpoint: Endpoint) -> Any:
        self.opened += 1
        return await self.field.open(endpoint)

    def camera(self, name: str = "cam-0") -> SimulatedCamera:
        camera = self.field.unit(name)
        assert isinstance(camera, SimulatedCamera)
        return camera

    async def poll(self, seconds: float) -> None:
        polling = asyncio.get_running_loop().create_task(self.poller.run())
        await asyncio.sleep(seconds)
        assert not polling.done(), polling.result()
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)

    def says(self, name: str = "cam-0") -> dict[str, Value]:
        """The last word of each point."""
        rows = (reading for _, unit, readings in self.heard.news if unit == name for reading in readings)
        return {reading.point: reading.value for reading in rows}

    def causes(self) -> dict[str, str]:
        return {reading.point: reading.cause for _, _, readings in self.heard.news for reading in readings}


def play(story: Callable[[Case], Awaitable[None]], *given: Any) -> Case:
    async def main() -> Case:
        case = Case(*given)
        await story(case)
        return case

    return run_virtual(main())


def test_a_camera_that_is_well_says_so_at_the_first_look() -> None:
    case = play(lambda case: case.poll(1))
    assert case.says() == {"reachable": True, "rtsp": True, "onvif": True, "clock_offset_s": 0.0}


def test_how_far_its_clock_is_off_is_known_while_ours_is_right() -> None:
    async def story(case: Case) -> None:
        case.camera().set("clock_offset_s", -3600.0)
        await case.poll(1)
        assert case.says()["clock_offset_s"] == -3600.0
        case.clock = "unsynchronised"
        await case.poll(60)
        assert case.says() == {"reachable": True, "rtsp": True, "onvif": True, "clock_offset_s": None}

    play(story)


def test_only_the_third_failure_in_a_row_is_believed_and_known_within_two_minutes() -> None:
    async def story(case: Case) -> None:
        await case.poll(1)
        case.camera().set("reachable", False)
        gone_s = now_s()
        await case.poll(120)
        said = [
            (at_s - gone_s, r.value) for at_s, _, rows in case.heard.news for r in rows if r.point == "reachable"
        ]
        assert [value for _, value in said[:2]] == [True, False]
        assert 20 < said[1][0] < 120
        assert case.says() == {"reachable": False, "rtsp": False, "onvif": False, "clock_offset_s": None}
        assert "no" in case.causes()["reachable"]
        case.camera().set("reachable", True)
        await case.poll(61)
        assert case.says()["reachable"] is True

    play(story)


def test_one_failure_and_nothing_after_it_is_no_loss() -> None:
    async def story(case: Case) -> None:
        await case.poll(1)
        case.camera().set("reachable", False)
        await case.poll(8)  # a few seconds are one look at most
        case.camera().set("reachable", True)
        await case.poll(300)
        assert all(r.value is not False for _, _, rows in case.heard.news for r in rows)

    play(story)


@pytest.mark.parametrize(
    ("habit", "streams"),
    [("ok", True), ("password", True), ("no_path", True), ("ignores_star", True), ("server_error", False),
     ("garbage", False), ("trickle", False)],
)  # fmt: skip
def test_what_an_rtsp_server_may_say_and_still_serves(habit: RtspHabit, streams: bool) -> None:
    async def story(case: Case) -> None:
        case.camera().rtsp = habit
        await case.poll(200)
        assert (case.says()["reachable"], case.says()["rtsp"]) == (True, streams)

    play(story)


@pytest.mark.parametrize(
    ("habit", "lives", "offset_s"),
    [("ok", True, 7.0), ("chunked", True, 7.0), ("password", True, None), ("fault", True, None),
     ("no_clock", True, None), ("web_page", False, None), ("garbage", False, None), ("trickle", False, None),
     ("bomb", False, None)],
)  # fmt: skip
def test_what_an_onvif_device_may_say_and_still_lives(
    habit: OnvifHabit, lives: bool, offset_s: float | None
) -> None:
    async def story(case: Case) -> None:
        case.camera().onvif = habit
        case.camera().set("clock_offset_s", 7.0)
        await case.poll(200)
        assert (case.says()["reachable"], case.says()["onvif"]) == (True, lives)
        assert case.says()["clock_offset_s"] == offset_s

    play(story)


def test_a_camera_that_takes_connections_and_says_nothing_is_reachable_and_that_is_all() -> None:
    async def story(case: Case) -> None:
        case.camera().set("rtsp", False)
        case.camera().set("onvif", False)
        await case.poll(200)
        assert case.says() == {"reachable": True, "rtsp": False, "onvif": False, "clock_offset_s": None}
        assert case.causes()["rtsp"] == "connected, but nothing comes"

    play(story)


def test_a_slow_camera_is_well_and_a_very_slow_one_is_not() -> None:
    for late_s, well in ((2.5, True), (3.5, False)):

        async def story(case: Case, late_s: float = late_s, well: bool = well) -> None:
            case.camera().late_s = late_s
            await case.poll(250)
            assert case.says()["rtsp"] is well

        play(story)


@pytest.mark.parametrize(
    ("profile", "points"), [("rtsp_camera", {"reachable", "rtsp"}), ("tcp_camera", {"reachable"})]
)
def test_only_what_the_profile_asks_is_asked(profile: str, points: set[str]) -> None:
    case = play(lambda case: case.poll(100), 1, profile)
    assert set(case.says()) == points
    assert all(case.says().values())


def test_few_are_asked_at_once_all_have_their_turn_and_nothing_stays_open() -> None:
    async def story(case: Case) -> None:
        hung = [case.camera(f"cam-{n}") for n in range(0, 40, 2)]
        for camera in hung:
            camera.set("rtsp", False)
            camera.set("onvif", False)
        most = 0
        polling = asyncio.get_running_loop().create_task(case.poll(300))
        while not polling.done():
            await asyncio.sleep(0.05)
            most = max(most, sum(case.camera(f"cam-{n}").open for n in range(40)))
        await asyncio.sleep(0.1)
        assert most == AT_ONCE
        assert {name for _, name, _ in case.heard.news} == {f"cam-{n}" for n in range(40)}
        assert max(case.camera(f"cam-{n}").open_most for n in range(40)) == 1
        assert sum(case.camera(f"cam-{n}").open for n in range(40)) == 0

    play(story, 40)


def test_cameras_are_asked_every_half_to_one_minute_and_not_in_step() -> None:
    case = play(lambda case: case.poll(600), 3)
    for n in range(3):
        times = case.heard.times(f"cam-{n}")
        gaps = [after - before for before, after in itertools.pairwise(times)]
        assert min(gaps) >= 29.9
        assert max(gaps) <= 61
    assert len({round(at_s) for n in range(3) for at_s in case.heard.times(f"cam-{n}")[3:6]}) > 5


def test_the_watchdog_sees_progress_while_every_camera_hangs() -> None:
    async def story(case: Case) -> None:
        for n in range(8):
            case.camera(f"cam-{n}").plugged = False
        polling = asyncio.get_running_loop().create_task(case.poll(100))
        while not polling.done():
            await asyncio.sleep(0.5)
            assert now_s() - case.poller.progress.at_s < 5

    play(story, 8)


def test_heartbeats_show_a_camera_that_is_gone_as_lost() -> None:
    async def story(case: Case) -> None:
        case.camera("cam-1").plugged = False
        await case.poll(200)
        shown = LineSight(case.poller, 0.0).shown(now_s())
        assert (shown.good, shown.lost) == (1, 1)
        assert shown.units["cam-1"].health == "lost"
        assert shown.units["cam-1"].faults["timeouts"] >= 3

    play(story, 2)


def test_a_cancelled_poller_leaves_no_connection() -> None:
    async def story(case: Case) -> None:
        for n in range(4):
            case.camera(f"cam-{n}").set("rtsp", False)
        await case.poll(1)
        await asyncio.sleep(0.1)
        assert sum(case.camera(f"cam-{n}").open for n in range(4)) == 0

    play(story, 4)


def test_where_the_star_is_ignored_the_stream_s_own_path_is_asked_for() -> None:
    async def story(case: Case) -> None:
        asked: list[bytes] = []
        camera = case.camera()
        answer = camera._rtsp_answer
        camera.rtsp = "ignores_star"
        camera._rtsp_answer = lambda request: asked.append(request) or answer(request)  # type: ignore[method-assign,func-returns-value]
        await case.poll(5)
        assert [request.split(b" ")[1] for request in asked] == [b"*", b"rtsp://10.0.0.0:554/live"]

    play(story)


def test_of_a_camera_that_is_away_from_the_start_nothing_is_said_until_that_is_sure() -> None:
    async def story(case: Case) -> None:
        case.camera().plugged = False
        await case.poll(12)
        assert case.heard.news == []
        await case.poll(60)
        assert case.says()["reachable"] is False

    play(story)
