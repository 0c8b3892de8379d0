"""The table of latest values: what a device sees."""

from agent.polling.points import PointTable
from agent.site import Device, PointUse
from drivers.reading import Quality, Reading

PANEL = Device("panel", "fire_panel", "火灾报警控制器", "消控室", unit="p1")
BARRIER = Device(
    "gate",
    "gate_barrier",
    "道闸",
    "南门",
    {"open_limit": PointUse("io-1", "di1"), "closed_limit": PointUse("io-2", "di7")},
)


def test_a_device_sees_its_roles_over_several_units_and_nothing_that_was_never_read() -> None:
    table = PointTable()
    table.store("io-1", [Reading("di1", True), Reading("di2", False)], 1.0)
    assert {role: p.value for role, p in table.of(BARRIER).items()} == {"open_limit": True}


def test_only_a_difference_counts_as_a_change() -> None:
    table = PointTable()
    assert table.store("io-1", [Reading("di1", True)], 1.0)
    assert not table.store("io-1", [Reading("di1", True)], 2.0)
    assert table.store("io-1", [Reading("di1", True, Quality.BAD, "noise")], 3.0)


def test_a_lost_unit_keeps_its_values_but_nobody_believes_them() -> None:
    table = PointTable()
    table.store("io-1", [Reading("di1", True)], 1.0)
    table.doubt("io-1", "no response")
    seen = table.of(BARRIER)["open_limit"]
    assert (seen.value, seen.quality, seen.cause) == (True, Quality.BAD, "no response")


def test_a_panel_reset_forgets_every_address_and_later_words_count_again() -> None:
    table = PointTable()
    table.store("p1", [Reading("1.3.30/fire", True), Reading("1.3.31/fault", True)], 1.0)
    table.store("p1", [Reading("*/*", False), Reading("1.3.31/fault", True)], 2.0)
    assert {key: p.value for key, p in table.of(PANEL).items()} == {"*/*": False, "1.3.31/fault": True}


def test_a_wildcard_of_one_condition_leaves_the_others() -> None:
    table = PointTable()
    table.store("p1", [Reading("1.3.30/fire", True), Reading("1.3.31/fault", True)], 1.0)
    table.store("p1", [Reading("*/fire", False)], 2.0)
    assert set(table.of(PANEL)) == {"*/fire", "1.3.31/fault"}
