"""Words of the alarm states and of time, as people read them at a terminal."""

import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from agent.language import either, later, tr

CELL_MOST = 26  # two such columns, a time and a priority fit on a terminal

STATES: Mapping[str, str] = {
    "normal": later("normal"),
    "unacknowledged": later("ACTIVE, not acknowledged"),
    "acknowledged": later("active, acknowledged"),
    "returned_unacknowledged": later("over, not acknowledged"),
    "latched_unacknowledged": later("over, not acknowledged, to be reset"),
    "latched_acknowledged": later("over, to be reset"),
}
HOLDS: Mapping[str, str] = {
    "shelved": later("shelved"),
    "suppressed": later("suppressed"),
    "out_of_service": later("out of service"),
}
CLOCKS: Mapping[str, str] = {
    "synchronised": later("synchronised"),
    "estimated": later("running on its own, not synchronised"),
    "unknown": later("not known whether it is right"),
}


def word(table: Mapping[str, str], given: str) -> str:
    """The word for people; of a newer gateway's, its own."""
    return tr(table[given]) if given in table else given


def title(kind: str, condition: str) -> str:
    """What people call the condition."""
    from agent.alarms.kinds import KINDS

    spec = next((spec.conditions.get(condition) for name, spec in KINDS.items() if name == kind), None)
    return condition if spec is None else either(spec.title.en, spec.title.zh)


def moment(utc_s: float) -> str:
    """A time of day here, with its date."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(utc_s))


def width(text: str) -> int:
    """Columns on a terminal: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def padded(text: str, columns: int) -> str:
    """The text, with blanks up to so many columns."""
    return text + " " * (columns - width(text))


def readable(text: str) -> str:
    """The text without what would steer the terminal: somebody typed it, maybe at the platform."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(char) in ("Cc", "Cf") else char for char in text
    )


def table(rows: Sequence[Sequence[str]], gap: str = "  ") -> Iterator[str]:
    """Rows whose cells stand under each other; a cell that is very long, and the last one, is as long as it is."""
    rows = [[readable(cell) for cell in row] for row in rows]
    columns = [
        max((width(cell) for cell in column if width(cell) <= CELL_MOST), default=0)
        for column in zip(*(row[:-1] for row in rows), strict=True)
    ]
    for row in rows:
        cells = [padded(cell, most) for cell, most in zip(row[:-1], columns, strict=True)]
        yield gap.join([*cells, row[-1]]).rstrip()


def folded(text: str, indent: str, columns: int) -> Iterator[str]:
    """The text in lines of so many columns, broken between words, or anywhere within Chinese."""
    line = indent
    for piece in _pieces(readable(text)):
        if width(line + piece.rstrip()) > columns and line.strip():
            yield line.rstrip()
            line = indent + piece.lstrip()
        else:
            line += piece
    yield line.rstrip()


def _pieces(text: str) -> Iterator[str]:
    """What a line may end after."""
    piece = ""
    for char in text:
        if width(char) == 2 and piece and not piece.endswith(tuple("（“【《")) and char not in "，。；：、）”】》":
            yield piece
            piece = ""
        piece += char
        if char == " ":
            yield piece
            piece = ""
    yield piece
