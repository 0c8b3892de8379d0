"""Commands are carried out once, paced, answered by records, and never cost more than their bytes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.outbox.outbox import Outbox
from agent.records import Lane
from agent.service.commands import REFUSALS_AT_ONCE, Commands
from agent.service.done import REMEMBERED, Done
from agent.service.pipe import Pipe
from agent.session import Incoming
from agent.site import Site, StorageSettings
from agent.uplink.answers import Answers
from tests.agent.outbox.bench import START, alarms
from tests.agent.outbox.failing import failing
from tests.agent.uplink.bench import IDENTITY, PREFIX, at_port, gateway, settings, until

pytestmark = pytest.mark.asyncio


class Desk:
    """Commands with a real outbox, and a site without devices."""

    def __init__(self, commands: Commands, outbox: Outbox, answers: Answers) -> None:
        self.commands, self.outbox, self.answers = commands, outbox, answers

    async def say(self, name: str, body: dict[str, Any] | bytes, *, retain: bool = False) -> None:
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.commands.inbox(Incoming(f"{PREFIX}/command/{name}", payload, retain))

    async def replay(self, id: str, first: int, last: int, **more: Any) -> None:
        body = {"id": id, "at": now(), "store": self.outbox.store_id, "first": first, "last": last}
        await self.say("replay", {**body, **more})

    async def results(self) -> list[tuple[str, dict[str, Any]]]:
        events = await self.outbox.next({**START, Lane.ALARM: 2**62}, 100_000)
        return [(e.record.data["event"], dict(e.record.data["fields"])) for e in events]

    async def answered(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        async with asyncio.timeout(10):
            while len(found := await self.results()) < count:
                await asyncio.sleep(0.01)
        return found

    async def waiting(self) -> list[int]:
        return [s.sequence for s in await self.outbox.next({**START, Lane.EVENT: 2**62}, 100_000)]


def now() -> str:
    return datetime.fromtimestamp(time.time(), UTC).isoformat()


@asynccontextmanager
async def desk(directory: Path, *, memory_bytes: int = 0) -> AsyncIterator[Desk]:
    async with gateway(directory, settings(at_port(1)), memory_bytes=memory_bytes) as it:
        answers = Answers()
        site = Site(IDENTITY, (), (), settings(at_port(1)), StorageSettings(directory), "0" * 64)
        commands = Commands(Pipe(site, it.outbox, it.board, it.host), it.outbox, it.host, answers)
        running = asyncio.create_task(commands.run())
        try:
            yield Desk(commands, it.outbox, answers)
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


async def test_what_the_platform_confirms_leaves_and_nothing_else(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.outbox.append(alarms(10), {})
        await it.say("confirm", {"store": it.outbox.store_id, "spans": [[2, 4], [9, 7], [6, 6], [11, 2**63 - 1]]})
        await until(lambda: it.answers.count == 1)
        assert await it.waiting() == [1, 5, 7, 8, 9, 10]
        assert not await it.results(), "a confirmation has no result"


async def test_a_confirmation_for_another_store_does_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.outbox.append(alarms(3), {})
        await it.say("confirm", {"store": "0" * 32, "spans": [[1, 3]]})
        await it.say("confirm", {"store": it.outbox.store_id, "spans": [[2, 2]]})
        await until(lambda: it.answers.count == 1)
        assert await it.waiting() == [1, 3]


async def test_a_confirmation_of_what_comes_only_later_does_not_reach_it(tmp_path: Path) -> None:
    """Whoever confirms everything for ever has not heard of what is accepted next."""
    async with desk(tmp_path) as it:
        await it.outbox.append(alarms(2), {})
        await it.say("confirm", {"store": it.outbox.store_id, "spans": [[1, 2**63 - 1]]})
        await it.outbox.append(alarms(2), {})
        await until(lambda: it.answers.count == 1)
        assert await it.waiting() == [3, 4]


async def test_a_platform_may_speak_of_both_names_at_once_when_the_disk_had_refused(tmp_path: Path) -> None:
    async with desk(tmp_path, memory_bytes=1024 * 1024) as it:
        await it.outbox.append(alarms(3), {})
        before = it.outbox.store_id
        failing(it.outbox).fail_in = 1
        await it.outbox.append(alarms(3), {})
        after = it.outbox.store_id
        assert before != after
        for store in (before, after):
            await it.say("confirm", {"store": store, "spans": [[2, 2], [3, 2**63 - 1]]})
        await until(lambda: it.answers.count == 2)
        assert await it.waiting() == [1, 1]
        await it.replay("r", 2**63 - 1, 2**63 - 1)
        assert (await it.answered(1))[-1][0] == "command.done", "and numbers that no disk can count harm nobody"


async def test_a_confirmation_that_is_no_news_is_not_written(tmp_path: Path) -> None:
    """A platform that repeats itself for ever must not wear out the disk."""
    async with desk(tmp_path) as it:
        await it.outbox.append(alarms(3), {})
        store = it.outbox.store_id
        await it.say("confirm", {"store": store, "spans": [[1, 2]]})
        await until(lambda: it.answers.count == 1)
        disk = failing(it.outbox)
        disk.fail_in, disk.for_good = 2, True  # only one look is left to it
        assert await it.outbox.confirm_spans(store, [(1, 2)]) == 0
        disk.heal()
        assert await it.waiting() == [3]


async def test_a_replay_brings_back_what_was_confirmed_and_says_what_waited_anyway(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        await it.outbox.append(alarms(5), {})
        await it.outbox.confirm_spans(it.outbox.store_id, [(1, 4)])
        await it.replay("r-1", 2, 5)
        ((event, fields),) = await it.answered(1)
        assert (event, fields["id"], fields["again"], fields["waiting"]) == ("command.done", "r-1", 3, 1)
        assert await it.waiting() == [2, 3, 4, 5]
        await it.replay("r-2", 90, 91)
        assert (await it.answered(2))[1][1]["gone"] == [], "what was never given is not gone"


async def test_a_command_is_carried_out_and_answered_once_also_across_a_restart(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for _ in range(3):
            await it.replay("r-1", 1, 2)
            await it.say("restart", {"id": "x-1"})
        await it.answered(2)
    async with desk(tmp_path) as it:
        await it.replay("r-1", 1, 2)
        await it.say("restart", {"id": "x-1"})
        await it.replay("r-2", 1, 2)
        results = await it.answered(3)
    assert [(event, fields["id"]) for event, fields in results] == [
        ("command.done", "r-1"),
        ("command.refused", "x-1"),
        ("command.done", "r-2"),
    ]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"store": "0" * 32}, "no store"),
        ({"first": 5, "last": 2}, "backwards"),
        ({"at": "2020-01-01T00:00:00Z"}, "is not carried out"),
    ],
)
async def test_a_replay_that_cannot_be_is_refused_in_words(tmp_path: Path, more: dict[str, Any], why: str) -> None:
    async with desk(tmp_path) as it:
        await it.say(
            "replay", {"id": "r", "at": now(), "store": it.outbox.store_id, "first": 1, "last": 2, **more}
        )
        ((event, fields),) = await it.answered(1)
        assert event == "command.refused"
        assert why in fields["why"]


async def test_an_acknowledgement_of_what_is_not_there_is_refused_with_what_is(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        body = {"id": "a", "at": now(), "device": "panic", "condition": "pressed", "person": "王"}
        await it.say("acknowledge", body)
        ((event, fields),) = await it.answered(1)
        assert (event, fields["name"], fields["id"]) == ("command.refused", "acknowledge", "a")
        assert "no device 'panic'" in fields["why"]


async def test_a_retained_command_is_refused_once_however_often_the_session_begins(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for _ in range(20):
            await it.say("replay", {"id": "r"}, retain=True)
        await it.replay("r", 1, 1)
        results = await it.answered(2)
        assert [event for event, _ in results] == ["command.refused", "command.done"], "its id is not used up"


async def test_a_flood_is_refused_once_and_neither_memory_nor_disk_grow(tmp_path: Path) -> None:
    async with desk(tmp_path) as it:
        for n in range(5000):
            await it.say("nonsense", {"id": f"n-{n}"})
            await it.say("confirm", b"x")
        assert len(it.commands._orders) <= 300
        await until(lambda: not it.commands._orders)
        results = await it.results()
        assert len(results) <= REFUSALS_AT_ONCE + 1
        assert all(event == "command.refused" for event, _ in results)


async def test_the_last_ids_are_remembered_and_their_states_stay_bounded() -> None:
    states: dict[str, str] = {"panic-gate": "{}", "command/7": "damaged", "command/8": "9" * 5000 + " x"}
    done = Done(states)
    for n in range(3 * REMEMBERED):
        states |= done.state(f"id {n}")
        done.add(f"id {n}")
    again = Done(states)
    for known in (done, again):
        assert f"id {3 * REMEMBERED - 1}" in known
        assert f"id {2 * REMEMBERED}" in known
        assert f"id {2 * REMEMBERED - 1}" not in known
    assert len(states) == REMEMBERED + 1
