"""Test presses of one-key alarms: announced, pressed, confirmed; and when the next one is due. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agent.provisioning.ends import End
from agent.provisioning.model import TestPress
from agent.provisioning.sent import Sent
from agent.records import ClockState, Instant, Told

ANNOUNCED_S = 300.0  # whoever has not pressed by then has not tested
FIRST_S = 86400.0  # one that was never tested is asked for a day after the log begins
AGAIN_S = 86400.0  # not asked for more often


@dataclass(frozen=True, slots=True)
class Announced:
    """Somebody is about to press this one-key alarm for a test."""

    device: str
    person: str
    end: End


@dataclass(frozen=True, slots=True)
class Press:
    """A test press as it is kept; `confirmed_by` says whose word it is. `gone`: nobody will ever know."""

    test: TestPress
    sent: Sent
    clock: ClockState
    confirmed_by: str = ""
    gone: bool = False

    def told(self, told: Told) -> TestPress:
        """As its time is known by now."""
        at = told(self.sent.boot_id, Instant(self.sent.at_s, self.test.at_utc_s, self.clock))
        return replace(self.test, at_utc_s=at.utc_s, sure=at.clock == "synchronised")

    @property
    def waits(self) -> bool:
        """Nobody upstream has confirmed it yet."""
        return self.test.confirmed_utc_s is None and not self.gone


def last_tested(presses: Iterable[TestPress]) -> dict[str, float]:
    """By device, its last press that was confirmed, of those whose time is known."""
    found: dict[str, float] = {}
    for press in presses:
        if press.confirmed_utc_s is not None and press.sure:
            found[press.device] = max(press.at_utc_s, found.get(press.device, press.at_utc_s))
    return found


def due(
    devices: Iterable[str], last: Mapping[str, float], since_utc_s: float | None, now_utc_s: float, every_s: float
) -> tuple[str, ...]:
    """Those whose next test is due: their last one is too old, or there is none since the log began.

    One that is still to come by the clock as it is now was none: the clock was wrong then.
    """
    never_s = None if since_utc_s is None else since_utc_s + FIRST_S
    past = {name: at_s for name, at_s in last.items() if at_s <= now_utc_s}
    dues = {name: past[name] + every_s if name in past else never_s for name in devices}
    return tuple(name for name, due_s in dues.items() if due_s is not None and due_s <= now_utc_s)
