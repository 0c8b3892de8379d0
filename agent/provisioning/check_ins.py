"""Who is signed on: what a card, a button or a word makes of it, and when it is over by itself. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from agent.provisioning.ends import End
from agent.provisioning.model import CheckIn
from agent.records import ClockState, Instant, Told
from agent.school import Person, School

TERMINAL, PLATFORM, EXPIRY = "terminal", "platform", "expiry"
SAME_S = 30.0  # a card that is held to a reader again so soon was held to it once
LATER_S = 0.001
UNSURE_MOST_S = 86400.0  # a clock that is years ahead puts nothing behind all that is sure later

SHORTEST_DIGITS = 8  # ISO/IEC 14443-3: a UID has 4, 7 or 10 bytes [recall]

Mode = Literal["toggle", "on"]
"""What the next presentation means: signing off again, or being there still."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A check-in as it is kept: of one whose clock was not right the boot and its monotonic time may tell more.

    `after_utc_s`: when the last sure one before it was. A clock that is wrong does not put it before that: who has
    signed off since then is not still there.
    """

    check_in: CheckIn
    clock: ClockState = "synchronised"
    boot_id: str = ""
    monotonic_s: float = 0.0
    after_utc_s: float = 0.0

    def told(self, told: Told) -> CheckIn:
        """As its time is known by now."""
        if self.clock == "synchronised":
            return self.check_in
        at = told(self.boot_id, Instant(self.monotonic_s, self.check_in.at_utc_s, self.clock))
        sure = at.clock == "synchronised"
        return replace(self.check_in, at_utc_s=at.utc_s if sure else self._placed(at.utc_s), sure=sure)

    def _placed(self, utc_s: float) -> float:
        first_s = self.after_utc_s + LATER_S
        return min(max(utc_s, first_s), first_s + UNSURE_MOST_S) if self.after_utc_s else utc_s


@dataclass(frozen=True, slots=True)
class Duty:
    """Somebody is on, until they sign off or their time is over."""

    check_in: CheckIn
    end: End


Roll = Mapping[str, Duty]
"""By person, who is on."""


def signs_on(roll: Roll, person: str, post: str, mode: Mode) -> bool:
    """Whether a presentation signs on: only whoever is on at this very post signs off there."""
    duty = roll.get(person)
    return mode == "on" or duty is None or duty.check_in.post != post


def rolled(roll: Roll, one: CheckIn, end: End) -> Roll:
    """The roll after a check-in."""
    rest = {person: duty for person, duty in roll.items() if person != one.person}
    return {**rest, one.person: Duty(one, end)} if one.on else rest


def expired(roll: Roll, now_s: float) -> tuple[Duty, ...]:
    """Those who have not signed off in time."""
    return tuple(duty for duty in roll.values() if duty.end.is_over(now_s))


def by_card(school: School | None, card: str) -> Person | None:
    """Whose card it is."""
    code = plain(card)
    people = () if school is None else school.people
    return next((person for person in people if code in map(plain, person.cards)), None)


def plain(card: str) -> str:
    """A card's code without the zero bytes that some readers add; none is shorter than four bytes."""
    code = card.upper()
    while len(code) > SHORTEST_DIGITS and code.endswith("00"):
        code = code[:-2]
    return code


def somebody(device: str, name: str, role: str) -> Person:
    """Whoever presses a button that stands for a role: nobody's id has an @."""
    return Person(f"@{device}", name, role)
