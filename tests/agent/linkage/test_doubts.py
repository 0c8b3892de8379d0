"""What `linkage check` finds: each code by a matrix that has it, and nothing in the shipped one."""

from pathlib import Path

import pytest

from agent.config import load_site
from agent.linkage.doubts import doubts

EXAMPLE = Path(__file__).parents[3] / "configs" / "gateways" / "linkage.yaml"
TEXT = EXAMPLE.read_text()


def found(directory: Path, *pairs: tuple[str, str], more: str = "") -> list[tuple[str, bool, str]]:
    text = TEXT
    for was, becomes in pairs:
        assert was in text
        text = text.replace(was, becomes, 1)
    path = directory / "gateway.yaml"
    path.write_text(text.rstrip() + "\n" + more)
    return [(one.code, one.error, one.text.format(**one.fields)) for one in doubts(load_site(path))]


def test_nothing_is_doubtful_about_the_shipped_example() -> None:
    assert doubts(load_site(EXAMPLE)) == []


def test_a_site_without_linkage_has_no_doubts() -> None:
    assert doubts(load_site(EXAMPLE.with_name("minimal.yaml"))) == []


@pytest.mark.parametrize(
    ("effect", "code", "error", "says"),
    [
        (
            "{id: x, when: {all: [hold_up, {not: hold_up}]}, do: {switch_on: block-io.do6}}",
            "unreachable", True, "x can never act",
        ),
        (
            "{id: x, when: {at_least: 3, of: {kind: smoke_detector}}, do: {switch_on: block-io.do6}}",
            "unreachable", True, "x can never act",
        ),
        (
            "{id: x, when: {at_least: 3, of: [hold_up, fire_any]}, do: {switch_on: block-io.do6}}",
            "unreachable", True, "x can never act",
        ),
        (
            "{id: x, when: fire_any, do: {close: barrier-north}, opt_in: true}",
            "unreachable", True, "x can never act",
        ),
        (
            "{id: x, when: smoke-3f-east.prealarm, do: {switch_on: block-io.do6}}",
            "unreachable", False, "smoke-3f-east.prealarm can never come",
        ),
        (
            "{id: x, when: hold_up, do: {close: barrier-north}}",
            "not_opted_in", False, "x never acts",
        ),
        (
            "{id: x, when: hold_up, do: {lower: bollard-south}, priority: security, opt_in: true}",
            "conflict", True, "want opposite things",
        ),
        (
            "{id: x, when: hold_up, do: {switch_off: block-io.do7}}",
            "conflict", True, "smoke-warns and x want opposite things of block-io.do7",
        ),
        (
            "{id: x, when: hold_up, do: {switch_on: block-io.do7}}",
            "shared_output", False, "smoke-warns and x drive the same output block-io.do7",
        ),
        (
            "{id: x, when: hold_up, do: {close: barrier-north}, opt_in: true, once: false}",
            "could_lock", True, "x goes on pressing its closing relay",
        ),
        (
            "{id: x, when: hold_up, do: {switch_off: north-io.do1}}",
            "could_lock", True, "x switches off what opens an exit",
        ),
        (
            "{id: x, when: fire_confirmed, do: {switch_on: block-io.do6}, delay_s: 5}",
            "late", True, "x waits 5 s; fire must act within 3 s",
        ),
        (
            "{id: x, when: fire_confirmed, do: {open: barrier-north}, only_if: hold_up}",
            "shared_output", False, "x and fire-opens-barrier-north drive the same output",
        ),
    ],
)  # fmt: skip
def test_each_doubt_is_found(tmp_path: Path, effect: str, code: str, error: bool, says: str) -> None:
    rows = found(tmp_path, more=f"    - {effect}\n")
    assert any(row[:2] == (code, error) and says in row[2] for row in rows), rows


def test_guards_that_exclude_each_other_are_no_conflict(tmp_path: Path) -> None:
    more = "    - {id: x, when: {not: fire_any}, do: {switch_off: block-io.do7}, unless: smoke-3f-west.prealarm}\n"
    assert not [row for row in found(tmp_path, more=more) if row[0] == "conflict"]


def test_an_exit_that_nothing_opens_is_told_at_the_device(tmp_path: Path) -> None:
    rows = found(tmp_path, ("      open_output: north-io.do1\n", ""))
    assert rows == [("could_lock", True, "barrier-north is on an escape route and nothing opens it in a fire")]


def test_a_single_detector_confirms_nothing_and_that_is_told(tmp_path: Path) -> None:
    text = TEXT[: TEXT.index("  - id: fire-dormitory")] + TEXT[TEXT.index("linkage:") :]
    for was, becomes in (
        (
            '  call_points: {fire-dormitory: ["1.1.9"]} # these of a panel\'s addresses are manual call points\n',
            "",
        ),
        ("    settings: {call_point: true} # somebody has seen the fire: this alone confirms it\n", ""),
        ("    kind: fire_sensor\n", "    kind: one_key_alarm\n"),
        ("{alarm: block-io.di2}", "{pressed: block-io.di2}"),
        ("    kind: smoke_detector\n", "    kind: environment\n"),
        ("    settings: {prealarm_level: 300}\n", ""),
        ("smoke-3f-west.prealarm", "hold_up"),
    ):
        assert was in text
        text = text.replace(was, becomes, 1)
    path = tmp_path / "gateway.yaml"
    path.write_text(text)
    rows = [one.text for one in doubts(load_site(path)) if one.error]
    assert any("fire_confirmed can never be" in row for row in rows)


def test_a_closing_output_that_no_module_ends_could_lock(tmp_path: Path) -> None:
    profile = "      - {id: north-io, profile: ebyte_me31, address: 2}\n"
    pairs = [("      - {id: north-io, profile: waveshare_io8_relay8, address: 2}\n", profile)]
    rows = found(tmp_path, *pairs, more="    - {id: x, when: hold_up, do: {close: barrier-north}, opt_in: true}\n")
    assert any(row[:2] == ("could_lock", True) and "nobody ends" in row[2] for row in rows), rows


@pytest.mark.parametrize(
    ("profile", "ends"),
    [
        ("adam_40xx_60xx", True),
        ("ebyte_me31", False),
    ],  # the one falls when nobody asks, the other after power only
)
def test_a_module_with_a_watchdog_ends_what_closes(tmp_path: Path, profile: str, ends: bool) -> None:
    was = "      - {id: north-io, profile: waveshare_io8_relay8, address: 2}\n"
    unit = f"      - {{id: north-io, profile: {profile}, address: 2, safe_state: true}}\n"
    pairs = [(was, unit), ("rs485-1\n    baud: 19200\n", "rs485-1\n    baud: 19200\n    parity: N\n")]
    rows = found(tmp_path, *pairs, more="    - {id: x, when: hold_up, do: {close: barrier-north}, opt_in: true}\n")
    assert any("nobody ends" in row[2] for row in rows) is not ends, rows


def test_a_door_that_a_watchdog_would_hold_again_could_lock(tmp_path: Path) -> None:
    was = "      - {id: block-io, profile: waveshare_io8_relay8, address: 1}\n"
    unit = "      - {id: block-io, profile: adam_40xx_60xx, address: 1, safe_state: true}\n"
    rows = found(tmp_path, (was, unit))
    assert any("frees door-block by a relay that falls" in row[2] for row in rows), rows


def test_a_fire_effect_that_goes_through_the_brokers_host_depends_on_the_uplink(tmp_path: Path) -> None:
    was = TEXT[TEXT.index("  - id: block #") : TEXT.index("    units:\n      - {id: block-io")]
    becomes = "  - id: block\n    type: rtu_over_tcp\n    host: mqtt.example.org\n"
    rows = found(tmp_path, (was, becomes))
    assert any(row[:2] == ("uplink", True) and "depends on the uplink" in row[2] for row in rows), rows


def test_a_call_point_at_an_address_that_its_panel_does_not_have_is_told(tmp_path: Path) -> None:
    rows = found(tmp_path, ('fire-dormitory: ["1.1.9"]', 'fire-dormitory: ["1.1.09"]'))
    says = "fire-dormitory has no place for its call point 1.1.09: is the address right?"
    assert rows == [("unreachable", False, says)]


def test_a_dry_run_is_told(tmp_path: Path) -> None:
    rows = found(tmp_path, ("  pause_s: 4\n", "  dry_run: true\n"))
    assert [row[:2] for row in rows] == [("dry_run", False)]
