"""Hypothesis strategies: what is good, spoiled a little, and sealed again where a checksum would give it away."""

from hypothesis import strategies as st

from tests.fuzz.kept import all_of
from tests.fuzz.target import Target

NASTY = (0x00, 0x01, 0x0A, 0x20, 0x22, 0x2D, 0x30, 0x7B, 0x7D, 0x7F, 0x80, 0x82, 0x83, 0xF0, 0xFE, 0xFF)


def spoiled(target: Target) -> st.SearchStrategy[bytes]:
    """For this target."""
    good = all_of(target)
    return _of(target, good) | st.binary(max_size=target.longest)


@st.composite
def _of(draw: st.DrawFn, target: Target, good: list[bytes]) -> bytes:
    given = bytearray(draw(st.sampled_from(good)))
    for _ in range(draw(st.integers(0, 4))):
        _edit(draw, given, good)
    whole = bytes(given[: target.longest])
    return target.sealed(whole) if target.sealed is not None and draw(st.booleans()) else whole


def _edit(draw: st.DrawFn, given: bytearray, good: list[bytes]) -> None:
    """One clumsy edit."""
    first = draw(st.integers(0, len(given)))
    last = draw(st.integers(first, min(len(given), first + 16)))
    match draw(st.sampled_from(["byte", "cut", "again", "other", "swap"])):
        case "byte":
            given[first : first + 1] = bytes((draw(st.sampled_from(NASTY) | st.integers(0, 255)),))
        case "cut":
            del given[first:last]
        case "again":
            given[first:first] = given[first:last] * draw(st.integers(1, 3))
        case "other":
            given[first:] = draw(st.sampled_from(good))[first:]
        case "swap":
            given[first:last] = given[first:last][::-1]
