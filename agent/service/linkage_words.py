"""What linkage tells: the events of effects and outputs, and the retained message of an effect."""

from collections.abc import Iterator, Mapping
from typing import Any

from agent.linkage.answer import NOBODY, Switched, output_name, said
from agent.linkage.evaluate import of_fire
from agent.linkage.model import (
    Alarm,
    Cause,
    Decision,
    Effect,
    EffectChange,
    EffectMemory,
    Matrix,
    OutputName,
    View,
)
from agent.linkage.truth import FIRE, leaves, truth
from agent.records import ClockState
from agent.service.journal import Note
from agent.service.linkage_outputs import News
from agent.uplink.linkage_message import LinkageData, LinkageOutput, LinkageReleased

ACTING = ("active", "latched")


def notes_of(matrix: Matrix, changes: tuple[EffectChange, ...], view: View) -> Iterator[Note]:
    """What the effects themselves do; that a cause has gone of what stays is no news."""
    known = {effect.id: effect for effect in matrix.effects}
    for change in changes:
        if (told := _told(change)) is None:
            continue
        effect = known[change.effect]
        fields = {
            "effect": effect.id,
            "priority": effect.priority,
            "fire": of_fire(effect),
            "why": change.why,
            "causes": seen_in(effect.cause, view),
            "outputs": [output_name(target.output) for target in effect.targets],
            "dry_run": matrix.dry_run,
        }
        text = f"{effect.id} {told[1]}" + (f": {change.why}" if change.why else "")
        yield told[0], _dry(text) if matrix.dry_run else text, fields


def _told(change: EffectChange) -> tuple[str, str] | None:
    """The event's name and its verb; None where nobody needs to know."""
    if change.after in ACTING and change.before not in ACTING:
        return "linkage.triggered", "acts"
    if change.after == "blocked":
        return "linkage.blocked", "must not act"
    if change.before in ACTING and change.after in ("idle", "spent"):
        return "linkage.ended", "has ended"
    return None


def _dry(text: str) -> str:
    """Nothing is commanded, and nobody shall believe that it was."""
    return "dry run: " + text.replace(" acts", " would act")


def restored(effect: str, memory: EffectMemory, *, dry_run: bool = False) -> Note:
    """It acted before the restart, and goes on."""
    fields = {
        "effect": effect,
        "state": memory.state,
        "since": None if memory.since is None else memory.since.utc_s,
    }
    text = f"{effect} acts again as before the restart"
    return "linkage.restored", _dry(text) if dry_run else text, fields


def prealarm(matrix: Matrix, view: View) -> Note:
    """One detector alone: people look, nothing opens."""
    seen = sorted({key for cause in _fire_causes(matrix, view) for key in seen_in(cause, view)})
    text = "a single detector tells of a fire; a second one or a call point would confirm it"
    return "linkage.prealarm", text, {"causes": seen}


def _fire_causes(matrix: Matrix, view: View) -> Iterator[Cause]:
    yield from matrix.fire.detectors
    yield from matrix.fire.call_points
    panels = ((panel, key) for panel in matrix.fire.panels for key in view.active.get(panel, ()))
    yield from (Alarm(panel, key) for panel, key in panels if key.rpartition("/")[2] == FIRE)


def output_note(news: News) -> Note:
    """It is so, or it must be taken for not so."""
    wish, name = news.pursuit.wish, output_name(news.output)
    device = "" if wish.feedback is None else wish.feedback.device
    fields = {"effect": wish.effect, "output": name, "device": device, "after_s": round(news.after_s, 2)}
    if news.pursuit.fault:
        why = news.pursuit.fault
        return "linkage.failed", f"{wish.effect}: {name} is not as it shall be: {why}", {**fields, "why": why}
    return "linkage.confirmed", f"{wish.effect}: {name} is as it shall be", fields


def reset_note(effect: str, person: str, reason: str) -> Note:
    """Who released what."""
    return "linkage.reset", f"{person} has reset {effect}", {"effect": effect, "person": person, "reason": reason}


def seen_in(cause: Cause, view: View) -> list[str]:
    """The alarms and contacts of a cause that are so."""
    return [said(one) for one in leaves(cause) if truth(one, view)]


def linkage_data(
    effect: Effect, decision: Decision, switched: Mapping[OutputName, Switched], *, dry_run: bool
) -> dict[str, Any]:
    """The retained message of an effect."""
    now = decision.memory.of(effect.id)
    data = LinkageData(
        effect=effect.id,
        priority=effect.priority,
        state=now.state,
        why=now.why,
        since=None if now.since is None else now.since.utc_s,
        clock=None if now.since is None else now.since.clock,
        dry_run=dry_run,
        outputs=list(_outputs(effect, decision, switched)),
        reset=_released(now),
    )
    return data.model_dump(mode="json")


def _outputs(
    effect: Effect, decision: Decision, switched: Mapping[OutputName, Switched]
) -> Iterator[LinkageOutput]:
    acting = decision.memory.of(effect.id).acting
    for target in effect.targets:
        wish = decision.outputs.get(target.output)
        wished = wish is not None and wish.effect == effect.id
        became = switched.get(target.output, NOBODY) if wished else NOBODY
        yield LinkageOutput(
            output=output_name(target.output),
            device=target.device,
            wished=wished,
            commanded=bool(became.commanded),
            confirmed=bool(became.confirmed),
            fault=became.fault or "",
            held_back=decision.held_back.get(target.output, "") if acting else "",
        )


def _released(now: EffectMemory) -> LinkageReleased | None:
    if now.reset is None:
        return None
    clock: ClockState = now.reset.at.clock
    return LinkageReleased(person=now.reset.person, reason=now.reset.reason, at=now.reset.at.utc_s, clock=clock)
