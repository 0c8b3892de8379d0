"""Waiting for a condition, never for a time."""

import asyncio
import socket
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def until(ask: Callable[[], T | None], what: str, within_s: float = 20.0) -> T:
    """Ask until the answer is true, and return it."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + within_s
    while not (answer := ask()):
        assert loop.time() < end_s, f"waited {within_s:g} s in vain for {what}"
        await asyncio.sleep(0.01)
    return answer


async def ended(process: asyncio.subprocess.Process, within_s: float = 5.0) -> int:
    """Wait for a child; kill it, and only it, when it does not end by itself."""
    try:
        async with asyncio.timeout(within_s):
            return await process.wait()
    except TimeoutError:
        process.kill()
        return await process.wait()


def unused_port() -> int:
    """A TCP port of the loopback interface that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
