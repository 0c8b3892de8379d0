"""From a scenario to an exit code: start the school, play the story, give the account, put everything away."""

import asyncio
import contextlib
import io
import json as json_module
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from agent.errors import ConfigError
from agent.language import tr
from drivers.errors import GatewayError
from simulators.child import Child
from simulators.demo import words
from simulators.demo.result import Result, as_json, result_of
from simulators.demo.school import Plan, School, open_school
from simulators.demo.screen import Screen
from simulators.platform import Arrival, Platform
from simulators.private_directory import private_directory
from simulators.scenario import Expect, ExpectVerdict, Scenario, Step
from simulators.scenario_check import load_scenario
from simulators.scenario_file import configs_dir, find
from simulators.scenario_play import first_of, play
from simulators.scenario_score import Score
from simulators.signals import end_with_signals

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h
EXIT_INTERRUPTED = 130
LAST_S = 10.0  # for what is still on its way when the story has ended
TICK_S = 0.125
LONGEST_TEMPORARY = 60  # bytes; with our own part it must fit a Unix socket's path, and the kernel allows 107


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    name: str
    scenario: Scenario
    gateway: Path
    broker: tuple[str, int] | None
    keep: bool
    report: Path | None


def show(name: str, *, broker: str | None, keep: bool, json: bool, report: str) -> int:
    """Show it; returns the exit code. The school's report goes to `report`, unless that is empty."""
    gateway = configs_dir() / "gateways" / "demo.yaml"
    _never_fail_on_a_character()
    console = Console(highlight=False, quiet=json, soft_wrap=False)
    try:
        file = find(name)
        into = Path(report).absolute() if report else None
        wish = Wish(file.stem, load_scenario(file, gateway), gateway, _address(broker), keep, into)
        result = asyncio.run(_until_signalled(wish, Screen(console)))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    except GatewayError as error:
        print(tr("the demo has failed: {error}", error=error), file=sys.stderr)
        return 1
    if result is None:
        print(tr("interrupted; everything is put away"), file=sys.stderr)
        return EXIT_INTERRUPTED
    if json:
        print(json_module.dumps(as_json(result), ensure_ascii=False, indent=2))
    return 0 if result.ok else 1


def _never_fail_on_a_character() -> None:
    """A terminal that is not Unicode shows a question mark."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _address(broker: str | None) -> tuple[str, int] | None:
    if broker is None:
        return None
    host, _, port = broker.rpartition(":")
    if not host or not port.isdigit():
        raise GatewayError(tr("--broker wants HOST:PORT, not {given}", given=repr(broker)))
    return host, int(port)


async def _until_signalled(wish: Wish, screen: Screen) -> Result | None:
    """The result, or None when Ctrl-C came before there was one; a second Ctrl-C does not stop the tidying up."""
    demo = Demo(wish, screen)
    task = asyncio.create_task(demo.run())
    end_with_signals(task)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return demo.result


class Demo:
    """One showing; it is the audience of the story."""

    def __init__(self, wish: Wish, screen: Screen) -> None:
        self.result: Result | None = None
        self._wish, self._screen = wish, screen
        self._score = Score(wish.scenario.may_come)
        self._platform = Platform()
        self._missed: set[int] = set()
        self._school: School

    async def run(self) -> None:
        """Show it to the end; whatever happens, nothing is left behind."""
        scenario = self._wish.scenario
        self._screen.title(scenario)
        with _directory() as directory, _log_to(directory / "demo.log"):
            plan = Plan(
                self._wish.gateway,
                configs_dir() / "broker" / "demo.toml",
                directory,
                scenario.start,
                self._wish.broker,
            )
            self._screen.note(tr("starting: simulated field, broker, platform, gateway …"))
            async with open_school(plan, self._platform, self._heard) as self._school:
                await first_of(self._show(), self._watch(), *self._school.guards())

    async def _show(self) -> None:
        school, scenario = self._school, self._wish.scenario
        await school.ready()
        self._screen.note(tr("{count} devices read; the day begins", count=len(school.kinds)))
        if self._wish.keep:
            self._tell_how_to_connect(tr("In another terminal, now and after the story:"))
        with self._screen.story(scenario, self._score.dues, school.kinds):
            await play(scenario, school, self)
            await self._score.settle()
            self._say_missed()
        outbox = await school.drained(LAST_S)
        unreadable = school.subscriber.unreadable
        self.result = result_of(self._wish.name, self._score, self._platform, unreadable, outbox)
        self._screen.account(self.result)
        await self._write_report()
        if self._wish.keep:
            self._tell_how_to_connect(tr("still running, until Ctrl-C. In another terminal:"))
            await asyncio.Event().wait()

    async def _write_report(self) -> None:
        """As an inspector would take it along; a directory that cannot be written to costs only the report."""
        if (into := self._wish.report) is None:
            return
        asked = ["provision", "report", "--socket", str(self._school.control.socket), "--out", str(into)]
        writing = Child("report", ["-m", "agent", *asked], self._school.config.parent)
        await writing.start()
        code = await writing.gone()
        made = tr("the school's report, for a browser or a printer: {file}", file=into)
        self._screen.show(made if code == 0 else writing.said(tr("there is no report")))

    # --- the story's audience ---------------------------------------------------------------------------

    def begins(self, step: Step, _at_s: float) -> None:
        """A step happens now."""
        self._screen.begins(step)

    def owed(self, step: Step, expect: Expect | ExpectVerdict, caused_s: float) -> None:
        """Its cause is there."""
        self._score.owe(step, expect, caused_s, self._group(expect))

    def _group(self, expect: Expect | ExpectVerdict) -> str:
        if isinstance(expect, ExpectVerdict):
            return words.VERDICT
        if not self._school.broker_up:
            return words.OUTAGE
        return words.LOST if expect.condition == "lost" else self._school.kinds[expect.device]

    # --- what comes upstream ----------------------------------------------------------------------------

    def _heard(self, arrival: Arrival) -> None:
        if self.result is not None:  # the story is over: nothing is owed, nothing is unexpected
            self._screen.arrived(arrival)
            return
        before = len(self._score.unexpected)
        if (due := self._score.arrived(arrival)) is not None:
            self._screen.settled(due)
        elif len(self._score.unexpected) > before:
            self._screen.unexpected(arrival)

    async def _watch(self) -> None:
        """Keep the screen fresh while the story goes on."""
        while True:
            self._say_missed()
            self._screen.refresh()
            await asyncio.sleep(TICK_S)

    def _say_missed(self) -> None:
        """Say it once when something has not arrived in its time."""
        now_s = asyncio.get_running_loop().time()
        for number, due in enumerate(self._score.dues):
            if due.arrival is None and due.over_s < now_s and number not in self._missed:
                self._missed.add(number)
                self._screen.missed(due)

    def _tell_how_to_connect(self, head: str) -> None:
        school = self._school
        host, port = school.address() or ("?", 0)
        topics = "campus/v1/#"
        lines = [head]
        lines.append(f"  mosquitto_sub -V mqttv5 -h {host} -p {port} -t '{topics}' -v")
        if school.own is not None:
            lines.append(tr("  MQTT 5 only. For a client of MQTT 3.1.1 (after: apt install mosquitto):"))
            lines.append("  campusgw demo --keep --broker 127.0.0.1:1883")
        lines.append(f"  campusgw status --socket {school.control.socket}")
        lines.append(f"  campusgw provision --socket {school.control.socket}")
        lines.append(f"  campusgw alarm list --socket {school.control.socket}")
        for line in lines:
            self._screen.show(line)


@contextlib.contextmanager
def _directory() -> Iterator[Path]:
    """A fresh private directory, so that no state of an earlier showing is left; short enough for a socket."""
    long = len(os.fsencode(tempfile.gettempdir())) > LONGEST_TEMPORARY
    with private_directory("campusgw-demo-", Path("/tmp" if long else tempfile.gettempdir())) as path:
        yield path


@contextlib.contextmanager
def _log_to(file: Path) -> Iterator[None]:
    """What libraries say goes to a file: a link that breaks on purpose is no news on the screen."""
    root, writer = logging.getLogger(), logging.FileHandler(file)
    root.addHandler(writer)
    try:
        yield
    finally:
        root.removeHandler(writer)
        writer.close()
