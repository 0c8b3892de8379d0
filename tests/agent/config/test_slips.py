"""Slips of the pen that make YAML unreadable are told where they stand, with what to write instead."""
# ruff: noqa: E501

from pathlib import Path

import pytest

from agent.config import load_site
from agent.config.slips import document_or_slips
from agent.errors import ConfigError
from agent.language import use_language

DEMO = Path(__file__).parents[3] / "configs" / "gateways" / "demo.yaml"
SLIPS = {
    "full-width colon": ("baud: 9600", "baud：9600", "：9600", "： is a full-width character; write :"),
    "full-width comma": ("{id: gate-io, ", "{id: gate-io，", "，profile", "， is a full-width character; write ,"),
    "full-width bracket": ("{id: gate-io", "【id: gate-io", "【id", "【 is a full-width character; write {"),
    "full-width parenthesis": ("settings: {travel_s", "settings: （travel_s", "（travel_s", "write {"),
    "no space after the colon": ("baud: 9600", "baud:9600", "baud:9600", "write baud: 9600"),
    "no space in a list": ("- id: rs485-1", "- id:rs485-1", "id:rs485-1", "write id: rs485-1"),
    "too far in": ("    baud: 9600", "      baud: 9600", "baud: 9600", "indented by 6 spaces; want 4, as in line 16"),
    "not far enough in": ("    baud: 9600", "   baud: 9600", "baud: 9600", "by 3 spaces; want 4"),
    "a tab": ("    baud: 9600", "\tbaud: 9600", "\tbaud", "YAML wants spaces"),
    "brace left open": ("normally: closed}}", "normally: closed}", "{pressed", "{ is opened here and never closed"),
    "bracket left open": ("18830}]", "18830}", "[{host", "[ is opened here and never closed; write ]"),
    "brace within a bracket": ("18830}]", "18830]", "{host", "{ is opened here and never closed; write }"),
    "bracket too many": ("address: 11}", "address: 11}}", "}", "} closes nothing"),
    "double quote left open": ("name: 南门道闸", 'name: "南门道闸', '"南门道闸', 'the quote " is opened here'),
    "single quote left open": ("name: 南门道闸", "name: '南门道闸", "'南门道闸", "the quote ' is opened here"),
    "backslash": ("port: run/rs485-1", 'port: "C:\\dev\\q"', "\\dev", "write \\\\ or use single quotes"),
    "colon in a value": ("name: 南门道闸", "name: 南门: 道闸", "南门: 道闸", "write '南门: 道闸'"),
    "at in front": ("name: 南门道闸", "name: @南门", "@南门", "write '@南门'"),
    "same key twice": ("baud: 9600", "baud: 9600\n    baud: 19200", "baud: 19200", "it stands in line 17 already"),
    "two documents": ("devices:\n", "---\ndevices:\n", "", "begins a second document"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def with_(*changes: tuple[str, str]) -> str:
    text = DEMO.read_text()
    for find, put in changes:
        assert find in text
        text = text.replace(find, put, 1)
    return text


@pytest.mark.parametrize(("find", "put", "at", "says"), SLIPS.values(), ids=SLIPS.keys())
def test_a_slip_is_told_where_it_stands_with_what_to_write(find: str, put: str, at: str, says: str) -> None:
    text = with_((find, put))
    _, slips = document_or_slips(text)
    line, column, what = slips[0]
    assert text.splitlines()[line - 1][column - 1 :].startswith(at)
    assert says in what
    assert len({line for line, _, _ in slips}) == 1  # nothing else is blamed


@pytest.mark.parametrize(("find", "put"), [(find, put) for find, put, _, _ in SLIPS.values()], ids=SLIPS.keys())
def test_a_slip_is_told_in_chinese_to_who_reads_chinese(find: str, put: str) -> None:
    _, english = document_or_slips(with_((find, put)))
    use_language("zh")
    _, chinese = document_or_slips(with_((find, put)))
    use_language("en")
    assert [slip[:2] for slip in chinese] == [slip[:2] for slip in english]
    assert not {slip[2] for slip in chinese} & {slip[2] for slip in english}


def test_several_slips_are_told_at_once_with_columns_as_written() -> None:
    text = with_(
        (
            "{id: gate-io, profile: waveshare_io8_relay8, address: 1}",
            "{id: gate-io，profile：waveshare_io8_relay8】",
        ),
        ("baud: 9600", "baud：9600"),
        ("name: 南门道闸", 'name: "南门道闸'),
    )
    _, slips = document_or_slips(text)
    lines = text.splitlines()
    told = [lines[line - 1][column - 1] for line, column, _ in slips]
    assert {"，", "：", "】", '"'} <= set(told)
    assert sorted({line for line, _, _ in slips}) == [17, 19, 63]


def test_full_width_characters_in_a_name_are_nobodys_slip() -> None:
    text = with_(("name: 南门道闸", "name: 南门道闸（东侧，一号）：车行“入口”"), ("baud: 9600", "baud:9600"))
    _, slips = document_or_slips(text)
    assert [line for line, _, _ in slips] == [17]


def test_a_file_full_of_slips_is_soon_told() -> None:
    text = "\n".join(f"key{n}：“x”，【" for n in range(300)) + "\na: b: c\n"
    _, slips = document_or_slips(text)
    assert 0 < len(slips) <= 80


def test_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes(DEMO.read_text().encode("utf-16"))
    with pytest.raises(ConfigError, match=r"g\.yaml:1:1: this is UTF-16"):
        load_site(path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_ends_where_yaml_says_that_it_does(end: str) -> None:
    """A file from an old machine, or pasted together, has lone carriage returns; a slip behind them is told."""
    document, slips = document_or_slips(end.join(["a: 1", "b: 2", "", "", "c: [1, 2", ""]))
    assert document is None
    assert [slip[:2] for slip in slips] == [(5, 4)]


@pytest.mark.parametrize(
    "text",
    ["{a: b}: c\n", "? {a: b}\n: c\n", "a: !!int x\n", "[" * 5000, "&a [*a]: b\n", "a: {[1]: {}, [1]: 2}\n"],
)
def test_what_the_parser_stumbles_over_is_told_as_a_mistake(text: str, tmp_path: Path) -> None:
    (tmp_path / "g.yaml").write_text(text)
    with pytest.raises(ConfigError):
        load_site(tmp_path / "g.yaml")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["a: " + "{" * 40 + "b" + "}" * 40 + "\n", "a: " + "{" * 40 + "\n", "? " * 40 + "a\n"]
)
def test_many_braces_are_told_before_the_reader_has_left(text: str) -> None:
    _, slips = document_or_slips(text)
    assert slips
    assert slips[0][0] in (1, 2)
