"""A YAML file with the place of everything in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError

from agent.errors import ConfigError, Mistake
from agent.language import tr
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


def read_source(path: Path) -> Source:
    """Read and parse; raises ConfigError that says what is wrong with the file itself."""
    file = str(path)
    try:
        if path.exists() and not path.is_file():
            raise _at_start(file, tr("not a file"))
        with path.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise _at_start(file, tr("cannot read the file: {error}", error=error.strerror or error)) from error
    if len(content) > LARGEST:
        raise _at_start(file, tr("the file is larger than 1 MiB; is it the right one?"))
    try:
        text = content.decode("utf-8-sig")  # Windows editors put a byte order mark in front
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        what = tr("not UTF-8; save the file as UTF-8 (GBK will not do)")
        raise ConfigError([Mistake(file, line, 1, what)]) from error
    document = _parse(file, text)
    if not isinstance(document, dict):
        raise _at_start(file, tr("empty, or not a YAML mapping; start from configs/gateways/minimal.yaml"))
    return Source(file, document, content)


def _parse(file: str, text: str) -> Any:
    try:
        return YAML(typ="rt", pure=True).load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = tr("not valid YAML: {problem}", problem=_problem(error, text, line))
        raise ConfigError([Mistake(file, line, column, what)]) from error
    except (YAMLError, YAMLStreamError, RecursionError, ValueError) as error:
        raise _at_start(file, tr("not valid YAML: {problem}", problem=error)) from error


def _problem(error: MarkedYAMLError, text: str, line: int) -> str:
    lines = text.splitlines()
    if line <= len(lines) and "\t" in lines[line - 1]:
        return tr("a tab in the indentation; YAML wants spaces")
    return (error.problem or str(error)).splitlines()[0]


def _at_start(file: str, what: str) -> ConfigError:
    return ConfigError([Mistake(file, 1, 1, what)])
