"""`campusgw linkage`: what people type and read."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from agent.cli import linkage as command
from agent.cli.linkage_told import about, listed, reason, told
from agent.cli.main import main
from agent.cli.words import width
from agent.config import load_site
from agent.language import use_language
from agent.linkage.model import Memory
from agent.linkage.trial import at_rest, trial, with_facts
from agent.records import Instant

EXAMPLE = Path(__file__).parents[3] / "configs" / "gateways" / "linkage.yaml"
FILE = ["--file", str(EXAMPLE)]


def answer(*facts: str) -> dict[str, Any]:
    """What a gateway answers where these are so."""
    site = load_site(EXAMPLE)
    assert site.linkage is not None
    devices = {device.id: device for device in site.devices}
    view = with_facts(site.linkage, devices, at_rest(site.linkage, site.devices), facts)
    return asdict(trial(site.linkage, Memory(), view, Instant(0.0, 0.0, "unknown")).answer)


def test_the_shipped_example_is_without_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "linkage", "check", str(EXAMPLE)]) == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "by default a confirmed fire opens: barrier-south, bollard-south, barrier-north, door-block" in said
    assert "errors: 0, warnings: 0" in said


def test_a_finding_has_its_place_and_what_to_do_and_fails_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "g.yaml"
    late = "    - {id: late, when: fire_confirmed, do: {switch_on: block-io.do6}, delay_s: 5}\n"
    path.write_text(EXAMPLE.read_text().rstrip() + "\n" + late)
    assert main(["--lang", "en", "linkage", "check", str(path)]) == 1
    line = len(path.read_text().splitlines())
    said = capsys.readouterr().out
    assert f"{path}:{line}:{late.index('5}') + 1}: error: late waits 5 s" in said
    assert "set `delay_s` to 3 or less" in said
    assert main(["linkage", "check", str(path), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], [row["code"] for row in found["findings"]]) == (False, ["late"])


def test_a_finding_about_the_whole_stands_at_its_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(EXAMPLE.read_text().replace("  pause_s: 4\n", "  dry_run: true\n"))
    assert main(["linkage", "check", str(path), "--json"]) == 0
    [row] = json.loads(capsys.readouterr().out)["findings"]
    assert path.read_text().splitlines()[row["line"] - 1][row["column"] - 1 :] == "true"


def test_a_bad_file_is_told_as_by_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(EXAMPLE.read_text().replace("when: hold_up", "when: hold_upp"))
    assert main(["--lang", "en", "linkage", "check", str(path)]) == 78
    assert "did you mean 'hold_up'?" in capsys.readouterr().err


def test_a_site_without_linkage_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    minimal = str(EXAMPLE.with_name("minimal.yaml"))
    assert main(["--lang", "en", "linkage", "check", minimal]) == 0
    assert "there is no linkage" in capsys.readouterr().out
    assert main(["--lang", "en", "linkage", "try", "panic-gate.pressed", "--file", minimal]) == 1


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (["panic-gate.pressed"], "south-io.do6 switched by hold-up-bollard"),
        (["panic-gate.pressed", "south-io.di7=true"], "held back (something is under it)"),
        (["panic-gate.pressed", "smoke-3f-east=unknown"], "held back (nobody can tell whether there is a fire)"),
        (["smoke-3f-east.alarm"], "block-io.do7 switched by smoke-warns"),
        (
            ["fire-dormitory.1.1.1/fire", "smoke-3f-east.alarm"],
            "north-io.do1 switched by fire-opens-barrier-north",
        ),
        (["panic-gate.tamper"], "nothing happens"),
    ],
)
def test_a_trial_tells_what_would_happen(facts: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "linkage", "try", *facts, *FILE]) == 0
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fact", "says"),
    [
        ("panic-gat.pressed", "no device 'panic-gat'; did you mean 'panic-gate'?"),
        ("panic-gate.presed", "panic-gate has no condition 'presed'; did you mean 'pressed'?"),
        ("south-io.di7=maybe", "'south-io.di7=maybe': want device.condition"),
        ("panic-gate", "'panic-gate': want device.condition"),
        ("south-io.di9=true", "no cause looks at 'south-io.di9'"),
        ("smoke-3f-east=true", "no cause looks at 'smoke-3f-east'"),
    ],
)
def test_what_is_no_fact_is_refused(fact: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "en", "linkage", "try", fact, *FILE]) == 1
    assert says in capsys.readouterr().err


def test_an_order_that_is_incomplete_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["linkage", "reset", "fire-sounds"]) == 2
    assert main(["linkage", "try"]) == 2
    with pytest.raises(SystemExit):
        main(["--lang", "en", "linkage", "chek"])
    assert "did you mean 'check'?" in capsys.readouterr().err


def test_a_reset_goes_to_the_gateway_with_name_and_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, dict[str, object]]] = []

    def hear(_path: Path, do: str, **fields: object) -> dict[str, Any]:
        asked.append((do, fields))
        return {"done": True}

    monkeypatch.setattr(command, "ask", hear)
    assert main(["linkage", "reset", "fire-sounds", "--person", "li", "--reason", "all out"]) == 0
    assert asked == [("linkage.reset", {"effect": "fire-sounds", "person": "li", "reason": "all out"})]


def test_no_gateway_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["linkage", "--socket", str(tmp_path / "none.sock")]) == 1
    assert "none.sock" in capsys.readouterr().err


def test_explain_takes_an_effect_a_device_or_an_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "ask", lambda *_: answer("call-point-block.alarm", "panic-gate.pressed"))
    for what in ("hold-up-bollard", "south-io.do6"):
        assert main(["--lang", "en", "linkage", "explain", what]) == 0
        said = capsys.readouterr().out
        assert "hold-up-bollard (security): over until its cause comes again" in said
        assert "fire-opens" not in said
    assert main(["--lang", "en", "linkage", "explain", "bollard-south"]) == 0
    said = capsys.readouterr().out
    assert "call-point-block.alarm: yes" in said
    assert "by default: people flee through it" in said
    assert main(["linkage", "explain", "nothing"]) == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_fits_a_terminal(lang: str) -> None:
    use_language(lang)
    try:
        shown = list(listed(answer("smoke-3f-east.alarm", "smoke-3f-west.alarm")))
        assert all(width(line) <= 80 for line in shown), shown
        assert any("fire-sounds" in line for line in shown)
        assert len(list(told(answer()))) > 20
    finally:
        use_language("en")


def test_what_outranks_is_said_in_the_readers_language() -> None:
    use_language("zh")
    try:
        assert reason("life outranks it") != "life outranks it"
        assert reason("there is a fire") != "there is a fire"
    finally:
        use_language("en")
    assert about(answer()["effects"], "no such thing") == []
