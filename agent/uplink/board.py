"""What is retained at the broker (states of devices, verdicts, hazards): only the newest of each counts."""

import asyncio
from collections.abc import Mapping
from typing import Any

Place = tuple[str, str]
"""Where it stands: a channel and a subject on it."""


class Board:
    """What should stand at the broker, and which of it does not stand there yet."""

    def __init__(self) -> None:
        self._latest: dict[Place, Mapping[str, Any] | None] = {}
        self._unsaid: dict[Place, None] = {}
        self.changed = asyncio.Event()

    def put(self, subject: str, data: Mapping[str, Any] | None, channel: str = "state") -> None:
        """The newest of a subject; an older one that was not sent yet is forgotten. None: it is gone for good."""
        place = channel, subject
        self._latest[place] = data
        self._unsaid[place] = None
        self.changed.set()

    def repeat_all(self) -> None:
        """A new session: everything must be said again."""
        self._unsaid = dict.fromkeys(self._latest)
        self.changed.set()

    def take(self) -> dict[Place, Mapping[str, Any] | None]:
        """What is unsaid. If the session breaks before it is said, the next one says everything anew."""
        taken = {place: self._latest[place] for place in self._unsaid}
        self._unsaid.clear()
        self.changed.clear()
        return taken
