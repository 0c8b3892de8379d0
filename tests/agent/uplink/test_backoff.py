"""When the uplink tries again, in virtual time: doubling, with jitter, and patient with what does not last."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from agent.errors import StorageError, UplinkError
from agent.session import Broker, Incoming, Session, SessionRequest
from agent.uplink.path import STEADY_S
from simulators.clock import run_virtual
from tests.agent.uplink.bench import Gateway, gateway, settings

ONE, TWO = Broker("one", 1), Broker("two", 2)
FIRST_S, MOST_S = 0.5, 60.0


@dataclass
class Twin:
    """A broker in memory: says when it was asked; sessions last `lasts_s` of virtual time."""

    lasts_s: Callable[[int], float]
    refuse: bool = False
    asked: list[tuple[float, str]] = field(default_factory=list)
    published: list[tuple[float, str]] = field(default_factory=list)

    async def open(self, request: SessionRequest) -> Session:
        now_s = asyncio.get_running_loop().time()
        self.asked.append((now_s, request.broker.host))
        if self.refuse:
            raise UplinkError("nobody there")
        return TwinSession(self, now_s + self.lasts_s(len(self.asked)))

    @property
    def times(self) -> list[float]:
        return [at_s for at_s, _ in self.asked]


@dataclass
class TwinSession:
    twin: Twin
    ends_s: float
    window: int = 100

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.twin.published.append((asyncio.get_running_loop().time(), topic))

    async def receive(self) -> Incoming:
        raise UplinkError(await self.wait_lost())

    async def wait_lost(self) -> str:
        await asyncio.sleep(self.ends_s - asyncio.get_running_loop().time())
        return "the link broke"

    async def aclose(self) -> None:
        pass


def run(directory: Path, twin: Twin, *brokers: Broker, for_s: float, **more: Any) -> None:
    async def main() -> None:
        how = settings(*brokers, **{"backoff_first_s": FIRST_S, "backoff_most_s": MOST_S, **more})
        async with gateway(directory, how, opener=twin.open) as it:
            await during(it, for_s)

    async def during(it: Gateway, seconds: float) -> None:
        it.start()
        await asyncio.sleep(seconds)

    run_virtual(main())


def waits(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in itertools.pairwise(times)]


def test_each_wait_is_twice_the_last_up_to_the_most_within_half_of_either_side(tmp_path: Path) -> None:
    twin = Twin(lambda _: 0.0, refuse=True)
    run(tmp_path, twin, ONE, for_s=3600)
    nominal = [min(MOST_S, FIRST_S * 2**n) for n in range(len(twin.asked))]
    waited = waits(twin.times)
    assert len(waited) > 40
    assert all(0.5 * n_s <= w_s <= 1.5 * n_s for n_s, w_s in zip(nominal, waited, strict=False))
    late = waited[10:]
    assert max(late) - min(late) > 20, "thousands of gateways do not come back at once"


def test_a_session_that_lasted_makes_the_next_wait_short_again(tmp_path: Path) -> None:
    twin = Twin(lambda _: STEADY_S + 1)
    run(tmp_path, twin, ONE, for_s=600)
    assert len(twin.asked) > 15
    assert all(wait_s - STEADY_S - 1 <= 1.5 * FIRST_S for wait_s in waits(twin.times))


def test_sessions_that_break_at_once_do_not_make_it_impatient(tmp_path: Path) -> None:
    twin = Twin(lambda _: 0.1)
    run(tmp_path, twin, ONE, for_s=600)
    assert len(twin.asked) < 25
    assert waits(twin.times)[-1] >= MOST_S * 0.5


def test_every_address_is_tried_in_its_order_before_a_wait(tmp_path: Path) -> None:
    twin = Twin(lambda _: 0.0, refuse=True)
    run(tmp_path, twin, ONE, TWO, for_s=100)
    assert [host for _, host in twin.asked[:6]] == ["one", "two"] * 3
    assert all(twin.times[n] == twin.times[n + 1] for n in range(0, 6, 2))


def test_each_reason_is_logged_once_however_many_addresses_there_are_and_how_long_it_lasts(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    twin = Twin(lambda _: 0.0, refuse=True)
    run(tmp_path, twin, ONE, TWO, for_s=3600)
    said = [row.getMessage() for row in caplog.records if row.levelno == logging.WARNING]
    assert said == [f"uplink down: {one.host}:{one.port}: nobody there" for one in (ONE, TWO)]


def test_a_reason_is_news_again_after_a_session(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    twin = Twin(lambda _: 1.0)
    run(tmp_path, twin, ONE, for_s=6)
    said = [row.getMessage() for row in caplog.records if row.levelno == logging.WARNING]
    assert len(said) > 1
    assert set(said) == {"uplink down: one:1: the link broke"}


def test_heartbeats_beat_evenly_while_there_is_a_session(tmp_path: Path) -> None:
    twin = Twin(lambda _: 301.0)
    run(tmp_path, twin, ONE, for_s=299, heartbeat_s=30.0)
    beats = [at_s for at_s, topic in twin.published if "/heartbeat/" in topic]
    assert len(beats) == 10
    assert all(abs(wait_s - 30) < 0.01 for wait_s in waits(beats))


def test_an_outbox_that_cannot_be_read_for_a_while_is_said_once_and_emptied_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin = Twin(lambda _: 1000.0)

    async def refuses(*_: object) -> Any:
        raise StorageError("disk I/O error")

    async def main() -> None:
        async with gateway(tmp_path, settings(ONE), opener=twin.open) as it:
            with monkeypatch.context() as disk:
                disk.setattr(it.outbox, "next", refuses)
                it.start()
                await asyncio.sleep(60)
                await it.alarm(1)
            await it.drained(within_s=5)

    run_virtual(main())
    said = [row.getMessage() for row in caplog.records if row.levelno == logging.ERROR]
    assert said == ["cannot read the outbox: disk I/O error"]
    assert any("/alarm/" in topic for _, topic in twin.published)
