"""What linkage remembers across a restart, as JSON. Fire wins: a delay that the power cut is over at once."""

import json
from collections.abc import Mapping
from typing import Any, get_args

from agent.alarms.model import Since
from agent.linkage.effects import ACTED
from agent.linkage.model import Effect, EffectMemory, Matrix, Memory, Reset, State
from agent.records import ClockState

UNFINISHED = ("pending", "active", "latched", "blocked")


def memory_to_json(memory: Memory) -> str:
    """What is not idle, and who reset what; times of the loop mean nothing later."""
    kept = {name: _pack(one) for name, one in memory.effects.items() if one.state != "idle" or one.reset}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def memory_from_json(matrix: Matrix, text: str | None, now_s: float) -> Memory:
    """What an earlier run kept, as this one takes it up; what does not fit this configuration is left out.

    Nobody knows when an output was wished last: the pause before its opposite counts from now.
    """
    known = {effect.id: effect for effect in matrix.effects}
    read = {name: _read(known[name], raw, now_s) for name, raw in _kept(text).items() if name in known}
    outputs = (target.output for effect in matrix.effects for target in effect.targets)
    effects = {name: one for name, one in read.items() if one is not None}
    return Memory(effects, dict.fromkeys(outputs, now_s))


def _kept(text: str | None) -> dict[str, Any]:
    try:
        kept = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return kept if isinstance(kept, dict) else {}


def _pack(one: EffectMemory) -> dict[str, Any]:
    packed: dict[str, Any] = {"state": one.state, "why": one.why, "since": _when(one.since)}
    if one.reset is not None:
        packed["reset"] = [one.reset.person, one.reset.reason, _when(one.reset.at)]
    return packed


def _when(since: Since | None) -> list[Any] | None:
    return None if since is None else [since.utc_s, since.clock]


def _read(effect: Effect, raw: Any, now_s: float) -> EffectMemory | None:
    if not isinstance(raw, Mapping) or raw.get("state") not in get_args(State):
        return None
    state, why = _resumed(effect, raw["state"], str(raw.get("why", "")))
    since, reset = _since(raw.get("since")), _reset(raw.get("reset"))
    began_s = None if state == "idle" else now_s - effect.delay_s
    return EffectMemory(state, now_s, began_s, since, why, reset)


def _resumed(effect: Effect, state: State, why: str) -> tuple[State, str]:
    """What saves lives goes on; what is security has had its time: no restart moves anything that closes."""
    if state not in UNFINISHED:
        return state, why
    if effect.priority == "security":
        return "spent", why or ACTED
    if effect.priority == "life" and effect.hold == "reset":
        return ("blocked", why) if state == "blocked" else ("latched", "")
    return ("active", "") if state == "active" else ("idle", "")


def _since(raw: Any) -> Since | None:
    match raw:
        case [int() | float() as utc_s, str() as clock] if clock in get_args(ClockState):
            return Since(float(utc_s), clock)  # type: ignore[arg-type]
    return None


def _reset(raw: Any) -> Reset | None:
    match raw:
        case [str() as person, str() as reason, when] if (at := _since(when)) is not None:
            return Reset(person, reason, at)
    return None
