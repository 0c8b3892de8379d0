"""What in a line of YAML looks like a slip of the pen, and the line as it was probably meant."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.language import tr

WIDE: Sequence[Mapping[str, str]] = (  # an input method that was left on Chinese
    {"：": ":"},
    {"，": ","},
    {"“": '"', "”": '"', "‘": "'", "’": "'", "＂": '"', "＇": "'"},
    {"【": "[", "】": "]", "［": "[", "］": "]", "｛": "{", "｝": "}"},
    {"（": "{", "）": "}"},
)
ALL_WIDE: Mapping[str, str] = {given: meant for sort in WIDE for given, meant in sort.items()}
BRACED: Mapping[str, str] = {**ALL_WIDE, "【": "{", "】": "}"}
BESIDE_LATIN = re.compile(r"(?<=[\w\"'])[^\x00-\x7f]|[^\x00-\x7f](?=[\w\"'])", re.ASCII)
SPACED = ":,"  # YAML wants a space behind
CLOSES = {"{": "}", "[": "]"}
GLUED = re.compile(r"(?:^|[\s{\[,])([A-Za-z_][A-Za-z0-9_-]*):(?=[^\s:,}\]/])")
COLON_INSIDE = re.compile(r"^\s*(?:- +)*[\w.-]+:\s+(?P<value>[^\s\"'{\[&*|>].*:(?:\s.*)?)$")
BEGINS_NOTHING = re.compile(r"(?:^|[\s{\[,])[\w.-]+:\s+(?P<value>[@`%][^,}\]]*)")
NO_ESCAPE = re.compile(r'\\(?![\\"/abefnrtv0 xuUNLP_])')
# Quotes that begin a value, closed or not, and comments.
HIDDEN = re.compile(
    r"""(?<![^\s{\[,:])(?:"(?:[^"\\]|\\.?)*(?P<double>"|$)|'(?:[^']|'')*(?P<single>'|$))|(?<!\S)\#.*$"""
)


@dataclass(frozen=True, slots=True)
class Stroke:
    """The line mended; columns (from 0) and words of what was wrong; where it has become longer, by how much."""

    mended: str
    told: tuple[tuple[int, str], ...]
    grown: tuple[tuple[int, int], ...] = ()
    quote: bool = False


@dataclass(frozen=True, slots=True)
class Bare:
    """A line with what stands in quotes and comments blanked out, column for column."""

    text: str
    open_quote: int | None


def bare(line: str) -> Bare:
    """What of a line is YAML's own."""
    shown, open_quote = line, None
    for found in HIDDEN.finditer(line):
        begin, end = found.span()
        is_quote = found[0][0] in "\"'"
        if is_quote and not (found["double"] or found["single"]):
            open_quote = begin
        blank = "_" if is_quote else " "
        shown = shown[:begin] + blank * (end - begin) + shown[end:]
    return Bare(shown.rstrip(), open_quote)


def strokes(line: str, problem: str) -> Iterator[Stroke]:
    """Every way in which the line could be mended on its own, the surest first."""
    seen = bare(line)
    if "\t" in line[: len(line) - len(line.lstrip())]:
        yield _tab(line)
    if "escape" in problem:
        yield from _backslash(line)
    yield from _wide(line, seen)
    yield from _glued(line, seen)
    yield from _quoted(line, seen)
    yield from _brackets(line, seen)
    if seen.open_quote is not None:
        yield _unclosed_quote(line, seen.open_quote)


def _tab(line: str) -> Stroke:
    at = line.index("\t")
    inner = line.lstrip()
    column = (len(line) - len(inner)) * 4
    return Stroke(" " * column + inner, ((at, tr("a tab in the indentation; YAML wants spaces")),))


def _backslash(line: str) -> Iterator[Stroke]:
    places = [found.start() for found in NO_ESCAPE.finditer(line)]
    if places:
        what = tr("a \\ in double quotes begins an escape; write \\\\ or use single quotes")
        mended = NO_ESCAPE.sub(r"\\\\", line)
        yield Stroke(mended, tuple((at, what) for at in places), tuple((at, 1) for at in places))


def _wide(line: str, seen: Bare) -> Iterator[Stroke]:
    """Those among Latin letters are the likeliest: in a Chinese name they may well be meant."""
    beside = [found.start() for found in BESIDE_LATIN.finditer(seen.text) if found[0] in ALL_WIDE]
    for sort in (ALL_WIDE, BRACED) if beside else ():
        yield _narrowed(line, beside, sort)
    for sort in (*WIDE, ALL_WIDE, BRACED):
        places = [n for n, char in enumerate(seen.text) if char in sort]
        if places:
            yield _narrowed(line, places, sort)


def _narrowed(line: str, places: Sequence[int], sort: Mapping[str, str]) -> Stroke:
    mended, grown = line, []
    for at in reversed(places):
        meant = sort[line[at]]
        spaced = meant in SPACED and line[at + 1 : at + 2].strip() != ""
        mended = mended[:at] + meant + " " * spaced + mended[at + 1 :]
        grown += [(at, 1)] * spaced
    told = tuple((at, narrow(line[at], sort[line[at]])) for at in places)
    return Stroke(mended, told, tuple(grown))


def narrow(given: str, meant: str) -> str:
    """What to write instead of a full-width character."""
    return tr("{given} is a full-width character; write {meant}", given=given, meant=meant)


def _glued(line: str, seen: Bare) -> Iterator[Stroke]:
    for found in GLUED.finditer(seen.text):
        at = found.end()
        wanted = f"{found[1]}: {line[at:].split(',')[0].split(' ')[0].rstrip('}]')}"
        what = tr("a space is missing after the colon; write {wanted}", wanted=wanted)
        yield Stroke(line[:at] + " " + line[at:], ((found.start(1), what),), ((at - 1, 1),))


def _quoted(line: str, seen: Bare) -> Iterator[Stroke]:
    """A value that cannot stand without quotes."""
    for form in (COLON_INSIDE, BEGINS_NOTHING):
        if found := form.search(seen.text):
            begin, end = found.span("value")
            value = line[begin:end].rstrip()
            wanted = "'" + value.replace("'", "''") + "'"
            what = tr("this value needs quotes; write {wanted}", wanted=wanted)
            mended = line[:begin] + wanted + line[begin + len(value) :]
            yield Stroke(mended, ((begin, what),), ((begin, len(wanted) - len(value)),))


def _brackets(line: str, seen: Bare) -> Iterator[Stroke]:
    opened: list[int] = []
    for at, char in enumerate(seen.text):
        if char in CLOSES:
            opened.append(at)
        elif char in CLOSES.values():
            if not opened:
                what = tr("{given} closes nothing; take it out, or open it before", given=char)
                yield Stroke(line[:at] + " " + line[at + 1 :], ((at, what),))
                return
            if CLOSES[seen.text[begin := opened.pop()]] != char:
                yield Stroke(line[:at] + CLOSES[line[begin]] + line[at:], ((begin, _never(line[begin])),))
                yield Stroke(line[:at] + CLOSES[line[begin]] + line[at + 1 :], ((at, _unlike(line[begin], char)),))
                return
    if opened and seen.open_quote is None:
        yield _unclosed(line, seen, opened)


def _unlike(begun: str, given: str) -> str:
    return tr("{given} does not close {begun}; write {wanted}", given=given, begun=begun, wanted=CLOSES[begun])


def _unclosed(line: str, seen: Bare, opened: Sequence[int]) -> Stroke:
    end = len(seen.text)
    missing = "".join(CLOSES[line[at]] for at in reversed(opened))
    return Stroke(line[:end] + missing + line[end:], ((opened[0], _never(line[opened[0]])),))


def _never(begun: str) -> str:
    return tr(
        "{given} is opened here and never closed; write {wanted} at the end of what it holds",
        given=begun,
        wanted=CLOSES[begun],
    )


def _unclosed_quote(line: str, at: int) -> Stroke:
    rest = line[at:].rstrip().rstrip("}]")
    end = at + len(rest)
    what = tr("the quote {given} is opened here and never closed", given=line[at])
    return Stroke(line[:end] + line[at] + line[end:], ((at, what),), quote=True)


def indents(lines: Sequence[str], n: int) -> Iterator[Stroke]:
    """The line as far in as another one near it."""
    line = lines[n]
    given = _depth(line)
    if not line.strip():
        return
    models = [m for m in (*range(n - 1, max(-1, n - 12), -1), n + 1) if m < len(lines) and lines[m].strip()]
    wanted = {depth: m for m in reversed(models) for depth in _depths(lines[m])}
    for depth in sorted(wanted, key=lambda depth: abs(depth - given)):
        if depth != given:
            what = tr("indented by {given} spaces; want {wanted}, as in line {line}",
                      given=given, wanted=depth, line=wanted[depth] + 1)  # fmt: skip
            yield Stroke(" " * depth + line.lstrip(" "), ((given, what),))


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _depths(line: str) -> set[int]:
    """Where the line begins, and where its key does after a dash."""
    inner = line.lstrip(" ")
    return {_depth(line), len(line) - len(inner.lstrip("- "))} if inner.startswith("- ") else {_depth(line)}
