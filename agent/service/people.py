"""The people room: who signs on and off, by card, button, terminal or platform; kept, told, and over in time."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from agent.errors import OrderRefused, StorageError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.provisioning.check_ins import (
    EXPIRY,
    PLATFORM,
    TERMINAL,
    Duty,
    Mode,
    Roll,
    Signed,
    by_card,
    expired,
    rolled,
    signs_on,
    somebody,
)
from agent.provisioning.ends import end_after
from agent.provisioning.model import CheckIn, TestPress
from agent.records import NOTHING, Along, Instant, event_record
from agent.school import Person
from agent.service.check_in_log import CheckInLog
from agent.service.pace import Pace
from agent.service.people_requests import SignRequest, on_shown
from agent.service.people_words import check_in_event, fields, kept_roll, made, roll_state, said
from agent.service.pipe import RETRY_S, Pipe
from agent.service.presses import Presses
from agent.service.readers import PRESSED, Presented, Readers
from agent.service.room import Answer, Room
from agent.site import Site
from agent.uplink.people_commands import Sign
from drivers.said import nearest

SINCE = "people/since"  # a state's name that no device can have
LOOK_S, IDLE_S = 60.0, 3600.0  # while nobody knows the time; and then
WAITING_MOST = 256  # presentations that the disk has refused; who comes after them has to come again
UNKNOWN_AT_ONCE, UNKNOWN_PER_S = 32, 1 / 60  # somebody who plays with cards must not wear out the disk
SIGN_ON_MOST_S = 14 * 3600.0  # where no school is declared


class People:
    """In memory a check-in counts once it is stored; `watchers` are told of each."""

    def __init__(self, site: Site, host: Host, outbox: Outbox, pipe: Pipe) -> None:
        self.watchers: list[Callable[[], None]] = []
        self._site, self._host, self._pipe = site, host, pipe
        kept = outbox.states()
        self._log = CheckInLog(kept)
        self._roll: Roll = kept_roll(kept, host.boot_id)
        self.logged_since_utc_s = float(kept[SINCE]) if SINCE in kept else None
        self._most_s = site.school.sign_on_most_s if site.school else SIGN_ON_MOST_S
        self._readers = Readers(site.devices, pipe.table)
        self._waiting: deque[Presented] = deque()
        self._unknown_pace = Pace(UNKNOWN_AT_ONCE, UNKNOWN_PER_S)
        self.tests = Presses(site, host, outbox, pipe, lambda: self.logged_since_utc_s)
        self.tests.watchers = self.watchers
        self._changing = asyncio.Lock()
        self._wake = asyncio.Event()
        pipe.watchers.append(self._look)

    def room(self) -> Room:
        """What the gateway gets of it."""
        parts = {"people": self.run, "test presses": self.tests.run}
        return Room(parts, {"sign": self._sign, "people": self._shown}, {Sign: self._ordered})

    def check_ins(self) -> tuple[CheckIn, ...]:
        """Those of the last 400 days, the oldest first."""
        return self._log.all(self._host.moment)

    def presses(self) -> tuple[TestPress, ...]:
        """Test presses of one-key alarms, the oldest first."""
        return self.tests.presses()

    async def run(self) -> None:
        """Take in what is presented, and end what is over, until cancelled."""
        while True:
            self._wake.clear()
            await self._begin_log()
            kept = await self._take_in() and await self._expire()
            if not kept:
                await asyncio.sleep(RETRY_S)  # the disk is not asked more often, whoever comes
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look_s()):
                    await self._wake.wait()

    async def sign(self, wish: SignRequest, by: str, answer: Callable[[CheckIn], Along]) -> CheckIn:
        """At a terminal or by the platform; raises OrderRefused or StorageError."""
        async with self._changing:
            at = self._host.instant()
            person = self._person(wish)
            post = wish.post or by
            self._fits(person, post, wish.on)
            one = made(person, wish.on, post, by, at)
            await self._store(one, at, answer(one))
            return one

    # --- readers and buttons ------------------------------------------------------------------------

    def _look(self) -> None:
        """Called by the pipe whenever anything was judged."""
        for one in self._readers.look(self._host.instant()):
            if len(self._waiting) < WAITING_MOST:
                self._waiting.append(one)
            self._wake.set()

    async def _take_in(self) -> bool:
        """In the order in which they came; False when the disk refuses."""
        while self._waiting:
            try:
                await self._admit(self._waiting[0])
            except StorageError as error:
                self._pipe.journal.complain(error)
                return False
            self._waiting.popleft()
        return True

    async def _admit(self, presented: Presented) -> None:
        async with self._changing:
            device, at = presented.device, presented.at
            if (person := self._presenter(presented)) is None:
                await self._tell_unknown(presented)
                return
            post = str(device.settings.get("post", "")) or device.id
            mode: Mode = "on" if device.settings.get("mode") == "on" else "toggle"
            on = signs_on(self._roll, person.id, post, mode)
            await self._store(made(person, on, post, device.id, at), at)

    def _presenter(self, presented: Presented) -> Person | None:
        settings = presented.device.settings
        if presented.card != PRESSED:
            return by_card(self._site.school, presented.card)
        if who := self._known(str(settings.get("person", ""))):
            return who
        role = str(settings.get("role", "")) or "guard"
        return somebody(presented.device.id, presented.device.name, role)

    async def _tell_unknown(self, presented: Presented) -> None:
        if not self._unknown_pace.allows(loop_s()):
            return
        reader, card = presented.device.id, presented.card
        text = f"a card that nobody has was held to {reader}"
        record = event_record("people.unknown_card", text, {"device": reader, "card": card}, presented.at)
        await self._pipe.journal.append([record], {}, presented.at)

    # --- time ---------------------------------------------------------------------------------------

    async def _begin_log(self) -> None:
        """What was before the first moment whose time was known, nobody has written down."""
        at = self._host.instant()
        if self.logged_since_utc_s is not None or at.clock != "synchronised":
            return
        if await self._pipe.journal.note([], {SINCE: repr(at.utc_s)}):
            self.logged_since_utc_s = at.utc_s

    async def _expire(self) -> bool:
        """Whoever has not signed off in time is off; False when the disk refuses."""
        async with self._changing:
            at = self._host.instant()
            self._roll = {name: replace(duty, end=duty.end.anchored(at)) for name, duty in self._roll.items()}
            for duty in expired(self._roll, at.monotonic_s):
                one = replace(
                    duty.check_in, at_utc_s=at.utc_s, on=False, by=EXPIRY, sure=at.clock == "synchronised"
                )
                try:
                    await self._store(one, at)
                except StorageError as error:
                    self._pipe.journal.complain(error)
                    return False
        return True

    def _next_look_s(self) -> float:
        now_s = loop_s()
        looks = [duty.end.look_s(now_s) for duty in self._roll.values()]
        return min([*looks, now_s + (LOOK_S if self.logged_since_utc_s is None else IDLE_S)])

    # --- inside -------------------------------------------------------------------------------------

    async def _store(self, one: CheckIn, at: Instant, along: Along = NOTHING) -> None:
        """One transaction; raises StorageError, and then nothing has changed."""
        signed = Signed(one, at.clock, self._host.boot_id, at.monotonic_s, self._log.latest_s(self._host.moment))
        roll = rolled(self._roll, one, end_after(self._most_s, at))
        states = {**self._log.states(signed), **roll_state(roll, self._host.boot_id), **along.states}
        await self._pipe.journal.append([check_in_event(one, at), *along.records], states, at)
        self._log.add(signed)
        self._roll = roll
        self._wake.set()
        for look in self.watchers:
            look()

    def _known(self, name: str) -> Person | None:
        people = self._site.school.people if self._site.school else ()
        return next((person for person in people if person.id == name), None)

    def _person(self, wish: SignRequest) -> Person:
        """Who is meant, in the role that is said."""
        if (found := self._known(wish.person)) is not None:
            return replace(found, role=wish.role or found.role)
        known = [person.id for person in self._site.school.people] if self._site.school else []
        name, shown = repr(wish.person), ", ".join(known) or "–"
        if (near := nearest(wish.person, known)) is None:
            raise OrderRefused("no person {name}; known: {known}", name=name, known=shown)
        raise OrderRefused(
            "no person {name}; did you mean {near}? Known: {known}", name=name, near=repr(near), known=shown
        )

    def _fits(self, person: Person, post: str, on: bool) -> None:
        duty = self._roll.get(person.id)
        if on and duty and (duty.check_in.post, duty.check_in.role) == (post, person.role):
            raise OrderRefused("{name} is signed on already, at {post}", name=person.name, post=post)
        if not on and duty is None:
            raise OrderRefused("{name} is not signed on", name=person.name)

    async def _sign(self, request: dict[str, Any]) -> dict[str, Any]:
        one = await self.sign(SignRequest.model_validate(request), TERMINAL, lambda _: NOTHING)
        return {"done": True, "name": one.name, "on": one.on, "sure": one.sure}

    async def _ordered(self, order: Sign, answer: Answer) -> None:
        wish = SignRequest.model_validate(order.model_dump(include={"person", "on", "role", "post"}))
        await self.sign(wish, PLATFORM, lambda one: answer(said(one), fields(one)))

    async def _shown(self, _request: dict[str, Any]) -> dict[str, Any]:
        roster = self._site.school.people if self._site.school else ()
        people = [{"id": p.id, "name": p.name, "role": p.role, "cards": len(p.cards)} for p in roster]
        on = [on_shown(self._now(duty), duty.end) for duty in self._roll.values()]
        return {"on": on, "people": people}

    def _now(self, duty: Duty) -> CheckIn:
        """As its time is known by now."""
        same = (one for one in reversed(self.check_ins()) if one.person == duty.check_in.person)
        return next(same, duty.check_in)
