"""Words of the hazard ledger, as people read them at a terminal."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.cli.words import folded, moment, padded, table, width, word
from agent.language import either, later, tr

COLUMNS = 80
STATUSES: Mapping[str, str] = {
    "open": later("open"),
    "assigned": later("assigned"),
    "rectifying": later("being rectified"),
    "awaiting_recheck": later("awaits re-check"),
    "closed": later("closed"),
}
COLOURS: Mapping[str, str] = {
    "red": later("red"),
    "orange": later("orange"),
    "yellow": later("yellow"),
    "blue": later("blue"),
}
GRADES: Mapping[str, str] = {"major": later("major"), "general": later("general")}
SOURCES: Mapping[str, str] = {
    "sensor": later("sensor"),
    "self_check": later("self-check"),
    "inspection": later("inspection"),
    "report": later("report"),
}
STEPS: Mapping[str, str] = {
    "open": later("found"),
    "assign": later("assigned"),
    "start": later("rectification begun"),
    "done": later("reported done"),
    "accept": later("accepted, closed"),
    "reject": later("rejected"),
    "note": later("noted"),
    "recover": later("the gateway sees it recovered"),
    "reopen": later("the gateway sees it fail again"),
}
_PAINT = {"red": "31", "orange": "38;5;208", "yellow": "33", "blue": "34"}


def painted(colour: str, text: str) -> str:
    """The text in that colour, where a terminal shows colours."""
    paint = _PAINT.get(colour)
    if paint is None or not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"\033[{paint}m{text}\033[0m"


def listed(hazards: Sequence[Mapping[str, Any]]) -> list[str]:
    """A header, and of every hazard a line to type from and, further in, what it is."""
    head = (tr("hazard"), tr("colour"), tr("grade"), tr("status"), tr("until"))
    first, *typed = table([head, *map(_typed, hazards)])
    lines = [first]
    for line, hazard in zip(typed, hazards, strict=True):
        lines.append(painted(hazard["colour"], line))
        lines += folded(_what(hazard), "   ", COLUMNS)
        lines += [one for text in _who(hazard) for one in folded(text, "   ", COLUMNS)]
    return lines


def _typed(hazard: Mapping[str, Any]) -> tuple[str, ...]:
    status = word(STATUSES, hazard["status"])
    until = "-" if hazard["status"] == "closed" else moment(hazard["deadline"]["at"])[:16]
    late = " " + tr("OVERDUE") if hazard["overdue"] else ""
    cells = (word(COLOURS, hazard["colour"]), word(GRADES, hazard["grade"]), status)
    return (hazard["id"], *cells, until + late)


def _what(hazard: Mapping[str, Any]) -> str:
    parts = [either(hazard["text"]["en"], hazard["text"]["zh"]), hazard["place"]]
    return " · ".join(part for part in parts if part)


def _who(hazard: Mapping[str, Any]) -> Iterator[str]:
    who = " ".join(part for part in (hazard["role"], hazard["person"]) if part)
    if who:
        yield tr("responsible: {who}", who=who)
    if hazard["reopened"]:
        yield tr("reopened: {times}", times=hazard["reopened"])


def shown(hazard: Mapping[str, Any]) -> list[str]:
    """All of one hazard."""
    named = [(name, text) for name, text in _named(hazard) if text]
    most = max(width(name) for name, _ in named)
    lines = []
    for name, text in named:
        first, *rest = folded(text, " " * (most + 2), COLUMNS)
        lines += [padded(name, most) + "  " + first.strip(), *rest]
    lines += ["", tr("history:"), *(one for step in hazard["steps"] for one in folded(_step(step), "  ", COLUMNS))]
    if hazard["evidence"]:
        lines += ["", tr("evidence:")]
        for one in hazard["evidence"]:
            lines += folded(f"{one['sort']}: {one['ref']}", "  ", COLUMNS)
    return lines


def _named(hazard: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    until = moment(hazard["deadline"]["at"]) + (" " + tr("OVERDUE") if hazard["overdue"] else "")
    failing = {True: tr("still failing"), False: tr("recovered")}.get(hazard["failing"], "")
    yield tr("hazard"), hazard["id"]
    yield tr("what"), either(hazard["text"]["en"], hazard["text"]["zh"])
    yield tr("colour"), word(COLOURS, hazard["colour"]) + ", " + word(GRADES, hazard["grade"])
    yield tr("status"), word(STATUSES, hazard["status"])
    yield tr("sensor says"), failing
    yield tr("until"), until
    yield tr("found"), f"{_when(hazard['found'])} {hazard['found_by']} ({word(SOURCES, hazard['source'])})"
    yield tr("place"), " ".join(part for part in (hazard["place"], hazard["location"]) if part)
    yield tr("device"), hazard["device"]
    yield tr("clause"), hazard["clause"] + (f" [{hazard['mark']}]" if hazard["mark"] else "")
    yield tr("responsible"), " ".join(part for part in (hazard["role"], hazard["person"]) if part)
    yield tr("supervisor"), hazard["supervisor"]
    yield tr("measure"), hazard["measure"]
    yield tr("funds"), hazard["funds"]
    yield tr("contingency"), hazard["contingency"]
    yield tr("reopened"), str(hazard["reopened"] or "")
    if (closed := hazard["closed"]) is not None:
        yield tr("closed"), f"{_when(closed['at'])} {closed['by']}"


def _step(step: Mapping[str, Any]) -> str:
    parts = (_when(step["at"]), word(STEPS, step["action"]), step["person"], step["text"])
    return "  ".join(part for part in parts if part)


def _when(at: Mapping[str, Any]) -> str:
    """With a question mark where the clock was not right."""
    return moment(at["at"]) + ("" if at["clock"] == "synchronised" else " ?")
