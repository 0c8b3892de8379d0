"""What a line's configuration means in time: strides, shares, the worst case of every alarm."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.polling.plan import LASTING_SLOWER, line_times, schedule_of, strides
from agent.polling.schedule import Job
from agent.site import LinePlan, Unit
from drivers.blocks import Block
from drivers.profiles import load_profiles, profiles_dir
from drivers.stream import SerialPort, TcpEndpoint

PROFILE = load_profiles(profiles_dir())["moxa_e1210_e1212"]
INPUTS = tuple(f"di{n}" for n in range(16))


def a_line(units: int, *, brief: int = 0, baud: int = 9600, interval_s: float = 0.05) -> LinePlan:
    made = [
        Unit(f"u{n}", "l", PROFILE, n + 1, points=INPUTS, interval_s=interval_s, timeout_s=0.3)
        for n in range(units)
    ]
    urgent = [replace(unit, brief=frozenset({"di0"})) for unit in made[:brief]]
    return LinePlan("l", "modbus_rtu", SerialPort("x", baud), (*urgent, *made[brief:]))


def worst_of(plan: LinePlan) -> dict[str, float]:
    return {latency.unit: latency.worst_s for latency in line_times(plan).alarms}


def test_the_cost_of_an_exchange_is_its_frames_its_turnaround_and_two_silences() -> None:
    job = schedule_of(a_line(1)).jobs[0]
    frames_s, silences_s = (8 + 5 + 2) * 10 / 9600, 2 * 3.5 * 10 / 9600
    assert job.cost_s == pytest.approx(frames_s + silences_s + PROFILE.turnaround_most_s)


def test_eight_equal_units_share_the_line_in_a_plain_round() -> None:
    plan = a_line(8)
    worst_s = set(worst_of(plan).values())
    assert len(worst_s) == 1
    cycle_s = line_times(plan).cycle_s
    assert cycle_s < worst_s.pop() <= cycle_s * (1 + 2 / 8) + 1e-9  # its own read, and a command in between


def test_buttons_are_asked_the_more_often_the_more_detectors_give_way() -> None:
    plain, with_buttons = worst_of(a_line(8)), worst_of(a_line(8, brief=2))
    assert with_buttons["u0"] < 0.75 * plain["u0"]
    assert with_buttons["u7"] < LASTING_SLOWER * plain["u7"] + 1e-9


def test_a_line_with_time_to_spare_keeps_the_wanted_interval() -> None:
    seldom = a_line(2, interval_s=2.0)
    assert all(2.0 < worst_s < 2.4 for worst_s in worst_of(seldom).values())


def test_a_faster_line_has_a_shorter_worst_case() -> None:
    assert max(worst_of(a_line(8, baud=115200)).values()) < max(worst_of(a_line(8)).values())


def test_a_socket_has_no_wire_time() -> None:
    plan = replace(a_line(1), kind="modbus_tcp", endpoint=TcpEndpoint("127.0.0.1"))
    assert schedule_of(plan).jobs[0].cost_s == pytest.approx(PROFILE.turnaround_most_s)


def rows_of(costs: list[tuple[float, float, bool]]) -> tuple[list[Job], dict[str, frozenset[str]]]:
    block = Block("discrete", 0, 8, ("di1",), True)
    jobs = [Job(str(n), block, every_s, cost_s=cost_s) for n, (cost_s, every_s, _) in enumerate(costs)]
    return jobs, {str(n): frozenset({"di1"} if brief else ()) for n, (_, _, brief) in enumerate(costs)}


@given(
    st.lists(st.tuples(st.floats(0.005, 0.3), st.floats(0.01, 5.0), st.booleans()), min_size=1, max_size=16),
    st.floats(0.5, 0.95),
)
def test_strides_fill_the_share_of_the_line_and_never_more(
    costs: list[tuple[float, float, bool]], share: float
) -> None:
    jobs, brief = rows_of(costs)
    found = strides(jobs, brief, share)
    used = sum(job.cost_s / stride_s for job, stride_s in zip(jobs, found, strict=True))
    assert used <= share + 1e-9
    if any(stride_s > job.interval_s for job, stride_s in zip(jobs, found, strict=True)):
        assert used == pytest.approx(share)  # somebody waits longer than wanted only if the line is full
