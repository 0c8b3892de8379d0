"""What every fire panel's driver offers, however its protocol turns."""

from typing import Protocol

from drivers.counters import UnitCounters
from drivers.reading import Reading


class Panel(Protocol):
    """A panel on a line of its own: it talks by itself, is polled, or polls us."""

    @property
    def counters(self) -> UnitCounters:
        """What happened since the start."""

    async def poll(self) -> list[Reading]:
        """Wait for what the panel says; at most for the protocol's own interval, then an empty list.

        Whatever the last call returned is stored by now: this call acknowledges it first, where the protocol
        knows acknowledgement. Raises LineError when the port is gone, NoResponse when the panel has been silent
        for longer than its protocol allows, BadFrame for bytes that are no message.
        """

    async def aclose(self) -> None:
        """Close the port; a later poll opens it anew."""
