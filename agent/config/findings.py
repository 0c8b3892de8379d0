"""Mistakes as they are found, each once and at its place."""

from collections.abc import Collection

from agent.config.source import Loc, Source
from agent.errors import Mistake
from agent.language import tr


class Findings:
    """Collects them; the order of the checks does not matter. What is `unsure` is a guess at what was meant."""

    def __init__(self, source: Source, unsure: Collection[Loc] = ()) -> None:
        self.mistakes: list[Mistake] = []
        self._source = source
        self._unsure = [tuple(loc) for loc in unsure]
        self._wrong_at: list[Loc] = []

    def doubtful(self, room: str) -> set[int | str]:
        """Which of a list's members have something wrong or guessed beyond their names."""
        return {loc[1] for loc in (*self._wrong_at, *self._unsure) if loc[0] == room and loc[2:] != ("id",)}

    def wrong(self, loc: Loc, what: str, *, key: bool = False, about: Loc | None = None) -> None:
        """What follows only from a mistake that is told already (`about` it) is no mistake of its own."""
        self._wrong_at.append(loc)
        if not self.guessed(loc if about is None else about):
            self.mistakes.append(self._source.mistake(loc, what, key=key))

    def missing(self, loc: Loc, key: str, example: str) -> None:
        """A key that another one asks for: not there, or there without a value."""
        at, empty = loc, self._source.has((*loc, key))
        if empty:
            at, said = (*loc, key), tr("{key} has no value; write for example {example}", key=key,
                                       example=f"{key}: {example}")  # fmt: skip
        else:
            said = tr("{key} is missing here; write for example {example}", key=repr(key),
                      example=f"{key}: {example}")  # fmt: skip
        self.wrong(at, said, about=(*loc, key))

    def guessed(self, loc: Loc) -> bool:
        """What stands there is a guess at what was meant."""
        return any(one == tuple(loc)[: len(one)] or one[: len(loc)] == tuple(loc) for one in self._unsure)
