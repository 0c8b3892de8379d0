"""A part that fails is reported and started again, less and less often."""

import asyncio
import random
from types import SimpleNamespace
from typing import Any

from agent.service.supervisor import supervise
from simulators.clock import run_virtual


class Even(random.Random):
    def random(self) -> float:
        return 0.5


def starts_of(part_lives_s: list[float | None], during_s: float) -> tuple[list[float], list[str]]:
    """When a part was started that fails after these times (None: it ends by itself), and what was reported."""
    starts: list[float] = []
    reported: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        begun_s = loop.time()

        async def part() -> None:
            life_s = part_lives_s[min(len(starts), len(part_lives_s) - 1)]
            starts.append(round(loop.time() - begun_s, 3))
            if life_s is not None:
                await asyncio.sleep(life_s)
                raise ValueError("broken")

        async def report(name: str, error: BaseException) -> None:
            reported.append(f"{name}: {type(error).__name__} {error}")

        host: Any = SimpleNamespace(random=Even())
        task = asyncio.create_task(supervise("uplink", part, host, report))
        await asyncio.sleep(during_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    run_virtual(main())
    return starts, reported


def test_it_is_started_again_with_growing_pauses_and_the_same_failure_is_told_once() -> None:
    starts, reported = starts_of([0.0], 100.0)
    assert starts == [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]
    assert reported == ["uplink: ValueError broken"]


def test_another_failure_is_told_and_the_same_one_after_a_calm_time_too() -> None:
    _, reported = starts_of([0.0, 0.0, None, 0.0, 61.0, 0.0], 80.0)
    assert reported == ["uplink: ValueError broken"] * 3


def test_after_a_calm_time_it_is_started_again_soon() -> None:
    starts, _ = starts_of([0.0, 0.0, 0.0, 61.0, 0.0], 70.0)
    assert starts == [0, 0.5, 1.5, 3.5, 65.0, 66.0, 68.0]


def test_a_part_that_ends_by_itself_is_started_again_and_is_no_failure() -> None:
    starts, reported = starts_of([None], 2.0)
    assert starts == [0, 0.5, 1.5]
    assert reported == []


def test_a_disk_that_stalls_keeps_no_part_from_its_next_start() -> None:
    starts: list[float] = []

    async def main() -> None:
        async def part() -> None:
            starts.append(asyncio.get_running_loop().time())
            raise ValueError("broken")

        async def report(*_: object) -> None:
            await asyncio.Event().wait()

        host: Any = SimpleNamespace(random=Even())
        task = asyncio.create_task(supervise("linkage", part, host, report))
        await asyncio.sleep(10.0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await asyncio.sleep(0.1)
        assert not [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]

    run_virtual(main())
    assert starts[1] - starts[0] <= 3.0
