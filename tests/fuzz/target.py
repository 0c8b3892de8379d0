"""What can be fuzzed: something that reads bytes from outside, and the only errors that it may answer with."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """`eat` reads the bytes and asserts what holds whatever they are; `meals` are good ones to begin with.

    `sealed` makes a spoiled input whole again where a checksum or a length guards it, so that what lies behind
    is reached too. `share` is its part of all inputs: what is quick gets more of them.
    """

    name: str
    eat: Callable[[bytes], None]
    meals: Callable[[], Iterable[bytes]]
    errors: tuple[type[Exception], ...] = ()
    sealed: Callable[[bytes], bytes] | None = None
    longest: int = 512
    share: float = 1.0

    def __call__(self, given: bytes) -> None:
        """One input; whatever gets out of here is a bug."""
        with contextlib.suppress(*self.errors):
            self.eat(given)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def in_loop(what: Coroutine[Any, Any, T]) -> T:
    """What it comes to, on a loop that is kept: making one takes longer than most inputs."""
    return _loop().run_until_complete(what)
