"""A YAML file with the place of everything in it."""

import codecs
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.config.slips import document_or_slips
from agent.errors import ConfigError, Mistake
from agent.language import tr, why_not
from drivers.document import Loc as Loc
from drivers.document import place_of

LARGEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Source:
    """The parsed document, its name for people, and its bytes."""

    file: str
    document: Any
    content: bytes

    def mistake(self, loc: Loc, what: str, *, key: bool = False) -> Mistake:
        """A mistake at a place of the document: at the value, or at the key itself."""
        line, column = place_of(self.document, loc, key=key)
        return Mistake(self.file, line, column, what)

    def has(self, loc: Loc) -> bool:
        """Whether the document says anything there, be it without a value."""
        node = self.document
        for step in loc[:-1]:
            node = step_into(node, step)
        return isinstance(node, dict) and loc[-1] in node


def step_into(node: Any, step: int | str) -> Any:
    """What is there, or None."""
    if isinstance(node, dict):
        return node.get(step)
    return node[step] if isinstance(node, list) and isinstance(step, int) and step < len(node) else None


def read_source(path: Path, example: str = "configs/gateways/minimal.yaml") -> Source:
    """Read and parse; raises ConfigError that says what is wrong with the file itself; `example` is a good one."""
    file = str(path)
    content = _content(path, file)
    document = _parse(file, _text(content, file))
    if not isinstance(document, dict):
        raise _at_start(file, tr("empty, or not a YAML mapping; start from {example}", example=example))
    return Source(file, document, content)


def _content(path: Path, file: str) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise _at_start(file, tr("not a file"))
        with path.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise _at_start(file, tr("cannot read the file: {error}", error=why_not(error))) from error
    if len(content) > LARGEST:
        raise _at_start(file, tr("the file is larger than 1 MiB; is it the right one?"))
    return content


def _text(content: bytes, file: str) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # UTF-32 begins so too
        raise _at_start(file, tr('this is UTF-16 (an editor\'s "Unicode"); save the file as UTF-8'))
    try:
        return content.decode("utf-8-sig")  # Windows editors put a byte order mark in front
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        what = tr("not UTF-8; save the file as UTF-8 (GBK will not do)")
        raise ConfigError([Mistake(file, line, 1, what)]) from error


def _parse(file: str, text: str) -> Any:
    document, slips = document_or_slips(text)
    if slips:
        raise ConfigError([Mistake(file, *slip) for slip in sorted(set(slips))])
    return document


def _at_start(file: str, what: str) -> ConfigError:
    return ConfigError([Mistake(file, 1, 1, what)])
