"""How long something has lasted, though the wall clock jumps and the machine may have been off meanwhile; pure."""

from dataclasses import dataclass

from agent.records import Instant, Told, machine_of


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, and in which start of the process it was."""

    at: Instant
    boot_id: str


@dataclass(frozen=True, slots=True)
class Times:
    """Reckons for this start of the process, begun at `started_s`; `told`: a moment as it is known by now."""

    boot_id: str
    started_s: float
    told: Told

    def moment(self, at: Instant) -> Moment:
        """An instant of this start."""
        return Moment(at, self.boot_id)

    def known(self, moment: Moment) -> Instant:
        """When that was, as far as it is known by now."""
        return self.told(moment.boot_id, moment.at)

    def passed_s(self, since: Moment, now: Instant) -> float:
        """How long ago it surely was.

        Within one boot of the machine the monotonic clock alone counts: a wall clock that jumps makes nothing
        older. Across boots only the wall clock went on; until it is right, no more than this start is sure.
        """
        if machine_of(since.boot_id) == machine_of(self.boot_id):
            return max(0.0, now.monotonic_s - since.at.monotonic_s)
        sure_s, then = now.monotonic_s - self.started_s, self.known(since)
        right = then.clock == now.clock == "synchronised"
        return max(0.0, sure_s, now.utc_s - then.utc_s if right else 0.0)
