"""The one place that catches everything: a failing part is reported, contained, and started again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from agent.host import Host

log = logging.getLogger(__name__)

Report = Callable[[str, BaseException], Awaitable[None]]

T = TypeVar("T")

RESTART_FIRST_S = 0.5
RESTART_MOST_S = 30.0
CALM_S = 60.0
REPORT_MOST_S = 1.0


async def supervise(name: str, part: Callable[[], Awaitable[None]], host: Host, report: Report) -> None:
    """Run `part` for ever; when it fails, report it and start it again with back-off and jitter.

    The same failure over and over is one report; after a calm time it is news again.
    """
    telling = set[asyncio.Future[None]]()
    try:
        await _again_and_again(name, part, host, report, telling)
    finally:
        for one in telling:
            one.cancel()


async def _again_and_again(
    name: str,
    part: Callable[[], Awaitable[None]],
    host: Host,
    report: Report,
    telling: set[asyncio.Future[None]],
) -> None:
    loop = asyncio.get_running_loop()
    wait_s, known = RESTART_FIRST_S, ""
    while True:
        started_s = loop.time()
        said = ""
        try:
            await part()
            log.warning("%s ended by itself; starting it again", name)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
            calm = loop.time() - started_s > CALM_S
            log.error("%s failed: %s", name, said, exc_info=calm or said != known)
            if calm or said != known:
                await _told(report(name, error), telling)
        if loop.time() - started_s > CALM_S:
            wait_s = RESTART_FIRST_S
        known = said
        await asyncio.sleep(wait_s * (0.8 + 0.4 * host.random.random()))
        wait_s = min(RESTART_MOST_S, wait_s * 2)


async def _told(reporting: Awaitable[None], telling: set[asyncio.Future[None]]) -> None:
    """A disk that stalls keeps no part from its next start; what it takes later is told later."""
    one = asyncio.ensure_future(reporting)
    telling.add(one)
    one.add_done_callback(telling.discard)
    await asyncio.wait([one], timeout=REPORT_MOST_S)
    if one.done():
        one.result()


def contained(call: Callable[[], T], otherwise: T) -> T:
    """What a room says to something of the pipe; a room that fails keeps no alarm from its way."""
    try:
        return call()
    except Exception as error:
        log.exception("a room failed where it looks on: %s: %s", type(error).__name__, error)
        return otherwise
