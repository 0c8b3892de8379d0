"""The straight pipe: readings → judge → outbox → state. Plain calls; the state moves after the append."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from agent.alarms.judge import judge
from agent.alarms.memory import holds, memory_from_json, memory_to_json, new_memory, stamped
from agent.alarms.model import Change, DeviceMemory, Judgement, Order
from agent.alarms.operate import no_device, operate
from agent.errors import StorageError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.polling.points import PointTable
from agent.records import NOTHING, Along, Instant, Lane, Record, Told
from agent.service.debts import Debts
from agent.service.journal import Journal
from agent.service.showing import Showing
from agent.service.supervisor import contained
from agent.service.telemetry import Telemetry
from agent.service.words import alarm_data
from agent.site import Device, Site
from agent.uplink.board import Board
from drivers.reading import Reading

TIMER_IDLE_S = 3600.0
RETRY_S = 1.0  # so often is a disk that refuses asked again
MEASURE_S = 1.0  # numbers that do not change are looked at this often: is a telemetry record due?

Accepted = Callable[[Sequence[Record], Sequence[int]], None]
"""Who is told what the disk has taken, and under which sequences."""

Mark = Callable[[Device, Change], Mapping[str, object]]
"""What a room adds to an alarm's payload; it never takes anything away. Where it fails the alarm goes without."""

Telling = Mapping[str, tuple[Record, ...]]
"""By device, its records that must be stored."""


class Pipe:
    """Holds what is known of the site, and moves it only when the outbox has the events."""

    def __init__(self, site: Site, outbox: Outbox, board: Board, host: Host) -> None:
        self.site = site
        self.table = PointTable()
        self.devices = {device.id: device for device in site.devices}
        kept = outbox.states()
        self.memories = {d.id: _recall(d, kept.get(d.id), host.boot_id, host.moment) for d in site.devices}
        self.lost: dict[str, str] = {}
        self.journal = Journal(outbox, host)
        self.unconfirmed = 0  # fires and one-key alarms overdue upstream, kept by who watches for them
        self.accepted: Accepted = lambda _records, _sequences: None
        self.marks: list[Mark] = []  # what rooms say of alarms as they come up: that it is a drill
        self.watchers: list[
            Callable[[], None]
        ] = []  # told when anything was read anew or judged; they look themselves
        self._host = host
        self._showing = Showing(board, self.table, host)
        self._users: dict[str, list[Device]] = defaultdict(list)
        for device in site.devices:
            for unit in device.units:
                self._users[unit].append(device)
        self._measured_s: dict[str, float] = {}
        self._heard: set[str] = set()
        self._said_s: dict[str, float] = {}  # when each unit last said anything, be it the same as before
        self._due: dict[str, float] = {}
        self._judged_now: Mapping[str, Judgement] = {}  # what the disk has not answered yet
        self._owed = Debts()
        self._lock = asyncio.Lock()
        self._rearm = asyncio.Event()
        self._telemetry = Telemetry(site.telemetry_s)

    # --- the sink of every poller -------------------------------------------------------------------

    async def accept(self, unit: str, readings: Sequence[Reading]) -> None:
        """Take a unit's readings in; returns when what follows from them is stored."""
        now_s = loop_s()
        self._said_s[unit] = now_s
        changed = self.table.store(unit, readings, now_s)
        if changed:
            self._look()  # a contact may be a cause that is no device's point
        await self._hear(unit, changed, now_s)
        await self._measure(unit, now_s)

    async def _hear(self, unit: str, changed: Collection[str], now_s: float) -> None:
        """Judge whom it concerns; if that fails, the unit counts as never heard, so that it is judged anew."""
        first = unit not in self._heard
        self._heard.add(unit)
        judged = False
        try:
            await self._judge(
                d
                for d in self._users[unit]
                if first
                or _concerns(d, unit, changed)
                or d.id in self._owed
                or self._due.get(d.id, now_s + 1) <= now_s
            )
            judged = True
        finally:
            if not judged:
                self._heard.discard(unit)

    async def unchanged(self, unit: str) -> None:
        """A unit said what it had said before; delays and the disk's debts have a timer, numbers a pace."""
        now_s = self._said_s[unit] = loop_s()
        if now_s - self._measured_s.get(unit, now_s) >= MEASURE_S:
            await self._measure(unit, now_s)

    def owes(self, unit: str) -> bool:
        """The disk refused what followed from this unit's readings; it is tried again each second."""
        return any(device.id in self._owed for device in self._users[unit])

    async def unit_lost(self, unit: str, cause: str) -> None:
        """Every device that depends on the unit is lost: silence is not normal."""
        self.lost[unit] = cause
        self.table.doubt(unit, cause)
        await self._judge(self._users[unit])

    async def unit_back(self, unit: str) -> None:
        """The unit answers again; its devices clear when their delays have passed."""
        self.lost.pop(unit, None)
        self._heard.add(unit)
        if any(device.kind == "fire_panel" for device in self._users[unit]):
            self.table.recall(unit, "not heard since it was lost")
        await self._judge(self._users[unit])

    # --- people and time ----------------------------------------------------------------------------

    async def operate(self, device_id: str, order: Order, along: Along = NOTHING) -> None:
        """Carry out an operator's order, in one transaction with `along`; raises OrderRefused or StorageError."""
        if (device := self.devices.get(device_id)) is None:
            raise no_device(device_id, sorted(self.devices))
        async with self._lock:
            at = self._host.instant()
            right = at.clock == "synchronised"
            done = operate(device, self.latest(device_id), order, at.monotonic_s, at.utc_s, right=right)
            judgements = {device_id: stamped(done, at)}
            await self._store(judgements, self._told(judgements, at), at, along)
            self._move(judgements)
        self._judged()  # a hold has an end, and no reading may come until then

    async def run_timers(self) -> None:
        """Judge again when a delay expires, though no reading comes."""
        while True:
            self._rearm.clear()
            now_s = loop_s()
            if due := [self.devices[d] for d, due_s in self._due.items() if due_s <= now_s]:
                await self._judge(due)
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(min(self._due.values(), default=now_s + TIMER_IDLE_S)):
                    await self._rearm.wait()

    def owed(self) -> Iterable[Record]:
        """What was seen and is not stored yet, since the disk refuses."""
        return (record for name in self.devices for record in self._owed.records(name))

    def latest(self, name: str) -> DeviceMemory:
        """What is known of a device, also where the disk refuses to keep it or has not answered yet."""
        if name in self._judged_now:
            return self._judged_now[name].memory
        return self._owed.memory(name, self.memories[name])

    def heard(self, device: Device) -> bool:
        """Every unit of it has said something since the start."""
        return device.units <= self._heard

    def age_s(self, device: Device, now_s: float) -> float | None:
        """How old its oldest reading is: of a point that may not be believed, since then; None: it has none."""
        if not device.units or not device.units <= self._said_s.keys():
            return None
        said_s = [self._said_s[unit] for unit in device.units]
        doubted = [] if device.kind == "fire_panel" else self.table.of(device).values()
        return now_s - min([*said_s, *(point.at_s for point in doubted if not point.good)])

    def show_all(self) -> None:
        """Put every device's state on the board, as after a start."""
        for device in self.site.devices:
            self._showing.show(device, self.memories[device.id])

    # --- inside -------------------------------------------------------------------------------------

    async def _judge(self, devices: Iterable[Device]) -> None:
        wanted = list(devices)
        if not wanted:
            return
        async with self._lock:
            at = self._host.instant()
            judgements = {d.id: self._opinion(d, at) for d in wanted}
            told = self._told(judgements, at)
            try:
                if any(told.values()):  # what saves lives does not wait for the disk
                    self._judged_now = judgements
                    self._look()
                await self._store(judgements, told, at)
            except StorageError as error:
                self._owe(judgements, told, at)
                self.journal.complain(error)
            else:
                self._move(judgements)
            finally:
                self._judged_now = {}
        self._judged()

    def _judged(self) -> None:
        self._rearm.set()
        self._look()

    def _look(self) -> None:
        for look in self.watchers:
            contained(look, None)

    def _opinion(self, device: Device, at: Instant) -> Judgement:
        causes = [f"{unit}: {self.lost[unit]}" for unit in sorted(device.units) if unit in self.lost]
        lost = "; ".join(causes) or None
        opinion = judge(
            device,
            self.latest(device.id),
            self.table.of(device),
            lost,
            at.monotonic_s,
            utc_s=at.utc_s,
            right=at.clock == "synchronised",
            heard=device.units <= self._heard,
        )
        return stamped(opinion, at)

    def _told(self, judgements: Mapping[str, Judgement], at: Instant) -> Telling:
        """What must be stored: what is owed already, as it was then, and what is new."""
        told = {}
        for name, judgement in judgements.items():
            data = (self._alarm(self.devices[name], change) for change in judgement.changes)
            told[name] = (*self._owed.records(name), *(Record(Lane.ALARM, "alarm", name, one, at) for one in data))
        return told

    def _alarm(self, device: Device, change: Change) -> dict[str, Any]:
        none: Mapping[str, object] = {}
        marks = [contained(partial(mark, device, change), none) for mark in self.marks]
        return alarm_data(device, change, self.table) | {k: value for one in marks for k, value in one.items()}

    async def _store(
        self, judgements: Mapping[str, Judgement], told: Telling, at: Instant, along: Along = NOTHING
    ) -> None:
        """One transaction for the events and the states that they lead to."""
        records = [record for own in told.values() for record in own]
        memories = {
            name: judgements[name].memory
            for name, own in told.items()
            if own or holds(judgements[name].memory) != holds(self.memories[name])  # an end was worked out
        }
        if memories:
            states = {name: memory_to_json(memory, self._host.boot_id) for name, memory in memories.items()}
            sequences = await self.journal.append([*records, *along.records], {**states, **along.states}, at)
            self.accepted(records, sequences)

    def _owe(self, judgements: Mapping[str, Judgement], told: Telling, at: Instant) -> None:
        """The memories stay, but what was seen is kept and tried again each second."""
        self._move({name: judgements[name] for name, own in told.items() if not own})
        for name in [name for name, own in told.items() if own]:
            self._owed.owe(name, judgements[name].memory, told[name])
            self._due[name] = at.monotonic_s + RETRY_S

    def _move(self, judgements: Mapping[str, Judgement]) -> None:
        for name, judgement in judgements.items():
            before = self.memories[name]
            self.memories[name] = judgement.memory
            self._owed.settle(name)
            self._due.pop(name, None)
            if judgement.due_s is not None:
                self._due[name] = judgement.due_s
            device = self.devices[name]
            if judgement.changes or judgement.memory != before or self._showing.looks_new(device):
                self._showing.show(device, judgement.memory)

    async def _measure(self, unit: str, now_s: float) -> None:
        self._measured_s[unit] = now_s
        records = [
            Record(Lane.TELEMETRY, "telemetry", device.id, data, self._host.instant())
            for device in self._users[unit]
            if (data := self._telemetry.due(device, self.table.of(device), now_s))
        ]
        if records:
            for record in records:
                self._showing.show(self.devices[record.subject], self.memories[record.subject])
            await self.journal.telemetry(records)


def _concerns(device: Device, unit: str, changed: Collection[str]) -> bool:
    """Whether the device is made of one of these points; a fire panel is all of its unit."""
    if device.unit == unit and device.kind == "fire_panel":
        return bool(changed)
    return any(use.unit == unit and use.point in changed for use in device.points.values())


def _recall(device: Device, kept: str | None, boot_id: str, moment: Told) -> DeviceMemory:
    return memory_from_json(device, kept, boot_id, moment) if kept else new_memory(device)
