"""The Q1 reply: its columns, what is no reply, and a UPS on a bad line."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence

import pytest

from drivers.errors import BadFrame, DeviceError, LineError, NoResponse
from drivers.profiles import load_profiles, profiles_dir
from drivers.reading import Reading, Value
from drivers.stream import ByteStream, SerialPort
from drivers.ups.q1 import Q1Ups
from drivers.ups.q1_reply import SIZE, reply_of
from simulators.clock import run_virtual
from simulators.field import Field
from simulators.field_file import LineSetup, UnitSetup
from simulators.ups import SimulatedUps

PROFILE = load_profiles(profiles_dir())["ups_serial_q1"]
PORT = SerialPort("run/ups", 2400)
# The form of the protocol: ten fields of fixed width, 47 characters with the return.
WELL = b"(208.4 140.0 208.4 034 59.9 2.05 35.0 00110000\r"
DARK = b"(000.0 140.0 208.4 034 00.0 23.4 35.0 11000001\r"


def values(readings: Sequence[Reading]) -> dict[str, Value]:
    return {reading.point: reading.value for reading in readings}


def test_the_columns_are_those_of_the_protocol() -> None:
    assert len(WELL) == SIZE == 47
    said = values(reply_of(WELL))
    assert said == {
        "input_v": 208.4, "fault_v": 140.0, "output_v": 208.4, "load": 34.0, "frequency": 59.9, "battery_v": 2.05,
        "temperature": 35.0, "on_battery": False, "battery_low": False, "bypass": True, "fault": True,
        "standby_type": False, "self_test": False, "shutting_down": False, "beeper": False,
    }  # fmt: skip
    dark = values(reply_of(DARK))
    assert (dark["on_battery"], dark["battery_low"], dark["beeper"], dark["battery_v"]) == (True, True, True, 23.4)


def test_a_voltage_of_one_cell_becomes_the_pack_s_by_its_factor() -> None:
    assert values(reply_of(WELL, 12))["battery_v"] == 24.6
    assert set(values(reply_of(WELL))) == {point.name for point in PROFILE.points}


@pytest.mark.parametrize(
    "frame",
    [
        *(WELL[:n] for n in range(SIZE)),
        WELL + b"\r",
        WELL.replace(b"(", b"["),
        WELL.replace(b"00110000", b"0011000x"),
        WELL.replace(b"208.4", b"208,4"),
        WELL.replace(b" 034", b"0034"),
        b"(NAK\r",
        b"#" + WELL[1:],
    ],
)
def test_what_is_not_47_good_characters_is_no_value(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        reply_of(frame)


class Case:
    def __init__(self) -> None:
        setup = LineSetup("ups", "serial", PORT, (UnitSetup("ups", PROFILE, 0),))
        self.field = Field((setup,), random.Random(1))
        self.driver = Q1Ups(self._open, interval_s=2.0)

    async def _open(self) -> ByteStream:
        return await self.field.open(PORT)

    @property
    def ups(self) -> SimulatedUps:
        ups = self.field.unit("ups")
        assert isinstance(ups, SimulatedUps)
        return ups


def play(story: Callable[[Case], Awaitable[None]]) -> None:
    async def main() -> None:
        case = Case()
        await story(case)
        await case.driver.aclose()

    run_virtual(main())


def test_mains_and_battery_are_seen_as_the_ups_says_them_every_two_seconds() -> None:
    async def story(case: Case) -> None:
        began_s = asyncio.get_running_loop().time()
        assert values(await case.driver.poll())["on_battery"] is False
        case.field.set("ups.on_battery", True)
        case.field.set("ups.battery_v", 24.1)
        said = values(await case.driver.poll())
        assert (said["on_battery"], said["battery_v"], said["load"]) == (True, 24.1, 24.0)
        assert 2.0 < asyncio.get_running_loop().time() - began_s < 3.0

    play(story)


def test_a_ups_that_is_silent_slow_or_breaks_off_is_a_miss_and_heard_again_afterwards() -> None:
    async def story(case: Case) -> None:
        errors: list[type[DeviceError]] = []
        for change in ({"plugged": False}, {"plugged": True, "late_s": 1.5}, {"late_s": 0.0, "cut_after": 46}):
            for name, value in change.items():
                setattr(case.ups, name, value)
            with pytest.raises((NoResponse, BadFrame)) as error:
                await case.driver.poll()
            errors.append(error.type)
        case.ups.cut_after = None
        assert values(await case.driver.poll())["input_v"] == 230.0
        assert errors == [NoResponse, NoResponse, BadFrame]
        assert case.driver.counters.timeouts == 2

    play(story)


def test_a_late_answer_answers_no_later_question() -> None:
    async def story(case: Case) -> None:
        case.ups.late_s = 1.5
        with pytest.raises(NoResponse):
            await case.driver.poll()
        case.ups.late_s = 0.0
        case.field.set("ups.on_battery", True)  # the answer on its way says otherwise
        assert values(await case.driver.poll())["on_battery"] is True

    play(story)


def test_a_port_that_goes_is_opened_anew() -> None:
    async def story(case: Case) -> None:
        await case.driver.poll()
        case.field.vanish("ups")
        with pytest.raises(LineError):
            await case.driver.poll()
        case.field.restore("ups")
        assert values(await case.driver.poll())["on_battery"] is False

    play(story)


def test_whoever_never_ends_a_line_is_no_ups() -> None:
    async def story(case: Case) -> None:
        case.ups.reply = lambda: b"x" * 500  # type: ignore[method-assign]
        with pytest.raises(BadFrame):
            await case.driver.poll()

    play(story)


def test_the_simulated_ups_refuses_what_its_columns_cannot_hold() -> None:
    ups = SimulatedUps(PROFILE)
    for point, value in (("load", 1000), ("input_v", -1.0), ("on_battery", 1), ("load", True), ("load", "x")):
        with pytest.raises(ValueError, match=point):
            ups.set(point, value)
    with pytest.raises(KeyError):
        ups.set("nothing", 1)
