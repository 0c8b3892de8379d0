"""Who presses: patient people, of whom nothing may be lost, and hasty ones, of whom nothing may be half told."""

import asyncio
import random
from collections.abc import Iterator
from itertools import chain

from bench.endurance.people import Contact, Ledger, People
from bench.reliability.kills.evidence import Evidence
from simulators.field import Field
from simulators.platform import Platform

PATIENT = tuple(
    Contact(f"panic-{number}", "pressed", point, True, False)
    for number, point in (
        (1, "gate-io.di1"),
        (2, "gate-io.di2"),
        (3, "gate-io.di3"),
        (7, "dorm-io.di0"),
        (8, "dorm-io.di1"),
    )
)
HASTY = tuple(
    Contact(f"panic-{number}", "pressed", point, True, False)
    for number, point in (
        (4, "gate-io.di4"),
        (5, "gate-io.di5"),
        (6, "gate-io.di6"),
        (9, "dorm-io.di2"),
        (10, "dorm-io.di3"),
    )
)
PAUSE_S = 0.6
PATIENCE_S = 30.0  # restarts and the broker's absence together
HASTE_S = (0.02, 0.8)  # a press and a pause


class Crowd:
    """Presses until told to stop; then every contact is at rest."""

    def __init__(self, field: Field, ledger: Ledger, seed: int) -> None:
        self.ledger = ledger
        self._field = field
        self._dice = random.Random(f"crowd {seed}")
        self._people = People(field, self.ledger, self._dice, PAUSE_S, PATIENCE_S)

    async def press(self) -> None:
        """All of them, each at its own pace."""
        await asyncio.gather(
            *(self._people.at(contact) for contact in PATIENT), *(self._hasten(contact) for contact in HASTY)
        )

    def go_home(self) -> None:
        """Whoever is at it ends what has begun."""
        self._people.stopping.set()

    def wrong_in_the_end(self, platform: Platform) -> Iterator[str]:
        """Contacts of which the platform's last word is not how they stand."""
        for contact in chain(PATIENT, HASTY):
            truth = self._field.get(contact.point) == contact.there
            told = [
                a.active for key, a in platform.alarms.items() if (key.device, key.condition) == _names(contact)
            ]
            if told != [truth] and (told or truth):
                yield f"{contact.device}: {told}, but it is {truth}"

    def half_told(self, evidence: Evidence) -> Iterator[str]:
        """Patient presses that were told more or less than once, hasty ones out of turn."""
        yield from self.ledger.missing
        devices = {contact.device for contact in HASTY}
        yield from (words for words in self.ledger.uncalled if words.split()[0] not in devices)
        yield from evidence.out_of_turn()

    async def _hasten(self, contact: Contact) -> None:
        """A press that waits for nobody."""
        while not self._people.stopping.is_set():
            for value in (contact.there, contact.away):
                self._field.set(contact.point, value)
                await asyncio.sleep(self._dice.uniform(*HASTE_S))


def _names(contact: Contact) -> tuple[str, str]:
    return contact.device, contact.condition
