"""The gateway's command in the guest: after every append that returned it says so to the world outside.

Whoever reads that knows what was accepted, however the machine ends. With SYNCHRONOUS=off the store does not wait
for the disk: the control, which must lose.
"""

import os
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from typing import Any
from unittest.mock import patch

from agent.cli.main import main
from agent.outbox.outbox import Outbox
from agent.records import Record

SAID = os.open(os.environ["SAID"], os.O_WRONLY)


def say(words: str) -> None:
    """A line to the world outside."""
    os.write(SAID, f"{words}\n".encode())


class Careless(sqlite3.Connection):
    """Believes that what was written is on the disk."""

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        """As asked, but for one pragma."""
        if (careless := sql.replace("synchronous=FULL", "synchronous=OFF")) != sql:
            say("careless")
        return super().execute(careless, *values)


connect = sqlite3.connect
append = Outbox.append


def connected(*names: Any, **settings: Any) -> sqlite3.Connection:
    """A connection that is careless."""
    return connect(*names, **settings, factory=Careless)


async def appended(self: Outbox, records: Sequence[Record], states: Mapping[str, str]) -> list[int]:
    """`Outbox.append`, and then the word that it has returned; what is in memory only was not promised to last."""
    sequences = await append(self, records, states)
    if self.in_memory:
        return sequences
    for sequence, record in zip(sequences, records, strict=True):
        boot_id, at_s = self._pending.boot_id, record.at.monotonic_s
        say(f"accepted {self.store_id} {sequence} {boot_id} {at_s:.6f} {record.subject}")
    return sequences


if __name__ == "__main__":
    store = connected if os.environ["SYNCHRONOUS"] == "off" else connect
    with patch.object(Outbox, "append", appended), patch.object(sqlite3, "connect", store):
        sys.exit(main())
