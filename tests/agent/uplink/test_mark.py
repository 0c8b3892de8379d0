"""Going back to what is asked for again brings just that, and a new session need not begin from the oldest."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.records import Lane
from agent.uplink.again import PAGE
from agent.uplink.mark import Mark
from tests.agent.uplink.bench import Gateway, at_port, gateway, settings, until
from tests.agent.uplink.scripted import Published, ScriptedBroker, confirm

spans = st.tuples(st.integers(1, 60), st.integers(0, 60)).map(lambda span: (span[0], span[0] + span[1]))


def read(mark: Mark, waiting: Sequence[int], most: int = 1000) -> list[int]:
    """As a drain reads: what lies beyond the mark, one by one."""
    wanted: list[int] = []
    while len(wanted) < most and (place := next((p for p in waiting if p > mark.after), None)) is not None:
        if mark.wants(place):
            wanted.append(place)
    return wanted


def test_what_is_asked_for_is_read_once_more_and_then_only_what_is_new() -> None:
    mark = Mark()
    assert read(mark, range(1, 101)) == [*range(1, 101)]
    mark.go_back(10, 12)
    assert read(mark, range(1, 104)) == [10, 11, 12, 101, 102, 103]
    assert mark.known == 103


def test_what_others_have_sent_is_not_read_until_it_is_asked_for() -> None:
    mark = Mark(50)
    assert read(mark, range(1, 53)) == [51, 52]
    mark.go_back(7, 2**63 - 1)
    assert read(mark, range(1, 53)) == [*range(7, 53)]
    mark.go_back(3, 3)
    assert read(mark, range(1, 53)) == [3], "an endless span ends with what was there"


@given(st.sets(st.integers(1, 120)), st.lists(st.tuples(st.integers(0, 20), spans), max_size=6))
def test_whatever_is_asked_for_when_all_of_it_comes_and_nothing_is_left_out(
    places: set[int], wishes: list[tuple[int, tuple[int, int]]]
) -> None:
    """Some are read, then a wish comes, again and again; `known` never promises what was not read."""
    waiting, mark, found, owed = sorted(places), Mark(), set[int](), set[int]()
    for most, (first, last) in wishes:
        got = set(read(mark, waiting, most))
        found |= got
        owed -= got
        assert {place for place in waiting if place <= mark.known} <= found
        owed |= {place for place in found if first <= place <= last}
        mark.go_back(first, last)
        assert not owed or mark.after < min(owed)
    owed -= (rest := set(read(mark, waiting)))
    assert found | rest == places
    assert not owed


async def sent_again(broker: ScriptedBroker, it: Gateway, after: int) -> list[str]:
    """Alarms that came after the first so many, when a new one has come too."""
    await it.alarm(999, device="sentinel")
    await until(lambda: any("sentinel" in p.topic for p in broker.seen[after:]), "what comes last")
    return [p.topic for p in broker.seen[after:] if "/alarm/" in p.topic and "sentinel" not in p.topic]


@pytest.mark.asyncio
async def test_a_replay_sends_only_what_was_asked_for_though_others_wait_unanswered(tmp_path: Path) -> None:
    async with ScriptedBroker() as broker:
        how = settings(at_port(broker.port), confirmed_by="platform", again_after_s=600.0)
        async with gateway(tmp_path, how) as it:
            it.start()
            await it.alarm(*range(300))
            alarms = lambda: [p for p in broker.seen if "/alarm/" in p.topic]  # noqa: E731
            await until(lambda: len(alarms()) == 300)
            await it.outbox.confirm_spans(it.outbox.store_id, [(40, 42)])
            before = len(broker.seen)
            assert (await it.outbox.replay(it.outbox.store_id, 41, 44)).again == 2
            assert len(await sent_again(broker, it, before)) == 4


@pytest.mark.asyncio
async def test_a_new_session_sends_what_never_went_out_and_one_page_of_what_is_not_answered(
    tmp_path: Path,
) -> None:
    taken: list[Published] = []

    def takes_two_hundred(published: Published) -> None:
        taken.append(published)
        if "/alarm/" not in published.topic or len(taken) <= 200 or len(broker.links) > 1:
            confirm(published)

    async with ScriptedBroker(takes_two_hundred) as broker:
        how = settings(at_port(broker.port), confirmed_by="platform", again_after_s=600.0, confirm_timeout_s=30.0)
        async with gateway(tmp_path, how) as it:
            it.start()
            await it.alarm(*range(300))
            await until(lambda: len(taken) > 210, "some that the broker does not answer")
            before = len(broker.seen)
            broker.links[0].reset()
            await until(lambda: it.connected(after=1))
            never = 300 - sum("/alarm/" in p.topic for p in taken[:200])
            again = lambda: sum("/alarm/panic" in p.topic for p in broker.seen[before:])  # noqa: E731
            await until(lambda: again() >= never + PAGE, "the others and a page")
            assert len(await sent_again(broker, it, before)) == never + PAGE
            assert await it.depth(Lane.ALARM) == 301
