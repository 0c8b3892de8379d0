"""A panel that keeps one event a device: what a later event hides is not over."""

from collections.abc import Callable

import pytest

from agent.alarms.judge import judge
from agent.alarms.model import DeviceMemory
from agent.polling.points import PointTable
from agent.site import Device
from drivers.decode import read_point
from drivers.profiles import load_profile, profiles_dir
from simulators.modbus_unit import ModbusUnit

PANEL = Device("panel", "fire_panel", "火灾报警控制器", "消控室", {}, unit="gst")


class Watch:
    """The panel's registers, and what the gateway makes of them."""

    def __init__(self) -> None:
        self.unit = ModbusUnit(load_profile(profiles_dir() / "gst_modbus.yaml"), 1)
        self._table = PointTable()
        self._memory = DeviceMemory()
        self._now_s = 0.0

    def says(self, device: str, event: int) -> set[str]:
        """A device's register changes; the conditions that are active a minute later."""
        self.unit.set(device, event)
        point = self.unit.profile.point(device)
        self._table.store("gst", read_point(point, [event]), self._now_s)
        for _ in range(2):
            judged = judge(PANEL, self._memory, self._table.of(PANEL), None, self._now_s)
            self._memory, self._now_s = judged.memory, self._now_s + 60
        return {key for key, condition in self._memory.conditions.items() if condition.state.active}


@pytest.fixture
def says() -> Callable[[str, int], set[str]]:
    return Watch().says


def test_an_isolation_does_not_end_the_fire_that_it_hides(says: Callable[[str, int], set[str]]) -> None:
    assert says("12", 1) == {"12/fire"}
    assert says("12", 7) == {"12/fire", "12/disabled"}
    assert says("12", 8) == {"12/fire"}


def test_no_event_after_a_reset_ends_everything_at_this_device_only(says: Callable[[str, int], set[str]]) -> None:
    says("12", 1)
    says("12", 2)
    says("13", 1)
    assert says("12", 0) == {"13/fire"}


def test_a_recovery_ends_the_fault_and_no_fire(says: Callable[[str, int], set[str]]) -> None:
    says("12", 1)
    says("12", 2)
    assert says("12", 4) == {"12/fire"}


def test_an_event_that_nobody_knows_clears_nothing_and_is_told_until_it_ends(
    says: Callable[[str, int], set[str]],
) -> None:
    watch = Watch()
    watch.says("12", 1)
    point = watch.unit.profile.point("12")
    watch._table.store("gst", read_point(point, [99]), 1000.0)
    assert watch.says("13", 0) == {"12/fire", "bad_reading"}
    assert watch.says("12", 7) == {"12/fire", "12/disabled"}


def test_mains_and_battery_are_faults_of_their_own(says: Callable[[str, int], set[str]]) -> None:
    assert says("mains", 2) == {"mains/fault"}
    assert says("battery", 2) == {"mains/fault", "battery/fault"}
    assert says("mains", 9) == {"battery/fault"}
