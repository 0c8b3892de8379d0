"""Promises of docs/reliability.md that no other test states alone: each is what a planted bug breaks."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.site import Site
from agent.uplink.messages import EventData
from simulators.twin import EPOCH_S
from tests.site.school import School, calmer, demo_site, play

AGAIN_S = 20.0


def by_platform() -> Site:
    site = demo_site()
    return replace(site, uplink=replace(site.uplink, confirmed_by="platform", again_after_s=AGAIN_S))


def say(school: School, name: str, body: dict[str, Any], *, retain: bool = False) -> None:
    """The platform speaks to the gateway."""
    identity = school.site.identity
    topic = f"campus/v1/{identity.region}/{identity.site}/{identity.gateway}/command/{name}"
    school.broker.say(topic, json.dumps(body).encode(), retain=retain)


def fall_silent(school: School) -> None:
    """The platform confirms nothing any more by itself."""
    assert school.way_back is not None
    school.way_back._say = lambda _topic, _payload: None


def store_of(school: School) -> str:
    """The store that the alarms are of."""
    return next(a.event.id.rpartition("-")[0] for a in school.heard if a.alarm is not None)


def replay(school: School, name: str, first: int, last: int) -> dict[str, Any]:
    now = datetime.fromtimestamp(EPOCH_S + school.now_s, UTC).isoformat()
    return {"id": name, "at": now, "store": store_of(school), "first": first, "last": last}


def answers(school: School, event: str) -> list[dict[str, Any]]:
    """The fields of every such event that has arrived."""
    found = (a.payload for a in school.heard if isinstance(a.payload, EventData) and not a.duplicate)
    return [dict(one.fields) for one in found if one.event == event]


async def press(school: School) -> None:
    school.field.set("gate-io.di1", True)
    await school.heard_within("panic-gate pressed raised", 1.0)


def depth(school: School) -> int:
    return school.heartbeat.outbox["alarm"].depth


def test_a_backlog_never_has_more_under_way_than_the_broker_allows(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        for _ in range(20):
            school.field.set("gate-io.di1", True)
            await asyncio.sleep(2.0)
            school.field.set("gate-io.di1", False)
            await asyncio.sleep(2.0)
        school.broker.start()  # this twin fails who sends beyond its window
        await school.until(lambda: school.told().count("panic-gate pressed cleared") == 20, 20.0)
        await school.until(lambda: school.waiting == 0, 20.0)
        assert "part.failed" not in school.events()

    play(story, tmp_path, site=calmer(demo_site()))


def test_a_broker_that_forgot_everything_is_shown_every_device_again(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await press(school)
        shown = len([topic for topic in school.broker.retained if "/state/" in topic])
        school.broker.stop()
        school.broker.start(forgetful=True)
        await asyncio.sleep(10.0)
        assert len([topic for topic in school.broker.retained if "/state/" in topic]) == shown
        assert school.shown("panic-gate") == {"pressed": "unacknowledged"}

    play(story, tmp_path)


def test_what_the_platform_orders_is_done_once_however_often_it_comes(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await press(school)
        order = replay(school, "order-1", 1, 5)
        for _ in range(3):
            say(school, "replay", order)
            await asyncio.sleep(1.0)
        await school.restart()
        await school.until(lambda: school.twin.boots == 2 and school.status.online, 5.0)
        say(school, "replay", order)
        await asyncio.sleep(5.0)
        assert [answer["id"] for answer in answers(school, "command.done")] == ["order-1"]

    play(story, tmp_path)


def test_an_order_that_lay_at_the_broker_is_refused_and_not_done(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await press(school)
        say(school, "replay", replay(school, "order-1", 1, 5), retain=True)
        await asyncio.sleep(5.0)
        assert answers(school, "command.done") == []
        assert ["retained" in answer["why"] for answer in answers(school, "command.refused")] == [True]

    play(story, tmp_path)


def test_an_alarm_stays_until_the_platform_itself_says_that_it_has_it(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        fall_silent(school)
        await press(school)
        await asyncio.sleep(10.0)
        assert depth(school) == 1

    play(story, tmp_path, site=by_platform())


def test_what_the_platform_says_that_it_has_leaves(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        fall_silent(school)
        await press(school)
        say(school, "confirm", {"store": store_of(school), "spans": [[1, 20]]})
        await school.until(lambda: depth(school) == 0, 10.0)

    play(story, tmp_path, site=by_platform())


def test_a_platform_that_speaks_of_another_store_confirms_nothing(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        fall_silent(school)
        await press(school)
        say(school, "confirm", {"store": "0" * 32, "spans": [[1, 20]]})
        await asyncio.sleep(10.0)
        assert depth(school) == 1

    play(story, tmp_path, site=by_platform())


def test_an_alarm_that_the_platform_does_not_confirm_is_sent_again(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        fall_silent(school)
        await press(school)
        await asyncio.sleep(2 * AGAIN_S)
        again = [a for a in school.heard if a.alarm is not None and a.duplicate]
        assert again

    play(story, tmp_path, site=by_platform())
