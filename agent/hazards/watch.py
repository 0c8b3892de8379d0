"""What lasts long enough to count: since when each rule sees another word than its hazard believes; pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from agent.hazards.model import Hazard
from agent.hazards.moments import Moment, Times
from agent.hazards.sights import Key, Sight
from agent.records import Instant

_KEPT = TypeAdapter(list[tuple[str, str, bool, Moment]])

KEEP_FROM_S = 300.0  # a wait that is shorter begins anew after a restart, and need not wear out the disk


@dataclass(frozen=True, slots=True)
class Pending:
    """It has been failing, or well again, since then; `keep`: so long that a restart must not forget it."""

    failing: bool
    since: Moment
    keep: bool


@dataclass(frozen=True, slots=True)
class Change:
    """It has lasted: the sight, and the newest hazard of its key, if there is one."""

    sight: Sight
    hazard: Hazard | None


@dataclass(frozen=True, slots=True)
class Looked:
    """What has changed, what waits still, and in how long to look again."""

    changes: tuple[Change, ...]
    pending: Mapping[Key, Pending]
    next_s: float | None


def look(
    sights: Iterable[Sight],
    newest: Callable[[Key], Hazard | None],
    pending: Mapping[Key, Pending],
    times: Times,
    now: Instant,
) -> Looked:
    """Compare what is seen with what is believed; what nobody can tell changes nothing."""
    changes, waits, next_s = list[Change](), dict[Key, Pending](), list[float]()
    for sight in sights:
        key = sight.finding.key
        hazard, before = newest(key), pending.get(key)
        if sight.failing is None:
            waits |= {} if before is None else {key: before}
            continue
        if sight.failing == _believed(hazard):
            continue
        need_s = _needs_s(sight, hazard)
        if before is None or before.failing != sight.failing:
            before = Pending(sight.failing, times.moment(now), need_s >= KEEP_FROM_S)
        left_s = need_s - times.passed_s(before.since, now)
        if left_s <= 0:
            changes.append(Change(sight, hazard))
        else:
            next_s.append(left_s)
        waits[key] = before  # until what follows is stored
    return Looked(tuple(changes), waits, min(next_s, default=None))


def _believed(hazard: Hazard | None) -> bool | None:
    if hazard is None:
        return False
    return hazard.failing if hazard.open else bool(hazard.failing)


def _needs_s(sight: Sight, hazard: Hazard | None) -> float:
    """A new failure as long as its rule says; a mend, or one that did not hold, has settled sooner."""
    fresh = hazard is None or not hazard.open
    return sight.finding.after_s if sight.failing and fresh else sight.finding.settle_s


def pending_to_json(pending: Mapping[Key, Pending]) -> str:
    """What a restart must not forget."""
    kept = [(*key, one.failing, one.since) for key, one in sorted(pending.items()) if one.keep]
    return _KEPT.dump_json(kept).decode()


def pending_from_json(text: str) -> dict[Key, Pending]:
    """What was kept; nothing where it was damaged: then every wait begins anew."""
    try:
        kept = _KEPT.validate_json(text or "[]")
    except ValidationError:
        return {}
    return {(rule, subject): Pending(failing, since, True) for rule, subject, failing, since in kept}
