"""Explicit-state search: every state that the moves reach, each law at each step."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.agent.linkage.laws import LAWS
from tests.agent.linkage.world import Move, World


class Broken(AssertionError):
    """A law does not hold; the way that leads there is told."""

    def __init__(self, law: str, said: str, way: Sequence[Move]) -> None:
        super().__init__(f"{law}: {said}\n  " + "\n  ".join(str(move) for move in way))
        self.law = law


@dataclass
class Found:
    """How much was seen."""

    states: int
    steps: int
    acting: set[str]


def obey(before: World, move: Move, after: World, way: Sequence[Move] = ()) -> None:
    """All laws at one step."""
    for name, law in LAWS.items():
        if said := law(before, move, after):
            raise Broken(name, said, [*way, move])


def search(begin: World, moves: Iterable[Move], states_most: int) -> Found:
    """Breadth first, so that what breaks a law is told by its shortest way."""
    every = list(moves)
    came: dict[object, tuple[object, Move] | None] = {begin.key: None}
    queue, found = deque([begin]), Found(1, 0, set())
    while queue and len(came) < states_most:
        world = queue.popleft()
        for move in every:
            after = world.after(move)
            found.steps += 1
            try:
                obey(world, move, after)
            except Broken as broken:
                raise Broken(broken.law, str(broken), _way(came, world.key)) from broken
            found.acting |= {wish.effect for wish in after.decision.outputs.values()}
            if after.key not in came:
                came[after.key] = (world.key, move)
                queue.append(after)
    found.states = len(came)
    return found


def _way(came: dict[object, tuple[object, Move] | None], key: object) -> list[Move]:
    way: list[Move] = []
    while (step := came[key]) is not None:
        key, move = step
        way.insert(0, move)
    return way
