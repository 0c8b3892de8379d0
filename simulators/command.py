"""`campusgw simulate`: a simulated field on real ports, with a story or without, for your own gateway."""

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigError
from agent.language import either, tr
from drivers.errors import GatewayError
from simulators.at_rest import bring_to_rest
from simulators.demo import words
from simulators.field import Field
from simulators.field_file import FieldFileError, LineSetup, read_lines
from simulators.gateway_file import write_copy
from simulators.places import any_in_dev, called, within
from simulators.private_directory import private_directory
from simulators.pty_port import PtyPort
from simulators.real_field import RealField, real_field
from simulators.scenario import Expect, ExpectVerdict, Order, Request, Scenario, Step
from simulators.scenario_check import lacking, load_scenario
from simulators.scenario_file import configs_dir, find, read_scenario, read_yaml, shipped
from simulators.scenario_play import first_of, play, set_up
from simulators.signals import end_with_signals

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h
PREFIX = "campusgw-simulate-"
ELSEWHERE = ("broker", "order")  # steps that are not the field's: whoever runs gateway and broker does them
NAMES_SHOWN = 4


class WrittenForAnother(GatewayError):
    """A shipped story does not fit this gateway: one line says so, as no name in it is misspelt."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "scenario",
        nargs="?",
        help=tr(
            "a shipped scenario or a file; without one, a given --gateway is simulated at rest, or all are listed"
        ),
    )
    parser.add_argument("--list", action="store_true", help=tr("list the shipped scenarios"))
    parser.add_argument(
        "--gateway", type=Path, metavar="FILE", help=tr("the gateway's configuration whose lines are simulated")
    )
    parser.add_argument(
        "--write-gateway",
        type=Path,
        metavar="COPY",
        help=tr("write a copy of the configuration with the ports at which the lines are"),
    )
    parser.add_argument("--once", action="store_true", help=tr("end when the story has ended"))


def run(args: argparse.Namespace) -> int:
    """0 when it ended well, 1 when a port cannot be had, 78 for a file with mistakes."""
    if args.list or (args.scenario is None and args.gateway is None):
        return _list()
    gateway = args.gateway or configs_dir() / "gateways" / "demo.yaml"
    try:
        scenario = None if args.scenario is None else _scenario(args.scenario, gateway)
        wish = Wish(gateway, read_lines(gateway), scenario, args.write_gateway, args.once)
        asyncio.run(_until_signalled(wish))
    except (ConfigError, FieldFileError, WrittenForAnother) as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    except GatewayError as error:
        print(tr("cannot put the field there: {error}", error=error), file=sys.stderr)
        return 1
    return 0


def _scenario(name: str, gateway: Path) -> Scenario:
    """The scenario; raises WrittenForAnother, and ConfigError with every mistake of one's own."""
    file = find(name)
    if name in shipped() and (names := lacking(read_scenario(file).scenario, gateway)):
        more = ", …" if len(names) > NAMES_SHOWN else ""
        what = tr(
            "{name} is written for demo.yaml; {gateway} lacks: {names}. For your lines at rest: "
            "campusgw simulate --gateway {gateway}",
            name=name,
            gateway=gateway,
            names=", ".join(names[:NAMES_SHOWN]) + more,
        )
        raise WrittenForAnother(what)
    return load_scenario(file, gateway)


def _list() -> int:
    print(tr("scenarios (campusgw simulate NAME; campusgw demo --scenario NAME):"))
    for name, path in shipped().items():
        scenario = read_scenario(path).scenario
        print(f"  {name:<14} {either(scenario.title.en, scenario.title.zh)}")
        print(f"  {'':<14} {either(scenario.about.en, scenario.about.zh)}")
    print(tr("your own lines at rest: campusgw simulate --gateway FILE"))
    return 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    gateway: Path
    lines: tuple[LineSetup, ...]
    scenario: Scenario | None
    copy: Path | None
    once: bool


async def _until_signalled(wish: Wish) -> None:
    task = asyncio.create_task(_simulate(wish))
    end_with_signals(task)
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def _simulate(wish: Wish) -> None:
    with contextlib.ExitStack() as things:
        own = Path()
        if any_in_dev(wish.lines):
            own = things.enter_context(private_directory(PREFIX, Path(tempfile.gettempdir())))
        lines = [within(line, own) for line in wish.lines]
        async with real_field(lines, random.Random(), other_ports=True) as real:
            real.field.utc_s = time.time
            document = read_yaml(wish.gateway)
            bring_to_rest(real.field, document, lines)
            bench = Bench(real, {device["id"]: device["kind"] for device in document.get("devices") or ()})
            bench.show_ports(wish)
            await first_of(bench.play(wish.scenario, once=wish.once), real.failed())


class Bench:
    """The stage and the audience of a story whose gateway and broker are somebody else's."""

    def __init__(self, real: RealField, kinds: Mapping[str, str]) -> None:
        self._real = real
        self._kinds = kinds

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

    async def request(self, request: Request) -> None:
        """Not ours: only said."""
        del request

    def begins(self, step: Step, _at_s: float) -> None:
        """A step happens."""
        text = either(step.say.en, step.say.zh) if step.say else words.step(step)
        yours = tr(" (not simulated here: this one is yours)") if step.action in ELSEWHERE else ""
        self.tell(f"{step.clock:<6} {text}{yours}")

    def owed(self, step: Step, expect: Expect | ExpectVerdict, _caused_s: float) -> None:
        """What a gateway should make of it."""
        del step
        what = words.expected(expect, self._kinds)
        self.tell(tr("       expected within {seconds:g} s: {what}", seconds=expect.within_s, what=what))

    async def play(self, scenario: Scenario | None, *, once: bool) -> None:
        """Tell the story if there is one, and keep the field there."""
        if scenario is not None:
            set_up(self.field, scenario.start)
            await play(scenario, self, self)
        if once:
            return
        at_rest = tr("every unit answers and all is normal; the field stays until Ctrl-C")
        ended = tr("the story has ended; the field stays until Ctrl-C")
        self.tell(at_rest if scenario is None else ended)
        await asyncio.Event().wait()

    def show_ports(self, wish: Wish) -> None:
        """Where a gateway finds the lines, and the configuration that says so; raises NotWritten."""
        moved = [self._show_port(line) for line in wish.lines]
        if wish.copy is not None:
            write_copy(wish.gateway, wish.copy, self._real.ports)
            self.tell(tr("start your gateway: campusgw run --config {copy}", copy=wish.copy))
        elif any(moved):
            self.tell(
                tr("{gateway} names other ports: --write-gateway COPY writes one that fits", gateway=wish.gateway)
            )

    def _show_port(self, line: LineSetup) -> bool:
        """Where one line is; returns whether that is elsewhere than the configuration says."""
        port = self._real.ports[line.id]
        wanted = called(line)
        moved = port.name != wanted
        terminal = f" → {port.terminal}" if isinstance(port, PtyPort) else ""
        instead = tr("  (instead of {port})", port=wanted) if moved else ""
        self.tell(f"{line.id:<14} {port.name}{terminal}{instead}")
        return moved

    def tell(self, text: str) -> None:
        """One line at once, in a pipe too."""
        print(text, flush=True)
