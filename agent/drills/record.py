"""What a drill showed: who was reached, how fast, what failed; from its lines to a report. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from agent.drills.model import AlarmLine, Drill, EventLine
from agent.provisioning.model import Text

LINES_MOST = 300  # of each sort; a drill that has more says how many it left out
FAILED = ("failed", "unconfirmed", "lost", "refused", "put_off", "full", "given_up", "dropped", "in_memory")


def with_alarms(drill: Drill, lines: Iterable[AlarmLine]) -> Drill:
    """The drill with these changes too."""
    every = (*drill.alarms, *lines)
    return replace(drill, alarms=every[:LINES_MOST], missed=drill.missed + max(0, len(every) - LINES_MOST))


def with_events(drill: Drill, lines: Iterable[EventLine]) -> Drill:
    """The drill with these events too."""
    every = (*drill.events, *lines)
    return replace(drill, events=every[:LINES_MOST], missed=drill.missed + max(0, len(every) - LINES_MOST))


def report(drill: Drill) -> dict[str, Any]:
    """All of it, for programs and for the page."""
    reached = [_raised(line, drill.alarms) for line in drill.alarms if line.sent.change == "raised"]
    return {
        "id": drill.number,
        "person": drill.person,
        "reason": drill.reason,
        "started": drill.started_utc_s,
        "clock_sure": drill.sure,
        "until": drill.end.until_utc_s,
        "ended": drill.ended_utc_s,
        "stopped_by": drill.stopped_by,
        "confirmed_by": drill.confirmed_by,
        "summary": _summary(reached),
        "raised": reached,
        "changes": [_change(line) for line in drill.alarms],
        "events": [_event(line) for line in drill.events],
        "failed": [{"en": one.en, "zh": one.zh} for one in failures(drill)],
        "missed": drill.missed,
    }


def failures(drill: Drill) -> tuple[Text, ...]:
    """What did not work, in both languages; empty: all of it did."""
    raised = [line for line in drill.alarms if line.sent.change == "raised"]
    found = [_unconfirmed(line) for line in drill.alarms if line.confirmed_after_s is None]
    found += [_unheard(line) for line in raised if _acknowledgement(line, drill.alarms) is None]
    found += [Text(one.text, one.text) for one in drill.events if one.event.rpartition(".")[2] in FAILED]
    if drill.ended_utc_s is not None and not raised:
        found.append(Text("no alarm came", "演练期间没有任何报警"))
    if drill.missed:
        found.append(Text(f"{drill.missed} lines had no room", f"{drill.missed} 条记录超出容量"))
    return tuple(found)


def _acknowledgement(line: AlarmLine, lines: Iterable[AlarmLine]) -> AlarmLine | None:
    """Who has seen it: the first acknowledgement of this very alarm after it was raised."""
    mine = (line.sent.device, line.sent.condition, line.sent.address)
    after = False
    for one in lines:
        if one is line:
            after = True
        elif (
            after
            and one.sent.change == "acknowledged"
            and ((one.sent.device, one.sent.condition, one.sent.address) == mine)
        ):
            return one
    return None


def _raised(line: AlarmLine, lines: Iterable[AlarmLine]) -> dict[str, Any]:
    seen = _acknowledgement(line, lines)
    after_s = None if seen is None else round(max(0.0, seen.seen_utc_s - line.seen_utc_s), 3)
    return {
        **_change(line),
        "acknowledged_by": "" if seen is None else seen.person,
        "acknowledged_after_s": after_s,
    }


def _change(line: AlarmLine) -> dict[str, Any]:
    sent = line.sent
    return {
        "device": sent.device,
        "name": line.name,
        "kind": line.kind,
        "location": line.location,
        "condition": sent.condition,
        "address": sent.address,
        "change": sent.change,
        "priority": line.priority,
        "person": line.person,
        "test": line.test,
        "seen": line.seen_utc_s,
        "clock_sure": line.sure,
        "stored_after_s": line.stored_after_s,
        "confirmed_after_s": line.confirmed_after_s,
        "gone": line.gone,
    }


def _event(line: EventLine) -> dict[str, Any]:
    return {"at": line.at_utc_s, "event": line.event, "text": line.text, "fields": dict(line.fields)}


def _summary(raised: list[dict[str, Any]]) -> Mapping[str, Any]:
    confirmed = [one["confirmed_after_s"] for one in raised if one["confirmed_after_s"] is not None]
    seen = [one["acknowledged_after_s"] for one in raised if one["acknowledged_after_s"] is not None]
    return {
        "raised": len(raised),
        "confirmed": len(confirmed),
        "slowest_confirmed_s": max(confirmed, default=None),
        "acknowledged": len(seen),
        "slowest_acknowledged_s": max(seen, default=None),
    }


def _unconfirmed(line: AlarmLine) -> Text:
    what = f"{line.sent.device} {line.sent.condition} {line.sent.change}"
    if line.gone:
        return Text(f"{what}: lost here; nobody knows whether it got through", f"{what}：记录已丢失，是否送达不明")
    return Text(f"{what}: not confirmed upstream yet", f"{what}：上级平台尚未确认")


def _unheard(line: AlarmLine) -> Text:
    what = f"{line.name} ({line.sent.device} {line.sent.condition})"
    return Text(f"{what}: nobody has acknowledged it", f"{what}：无人确认")
