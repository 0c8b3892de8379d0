"""Tells the service manager that we live, and only as long as every poller gets something done."""

import asyncio
import logging
from collections.abc import Callable, Mapping

from agent.host import loop_s
from agent.polling.poller import Progress

log = logging.getLogger(__name__)


def stuck(progress: Mapping[str, Progress], now_s: float) -> list[str]:
    """The parts that have got nothing done within their limit."""
    return [name for name, mark in progress.items() if now_s - mark.at_s > mark.limit_s]


async def feed(notify: Callable[[str], None], progress: Mapping[str, Progress], every_s: float) -> None:
    """Send WATCHDOG=1 every `every_s` while nothing is stuck; else say what is, and let the watchdog bite."""
    while True:
        if names := stuck(progress, loop_s()):
            log.error("no progress in %s: the watchdog is not fed", ", ".join(names))
            notify(f"STATUS=stuck: {', '.join(names)}")
        else:
            notify("WATCHDOG=1")
        await asyncio.sleep(every_s)
