"""The status screen: aligned whatever the language, and a full line is explained."""

import pytest

from agent.cli.status import screen
from agent.cli.words import width
from agent.language import use_language

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
