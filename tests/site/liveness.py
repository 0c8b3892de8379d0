"""Everything true becomes known: a truth that stands still with nothing in the way, within a computed time."""

from collections.abc import Iterator

from agent.polling.health import LOST_SHARE, PROBE_MOST_S
from drivers.stream import TcpEndpoint
from tests.site.books import BARRIER, CONTACTS, PANELS
from tests.site.evidence import Evidence
from tests.site.track import Steps, calm_spells

REPEATED_S = 20.0  # a panel tells again what nobody has acknowledged
KNOWN_S = 8.0  # a truth that stands so long undisturbed is known: slow interval 5 s, on-delay 2 s, disk
LOST_KNOWN_S = 4.0  # from the first poll in vain to the third: time-outs and guard windows of the line


class Liveness(Evidence):
    """The rule of what must be known."""

    def _unknown(self) -> Iterator[str]:
        """Where the truth stood still and nothing was in the way, the gateway must have known it."""
        for contact in CONTACTS:
            yield from self._check((contact.device, contact.condition), self._units(contact.device))
        yield from self._check(BARRIER, self._units(BARRIER[0]))
        for device in sorted({c.device for c in CONTACTS}):
            yield from self._check_lost(device, self._units(device))
        for unit, (device, addresses) in PANELS.items():
            for address in addresses:
                key, trouble = (device, f"{address}/fire"), [self.storm.trouble[unit].steps]
                yield from self._compare(key, self.storm.truth[key], trouble, KNOWN_S, REPEATED_S)

    def _check(self, key: tuple[str, str], units: list[str]) -> Iterator[str]:
        troubles = [self.storm.trouble[unit].steps for unit in units]
        yield from self._compare(key, self.storm.truth[key], troubles, KNOWN_S, self._again_s(units[0]))

    def _check_lost(self, device: str, units: list[str]) -> Iterator[str]:
        silent, trouble = self.storm.silent[units[0]].steps, self.storm.trouble[units[0]].steps
        known_s, again_s = self._lost_known_s(units[0]), self._again_s(units[0])
        yield from self._compare((device, "lost"), silent, [_but(trouble, silent)], known_s, again_s)

    def _lost_known_s(self, unit: str) -> float:
        """Three times in vain; where no connection comes about each time takes its time-out."""
        line = self._line(unit)
        interval_s = next(u.interval_s for u in line.units if u.id == unit)
        connect_s = line.endpoint.connect_timeout_s if isinstance(line.endpoint, TcpEndpoint) else 0.0
        return interval_s + 3 * connect_s + LOST_KNOWN_S

    def _compare(
        self, key: tuple[str, str], truth: Steps, troubles: list[Steps], known_s: float, again_s: float
    ) -> Iterator[str]:
        whole = [*troubles, self.storm.process.steps, self.storm.disk.steps]
        for spell in calm_spells(_from_start(truth), whole, self.ends_s):
            is_so = truth.at(spell.begin_s)
            back_s = max(spell.good_s, spell.begin_s if key[1] == "lost" else 0.0)
            due_s = max(spell.begin_s + known_s, back_s + again_s)
            if key[1] == "lost" and is_so:  # whatever was before, it only takes three polls in vain
                due_s = spell.begin_s + known_s
            if self._missable(key, is_so) and back_s > spell.begin_s - again_s:
                continue
            if due_s < spell.end_s and self._believed(key, due_s) != is_so:
                yield f"{key} is {is_so} since {spell.begin_s:.3f}, not known at {due_s:.3f}"

    def _missable(self, key: tuple[str, str], is_so: bool) -> bool:
        """What a printer says to nobody is gone; and a barrier found open may have been opened by right."""
        return key[1].endswith("/fire") or (key == BARRIER and is_so)

    def _again_s(self, unit: str) -> float:
        """How long a unit that is back may wait for its probe, as all of its line could be lost."""
        line = self._line(unit)
        affordable_s = max(u.timeout_s for u in line.units) * len(line.units) / LOST_SHARE
        return 1.2 * max(PROBE_MOST_S, affordable_s) + KNOWN_S


def _from_start(steps: Steps) -> Steps:
    return Steps([0.0, *steps.times], [False, *steps.values])


def _but(trouble: Steps, silent: Steps) -> Steps:
    """Trouble that is no plain silence: the unit may or may not answer then."""
    found = Steps()
    for at_s in sorted({*trouble.times, *silent.times}):
        found.put(at_s, trouble.at(at_s) and not silent.at(at_s))
    return found
