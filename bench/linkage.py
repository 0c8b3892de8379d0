"""make linkage: from a fire input to the relay's order on the wire, 9600 baud, 8 units, uplink down.

The real gateway as a process, on a pseudo-terminal whose far side keeps the wire's time; it writes its part of
docs/linkage.md. A trial ends when the module has heard the whole order.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.endurance.claims import Claim, at_least, at_most, none_of
from bench.endurance.page import ROOT, Result, table
from bench.endurance.progress import Bar, bar
from bench.errors import BenchError
from bench.machine import describe
from bench.reliability.gateway import Gateway
from bench.reliability.page import EXIT_BROKEN, EXIT_HOLDS, write
from bench.stats import percentile
from drivers.reading import Value
from simulators.demo.control import Control, ControlFailed
from simulators.field import Field
from simulators.field_file import read_lines
from simulators.modbus_unit import ModbusUnit
from simulators.real_field import real_field

PAGE = ROOT / "docs" / "linkage.md"
TRIALS = 200
BAUD, UNITS = 9600, 8
P99_S, MOST_S = 1.0, 3.0  # our own goal; GB 50166-2019 4.1.3: the trigger met → the start signal sent
TRIAL_MOST_S = 10.0
START_MOST_S = 20.0
RELAY = "do1"
EFFECT = "fire-opens-barrier"
CALL_POINT, DETECTORS = "a manual call point", "two detectors at once"

HEAD = """\
gateway: {{id: gw-linkage, site: "4301020001", region: "430102", name: bench}}
uplink: {{brokers: [{{host: 127.0.0.1, port: {port}}}]}}
storage: {{directory: state}}
control_socket: control.sock
lines:
  - id: rs485-1
    type: modbus_rtu
    port: run/rs485-1
    baud: {baud}
    units:
      - {{id: gate, profile: waveshare_io8_relay8, address: 1}}
"""
DEVICES = """\
devices:
  - id: barrier
    kind: gate_barrier
    name: barrier
    escape_route: true
    points: {open_limit: gate.di1, closed_limit: gate.di2, open_output: gate.do1, close_output: gate.do2}
"""
LINKAGE = "linkage: {}\n"  # what people flee through is opened by a confirmed fire, though nobody writes it


@dataclass(frozen=True, slots=True)
class Trial:
    """What told of the fire, and how long it took until the relay had its order; None: it never did."""

    kind: str
    latency_s: float | None


def configuration(broker_port: int = 9) -> str:
    """A gate and seven modules with call points and detectors; nobody listens at port 9."""
    units = [f"      - {{id: io-{n}, profile: moxa_e1210_e1212, address: {n}}}\n" for n in range(2, UNITS + 1)]
    devices = [
        f"  - {{id: {name}-{n}, kind: fire_sensor, name: {name}-{n}, points: {{alarm: io-{n}.{point}}}{more}}}\n"
        for n in range(2, UNITS + 1)
        for name, point, more in (("call", "di3", ", settings: {call_point: true}"), ("fire", "di12", ""))
    ]
    head = HEAD.format(port=broker_port, baud=BAUD)
    return "".join([head, *units, DEVICES, *devices, LINKAGE])


class Trials:
    """One fire after the other, and what the gate's module hears."""

    def __init__(self, field: Field, dice: random.Random) -> None:
        self._field, self._dice = field, dice
        self._on_s: float | None = None
        self._switched = asyncio.Event()
        gate = field.unit("gate")
        assert isinstance(gate, ModbusUnit)
        self._gate = gate
        gate.on_write = self._heard
        field.set("gate.di2", True)

    def _heard(self, point: str, value: Value) -> None:
        if point == RELAY:
            self._on_s = self._on_s or (_now_s() if value is True else None)
            self._switched.set()

    async def fire(self, kind: str) -> tuple[Trial, list[str]]:
        """A fire at a random moment of the round; returns also the devices that tell of it."""
        await asyncio.sleep(0.3 + self._dice.random())
        chosen = self._dice.sample(range(2, UNITS + 1), 1 if kind == CALL_POINT else 2)
        name, point = ("call", "di3") if kind == CALL_POINT else ("fire", "di12")
        self._on_s, begun_s = None, _now_s()
        for n in chosen:
            self._field.set(f"io-{n}.{point}", True)
        await self._until(lambda: self._on_s is not None)
        for n in chosen:
            self._field.set(f"io-{n}.{point}", False)
        latency_s = None if self._on_s is None else self._on_s - begun_s
        return Trial(kind, latency_s), [f"{name}-{n}" for n in chosen]

    async def fallen(self) -> bool:
        """The relay has fallen again: the next fire can come."""
        await self._until(lambda: not self._gate.get(RELAY))
        return not self._gate.get(RELAY)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """So it is, or it has taken too long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(TRIAL_MOST_S):
                while not condition():
                    self._switched.clear()
                    await self._switched.wait()


def kinds(count: int) -> list[str]:
    """By turns, so that both see the same line."""
    return [(CALL_POINT, DETECTORS)[n % 2] for n in range(count)]


def result_of(trials: Sequence[Trial], machine: dict[str, str]) -> Result:
    """The figures as a part of the page."""
    claims = [
        at_least("fires", len(trials), TRIALS),
        none_of("fires after which the relay had no order", [one for one in trials if one.latency_s is None]),
    ]
    for kind in (CALL_POINT, DETECTORS):
        claims += _figures(
            kind, [one.latency_s for one in trials if one.kind == kind and one.latency_s is not None]
        )
    told = (
        "From the moment at which an input of a fire sensor closes until the module has heard the whole order to\n"
        f"its relay: {BAUD} baud, {UNITS} units, {UNITS * 2 - 2} fire sensors, gateway as a process, no broker."
    )
    return Result("linkage", "Fire input to output on the wire", "make linkage", told, claims, machine, {})


def _figures(kind: str, found: list[float]) -> list[Claim]:
    return [
        at_most(f"{kind}: p50", round(percentile(found, 50), 3), P99_S, " s"),
        at_most(f"{kind}: p99", round(percentile(found, 99), 3), P99_S, " s"),
        at_most(f"{kind}: slowest", round(max(found, default=float("inf")), 3), MOST_S, " s"),
    ]


async def _played(directory: Path, count: int, shown: Bar) -> list[Trial]:
    (directory / "run").mkdir()
    config = directory / "gateway.yaml"
    config.write_text(configuration(), encoding="utf-8")
    gateway, control = Gateway(config), Control(directory / "control.sock")
    dice = random.Random(count)
    async with real_field(read_lines(config), dice, root=directory) as real:
        trials, found = Trials(real.field, dice), list[Trial]()
        await gateway.start()
        try:
            await _ready(control)
            for kind in kinds(count):
                trial, devices = await trials.fire(kind)
                found.append(trial)
                await _released(control, devices)
                if not await trials.fallen():
                    raise BenchError("the relay does not fall after the fire")
                shown.done(len(found) / count)
        finally:
            await gateway.stop()
    return found


async def _ready(control: Control) -> None:
    """Every device has been heard: it answers, and knows of no fire."""
    begun_s = _now_s()
    while _now_s() < begun_s + START_MOST_S:
        try:
            if (await control.ask("linkage"))["fire_confirmed"] is False:
                return
        except ControlFailed:
            pass
        await asyncio.sleep(0.1)
    raise BenchError("the gateway is not ready")


async def _released(control: Control, devices: Sequence[str]) -> None:
    """A person resets the alarms, once they are clear, then the effect."""
    for device in devices:
        await _granted(control, "order", device=device, action="reset", condition="alarm", person="bench")
    await _granted(control, "linkage.reset", effect=EFFECT, person="bench", reason="the next trial")


async def _granted(control: Control, do: str, **order: object) -> None:
    """Asked again until it may be: the input must have been seen open."""
    begun_s = _now_s()
    while True:
        try:
            await control.ask(do, **order)
        except ControlFailed:
            if _now_s() > begun_s + TRIAL_MOST_S:
                raise
            await asyncio.sleep(0.05)
        else:
            return


def _now_s() -> float:
    return asyncio.get_running_loop().time()


def main() -> int:
    """Play; 3 when a claim fails. Only a whole run is written."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=TRIALS, help=f"how many fires (default {TRIALS})")
    count = parser.parse_args().trials
    begun_s = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, bar("linkage") as shown:
        machine = describe(Path(directory))
        found = asyncio.run(_played(Path(directory), count, shown))
    machine = {**machine, "took": f"{time.monotonic() - begun_s:.0f} s"}
    result = result_of(found, machine)
    print(f"{result.told}\n\n{table(result.claims)}")
    if count >= TRIALS:
        write(result, PAGE)
    return EXIT_HOLDS if result.holds else EXIT_BROKEN


if __name__ == "__main__":
    sys.exit(main())
