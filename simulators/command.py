"""`campusgw simulate`: a simulated field on real ports, with a story or without, for your own gateway."""

import argparse
import asyncio
import random
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from agent.errors import ConfigError
from agent.language import either, tr
from drivers.errors import GatewayError
from simulators.demo import words
from simulators.field import Field
from simulators.field_file import FieldFileError, LineSetup, read_lines
from simulators.pty_port import PtyPort
from simulators.real_field import RealField, real_field
from simulators.scenario import Expect, Order, Scenario, Step
from simulators.scenario_check import load_scenario
from simulators.scenario_file import configs_dir, find, read_scenario, shipped
from simulators.scenario_play import first_of, play, set_up

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h
ELSEWHERE = ("broker", "order")  # steps that are not the field's: whoever runs gateway and broker does them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "scenario", nargs="?", help=tr("a shipped scenario or a file; without one, they are listed")
    )
    parser.add_argument("--list", action="store_true", help=tr("list the shipped scenarios"))
    parser.add_argument(
        "--gateway", type=Path, metavar="FILE", help=tr("the gateway's configuration whose lines are simulated")
    )
    parser.add_argument("--once", action="store_true", help=tr("end when the story has ended"))


def run(args: argparse.Namespace) -> int:
    """0 when it ended well, 1 when a port cannot be had, 78 for a file with mistakes."""
    if args.list or args.scenario is None:
        return _list()
    gateway = args.gateway or configs_dir() / "gateways" / "demo.yaml"
    try:
        scenario = load_scenario(find(args.scenario), gateway)
        lines = read_lines(gateway)
        asyncio.run(_until_signalled(lines, scenario, once=args.once))
    except (ConfigError, FieldFileError) as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    except GatewayError as error:
        print(tr("cannot put the field there: {error}", error=error), file=sys.stderr)
        return 1
    return 0


def _list() -> int:
    print(tr("scenarios (campusgw simulate NAME; campusgw demo --scenario NAME):"))
    for name, path in shipped().items():
        scenario = read_scenario(path).scenario
        print(f"  {name:<14} {either(scenario.title.en, scenario.title.zh)}")
        print(f"  {'':<14} {either(scenario.about.en, scenario.about.zh)}")
    return 0


async def _until_signalled(lines: Sequence[LineSetup], scenario: Scenario, *, once: bool) -> None:
    task = asyncio.create_task(_simulate(lines, scenario, once=once))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def _simulate(lines: Sequence[LineSetup], scenario: Scenario, *, once: bool) -> None:
    async with real_field(lines, random.Random()) as real:
        set_up(real.field, scenario.start)
        bench = Bench(real)
        bench.show_ports()
        await first_of(bench.play(scenario, once=once), real.failed())


class Bench:
    """The stage and the audience of a story whose gateway and broker are somebody else's."""

    def __init__(self, real: RealField) -> None:
        self._real = real

    @property
    def field(self) -> Field:
        """The devices."""
        return self._real.field

    async def follow(self) -> None:
        """Ports appear and vanish as the field says."""
        await self._real.follow()

    async def switch_broker(self, up: bool) -> None:
        """Not ours: only said."""
        del up

    async def order(self, order: Order) -> None:
        """Not ours: only said."""
        del order

    def begins(self, step: Step, _at_s: float) -> None:
        """A step happens."""
        text = either(step.say.en, step.say.zh) if step.say else words.step(step)
        yours = tr(" (not simulated here: this one is yours)") if step.action in ELSEWHERE else ""
        self.tell(f"{step.clock:<6} {text}{yours}")

    def owed(self, step: Step, expect: Expect, _caused_s: float) -> None:
        """What a gateway should make of it."""
        del step
        what = f"{expect.device} · {words.condition(expect.condition)} · {words.change(expect.change)}"
        self.tell(tr("       expected within {seconds:g} s: {what}", seconds=expect.within_s, what=what))

    async def play(self, scenario: Scenario, *, once: bool) -> None:
        """Tell the story, and keep the field there."""
        await play(scenario, self, self)
        if not once:
            self.tell(tr("the story has ended; the field stays until Ctrl-C"))
            await asyncio.Event().wait()

    def show_ports(self) -> None:
        """Where a gateway finds the lines."""
        for name, port in self._real.ports.items():
            terminal = f" → {port.terminal}" if isinstance(port, PtyPort) else ""
            self.tell(f"{name:<12} {port.name}{terminal}")

    def tell(self, text: str) -> None:
        """One line at once, in a pipe too."""
        print(text, flush=True)
