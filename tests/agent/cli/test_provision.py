"""`campusgw provision`: the table, why not, words that are wrong, exit codes, and never wider than a terminal."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cli import provision
from agent.cli.ask import NotAnswered
from agent.cli.main import main
from agent.cli.provision_told import age, coloured, explained, listed
from agent.cli.status import screen
from agent.cli.words import width
from agent.language import use_language
from agent.service.provisioning_answer import ProvisionAnswer
from tests.agent.cli.test_status import ANSWER as STATUS

LONG = "实验小学南校区教学楼三层东走廊配电间旁的楼梯口（靠近音乐教室）的手动火灾报警按钮及其显示盘" * 2
RULES = Path(__file__).parents[3] / "configs" / "rules"


def both(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def item(id: str, verdict: str, missing: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    told = {
        "id": id, "title": both(f"the rule {id}", f"规则{id}"), "clause": "GB/T 29315-2022, A.1", "mark": "seen",
        "force": "shall", "verdict": verdict, "sources": ["observed"], "said": both("0 of 1 work", "0/1 正常"),
        "required": 1, "fulfilled": int(verdict == "met"), "evidence_age_s": 12.0,
        "missing": [{"subject": one, "what": both(f"{one}: no answer", f"{one}：无应答"),
                     "fix": both("repair it", "请检修")} for one in missing],
    }  # fmt: skip
    return told | more


def indicator(pack: str, name: str, verdict: str, items: list[dict[str, Any]], share: float) -> dict[str, Any]:
    return {
        "pack": pack, "indicator": name, "title": both(f"title of {name}", f"{name}标题"), "verdict": verdict,
        "share": share, "oldest_evidence_age_s": 7300.0, "items": items,
    }  # fmt: skip


def answer() -> dict[str, Any]:
    guards = indicator("national-2021", "guards", "met", [item("enough", "met")], 1.0)
    closed = [
        item("live", "not_met", ("gate-east", "gate-west"), mark="recall"),
        item("watched", "unknown", force="should"),
        item("boarders", "met", required=0),
    ]
    other = indicator("changsha-2019", "guards", "unknown", [item("x", "unknown", ("clock",))], 0.0)
    text = {"title": both("a pack", "规则包"), "source": ["s"], "mark": "seen", "places": {}, "roles": {}}
    whole = {
        "site": {"gateway": "gw-1", "site": "1", "region": "430102", "name": "实验小学", "config_refused": [],
                 "time_zone": "Asia/Shanghai", "config_hash": "0" * 64},
        "packs": [
            {"id": "national-2021", "subjects": {"guards": "guards", "closed_campus": "closed_campus"}, **text},
            {"id": "changsha-2019", "subjects": {"guards": "changsha-2019-guards"}, **text},
        ],
        "verdicts": [guards, indicator("national-2021", "closed_campus", "not_met", closed, 0.996), other],
        "history": {}, "facts": [], "devices": [], "people": [], "openings": [], "presses": [], "ways": {},
        "now": 1.8e9, "clock": "synchronised", "agent": "0",
    }  # fmt: skip
    return ProvisionAnswer.model_validate(whole).model_dump(mode="json")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    use_language("en")
    yield
    use_language("en")


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """One that answers this, and has no other rooms."""
    told = answer()

    def ask(_path: Path, do: str, **_fields: object) -> dict[str, Any]:
        if do != "provision":
            raise NotAnswered("unknown request")
        return copy.deepcopy(told)

    monkeypatch.setattr(provision, "ask", ask)
    return told


def called(*args: str) -> int:
    return main(["provision", "--lang", "en", *args])


def test_the_table_has_verdict_share_age_and_what_is_missing_first() -> None:
    lines = list(listed(answer()))
    assert "national-2021: a pack" in lines
    row = next(line for line in lines if line.startswith("closed_campus"))
    assert row.split() == ["closed_campus", "NOT", "MET", "99%", "2", "h"]  # never rounded up to a whole
    assert "   title of closed_campus · gate-east: no answer (and 1 more)" in lines
    other = lines[lines.index("changsha-2019: a pack") :]
    assert any(line.startswith("guards     unknown") for line in other)


def test_an_item_is_explained_with_rule_mark_evidence_and_what_would_mend_it() -> None:
    verdicts = [one for one in answer()["verdicts"] if one["indicator"] == "closed_campus"]
    lines = list(explained(answer(), verdicts))
    assert "     rule: GB/T 29315-2022, A.1 [from memory, to be checked]" in lines
    assert "     evidence: 0 of 1 work; observed, at most 12 s old" in lines
    assert "     missing: gate-west: no answer" in lines
    assert lines.count("     to mend it: repair it") == 1  # said once for both gates
    assert "  unknown  watched: the rule watched (should be)" in lines
    assert "  does not apply  boarders: the rule boarders" in lines


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_a_terminal_and_chinese_has_no_english_word(lang: str) -> None:
    told = answer()
    told["site"]["name"] = told["verdicts"][1]["items"][0]["missing"][0]["what"]["zh"] = LONG
    told["verdicts"][1]["items"][0]["missing"][0]["what"]["en"] = LONG
    use_language(lang)
    lines = [*listed(told), *explained(told, told["verdicts"])]
    assert max(map(width, lines)) <= 80
    if lang == "zh":
        assert not {"met", "unknown", "missing", "rule:", "observed"} & {w for line in lines for w in line.split()}


def test_what_is_missing_is_named_where_its_text_does_not_name_it() -> None:
    told = answer()
    told["verdicts"][1]["items"][0]["missing"][0]["what"] = both("the log is too short", "记录太短")
    assert "     missing: gate-east: the log is too short" in list(explained(told, told["verdicts"]))


def test_the_exit_code_is_whether_all_is_met(gateway: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    assert called() == 1
    assert called("explain", "guards", "--pack", "national-2021") == 0
    assert called("explain", "changsha-2019-guards") == 1  # unknown is not met
    gateway["verdicts"] = gateway["verdicts"][:1]
    assert called("--json") == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [one["indicator"] for one in shown["verdicts"]] == ["guards"]
    assert [one["id"] for one in shown["packs"]] == ["national-2021"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["explain", "gards"], "no indicator 'gards'; did you mean 'guards'?"),
        (["--pack", "national"], "no rule pack 'national'; did you mean 'national-2021'?"),
        (["report", "x"], "what is 'x'"),
        (["check"], "say which: campusgw provision check FILE..."),
    ],
)
@pytest.mark.usefixtures("gateway")
def test_wrong_words_are_told_with_what_was_meant(
    args: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(*args) == 2
    assert said in capsys.readouterr().err


def test_without_a_gateway_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert called("--socket", str(tmp_path / "none.sock")) == 1
    assert "no gateway answers at" in capsys.readouterr().err


def test_a_rule_pack_is_checked_without_a_gateway(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = sorted(map(str, RULES.glob("*.yaml")))
    assert called("check", *good) == 0
    assert capsys.readouterr().out.count(": good; indicators: ") == len(good)
    bad = tmp_path / "bad.yaml"
    bad.write_text("id: bad\ntitle: x\n")
    assert called("check", good[0], str(bad)) == 78
    assert f"{bad}:" in capsys.readouterr().err
    assert called("check", "--json", str(bad)) == 78
    assert not json.loads(capsys.readouterr().out)["ok"]


@pytest.mark.usefixtures("gateway")
def test_the_report_is_one_page_written_whole_or_not_at_all(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    assert called("report", "--out", str(page)) == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "实验小学" in page.read_text()
    assert sorted(tmp_path.iterdir()) == [page]
    assert called("report", "--out", str(tmp_path / "nowhere" / "x.html")) == 1
    assert "cannot write" in capsys.readouterr().err
    assert called("report", "--out", "-") == 0
    assert capsys.readouterr().out.startswith("<!DOCTYPE html>")


def test_colours_only_where_a_terminal_shows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert coloured("x", "met") == "x"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured("x", "met") == "\x1b[32mx\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert coloured("x", "met") == "x"


def test_ages_are_told_in_the_greatest_unit_of_which_there_are_two() -> None:
    ages = [age(s) for s in (None, 0.4, 119.0, 120.0, 7199.0, 7200.0, 172799.0, 172800.0)]
    assert ages == ["-", "0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]


def test_the_status_screen_has_the_indicators_too() -> None:
    beat = STATUS["heartbeat"] | {"provision": {"guards": "met", "escort_post": "not_met"}}  # type: ignore[operator]
    lines = [" ".join(line.split()) for line in screen(STATUS | {"heartbeat": beat})]
    assert "provisioning guards met" in lines
    assert "provisioning escort_post NOT MET" in lines
