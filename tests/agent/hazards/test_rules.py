"""What the shipped rules, and the packs, make of alarms and verdicts; and how long it must last."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.alarms.model import ConditionState, DeviceMemory, Hold, State
from agent.config.hazard_book import BookShelf, books_dir, load_book
from agent.config.rules_load import load_pack, rules_dir
from agent.errors import ConfigError
from agent.hazards import sensed, watch
from agent.hazards.ledger import Ledger
from agent.hazards.model import Status
from agent.hazards.progress import Progress
from agent.hazards.rules import DAY_S, RuleBook
from agent.hazards.settings import HazardSettings
from agent.hazards.sights import Sight, of_devices, of_verdicts, watched_keys, watches_of
from agent.hazards.watch import pending_from_json, pending_to_json
from agent.provisioning.model import IndicatorVerdict, ItemVerdict, Missing, Text, Verdict
from agent.provisioning.pack import Hazard, Indicator, Item, Pack, Worth
from agent.school import Responsible
from agent.site import Device, Kind
from tests.agent.hazards.ledgerbook import FACTS, Machine, Sensor, brought_to, hazard

BOOKS = {path.stem: load_book(path.stem) for path in books_dir().glob("*.yaml")}
NATIONAL = BOOKS["national-2024"]
CHAIN = (Responsible("safety_officer", "李主任", 0.0), Responsible("safety_officer", "代班", 60.0))
ACTIVE = ConditionState(State.UNACKNOWLEDGED)
HELD = ConditionState(hold=Hold("out_of_service", "检修", "王", 1.9e9))
SLEEPING = "detection_where_people_sleep"
CASES: list[tuple[Kind, str, str, str | None]] = [
    ("smoke_detector", "dormitory", "lost", SLEEPING),
    ("smoke_detector", "nap_room", "fault", SLEEPING),
    ("smoke_detector", "canteen", "lost", "smoke_detector_lost"),
    ("smoke_detector", "dormitory", "battery_low", "detector_battery_low"),
    ("smoke_detector", "dormitory", "alarm", None),
    ("fire_sensor", "", "disabled", "smoke_detector_fault"),
    ("fire_panel", "", "1.3.30/disabled", "fire_panel_fault"),
    ("fire_panel", "", "lost", "fire_panel_lost"),
    ("fire_panel", "", "1.3.30/fire", None),
    ("one_key_alarm", "guard_room", "lost", "one_key_alarm_lost"),
    ("one_key_alarm", "guard_room", "pressed", None),
    ("camera", "main_gate", "unreachable", "camera_unreachable"),
    ("power_supply", "", "on_battery", "power_on_battery"),
    ("environment", "", "lost", None),
]


def device(kind: Kind, place: str = "", id: str = "d-1") -> Device:
    return Device(id, kind, "302宿舍烟感", "2号楼三层", place=place)


def seen(kind: Kind, place: str = "", **conditions: ConditionState) -> dict[str, Sight]:
    """The sights of one device with these conditions, by rule."""
    memory = DeviceMemory({key.replace("__", "/"): state for key, state in conditions.items()})
    sights = of_devices(watches_of(NATIONAL, [device(kind, place)], CHAIN), {"d-1": memory}.__getitem__)
    return {sight.finding.facts.rule: sight for sight in sights}


@pytest.mark.parametrize(("kind", "place", "key", "rule"), CASES)
def test_an_alarm_at_a_place_is_one_hazard_or_none(kind: Kind, place: str, key: str, rule: str | None) -> None:
    memory = {"d-1": DeviceMemory({key: ACTIVE})}
    failing = [
        one.finding.facts.rule
        for one in of_devices(watches_of(NATIONAL, [device(kind, place)], CHAIN), memory.__getitem__)
        if one.failing
    ]
    assert failing == ([rule] if rule else [])


def test_a_bedroom_without_detection_is_major_red_and_by_its_clause() -> None:
    found = seen("smoke_detector", "dormitory", lost=ACTIVE)["detection_where_people_sleep"].finding
    facts = found.facts
    assert (facts.grade, facts.colour, facts.mark, facts.source) == ("major", "red", "seen", "sensor")
    assert "教发厅函〔2024〕20号" in facts.clause
    assert (found.duties.role, found.duties.person) == ("safety_officer", "李主任")
    assert found.within_s == DAY_S
    assert "302宿舍烟感" in facts.text.zh


def test_what_was_taken_out_of_service_guards_nobody() -> None:
    sight = seen("smoke_detector", "dormitory", alarm=HELD)["detection_where_people_sleep"]
    assert sight.failing
    assert sight.seen == (("note", "alarm set aside"),)


@pytest.mark.parametrize("name", BOOKS)
def test_every_shipped_book_speaks_of_places_that_some_shipped_pack_has(name: str) -> None:
    places = {place for path in rules_dir().glob("*.yaml") for place in load_pack(path).places}
    assert {place for rule in BOOKS[name].rules for place in rule.watch.places} <= places


HEAD = "id: ours\ntitle: {en: a, zh: b}\nsource: us\nrules:\n"
RULE = """  - id: x
    watch: {kinds: [camera], conditions: [lost]}
    text: {en: a, zh: b}
    category: fire
    grade: general
    colour: blue
    clause: ours
    mark: derived
    role: guard
"""
SOWN = [
    ("id: ours", "id: other", 1, "so is its book"),
    ("kinds: [camera]", "kinds: [camra]", 6, "did you mean 'camera'"),
    ("conditions: [lost]", "conditions: [alarm]", 6, "no condition 'alarm'"),
    (", conditions: [lost]", "", 6, "watches nothing"),
    ("colour: blue", "colour: green", 10, "colour"),
    ("    role: guard", "    rol: guard", 13, "rol"),
    (RULE, RULE + RULE, 14, "earlier one"),
]


@pytest.mark.parametrize(("find", "put", "line", "says"), SOWN)
def test_a_mistake_in_a_book_is_told_at_its_line(
    find: str, put: str, line: int, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(HEAD + RULE)
    assert BookShelf(tmp_path).book("ours").rules[0].id == "x"
    path.write_text((HEAD + RULE).replace(find, put, 1))
    with pytest.raises(ConfigError) as refused:
        BookShelf(tmp_path).book("ours")
    assert any(one.line == line and says in one.what for one in refused.value.mistakes), refused.value.mistakes


# --- packs ------------------------------------------------------------------------------------------


def pack(days: float | None) -> Pack:
    """One item, whose check nobody looks at here; days None: its failure is no hazard."""
    hazard = None
    if days is not None:
        hazard = Hazard(grade="general", colour="orange", category="security", role="guard", days=days)
    item = Item.model_construct(
        id="test_press", clause="notice 3", place="", fix=Text("press it", "测试"), worth=Worth(hazard=hazard)
    )
    return Pack.model_construct(id="p", indicators=(Indicator.model_construct(id="alarm", items=(item,)),))


def verdicts(verdict: Verdict) -> tuple[IndicatorVerdict, ...]:
    missing = (Missing("panic-1", Text("not pressed for 40 days", "40天未测试"), Text("press it", "测试")),)
    title, said = Text("Test press", "按键测试"), Text("said", "说明")
    item = ItemVerdict("test_press", title, "notice 3", "seen", verdict, ("checked_in",), said, 1, 0, missing)
    return (IndicatorVerdict("p", "alarm", Text("Alarm", "报警"), verdict, 0.0, (item,)),)


@pytest.mark.parametrize(("verdict", "failing"), [("met", False), ("not_met", True), ("unknown", None)])
def test_an_item_that_is_worth_a_hazard_fails_as_its_verdict_does(verdict: Verdict, failing: bool | None) -> None:
    (sight,) = of_verdicts(NATIONAL, [pack(3.0)], verdicts(verdict), CHAIN)
    assert sight.failing is failing
    assert sight.finding.key == ("p/alarm", "test_press")
    assert (sight.finding.rectify, sight.finding.within_s) == ("by_date", 3 * DAY_S)
    assert sight.finding.after_s == NATIONAL.unmet_after_s


def test_what_is_not_met_at_once_is_to_be_mended_at_once() -> None:
    (sight,) = of_verdicts(NATIONAL, [pack(0.0)], verdicts("not_met"), CHAIN)
    assert (sight.finding.rectify, sight.finding.within_s) == ("immediate", DAY_S)


def test_an_item_that_is_worth_nothing_opens_nothing() -> None:
    assert not list(of_verdicts(NATIONAL, [pack(None)], verdicts("not_met"), CHAIN))


# --- how long ---------------------------------------------------------------------------------------


def looked(sensor: Sensor, pending: dict[watch.Key, watch.Pending], machine: Machine) -> watch.Looked:
    return watch.look([sensor.sight], Ledger(9).newest, pending, machine.times, machine.now)


def test_a_failure_counts_when_it_has_lasted_and_not_before() -> None:
    machine, sensor = Machine(), Sensor(failing=True)
    first = looked(sensor, {}, machine)
    assert (first.changes, first.next_s) == ((), 600.0)
    machine.s += 599
    assert not looked(sensor, dict(first.pending), machine).changes
    machine.s += 1
    assert looked(sensor, dict(first.pending), machine).changes


def test_a_word_in_between_begins_it_anew_and_no_word_leaves_it_waiting() -> None:
    machine, sensor = Machine(), Sensor(failing=True)
    pending = dict(looked(sensor, {}, machine).pending)
    machine.s += 500
    assert dict(looked(replace(sensor, failing=None), pending, machine).pending) == pending
    assert not looked(replace(sensor, failing=False), pending, machine).pending


def test_a_day_without_a_word_is_a_day_also_where_the_machine_was_off_for_half_of_it() -> None:
    machine, sensor = Machine(), Sensor(failing=True, after_s=DAY_S)
    kept = pending_to_json(looked(sensor, {}, machine).pending)
    machine.off(DAY_S / 2)
    pending = pending_from_json(kept)
    assert not looked(sensor, pending, machine).changes
    machine.s += DAY_S / 2
    assert looked(sensor, pending, machine).changes


def test_what_was_not_watched_for_a_while_is_believed_anew_when_it_lasts() -> None:
    machine, sensor = Machine(), Sensor(failing=True)
    ledger = Ledger(9)
    ledger.enter(ledger.prepared([sensed.unwatched(hazard(machine.moment))]))
    first = watch.look([sensor.sight], ledger.newest, {}, machine.times, machine.now)
    machine.s += 50
    sensor.failing = False
    turned = watch.look([sensor.sight], ledger.newest, first.pending, machine.times, machine.now)
    assert (turned.changes, turned.next_s) == ((), 60.0)


def test_a_hazard_of_a_device_that_is_configured_no_more_is_left_to_people() -> None:
    machine = Machine()
    ledger = Ledger(9)
    kept = hazard(machine.moment, facts=replace(FACTS, rule="camera_unreachable", subject="cam-1"), id="1-x")
    gone = hazard(machine.moment, facts=replace(FACTS, rule="camera_unreachable", subject="cam-2"), id="2-x")
    ledger.enter(ledger.prepared([kept, gone]))
    watched = watched_keys(watches_of(NATIONAL, [device("camera", id="cam-1")], ()), [pack(3.0)])
    assert watched == {("camera_unreachable", "cam-1"), ("p/alarm", "test_press")}
    progress = Progress(ledger, HazardSettings(NATIONAL), (), machine.times, machine.now, str)
    progress.leave_to_people(watched)
    assert list(progress.hazards) == ["2-x"]
    mended = brought_to(Status.CLOSED, machine, progress.hazards["2-x"])
    assert mended.closed_by == "李主任"


@pytest.mark.parametrize(("days", "numbers", "reopened"), [(6.9, ["1-x"], 1), (7.1, ["1-x", "2-x"], 0)])
def test_what_fails_again_soon_after_its_closing_is_the_same_hazard(
    days: float, numbers: list[str], reopened: int
) -> None:
    machine, sensor = Machine(), Sensor(failing=True)
    ledger = Ledger(9)
    closed = brought_to(Status.CLOSED, machine, hazard(machine.moment, id="1-x"))
    ledger.enter(ledger.prepared([closed]))
    machine.s += days * DAY_S
    settings = HazardSettings(NATIONAL, reopen_within_s=7 * DAY_S)
    ids = iter(["2-x"])
    progress = Progress(ledger, settings, (), machine.times, machine.now, lambda _number: next(ids))
    progress.follow([watch.Change(sensor.sight, closed)])
    ledger.enter(ledger.prepared(progress.hazards.values()))
    assert [one.id for one in ledger] == numbers
    newest = ledger.newest(closed.key)
    assert newest is not None
    assert (newest.status, newest.reopened, newest.failing) == (Status.OPEN, reopened, True)


def test_a_ledger_without_room_opens_no_more_and_says_how_many_it_refused() -> None:
    machine = Machine()
    ledger = Ledger(1)
    changes = [
        watch.Change(Sensor(failing=True, facts=replace(FACTS, subject=f"smoke-{n}")).sight, None)
        for n in range(3)
    ]
    progress = Progress(
        ledger, HazardSettings(NATIONAL), (), machine.times, machine.now, lambda number: f"{number + 1}-x"
    )
    progress.follow(changes)
    assert (list(progress.hazards), progress.refused) == (["1-x"], 2)


def test_in_a_full_ledger_what_is_opened_again_takes_the_room_of_what_would_be_new() -> None:
    machine = Machine()
    ledger = Ledger(1)
    closed = brought_to(Status.CLOSED, machine, hazard(machine.moment, id="1-x"))
    ledger.enter(ledger.prepared([closed]))
    new = Sensor(failing=True, facts=replace(FACTS, subject="smoke-9")).sight
    changes = [watch.Change(new, None), watch.Change(Sensor(failing=True).sight, closed)]
    progress = Progress(ledger, HazardSettings(NATIONAL), (), machine.times, machine.now, lambda _number: "2-x")
    progress.follow(changes)
    ledger.enter(ledger.prepared(progress.hazards.values()))
    assert ([(one.id, one.open) for one in ledger], progress.refused) == ([("1-x", True)], 1)


def test_a_short_wait_does_not_wear_out_the_disk() -> None:
    sensor = Sensor(failing=True, after_s=60.0)
    assert pending_to_json(looked(sensor, {}, Machine()).pending) == "[]"


@pytest.mark.parametrize("text", ["", "?", "{}", '[["a"]]'])
def test_waits_that_were_damaged_begin_anew(text: str) -> None:
    assert pending_from_json(text) == {}


def test_a_book_without_rules_is_one_for_packs_alone() -> None:
    assert RuleBook.model_validate({"id": "b", "title": {"en": "b", "zh": "b"}, "source": "ours"}).rules == ()


def test_one_faulty_address_is_general_a_panel_lost_or_silenced_major_as_in_the_rule_packs() -> None:
    one = seen("fire_panel", **{"1.3.30__fault": ACTIVE})
    assert [rule for rule, sight in one.items() if sight.failing] == ["fire_panel_fault"]
    assert (one["fire_panel_fault"].finding.facts.grade, one["fire_panel_fault"].finding.facts.mark) == (
        "general", "derived",
    )  # fmt: skip
    silenced = seen("fire_panel", **{"1.3.30__fire": HELD})
    assert [rule for rule, sight in silenced.items() if sight.failing] == ["fire_panel_lost"]
    assert silenced["fire_panel_lost"].finding.facts.grade == "major"
