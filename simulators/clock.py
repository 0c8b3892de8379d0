"""Virtual time: an event loop that moves its clock instead of waiting, and plays the same dice for a seed.

The loop is the agent's only source of durations, so whatever runs on it runs unchanged, hundreds of times
faster. Callbacks that are ready at the same moment run in an order drawn from the seed, so that what rests on
that order falls over in some seed, and does so again whenever the seed is played. Seed 0 keeps asyncio's own.
"""

import asyncio
import itertools
import math
import random
import selectors
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

START_S = 1000.0
STANDSTILL_MOST = 100_000  # rounds of the loop without a moment passing: somebody waits by spinning


class Stalled(RuntimeError):
    """Virtual time cannot go on: nobody will ever wake, or somebody spins instead of sleeping."""


class VirtualClock(selectors.SelectSelector):
    """Instead of waiting it moves the clock; no file descriptor is ever ready."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.now_s = START_S
        self.ready: deque[asyncio.Handle] = deque()
        self._dice = random.Random(seed) if seed else None
        self._still = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Called once a round: with 0 when callbacks are ready, else with the time to the next timer."""
        if timeout is None:
            raise Stalled(f"everybody waits at {self.now_s:.3f} s, and nothing will happen any more")
        self._still = 0 if timeout > 0 else self._still + 1
        if self._still > STANDSTILL_MOST:
            raise Stalled(f"time stands still at {self.now_s:.3f} s: somebody spins instead of sleeping")
        self.now_s += max(0.0, timeout)
        if self._dice is not None and len(self.ready) > 1:
            self._dice.shuffle(self.ready)
        return []


class _CountedTask(asyncio.Task[T]):
    """Hashed by its number, not by its address: asyncio cancels sets of tasks in the order of their hashes."""

    def __init__(self, coro: Any, *, loop: "VirtualLoop", **named: Any) -> None:
        self._number = loop.next_number()
        super().__init__(coro, loop=loop, **named)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds cost nothing; it has no sockets, pipes, threads or signals of the world."""

    _ready: deque[asyncio.Handle]  # asyncio's own queue: looked into so that it can be shuffled

    def __init__(self, seed: int = 0) -> None:
        self._virtual = VirtualClock(seed)
        self._numbers = itertools.count(1)
        super().__init__(self._virtual)
        self._virtual.ready = self._ready
        self.set_task_factory(_counted)

    def time(self) -> float:
        """Virtual seconds."""
        return self._virtual.now_s

    @property
    def _clock_resolution(self) -> float:
        """asyncio runs timers early by so much; by a nanosecond, one could run for ever at the same moment."""
        return math.ulp(self.time())

    @_clock_resolution.setter
    def _clock_resolution(self, _of_the_machine: float) -> None:
        pass

    def next_number(self) -> int:
        """Tasks are numbered in the order in which they are made."""
        return next(self._numbers)


def _counted(loop: asyncio.AbstractEventLoop, coro: Any, **named: Any) -> asyncio.Task[Any]:
    assert isinstance(loop, VirtualLoop)
    return _CountedTask(coro, loop=loop, **named)


def run_virtual(main: Coroutine[Any, Any, T], seed: int = 0) -> T:
    """Run to the end in virtual time; raises Stalled when that end cannot come.

    What fails where nobody awaits it (a simulated device's task, a callback) is raised at the end too.
    """
    unheard: list[Exception] = []

    def hear(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if isinstance(error := context.get("exception"), Exception):
            unheard.append(error)

    with asyncio.Runner(loop_factory=lambda: VirtualLoop(seed)) as runner:
        runner.get_loop().set_exception_handler(hear)
        result = runner.run(main)
    if unheard:
        raise ExceptionGroup("failures that nobody awaited", unheard)
    return result
