"""Rule packs with the configuration: found, checked, part of the hash, kept with the last good copy."""
# ruff: noqa: E501

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agent.config import load_pack, load_site
from agent.config.last_good import choose, keep
from agent.config.load import load
from agent.config.rules_load import rules_dir
from agent.errors import ConfigError, Mistake
from agent.language import use_language

ROOT = Path(__file__).parents[3]
MINIMAL = (ROOT / "configs" / "gateways" / "minimal.yaml").read_text()
SCHOOL = """
school:
  rules: [national-2021]
  declared_by: 李主任
  declared_on: 2026-09-01
  facts: {pupils: 80}
"""
Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "gateway.yaml"
        path.write_text(text)
        return path

    return written


def mistakes_of(path: Path) -> list[Mistake]:
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    return caught.value.mistakes


def own_pack(beside: Path, **changes: str) -> Path:
    """A copy of a shipped pack under a name of its own, in rules/ beside the gateway's file."""
    text = (rules_dir() / "national-2021.yaml").read_text().replace("id: national-2021", "id: our-own", 1)
    for find, put in changes.items():
        assert find in text
        text = text.replace(find, put, 1)
    (beside / "rules").mkdir(exist_ok=True)
    (beside / "rules" / "our-own.yaml").write_text(text)
    return beside / "rules" / "our-own.yaml"


def test_the_packs_that_a_school_names_are_part_of_the_site_in_its_order(write: Write) -> None:
    two = SCHOOL.replace("[national-2021]", "[major-hazards-2024, national-2021]")
    assert [pack.id for pack in load_site(write(MINIMAL + two)).packs] == ["major-hazards-2024", "national-2021"]
    assert load_site(write(MINIMAL)).packs == ()


def test_a_school_may_have_packs_of_its_own_beside_its_file(write: Write, tmp_path: Path) -> None:
    own_pack(tmp_path)
    site = load_site(write(MINIMAL + SCHOOL.replace("national-2021", "our-own")))
    assert [pack.id for pack in site.packs] == ["our-own"]


def test_its_own_pack_wins_over_one_that_is_shipped(write: Write, tmp_path: Path) -> None:
    path = own_pack(tmp_path)
    path.rename(path.with_name("national-2021.yaml"))
    path = path.with_name("national-2021.yaml")
    path.write_text(
        path.read_text().replace("id: our-own", "id: national-2021").replace("The four 100 %, ", "Ours, ")
    )
    assert load_site(write(MINIMAL + SCHOOL)).packs[0].title.en.startswith("Ours")


@pytest.mark.parametrize(
    ("find", "put", "says", "at"),
    [
        ("[national-2021]", "[national-2020]", "no rule pack 'national-2020'; did you mean 'national-2021'?", "national-2020"),
        ("[national-2021]", "[national-2021, national-2021]", "stands here twice", "national-2021]"),
        ("pupils: 80", "pupls: 80", "no rule of national-2021 asks for 'pupls'; did you mean 'pupils'?", "pupls"),
        ("pupils: 80", "pupils: eighty", "pupils (pupils): want a number", "eighty"),
        ("pupils: 80", "pupils: -1", "want a number", "-1"),
        ("pupils: 80", "pupils: {value: true, on: 2026-09-01}", "want a number", "true"),
        ("pupils: 80", "perimeter_whole: 1", "want true or false", "1}"),
        ("pupils: 80", "guard_rounding: ceiling", "want ceil, floor; did you mean 'ceil'?", "ceiling"),
        ("pupils: 80", "guard_formula: bejing_2018", "did you mean 'beijing_2018'?", "bejing"),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_rules_is_found_at_its_place(
    write: Write, find: str, put: str, says: str, at: str
) -> None:
    text = MINIMAL + SCHOOL.replace(find, put)
    (mistake,) = mistakes_of(write(text))
    assert says in mistake.what
    assert text.splitlines()[mistake.line - 1][mistake.column - 1 :].startswith(at)


def test_a_place_that_no_rule_knows_is_a_mistake_where_the_school_is_judged(write: Write) -> None:
    placed = MINIMAL.replace("kind: one_key_alarm", "kind: one_key_alarm\n    place: gard_room", 1)
    assert "place" in placed
    (mistake,) = mistakes_of(write(placed + SCHOOL))
    assert "no rule pack has the place 'gard_room'; did you mean 'guard_room'?" in mistake.what
    load_site(write(placed))


def test_what_a_rule_asks_for_and_nobody_declares_is_no_mistake(write: Write) -> None:
    load_site(write(MINIMAL + SCHOOL.replace("  facts: {pupils: 80}\n", "")))


def test_every_mistake_of_a_pack_is_told_with_its_own_file_beside_those_of_the_configuration(
    write: Write, tmp_path: Path
) -> None:
    own = own_pack(tmp_path, **{"school_days: 5": "scool_days: 5", "mark: seen\n": "mark: sen\n"})
    found = mistakes_of(
        write(MINIMAL.replace("telemetry_s", "telemetri_s") + SCHOOL.replace("national-2021", "our-own"))
    )
    lines = own.read_text().splitlines()
    said = {mistake.what: mistake for mistake in found if mistake.file == str(own)}
    (typo,) = (one for what, one in said.items() if "did you mean 'school_days'" in what)
    assert lines[typo.line - 1][typo.column - 1 :].startswith("scool_days")
    assert any("did you mean 'seen'" in what for what in said)


SOWN = [
    ("id: our-own", "id: ours", "the file is called 'our-own'", "ours"),
    ("place: guard_room", "place: gard_room", "no place 'gard_room'; did you mean 'guard_room'?", "gard_room"),
    ("role: guard,", "role: gard,", "no role 'gard'; did you mean 'guard'?", "gard"),
    ("kinds: [camera]", "kinds: [camara]", "no kind of device 'camara'; did you mean 'camera'?", "camara"),
    ("without: [lost, tamper,", "without: [lost, tampered,", "no condition of these kinds 'tampered'", "tampered"),
    ("at_least: {fact: gates}", "at_least: {fact: gate}", "no fact 'gate'; did you mean 'gates'?", "gate"),
    ("formula: gbt_29315_2022,", "formula: gbt_29315,", "no formula 'gbt_29315'; did you mean", "gbt_29315,"),
    ("minus: [boarders]", "minus: [borders]", "no fact 'borders'", "borders"),
    ("fact: recording_days, at_least: 30", "fact: perimeter_whole, at_least: 30", "is a bool, not a number", "perimeter"),
    ("equals: true", "equals: 3", "can never be so", "3"),
    ("chosen_by: guard_formula", "chosen_by: guard_rounding", "no formula 'ceil'", "ceil"),
    ("  pupils: {title", "  unused: {title: {en: x, zh: x}, type: bool}\n  pupils: {title", "nothing asks for the fact 'unused'", "{title"),
    ("- id: escort_manned", "- id: guards_enough", "is the id of an earlier one already", "guards_enough"),
    ("id: escort_post", "id: guards", "is the id of an earlier one already", "guards"),
    ("clause: \"escort-post rate\"", "clause: \"x\"\n        force: should", "could not fail", "escort_post"),
    ("fresh_s: 50400", "fresh: 50400", "unknown key 'fresh'; did you mean 'fresh_s'?", "fresh"),
    ("{below: 100, count: 1}", "{below: 100, cuont: 1}", "unknown key 'cuont'; did you mean 'count'?", "cuont"),
    ("grade: general", "grade: generall", "did you mean 'general'?", "generall"),
    ("check: {ways: {at_least: 1}}", "check: {way: {at_least: 1}}", "unknown key 'way'; did you mean 'ways'?", "way"),
    ("zh: 专职保安员配备}", "cn: 专职保安员配备}", "unknown key 'cn'", "cn"),
]  # fmt: skip


@pytest.mark.parametrize(("find", "put", "says", "at"), SOWN, ids=[sown[1][:40] for sown in SOWN])
def test_a_mistake_in_a_pack_is_found_at_its_place(
    tmp_path: Path, find: str, put: str, says: str, at: str
) -> None:
    path = own_pack(tmp_path, **{find: put})
    with pytest.raises(ConfigError) as caught:
        load_pack(path)
    near = [mistake for mistake in caught.value.mistakes if says in mistake.what]
    assert near, [str(mistake) for mistake in caught.value.mistakes]
    lines = path.read_text().splitlines()
    assert any(lines[one.line - 1][one.column - 1 :].startswith(at) for one in near), near


def test_a_pack_that_is_no_yaml_or_not_there_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    with pytest.raises(ConfigError, match="not there"):
        load_pack(path)
    path.write_text("id: [x")
    with pytest.raises(ConfigError, match=r"x\.yaml:1"):
        load_pack(path)
    path.write_text("")
    with pytest.raises(ConfigError, match=r"start from configs/rules/national-2021\.yaml"):
        load_pack(path)


def test_another_rule_is_another_configuration(write: Write, tmp_path: Path) -> None:
    own_pack(tmp_path)
    file = write(MINIMAL + SCHOOL.replace("national-2021", "our-own"))
    before = load_site(file).config_hash
    assert load_site(file).config_hash == before
    own_pack(tmp_path, **{"longest_s: 300": "longest_s: 301"})
    assert load_site(file).config_hash != before


def test_the_last_good_copy_has_its_rules_with_it(write: Write, tmp_path: Path) -> None:
    own_pack(tmp_path)
    good = (
        MINIMAL + SCHOOL.replace("national-2021", "our-own") + f"\nstorage: {{directory: {tmp_path / 'state'}}}\n"
    )
    file = write(good)
    (tmp_path / "state").mkdir()
    keep(tmp_path / "state", file, load(file), (1.79e9, "synchronised"))
    kept = load_site(file)
    shutil.rmtree(tmp_path / "rules")
    choice = choose(file)
    assert choice.site.stand_in is not None
    assert "no rule pack 'our-own'" in choice.site.stand_in.mistakes[0]
    assert choice.site.packs == kept.packs
    assert choice.site.config_hash == kept.config_hash
