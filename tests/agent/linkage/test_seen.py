"""The view is made of what the pipe knows: latched is there, set aside is not, silence is unknown."""

import pytest

from agent.alarms.model import ConditionState, DeviceMemory, Hold, PointValue, State
from agent.linkage.seen import DeviceNow, view_of
from agent.site import Device
from drivers.reading import Quality

SMOKE = Device("s", "smoke_detector", "烟感", "三层")
PANEL = Device("p", "fire_panel", "主机", "一层", unit="u")
HOLD = Hold("out_of_service", "repair", "li", 0.0)


def memory(**states: State) -> DeviceMemory:
    return DeviceMemory({key: ConditionState(state) for key, state in states.items()})


@pytest.mark.parametrize(
    ("state", "there"),
    [
        (State.NORMAL, False),
        (State.RETURNED, False),
        (State.UNACKNOWLEDGED, True),
        (State.ACKNOWLEDGED, True),
        (State.LATCHED_UNACKNOWLEDGED, True),
        (State.LATCHED, True),
    ],
)
def test_an_alarm_counts_while_it_is_there_or_latched(state: State, there: bool) -> None:
    view = view_of([DeviceNow(SMOKE, memory(alarm=state), {})], {})
    assert (("alarm" in view.active["s"]), view.unknown) == (there, frozenset())


def test_an_alarm_that_is_set_aside_is_not_there() -> None:
    held = DeviceMemory({"alarm": ConditionState(State.UNACKNOWLEDGED, HOLD)})
    view = view_of([DeviceNow(SMOKE, held, {})], {})
    assert (set(view.active["s"]), set(view.aside["s"])) == (set(), {"alarm"})


@pytest.mark.parametrize(
    ("now", "unknown"),
    [
        (DeviceNow(SMOKE, DeviceMemory(), {}), False),
        (DeviceNow(SMOKE, DeviceMemory(), {}, lost=True), True),
        (DeviceNow(SMOKE, DeviceMemory(), {}, heard=False), True),
        (DeviceNow(SMOKE, DeviceMemory(), {"alarm": PointValue(False, Quality.BAD)}), True),
        (DeviceNow(SMOKE, DeviceMemory(), {"alarm": PointValue(False)}), False),
        (DeviceNow(PANEL, DeviceMemory(), {"1.1/fire": PointValue(False, Quality.UNCERTAIN)}), False),
        (DeviceNow(PANEL, memory(bad_reading=State.UNACKNOWLEDGED), {}), True),
    ],
)
def test_what_may_have_more_to_say_is_unknown(now: DeviceNow, unknown: bool) -> None:
    assert (now.device.id in view_of([now], {}).unknown) is unknown
