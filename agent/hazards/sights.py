"""What the rules see now: each rule at each of its subjects, and what would be opened for it; pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.alarms.model import DeviceMemory
from agent.hazards.model import Duties, Facts, Rectify
from agent.hazards.rules import Rule, RuleBook, deadline_of
from agent.hazards.sensed import Seen
from agent.provisioning.model import IndicatorVerdict, ItemVerdict, Text
from agent.provisioning.pack import Item, Pack
from agent.school import Responsible
from agent.site import Device

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule makes of its subject: it must fail for `after_s`, and be well for `settle_s`."""

    facts: Facts
    duties: Duties
    rectify: Rectify
    within_s: float
    after_s: float
    settle_s: float

    @property
    def key(self) -> Key:
        """Its rule and its subject."""
        return self.facts.rule, self.facts.subject


@dataclass(frozen=True, slots=True)
class Sight:
    """How it is now; `failing` None: nobody can tell, so nothing moves."""

    finding: Finding
    failing: bool | None
    seen: Seen = ()


Watches = Sequence[tuple[Device, Sequence[tuple[Rule, Finding]]]]
"""Every device that a rule watches, with those rules and what each would find."""


def watches_of(book: RuleBook, devices: Iterable[Device], chain: Iterable[Responsible]) -> Watches:
    """Worked out once: what is configured does not change while the gateway runs."""
    names = {who.role: who.name for who in reversed(tuple(chain))}
    found = [
        (device, [(rule, _found(rule, device, names)) for rule in book.rules if _watches(rule, device)])
        for device in devices
    ]
    return [(device, rules) for device, rules in found if rules]


def of_devices(watches: Watches, memories: Callable[[str], DeviceMemory]) -> Iterator[Sight]:
    """How each stands; what an earlier rule makes of a condition, no later one does."""
    for device, rules in watches:
        memory, taken = memories(device.id), set[str]()
        for rule, finding in rules:
            causes = [one for one in _causes(rule, memory) if one not in taken]
            taken.update(causes)
            yield Sight(finding, bool(causes), tuple(("note", one) for one in causes[:MISSING_MOST]))


def watched_keys(watches: Watches, packs: Iterable[Pack]) -> frozenset[Key]:
    """What this configuration can tell anything of."""
    rules = {finding.key for _, rules in watches for _, finding in rules}
    items = ((pack, one, item) for pack in packs for one in pack.indicators for item in one.items)
    return frozenset(rules | {(f"{p.id}/{one.id}", item.id) for p, one, item in items if item.worth.hazard})


def of_verdicts(
    book: RuleBook, packs: Iterable[Pack], verdicts: Iterable[IndicatorVerdict], chain: Iterable[Responsible]
) -> Iterator[Sight]:
    """Every item of a pack whose failure is worth a hazard; unknown is not mended, and not broken."""
    names = {who.role: who.name for who in reversed(tuple(chain))}
    items = {(pack.id, one.id, item.id): item for pack in packs for one in pack.indicators for item in one.items}
    for verdict in verdicts:
        for said in verdict.items:
            item = items.get((verdict.pack, verdict.id, said.id))
            if item is not None and item.worth.hazard is not None:
                failing = None if said.verdict == "unknown" else said.verdict == "not_met"
                finding = _unmet(book, f"{verdict.pack}/{verdict.id}", item, said, names)
                yield Sight(finding, failing, tuple(("note", one.what.en) for one in said.missing[:MISSING_MOST]))


MISSING_MOST = 8  # of an item are referred to; the verdict itself has them all


def _watches(rule: Rule, device: Device) -> bool:
    places = rule.watch.places
    return device.kind in rule.watch.kinds and (not places or device.place in places)


def _causes(rule: Rule, memory: DeviceMemory) -> list[str]:
    """Which of its conditions are there, as they are filed."""
    watch, found = rule.watch, []
    for key, condition in memory.conditions.items():
        name = key.rpartition("/")[2]
        held = condition.hold is not None and condition.hold.kind in ("out_of_service", "suppressed")
        if (name in watch.conditions and condition.state.active) or (watch.out_of_service and held):
            found.append(f"{key} set aside" if held and name not in watch.conditions else key)
    return sorted(found)


def _found(rule: Rule, device: Device, names: Mapping[str, str]) -> Finding:
    where = f" ({device.location})" if device.location else ""
    facts = Facts(
        source="sensor",
        found_by="gateway",
        text=Text(f"{rule.text.en}: {device.name}{where}", f"{rule.text.zh}：{device.name}{where}"),
        place=device.place,
        location=device.location,
        device=device.id,
        category=rule.category,
        grade=rule.grade,
        colour=rule.colour,
        rule=rule.id,
        subject=device.id,
        clause=rule.clause,
        mark=rule.mark,
    )
    measure = "" if rule.measure is None else f"{rule.measure.zh} / {rule.measure.en}"
    duties = Duties(rule.role, names.get(rule.role, ""), rule.supervisor, measure)
    return Finding(facts, duties, rule.rectify, rule.within_s, rule.after_s, rule.settle_s)


def _unmet(book: RuleBook, where: str, item: Item, said: ItemVerdict, names: Mapping[str, str]) -> Finding:
    worth = item.worth.hazard
    assert worth is not None  # only such items are asked for
    facts = Facts(
        source="sensor",
        found_by="gateway",
        text=said.title,
        place=item.place,
        category=worth.category,
        grade=worth.grade,
        colour=worth.colour,
        rule=where,
        subject=item.id,
        clause=item.clause,
        mark=said.mark,
    )
    duties = Duties(worth.role, names.get(worth.role, ""), measure=f"{item.fix.zh} / {item.fix.en}")
    return Finding(facts, duties, *deadline_of(item), book.unmet_after_s, 0.0)
