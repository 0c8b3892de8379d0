"""Alarms that nobody acknowledges go to the next one, and by another channel, until somebody does."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from agent.errors import StorageError
from agent.hazards.escalation import Due
from agent.hazards.moments import Times
from agent.hazards.unacknowledged import (
    AlarmKey,
    Chains,
    after,
    calls,
    followed,
    from_json,
    hushed,
    rest_s,
    sounds,
    to_json,
    unacknowledged,
)
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.records import Instant
from agent.service.pipe import Pipe
from agent.service.room import Room
from agent.service.telling import Channels, Told, places_of, second_of, told

STATE = "escalation/alarms"  # a state's name that no device can have
REASON = "escalation"
PAUSE_S = 0.2  # what is judged many times a second is looked at less often
RETRY_S = 1.0  # so often is a disk that refuses asked again


class Escalations:
    """Holds who waits for whom; the sounder does not wait for the disk. `drill`: the one that is on, or None."""

    def __init__(
        self,
        chains: Chains,
        host: Host,
        outbox: Outbox,
        pipe: Pipe,
        channels: Channels,
        drill: Callable[[], object] = lambda: None,
    ) -> None:
        self._drill = drill
        self._chains, self._host, self._pipe, self._channels = chains, host, pipe, channels
        self._times = Times(host.boot_id, loop_s(), host.moment)
        self._waits = from_json(outbox.states().get(STATE, ""), chains)
        self._stored = dict(self._waits)
        self._unstored: tuple[Told, ...] = ()
        self._wake = asyncio.Event()
        channels.sounder.hushed.append(self._hushed)
        pipe.watchers.append(self._wake.set)

    def room(self) -> Room:
        """Everything by name."""
        return Room(parts={"escalation": self.run})

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._wake.clear()
            rest = await self.look()
            await asyncio.sleep(PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._wake.wait()

    async def look(self) -> float | None:
        """Who is to be told now; returns in how long to look again."""
        now = self._host.instant()
        waits = followed(self._waits, self._found(), self._times.moment(now))
        made = list(calls(waits, self._chains, self._times, now))
        self._waits = after(waits, made)
        self._channels.sounder.sound(sounds(self._waits, self._chains), REASON)
        self._unstored += tuple(self._told(key, one, now) for key, one in made)
        if not await self._store(now):
            return RETRY_S
        return rest_s(self._waits, self._chains, self._times, now)

    def _found(self) -> dict[AlarmKey, int]:
        devices = self._pipe.site.devices
        latest = ((device, self._pipe.latest(device.id)) for device in devices)
        return dict(one for device, memory in latest for one in unacknowledged(device, memory, self._chains))

    async def _store(self, now: Instant) -> bool:
        """What was told is a record; what could not be stored is stored with the next look."""
        waits, new = dict(self._waits), self._unstored
        if waits == self._stored and not new:
            return True
        second, records = second_of(new), [record for one in new for record in one.records]
        states = {STATE: to_json(waits), **self._channels.second.state(second)}
        try:
            places = await self._pipe.journal.append(records, states, now)
        except StorageError as error:
            self._pipe.journal.complain(error)
            return False
        self._channels.second.owe(second, places_of(records, places, second))
        self._stored, self._unstored = waits, self._unstored[len(new) :]
        return True

    def _told(self, key: AlarmKey, one: Due, now: Instant) -> Told:
        device_id, filed = key
        address, _, condition = filed.rpartition("/")
        device = self._pipe.devices[device_id]
        fields: Mapping[str, object] = {
            "device": device_id,
            "kind": device.kind,
            "device_name": device.name,
            "location": device.places.get(address, device.location),
            "condition": condition,
            "address": address,
            "priority": self._waits[key].priority,
            "drill": self._drill() is not None,
        }
        return told("alarm.escalated", f"{device_id} {filed} is not acknowledged", one, fields, now)

    def _hushed(self) -> None:
        """A person has silenced the sounder; that is remembered with what is stored next."""
        self._waits = hushed(self._waits, self._chains)
        self._wake.set()
