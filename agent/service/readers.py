"""What is held to card readers and which sign-on buttons are pressed: each once, by the change of its point."""

from collections.abc import Iterable
from dataclasses import dataclass

from agent.alarms.model import PointValue
from agent.polling.points import PointTable
from agent.provisioning.check_ins import SAME_S, plain
from agent.records import Instant
from agent.site import Device

ROLES = {"card_reader": "card", "sign_on_button": "pressed"}
CARD_MOST = 64
PRESSED = "pressed"  # what a button says in place of a card


@dataclass(frozen=True, slots=True)
class Presented:
    """A card was held to a reader, or a button pressed."""

    device: Device
    card: str
    at: Instant


class Readers:
    """What a reader or a button said when it was heard first, after a start, is nothing new."""

    def __init__(self, devices: Iterable[Device], table: PointTable) -> None:
        self._devices = [device for device in devices if device.kind in ROLES]
        self._table = table
        self._shown: dict[str, str] = {}
        self._presented_s: dict[tuple[str, str], float] = {}

    def look(self, now: Instant) -> list[Presented]:
        """What is new since the last look."""
        found = (self._of(device, now) for device in self._devices)
        return [one for one in found if one is not None]

    def _of(self, device: Device, now: Instant) -> Presented | None:
        point = self._table.of(device).get(ROLES[device.kind])
        if point is None or not point.good:
            return None  # lost or not heard: what it showed last still counts
        card = _shown(device, point)
        before, self._shown[device.id] = self._shown.get(device.id), card
        if before is None or not card or card == before or self._is_same(device, card, now.monotonic_s):
            return None
        return Presented(device, card, now)

    def _is_same(self, device: Device, card: str, now_s: float) -> bool:
        """It was there so shortly before that it is the same presentation."""
        self._presented_s = {key: at_s for key, at_s in self._presented_s.items() if now_s < at_s + SAME_S}
        if (device.id, card) in self._presented_s:
            return True
        self._presented_s[device.id, card] = now_s
        return False


def _shown(device: Device, point: PointValue) -> str:
    """The card's code, or PRESSED; empty where there is nothing."""
    if isinstance(point.value, bool):
        return PRESSED if point.value != device.points["pressed"].inverted else ""
    return plain(str(point.value).strip()[:CARD_MOST])
