"""A storm over a school with two ways to the platform: faults of either, and of both at once."""

import asyncio
from collections.abc import Callable, Iterator

from agent.uplink.messages import EventData
from simulators.twin_broker import TwinBroker
from tests.site.invariants import BACK_S, Verdict
from tests.site.school import School
from tests.site.storm import CALM_S, Storm
from tests.site.track import Steps, Trouble, calm_spells

SECOND_WAY_S = 10.0  # what is promised: so long after one way failed the other has the alarm
FAILS_S = 24.0
PRESSES = 12


class TwoWayStorm(Storm):
    """`second` is the trouble of the second way, as `broker` is that of the first."""

    def __init__(self, school: School, seed: int) -> None:
        super().__init__(school, seed)
        self.second = Trouble()

    async def rage(self) -> None:
        """As ever; then, in calm weather, one way fails for long while much happens."""
        await super().rage()
        words, book, broker = self._dice.choice(
            (("broker", self.broker, self.school.broker), ("second_way", self.second, self._second))
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._bad_way(words, book, self._bad(broker), FAILS_S))
            for _ in range(PRESSES):
                await asyncio.sleep(FAILS_S / PRESSES)
                self.do_contact()
        await asyncio.sleep(CALM_S)

    @property
    def _second(self) -> TwinBroker:
        (broker,) = self.school.twin.others.values()
        return broker

    def fault_second_way(self) -> None:
        fault = self._bad(self._second)
        self._for_a_while("second", lambda: self._bad_way("second_way", self.second, fault, self._lasts_s()))

    fault_second_way_again = fault_second_way

    def fault_both_ways(self) -> None:
        """What they have in common fails: the power of a cabinet, or the platform behind them."""
        self.fault_broker()
        self.fault_second_way()


class TwoWayVerdict(Verdict):
    """Holds the gateway also to what two ways promise."""

    def __init__(self, storm: TwoWayStorm) -> None:
        super().__init__(storm)
        self.ways = {"primary": storm.broker.steps, "backup": storm.second.steps}

    def _rules(self) -> tuple[Callable[[], Iterator[str]], ...]:
        return (*super()._rules(), self._held_up, self._unsupervised)

    def _held_up(self) -> Iterator[str]:
        """While either way is good nothing waits longer than ten seconds, whatever becomes of the other."""
        for way, trouble in self.ways.items():
            whole = [trouble, self.storm.process.steps, self.storm.disk.steps]
            for spell in calm_spells(Steps([0.0], [False]), whole, self.ends_s):
                open_s = max([0.0, *(at_s + BACK_S for at_s in _ends(trouble) if at_s <= spell.begin_s)])
                yield from self._waited(way, max(open_s, spell.begin_s + SECOND_WAY_S), spell.end_s)

    def _waited(self, way: str, from_s: float, to_s: float) -> Iterator[str]:
        """What had not arrived in a time in which this way was there."""
        for arrival in self.school.heard:
            if arrival.sequence is None or arrival.duplicate:
                continue
            due_s = max(from_s, float(arrival.event.monotonic) + SECOND_WAY_S)
            if due_s < min(to_s, arrival.at_s):
                yield f"{arrival.event.id} was due at {due_s:.3f} by the {way}, arrived at {arrival.at_s:.3f}"

    def _unsupervised(self) -> Iterator[str]:
        """In the end both are there, and so say the heartbeat and the last event of each since the last start."""
        for way, shown in self.school.heartbeat.uplink.paths.items():
            if not shown.connected:
                yield f"the {way} way is shown as {shown.why}"
        yield from (f"the {way} way was last told as lost" for way, lost in self._told_lost().items() if lost)

    def _told_lost(self) -> dict[str, bool]:
        lost: dict[str, bool] = {}
        kept = [a for a in self.school.heard if isinstance(a.payload, EventData) and not a.duplicate]
        for arrival in sorted(kept, key=lambda arrival: float(arrival.event.monotonic)):
            assert isinstance(arrival.payload, EventData)
            if arrival.payload.event == "gateway.started":
                lost.clear()
            elif arrival.payload.event in ("uplink.lost", "uplink.back"):
                lost[arrival.payload.fields["path"]] = arrival.payload.event == "uplink.lost"
        return lost


def _ends(trouble: Steps) -> list[float]:
    return [at_s for at_s, bad in zip(trouble.times, trouble.values, strict=True) if not bad]
