"""Kills again and again, reads the disk after each kill, and stops at the first thing that is wrong."""

import asyncio
import shutil
import sqlite3
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from bench.endurance.witness import Witness, watched
from bench.errors import Late
from bench.reliability.kills.autopsy import Autopsy, dissect, put_by
from bench.reliability.kills.evidence import Evidence
from bench.reliability.kills.life import Life, live, lives
from bench.reliability.kills.scene import Scene
from bench.waiting import comes
from drivers.errors import GatewayError
from simulators.field import ModbusField

SETTLE_EVERY = 25  # kills; then a life may go on until all that was accepted has arrived
SETTLE_S = 30.0
COPIES = 30  # of the store, one a kill, for whoever looks into a failure
LINE = "tcp-1"
ROW_KEPT = ("alarm", "event")


class Broken(GatewayError):
    """After this kill something was wrong: nothing is put away, so that it can be looked at."""


@dataclass(slots=True)
class Executioner:
    """`waited` counts the records that a kill found unconfirmed on disk."""

    site: Scene
    evidence: Evidence
    directory: Path
    kills: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    unready: int = 0
    brokers: int = 0
    stopped: int = 0
    waited: int = 0
    asked_s: list[float] = field(default_factory=list)
    _last: Autopsy | None = None
    _witness: Witness | None = None
    _broker_returns: "asyncio.Task[None] | None" = None

    async def work(self, kills: int, seed: int, told: Callable[[float, str], None]) -> None:
        """So many kills; ends with a gateway that lives. Raises Broken."""
        (self._witness,) = watched(cast(ModbusField, self.site.field.line(LINE))).values()
        for life in lives(seed):
            if self.kills >= kills:
                break
            try:
                await self._one(life)
            except (GatewayError, Late, TimeoutError, ValueError, sqlite3.Error) as error:
                raise Broken(f"{life}: {error}") from error
            told(self.kills / kills, f"{self.kills} kills, {len(self.evidence.came)} records")
        await self.site.victim.start()
        await self.site.victim.ready()
        await self._broker_is_back()

    async def _one(self, life: Life) -> None:
        began_s = asyncio.get_running_loop().time()
        if life.with_broker:
            await self._broker_is_back()
        await live(self.site.victim, life)
        if life.number % SETTLE_EVERY == 0:
            await self._settle()
        ready = self.site.victim.is_ready
        await self._kill(life, ready)
        self._note_first_question(began_s)
        await self._look(life)

    async def _kill(self, life: Life, ready: bool) -> None:
        if life.with_broker:
            self.brokers += 1
            killed, _ = await asyncio.gather(self.site.victim.kill(), self.site.kill_broker())
            self._broker_returns = asyncio.create_task(self.site.start_broker())  # the next life begins without
        else:
            killed = await self.site.victim.kill()
        if not killed:
            self.stopped += 1  # asked to stop, it was done before the kill came
            return
        self.kills += 1
        self.phases[life.phase] += 1
        self.unready += not ready

    async def _look(self, life: Life) -> None:
        """The disk as the kill has left it."""
        copy = self.directory / "kills" / f"{life.number}"
        there = await asyncio.to_thread(put_by, self.site.state, copy)
        found = await asyncio.to_thread(dissect, copy) if there else None
        if found is not None:
            self._judge(found)
        elif self._last is not None:
            raise ValueError("there was a store before, and now there is none")
        shutil.rmtree(self.directory / "kills" / f"{life.number - COPIES}", ignore_errors=True)
        if self.evidence.complaints:
            raise ValueError("; ".join(self.evidence.complaints[:3]))

    def _judge(self, found: Autopsy) -> None:
        before, self._last = self._last, found
        if wrong := list(found.contradictions()):
            raise ValueError("; ".join(wrong))
        if before is not None and before.store != found.store:
            raise ValueError(f"a new store, {found.store}: the old one was set aside")
        if before is not None and found.last < before.last:
            raise ValueError(f"sequence {before.last} was accepted before, now the last is {found.last}")
        if (heard := self.evidence.highest(found.store)) > found.last:
            raise ValueError(
                f"the platform has {heard}, the store knows of {found.last}: sent before it was stored"
            )
        self.waited += sum(found.waiting[lane] for lane in ROW_KEPT)
        self.evidence.take(found)

    async def _settle(self) -> None:
        """Once the gateway may live, everything that was accepted arrives."""
        if not self.site.victim.is_ready:
            await self.site.victim.ready()
        await self._broker_is_back()
        if not await comes(lambda: not self.evidence.missing(), SETTLE_S):
            missing = self.evidence.missing()
            raise ValueError(f"{len(missing)} accepted records do not arrive, the first {missing[:5]}")

    async def _broker_is_back(self) -> None:
        if self._broker_returns is not None:
            await self._broker_returns
            self._broker_returns = None

    def _note_first_question(self, began_s: float) -> None:
        assert self._witness is not None
        asked = self._witness.asked_s
        if (first := bisect_right(asked, began_s)) < len(asked):
            self.asked_s.append(asked[first] - began_s)

    async def drained(self) -> dict[str, Any]:
        """The books once nothing of the durable lanes waits."""
        lanes: dict[str, Any] = {}
        async with asyncio.timeout(SETTLE_S):
            while not lanes or any(lanes[name]["depth"] for name in ROW_KEPT):
                lanes = await self.site.lanes()
        return lanes
