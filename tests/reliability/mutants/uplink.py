"""Bugs planted between the store and the platform: what counts as arrived, and what the gateway obeys."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

from agent.errors import Rejected
from agent.records import Stored
from agent.service import commands
from agent.service.confirmations import Confirmations
from agent.service.done import Done
from agent.service.unconfirmed import Unconfirmed
from agent.session import Incoming
from agent.uplink import tls
from agent.uplink.again import Again
from agent.uplink.choice import Choice
from agent.uplink.commands import Command, Confirm, Now, Refusal
from agent.uplink.delivery import Delivery
from agent.uplink.drain import Drain
from agent.uplink.losses import Losses


@contextlib.contextmanager
def a_refusal_counts_as_a_confirmation() -> Iterator[None]:
    """The broker has answered, so it must have it."""

    async def believing(self: Drain, stored: Stored, _topic: str, _error: Rejected) -> None:
        await self._outbox.confirm([stored])

    with patch.object(Drain, "_put_off", believing):
        yield


@contextlib.contextmanager
def the_broker_s_word_is_enough_under_platform() -> Iterator[None]:
    """An alarm leaves when the broker has it, though only the platform may say so."""
    with patch.object(Again, "by_broker", lambda _self, _stored: True):
        yield


@contextlib.contextmanager
def what_the_platform_does_not_confirm_is_sent_once() -> Iterator[None]:
    """The broker has it, and that the platform never got it is nobody's business."""

    async def idle(self: Again) -> None:
        return

    with patch.object(Again, "run", idle):
        yield


@contextlib.contextmanager
def a_store_s_name_is_not_compared() -> Iterator[None]:
    """A platform that speaks of an older store confirms what it has never seen."""
    note = Confirmations.note

    def lax(self: Confirmations, confirm: Confirm) -> None:
        note(self, confirm.model_copy(update={"store": self._outbox.store_id}))

    with patch.object(Confirmations, "note", lax):
        yield


@contextlib.contextmanager
def an_expired_certificate_is_taken_while_the_clock_is_wrong() -> Iterator[None]:
    """OpenSSL's look at the clock is off, and nobody else looks."""
    with patch.object(tls, "_refuse_expired", lambda _certificate, _floor_utc_s: None):
        yield


@contextlib.contextmanager
def a_retained_command_is_obeyed() -> Iterator[None]:
    """What somebody ordered last year is done at every connection."""
    parse = commands.parse

    def obedient(message: Incoming, now: Now) -> Command | Refusal:
        return parse(replace(message, retain=False), now)

    with patch.object(commands, "parse", obedient):
        yield


@contextlib.contextmanager
def a_command_is_done_as_often_as_it_comes() -> Iterator[None]:
    """Nobody remembers what was answered."""
    with patch.object(Done, "__contains__", lambda _self, _id: False):
        yield


@contextlib.contextmanager
def what_is_under_way_when_a_link_breaks_counts_as_delivered() -> Iterator[None]:
    """It was sent, after all."""
    learn = Delivery.learn

    async def hopeful(self: Delivery, why: str) -> None:
        if self._drain is not None:
            await self._outbox.confirm(self._drain.under_way.values())
        await learn(self, why)

    with patch.object(Delivery, "learn", hopeful):
        yield


@contextlib.contextmanager
def the_second_way_is_never_taken() -> Iterator[None]:
    """It is kept open, and alarms wait for the first."""
    take = Choice._take

    def loyal(self: Choice, way: str, now_s: float) -> None:
        take(self, next(iter(self._ways)) if way else "", now_s)

    with patch.object(Choice, "_take", loyal):
        yield


@contextlib.contextmanager
def the_loss_of_a_way_is_not_told() -> Iterator[None]:
    """The second one fails, and nobody knows until it is needed."""
    with patch.object(Losses, "lost", lambda *_: None):
        yield


@contextlib.contextmanager
def nobody_is_told_of_an_alarm_that_is_not_confirmed() -> Iterator[None]:
    """Thirty seconds pass, and the guard room stays silent."""

    async def asleep(_self: Unconfirmed) -> None:
        return

    with patch.object(Unconfirmed, "look", asleep):
        yield
