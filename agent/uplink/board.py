"""The latest state of every device, for the retained `state` topics; only the newest counts."""

import asyncio
from collections.abc import Mapping
from typing import Any


class Board:
    """What should stand at the broker, and which of it does not stand there yet."""

    def __init__(self) -> None:
        self._latest: dict[str, Mapping[str, Any]] = {}
        self._unsaid: dict[str, None] = {}
        self.changed = asyncio.Event()

    def put(self, device: str, data: Mapping[str, Any]) -> None:
        """A device's newest state; an older one that was not sent yet is forgotten."""
        self._latest[device] = data
        self._unsaid[device] = None
        self.changed.set()

    def repeat_all(self) -> None:
        """A new session: everything must be said again."""
        self._unsaid = dict.fromkeys(self._latest)
        self.changed.set()

    def take(self) -> dict[str, Mapping[str, Any]]:
        """What is unsaid. If the session breaks before it is said, the next one says everything anew."""
        taken = {device: self._latest[device] for device in self._unsaid}
        self._unsaid.clear()
        self.changed.clear()
        return taken
