"""What followed from readings and is not stored yet, because the disk refuses: kept as it was seen.

A press may be over before the disk takes it, so it could not be derived again. The memories themselves move only
with the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.alarms.model import DeviceMemory
from agent.records import Record

OWED_MOST = 64  # records of a device; past that it is judged by what it says once the disk takes them


@dataclass(frozen=True, slots=True)
class _Debt:
    """The records, and the memory that they lead to."""

    memory: DeviceMemory
    records: tuple[Record, ...]


class Debts:
    """By device, the records that wait for the disk; bounded."""

    def __init__(self) -> None:
        self._owed: dict[str, _Debt] = {}

    def __contains__(self, device: str) -> bool:
        return device in self._owed

    def memory(self, device: str, stored: DeviceMemory) -> DeviceMemory:
        """What is known of a device: what it is owed, else what is stored."""
        return self._owed[device].memory if device in self._owed else stored

    def records(self, device: str) -> tuple[Record, ...]:
        """What waits, the oldest first."""
        return self._owed[device].records if device in self._owed else ()

    def owe(self, device: str, memory: DeviceMemory, records: Sequence[Record]) -> None:
        """All that waits now; a device that says ever more is not followed further than OWED_MOST."""
        if device not in self._owed or len(records) <= OWED_MOST:
            self._owed[device] = _Debt(memory, tuple(records))

    def settle(self, device: str) -> None:
        """It is stored."""
        self._owed.pop(device, None)
