"""The history strip: of every indicator and hour of the last month, its worst verdict and its last one.

A letter an hour, a line a day: local days, as people speak of them. The ring of days is bounded, and so is a day.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from agent.provisioning.model import Verdict
from agent.service.provisioning_answer import LETTERS, NOBODY, DayShown

log = logging.getLogger(__name__)

PREFIX = "provisioning/history"
DAYS = 31  # 30 whole ones, and today
HOURS = 24
WORST = "num"  # from the worst letter to the best


@dataclass(slots=True)
class Line:
    """One day of one indicator."""

    worst: list[str] = field(default_factory=lambda: [NOBODY] * HOURS)
    last: list[str] = field(default_factory=lambda: [NOBODY] * HOURS)

    def note(self, hour: int, letter: str) -> bool:
        """Whether it reads differently now."""
        before = self.worst[hour], self.last[hour]
        self.last[hour] = letter
        if self.worst[hour] == NOBODY or WORST.index(letter) < WORST.index(self.worst[hour]):
            self.worst[hour] = letter
        return before != (self.worst[hour], self.last[hour])


class Strip:
    """Days of lines, by the indicator's subject."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self._days = _recall(kept)
        self._changed: set[date] = set()

    def note(self, verdicts: Mapping[str, Verdict], at: datetime) -> None:
        """These are the verdicts now."""
        day = self._days.setdefault(at.date(), {})
        for subject, verdict in verdicts.items():
            if day.setdefault(subject, Line()).note(at.hour, LETTERS[verdict]):
                self._changed.add(at.date())
        for old in sorted(self._days)[:-DAYS]:
            del self._days[old]

    def shown(self) -> dict[str, list[DayShown]]:
        """By subject, the oldest day first."""
        lines: dict[str, list[DayShown]] = {}
        for day, its in sorted(self._days.items()):
            for subject, line in its.items():
                told = DayShown(day=day.isoformat(), worst="".join(line.worst), last="".join(line.last))
                lines.setdefault(subject, []).append(told)
        return lines

    @property
    def changed(self) -> bool:
        """It reads differently than it is written."""
        return bool(self._changed)

    def states(self) -> dict[str, str]:
        """What is to be written."""
        return {_key(day): _to_json(day, self._days[day]) for day in self._changed if day in self._days}

    def written(self, states: Mapping[str, str]) -> None:
        """The disk has these; what has changed since waits for the next time."""
        days = ((day, self._days.get(day)) for day in self._changed)
        self._changed = {
            day for day, its in days if its is not None and states.get(_key(day)) != _to_json(day, its)
        }


def _key(day: date) -> str:
    """Its place in the ring."""
    return f"{PREFIX}/{day.toordinal() % DAYS}"


def _to_json(day: date, its: Mapping[str, Line]) -> str:
    lines = {subject: ["".join(line.worst), "".join(line.last)] for subject, line in its.items()}
    return json.dumps({"day": day.isoformat(), "lines": lines}, separators=(",", ":"))


def _recall(kept: Mapping[str, str]) -> dict[date, dict[str, Line]]:
    days = {}
    for text in (kept.get(f"{PREFIX}/{n}") for n in range(DAYS)):
        if text is None:
            continue
        try:
            told = json.loads(text)
            lines = {str(subject): _line(*both) for subject, both in told["lines"].items()}
            days[date.fromisoformat(told["day"])] = lines
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("a day of the history of verdicts cannot be read")
    return days


def _line(worst: str, last: str) -> Line:
    if len(worst) != HOURS or len(last) != HOURS or set(worst + last) - set(WORST + NOBODY):
        raise ValueError("no day of verdicts")
    return Line(list(worst), list(last))
