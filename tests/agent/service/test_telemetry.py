"""Numbers go upstream at their pace, and at once when they moved by more than their deadband."""

from agent.alarms.model import PointValue
from agent.service.telemetry import Telemetry
from agent.site import Device, PointUse
from drivers.reading import Quality

USE = PointUse(unit="env", point="temperature", deadband=0.5)
DEVICE = Device("canteen", "environment", "食堂温湿度", "食堂后厨", {"temperature": USE})


def seen(value: float | bool, quality: Quality = Quality.GOOD) -> dict[str, PointValue]:
    return {"temperature": PointValue(value, quality, 0.0, "", "")}


def test_the_first_number_goes_at_once_and_the_next_when_its_time_has_come() -> None:
    telemetry = Telemetry(60.0)
    assert telemetry.due(DEVICE, seen(21.0), 0.0) is not None
    assert telemetry.due(DEVICE, seen(21.1), 59.0) is None
    assert telemetry.due(DEVICE, seen(21.1), 60.0) is not None


def test_a_move_past_the_deadband_goes_at_once() -> None:
    telemetry = Telemetry(60.0)
    telemetry.due(DEVICE, seen(21.0), 0.0)
    assert telemetry.due(DEVICE, seen(21.5), 1.0) is None
    moved = telemetry.due(DEVICE, seen(21.51), 2.0)
    assert moved is not None
    assert moved["values"] == {"temperature": {"value": 21.51, "quality": "good"}}


def test_a_bad_value_is_sent_as_bad() -> None:
    sent = Telemetry(60.0).due(DEVICE, seen(21.0, Quality.BAD), 0.0)
    assert sent is not None
    assert sent["values"]["temperature"]["quality"] == "bad"


def test_a_contact_is_no_number() -> None:
    assert Telemetry(60.0).due(DEVICE, seen(True), 0.0) is None
