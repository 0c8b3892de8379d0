"""`make backlog`: a million records behind an outage, and the bytes of a day; about eight minutes."""

import argparse
import asyncio
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bench.endurance.claims import Claim, at_least, at_most
from bench.endurance.page import Result, table
from bench.endurance.progress import Told, bar
from bench.errors import BenchError, Missing
from bench.machine import describe
from bench.reliability.backlog.depth import RECORDS, fill, guardroom
from bench.reliability.backlog.flash import EVERY_S, LINES, UNITS, Written, room
from bench.reliability.page import write
from bench.stats import percentile
from bench.waiting import until
from simulators.child import ChildFailed

ALARM_MOST_S = 2.0
P99_MOST = 1.2
DAY_MOST_MB = 50.0
LIVE_S = 90.0
STRETCH_S = 180.0
SETTLE_S = 20.0
STORED_S = 60.0
DRAINED_S = 1200.0


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a million waiting records cost."""

    records: int
    megabytes: float
    alarm_s: float
    while_draining_s: list[float]
    quiet_s: list[float]
    still_waiting: int
    drained_s: float

    @property
    def ratio(self) -> float:
        """What live alarms feel of the backlog: their p99 with it by their p99 without."""
        return percentile(self.while_draining_s, 99) / percentile(self.quiet_s, 99)


async def _backlog(directory: Path, records: int, live_s: float, told: Told) -> Backlog:
    loop = asyncio.get_running_loop()
    told(0.05, "a million records are made")
    megabytes = await fill(directory / "state", records)
    async with guardroom(directory) as site:
        site.turn("panic-gate")
        await until(lambda: site.waits("alarm", 1), "the alarm to be stored", STORED_S)
        await site.broker.start()
        alarm_s = await site.arrived_after_birth_s(60.0)
        began_s = loop.time()
        told(0.2, "live alarms while it drains")
        draining = await site.live(live_s)
        still = await site.waiting("telemetry")
        told(0.4, "until it is drained")
        await until(lambda: site.waits("telemetry", 0), "the backlog to be drained", DRAINED_S)
        drained_s = loop.time() - began_s
        told(0.6, "live alarms without it")
        quiet = await site.live(live_s)
    return Backlog(records, megabytes, alarm_s, draining, quiet, still, drained_s)


async def _flash(directory: Path, stretch_s: float, told: Told) -> tuple[Written, Written]:
    async with room(directory) as site:
        told(0.75, "bytes of a day, with the link")
        await asyncio.sleep(SETTLE_S)
        up = await site.measure(stretch_s)
        site.broker.kill()
        told(0.88, "bytes of a day, without")
        await asyncio.sleep(SETTLE_S)
        return up, await site.measure(stretch_s)


def result(backlog: Backlog, up: Written, down: Written, machine: dict[str, str], command: str) -> Result:
    """As a part of the page."""
    points = LINES * UNITS * 2
    told = (
        f"{backlog.records:,} telemetry records wait on disk ({backlog.megabytes:.0f} MB) when the link comes up;"
        f" the newest alarm waits behind them. Then buttons go on being pressed, {len(backlog.quiet_s)}"
        f" times while the backlog drains and as often after it is gone (after {backlog.drained_s:.0f} s in all,"
        f" {backlog.records / backlog.drained_s:,.0f} records a second): from the contact to the platform p50"
        f" {percentile(backlog.while_draining_s, 50) * 1e3:.0f} ms and p99"
        f" {percentile(backlog.while_draining_s, 99) * 1e3:.0f} ms meanwhile, p50"
        f" {percentile(backlog.quiet_s, 50) * 1e3:.0f} ms and p99 {percentile(backlog.quiet_s, 99) * 1e3:.0f} ms"
        f" afterwards.\n\n{points} numbers go upstream every {EVERY_S:g} s, from {LINES * UNITS} units in"
        f" {up.records_a_second:.0f} records a second; the kernel counted {up.bytes:,} bytes written in"
        f" {up.seconds:.0f} s with the link up, and {down.bytes:,} in {down.seconds:.0f} s without it:"
        f" {down.a_day:,.0f} MB a day of outage."
    )
    claims: list[Claim] = [
        at_most(
            "the newest alarm behind the backlog, after the session's birth", backlog.alarm_s, ALARM_MOST_S, " s"
        ),
        at_least("records that still waited when those presses were over", backlog.still_waiting, 1),
        at_most("p99 of live alarms, draining ÷ without backlog", backlog.ratio, P99_MOST),
        at_most("written to flash a day, link up", up.a_day, DAY_MOST_MB, " MB"),
        at_least("records a second meanwhile", up.records_a_second, LINES * UNITS / EVERY_S * 0.9),
    ]
    return Result("backlog", "", command, told, claims, machine, {})


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold."""
    parser = argparse.ArgumentParser("make backlog", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of it; prints only")
    args = parser.parse_args()
    share = 0.1 if args.quick else 1.0
    try:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other, bar("backlog") as shown:
            machine = describe(Path(one))
            backlog = asyncio.run(_backlog(Path(one), int(RECORDS * share), LIVE_S * share, shown.done))
            up, down = asyncio.run(_flash(Path(other), STRETCH_S * share, shown.done))
    except (BenchError, Missing, ChildFailed) as error:
        print(error, file=sys.stderr)
        return 1
    found = result(backlog, up, down, machine, "make backlog")
    print(f"{found.told}\n\n{table(found.claims)}")
    if not args.quick:
        write(found)
    return 0 if found.holds else 3


if __name__ == "__main__":
    sys.exit(main())
