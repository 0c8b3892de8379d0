"""What a run claims, with the bound that it is held against and the figure that was measured."""

from collections.abc import Iterable
from dataclasses import dataclass

from bench.endurance.fit import Points, rise


@dataclass(frozen=True, slots=True)
class Claim:
    """One row of a result."""

    what: str
    bound: str
    measured: str
    holds: bool


def at_most(what: str, measured: float, bound: float, unit: str = "") -> Claim:
    """It is no more than that."""
    return Claim(what, f"≤ {_number(bound, unit)}", _number(measured, unit), measured <= bound)


def at_least(what: str, measured: float, bound: float, unit: str = "") -> Claim:
    """It is no less than that: nothing that holds for want of trying."""
    return Claim(what, f"≥ {_number(bound, unit)}", _number(measured, unit), measured >= bound)


def none_of(what: str, found: Iterable[object]) -> Claim:
    """There is nothing of the kind; the first that there is are shown."""
    rows = list(found)
    shown = f"{len(rows)}: " + "; ".join(str(row) for row in rows[:3]) if rows else "0"
    return Claim(what, "0", shown, not rows)


def no_growth(what: str, points: Points, most: float, unit: str = "") -> Claim:
    """The fitted line rises by no more than that, from the end of the warm-up to the end of the run."""
    risen = rise(points)
    values = [value for _, value in points]
    measured = f"{risen:+,.3g} (from {min(values):,.4g} to {max(values):,.4g}{unit})"
    return Claim(f"{what}: rise", f"≤ {_number(most, unit)}", measured, risen <= most)


def _number(value: float, unit: str) -> str:
    return f"{value:,}{unit}" if isinstance(value, int) else f"{value:,.4g}{unit}"
