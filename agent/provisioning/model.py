"""Evidence in, verdicts out: the plain data of provisioning. Times are UTC seconds, ages seconds."""

from dataclasses import dataclass
from typing import Literal

from agent.alarms.model import Motion

Verdict = Literal["met", "not_met", "unknown"]
Source = Literal["observed", "checked_in", "declared"]
Mark = Literal["seen", "seen_draft", "seen_weak", "recall", "recall_low", "derived"]
Force = Literal["shall", "should"]
Post = str
"""Where somebody signs on: a device (reader, button) or an escort post, by its id."""


@dataclass(frozen=True, slots=True)
class Text:
    """In both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class DeviceSeen:
    """A device as it was last seen.

    `active`: conditions that are there now or latched, by their keys. `set_aside`: those under a hold. `heard`:
    all of it has been read since the start. `age_s`: age of its oldest reading, None where there is none.
    """

    id: str
    kind: str
    name: str
    location: str
    place: str
    escape_route: bool
    lost: bool
    heard: bool
    active: frozenset[str]
    set_aside: frozenset[str]
    motion: Motion | None
    age_s: float | None


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Somebody signed on or off; `by` is the reader's or button's device, or `terminal`, `platform` or
    `expiry`.

    `sure`: the clock was right then, or the time has been filled in since.
    """

    at_utc_s: float
    person: str
    name: str
    role: str
    on: bool
    post: Post
    by: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class TestPress:
    """A one-key alarm pressed for a test by a named person; confirmed when the platform has answered it."""

    device: str
    at_utc_s: float
    person: str
    confirmed_utc_s: float | None = None
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the platform, how it is and for how long."""

    name: str
    up: bool
    for_s: float


@dataclass(frozen=True, slots=True)
class Opening:
    """A barrier or door stood open from then until then; None: it still does."""

    device: str
    first_utc_s: float
    last_utc_s: float | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """From then until then nobody could see whether a barrier or door stood open; None: nobody can yet.

    Without a `device` the gateway was off, and it is a gap of all of them.
    """

    device: str
    first_utc_s: float
    last_utc_s: float | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known. What is before `logged_since_utc_s` nobody has written down: it proves nothing.

    Nor does a gap prove that what it hides was closed.
    """

    devices: tuple[DeviceSeen, ...] = ()
    check_ins: tuple[CheckIn, ...] = ()
    presses: tuple[TestPress, ...] = ()
    openings: tuple[Opening, ...] = ()
    gaps: tuple[Gap, ...] = ()
    ways: tuple[Way, ...] = ()
    logged_since_utc_s: float | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not there, and what would mend it; `subject` is a device, person, window or fact."""

    subject: str
    what: Text
    fix: Text


@dataclass(frozen=True, slots=True)
class ItemVerdict:
    """One item of an indicator: `required` and `fulfilled` count what it asks for (devices, guards, windows …).

    Where it does not apply nothing is required, and it is met. What only should be (`force`) fails nothing.
    """

    id: str
    title: Text
    clause: str
    mark: Mark
    verdict: Verdict
    sources: tuple[Source, ...]
    said: Text
    required: int
    fulfilled: int
    missing: tuple[Missing, ...] = ()
    evidence_age_s: float | None = None
    force: Force = "shall"


@dataclass(frozen=True, slots=True)
class IndicatorVerdict:
    """One indicator of one pack.

    `share`: the mean of fulfilled of required over its items by their weight, 0…1; unknown counts as not.
    """

    pack: str
    id: str
    title: Text
    verdict: Verdict
    share: float
    items: tuple[ItemVerdict, ...]
    oldest_evidence_age_s: float | None = None
