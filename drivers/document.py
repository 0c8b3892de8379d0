"""A YAML document with the place of everything in it, so that a mistake can be shown where it stands."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.constructor import ConstructorError, RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError, YAMLStreamError
from ruamel.yaml.nodes import MappingNode, ScalarNode

Loc = Sequence[int | str]
Place = tuple[int, int]
START: Place = (1, 1)
# What the parser raises for what is no YAML: its own errors, and what it comes across on the way (a mapping as a
# key, a number that is none, an anchor of itself, deep nesting).
BREAKS = (
    *(YAMLError, YAMLStreamError, RuntimeError),
    *(ValueError, TypeError, LookupError, AttributeError, AssertionError),
)


class Unreadable(Exception):
    """No YAML; `place` is where it stops being any."""

    def __init__(self, place: Place, what: str) -> None:
        super().__init__(what)
        self.place = place


class _Constructor(RoundTripConstructor):
    """Only words are keys: for a mapping in a mapping's place of a key, `{{{{…`, the parser needs 2^n steps."""

    def construct_mapping(self, node: MappingNode, maptyp: Any, deep: bool = False) -> Any:  # type: ignore[override]
        for key, _ in node.value:
            if not isinstance(key, ScalarNode):
                raise ConstructorError(None, None, "found a list or mapping where a key is wanted", key.start_mark)
        return super().construct_mapping(node, maptyp, deep=deep)


def parse_document(text: str) -> Any:
    """The parsed text, whose parts know their places; raises MarkedYAMLError or one of BREAKS."""
    parser = YAML(typ="rt", pure=True)
    parser.Constructor = _Constructor
    return parser.load(text)


def read_document(path: Path) -> Any:
    """The parsed file; raises Unreadable, OSError."""
    try:
        return parse_document(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else START
        raise Unreadable(place, (error.problem or str(error)).splitlines()[0]) from error
    except BREAKS as error:
        raise Unreadable(START, str(error) or type(error).__name__) from error


def place_of(document: Any, loc: Loc, *, key: bool = False) -> Place:
    """Line and column, from 1, of the deepest part of `loc` that exists: of its value, or of the key itself."""
    node, at = document, (0, 0)
    for depth, step in enumerate(loc):
        found = _at(node, step, key and depth == len(loc) - 1)
        if found is None:
            break
        at, node = found, node[step]
    return at[0] + 1, at[1] + 1


def _at(node: Any, step: int | str, key: bool) -> Place | None:
    if not isinstance(node, CommentedBase) or step not in _keys(node):
        return None
    if isinstance(node, list):
        return node.lc.item(step)  # type: ignore[no-any-return]
    try:  # a key without a value is shown itself
        return node.lc.key(step) if key or node[step] is None else node.lc.value(step)  # type: ignore[index, no-any-return]
    except KeyError:
        return None  # merged from an anchor: it stands elsewhere


def _keys(node: Any) -> Any:
    return range(len(node)) if isinstance(node, list) else node
