"""What provisioning is judged by, gathered: devices of the pipe, ways of the uplink, people of their room."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from agent.alarms.model import State
from agent.host import loop_s
from agent.provisioning.model import CheckIn, DeviceSeen, Evidence, TestPress, Way
from agent.provisioning.pack import Item, Pack
from agent.records import Instant
from agent.service.openings import Openings
from agent.service.pipe import Pipe
from agent.site import Device
from agent.uplink.messages import UplinkShown

DAY_S = 86_400.0
LATCHED = (State.LATCHED_UNACKNOWLEDGED, State.LATCHED)


class Signings(Protocol):
    """What the room of the people knows; `watchers` are told when it changes."""

    watchers: list[Callable[[], None]]

    @property
    def logged_since_utc_s(self) -> float | None:
        """What was before nobody has written down."""
        ...

    def check_ins(self) -> tuple[CheckIn, ...]:
        """Who signed on and off, the oldest first."""
        ...

    def presses(self) -> tuple[TestPress, ...]:
        """Test presses by named people."""
        ...


class Gathering:
    """Looks at everything, and keeps the log of openings up to date with it."""

    def __init__(
        self,
        pipe: Pipe,
        people: Signings,
        openings: Openings,
        ways: Callable[[], UplinkShown],
        packs: Iterable[Pack],
    ) -> None:
        self._pipe, self._people, self._openings, self._ways = pipe, people, openings, ways
        self._openings_back_s, self._people_back_s = _openings_back_s(packs), _people_back_s(packs)

    def look(self, at: Instant) -> Evidence:
        """All that is known at this moment."""
        devices = tuple(seen(device, self._pipe) for device in self._pipe.site.devices)
        self._openings.look(devices, at)
        since_s = at.utc_s - self._openings_back_s
        return Evidence(
            devices=devices,
            check_ins=self._lately(at),
            presses=self._people.presses(),
            openings=self._openings.openings(at, since_s),
            gaps=self._openings.gaps(at, since_s),
            ways=tuple(Way(name, one.connected, one.for_s) for name, one in self._ways().paths.items()),
            logged_since_utc_s=self._logged_since_s(),
        )

    def _lately(self, at: Instant) -> tuple[CheckIn, ...]:
        """Of more than a year of them, those that any item looks at."""
        signed = self._people.check_ins()
        return signed[bisect_left(signed, at.utc_s - self._people_back_s, key=lambda one: one.at_utc_s) :]

    def _logged_since_s(self) -> float | None:
        """Both logs are whole from here on."""
        mine, theirs = self._openings.logged_since_utc_s, self._people.logged_since_utc_s
        return None if mine is None or theirs is None else max(mine, theirs)


def seen(device: Device, pipe: Pipe) -> DeviceSeen:
    """A device as the pipe knows it, also while the disk refuses to keep that."""
    memory, now_s = pipe.latest(device.id), loop_s()
    conditions = memory.conditions.items()
    return DeviceSeen(
        id=device.id,
        kind=device.kind,
        name=device.name,
        location=device.location,
        place=device.place,
        escape_route=device.escape_route,
        lost=any(key == "lost" and one.state.active for key, one in conditions),
        heard=pipe.heard(device),
        active=frozenset(key for key, one in conditions if one.state.active or one.state in LATCHED),
        set_aside=frozenset(key for key, one in conditions if one.hold is not None),
        motion=memory.motion,
        age_s=pipe.age_s(device, now_s),
    )


def _openings_back_s(packs: Iterable[Pack]) -> float:
    """So far back any of their items asks for openings."""
    return max((item.check.openings.look_back_s for item in _items(packs) if item.check.openings), default=0.0)


def _people_back_s(packs: Iterable[Pack]) -> float:
    """The same of who signed on; an item looks back as far as its evidence is fresh, windows by whole days."""
    asking = (item for item in _items(packs) if item.check.on_duty or item.check.windows)
    return max((item.fresh_s for item in asking), default=0.0) + DAY_S


def _items(packs: Iterable[Pack]) -> Iterator[Item]:
    return (item for pack in packs for indicator in pack.indicators for item in indicator.items)
