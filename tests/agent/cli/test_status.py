"""The status screen: aligned whatever the language, and a full line is explained."""

import pytest

from agent.cli.status import screen
from agent.cli.ways import all_up
from agent.cli.words import width
from agent.language import use_language

UP = {
    "connected": True,
    "broker": "a:1883",
    "why": "",
    "for_s": 60.0,
    "reconnects": 0,
    "losses": 0,
    "lost_why": "",
    "refused": {},
    "refused_ago_s": {},
}
DOWN = UP | {"connected": False, "why": "b:1883: no confirmation within 5 s", "for_s": 754.2}
LANE = {"depth": 1, "confirmed": 2, "dropped": 0}
UNITS = {"good": 2, "suspect": 0, "lost": 0}
ANSWER = {
    "gateway": "gw-1",
    "name": "实验小学",
    "uplink": {"connected": False, "broker": "", "why": ""},
    "heartbeat": {
        "devices": {"good": 1, "total": 2},
        "clock": "estimated",
        "outbox": {"alarm": LANE, "event": LANE, "telemetry": LANE},
        "lines": {"rs485-1": UNITS | {"load": 1.0}, "a": UNITS | {"load": 0.4}, "panel": UNITS | {"load": None}},
        "storage_fault": "",
        "uplink": {"path": "", "paths": {"primary": DOWN}},
    },
    "lost": {"smoke-302": "timeout"},
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_columns_stand_under_each_other(lang: str) -> None:
    use_language(lang)
    lines = screen(ANSWER)
    use_language("en")
    shown = "1 waiting" if lang == "en" else "待发"
    waiting = [width(line[: line.index(shown)]) for line in lines if shown in line]
    assert len(waiting) == 3
    assert len(set(waiting)) == 1


def test_only_a_full_line_is_explained() -> None:
    use_language("en")
    said = {line.split()[1]: line for line in screen(ANSWER) if line.startswith("line")}
    assert said["rs485-1"].endswith("load 100% (it asks as often as the line allows)")
    assert said["a"].endswith("load 40%")
    assert said["panel"].endswith("0 lost")
    assert any("running on its own, not synchronised" in line for line in screen(ANSWER))


def uplink_lines(**paths: dict[str, object]) -> list[str]:
    use_language("en")
    beat = ANSWER["heartbeat"] | {"uplink": {"path": "primary", "paths": paths}}  # type: ignore[operator]
    return [" ".join(line.split()) for line in screen(ANSWER | {"heartbeat": beat}) if line.startswith("uplink")]


def test_the_only_way_has_no_name() -> None:
    assert uplink_lines(primary=UP) == ["uplink connected to a:1883"]
    assert uplink_lines(primary=DOWN) == ["uplink not connected for 0:12:34: b:1883: no confirmation within 5 s"]


def test_of_two_ways_each_says_what_it_does_or_why_not() -> None:
    assert uplink_lines(primary=UP, backup=UP) == [
        "uplink primary connected to a:1883",
        "uplink backup connected to a:1883, stands by",
    ]
    assert uplink_lines(primary=UP, backup=DOWN)[1].startswith("uplink backup not connected for 0:12:34: ")


def test_what_a_broker_refuses_is_named_and_all_is_not_well() -> None:
    topic = "campus/v1/x/alarm/smoke"
    refused = UP | {"refused": {topic: "Not authorized (code 135)"}, "refused_ago_s": {topic: 61.2}}
    said = uplink_lines(primary=refused)
    assert said[1] == f"uplink the broker refuses {topic}: Not authorized (code 135), 0:01:01 ago"
    assert all_up({"paths": {"primary": UP}})
    assert not all_up({"paths": {"primary": refused}})
    assert not all_up({"paths": {"primary": UP, "backup": DOWN}})


def test_a_way_that_comes_and_goes_says_so_also_while_it_is_there() -> None:
    why = "a:1883: another client has logged in with our client id (session taken over)"
    often = UP | {"losses": 7, "lost_why": why}
    assert uplink_lines(primary=often)[1] == f"uplink lost 7 times in the last ten minutes, the last time: {why}"
    assert all_up({"paths": {"primary": UP | {"losses": 1, "lost_why": why}}})
    assert not all_up({"paths": {"primary": often}})


def test_links_that_break_again_and_again_make_one_think_of_a_rival() -> None:
    broken = UP | {"lost_why": "a:1883: the link broke"}
    assert uplink_lines(primary=broken | {"losses": 3})[1].endswith(
        "(taken over by another client with our client id?)"
    )
    assert uplink_lines(primary=broken | {"losses": 2})[1].endswith("the link broke")


def test_whose_confirmation_is_waited_for_is_said_where_it_is_the_platform_s_own() -> None:
    said = "until the platform itself has confirmed"
    assert not any(said in line for line in screen(ANSWER))
    theirs = ANSWER | {"uplink": ANSWER["uplink"] | {"confirmed_by": "platform"}}  # type: ignore[operator]
    assert any(said in line for line in screen(theirs))
