"""What must hold whatever befell a school: nothing false, nothing lost, and everything true arrives."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from agent.alarms.model import key_of
from agent.alarms.states import State
from agent.polling.health import LOST_SHARE, PROBE_MOST_S
from agent.uplink.messages import AlarmData
from simulators.platform import Arrival
from tests.site.storm import BARRIER, CONTACTS, PANELS, Storm
from tests.site.track import Steps, calm_spells

STALE_S = 1.5  # no older value may be believed: the longest time-out is 1 s, then it must be on disk
DELAY_S = {"temperature_high": 2.0, "tamper": 0.0}
REPEATED_S = 20.0  # a panel tells again what nobody has acknowledged
KNOWN_S = 8.0  # a truth that stands so long undisturbed is known: slow interval 5 s, on-delay 2 s, disk
LOST_KNOWN_S = 13.0  # three times in vain: the slowest interval is 5 s, or three connects of 3 s each
LOST_MOST_S = 30.0
LIVE_S = 6.0  # a heartbeat or state is no older than its confirmation may take
BACK_S = 20.0  # after the broker's last fault: connect time-out 10 s, back-off 1.5 s, confirmation 5 s


@dataclass(frozen=True)
class Told:
    """One alarm change as it was stored: loop time and sequence are the gateway's own."""

    at_s: float
    rank: tuple[int, int]
    alarm: AlarmData

    @property
    def key(self) -> tuple[str, str]:
        return self.alarm.device, key_of(self.alarm.condition, self.alarm.address)


class Verdict:
    """Looks at a storm when it is over."""

    def __init__(self, storm: Storm) -> None:
        self.storm, self.school = storm, storm.school
        self.ends_s = self.school.now_s
        stores = self.school.platform.stores
        told = [self._told(a, stores) for a in self.school.heard if a.alarm is not None and not a.duplicate]
        self.told = sorted(told, key=lambda one: one.rank)
        self.by_key: dict[tuple[str, str], list[Told]] = defaultdict(list)
        for one in self.told:
            self.by_key[one.key].append(one)

    @staticmethod
    def _told(arrival: Arrival, stores: list[str]) -> Told:
        assert arrival.alarm is not None
        assert arrival.sequence is not None
        rank = (stores.index(arrival.event.id.rpartition("-")[0]), arrival.sequence)
        return Told(float(arrival.event.monotonic), rank, arrival.alarm)

    def complaints(self) -> list[str]:
        """Every invariant that does not hold, in words."""
        rules = (
            self._false,
            self._unjustly_lost,
            self._unknown,
            self._missing,
            self._ambiguous,
            self._disordered,
            self._late,
            self._replayed,
            self._mislabelled,
            self._failed,
            self._contradicted,
        )
        return [f"{rule.__name__.strip('_')}: {words}" for rule in rules for words in rule()]

    # --- nothing false ------------------------------------------------------------------------------

    def _false(self) -> Iterator[str]:
        """A change that the field never had, or had too long ago."""
        for one in self.told:
            steps = self._truth(one.key)
            if steps is None or one.alarm.change not in ("raised", "cleared"):
                continue
            value, age_s = one.alarm.change == "raised", STALE_S + DELAY_S.get(one.alarm.condition, 0.0)
            since_s = one.at_s - age_s - (REPEATED_S if one.alarm.kind == "fire_panel" else 0.0)
            if not steps.was(value, since_s, one.at_s):
                yield f"{one.at_s:.3f} {one.key} {one.alarm.change}, the field was {not value} since {since_s:.3f}"

    def _truth(self, key: tuple[str, str]) -> Steps | None:
        condition = key[1]
        known = {(c.device, c.condition) for c in CONTACTS} | {BARRIER}
        if key in known or condition.endswith("/fire"):
            return self.storm.truth[key]
        return Steps() if condition not in ("lost", "unstable", "held_open", "no_feedback") else None

    def _unjustly_lost(self) -> Iterator[str]:
        """Lost though nothing was wrong with it or its line: a neighbour's fault, or our own."""
        for one in self.told:
            if one.alarm.condition != "lost" or one.alarm.change != "raised":
                continue
            units = self._units(one.alarm.device)
            if not any(self.storm.trouble[u].steps.was(True, one.at_s - LOST_MOST_S, one.at_s) for u in units):
                yield f"{one.at_s:.3f} {one.alarm.device}: {one.alarm.cause}"

    def _units(self, device: str) -> list[str]:
        return sorted(next(d.units for d in self.school.site.devices if d.id == device))

    # --- everything true ----------------------------------------------------------------------------

    def _unknown(self) -> Iterator[str]:
        """Where the truth stood still and nothing was in the way, the gateway must have known it."""
        for contact in CONTACTS:
            yield from self._check((contact.device, contact.condition), self._units(contact.device))
        yield from self._check(BARRIER, self._units(BARRIER[0]))
        for device in sorted({c.device for c in CONTACTS}):
            yield from self._check_lost(device, self._units(device))
        for device, addresses in PANELS.values():
            for address in addresses:
                key = (device, f"{address}/fire")
                yield from self._compare(key, self.storm.truth[key], [], KNOWN_S, REPEATED_S)

    def _check(self, key: tuple[str, str], units: list[str]) -> Iterator[str]:
        troubles = [self.storm.trouble[unit].steps for unit in units]
        yield from self._compare(key, self.storm.truth[key], troubles, KNOWN_S, self._again_s(units[0]))

    def _check_lost(self, device: str, units: list[str]) -> Iterator[str]:
        silent, trouble = self.storm.silent[units[0]].steps, self.storm.trouble[units[0]].steps
        again_s = self._again_s(units[0])
        yield from self._compare((device, "lost"), silent, [_but(trouble, silent)], LOST_KNOWN_S, again_s)

    def _compare(
        self, key: tuple[str, str], truth: Steps, troubles: list[Steps], known_s: float, again_s: float
    ) -> Iterator[str]:
        whole = [*troubles, self.storm.process.steps, self.storm.disk.steps]
        for spell in calm_spells(_from_start(truth), whole, self.ends_s):
            is_so = truth.at(spell.begin_s)
            back_s = max(spell.good_s, spell.begin_s if key[1] == "lost" and not is_so else 0.0)
            due_s = max(spell.begin_s + known_s, back_s + again_s)
            if self._missable(key, is_so) and back_s > spell.begin_s - again_s:
                continue
            if due_s < spell.end_s and self._believed(key, due_s) != is_so:
                yield f"{key} is {is_so} since {spell.begin_s:.3f}, not known at {due_s:.3f}"

    def _missable(self, key: tuple[str, str], is_so: bool) -> bool:
        """What a printer says to nobody is gone; and a barrier found open may have been opened by right."""
        return key[1].endswith("/fire") or (key == BARRIER and is_so)

    def _again_s(self, unit: str) -> float:
        """How long a unit that is back may wait for its probe, as all of its line could be lost."""
        line = next(line for line in self.school.site.lines if line.id == self.storm.units[unit])
        affordable_s = max(u.timeout_s for u in line.units) * len(line.units) / LOST_SHARE
        return 1.2 * max(PROBE_MOST_S, affordable_s) + KNOWN_S

    def _believed(self, key: tuple[str, str], at_s: float) -> bool:
        known = self.by_key.get(key, [])
        index = bisect_right([one.at_s for one in known], at_s)
        return known[index - 1].alarm.active if index else False

    # --- nothing lost -------------------------------------------------------------------------------

    def _missing(self) -> Iterator[str]:
        yield from (str(gap) for gap in self.school.platform.gaps())
        for name, lane in self.school.heartbeat.outbox.items():
            if lane.oldest_age_s is not None and lane.oldest_age_s > LIVE_S:
                yield f"{lane.depth} records of lane {name} wait since {lane.oldest_age_s:.1f} s"

    def _ambiguous(self) -> Iterator[str]:
        """One id names one record for ever."""
        seen: dict[str, str] = {}
        for arrival in self.school.heard:
            if arrival.sequence is not None:
                content = arrival.event.model_dump_json()
                if seen.setdefault(arrival.event.id, content) != content:
                    yield f"{arrival.event.id} names two records"

    def _disordered(self) -> Iterator[str]:
        """By sequence each condition is raised and cleared in turn."""
        for key, told in self.by_key.items():
            active = False
            for one in told:
                if one.alarm.change in ("raised", "cleared"):
                    if one.alarm.active == active:
                        yield f"{key} {one.alarm.change} twice, at {one.at_s:.3f}"
                    active = one.alarm.active

    def _late(self) -> Iterator[str]:
        """A record reaches a broker that has been good for a while at once."""
        for arrival in self.school.heard:
            if arrival.sequence is None or arrival.duplicate:
                continue
            stored_s = float(arrival.event.monotonic)
            spell_s = max([stored_s, *(t for t in self._hindered() if t <= arrival.at_s)])
            if arrival.at_s - spell_s > BACK_S:
                yield f"{arrival.event.id} took {arrival.at_s - stored_s:.1f} s"

    def _hindered(self) -> list[float]:
        books = (self.storm.broker.steps, self.storm.process.steps, self.storm.disk.steps)
        return [t for steps in books for t, v in zip(steps.times, steps.values, strict=True) if not v]

    def _replayed(self) -> Iterator[str]:
        for arrival in self.school.heard:
            age_s = arrival.at_s - float(arrival.event.monotonic)
            if arrival.channel in ("heartbeat", "state") and age_s > LIVE_S:
                yield f"a {arrival.channel} of {age_s:.1f} s ago"

    def _mislabelled(self) -> Iterator[str]:
        """What a record says of its clock is what the kernel said when it was made."""
        times = [at_s for at_s, _ in self.storm.clocks]
        for arrival in self.school.heard:
            at_s = float(arrival.event.monotonic)
            near = {self.storm.clocks[bisect_right(times, t) - 1][1] for t in (at_s - 1e-3, at_s + 1e-3)}
            if arrival.channel != "status" and arrival.event.clock not in near:
                yield f"{arrival.event.id} says {arrival.event.clock}, the kernel said {near}"

    def _failed(self) -> Iterator[str]:
        """No fault of the world makes a part of the program fail."""
        yield from (event for event in self.school.events() if event == "part.failed")

    # --- in the end ---------------------------------------------------------------------------------

    def _contradicted(self) -> Iterator[str]:
        """Retained states, last alarm events and the field say the same."""
        for device in self.school.site.devices:
            shown = self.school.shown(device.id)
            for key, told in self.by_key.items():
                if told and key[0] == device.id and shown.get(key[1], State.NORMAL) != told[-1].alarm.state:
                    yield f"{key} is shown {shown.get(key[1], 'normal')}, last told {told[-1].alarm.state}"
            active = {c for c, state in shown.items() if State(state).active and c != "unstable"}
            wanted = {c for (d, c), steps in self.storm.truth.items() if d == device.id and steps.last}
            if active != wanted:
                yield f"{device.id} is shown {sorted(active)}, the field has {sorted(wanted)}"


def _from_start(steps: Steps) -> Steps:
    return Steps([0.0, *steps.times], [False, *steps.values])


def _but(trouble: Steps, silent: Steps) -> Steps:
    """Trouble that is no plain silence: the unit may or may not answer then."""
    found = Steps()
    for at_s in sorted({*trouble.times, *silent.times}):
        found.put(at_s, trouble.at(at_s) and not silent.at(at_s))
    return found
