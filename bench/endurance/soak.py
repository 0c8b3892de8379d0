"""`make soak`: ten minutes for real with faults on; is anything lost, and does anything grow?"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.endurance.claims import Claim, at_least, at_most, no_growth, none_of
from bench.endurance.page import PICTURES, Result, table, write
from bench.endurance.people import Contact, Ledger, People
from bench.endurance.pictures import can_draw, draw_curves
from bench.endurance.progress import Told, bar
from bench.endurance.samples import Samples
from bench.endurance.stage import ROOT, guarded, stage
from bench.endurance.weather import BROKER_KILLED, Weather
from bench.errors import BenchError
from bench.machine import describe
from bench.stats import percentile
from drivers.inbox import ROOM_BYTES
from simulators.child import ChildFailed

CONFIG = ROOT / "configs" / "gateways" / "demo.yaml"
START = {"gate-io.di2": True, "gate-io.di4": True, "canteen-env.temperature": 21.0, "smoke-302.level": 1}
CONTACTS = (
    Contact("panic-gate", "pressed", "gate-io.di1", True, False),
    Contact("panic-gate", "tamper", "gate-io.di2", False, True),
    Contact("panic-dorm", "pressed", "dorm-io.di0", True, False),
    Contact("smoke-3f-east", "alarm", "smoke-301.smoke", True, False),
    Contact("smoke-3f-west", "prealarm", "smoke-302.level", 320, 1),
    Contact("canteen", "temperature_high", "canteen-env.temperature", 48.0, 21.0),
)
PANELS = (
    ("panel-jbf", "fire-teaching", "1.3.30"),
    ("panel-notifier", "fire-dorm", "1D012"),
    ("panel-songjiang", "fire-canteen", "1.2.7"),
)
DEVICES = 11  # of configs/gateways/demo.yaml
MINUTES = 10.0
WARM_SHARE = 0.2  # of the run: caches fill, the allocator finds its size
PAUSE_S = 4.0
PATIENCE_S = 60.0  # the longest fault, a probe's back-off, the broker's absence and its return together
DRAIN_S = 30.0
GROWTH = {  # what the fitted line may rise by in the whole run after the warm-up
    "tasks": 0.5,
    "waiters": 3.0,
    "descriptors": 0.5,
    "threads": 0.5,
    "RSS, MB": 1.0,
    "Python objects": 500.0,
    "Python blocks": 2000.0,
}
SHOWN = ("tasks", "descriptors", "RSS, MB", "outbox depth")


@dataclass(frozen=True, slots=True)
class Soaked:
    """All that a run has left behind."""

    minutes: float
    samples: Samples
    ledger: Ledger
    befell: dict[str, int]
    with_mosquitto: bool
    lanes: dict[str, dict[str, Any]]
    here: int
    gaps: list[str]
    unreadable: list[str]
    failures: list[str]
    waited: int

    @property
    def warm_s(self) -> float:
        """When the warm-up is over."""
        return self.minutes * 60 * WARM_SHARE

    def claims(self) -> Iterator[Claim]:
        """What is held against which bound."""
        ledger, total = self.ledger, sum(self.ledger.owed.values())
        yield at_least("alarm changes raised and cleared in the field", total, 10 * self.minutes)
        yield none_of("of them lost", ledger.missing)
        yield none_of("alarms that nobody raised", ledger.uncalled)
        yield none_of("parts of the gateway that failed", self.failures)
        yield none_of("gaps in the sequence at the platform", self.gaps)
        yield none_of("messages against the contract", self.unreadable)
        yield from self._books()
        for name, most in GROWTH.items():
            yield no_growth(name, self.samples.after(self.warm_s, name), most)
        yield at_most("devices on the board of states, most", self.samples.most("board"), DEVICES)
        yield at_most("fullest inbox of a stream, bytes", self.samples.most("fullest inbox, bytes"), ROOM_BYTES)

    def _books(self) -> Iterator[Claim]:
        """What the outbox accepted is confirmed; the platform has all of that."""
        sums = {
            key: sum(lane[key] for lane in self.lanes.values()) for key in ("accepted", "confirmed", "dropped")
        }
        open_rows = sums["accepted"] - sums["confirmed"]
        yield at_most("records accepted, but not confirmed in the end", open_rows, 0)
        yield at_most("records dropped", sums["dropped"], 0)
        yield at_most("records confirmed that the platform does not have", sums["confirmed"] - self.here, 0)
        waited = max(self.waited, self.samples.most("outbox depth"))
        yield at_least("most records that ever waited (the broker was away)", waited, 1)


async def soak(minutes: float, seed: int, directory: Path, told: Told) -> Soaked:
    """The whole run."""
    ledger, dice, failures = Ledger(), random.Random(seed), []

    def heard(arrival: Any) -> None:
        ledger.heard(arrival)
        if getattr(arrival.payload, "event", "") == "part.failed":
            failures.append(arrival.payload.text)

    async with stage(CONFIG, directory, START, heard) as site:
        loop = asyncio.get_running_loop()
        samples = Samples(loop.time())
        ends_s = samples.began_s + minutes * 60
        people = People(site.school.field, ledger, dice, PAUSE_S, PATIENCE_S)
        weather = Weather(site, dice, people.hushed)
        async with asyncio.TaskGroup() as group, guarded(site):
            group.create_task(weather.at_the_field(ends_s))
            group.create_task(weather.at_the_broker(ends_s))
            for contact in CONTACTS:
                group.create_task(people.at(contact))
            for unit, device, address in PANELS:
                group.create_task(people.at_panel(unit, device, address))
            sampling = group.create_task(samples.keep(site))
            while loop.time() < ends_s:
                await asyncio.sleep(1.0)
                told(
                    (loop.time() - samples.began_s) / (minutes * 60), f"{sum(ledger.owed.values())} alarm changes"
                )
            sampling.cancel()
            people.stopping.set()
        lanes = await site.school.drained(DRAIN_S)
        platform = site.school.platform
        here = sum(platform.records(store) for store in platform.stores)
        gaps, unreadable = [str(gap) for gap in platform.gaps()], site.school.subscriber.unreadable
    with_mosquitto = site.mosquitto is not None
    return Soaked(
        minutes,
        samples,
        ledger,
        dict(weather.befell),
        with_mosquitto,
        lanes,
        here,
        gaps,
        unreadable,
        failures,
        weather.waited,
    )


def result(soaked: Soaked, machine: dict[str, str], seed: int) -> Result:
    """As a part of the page."""
    took_ms = [seconds * 1e3 for seconds in soaked.ledger.took_s]
    order = sorted(soaked.befell.items(), key=lambda item: item[0] == BROKER_KILLED)  # its cause is said behind it
    befell = ", ".join(f"{name} {count} times" for name, count in order)
    broker, how = ("mosquitto", "`kill -9`") if soaked.with_mosquitto else ("iotcore", "stopped")
    cpu = soaked.samples.rows["CPU, s"]
    share = (cpu[-1][1] - cpu[0][1]) / (cpu[-1][0] - cpu[0][0])
    told = (
        f"{soaked.minutes:g} minutes for real: the demo's school on ptys and TCP ports, {broker}, the gateway as"
        f" a process of its own. Meanwhile: {befell}"
        f" (with {how}). {len(took_ms)} alarm changes arrived, half of them"
        f" within {percentile(took_ms, 50):,.0f} ms, 90 % within {percentile(took_ms, 90):,.0f} ms; the slowest"
        f" took {max(took_ms) / 1e3:,.1f} s, faults of line and broker included. The gateway used {share:.1%} of a"
        f" processor. Rises are those of a Theil-Sen line after the first {soaked.warm_s / 60:g} minutes."
    )
    pictures = {"soak": "tasks, descriptors, memory and outbox over time"} if can_draw() else {}
    command = f'make soak ARGS="--minutes {soaked.minutes:g} --seed {seed}"'
    title = "Ten minutes for real" if soaked.minutes == MINUTES else f"{soaked.minutes:g} minutes for real"
    return Result("soak", title, command, told, list(soaked.claims()), machine, pictures)


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold."""
    parser = argparse.ArgumentParser("make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"how long (default {MINUTES:g})")
    parser.add_argument("--seed", type=int, default=1, help="of people and faults")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        machine = describe(Path(directory))
        try:
            with bar("soak") as shown:
                soaked = asyncio.run(soak(args.minutes, args.seed, Path(directory), shown.done))
        except (BenchError, ChildFailed) as error:
            print(error, file=sys.stderr)
            return 1
    found = result(soaked, machine, args.seed)
    print(f"{found.told}\n\n{table(found.claims)}")
    if args.minutes >= MINUTES:
        if found.pictures:
            rows = {name: soaked.samples.rows[name] for name in SHOWN}
            draw_curves(rows, 60.0, "minutes", soaked.warm_s, PICTURES / "soak.svg")
        write(found)
    return 0 if found.holds else 3


if __name__ == "__main__":
    sys.exit(main())
