"""Notifier printer port: from characters to printed events, and what they mean. Pure.

Facts: FieldServer manuals of the Onyx printer drivers and collectors of others. The event word stands at the
left, type, label and zone after it, time and address at the right; the label is free text of the site and may hold
any of the event words, so only the left edge counts. The NFS2-3030 prints two lines for an event, a banner and its
description, 80 to 180 ms apart.
"""

import re
from dataclasses import dataclass

from drivers.counters import UnitCounters
from drivers.panels.readings import RESET, over, says, unknown
from drivers.panels.texts import gbk
from drivers.reading import Reading

LONGEST = 320  # two lines of the widest setting, 160 columns
NOT_PRINTED = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
LINE_END = re.compile(rb"[\r\n\x0c]+")
TIME = re.compile(
    r"\b\d{1,2}:\d{2}(?::\d{2})?[AP]\s+(?:\d{6}\s+[A-Za-z]{3}|[A-Za-z]{3}\s+[A-Za-z]{3}\s+\d{1,2},\s*\d{4})"
)
ADDRESS = re.compile(r"(?:N\d{3})?(?:L\d{2})?(?:\d{1,2})?[DM]\d{3}|B\d{2}")
IN_BANNER = re.compile(r"\b(?:N\d{3})?L\d{2}[DM]\d{3}\b")
SUPERVISED = re.compile(r"SUPE?R?V|TAMPER")


@dataclass(frozen=True, slots=True)
class Word:
    """An event word at the left edge: the conditions that it sets or ends; none means nothing to tell."""

    text: str
    active: bool = True
    conditions: tuple[str, ...] = ()


WORDS = (  # the first that fits
    Word("SYSTEM NORMAL"),
    Word("SYSTEM RESET"),
    Word("ACKNOW"),  # also ACKNOWLEDGED …
    Word("ACKED"),
    Word("CLR TB", False, ("fault",)),
    Word("CLR ACT", False, ("activated", "supervisory")),
    Word("CLEARED FIRE ALARM", False, ("fire",)),
    Word("CLEARED PREALARM", False, ("prealarm",)),
    Word("CLEARED TROUBLE", False, ("fault",)),
    Word("CLEARED TROUBL", False, ("fault",)),
    Word("CLEARED SUPERVISORY", False, ("supervisory",)),
    Word("FIRE ALARM", True, ("fire",)),
    Word("ALARM:", True, ("fire",)),
    Word("PREALM", True, ("prealarm",)),
    Word("PREALARM", True, ("prealarm",)),
    Word("TROUBLE", True, ("fault",)),
    Word("TROUBL", True, ("fault",)),
    Word("SUPERVISORY", True, ("supervisory",)),
    Word("ACTIVE", True, ("activated",)),
    Word("DISABL", True, ("disabled",)),
)
NORMAL, RESET_WORD = WORDS[0], WORDS[1]


class Printout:
    """Cuts what a printer port sends into events, one text each; bounded by LONGEST characters."""

    def __init__(self, counters: UnitCounters) -> None:
        self._counters = counters
        self._line = b""
        self._banner = ""

    @property
    def pending(self) -> bool:
        """A line, or the second line of an event, may follow."""
        return bool(self._line or self._banner)

    def feed(self, chunk: bytes) -> list[str]:
        """Take characters in; returns the events that are complete now."""
        *whole, rest = LINE_END.split(self._line + NOT_PRINTED.sub(b"", chunk))
        endless = len(rest) // LONGEST * LONGEST
        self._line = rest[endless:]
        lines = [*whole, rest[:endless]]
        return [event for line in lines for part in _parts(line) for event in self._event(part)]

    def pause(self) -> list[str]:
        """Nothing follows: what was printed so far is all there is."""
        line, self._line = self._line, b""
        events = self._event(line)
        banner, self._banner = self._banner, ""
        return [*events, banner] if banner else events

    def _event(self, raw: bytes) -> list[str]:
        line = gbk(raw).strip()
        if not line:
            return []
        if "\ufffd" in line:
            self._counters.garbage += 1
        banner, self._banner = self._banner, ""
        if banner and word_of(line) is None and TIME.search(line):
            return [f"{banner}   {line}"]
        if word_of(line) is not None and not TIME.search(line):
            self._banner = line
            return [banner] if banner else []
        return [banner, line] if banner else [line]


def _parts(line: bytes) -> list[bytes]:
    """No printer has such lines, but a bad wire may."""
    return [line[at : at + LONGEST] for at in range(0, len(line), LONGEST)]


def word_of(line: str) -> Word | None:
    """The event word at the left edge."""
    return next((word for word in WORDS if line.startswith(word.text)), None)


def readings_of(event: str) -> list[Reading]:
    """What a printed event means; one that begins with no known word is told as such."""
    word = word_of(event)
    text = re.sub(r"\s{2,}", "  ", event)
    if word is None:
        return [unknown(address_of(event), "a printed line that begins with no known word", text)]
    if word is NORMAL:
        return [RESET]
    if word is RESET_WORD:  # troubles and isolations end with lines of their own, or with SYSTEM NORMAL
        return over("fire", "prealarm", "supervisory", "activated", "unknown")
    conditions = word.conditions
    if word.text == "ACTIVE" and SUPERVISED.search(_type(event, word)):
        conditions = ("supervisory",)
    return [says(address_of(event), condition, word.active, text) for condition in conditions]


def address_of(event: str) -> str:
    """The address at the right of the time; a banner's own; for the panel itself, what the trouble is called."""
    time = TIME.search(event)
    behind = ADDRESS.search(event, time.end()) if time else re.search(rf"(?:{ADDRESS.pattern})$", event)
    found = behind or IN_BANNER.search(event)
    if found:
        return found.group()
    told = event[: time.start() if time else None]
    word = word_of(event)
    name = re.sub(r"[^A-Za-z0-9]+", "-", told[len(word.text) :]).strip("-") if word else ""
    return f"panel.{name.removeprefix('IN-SYSTEM-')[:40]}" if name else "panel"


def _type(event: str, word: Word) -> str:
    """The device type: what follows the word, up to the next gap of columns."""
    return re.split(r"\s{3,}", event[len(word.text) :].strip())[0]
