"""What a measurement comes to: pools, targets, the way into a file and back, the page."""

import math
from pathlib import Path

import pytest

from bench.cases import ALIVE, CASES, CHANGES, FOUR_DEAD, GATEWAY, ONE_DEAD
from bench.pool import load, pooled, save
from bench.profiling import Stats, shares
from bench.reduce import Heard, PhaseFigures, Run
from bench.report import page
from bench.targets import TARGETS, Outcome, Verdict, shown, verdicts

EXCHANGE = ("/x/drivers/modbus/line.py", 81, "exchange")
SEND = ("/x/lib/site-packages/paho/mqtt/client.py", 3379, "_sock_send")
STATS: Stats = {  # calls, calls, own s, s with what it calls, callers
    EXCHANGE: (1, 1, 2.0, 4.0, {}),
    SEND: (1, 1, 0.5, 1.0, {EXCHANGE: (1, 1, 0.5, 1.0)}),
    ("~", 0, "<method 'send' of '_socket.socket' objects>"): (3, 3, 1.5, 1.5, {
        EXCHANGE: (2, 2, 1.0, 1.0), SEND: (1, 1, 0.5, 0.5)}),
}  # fmt: skip


def phase(latency_s: float, *, cpu_s: float = 0.1, ratio: float = 1.01, lost: int = 0) -> PhaseFigures:
    """Ten changes that took so long, and some that nobody heard of."""
    changes = [Heard(unit, 1.0, latency_s / 2, latency_s) for unit in range(1, 11)]
    changes += [Heard(1, 1.0, None, None)] * lost
    return PhaseFigures(8.0, cpu_s, 1000, 0, 0, ratio, 100.0, 0.01, changes)


def run(case: str, subject: str, latency_s: float, *, cpu_s: float = 0.1, lost: int = 0) -> Run:
    """Every phase of the case alike."""
    story = next(c for c in CASES if c.name == case).phases
    phases = {part.name: phase(latency_s, cpu_s=cpu_s, lost=lost) for part in story}
    return Run(case, subject, 1.0, 50.0, 0.2, "normal", phases, [2.0] if case == "dead" else [])


def measurement(gateway_s: float = 0.1, *, lost: int = 0) -> list[Run]:
    """Every case with every subject; the others take 0.1 s and twice the CPU."""
    return [
        run(case.name, subject, gateway_s, lost=lost)
        if subject == GATEWAY
        else run(case.name, subject, 0.1, cpu_s=0.2)
        for case in CASES
        for subject in case.subjects
    ]


def outcome(runs: list[Run]) -> dict[str, Verdict]:
    return {v.target.what: v for v in verdicts(Outcome(pooled(runs), imports_ms=200.0))}


def test_every_target_has_a_figure_when_every_case_was_run() -> None:
    found = outcome(measurement())
    assert len(found) == len(TARGETS)
    assert not [what for what, verdict in found.items() if math.isnan(verdict.value)]


def test_a_reply_later_than_the_computed_worst_case_is_told() -> None:
    name = "slowest change → reply ÷ the worst case that `campusgw check` computes, all RTU runs"
    assert outcome(measurement(0.2))[name].value == pytest.approx(0.5)  # the reply is half way, worst_s is 0.2
    assert not outcome(measurement(0.5))[name].reached


def test_a_slow_gateway_misses_what_compares_it_with_others() -> None:
    slow = outcome(measurement(0.2))
    assert slow["alarm latency p99 ÷ the C floor's, 9600 baud, 8 units"].value == pytest.approx(2.0)
    assert not slow["alarm latency p99 ÷ the C floor's, 9600 baud, 8 units"].reached


def test_changes_that_nobody_heard_of_are_counted_over_all_cases() -> None:
    phases = sum(case.name != "dead" for case in CASES) + len((ALIVE, ONE_DEAD, FOUR_DEAD))
    assert outcome(measurement(lost=1))["changes of living units that nobody heard of, all runs"].value == phases


def test_a_figure_that_is_no_number_is_not_reached() -> None:
    assert not Verdict(TARGETS[0], math.nan).reached
    assert shown(math.nan, "×") == "?"


def test_ratios_near_one_are_shown_finely() -> None:
    assert [shown(v, "×") for v in (1.0249, 14.3)] == ["1.025", "14.30"]
    assert [shown(59.6, "MB"), shown(0, ""), shown(4.96, "%"), shown(math.inf, "s")] == [
        "60 MB",
        "0",
        "5.0 %",
        "inf s",
    ]


def test_targets_of_cases_that_were_not_run_are_left_out() -> None:
    only = [r for r in measurement() if r.case == "tcp"]
    assert {v.target.cases for v in verdicts(Outcome(pooled(only), 200.0))} <= {("tcp",), ()}


def test_rounds_are_pooled_latencies_together_and_rates_by_their_median() -> None:
    pools = pooled([run("tcp", GATEWAY, 0.1, cpu_s=0.1), run("tcp", GATEWAY, 0.3, cpu_s=0.3)])
    pool = pools["tcp", GATEWAY]
    assert pool.latencies(CHANGES).count == 20
    assert pool.latencies(CHANGES).p99 == 0.3
    assert pool.latencies(CHANGES, units={1}).count == 2
    assert pool.cpu_us(CHANGES) == pytest.approx(200)
    assert pool.after_wire(CHANGES).p50 == pytest.approx(0.05)


def test_a_measurement_survives_its_file(tmp_path: Path) -> None:
    runs = measurement(lost=1)
    save(tmp_path / "result.json", {"date": "today"}, 200.0, runs)
    assert load(tmp_path / "result.json") == ({"date": "today"}, 200.0, runs)


def test_the_page_says_what_was_reached_and_what_not() -> None:
    pools = pooled(measurement(0.2))
    found = verdicts(Outcome(pools, 200.0))
    text = page(
        {"load before": "0.10 (1 minute)"},
        "make bench",
        found,
        pools,
        [shares("tcp", 20.0, STATS)],
        pictures=False,
    )
    assert text.count("**no**") == sum(not verdict.reached for verdict in found)
    assert "`drivers/modbus/line.py:exchange`" in text
    assert all(case.title in text for case in CASES if case.name not in ("keys", "dead"))


def test_the_page_warns_when_the_machine_was_busy() -> None:
    pools = pooled(measurement())
    quiet, busy = (page({"load before": f"{load} (1 minute)"}, "make bench", [], pools, [], pictures=False)
                   for load in ("0.10", "3.20"))  # fmt: skip
    assert "Others were using the machine" in busy
    assert "Others were using the machine" not in quiet


def test_what_is_written_in_c_counts_for_who_calls_it() -> None:
    found = shares("tcp", 20.0, STATS)
    assert dict(found.rooms) == {"drivers/modbus": pytest.approx(0.75), "aiomqtt and paho": pytest.approx(0.25)}
    assert found.hottest == (
        ("drivers/modbus/line.py:exchange", pytest.approx(0.75), pytest.approx(1.0)),
        ("paho/mqtt/client.py:_sock_send", pytest.approx(0.25), pytest.approx(0.25)),
    )
