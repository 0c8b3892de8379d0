"""Planning reads is arithmetic: few, short enough, and every wanted point in exactly one."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.blocks import Block, block_time_s, exchange_s, halves, most_at_once, plan_blocks
from drivers.profile import DeviceProfile

AT_9600 = 10 / 9600
TABLES = ("coil", "discrete", "holding", "input")


def profile(points: list[dict[str, Any]], **keys: Any) -> DeviceProfile:
    numbered = [
        {"name": f"p{n}", "title": {"en": "it", "zh": "它"}, "table": "holding"} | point
        for n, point in enumerate(points)
    ]
    return DeviceProfile.model_validate(
        {
            "id": "it",
            "name": {"en": "it", "zh": "它"},
            "vendor": "nobody",
            "model": "of this test",
            "kind": "di_do_module",
            "verified": "simulator",
            "source": ["this test"],
            "points": numbered,
        }
        | keys
    )


def registers(*addresses: int, **keys: Any) -> list[dict[str, Any]]:
    return [{"address": address} | keys for address in addresses]


def plan(
    of: DeviceProfile, *, max_block_s: float = 1e9, character_s: float = AT_9600, wanted: Any = None
) -> tuple[Block, ...]:
    names = [point.name for point in of.points] if wanted is None else wanted
    return plan_blocks(of, names, max_block_s=max_block_s, character_s=character_s)


def spans(blocks: tuple[Block, ...]) -> list[tuple[str, int, int]]:
    return [(block.table, block.address, block.count) for block in blocks]


def test_neighbours_are_read_together_and_gaps_part_them() -> None:
    assert spans(plan(profile(registers(0, 1, 2, 5, 6)))) == [("holding", 0, 3), ("holding", 5, 2)]


def test_the_order_in_the_file_is_of_no_importance() -> None:
    assert spans(plan(profile(registers(2, 0, 1)))) == [("holding", 0, 3)]


def test_a_device_with_holes_is_read_across_them_where_that_is_shorter() -> None:
    near, far = profile(registers(0, 9), holes=True), profile(registers(0, 90), holes=True)
    assert spans(plan(near)) == [("holding", 0, 10)]
    assert spans(plan(far)) == [("holding", 0, 1), ("holding", 90, 1)]
    assert spans(plan(far, character_s=0.0)) == [("holding", 0, 91)]


def test_alarm_points_are_read_apart_from_the_others() -> None:
    mixed = profile([*registers(0, 1, alarm=True), *registers(2, 3)])
    assert [(block.address, block.count, block.alarm) for block in plan(mixed)] == [(0, 2, True), (2, 2, False)]


def test_points_that_look_at_the_same_registers_are_read_once() -> None:
    views = profile([*registers(4, 4, type="f32"), *registers(6, type="bool", bit=1), *registers(6)])
    (block,) = plan(views)
    assert (block.address, block.count, set(block.points)) == (4, 3, {"p0", "p1", "p2", "p3"})


def test_only_what_is_wanted_and_can_be_read_is_read() -> None:
    some = profile([*registers(0, 1, 2), *registers(3, access="w")])
    assert spans(plan(some, wanted=["p0", "p2", "p3"])) == [("holding", 0, 1), ("holding", 2, 1)]
    assert plan(some, wanted=[]) == ()


def test_a_heartbeat_is_read_with_the_alarms_even_when_nobody_wants_it() -> None:
    beats = profile([*registers(0, alarm=True), *registers(1, 50)], heartbeat={"point": "p2", "still_s": 5})
    blocks = plan(beats, wanted=["p0"])
    assert [(block.points, block.alarm) for block in blocks] == [(("p0",), True), (("p2",), True)]
    assert plan(beats, wanted=[]) == ()


def test_an_exact_block_is_read_just_so_whatever_it_costs() -> None:
    exact = profile(
        registers(1, 18, 40, alarm=True), exact_blocks=[{"table": "holding", "address": 0, "count": 27}]
    )
    blocks = plan(exact, max_block_s=0.001)
    assert spans(blocks) == [("holding", 0, 27), ("holding", 40, 1)]
    assert blocks[0].points == ("p0", "p1")
    assert spans(plan(exact, wanted=["p2"])) == [("holding", 40, 1)]


def test_a_time_of_a_read_is_that_of_the_wire() -> None:
    """9600 baud, 125 registers: 8 + 255 characters, t3.5 before and after."""
    assert exchange_s("holding", 125, AT_9600, 0.0) == pytest.approx((8 + 255 + 7) / 960)
    assert exchange_s("coil", 9, AT_9600, 0.02) == pytest.approx((8 + 7 + 7) / 960 + 0.02)
    assert exchange_s("holding", 125, 0.0, 0.02) == 0.02


@given(st.sampled_from(TABLES), st.floats(0.001, 2.0), st.sampled_from([10 / 1200, AT_9600, 11 / 115200]))
def test_the_longest_read_fits_and_one_more_would_not(table: Any, max_block_s: float, character_s: float) -> None:
    it = profile([], limits={"max_bits": 500, "max_registers": 60})
    most = most_at_once(it, table, max_block_s, character_s)
    limit = 500 if table in ("coil", "discrete") else 60
    step = 8 if table in ("coil", "discrete") else 1
    assert 1 <= most <= limit
    if most > 1:
        assert exchange_s(table, most, character_s, it.turnaround_s) <= max_block_s + 1e-9
    if most < limit and exchange_s(table, 1, character_s, it.turnaround_s) <= max_block_s:
        assert exchange_s(table, most + step, character_s, it.turnaround_s) > max_block_s - 1e-9


def test_where_there_is_no_wire_time_only_the_limit_counts() -> None:
    it = profile([], limits={"max_bits": 500, "max_registers": 60}, turnaround_s=0.5, turnaround_most_s=0.5)
    assert [most_at_once(it, table, 0.001, 0.0) for table in ("coil", "holding")] == [500, 60]


POINT = st.fixed_dictionaries(
    {
        "address": st.integers(0, 300),
        "table": st.sampled_from(TABLES),
        "alarm": st.booleans(),
        "wide": st.booleans(),
    }
)


def made(raw: dict[str, Any]) -> dict[str, Any]:
    bits = raw["table"] in ("coil", "discrete")
    kind = "bool" if bits else "u32" if raw["wide"] else "u16"
    return {key: raw[key] for key in ("address", "table", "alarm")} | {"type": kind}


@given(
    st.lists(POINT, max_size=60),
    st.booleans(),
    st.integers(2, 125),
    st.floats(0.01, 1.0),
    st.sampled_from([0.0, 10 / 1200, AT_9600, 11 / 115200]),
    st.data(),
)
def test_every_wanted_point_is_in_exactly_one_read_within_limits_and_budget(
    raw: list[dict[str, Any]],
    holes: bool,
    limit: int,
    max_block_s: float,
    character_s: float,
    draw: st.DataObject,
) -> None:
    it = profile([made(one) for one in raw], holes=holes, limits={"max_registers": limit, "max_bits": limit})
    names = [point.name for point in it.points]
    wanted = draw.draw(st.sets(st.sampled_from(names))) if names else set()
    blocks = plan(it, wanted=wanted, max_block_s=max_block_s, character_s=character_s)
    assert sorted(name for block in blocks for name in block.points) == sorted(wanted)
    for block in blocks:
        points = [it.point(name) for name in block.points]
        assert {(point.table, point.alarm) for point in points} == {(block.table, block.alarm)}
        assert block.address == min(point.address for point in points)
        assert block.address + block.count == max(point.address + point.width for point in points)
        assert block.count <= limit
        if character_s and block.count > max(point.width for point in points):
            assert block_time_s(block, character_s, it.turnaround_s) <= max_block_s + 1e-9
        if not holes:
            covered = {at for point in points for at in range(point.address, point.address + point.width)}
            assert len(covered) == block.count


@given(st.lists(POINT, min_size=1, max_size=30), st.booleans())
def test_halves_of_a_block_are_smaller_and_lose_no_point(raw: list[dict[str, Any]], holes: bool) -> None:
    it = profile([made(one) for one in raw], holes=holes)
    for block in plan(it):
        parts = halves(it, block)
        assert sorted(name for part in parts for name in part.points) == sorted(block.points)
        assert len(parts) == 1 or all(len(part.points) < len(block.points) for part in parts)
        for part in parts:
            assert (part.table, part.alarm) == (block.table, block.alarm)
            assert block.address <= part.address
            assert part.address + part.count <= block.address + block.count


def test_an_exact_block_has_no_halves() -> None:
    exact = profile(registers(1, 18), exact_blocks=[{"table": "holding", "address": 0, "count": 27}])
    (block,) = plan(exact)
    assert halves(exact, block) == (block,)
