"""From a rule pack, the school's declaration and the evidence to verdicts. Pure; the time is an argument."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from agent.provisioning import said
from agent.provisioning.case import CannotTell, Case, Found
from agent.provisioning.check_declared import count, fact, title_of
from agent.provisioning.check_devices import devices, openings, ways
from agent.provisioning.check_people import on_duty, presses, windows
from agent.provisioning.condition import Condition, Undeclared
from agent.provisioning.model import Evidence, IndicatorVerdict, ItemVerdict, Missing, Source, Verdict
from agent.provisioning.pack import Indicator, Item, Pack
from agent.records import Instant
from agent.school import School

CHECKS: Mapping[str, Callable[[Case, Any], Found]] = {
    "fact": fact,
    "count": count,
    "on_duty": on_duty,
    "devices": devices,
    "openings": openings,
    "presses": presses,
    "ways": ways,
    "windows": windows,
}


def evaluate(pack: Pack, school: School, evidence: Evidence, now: Instant) -> tuple[IndicatorVerdict, ...]:
    """Every indicator of the pack. Unknown is never met; a `should` never makes an indicator fail."""
    return tuple(
        _indicator(pack, indicator, [_item(Case(pack, item, school, evidence, now)) for item in indicator.items])
        for indicator in pack.indicators
    )


def _indicator(pack: Pack, indicator: Indicator, items: Iterable[ItemVerdict]) -> IndicatorVerdict:
    judged = tuple(items)
    weighed = [
        (one, item.worth.weight)
        for one, item in zip(judged, indicator.items, strict=True)
        if item.force == "shall" and one.required
    ]
    weight = sum(weight for _, weight in weighed)
    got = sum(weight * one.fulfilled / one.required for one, weight in weighed)
    ages = [one.evidence_age_s for one in judged if one.evidence_age_s is not None]
    return IndicatorVerdict(
        pack=pack.id,
        id=indicator.id,
        title=indicator.title,
        verdict=_of_all(one.verdict for one in judged if one.force == "shall"),
        share=got / weight if weight else 1.0,
        items=judged,
        oldest_evidence_age_s=max(ages, default=None),
    )


def _of_all(verdicts: Iterable[Verdict]) -> Verdict:
    given = set(verdicts)
    return "not_met" if "not_met" in given else "unknown" if "unknown" in given else "met"


def _item(case: Case) -> ItemVerdict:
    item, found = case.item, _found(case)
    declared_s = case.declared_age_s()
    ages = [age for age in (found.age_s, declared_s) if age is not None]
    return ItemVerdict(
        id=item.id,
        title=item.title,
        clause=item.clause,
        mark=case.mark(),
        verdict=found.verdict,
        sources=_sources(item, bool(case.facts.read)),
        said=found.said,
        required=found.required,
        fulfilled=found.fulfilled,
        missing=found.missing,
        evidence_age_s=max(ages, default=None),
        force=item.force,
    )


def _found(case: Case) -> Found:
    try:
        outside = next((one for one in case.item.scope if not one.holds(case.facts)), None)
        if outside is not None:
            return _does_not_apply(case, outside)
        word = case.item.check.word
        return CHECKS[word](case, getattr(case.item.check, word))
    except Undeclared as error:
        return _unknown(case.undeclared(error.fact))
    except CannotTell as error:
        return _unknown(error.why)


def _unknown(why: Missing) -> Found:
    return Found("unknown", 1, 0, why.what, (why,))


def _does_not_apply(case: Case, outside: Condition) -> Found:
    one = case.facts[outside.fact]
    told = said.declared(title_of(case, outside.fact), one.value, one.by, one.on)
    return Found("met", 0, 0, said.text("does not apply here; {told}", "不适用；{told}", told=told))


def _sources(item: Item, facts_read: bool) -> tuple[Source, ...]:
    own = item.check.source
    return (own, "declared") if facts_read and own != "declared" else (own,)
