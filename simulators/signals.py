"""Ctrl-C and its like: they end a task once, and its tidying up is not interrupted by a second one."""

import asyncio
import signal
from typing import Any

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_with_signals(task: "asyncio.Task[Any]") -> None:
    """The first signal that asks a program to end cancels the task."""
    for number in ENDING:
        asyncio.get_running_loop().add_signal_handler(number, _cancel_once, task)


def _cancel_once(task: "asyncio.Task[Any]") -> None:
    if not task.cancelling():
        task.cancel()
