"""What whoever looks at the status must read first: alarms that nobody upstream has confirmed, and the sounder."""

from collections.abc import Iterator
from typing import Any

from agent.cli.words import title
from agent.language import tr

Row = tuple[str, str, str]


def is_urgent(answer: dict[str, Any]) -> bool:
    """A person on the spot has something to do."""
    return bool(answer.get("unconfirmed") or answer.get("sounder", {}).get("fault"))


def urgent(answer: dict[str, Any]) -> Iterator[Row]:
    """The first rows of the screen; none when all is well."""
    for alarm in answer.get("unconfirmed", []):
        yield tr("ALARM"), "", _said(alarm)
    if answer.get("unconfirmed"):
        yield "", "", tr("call for help yourself: police 110, fire 119")
    sounder = answer.get("sounder", {})
    if sounder.get("fault"):
        yield tr("sounder"), sounder["point"], tr("cannot be switched: {why}", why=sounder["fault"])
    elif sounder.get("sounding"):
        yield tr("sounder"), sounder["point"], tr("is on; campusgw alarm silence --person NAME ends it")


def _said(alarm: dict[str, Any]) -> str:
    what = title(alarm["kind"], alarm["condition"])
    where = " · ".join(part for part in (alarm["name"], alarm["location"], alarm["address"]) if part)
    if alarm["since_s"] is None:
        return tr("NOT confirmed by the platform: {where}: {what}", where=where, what=what)
    return tr("NOT confirmed by the platform for {since:.0f} s: {where}: {what}", since=alarm["since_s"],
              where=where, what=what)  # fmt: skip
