"""Slips of the pen that make YAML unreadable, each where it stands and with what to write instead.

The parser stops at the first error, often lines behind its cause. So what looks like a slip near the error is
mended on trial: where that brings the parser further it was the cause, is told, and the search goes on behind it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from agent.config.strokes import Stroke, indents, strokes
from agent.language import tr
from drivers.document import BREAKS, parse_document

LINE_BREAK = re.compile("\r\n|[\n\r]")  # what the parser counts as the end of a line
SLIPS_MOST = 20
TRIALS_MOST = 40  # a trial parses the whole file
SECOND = "but found another document"
NEAR_LINES = 6  # so far before the error is looked for its cause

Slip = tuple[int, int, str]
"""Line and column from 1, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Where the parser gave up: where what it was reading begins, where it noticed, and its words."""

    begun: tuple[int, int]
    noticed: tuple[int, int]
    problem: str
    duplicate: bool = False

    @property
    def progress(self) -> tuple[bool, tuple[int, int], tuple[int, int]]:
        """The further, the larger; keys are compared after everything has been read."""
        return self.duplicate, self.begun, self.noticed


def document_or_slips(text: str) -> tuple[Any, list[Slip]]:
    """The parsed document, or what to mend before it can be parsed."""
    lines = LINE_BREAK.split(text)
    document, stop = _parsed(text)
    grown: list[tuple[int, int, int]] = []  # line, column, by how much: mending must not shift what is told
    slips: list[Slip] = []
    while stop is not None and len(slips) < SLIPS_MOST:
        found = _cause(lines, stop)
        if found is None:
            return None, [*slips, (stop.noticed[0] + 1, stop.noticed[1] + 1, _plain(stop.problem))]
        line, stroke, stop = found
        slips += [(line + 1, _as_written(line, at, grown) + 1, what) for at, what in stroke.told]
        grown += [(line, at, by) for at, by in stroke.grown]
        lines[line] = stroke.mended
    return document, slips


def _as_written(line: int, column: int, grown: Sequence[tuple[int, int, int]]) -> int:
    return column - sum(by for at_line, at, by in grown if at_line == line and at < column)


def _parsed(text: str) -> tuple[Any, Stop | None]:
    try:
        return parse_document(text), None
    except MarkedYAMLError as error:
        return None, _stop(error)
    except BREAKS as error:
        return None, Stop((0, 0), (0, 0), str(error).splitlines()[0] if str(error) else type(error).__name__)


def _stop(error: MarkedYAMLError) -> Stop:
    noticed = _place(error.problem_mark) or _place(error.context_mark) or (0, 0)
    within = any(word in (error.context or "") for word in ("flow", "quoted", "simple key"))
    begun = _place(error.context_mark) if within else None
    problem = (error.problem or str(error)).splitlines()[0]
    return Stop(begun or noticed, noticed, problem, isinstance(error, DuplicateKeyError))


def _place(mark: Any) -> tuple[int, int] | None:
    return (mark.line, mark.column) if mark else None


def _cause(lines: list[str], stop: Stop) -> tuple[int, Stroke, Stop | None] | None:
    for line, stroke in islice(_suspects(lines, stop), TRIALS_MOST):
        _, then = _parsed("\n".join([*lines[:line], stroke.mended, *lines[line + 1 :]]))
        if then is None or _further(then, stop, line, stroke):
            return line, stroke, then
    return None


def _further(then: Stop, before: Stop, line: int, stroke: Stroke) -> bool:
    """The parser got further, not just as far on a line that has become longer."""
    begun, noticed = (_moved(at, line, stroke) for at in (before.begun, before.noticed))
    return then.progress > (before.duplicate, begun, noticed)


def _moved(at: tuple[int, int], line: int, stroke: Stroke) -> tuple[int, int]:
    return (at[0], at[1] + sum(by for column, by in stroke.grown if column < at[1])) if at[0] == line else at


def _suspects(lines: Sequence[str], stop: Stop) -> Iterator[tuple[int, Stroke]]:
    """What looks like a slip: the surest sort first, the nearest line first."""
    if stop.duplicate:
        yield from _twice(lines, stop)
    if stop.duplicate or stop.problem.startswith(SECOND):
        return
    last = min(stop.noticed[0], len(lines) - 1)
    near = list(range(last, max(-1, last - NEAR_LINES), -1))
    near += [stop.begun[0]] if stop.begun[0] not in near else []
    for n in near:
        yield from ((n, stroke) for stroke in strokes(lines[n], stop.problem))
    for n in range(last - NEAR_LINES, -1, -1):  # a quote swallows everything up to the next one
        yield from ((n, stroke) for stroke in strokes(lines[n], stop.problem) if stroke.quote)
    for n in near:
        yield from ((n, stroke) for stroke in indents(lines, n))


def _twice(lines: Sequence[str], stop: Stop) -> Iterator[tuple[int, Stroke]]:
    line, column = stop.noticed
    text = lines[line]
    key = text[column:].partition(":")[0].strip()
    first = [n + 1 for n in range(stop.begun[0]) if lines[n][column:].startswith(f"{key}:")]
    bare = key.strip("'\"")
    if first:
        what = tr('duplicate key "{key}"; it stands in line {line} already', key=bare, line=first[-1])
    else:
        what = tr('duplicate key "{key}"; it stands here twice', key=bare)
    free = f"{line}_{column}_"
    yield line, Stroke(text[:column] + free + text[column:], ((column, what),), ((column, len(free)),))


def _plain(problem: str) -> str:
    if problem.startswith("found undefined alias"):
        return tr("undefined alias {name}: nothing is named so with &", name=problem.rpartition(" ")[2])
    if problem.startswith(SECOND):
        return tr("--- begins a second document; a configuration is one")
    if "special characters are not allowed" in problem:
        return tr("a character that cannot be shown; type the line again")
    return tr("not valid YAML here or in the line before: {problem}", problem=problem)
