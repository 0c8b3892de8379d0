"""Provisioning as people read it: a line for each indicator, and all that stands behind one."""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.cli.words import CLOCKS, folded, moment, table, word
from agent.language import either, later, tr

COLUMNS = 80
VERDICTS: Mapping[str, str] = {"met": later("met"), "not_met": later("NOT MET"), "unknown": later("unknown")}
SOURCES: Mapping[str, str] = {
    "observed": later("observed"),
    "checked_in": later("signed on by people"),
    "declared": later("declared"),
}
MARKS: Mapping[str, str] = {
    "seen": "",
    "seen_draft": later("seen in a draft"),
    "seen_weak": later("seen in a weak source"),
    "derived": later("our own reading"),
    "recall": later("from memory, to be checked"),
    "recall_low": later("from memory, doubtful, to be checked"),
}
COLOURS: Mapping[str, str] = {"met": "32", "not_met": "31;1", "unknown": "33"}
AGES = (
    (2 * 86400, 86400, later("{count} days")),
    (2 * 3600, 3600, later("{count} h")),
    (120, 60, later("{count} min")),
    (0, 1, later("{count} s")),
)


def listed(answer: Mapping[str, Any]) -> Iterator[str]:
    """Each pack with its indicators: verdict, share, age of the oldest evidence, and what is missing first."""
    yield from _head(answer)
    for pack in answer["packs"]:
        yield ""
        yield from folded(f"{pack['id']}: {_both(pack['title'])}", "", COLUMNS)
        own = [one for one in answer["verdicts"] if one["pack"] == pack["id"]]
        head = (tr("indicator"), tr("verdict"), tr("share"), tr("oldest evidence"))
        first, *lines = table([head, *(_row(one) for one in own)])
        yield first
        for line, one in zip(lines, own, strict=True):
            yield coloured(line, one["verdict"])
            yield from folded(_first(one), "   ", COLUMNS)


def about(answer: Mapping[str, Any], what: str, pack: str) -> list[dict[str, Any]]:
    """The verdicts of that indicator (its id, or its topic's name), of that pack; all of them if none is named."""
    subjects = {(one["id"], name): subject for one in answer["packs"] for name, subject in one["subjects"].items()}
    return [
        one
        for one in answer["verdicts"]
        if pack in ("", one["pack"])
        and what in ("", one["indicator"], subjects.get((one["pack"], one["indicator"])))
    ]


def explained(answer: Mapping[str, Any], verdicts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Each indicator with its items: rule, evidence, verdict, what is missing and what would mend it."""
    yield from _head(answer)
    for one in verdicts:
        yield ""
        said = tr(
            "{title}: {verdict}, {share}", title=_both(one["title"]), verdict=_verdict(one), share=_share(one)
        )
        for line in folded(f"{one['pack']} / {one['indicator']}  {said}", "", COLUMNS):
            yield coloured(line, one["verdict"])
        for item in one["items"]:
            yield from _item(item)


def age(seconds: float | None) -> str:
    """In the greatest unit of which there are two; - where there is no evidence."""
    if seconds is None:
        return "-"
    _, unit_s, text = next(row for row in AGES if seconds >= row[0])
    return tr(text, count=int(seconds // unit_s))


def coloured(text: str, verdict: str) -> str:
    """Only on a terminal, and not where somebody has asked for none (no-color.org)."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{COLOURS.get(verdict, '0')}m{text}\x1b[0m"


def status_rows(beat: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A row for each indicator on the status screen."""
    for subject, verdict in beat.get("provision", {}).items():
        yield tr("provisioning"), subject, word(VERDICTS, verdict)


def _head(answer: Mapping[str, Any]) -> Iterator[str]:
    site = answer["site"]
    clock = "" if answer["clock"] == "synchronised" else f" ({word(CLOCKS, answer['clock'])})"
    yield from folded(f"{site['gateway']}  {site['name']}  {moment(answer['now'])}{clock}", "", COLUMNS)
    if site["config_refused"]:
        yield from folded(tr("a new configuration was refused; this is judged by the last good one"), "", COLUMNS)


def _row(one: Mapping[str, Any]) -> tuple[str, ...]:
    return one["indicator"], _verdict(one), _share(one), age(one["oldest_evidence_age_s"])


def _first(one: Mapping[str, Any]) -> str:
    """Its title, and the first thing that is missing."""
    title = _both(one["title"])
    open_items = [item for item in one["items"] if item["verdict"] != "met" and item["force"] == "shall"]
    missing = [each for item in open_items for each in item["missing"]]
    if not missing:
        return title if not open_items else f"{title} · {_both(open_items[0]['said'])}"
    more = tr(" (and {count} more)", count=len(missing) - 1) if len(missing) > 1 else ""
    return f"{title} · {_missing(missing[0])}{more}"


def _missing(one: Mapping[str, Any]) -> str:
    """With its subject, where the text itself does not name it."""
    what = _both(one["what"])
    return what if one["subject"] in what else f"{one['subject']}: {what}"


def _item(item: Mapping[str, Any]) -> Iterator[str]:
    verdict = _verdict(item) if item["required"] else tr("does not apply")
    told = f"{verdict}  {item['id']}: {_both(item['title'])}" + (
        "" if item["force"] == "shall" else tr(" (should be)")
    )
    for line in folded(told, "  ", COLUMNS):
        yield coloured(line, item["verdict"])
    mark = tr(MARKS[item["mark"]]) if MARKS.get(item["mark"], item["mark"]) else ""
    yield from folded(
        tr("rule: {clause}", clause=item["clause"]) + (f" [{mark}]" if mark else ""), "     ", COLUMNS
    )
    yield from folded(_evidence(item), "     ", COLUMNS)
    for one in item["missing"]:
        yield from folded(tr("missing: {what}", what=_missing(one)), "     ", COLUMNS)
    for fix in dict.fromkeys(_both(one["fix"]) for one in item["missing"]):
        yield from folded(tr("to mend it: {fix}", fix=fix), "     ", COLUMNS)


def _evidence(item: Mapping[str, Any]) -> str:
    sources = ", ".join(word(SOURCES, source) for source in item["sources"])
    told = tr("evidence: {said}; {sources}", said=_both(item["said"]), sources=sources)
    old = item["evidence_age_s"]
    return told if old is None else told + tr(", at most {age} old", age=age(old))


def _verdict(one: Mapping[str, Any]) -> str:
    return word(VERDICTS, one["verdict"])


def _share(one: Mapping[str, Any]) -> str:
    return f"{int(one['share'] * 100)}%"  # rounded down: 100 % is only what is whole


def _both(text: Mapping[str, str]) -> str:
    return either(text["en"], text["zh"])
