"""The hazard ledger at a terminal, and its table for the office."""

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from agent.cli.ask import ask
from agent.cli.hazard_export import BOM, COLUMNS, as_csv, as_json, harmless
from agent.cli.hazard_words import listed, shown
from agent.cli.main import main
from agent.cli.words import width
from agent.config.hazard_book import load_book
from agent.hazards.settings import HazardSettings
from agent.language import use_language
from tests.agent.service.world import World, running, site_in

LONG = "实验小学南校区教学楼三层东走廊配电间旁的楼梯口堆放杂物并停放电动自行车（靠近音乐教室）" * 3
HOSTILE = ("=1+1", "+8613800000000", "-cmd", "@SUM(A1)", "\t=1", "\r=1", '  =HYPERLINK("x")', "＝1+1", "\n=1")
Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def _english() -> object:
    use_language("en")
    yield
    use_language("en")


def hazard(**changes: Any) -> dict[str, Any]:
    at = {"at": 1.8e9, "clock": "synchronised"}
    return {
        "id": "12-3fa9", "status": "open", "overdue": False, "reopened": 0, "source": "sensor", "found": at,
        "found_by": "gateway", "place": "dormitory", "location": "2号楼三层", "device": "smoke-302",
        "category": "fire", "colour": "red", "grade": "major", "rule": "r", "clause": "20号 art. 3(1) item 4",
        "mark": "seen", "text": {"en": "No working detection", "zh": "探测失效"}, "role": "safety_officer",
        "person": "李主任", "supervisor": "", "measure": "", "funds": "", "contingency": "",
        "deadline": {"sort": "immediate", "at": 1.80001e9}, "failing": True,
        "evidence": [{"sort": "note", "ref": "lost"}],
        "steps": [{"action": "open", "status": "open", "at": at, "person": "", "text": "No working detection"}],
        "closed": None, **changes,
    }  # fmt: skip


CLOSED = hazard(id="13-0001", status="closed", closed={"at": {"at": 1.8e9, "clock": "unknown"}, "by": "王"})


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_a_terminal(lang: str) -> None:
    use_language(lang)
    long = hazard(text={"en": LONG, "zh": LONG}, measure=LONG, location=LONG, overdue=True, reopened=3)
    lines = [*listed([long, CLOSED]), *shown(long), *shown(CLOSED)]
    assert [line for line in lines if width(line) > 80] == []


def test_the_list_says_what_is_late_and_whose_it_is() -> None:
    text = "\n".join(listed([hazard(overdue=True, reopened=2)]))
    for word in ("12-3fa9", "red", "major", "OVERDUE", "No working detection", "李主任", "reopened: 2"):
        assert word in text
    use_language("zh")
    text = "\n".join(listed([hazard(overdue=True)]))
    for word in ("红", "重大", "待指派", "超期", "探测失效"):
        assert word in text


def test_a_clock_that_was_not_right_leaves_a_question_mark() -> None:
    assert any(line.endswith("? 王") for line in shown(CLOSED))


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith(BOM)
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))


def test_what_somebody_typed_at_the_platform_does_not_steer_the_terminal() -> None:
    typed = "\x1b]0;gone\x07\x1b[2J\r\u202ewet floor\n"
    one = hazard(text={"en": typed, "zh": typed}, person=typed, place=typed)
    lines = [*listed([one]), *shown(one)]
    assert sum("wet floor" in line for line in lines) >= 4
    assert not set("\x1b\x07\r\n\u202e") & set("".join(lines))


def test_the_table_is_read_back_as_it_was_with_heads_in_both_languages() -> None:
    tricky = hazard(text={"en": 'a "quoted", one', "zh": "两\n行"}, funds="1,500 元")
    first, second = rows(as_csv([tricky, CLOSED]))
    assert list(first) == list(COLUMNS)
    assert first["编号 / ID"] == "12-3fa9"
    assert first["what (en)"] == 'a "quoted", one'
    assert first["隐患内容 / what (zh)"] == "两\n行"
    assert first["资金 / funds"] == "1,500 元"
    assert second["复查人 / closed by"] == "王"
    assert second["销号时间 / closed at"].endswith(" ?")


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_is_a_formula_whoever_typed_it(cell: str) -> None:
    texts = {"text": {"en": cell, "zh": cell}, "found_by": cell, "person": cell, "location": cell}
    (row,) = rows(as_csv([hazard(**texts, evidence=[])]))
    held = [value for value in row.values() if cell in value]
    assert len(held) == 5
    assert all(value == f"'{cell}" for value in held)


@pytest.mark.parametrize("cell", ["", "a=b", "5", "电动车-停放", "2027-01-01 08:00"])
def test_what_is_no_formula_stays_as_it_is(cell: str) -> None:
    assert harmless(cell) == cell


def test_json_is_what_the_platform_gets() -> None:
    assert json.loads(as_json([hazard(), CLOSED])) == [hazard(), CLOSED]


# --- at a running gateway ---------------------------------------------------------------------------


@asynccontextmanager
async def desk(directory: Path, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Run]:
    """`campusgw hazard …` as somebody types it: exit code, and what was said."""
    site = site_in(directory, hazards=HazardSettings(load_book("national-2024")))

    async def typed(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        line = ["hazard", *words, "--socket", str(directory / "control.sock"), "--lang", "en"]
        code = await asyncio.to_thread(main, line)
        said = capsys.readouterr()
        return code, said.out + said.err

    async with running(World(directory), site):
        yield typed


@pytest.mark.asyncio
async def test_a_hazard_goes_from_its_finding_to_its_closing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, capsys) as typed:
        assert await typed() == (0, "no hazards\n")
        code, said = await typed("add", "--text", "灭火器过期", "--grade", "major", "--person", "张")
        assert (code, said.startswith("hazard 1-")) == (0, True)
        assert "assign it to somebody first" in (await typed("accept", "1", "--person", "李"))[1]
        steps = (
            ("assign", "--to", "王", "--deadline", "2027-12-01"),
            ("start",),
            ("done", "--photo", "disk/1.jpg"),
        )
        for action, *more in steps:
            assert (await typed(action, "1", "--person", "李", *more))[0] == 0
        assert "awaits re-check" in (await typed("list"))[1]
        code, said = await typed("reject", "1", "--person", "李")
        assert (code, "say why" in said) == (1, True)
        assert (await typed("accept", "1", "--person", "李", "--json"))[0] == 0
        assert await typed() == (0, "no hazards\n")
        assert "closed" in (await typed("--all"))[1]
        shown = (await typed("show", "1"))[1]
        assert all(word in shown for word in ("灭火器过期", "photo: disk/1.jpg", "→ 王", "2027-12-01 23:59:00"))
        assert (await typed("accept", "1", "--person", "李"))[0] == 1
        assert (await typed("show", "77"))[0] == 1


@pytest.mark.asyncio
async def test_more_than_a_page_is_listed_and_exported_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with desk(tmp_path, capsys) as typed:
        for number in range(5):
            assert (await typed("add", "--text", f"隐患{number}", "--person", "张"))[0] == 0

        page = await asyncio.to_thread(ask, tmp_path / "control.sock", "hazard.list", which="all", limit=2)
        rest = await asyncio.to_thread(
            ask, tmp_path / "control.sock", "hazard.list", which="all", limit=200, after=page["next"]
        )
        assert [len(page["hazards"]), len(rest["hazards"]), rest["next"]] == [2, 3, ""]
        file = tmp_path / "ledger.csv"
        assert (await typed("export", "--csv", "--out", str(file)))[0] == 0
        assert len(rows(file.read_bytes().decode())) == 5
        assert file.read_bytes().startswith(b"\xef\xbb\xbf")
        code, said = await typed("export", "--json")
        assert (code, len(json.loads(said))) == (0, 5)
        assert (await typed("export", "--csv", "--out", str(tmp_path / "no" / "where.csv")))[0] == 1


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "words", [("add",), ("assign", "1"), ("show",), ("export",), ("export", "--csv", "--json")]
)
async def test_an_order_that_is_incomplete_says_what_it_lacks(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["hazard", *words, "--socket", str(tmp_path / "none.sock"), "--lang", "en"])
    assert (code, capsys.readouterr().err.startswith("say ")) == (2, True)


@pytest.mark.parametrize("words", [("acept", "1"), ("assign", "1", "--deadline", "tomorrow")])
def test_a_slip_is_named_with_what_was_meant(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["hazard", *words, "--lang", "en"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "accept" in said or "2026-12-01" in said


def test_without_a_gateway_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hazard", "--socket", str(tmp_path / "none.sock"), "--lang", "en"]) == 1
    assert "no gateway answers" in capsys.readouterr().err
