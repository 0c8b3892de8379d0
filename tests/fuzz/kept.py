"""Inputs that reach something of a target each, found by `make fuzz`: one a line, as Python writes bytes."""

import ast
from collections.abc import Iterable
from pathlib import Path

from tests.fuzz.target import Target

FOLDER = Path(__file__).parent / "corpus"
KEPT_MOST = 150
KEPT_BYTES = 24_000  # of a target: the shortest inputs first


def found(target: Target) -> list[bytes]:
    """What was found so far."""
    file = FOLDER / f"{target.name}.txt"
    return [ast.literal_eval(line) for line in file.read_text().splitlines()] if file.exists() else []


def all_of(target: Target) -> list[bytes]:
    """That, and the good ones to begin with; each fits in."""
    return list(dict.fromkeys(given[: target.longest] for given in (*target.meals(), *found(target))))


def keep(target: Target, inputs: Iterable[bytes]) -> int:
    """Write the shortest of these down, beside the good ones; returns how many."""
    good, rows, left = set(target.meals()), [], KEPT_BYTES
    for given in sorted(set(inputs) - good, key=lambda given: (len(given), given))[:KEPT_MOST]:
        row = repr(given)
        if (left := left - len(row)) < 0:
            break
        rows.append(row)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{target.name}.txt").write_text("".join(f"{row}\n" for row in rows))
    return len(rows)
