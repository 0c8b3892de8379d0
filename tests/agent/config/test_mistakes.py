"""Mistakes sown into the shipped demo configuration: each is found at its place, with what would mend it."""
# ruff: noqa: E501

import re
from pathlib import Path

import pytest

from agent.config import load_site
from agent.errors import ConfigError, Mistake
from agent.language import use_language
from tests.agent.config.sown import SOWN, Sown

DEMO = Path(__file__).parents[3] / "configs" / "gateways" / "demo.yaml"


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def sow(sown: Sown) -> str:
    text = DEMO.read_text()
    assert sown.find in text, f"the demo has no {sown.find!r} any more: sow elsewhere"
    return text.replace(sown.find, sown.put, 1)


def mistakes_of(text: str, path: Path) -> list[Mistake]:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    return caught.value.mistakes


@pytest.mark.parametrize("sown", SOWN.values(), ids=SOWN.keys())
def test_a_mistake_is_found_at_its_place_with_what_would_mend_it(sown: Sown, tmp_path: Path) -> None:
    text = sow(sown)
    found = mistakes_of(text, tmp_path / "gateway.yaml")
    lines = text.splitlines()
    near = [m for m in found if sown.says in m.what]
    assert near, [str(m) for m in found]
    shown = [lines[m.line - 1][m.column - 1 :] for m in near]
    assert any(one.lstrip("- ").startswith(sown.at.lstrip("- ").splitlines()[0]) for one in shown), (
        shown,
        sown.at,
    )
    assert all(re.fullmatch(r".+gateway\.yaml:\d+:\d+: .+", str(m)) for m in found)


def test_there_are_many_mistakes_here() -> None:
    assert len(SOWN) >= 60


def test_all_mistakes_are_told_at_once_the_typing_errors_and_what_only_the_whole_can_tell(tmp_path: Path) -> None:
    text = DEMO.read_text()
    for find, put in (
        ("baud: 9600", "baudrate: 9600"),
        ("travel_s: 3", "travel: 3"),
        ("gate-io.di1,", "gate-io.di9,"),
        ("address: 12,", "address: 11,"),
        ("telemetry_s: 10", "telemetry_s: -1"),
    ):
        text = text.replace(find, put, 1)
    found = mistakes_of(text, tmp_path / "g.yaml")
    wanted = ("baudrate", "travel", "di9", "address 11", "telemetry_s")
    assert all(any(word in m.what for m in found) for word in wanted), [str(m) for m in found]
    assert [(m.line, m.column) for m in found] == sorted((m.line, m.column) for m in found)


def sown_together(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    text = DEMO.read_text()
    for find, put in changes:
        assert find in text
        text = text.replace(find, put, 1)
    return [m.what for m in mistakes_of(text, tmp_path / "g.yaml")]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            [("kind: one_key_alarm", "kind: onekey_alarm"), ("gate-io.di1,", "gate-io.di9,")],
            ["did you mean 'one_key_alarm'?", "no point 'di9'"],
        ),
        (
            [("loop: gate-io.di5", "loop: gate-io.di1"), ("location: 2号", "loc: 2号"), ("baud: 9600", "baud: 1200")],
            ["used by panic-gate.pressed", "unknown key 'loc'", "cannot meet its alarm-latency budget"],
        ),
        ([("kind: one_key_alarm", "kind: siren"), ("address: 12,", "address: 11,")], ["none of", "address 11"]),
        ([("    kind: one_key_alarm\n", ""), ("travel_s: 3", "travel: 3")], ["'kind' is missing", "'travel'"]),
        ([("pressed: gate-io.di1,", "pressed: di1,")], ["unit.point, such as gate-io.di1"]),
        ([("address: 11}", "adress: x11}")], ["unknown key 'adress'"]),
        ([("  brokers:", "  broker:")], ["did you mean 'brokers'?"]),
        ([("{id: smoke-301, profile: renke_smoke,", "{id: smoke-301,")], ["write for example profile: renke_smoke"]),
        ([("port: run/rs485-1", "port:")], ["port has no value; write for example port: /dev/campusgw/rs485-1"]),
        ([("port: 18830}", "port: }")], ["port has no value; want a whole number"]),
        ([("port: 18830}", "port: 18830, tls: yes}")], ["tls: want true or false"]),
        ([("baud: 9600", "echo: on9"), ("type: modbus_rtu", "low_latency: 2")], ["true or false"] * 2 + ["'type'"]),
        ([('region: "430102"', "region: “430102”")], ["curly quotes count as text: write straight ones"]),
        ([("{id: gate-io,", "{id：gate-io,")], ["： is a full-width character"]),
        ([("{id: gate-io,", "{id:gate-io,")], ["a space is missing after the colon"]),
    ],
)  # fmt: skip
def test_one_mistake_neither_hides_others_nor_makes_more(
    changes: list[tuple[str, str]], says: list[str], tmp_path: Path
) -> None:
    found = sown_together(tmp_path, *changes)
    assert len(found) == len(says), found
    for said in says:
        assert any(said in what for what in found), (said, found)


def test_an_id_that_a_line_and_its_unit_have_of_others_is_told_of_both(tmp_path: Path) -> None:
    found = sown_together(tmp_path, ("- id: tcp-1", "- id: rs485-1"), ("{id: dorm-io,", "{id: gate-io,"))
    for name in ("rs485-1", "gate-io"):
        assert f"'{name}' is the id of an earlier one already" in found


def test_the_numbers_and_the_remedy_of_a_missed_budget_are_true(tmp_path: Path) -> None:
    budget = Sown("type: modbus_rtu", "type: modbus_rtu\n    alarm_latency_budget_s: 1.2", "", "")
    (mistake,) = mistakes_of(sow(budget), tmp_path / "g.yaml")
    assert "of 1.20 s" in mistake.what
    baud, needed = re.search(
        r"set the line to (\d+) baud, or raise the budget to ([\d.]+) s", mistake.what
    ).groups()  # type: ignore[union-attr]
    for put in (budget.put.replace("1.2", needed), budget.put):
        text = sow(Sown(budget.find, put, "", ""))
        text = text if needed in put else text.replace("baud: 9600", f"baud: {baud}")
        (tmp_path / "mended.yaml").write_text(text)
        load_site(tmp_path / "mended.yaml")


def test_two_names_of_one_adapter_are_one_port(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").touch()
    by_id, by_path = tmp_path / "usb-FTDI_A1-if00", tmp_path / "pci-0000-usb-1"
    by_id.symlink_to(tmp_path / "ttyUSB0")
    by_path.symlink_to(tmp_path / "ttyUSB0")
    text = DEMO.read_text().replace("run/panel-1", str(by_id)).replace("run/panel-2", str(by_path))
    (mistake,) = mistakes_of(text, tmp_path / "g.yaml")
    assert "is the port of line panel-1 already" in mistake.what


def test_two_names_of_one_server_differ_in_more_than_capitals(tmp_path: Path) -> None:
    line = "  - {id: tcp-2, type: modbus_tcp, host: MOXA, tcp_port: 15021, units: [{id: x, profile: "
    line += "moxa_e1210_e1212}]}\n"
    text = (
        DEMO.read_text()
        .replace("host: 127.0.0.1\n", "host: moxa\n")
        .replace("  - id: panel-1\n", line + "  - id: panel-1\n")
    )
    (mistake,) = mistakes_of(text, tmp_path / "g.yaml")
    assert "moxa:15021 is the port of line tcp-1 already" in mistake.what


def test_a_point_that_is_not_asked_cannot_be_used(tmp_path: Path) -> None:
    text = sow(
        Sown("profile: waveshare_io8_relay8,", "profile: waveshare_io8_relay8, points: [di1, di2],", "", "")
    )
    found = mistakes_of(text, tmp_path / "g.yaml")
    assert {m.what.split()[0] for m in found} == {"di3", "di4", "di5", "do1", "do2"}


# --- the file itself --------------------------------------------------------------------------------


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml:1:1: cannot read the file: it is not there"):
        load_site(tmp_path / "none.yaml")


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not a file"):
        load_site(tmp_path)


def test_a_device_without_end_is_not_read() -> None:
    with pytest.raises(ConfigError, match="not a file"):
        load_site(Path("/dev/zero"))


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "just words", "- a\n- b\n", "42", "---\n...\n"])
def test_a_file_without_a_mapping_says_where_to_start(text: str, tmp_path: Path) -> None:
    (mistake,) = mistakes_of(text, tmp_path / "g.yaml")
    assert "start from configs/gateways/minimal.yaml" in mistake.what


def test_gbk_is_told_apart_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes(DEMO.read_text().encode("gbk"))
    with pytest.raises(ConfigError, match=r"g\.yaml:4:1: not UTF-8; save the file as UTF-8 \(GBK will not do\)"):
        load_site(path)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings_are_refused(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes(DEMO.read_text().encode(encoding))
    with pytest.raises(ConfigError):
        load_site(path)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + DEMO.read_bytes())
    assert load_site(path).identity.gateway == "gw-demo"


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    (mistake,) = mistakes_of("# x\n" * 300_000, tmp_path / "g.yaml")
    assert "larger than 1 MiB" in mistake.what


def test_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_bytes(DEMO.read_bytes().replace(b"\n", b"\r\n"))
    assert load_site(path).identity.gateway == "gw-demo"


def test_anchors_and_merges_work_and_their_mistakes_have_a_place(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    text = DEMO.read_text().replace("settings: {lost_off_delay_s: 1}", "settings: &quick {lost_off_delay_s: 1}", 1)
    text = text.replace("settings: {travel_s: 3,", "settings: {<<: *quick, travel_s: 3,", 1)
    path.write_text(text.replace("held_open_s: 60, lost_off_delay_s: 1", "held_open_s: 60"))
    barrier = next(d for d in load_site(path).devices if d.id == "barrier-south")
    assert barrier.settings["lost_off_delay_s"] == 1
    path.write_text(text.replace("&quick {lost_off_delay_s: 1}", "&quick {lost_off: 1}"))
    with pytest.raises(ConfigError, match="has no setting 'lost_off'"):
        load_site(path)


@pytest.mark.parametrize(
    "text",
    [
        "gateway: &a {id: *a}\n",
        "a: &a [*a, *a]\n",
        "gateway: !!python/object/apply:os.system ['true']\n",
        "gateway: !!binary aGVsbG8=\n",
        "? [a, b]\n: c\n",
        "{" * 300,
        "a: " + "[" * 300 + "\n",
        "\x00",
        "a: b\n---\nc: d\n",
        "1: 2\n",
        "~: ~\n",
    ],
)
def test_strange_yaml_is_a_mistake_and_no_crash(text: str, tmp_path: Path) -> None:
    assert mistakes_of(text, tmp_path / "g.yaml")


def test_laughs_by_the_billion_are_soon_over(tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x]\n"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)]
    found = mistakes_of("".join(levels), tmp_path / "g.yaml")
    assert any("unknown key 'a8'" in m.what for m in found)


LATIN = re.compile(r"[a-z]{3,} [a-z]{2,}")


@pytest.mark.parametrize(
    ("find", "put"),
    [
        ("baud: 9600", "baud: fast"),
        ("baud: 9600", "parity: even"),
        ("telemetry_s: 10", "telemetry_s: 0"),
        ("telemetry_s: 10", "telemetry_s: [1, 2]"),
        ("name: 南门道闸", "name: ''"),
        ("id: panic-gate", "id: panic/gate"),
        ("heartbeat_s: 5", "heart_beat: 5"),
    ],
)
def test_a_mistake_is_said_in_chinese_to_who_reads_chinese(find: str, put: str, tmp_path: Path) -> None:
    use_language("zh")
    try:
        found = mistakes_of(sow(Sown(find, put, "", "")), tmp_path / "g.yaml")
    finally:
        use_language("en")
    assert [m.what for m in found if LATIN.search(m.what)] == []
