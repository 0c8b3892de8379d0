"""Waiting for a condition, never for a time."""

import asyncio
from collections.abc import Callable
from inspect import isawaitable

from bench.errors import Late

POLL_S = 0.05  # asking a gateway more often would be work for it


async def comes(condition: Callable[[], object], within_s: float, every_s: float = POLL_S) -> bool:
    """Whether it comes about in time; a condition may be a coroutine function."""
    try:
        async with asyncio.timeout(within_s):
            while not await _answer(condition):
                await asyncio.sleep(every_s)
    except TimeoutError:
        return False
    return True


async def until(condition: Callable[[], object], what: str, within_s: float) -> None:
    """Wait for it; raises Late that says for what."""
    if not await comes(condition, within_s):
        raise Late(f"waited {within_s:g} s in vain for {what}")


async def _answer(condition: Callable[[], object]) -> object:
    answer = condition()
    return await answer if isawaitable(answer) else answer
