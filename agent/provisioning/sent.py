"""An alarm's record on its way: what names it, until somebody upstream has it. Plain data."""

from dataclasses import dataclass

from agent.records import Record


@dataclass(frozen=True, slots=True)
class Sent:
    """Names an alarm's record for as long as it waits upstream: its store, its moment and what it says."""

    store: str
    boot_id: str
    at_s: float
    device: str
    condition: str
    address: str
    change: str

    def is_of(self, record: Record, boot_id: str) -> bool:
        """Whether this is the record, in whatever store it is by now."""
        own = (self.boot_id, self.at_s, self.device, self.condition, self.address, self.change)
        return own == _names(record, boot_id)


def sent_of(record: Record, store: str, boot_id: str) -> Sent:
    """The name of an alarm's record."""
    return Sent(store, *_names(record, boot_id))


def _names(record: Record, boot_id: str) -> tuple[str, float, str, str, str, str]:
    said = record.data
    return boot_id, record.at.monotonic_s, said["device"], said["condition"], said["address"], said["change"]
