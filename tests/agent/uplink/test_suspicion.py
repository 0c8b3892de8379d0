"""A record that ends every session is found and put off, so that those behind it get through."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from agent.records import Instant, Lane, Record, Stored
from agent.uplink.suspicion import CONVICTED_AFTER, CONVICTED_MOST_S, Suspicion, rest_s
from tests.agent.uplink.bench import at_port, gateway, settings, until
from tests.agent.uplink.scripted import Published, ScriptedBroker


def stored(sequence: int) -> Stored:
    record = Record(Lane.ALARM, "alarm", "x", {}, Instant(0.0, 0.0, "unknown"))
    return Stored(sequence, "store", "boot", record)


def test_who_was_alone_three_times_in_a_row_is_put_off_for_a_minute_then_two() -> None:
    suspicion = Suspicion()
    for conviction in (1, 2):
        verdicts = [suspicion.learn([stored(7)], 100.0) for _ in range(CONVICTED_AFTER)]
        assert verdicts == [None, None, stored(7)]
        wait_s = rest_s(conviction)
        assert list(suspicion.put_off("store", 100.0 + wait_s - 1)) == [(100.0 + wait_s, stored(7))]
        assert list(suspicion.put_off("store", 100.0 + wait_s)) == []


@pytest.mark.parametrize("between", [[], [stored(8)], [stored(7), stored(8)]], ids=["none", "another", "several"])
def test_anything_else_between_clears_the_suspicion(between: list[Stored]) -> None:
    suspicion = Suspicion()
    for ended in ([stored(7)], [stored(7)], between, [stored(7)], [stored(7)]):
        assert suspicion.learn(ended, 0.0) is None


def test_a_session_is_careful_only_after_one_that_broke_with_something_under_way() -> None:
    suspicion = Suspicion()
    suspicion.learn([stored(1), stored(2)], 0.0)
    assert suspicion.careful
    suspicion.learn([], 0.0)
    assert not suspicion.careful


def test_a_convict_of_a_store_that_was_replaced_is_forgotten() -> None:
    suspicion = Suspicion()
    for _ in range(CONVICTED_AFTER):
        suspicion.learn([stored(7)], 0.0)
    assert list(suspicion.put_off("another store", 0.0)) == []


@pytest.mark.asyncio
@pytest.mark.parametrize("silent", [False, True], ids=["ends the link", "never confirms"])
async def test_a_forbidden_record_at_the_head_does_not_hold_up_the_alarms_behind_it(
    tmp_path: Path, silent: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "agent.uplink")

    def forbid(published: Published) -> None:
        if "/alarm/forbidden" not in published.topic:
            published.confirm()
        elif not silent:
            published.link.reset()

    async with ScriptedBroker(forbid) as broker:
        how = settings(at_port(broker.port), confirm_timeout_s=0.2, backoff_first_s=0.02, backoff_most_s=0.05)
        async with gateway(tmp_path, how) as it:
            await it.alarm(0, device="forbidden")
            await it.alarm(*range(1, 60))
            it.start()
            async with asyncio.timeout(15):  # it is offered again meanwhile, and convicted again
                while any(s.record.lane is Lane.ALARM for s in (await it.outbox.next({}, 100))[1:]):
                    await asyncio.sleep(0.01)
            await until(lambda: any("/event/uplink" in p.topic for p in broker.seen))
            left = (await it.outbox.next({}, 10))[0]
    assert left.record.subject == "forbidden"
    told = [json.loads(p.payload)["data"] for p in broker.seen if "/event/uplink" in p.topic]
    assert told[0]["event"] == "uplink.put_off"
    assert told[0]["fields"]["topic"].endswith("/alarm/forbidden")


def test_the_first_rest_is_short_since_it_may_be_an_alarm_and_the_last_one_is_bounded() -> None:
    assert [rest_s(n) for n in (1, 2, 3)] == [5.0, 10.0, 20.0]
    assert rest_s(1000) == CONVICTED_MOST_S
