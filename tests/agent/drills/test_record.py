"""What a drill showed, from its lines."""

from dataclasses import replace

import pytest

from agent.drills.kept import drill_state, kept_drills
from agent.drills.model import AlarmLine, Drill, EventLine
from agent.drills.record import LINES_MOST, failures, report, with_alarms, with_events
from agent.provisioning.ends import End
from agent.provisioning.sent import Sent


def line(change: str, at_s: float, device: str = "panic", address: str = "", person: str = "") -> AlarmLine:
    sent = Sent("store", "boot", at_s, device, "pressed", address, change)
    return AlarmLine(sent, "门卫室", "one_key_alarm", "南门", 1, person, False, 1e9 + at_s, True, 0.01, 0.5)


DRILL = Drill(
    3, "李主任", "演练", 1e9, True, End(1e9 + 1800, 1800), "broker", ended_utc_s=1e9 + 600, stopped_by="李"
)


def test_who_acknowledged_belongs_to_the_alarm_that_was_raised_before_it() -> None:
    lines = [
        line("raised", 1),
        line("raised", 2, "smoke", "1.2"),
        line("acknowledged", 9, "smoke", "1.3", "别人"),
        line("acknowledged", 31, "panic", "", "王"),
        line("raised", 40),
        line("acknowledged", 42, "panic", "", "陈"),
    ]
    said = report(with_alarms(DRILL, lines))
    assert [(one["acknowledged_by"], one["acknowledged_after_s"]) for one in said["raised"]] == [
        ("王", 30.0),
        ("", None),
        ("陈", 2.0),
    ]
    assert said["summary"] == {
        "raised": 3, "confirmed": 3, "slowest_confirmed_s": 0.5, "acknowledged": 2, "slowest_acknowledged_s": 30.0,
    }  # fmt: skip
    assert [one.en for one in failures(with_alarms(DRILL, lines))] == [
        "门卫室 (smoke pressed): nobody has acknowledged it"
    ]


@pytest.mark.parametrize(
    ("drill", "said"),
    [
        (DRILL, "no alarm came"),
        (replace(DRILL, ended_utc_s=None), None),
        (with_alarms(DRILL, [replace(line("raised", 1), confirmed_after_s=None)]), "not confirmed upstream yet"),
        (
            with_alarms(DRILL, [replace(line("raised", 1), confirmed_after_s=None, gone=True)]),
            "lost here",
        ),
        (with_events(DRILL, [EventLine(1e9, "linkage.failed", "the gate did not open")]), "the gate did not open"),
        (with_events(DRILL, [EventLine(1e9, "uplink.lost", "the way is lost")]), "the way is lost"),
    ],
)
def test_what_failed_is_said_in_both_languages(drill: Drill, said: str | None) -> None:
    found = failures(drill)
    assert any(said in one.en for one in found) if said else not found
    assert all(one.zh for one in found)


def test_what_confirmed_went_well_is_no_failure() -> None:
    drill = with_events(DRILL, [EventLine(1e9, "linkage.confirmed", "the gate is open")])
    drill = with_alarms(drill, [line("raised", 1), line("acknowledged", 5, person="王"), line("cleared", 9)])
    assert failures(drill) == ()


def test_lines_are_bounded_and_the_rest_is_counted() -> None:
    drill = with_alarms(DRILL, [line("raised", n) for n in range(LINES_MOST + 7)])
    drill = with_events(drill, [EventLine(1e9, "people.signed_on", "")] * (LINES_MOST + 2))
    assert (len(drill.alarms), len(drill.events), drill.missed) == (LINES_MOST, LINES_MOST, 9)
    assert report(drill)["missed"] == 9


def test_a_drill_is_read_as_it_was_written() -> None:
    drill = with_events(with_alarms(DRILL, [line("raised", 1)]), [EventLine(1e9, "a.b", "c", {"d": [1]})])
    assert kept_drills(drill_state(drill, "boot"), "boot") == {3: drill}
    assert kept_drills({"drills/3": "{", "drills/4": "null", "drills/5": '{"number": 1}'}, "boot") == {}
