"""When a unit counts as lost, and how seldom a lost one is asked."""

from dataclasses import dataclass, replace

from agent.site import Unit

LOST_SHARE = 0.05  # all lost units of a line together may use this share of its time
PROBE_FIRST_S = 0.5
PROBE_MOST_S = 8.0
SPOILED_WORTH = 3
REFUSED_FIRST_S = 0.5
REFUSED_MOST_S = 30.0


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of a unit's answering; times are loop seconds.

    `misses` in a row, of which `spoiled` brought something that was no answer; `probes` since it was lost.
    """

    answered_s: float
    misses: int = 0
    spoiled: int = 0
    lost: bool = False
    probes: int = 0
    cause: str = ""

    @property
    def word(self) -> str:
        """good, suspect or lost."""
        return "lost" if self.lost else "suspect" if self.misses else "good"


def answered(health: Health, now_s: float) -> Health:
    """One good answer makes a unit good again."""
    return replace(health, answered_s=now_s, misses=0, spoiled=0, lost=False, probes=0, cause="")


def missed(health: Health, unit: Unit, now_s: float, cause: str, *, spoiled: bool = False) -> Health:
    """One more miss; lost after the unit's count of misses, or after its time without an answer.

    A `spoiled` answer, noise or a wrong checksum, is no silence: somebody is there. It takes SPOILED_WORTH of them
    to count as one miss, or a noisy line would lose a unit, and with it a press, every few minutes.
    """
    misses, bad = health.misses + 1, health.spoiled + int(spoiled)
    counted = misses - bad + bad // SPOILED_WORTH
    overdue = now_s - health.answered_s >= unit.lost_after_s
    lost = health.lost or counted >= unit.lost_after_misses or overdue
    probes = health.probes + int(health.lost)
    return replace(health, misses=misses, spoiled=bad, lost=lost, probes=probes, cause=cause)


def interval_s(unit: Unit, wanted_s: float) -> float:
    """The poll interval that still finds a dead unit within `lost_after_s`, whatever was wanted."""
    return min(wanted_s, unit.lost_after_s / (unit.lost_after_misses + 1))


def probe_wait_s(health: Health, probe_s: float, jitter: float) -> float:
    """How long to leave a lost unit alone; `jitter` is in 0…1.

    The first probe comes soon, since noise may have taken three answers in a row. Then the wait doubles up to
    PROBE_MOST_S, and is never so short that the probes of all the line's lost units, which take `probe_s` together
    on average, exceed LOST_SHARE of the line.
    """
    backed_off = min(PROBE_MOST_S, PROBE_FIRST_S * 2.0 ** min(health.probes, 10))
    affordable = probe_s / LOST_SHARE if health.probes else 0.0
    return max(backed_off, affordable) * (0.9 + 0.2 * jitter)


def refused_wait_s(refusals: int) -> float:
    """How long to leave a block alone that was refused so often in a row.

    A unit that is busy or starts refuses once or twice, and a button may be pressed meanwhile; one that does not
    serve the block refuses for ever.
    """
    return min(REFUSED_MOST_S, REFUSED_FIRST_S * 2.0 ** (min(refusals, 10) - 1))
