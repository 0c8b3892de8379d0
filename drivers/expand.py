"""One line of a profile may stand for many points: `name: di{n}` with `range: [1, 8]`."""

from collections.abc import Iterator
from typing import Any

from pydantic_core import PydanticCustomError

TEMPLATE_KEYS = ("range", "step")


def expand(raw: Any) -> Any:
    """A profile's raw points, each line replaced by what it stands for; other things are left to pydantic."""
    if not isinstance(raw, list | tuple):
        return raw
    return [point for _, point in numbered(raw)]


def numbered(raw: list[Any] | tuple[Any, ...]) -> Iterator[tuple[int, Any]]:
    """Every expanded point with the index of the line that it came from."""
    for index, one in enumerate(raw):
        for point in _each(one, index):
            yield index, point


def _each(raw: Any, index: int) -> list[Any]:
    if not isinstance(raw, dict) or "range" not in raw:
        return [raw]
    wrong = _wrong(raw)
    if wrong is not None:
        key, text = wrong
        raise PydanticCustomError("template", "{text}", {"text": text, "index": index, "key": key})
    first, last = raw["range"]
    plain = {key: value for key, value in raw.items() if key not in TEMPLATE_KEYS}
    return [_nth(plain, n, (n - first) * raw.get("step", 1)) for n in range(first, last + 1)]


def _wrong(raw: dict[str, Any]) -> tuple[str, str] | None:
    """The key of a line that cannot stand for many points, and why."""
    bounds, step = raw["range"], raw.get("step", 1)
    whole = isinstance(bounds, list | tuple) and len(bounds) == 2 and all(isinstance(b, int) for b in bounds)
    if not whole or bounds[0] > bounds[1]:
        return "range", f"range: want [first, last], not {bounds!r}"
    if not isinstance(step, int) or step < 1:
        return "step", f"step: want a whole number from 1, not {step!r}"
    if "{n}" not in str(raw.get("name")):
        return "name", "name: a line with a range has {n} in its name"
    return None


def _nth(plain: dict[str, Any], n: int, shift: int) -> dict[str, Any]:
    """Point `n`: its bit moves on where it has one, else its address; a pulse's coil moves with it."""
    point = {key: _filled(value, n) for key, value in plain.items()}
    moving = "bit" if "bit" in plain else "address"
    if isinstance(plain.get(moving), int):
        point[moving] = plain[moving] + shift
    pulse = plain.get("pulse")
    if isinstance(pulse, dict) and isinstance(pulse.get("coil"), int):
        point["pulse"] = {**pulse, "coil": pulse["coil"] + shift}
    return point


def _filled(value: Any, n: int) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", str(n))
    if isinstance(value, dict):
        return {key: _filled(inner, n) for key, inner in value.items()}
    return value
