"""Every shipped pack: it loads, and each of its items can be met, not met and unknown."""

from dataclasses import replace

import pytest

from agent.config.rules_load import load_pack, rules_dir
from agent.provisioning.evaluate import evaluate
from agent.provisioning.model import Evidence, Opening
from agent.provisioning.pack import Item, Pack
from agent.school import Fact, School
from tests.agent.provisioning.schoolyard import NOW_S, at, declared, items, judged, sound, verdicts

PACKS = {path.stem: load_pack(path) for path in sorted(rules_dir().glob("*.yaml"))}
ITEMS = [(pack, item) for pack in PACKS.values() for item in items(pack)]
each_item = pytest.mark.parametrize(("pack", "item"), ITEMS, ids=[f"{p.id}/{i.id}" for p, i in ITEMS])
each_pack = pytest.mark.parametrize("pack", PACKS.values(), ids=PACKS)


def test_the_packs_that_schools_are_promised_are_shipped() -> None:
    assert set(PACKS) >= {"national-2021", "changsha-2019", "gbt-29315-2022", "major-hazards-2024"}
    assert [one.id for one in PACKS["national-2021"].indicators] == [
        "guards", "closed_campus", "alarm_video", "escort_post",
    ]  # fmt: skip
    assert len(PACKS["changsha-2019"].indicators) == 4


@each_pack
def test_a_school_where_everything_is_right_meets_every_indicator_wholly(pack: Pack) -> None:
    for one in evaluate(pack, *sound(pack), at()):
        assert (one.verdict, one.share) == ("met", 1.0), [i for i in one.items if i.verdict != "met"]
        assert one.oldest_evidence_age_s is None or one.oldest_evidence_age_s >= 0


@each_item
def test_an_item_can_be_met(pack: Pack, item: Item) -> None:
    found = judged(pack, *sound(pack))[item.id]
    assert found.verdict == "met", found
    assert found.required == found.fulfilled
    assert found.missing == ()


@each_item
def test_an_item_of_which_nothing_is_known_is_unknown(pack: Pack, item: Item) -> None:
    school, evidence = sound(pack)
    dark = tuple(replace(one, heard=False, age_s=None) for one in evidence.devices)
    found = judged(pack, replace(school, facts={}, windows=()), Evidence(devices=dark))[item.id]
    if not (item.check.count and item.check.count.have.people) and not _asks_for_none(item):
        assert found.verdict == "unknown", found
        assert found.fulfilled < found.required
        assert all(one.what.en and one.what.zh and one.fix.zh for one in found.missing)
        assert found.missing


def _asks_for_none(item: Item) -> bool:
    """`at_least: 0` where there are none: nothing is required."""
    return any(amount.number == 0 for amount in item.check.amounts())


@each_item
def test_an_item_can_fail_and_then_says_what_is_missing_and_what_would_mend_it(pack: Pack, item: Item) -> None:
    found = judged(pack, *_broken(pack, item))[item.id]
    assert found.verdict == "not_met", found
    assert found.fulfilled < found.required
    assert found.missing
    assert found.missing[0].fix == item.fix
    assert found.mark in (item.mark, "recall", "recall_low")


def _broken(pack: Pack, item: Item) -> tuple[School, Evidence]:
    """The sound school, with just this item's evidence against it."""
    school, evidence = sound(pack)
    match item.check.word:
        case "fact":
            condition = item.check.fact
            assert condition is not None
            wrong: Fact = 0.0 if condition.at_least is not None else not condition.equals
            return replace(school, facts=dict(school.facts) | {condition.fact: declared(wrong)}), evidence
        case "count":
            return replace(school, people=(), facts=dict(school.facts) | {"guards": declared(1)}), evidence
        case "on_duty" | "windows":
            return school, replace(evidence, check_ins=())
        case "devices":
            bad = item.check.devices.without[0] if item.check.devices else ""
            devices = tuple(replace(one, active=frozenset({bad}), lost=bad == "lost") for one in evidence.devices)
            return school, replace(evidence, devices=devices)
        case "openings":
            stood = tuple(Opening(one.id, NOW_S - 3000) for one in evidence.devices)
            return school, replace(evidence, openings=stood)
        case "presses":
            return school, replace(evidence, presses=())
        case _:
            down = tuple(replace(way, up=False) for way in evidence.ways)
            return school, replace(evidence, ways=down)


@each_pack
def test_while_the_clock_is_not_synchronised_only_what_needs_no_time_of_day_is_judged(pack: Pack) -> None:
    school, evidence = sound(pack)
    for unsure in ("estimated", "unknown"):
        for name, found in judged(pack, school, evidence, at(clock=unsure)).items():  # type: ignore[arg-type]
            if found.verdict != "unknown":
                assert "declared" not in found.sources, name
                assert found.sources == ("observed",) or name == "guards_named", name


def test_where_nobody_boards_the_dormitory_is_not_asked_for() -> None:
    pack = PACKS["major-hazards-2024"]
    school, _ = sound(pack)
    school = replace(school, facts=dict(school.facts) | {"boarders": declared(0)})
    found = judged(pack, school, Evidence())["dormitory_fire"]
    assert (found.verdict, found.required) == ("met", 0)
    assert "does not apply" in found.said.en
    assert "不适用" in found.said.zh


def test_a_dormitory_without_working_fire_detection_is_a_major_hazard() -> None:
    pack = PACKS["major-hazards-2024"]
    school, _ = sound(pack)
    found = judged(pack, school, Evidence())["dormitory_fire"]
    worth = next(item for item in items(pack) if item.id == "dormitory_fire").worth.hazard
    assert found.verdict == "not_met"
    assert worth is not None
    assert (worth.grade, worth.colour, worth.days) == ("major", "red", 0)
    assert found.clause == "art. 3(1) item 4"


def test_what_only_should_be_is_shown_but_fails_nothing() -> None:
    pack = PACKS["gbt-29315-2022"]
    school, evidence = sound(pack)
    school = replace(school, facts=dict(school.facts) | {"gate_channel": declared(False)})
    gate = next(one for one in evaluate(pack, school, evidence, at()) if one.id == "main_gate")
    assert {item.id: item.verdict for item in gate.items}["gate_channel"] == "not_met"
    assert (gate.verdict, gate.share) == ("met", 1.0)


def test_a_rural_school_need_not_have_the_guards_of_an_urban_one() -> None:
    pack = PACKS["changsha-2019"]
    school, evidence = sound(pack)
    rural = replace(school, facts=dict(school.facts) | {"area": declared("rural"), "guards": declared(0)})
    urban = replace(rural, facts=dict(rural.facts) | {"area": declared("urban")})
    assert verdicts(pack, rural, evidence)["guards_enough"] == "met"
    assert verdicts(pack, urban, evidence)["guards_enough"] == "not_met"


def test_a_school_may_follow_a_local_formula() -> None:
    pack = PACKS["national-2021"]
    school, evidence = sound(pack)
    small = {"pupils": declared(80), "boarders": declared(0), "guards": declared(1)}
    own = replace(school, facts=dict(school.facts) | small)
    beijing = replace(own, facts=dict(own.facts) | {
        "guard_formula": declared("beijing_2018"), "teachers": declared(5), "staff": declared(2),
    })  # fmt: skip
    assert verdicts(pack, own, evidence)["guards_enough"] == "met"
    found = judged(pack, beijing, evidence)["guards_enough"]
    assert (found.verdict, found.required, found.fulfilled) == ("not_met", 3, 1)
    assert "Beijing" in found.said.en


def test_the_share_is_the_mean_of_the_items_by_their_weight() -> None:
    pack = PACKS["national-2021"]
    school, evidence = sound(pack)
    halved = replace(school, facts=dict(school.facts) | {
        "pupils": declared(100), "boarders": declared(0), "guards": declared(1)})  # fmt: skip
    guards = next(one for one in evaluate(pack, halved, evidence, at()) if one.id == "guards")
    assert guards.verdict == "not_met"
    assert guards.share == pytest.approx((2 * 0.5 + 2 * 1.0) / 4)
