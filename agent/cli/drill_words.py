"""Drills, tests and what they showed, as people read it at a terminal."""

from collections.abc import Iterator
from typing import Any

from agent.cli.words import folded, moment, table, title
from agent.language import either, tr

COLUMNS = 80


def practice(beat: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Rows of the status screen: a drill that is on, and tests that are due."""
    if drill := beat.get("drill"):
        until = moment(drill["until"])
        told = tr("until {until} by {person}: {reason}", **{**drill, "until": until})
        yield tr("DRILL"), str(drill["drill"]), told
    for device in beat.get("tests_due", []):
        yield tr("test"), device, tr("is due: campusgw drill press {device}", device=device)


def listed(answer: dict[str, Any]) -> list[str]:
    """Drills, then one-key alarms with their last test."""
    return [*_drills(answer), "", *_tests(answer["tests"])]


def _drills(answer: dict[str, Any]) -> Iterator[str]:
    if not answer["drills"]:
        yield tr("there was no drill yet")
        return
    head = (tr("drill"), tr("began"), tr("alarms"), tr("who and why"))
    rows = [head]
    for drill in reversed(answer["drills"]):
        on = tr(" (on until {until})", until=moment(drill["until"])) if drill["id"] == answer["active"] else ""
        why = f"{drill['person']}: {drill['reason']}{on}"
        rows.append((str(drill["id"]), moment(drill["started"]), str(drill["raised"]), why))
    for line in table(rows):
        yield from folded(line, "", COLUMNS)


def _tests(tests: list[dict[str, Any]]) -> Iterator[str]:
    if not tests:
        yield tr("no one-key alarm is configured")
        return
    rows = [(tr("one-key alarm"), tr("last test"), tr("next"))]
    for one in tests:
        last = tr("never") if one["tested"] is None else moment(one["tested"])
        rows.append((one["device"], last, _next(one)))
    yield from table(rows)


def _next(one: dict[str, Any]) -> str:
    if one["announced_by"]:
        return tr("announced by {person}: press it now", person=one["announced_by"])
    return tr("DUE: campusgw drill press {device}", device=one["device"]) if one["due"] else tr("not due")


def reported(report: dict[str, Any]) -> list[str]:
    """Who was reached, how fast, what failed."""
    lines = [line for told in _head(report) for line in folded(told, "", COLUMNS)]
    for one in report["raised"]:
        for told in _raised(one, report["confirmed_by"]):
            lines += folded(told, "", COLUMNS)
    for event in report["events"]:
        lines += folded(f"{moment(event['at'])}  {event['event']}: {event['text']}", "", COLUMNS)
    failed = [either(one["en"], one["zh"]) for one in report["failed"]]
    lines.append(tr("what failed:") if failed else tr("nothing failed"))
    for text in failed:
        lines += folded(f"  - {text}", "", COLUMNS)
    return lines


def _head(report: dict[str, Any]) -> Iterator[str]:
    yield tr("drill {id}: {reason}", id=report["id"], reason=report["reason"])
    yield tr("announced by {person}, {started}", person=report["person"], started=moment(report["started"]))
    if report["ended"] is None:
        yield tr("is on until {until}", until=moment(report["until"]))
    elif report["stopped_by"]:
        yield tr("ended {ended} by {person}", ended=moment(report["ended"]), person=report["stopped_by"])
    else:
        yield tr("ended {ended}, in its time", ended=moment(report["ended"]))
    summary = report["summary"]
    yield tr("alarms: {raised}, confirmed {confirmed}, acknowledged {acknowledged}", **summary)


def _raised(one: dict[str, Any], confirmed_by: str) -> Iterator[str]:
    what = title(one["kind"], one["condition"])
    where = " ".join(part for part in (one["device"], one["address"], what) if part)
    yield f"{moment(one['seen'])}  {where} · {one['name']}"
    yield "  " + tr("stored after {seconds:.3f} s", seconds=one["stored_after_s"])
    if one["confirmed_after_s"] is None:
        yield "  " + tr("NOT CONFIRMED upstream")
    elif confirmed_by == "platform":
        yield "  " + tr("confirmed by the platform after {seconds:.1f} s", seconds=one["confirmed_after_s"])
    else:
        yield "  " + tr("confirmed by the broker after {seconds:.1f} s", seconds=one["confirmed_after_s"])
    if one["acknowledged_after_s"] is None:
        yield "  " + tr("NOBODY has acknowledged it")
    else:
        yield "  " + tr("acknowledged by {person} after {seconds:.0f} s",
                        person=one["acknowledged_by"], seconds=one["acknowledged_after_s"])  # fmt: skip
