"""Alarms that nobody acknowledges: since when, and who is to be told of them; pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError

from agent.alarms.kinds import KINDS
from agent.alarms.model import DeviceMemory
from agent.hazards.escalation import Due, due, mark_of, next_s
from agent.hazards.moments import Moment, Times
from agent.records import Instant
from agent.school import Responsible
from agent.site import Device

AlarmKey = tuple[str, str]
"""A device, and its condition as it is filed."""

Chains = Mapping[int, Sequence[Responsible]]


@dataclass(frozen=True, slots=True)
class Wait:
    """An alarm that waits for somebody: `told` are the steps that were, `hushed` those that no longer sound."""

    priority: int
    since: Moment
    told: tuple[str, ...] = ()
    hushed: tuple[str, ...] = ()


_KEPT = TypeAdapter(list[tuple[str, str, Wait]])


def unacknowledged(device: Device, memory: DeviceMemory, chains: Chains) -> Iterator[tuple[AlarmKey, int]]:
    """What is there and of a priority that escalates; what somebody has set aside does not wait."""
    conditions = KINDS[device.kind].conditions
    for key, condition in memory.conditions.items():
        priority = conditions[key.rpartition("/")[2]].priority
        if priority in chains and condition.hold is None and not condition.state.acknowledged:
            yield (device.id, key), priority


def followed(waits: Mapping[AlarmKey, Wait], found: Mapping[AlarmKey, int], now: Moment) -> dict[AlarmKey, Wait]:
    """Who waits still, and who begins to; who was acknowledged waits no more."""
    return {key: waits.get(key, Wait(priority, now)) for key, priority in found.items()}


def calls(
    waits: Mapping[AlarmKey, Wait], chains: Chains, times: Times, now: Instant
) -> Iterator[tuple[AlarmKey, Due]]:
    """Who is to be told of which alarm, now."""
    for key, wait in waits.items():
        for one in due(chains[wait.priority], wait.told, times.passed_s(wait.since, now)):
            yield key, one


def after(waits: Mapping[AlarmKey, Wait], made: Sequence[tuple[AlarmKey, Due]]) -> dict[AlarmKey, Wait]:
    """They were told."""
    then = dict(waits)
    for key, one in made:
        then[key] = replace(then[key], told=(*then[key].told, one.mark))
    return then


def sounds(waits: Mapping[AlarmKey, Wait], chains: Chains) -> bool:
    """Whether somebody was called by the sounder, and nobody has silenced it."""
    return any(_sounding(wait, chains) for wait in waits.values())


def hushed(waits: Mapping[AlarmKey, Wait], chains: Chains) -> dict[AlarmKey, Wait]:
    """A person has silenced it: it sounds again when another step comes, or another alarm."""
    return {
        key: replace(wait, hushed=tuple(dict.fromkeys((*wait.hushed, *_sounding(wait, chains)))))
        for key, wait in waits.items()
    }


def rest_s(waits: Mapping[AlarmKey, Wait], chains: Chains, times: Times, now: Instant) -> float | None:
    """In how long the next step comes; None: none does."""
    rests = (next_s(chains[wait.priority], wait.told, times.passed_s(wait.since, now)) for wait in waits.values())
    return min((rest for rest in rests if rest is not None), default=None)


def to_json(waits: Mapping[AlarmKey, Wait]) -> str:
    """As it is stored."""
    return _KEPT.dump_json([(*key, wait) for key, wait in sorted(waits.items())]).decode()


def from_json(text: str, chains: Chains) -> dict[AlarmKey, Wait]:
    """As it was stored; where it was damaged every wait begins anew."""
    try:
        kept = _KEPT.validate_json(text or "[]")
    except ValidationError:
        return {}
    return {(device, key): wait for device, key, wait in kept if wait.priority in chains}


def _sounding(wait: Wait, chains: Chains) -> list[str]:
    marks = [mark_of(who) for who in chains[wait.priority] if "sounder" in who.channels]
    return [mark for mark in marks if mark in wait.told and mark not in wait.hushed]
