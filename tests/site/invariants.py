"""What must hold whatever befell a school: nothing false, nothing lost, and everything true arrives."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime

from agent.alarms.model import key_of
from agent.alarms.states import State
from agent.uplink.envelope import CloudEvent
from agent.uplink.messages import DeviceStateData
from simulators.platform import Arrival
from simulators.twin import EPOCH_S
from tests.site.books import BARRIER, CONTACTS
from tests.site.evidence import Told
from tests.site.liveness import REPEATED_S, Liveness
from tests.site.track import Steps

STALE_S = 1.5  # no older value may be believed: the longest time-out is 1 s, then it must be on disk
DELAY_S = {"temperature_high": 2.0}
NOT_THERE = ("lost", "unreachable", "stream_fault")  # nobody answers
SEEN_OTHERWISE = (*NOT_THERE, "bad_reading", "unstable", "held_open", "no_feedback")  # no point says these
DOUBT_S = 20.0  # the on-delay of 10 s, and the slowest block's next turn
LIVE_S = 6.0  # a heartbeat or state is no older than its confirmation may take
ROUNDED_S = 0.01  # `time` has milliseconds
BACK_S = 20.0  # after the broker's last fault: connect time-out 10 s, back-off 1.5 s, confirmation 5 s


class Verdict(Liveness):
    """Looks at a storm when it is over."""

    def complaints(self) -> list[str]:
        """Every invariant that does not hold, in words."""
        return [f"{rule.__name__.strip('_')}: {words}" for rule in self._rules() for words in rule()]

    def _rules(self) -> tuple[Callable[[], Iterator[str]], ...]:
        return (
            self._false,
            self._unjustly_lost,
            self._unknown,
            self._missing,
            self._ambiguous,
            self._disordered,
            self._late,
            self._unshown,
            self._replayed,
            self._mislabelled,
            self._failed,
            self._contradicted,
        )

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
        if condition.startswith("panel."):  # a line that broke off before its address is a fire all the same
            return _any([steps for (device, _), steps in self.storm.truth.items() if device == key[0]])
        if key in known or condition.endswith("/fire"):
            return self.storm.truth[key]
        return Steps() if condition not in SEEN_OTHERWISE else None

    def _unjustly_lost(self) -> Iterator[str]:
        """Lost or not believed though nothing was wrong with it or its line: a neighbour's fault, or our own."""
        for one in self.told:
            if one.alarm.condition not in (*NOT_THERE, "bad_reading") or one.alarm.change != "raised":
                continue
            doubted = one.alarm.condition == "bad_reading"
            if not any(
                self.storm.trouble[unit].steps.was(True, one.at_s - self._blame_s(unit, doubted), one.at_s)
                for unit in self._units(one.alarm.device)
            ):
                yield f"{one.at_s:.3f} {one.alarm.device}: {one.alarm.cause}"

    def _blame_s(self, unit: str, doubted: bool) -> float:
        """How long ago the fault may have been: a few polls in vain, and a doubt waits for its own delay."""
        return self._lost_known_s(unit) + (DOUBT_S if doubted else 0.0)

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

    def _unshown(self) -> Iterator[str]:
        """No retained state contradicts an alarm for long: a newer one follows, or that before says the same."""
        states = [a for a in self.school.heard if a.channel == "state"]
        for one in self.told:
            arrived = (
                a.at_s
                for a in states
                if a.event.subject == one.alarm.device and float(a.event.monotonic) >= one.at_s
            )
            shown_s = next(arrived, float("inf"))
            good_s = max([one.at_s, *(t for t in self._hindered() if t <= shown_s)])
            if shown_s - good_s > BACK_S and not self._shown_already(one, states, good_s + BACK_S):
                yield f"{one.at_s:.3f} {one.key} {one.alarm.change} was shown at {shown_s:.3f}"

    def _shown_already(self, one: Told, states: list[Arrival], by_s: float) -> bool:
        """What a bad disk kept back until it was over changed no state."""
        last = [told for told in self.by_key[one.key] if told.at_s <= by_s][-1]
        shown = [a.payload for a in states if a.event.subject == one.alarm.device and a.at_s <= by_s]
        if not shown or not isinstance(shown[-1], DeviceStateData):
            return False
        now = {key_of(c.condition, c.address): c.state for c in shown[-1].conditions}
        return now.get(one.key[1], State.NORMAL) == last.alarm.state

    def _hindered(self) -> list[float]:
        books = (self.storm.broker.steps, self.storm.process.steps, self.storm.disk.steps)
        return [t for steps in books for t, v in zip(steps.times, steps.values, strict=True) if not v]

    def _replayed(self) -> Iterator[str]:
        for arrival in self.school.heard:
            age_s = arrival.at_s - float(arrival.event.monotonic)
            if arrival.channel in ("heartbeat", "state") and age_s > LIVE_S:
                yield f"a {arrival.channel} of {age_s:.1f} s ago"

    def _mislabelled(self) -> Iterator[str]:
        """A record is as sure of its time as the kernel was, or surer by what the kernel said at another time."""
        times = [at_s for at_s, _, _ in self.storm.clocks]
        for arrival in (a for a in self.school.heard if a.channel != "status"):
            at_s, said = float(arrival.event.monotonic), arrival.event.clock
            near = {self.storm.clocks[bisect_right(times, t) - 1][1] for t in (at_s - 1e-3, at_s + 1e-3)}
            if said not in near and not (said == "synchronised" and self._vouched(arrival.event)):
                yield f"{arrival.event.id} says {said} and {arrival.event.time}, the kernel said {near}"

    def _vouched(self, event: CloudEvent) -> bool:
        """The kernel's clock was synchronised some time, and then went as this time says."""
        off_s = datetime.fromisoformat(event.time).timestamp() - EPOCH_S - float(event.monotonic)
        return any(
            state == "synchronised" and abs(off_s - jump_s) < ROUNDED_S for _, state, jump_s in self.storm.clocks
        )

    def _failed(self) -> Iterator[str]:
        """No fault of the world makes a part of the program fail, or the watchdog starve."""
        yield from (event for event in self.school.events() if event == "part.failed")
        yield from (said for said in self.school.twin.notified if said.startswith("STATUS=stuck"))

    # --- in the end ---------------------------------------------------------------------------------

    def _contradicted(self) -> Iterator[str]:
        """Retained states, last alarm events and the field say the same; and the gateway is there."""
        if not self.school.status.online:
            yield "the gateway is shown as gone"
        for device in self.school.site.devices:
            shown = self.school.shown(device.id)
            for key, told in self.by_key.items():
                if told and key[0] == device.id and shown.get(key[1], State.NORMAL) != told[-1].alarm.state:
                    yield f"{key} is shown {shown.get(key[1], 'normal')}, last told {told[-1].alarm.state}"
            active = {c for c, state in shown.items() if State(state).active and c != "unstable"}
            wanted = {c for (d, c), steps in self.storm.truth.items() if d == device.id and steps.last}
            if active != wanted:
                yield f"{device.id} is shown {sorted(active)}, the field has {sorted(wanted)}"


def _any(several: list[Steps]) -> Steps:
    found = Steps()
    for at_s in sorted({at_s for steps in several for at_s in steps.times}):
        found.put(at_s, any(steps.at(at_s) for steps in several))
    return found
