"""Test presses: announced by name, told upstream like any press, recorded with their confirmation, asked for.

A test never keeps anything from the platform: its alarm only says beside everything else that it was announced.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.alarms.model import Change
from agent.alarms.operate import no_device
from agent.errors import OrderRefused, StorageError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.provisioning.ends import end_after
from agent.provisioning.model import TestPress
from agent.provisioning.pressing import AGAIN_S, ANNOUNCED_S, Announced, Press, due, last_tested
from agent.records import Along, Record, event_record
from agent.service.journal import Note
from agent.service.pipe import Pipe
from agent.service.press_log import (
    PRESSES_MOST,
    announced_state,
    kept_announced,
    kept_presses,
    kept_told,
    press_state,
    told_state,
)
from agent.service.through import LOOK_S, Through
from agent.site import Device, Site

IDLE_S = 600.0  # so often is looked whether a test is due


class Presses:
    """`since` gives when the log began; `watchers` are told of each press and each confirmation."""

    def __init__(
        self, site: Site, host: Host, outbox: Outbox, pipe: Pipe, since: Callable[[], float | None]
    ) -> None:
        self.watchers: list[Callable[[], None]] = []
        self._devices = {device.id: device for device in site.devices if device.kind == "one_key_alarm"}
        self._by, self._every_s = site.uplink.confirmed_by, site.drill.test_every_s
        self._host, self._pipe, self._since = host, pipe, since
        kept = outbox.states()
        self._presses = kept_presses(kept)
        self._announced = kept_announced(kept, host.boot_id)
        self._told = kept_told(kept)
        self._through = Through(outbox, host.boot_id)
        self._changing, self._wake = asyncio.Lock(), asyncio.Event()
        pipe.marks.append(self._mark)
        pipe.journal.beside.append(self._beside)
        pipe.journal.accepted.append(self._accepted)

    def presses(self) -> tuple[TestPress, ...]:
        """Those that are remembered, the oldest first."""
        return tuple(press.told(self._host.moment) for press in self._presses)

    def due(self) -> tuple[str, ...]:
        """Which one-key alarms should be tested; none while nobody knows what day it is."""
        utc_s, clock = self._host.wall_clock()
        if clock != "synchronised":
            return ()
        return due(self._devices, last_tested(self.presses()), self._since(), utc_s, self._every_s)

    async def announce(self, device: str, person: str, answer: Callable[[Announced], Along]) -> Announced:
        """Its next press within five minutes is a test; raises OrderRefused or StorageError."""
        async with self._changing:
            at = self._host.instant()
            self._fits(device, person, at.monotonic_s)
            one = Announced(device, person, end_after(ANNOUNCED_S, at))
            announced = {**self._announced, device: one}
            text = f"{person} will press {device} for a test within {ANNOUNCED_S / 60:g} minutes"
            record = event_record("test.announced", text, {"device": device, "person": person}, at)
            along = answer(one)
            states = {**announced_state(announced, self._host.boot_id), **along.states}
            await self._pipe.journal.append([record, *along.records], states, at)
            self._announced = announced
        self._wake.set()
        return one

    async def run(self) -> None:
        """Ask who has confirmed, end what nobody pressed, and ask for tests, until cancelled."""
        while True:
            self._wake.clear()
            async with self._changing:
                await self._look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look_s()):
                    await self._wake.wait()

    def shown(self) -> list[dict[str, Any]]:
        """Every one-key alarm, with its last test and whether the next one is due."""
        dues, last = set(self.due()), last_tested(self.presses())
        return [
            {
                "device": name,
                "name": device.name,
                "tested": last.get(name),
                "due": name in dues,
                "announced_by": self._announced[name].person if name in self._announced else "",
            }
            for name, device in self._devices.items()
        ]

    # --- on the way of the alarm --------------------------------------------------------------------

    def _mark(self, device: Device, change: Change) -> Mapping[str, object]:
        """The press that was announced says so, and by whom."""
        one = self._announced.get(device.id)
        if one is None or (change.condition, change.change) != ("pressed", "raised") or one.end.is_over(loop_s()):
            return {}
        return {"test": True, "person": one.person}

    def _beside(self, records: Sequence[Record]) -> Mapping[str, str]:
        """Stored in one transaction with the alarm."""
        if not (pressed := self._pressed(records)):
            return {}
        left = {name: one for name, one in self._announced.items() if name not in _devices(pressed)}
        return press_state((*self._presses, *pressed)) | announced_state(left, self._host.boot_id)

    def _accepted(self, records: Sequence[Record], sequences: Sequence[int]) -> None:
        """The disk has it."""
        if not (pressed := self._pressed(records)):
            return
        self._presses = (*self._presses, *pressed)[-PRESSES_MOST:]
        self._announced = {n: one for n, one in self._announced.items() if n not in _devices(pressed)}
        self._through.note(records, sequences)
        self._moved()

    def _pressed(self, records: Sequence[Record]) -> tuple[Press, ...]:
        tests = [record for record in records if record.type == "alarm" and record.data.get("test")]
        return tuple(self._press(record) for record in tests)

    def _press(self, record: Record) -> Press:
        said, at = record.data, record.at
        return Press(TestPress(said["device"], at.utc_s, said["person"]), self._through.named(record), at.clock)

    # --- time ---------------------------------------------------------------------------------------

    async def _look(self) -> None:
        at = self._host.instant()
        self._announced = {n: replace(one, end=one.end.anchored(at)) for n, one in self._announced.items()}
        await self._confirm(at.utc_s)
        await self._end(at.monotonic_s)
        await self._ask(at.utc_s)

    async def _confirm(self, now_utc_s: float) -> None:
        """What the outbox says of those that wait; a disk that says nothing confirms nothing."""
        waiting = {press.sent for press in self._presses if press.waits}
        if not waiting:
            return
        try:
            through, gone = await self._through.asked(waiting)
        except StorageError:
            return
        done = {press.sent: _settled(press, through, gone, now_utc_s, self._by) for press in self._presses}
        news = [press for press in done.values() if press.sent in waiting and not press.waits]
        if news and await self._pipe.journal.note(map(_outcome, news), press_state(done.values())):
            self._presses = tuple(done.get(press.sent, press) for press in self._presses)
            if len(self._presses) > len(done):  # one came meanwhile, and its state was written over
                await self._pipe.journal.note([], press_state(self._presses))
            self._moved()

    async def _end(self, now_s: float) -> None:
        """Announced, and not pressed in time."""
        over = [one for one in self._announced.values() if one.end.is_over(now_s)]
        left = {name: one for name, one in self._announced.items() if one not in over}
        notes = [_not_pressed(one) for one in over]
        if notes and await self._pipe.journal.note(notes, announced_state(left, self._host.boot_id)):
            self._announced = {name: one for name, one in self._announced.items() if one not in over}

    async def _ask(self, now_utc_s: float) -> None:
        """For the tests that are due, each once a day."""
        told = {name: at for name, at in self._told.items() if name in self._devices and at <= now_utc_s}
        names = [name for name in self.due() if told.get(name, 0.0) + AGAIN_S <= now_utc_s]
        told |= dict.fromkeys(names, now_utc_s)
        last = last_tested(self.presses())
        notes = [_due(self._devices[name], last.get(name)) for name in names]
        if notes and await self._pipe.journal.note(notes, told_state(told)):
            self._told = told

    def _next_look_s(self) -> float:
        now_s = loop_s()
        looks = [one.end.look_s(now_s) for one in self._announced.values()]
        if any(press.waits for press in self._presses):
            looks.append(now_s + LOOK_S)
        return max(now_s + LOOK_S, min([*looks, now_s + IDLE_S]))

    def _moved(self) -> None:
        self._wake.set()
        for look in self.watchers:
            look()

    def _fits(self, device: str, person: str, now_s: float) -> None:
        if device not in self._devices:
            raise no_device(device, sorted(self._devices))
        if not person.strip():
            raise OrderRefused("an order needs the name of the person who gives it")
        known = self._announced.get(device)
        if known is not None and not known.end.is_over(now_s):
            raise OrderRefused(
                "{person} has announced a test of {device} already", person=known.person, device=device
            )
        pressed = self._pipe.latest(device).conditions.get("pressed")
        if pressed is not None and pressed.state.active:
            raise OrderRefused("{device} is pressed now: a test begins with one that is not", device=device)


def _devices(presses: Sequence[Press]) -> set[str]:
    return {press.test.device for press in presses}


def _settled(press: Press, through: set[Any], gone: set[Any], now_utc_s: float, by: str) -> Press:
    if press.waits and press.sent in through:
        return replace(press, test=replace(press.test, confirmed_utc_s=now_utc_s), confirmed_by=by)
    return replace(press, gone=True) if press.waits and press.sent in gone else press


def _outcome(press: Press) -> Note:
    test = press.test
    fields = {
        "device": test.device,
        "person": test.person,
        "at": test.at_utc_s,
        "confirmed_by": press.confirmed_by,
    }
    if press.gone:
        return "test.lost", f"the test press of {test.device} was lost before it was confirmed", fields
    return "test.confirmed", f"the test press of {test.device} is confirmed by the {press.confirmed_by}", fields


def _not_pressed(one: Announced) -> Note:
    fields = {"device": one.device, "person": one.person}
    return "test.not_pressed", f"{one.device} was not pressed, though {one.person} had announced a test", fields


def _due(device: Device, last_utc_s: float | None) -> Note:
    text = f"{device.id} should be pressed for a test"
    return "test.due", text, {"device": device.id, "name": device.name, "tested": last_utc_s}
