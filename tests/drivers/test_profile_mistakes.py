"""Every mistake of a profile is shown where it stands, all of them at once, with what would mend it."""

import random
import re
from pathlib import Path

import pytest

from drivers.blocks import plan_blocks
from drivers.modbus.pdu import read_request
from drivers.profiles import ProfileError, Shelf, load_profile, load_profiles, profiles_dir
from simulators.modbus_unit import ModbusUnit

GOOD = """\
id: it
name: {en: it, zh: 它}
vendor: nobody
model: of this test
kind: di_do_module
verified: simulator
source: [this test]
limits: {max_registers: 10, functions: [1, 2, 3, 5, 6, 16]}
points:
  - {name: "di{n}", range: [1, 4], title: {en: "{n}", zh: "{n}"}, table: discrete, address: 0, type: bool}
  - {name: do1, title: &t {en: it, zh: 它}, table: coil, address: 0, type: bool, access: rw, safe: false}
  - {name: level, title: *t, table: holding, address: 0}
  - {name: wide, title: *t, table: holding, address: 1, type: u32}
"""


def load(tmp_path: Path, text: str, name: str = "it") -> None:
    file = tmp_path / f"{name}.yaml"
    file.write_text(text, encoding="utf-8")
    load_profile(file)


def mistakes(tmp_path: Path, text: str, name: str = "it") -> list[tuple[int, int, str]]:
    with pytest.raises(ProfileError) as found:
        load(tmp_path, text, name)
    file = tmp_path / f"{name}.yaml"
    assert str(found.value).splitlines() == [
        f"{file}:{line}:{col}: {what}" for line, col, what in found.value.mistakes
    ]
    return found.value.mistakes


def test_a_good_profile_is_good(tmp_path: Path) -> None:
    load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("good", "bad", "at", "what"),
    [
        ("vendor: nobody", "vender: nobody", "vender", "unknown key 'vender'; did you mean 'vendor'?"),
        ("vendor: nobody", "vender: nobody", "vender", "did you mean 'vendor'?"),
        ("vendor: nobody\n", "", "id", "'vendor' is missing here"),
        ("kind: di_do_module", "kind: di_modul", "di_modul", "'di_modul' is none of"),
        ("verified: simulator", "verified: hoped", "hoped", "none of simulator, bench, site"),
        ("source: [this test]", "source: []", "[]", "at least 1"),
        ("max_registers: 10", "max_registers: 500", "500", "want at most 125, not 500"),
        ("max_registers: 10", "max_register: 10", "max_register:", "did you mean 'max_registers'?"),
        ("address: 1, type", "address: one, type", "one, type", "want a whole number, not 'one'"),
        ("address: 1, type", "adress: 1, type", "adress", "did you mean 'address'?"),
        ("type: u32", "type: u23", "u23", "did you mean 'u32'?"),
        ("type: u32", "scale: 1/x", "1/x", "a fraction such as 1/512, not '1/x'"),
        ("type: u32", "scale: 1/0", "1/0", "a fraction such as 1/512, not '1/0'"),
        ("type: u32", "values: {one: 1}", "one", "want a whole number, not 'one'"),
        ("range: [1, 4]", "range: [4, 1]", '{name: "di', "range: want [first, last], not [4, 1]"),
        ("range: [1, 4]", "range: 4", "4,", "range: want a list (lines that begin with -), not 4"),
        ("range: [1, 4]", "range: [1, 4], step: 0", "0, title", "step: want at least 1, not 0"),
        ('"di{n}"', "di", "{name: di,", "{n} stands in the name"),
        ("name: level", 'name: "l{n}"', '{name: "l', "{n} stands in the name"),
        ("model: of this test", "model: of: test", ": test", "not valid YAML"),
        ("kind: di_do_module", "kind: di_do_module\nkind: fire_panel", "kind: fire_panel", "duplicate key"),
    ],
)
def test_a_wrong_key_or_value_is_shown_where_it_stands(
    tmp_path: Path, good: str, bad: str, at: str, what: str
) -> None:
    assert GOOD.count(good) == 1
    text = GOOD.replace(good, bad)
    place = text[: text.index(at, text.index(bad.split(":")[0]) if at in bad else 0)]
    line, column = place.count("\n") + 1, len(place) - place.rfind("\n")
    assert [(line, column)] == [(row, col) for row, col, said in mistakes(tmp_path, text) if what in said]


def test_anchors_that_stand_for_more_than_any_memory_are_soon_refused(tmp_path: Path) -> None:
    levels = ["  a0: &a0 [x, x, x, x, x, x, x, x, x]\n"]
    levels += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)]
    said = mistakes(tmp_path, GOOD.replace("vendor: nobody\n", "x:\n" + "".join(levels) + "vendor: *a8\n"))
    assert [what.split(";")[0] for _, _, what in said] == [
        "unknown key 'x'",
        "vendor: want text (put it in quotes), not a list",
    ]


POINT = "  - {{name: more, title: {{en: it, zh: 它}}, {}}}\n"


@pytest.mark.parametrize(
    ("point", "key", "what"),
    [
        ("table: holding, address: 2, type: u16", "address", "another point's"),
        ("table: coil, address: 0, type: bool", "address", "another point's"),
        ("table: holding, address: 65535, type: u32", "address", "ends after 65535"),
        ("table: holding, address: 9, type: bool", "type", "single bits are bool"),
        ("table: discrete, address: 9, type: u16", "type", "single bits are bool"),
        ("table: discrete, address: 9, type: bool, bit: 1", "bit", "0 to 15"),
        ("table: holding, address: 9, type: ascii", "type", "how many registers"),
        ("table: holding, address: 9, type: u16, length: 2", "length", "for ascii, hex and card"),
        ("table: holding, address: 9, type: ascii, length: 11", "length", "one read gives 10 at most"),
        ("table: holding, address: 9, type: event", "type", "what each code sets"),
        ("table: holding, address: 9, codes: {1: {set: [fire]}}", "codes", "for type event"),
        ("table: holding, address: 9, tolerance: 0.1", "tolerance", "only for the values of an f32"),
        ("table: holding, address: 9, values: {1: a}, scale: 2", "values", "either a meaning, or a scale"),
        ("table: holding, address: 9, scale: 0", "scale", "make everything 0"),
        ("table: holding, address: 9, plausible: [5, 5]", "plausible", "first the lowest"),
        ("table: input, address: 9", "table", "function 4 is not among those served (1, 2, 3, 5, 6, 16)"),
        ("table: input, address: 9, access: w", "access", "no function that writes a input"),
        ("table: holding, address: 9, type: bool, bit: 1, access: rw", "access", "without its neighbours"),
        ("table: coil, address: 9, type: bool, access: rw", "table", "in which state it may be left alone"),
        ("table: holding, address: 9, access: w, momentary: true", "momentary", "for coils that are commands"),
        (
            "table: coil, address: 9, type: bool, access: rw, safe: true, pulse: {coil: 99, unit_s: 1}",
            "pulse",
            "whose safe state is off",
        ),
        (
            "table: coil, address: 9, type: bool, access: rw, safe: false, pulse: {coil: 0, unit_s: 1}",
            "pulse",
            "coil 0 is a point of its own",
        ),
    ],
)
def test_a_point_that_contradicts_itself_or_another_is_shown_at_its_key(
    tmp_path: Path, point: str, key: str, what: str
) -> None:
    line = POINT.format(point)
    ((row, column, text),) = mistakes(tmp_path, GOOD + line)
    assert row == len(GOOD.splitlines()) + 1
    assert what in text
    assert line[column - 1 :].startswith("{") or line[: column - 1].rstrip().endswith(f"{key}:")


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ("heartbeat: {point: lvel, still_s: 5}\n", "no point 'lvel' that can be read"),
        ("exact_blocks: [{table: holding, address: 0, count: 2}]\n", "only a part of it is in an exact block"),
        ("exact_blocks: [{table: holding, address: 0, count: 11}]\n", "one read gives 10 at most"),
        ("exact_blocks: [{table: input, address: 0, count: 1}]\n", "function 4 is not served"),
        ("examples: [{request: '01', read: [lvel]}]\n", "no point 'lvel'"),
        ("turnaround_s: 0.5\n", "turnaround_most_s"),
        ("port: {address: 250}\n", "address"),
        ("protocol: jbf_193k\n", "has no registers"),
        ("probes: {rtsp: 554}\n", "for protocol ip_camera"),
        ("identity: [{name: level, title: *t, table: holding, address: 9}]\n", "there is such a point already"),
    ],
)
def test_a_profile_that_contradicts_itself_says_where(tmp_path: Path, more: str, what: str) -> None:
    ((row, _, text),) = mistakes(tmp_path, GOOD + more)
    assert what in text
    assert row > 1


def test_bits_that_run_out_of_their_register_are_a_mistake(tmp_path: Path) -> None:
    flags = "  - {name: 'f{n}', range: [1, 17], title: *t, table: holding, address: 9, type: bool, bit: 0}\n"
    ((row, _, text),) = mistakes(tmp_path, GOOD + flags)
    assert (row, text) == (14, "bit: a bit of a register, 0 to 15")


def test_a_line_for_many_points_is_wrong_once(tmp_path: Path) -> None:
    text = GOOD.replace("table: discrete", "table: coil").replace(
        "address: 0, type: bool, access", "address: 9, type: bool, access"
    )
    load(tmp_path, text)
    ((row, column, _),) = mistakes(tmp_path, text.replace("address: 0, type: bool}", "address: 0, type: u16}"))
    assert (row, GOOD.splitlines()[row - 1][:5]) == (10, "  - {")
    assert column > 5


def test_a_line_for_all_points_there_can_be_is_judged_in_no_time(tmp_path: Path) -> None:
    text = GOOD.replace("range: [1, 4]", "range: [0, 65535]").replace("table: discrete", "table: input")
    wrong = mistakes(tmp_path, text)
    assert {row for row, _, _ in wrong} == {10}
    assert len(wrong) == 2, wrong  # neither bits nor served


def test_the_mistakes_after_a_line_for_many_points_are_at_their_own_lines(tmp_path: Path) -> None:
    ((row, _, text),) = mistakes(tmp_path, GOOD.replace("type: u32", "type: ascii"))
    assert (row, text) == (13, "length: for ascii, hex and card, how many registers they fill")


def test_what_is_merged_from_elsewhere_is_shown_at_its_line(tmp_path: Path) -> None:
    shared = (
        "  - {<<: *many, name: 'x{n}', address: 8}\n  - {<<: *many, name: 'y{n}', address: 100, table: holding}\n"
    )
    text = GOOD.replace('{name: "di{n}"', '&many {name: "di{n}"') + shared
    ((row, _, text),) = mistakes(tmp_path, text)
    assert (row, text.split(":")[0]) == (15, "type")


def test_a_key_without_a_value_is_shown_itself(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD.replace("vendor: nobody", "vendor:")) == [
        (3, 1, "vendor has no value; want text (put it in quotes)")
    ]


def test_a_file_that_bears_another_name_than_its_profile_is_a_mistake(tmp_path: Path) -> None:
    assert mistakes(tmp_path, GOOD, "other") == [(1, 5, "id: the file is called 'other', so is its profile")]


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot read the file"):
        load_profile(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("id: 烟感".encode("gbk"))
    with pytest.raises(ProfileError, match="not valid YAML"):
        load_profile(tmp_path / "gbk.yaml")


def test_an_empty_file_is_no_profile(tmp_path: Path) -> None:
    assert mistakes(tmp_path, "")


def test_a_directory_is_read_by_id(tmp_path: Path) -> None:
    load(tmp_path, GOOD)
    (tmp_path / "README.md").write_text("not a profile")
    assert list(load_profiles(tmp_path)) == ["it"]


ROUNDS = 20
ANYTHING = (
    "",
    "[]",
    "{}",
    "-1",
    "true",
    "x",
    "1.5",
    "1e999",
    "0xFFFF",
    "99999",
    "null",
    "[1, 2]",
    "{a: 1}",
    "[[]]",
    "{n}",
    "门",
)


def shown(file: Path) -> list[tuple[int, int, str]]:
    """What is wrong with a file; of one that is good, that it can be simulated and read."""
    try:
        profile = load_profile(file)
    except ProfileError as error:
        return error.mistakes or [(0, 0, "")]
    unit = ModbusUnit(profile, 1)
    unit.alive = False
    names = [point.name for point in profile.readable_points]
    for block in plan_blocks(profile, names, max_block_s=0.2, character_s=10 / 9600):
        reply = unit.answer(read_request(block.table, block.address, block.count))
        assert reply is not None
        assert reply[0] < 0x80, (block, reply.hex())
    return []


@pytest.mark.parametrize("path", sorted(profiles_dir().glob("*.yaml")), ids=lambda path: path.stem)
def test_whatever_somebody_writes_into_a_profile_is_good_or_a_mistake_with_a_place(
    path: Path, tmp_path: Path
) -> None:
    dice, text = random.Random(path.stem), path.read_text(encoding="utf-8")
    values = list(re.finditer(r"(?<=[:\[,] )[^,:{}\[\]\n]+(?=[,}\]\n])", text))
    file = tmp_path / path.name
    for _ in range(ROUNDS):
        place = dice.choice(values)
        file.write_text(text[: place.start()] + dice.choice(ANYTHING) + text[place.end() :], encoding="utf-8")
        for line, column, said in shown(file):
            assert 1 <= line <= text.count("\n") + 1
            assert column >= 1
            assert said


def test_a_shelf_reads_a_profile_when_it_is_asked_for_and_minds_no_broken_neighbour(tmp_path: Path) -> None:
    for name in ("renke_smoke", "came_gard_ptx"):
        (tmp_path / f"{name}.yaml").write_bytes((profiles_dir() / f"{name}.yaml").read_bytes())
    (tmp_path / "broken.yaml").write_text("id: [")
    shelf = Shelf(tmp_path)
    assert list(shelf) == ["broken", "came_gard_ptx", "renke_smoke"]
    assert shelf["renke_smoke"].id == "renke_smoke"
    assert shelf["renke_smoke"] is shelf["renke_smoke"]
    assert shelf.get("unheard_of") is None
    with pytest.raises(ProfileError, match=r"broken\.yaml:1:"):
        shelf["broken"]


SHAKING = """
exact_blocks: [{table: holding, address: 100, count: 4}]
handshake: {flag: new, value: code, clear: gone}
points:
  - {name: new, title: &t {en: it, zh: 它}, table: holding, address: 100, values: {0: false, 1: true}}
  - {name: code, title: *t, table: holding, address: 102, type: card, length: 2}
  - {name: gone, title: *t, table: coil, address: 7, type: bool, access: rw, safe: false}
"""


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ("flag: new", "flag: code", "want a yes or no"),
        ("value: code", "value: new", "want a card, hex or ascii"),
        ("clear: gone", "clear: new", "want a writable coil"),
        ("count: 4}", "count: 2}", "in one exact block with the value"),
    ],
)
def test_a_handshake_that_cannot_be_kept_is_a_mistake(tmp_path: Path, find: str, put: str, says: str) -> None:
    text = GOOD[: GOOD.index("points:")] + SHAKING
    load(tmp_path, text)
    assert any(says in said for _, _, said in mistakes(tmp_path, text.replace(find, put, 1)))


SAFE = """\
safe_state: {holds: {off_at_start: false}, tripped: fallen}
points:
  - {name: off_at_start, title: &t {en: it, zh: 它}, table: coil, address: 7, type: bool, access: rw, safe: false}
  - {name: fallen, title: *t, table: discrete, address: 1, type: bool}
"""


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        (
            "holds: {off_at_start: false}",
            "holds: {off_at_strat: false}",
            "no point 'off_at_strat' that can be read",
        ),
        ("holds: {off_at_start: false}", "holds: {off_at_start: slow}", "off_at_start never says 'slow'"),
        ("access: rw", "access: w", "no point 'off_at_start' that can be read"),
        ("tripped: fallen", "tripped: felled", "no point 'felled' that can be read"),
    ],
)
def test_a_safe_state_that_cannot_be_read_back_is_a_mistake(
    tmp_path: Path, find: str, put: str, says: str
) -> None:
    text = GOOD[: GOOD.index("points:")] + SAFE
    load(tmp_path, text)
    assert any(says in said for _, _, said in mistakes(tmp_path, text.replace(find, put, 1)))


CAMERA = """
id: it
name: {en: a, zh: 甲}
vendor: any
model: any
kind: camera
protocol: ip_camera
verified: simulator
source: [a paper]
probes: {rtsp: 554}
points:
  - {name: reachable, title: {en: a, zh: 甲}, type: bool}
"""


@pytest.mark.parametrize(
    ("find", "put", "says"),
    [
        ("probes: {rtsp: 554}\n", "", "for protocol ip_camera, the ports"),
        ("name: reachable", "name: reachabel", "tells nothing called 'reachabel'"),
        ("type: bool", "type: f32", "is of type bool"),
        ("type: bool", "type: bool, table: coil", "has no registers"),
        ("type: bool", "type: bool, scale: 2", "has no registers"),
    ],
)
def test_a_protocol_with_words_of_its_own_has_these_and_no_registers(
    tmp_path: Path, find: str, put: str, says: str
) -> None:
    assert any(says in said for _, _, said in mistakes(tmp_path, CAMERA.replace(find, put, 1)))


@pytest.mark.parametrize("key", ["table: holding", "address: 9"])
def test_a_modbus_point_says_where_it_is(tmp_path: Path, key: str) -> None:
    line = POINT.format("table: holding, address: 9")
    assert any(
        "needed: where the value is" in s for _, _, s in mistakes(tmp_path, GOOD + line.replace(key, "mark: seen"))
    )
