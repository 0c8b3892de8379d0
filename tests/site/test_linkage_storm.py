"""A storm over the gates: whatever comes together, while a fire is latched nothing on the wire shuts an exit."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.service.linkage import Linkage
from tests.site.gates import CALL_POINT, EAST, GATES, LOOP, PANIC, WEST, Gates, gates_site, play

SEEDS = range(5)
STEPS = 60
GRACE_S = 0.5  # an order on the wire at the very moment cannot be called back
OPEN_S = 30.0  # a module that was lost is probed with back-off


class Storm:
    """Things happen to the gates; `complaints` is what must not be."""

    def __init__(self, gates: Gates, seed: int) -> None:
        self.complaints: list[str] = []
        self.shut = 0
        self._gates, self._dice = gates, random.Random(seed)
        self._latched_s: float | None = None
        for wires in GATES.values():
            unit, _, point = wires.close_relay.partition(".")
            self._listen(unit, point)

    def _listen(self, unit: str, point: str) -> None:
        module = self._gates.module(unit)
        before = module.on_write
        assert before is not None

        def heard(name: str, value: object) -> None:
            before(name, value)  # type: ignore[arg-type]
            if name == point and value:
                self.shut += 1
                self._judge(f"{unit}.{point}")

        module.on_write = heard

    def _judge(self, output: str) -> None:
        now_s = self._gates.now_s
        if self._latched_s is not None and now_s > self._latched_s + GRACE_S:
            self.complaints.append(f"{output} at {now_s:.2f}, a fire is latched since {self._latched_s:.2f}")

    async def watch(self) -> None:
        """Since when a fire acts in the gateway that runs now."""
        while True:
            acting = any(name.startswith("fire") for name in self._linkage().acting)
            self._latched_s = (self._latched_s or self._gates.now_s) if acting else None
            await asyncio.sleep(0.05)

    def _linkage(self) -> Linkage:
        parts = [room.parts["linkage"] for room in self._gates.gateway.rooms if "linkage" in room.parts]
        found = parts[0].__self__  # type: ignore[attr-defined]
        assert isinstance(found, Linkage)
        return found

    async def blow(self) -> None:
        """One thing after the other, some of them at once."""
        for _ in range(STEPS):
            await self._dice.choice(self._winds())()
            await asyncio.sleep(self._dice.choice((0.0, 0.05, 0.3, 1.0, 4.0)))

    def _winds(self) -> list[Callable[[], Awaitable[None]]]:
        often = [self._burn, self._press, self._press, self._out]
        field = [self._burn, self._car, self._module, self._noise, self._hand]
        return [*often, *field, self._link, self._disk, self._kill, self._resets]

    async def _burn(self) -> None:
        self._gates.burn(self._dice.choice((EAST, WEST, CALL_POINT)))

    async def _press(self) -> None:
        self._gates.field.set(PANIC, True)
        await asyncio.sleep(self._dice.choice((0.2, 0.5, 2.0)))
        self._gates.field.set(PANIC, False)

    async def _out(self) -> None:
        for point in (EAST, WEST, CALL_POINT):
            self._gates.field.set(point, False)
        await asyncio.sleep(3.0)
        await self._resets()

    async def _resets(self) -> None:
        """A person resets everything that can be; what stands is refused."""
        person = {"person": "王建国", "reason": "已查看"}
        for device in ("smoke-east", "smoke-west", "call-point"):
            await self._gates.ask("order", device=device, action="reset", condition="alarm", **person)
        for effect in ("fire-opens-barrier", "fire-opens-pulsed", "fire-opens-bollard"):
            await self._gates.ask("linkage.reset", effect=effect, **person)

    async def _car(self) -> None:
        self._gates.field.set(LOOP, not self._gates.field.get(LOOP))

    async def _module(self) -> None:
        unit = self._dice.choice(("gate-io", "block-io", "smoke-east"))
        self._gates.field.unplug(unit)
        await asyncio.sleep(self._dice.choice((0.3, 3.0, 8.0)))
        self._gates.field.plug(unit)

    async def _noise(self) -> None:
        self._gates.field.noise("rs485-1", 0.2)
        await asyncio.sleep(3.0)
        self._gates.field.noise("rs485-1", 0.0)

    async def _link(self) -> None:
        self._gates.broker.stop()
        await asyncio.sleep(2.0)
        self._gates.broker.start()

    async def _disk(self) -> None:
        self._gates.twin.disk.refuses = "disk I/O error"
        await asyncio.sleep(self._dice.choice((0.5, 5.0)))
        self._gates.twin.disk.refuses = ""

    async def _hand(self) -> None:
        gate = self._gates.gates[self._dice.choice(list(GATES))]
        gate.rest(self._dice.choice(("open", "close")))

    async def _kill(self) -> None:
        await self._gates.restart()
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("number", SEEDS)
def test_nothing_shuts_an_exit_while_a_fire_is_latched_and_a_fire_opens_them_all(
    tmp_path: Path, number: int
) -> None:
    storms: list[Storm] = []

    async def story(gates: Gates) -> None:
        storm = Storm(gates, number)
        storms.append(storm)
        watch = asyncio.create_task(storm.watch())
        await storm.blow()
        gates.burn(CALL_POINT)
        await gates.until(gates.all_open, OPEN_S)
        gates.field.set(PANIC, True)
        await asyncio.sleep(20.0)
        assert gates.all_open()
        watch.cancel()

    play(story, tmp_path, number, gates_site())
    assert storms[0].complaints == []


def test_the_storm_sees_a_gate_that_is_shut(tmp_path: Path) -> None:
    """Without this it could see nothing at all."""
    seen: list[Storm] = []

    async def story(gates: Gates) -> None:
        storm = Storm(gates, 0)
        seen.append(storm)
        watch = asyncio.create_task(storm.watch())
        await storm._press()
        await gates.until(lambda: storm.shut, 2.0)
        assert storm.complaints == []
        gates.burn(CALL_POINT)
        await gates.until(gates.all_open, 10.0)
        await asyncio.sleep(1.0)
        gates.module("gate-io").answer(bytes.fromhex("0502050005"))  # another master pulses do6
        assert storm.complaints
        watch.cancel()

    play(story, tmp_path)
