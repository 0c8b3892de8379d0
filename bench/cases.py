"""What is measured: the lines, the units on them, and what happens to them when."""

from dataclasses import dataclass, replace

from bench.wire import Medium

REPLY_TIMEOUT_S = 0.2  # of the floor and the plain loop; the gateway uses its own defaults
PROFILED = "profiled"  # the gateway under a profiler: it explains, it does not compete
DWELL_S = 2.0  # a point is not flipped again within this, so that a message can be told from the next one's
CHANGES, QUIET = "changes", "quiet"
GATEWAY, FLOOR, BACKOFF, PLAIN = "gateway", "floor", "floor-backoff", "plain"


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of a run; `orders` go to the field at its start: dead UNIT, alive UNIT."""

    name: str
    seconds: float
    flips_per_s: float = 0.0
    orders: tuple[str, ...] = ()

    def scaled(self, factor: float) -> "Phase":
        """Shorter, unless it waits for something to be noticed."""
        return self if self.orders else replace(self, seconds=self.seconds * factor)


@dataclass(frozen=True, slots=True)
class Case:
    """One field and its story. `keys`: units with one-key alarms among detectors, which are asked more often.

    `together`: the subjects run side by side, each on a line of its own, so that the same noise hits all.
    """

    name: str
    title: str
    medium: Medium
    units: int
    subjects: tuple[str, ...]
    phases: tuple[Phase, ...]
    strict: bool = False
    keys: tuple[int, ...] = ()
    together: bool = False

    def scaled(self, factor: float) -> "Case":
        """The same story in shorter time."""
        return replace(self, phases=tuple(phase.scaled(factor) for phase in self.phases))


def _steady(flips_per_s: float = 20.0, *, quiet_s: float = 0.0) -> tuple[Phase, ...]:
    """Changes for a while, then none."""
    quiet = (Phase(QUIET, quiet_s),) if quiet_s else ()
    return (Phase("warm", 1.5), Phase(CHANGES, 8.0, flips_per_s), Phase("settle", 1.5), *quiet)


ALIVE, ONE_DEAD, FOUR_DEAD = "alive", "1 dead", "4 dead"
FALL_ONE = ("dead 3",)
FALL_FOUR = ("dead 5", "dead 6", "dead 8")
RETURN = ("alive 3", "alive 5", "alive 6", "alive 8")
DEAD_STORY = (
    Phase("warm", 1.5),
    Phase(ALIVE, 8.0, 20.0),
    Phase("one falls", 4.0, 20.0, FALL_ONE),
    Phase(ONE_DEAD, 10.0, 20.0),
    Phase("three more fall", 4.0, 20.0, FALL_FOUR),
    Phase(FOUR_DEAD, 10.0, 20.0),
    Phase("they return", 12.0, 20.0, RETURN),
    Phase("settle", 1.5),
)

SLOW, FAST, TCP = Medium(9600), Medium(115200), Medium(0)
ALL = (GATEWAY, FLOOR, PLAIN)

CASES = (
    Case("rtu9600", "9600 baud, 8 units", SLOW, 8, ALL, _steady(quiet_s=5.0)),
    Case("rtu9600-strict", "9600 baud, 8 strict units", SLOW, 8, ALL, _steady(), strict=True),
    Case("rtu115200", "115200 baud, 16 units", FAST, 16, ALL, _steady(quiet_s=5.0)),
    Case("rtu115200-strict", "115200 baud, 16 strict units", FAST, 16, ALL, _steady(), strict=True),
    Case("tcp", "Modbus TCP, 20 units", TCP, 20, ALL, _steady(50.0)),
    Case("keys", "9600 baud, 2 one-key units, 6 detectors", SLOW, 8, (GATEWAY, FLOOR), _steady(), keys=(1, 5)),
    Case("dead", "9600 baud, 8 units of which 0, 1, 4 die", SLOW, 8, (*ALL, BACKOFF), DEAD_STORY, together=True),
)
QUICK = ("rtu9600", "rtu115200", "tcp", "dead")
QUICK_SCALE = 0.3
