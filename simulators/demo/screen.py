"""The demo as a person reads it: each step in the field, what arrived of it, and the account at the end."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agent.language import either, tr
from agent.uplink.messages import AlarmData
from simulators.demo import words
from simulators.demo.account import account
from simulators.demo.result import Result
from simulators.demo.titles import condition
from simulators.platform import Arrival
from simulators.scenario import Said, Scenario, Step
from simulators.scenario_score import Due

WIDEST = 100
CLOCK_WIDTH = 6
BAR_WIDTH = 16
VERDICT_STYLE = {"met": ("✔", "green"), "not_met": ("✘", "bold red"), "unknown": ("?", "yellow")}
PRIORITY_STYLE = {1: "bold red", 2: "yellow"}


class Screen:
    """Lines that scroll, and below them, on a terminal, how far the story is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._console.width = min(console.width, WIDEST) if console.is_terminal else WIDEST
        self._console.soft_wrap = not console.is_terminal  # a line in a pipe is one line, whole, however long
        self._kinds: Mapping[str, str] = {}
        self._expected = 0
        self._ends_s = 0.0
        self._began_s = 0.0
        self._dues: list[Due] = []
        self._broker_up = True
        self._live: Live | None = None

    @contextmanager
    def story(self, scenario: Scenario, dues: list[Due], kinds: Mapping[str, str]) -> Iterator[None]:
        """While the story is played; `dues` grows as it goes, `kinds` says what each device is."""
        self._kinds = kinds
        self._expected, self._dues = scenario.expected, dues
        self._ends_s, self._began_s = scenario.begins_s[-1], asyncio.get_running_loop().time()
        if not self._console.is_terminal:
            yield
            return
        with Live(
            console=self._console, get_renderable=self._foot, auto_refresh=False, transient=True
        ) as self._live:
            yield
        self._live = None

    def refresh(self) -> None:
        """Bring the line below up to date; from the event loop, since a thread has no clock of its own here."""
        if self._live is not None:
            self._live.refresh()

    def title(self, scenario: Scenario) -> None:
        """What will be played."""
        self._console.print(Text(said(scenario.title), "bold"))
        self._console.print(Text(said(scenario.about), "dim"))
        self._console.print()

    def note(self, text: str) -> None:
        """A line of our own: what is being done."""
        self._console.print(Text(text, "dim"))

    def show(self, line: str) -> None:
        """A line that somebody may copy: never broken, never pale."""
        self._console.print(Text(line), soft_wrap=True)

    def begins(self, step: Step) -> None:
        """A step happens in the field."""
        if step.broker is not None:
            self._broker_up = step.broker == "up"
        text = said(step.say) if step.say else words.step(step)
        self._line(step.clock, Text.assemble(("● ", "cyan"), (text, "bold")))

    def settled(self, due: Due) -> None:
        """What was owed has arrived."""
        assert due.arrival is not None
        assert due.latency_s is not None
        alarm = due.arrival.alarm
        what = _verdict(due.arrival) if alarm is None else _arrow(alarm)
        style = "" if due.in_time else "red"
        late = "" if due.in_time else tr(" late")
        figure = Text(f"{due.latency_s * 1000:,.0f} ms{late}", style)
        why = Text(f"{words.why_slow(due.group, due.expect)} ".lstrip(), "dim")
        self._line("", what, Text.assemble(why, figure))

    def missed(self, due: Due) -> None:
        """What was owed has not arrived in its time."""
        what = words.expected(due.expect, self._kinds)
        text = tr("not arrived within {seconds:g} s: {what}", seconds=due.expect.within_s, what=what)
        self._line("", Text(f"  ✗ {text}", "bold red"))

    def unexpected(self, arrival: Arrival) -> None:
        """An alarm that the story does not explain."""
        if (alarm := arrival.alarm) is not None:
            self._line("", _arrow(alarm), Text(tr("unexpected"), "bold red"))

    def arrived(self, arrival: Arrival) -> None:
        """An alarm after the story: what people order and do then is theirs."""
        if (alarm := arrival.alarm) is not None and not arrival.duplicate:
            self._line("", _arrow(alarm))

    def account(self, result: Result) -> None:
        """The final table, the outbox's books, and the verdict."""
        for part in account(result):
            self._console.print(part)

    def _line(self, clock: str, what: Text, right: Text | None = None) -> None:
        """Clock and text; on a terminal a figure stands at the right margin, and the text beside it is wrapped."""
        if right is None or not self._console.is_terminal:
            gap = "  " if right else ""
            self._console.print(Text.assemble((f"{clock:<{CLOCK_WIDTH}} ", "dim"), what, gap, right or ""))
            return
        grid = Table.grid(expand=True, padding=(0, 1, 0, 0))
        grid.add_column(width=CLOCK_WIDTH, no_wrap=True)
        grid.add_column(ratio=1, overflow="fold")
        grid.add_column(justify="right", no_wrap=True)
        grid.add_row(clock, what, right)
        self._console.print(grid)

    def _foot(self) -> RenderableType:
        """How much has arrived, what is under way, whether the broker is there, and the time."""
        arrived = sum(due.arrival is not None for due in self._dues)
        gone_s = min(asyncio.get_running_loop().time() - self._began_s, self._ends_s)
        broker = (tr("broker there"), "green") if self._broker_up else (tr("broker gone"), "bold red")
        text = tr(
            "{arrived} of {expected} arrived, {waiting} under way",
            arrived=arrived,
            expected=self._expected,
            waiting=len(self._dues) - arrived,
        )
        grid = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(4):
            grid.add_column(no_wrap=True)
        bar = ProgressBar(total=max(1, self._expected), completed=arrived, width=BAR_WIDTH)
        grid.add_row(bar, Text(text), Text(*broker), Text(f"{_minutes(gone_s)} / {_minutes(self._ends_s)}", "dim"))
        return grid


def said(text: Said) -> str:
    """A text of the scenario in the chosen language."""
    return either(text.en, text.zh)


def _arrow(alarm: AlarmData) -> Text:
    """Who says what, and where: name, condition, change, address and place, the panel's own words."""
    style = PRIORITY_STYLE.get(alarm.priority, "") if alarm.active else "green"
    place = " ".join(part for part in (alarm.address, alarm.location) if part)
    parts = [alarm.name, condition(alarm.condition, alarm.kind), words.change(alarm.change), place, alarm.text]
    return Text.assemble((f"  → P{alarm.priority} ", style), " · ".join(part for part in parts if part))


def _verdict(arrival: Arrival) -> Text:
    """An indicator, how it is judged, and how much of what it asks for is there."""
    said = arrival.payload.model_dump()
    mark, style = VERDICT_STYLE[said["verdict"]]
    title = either(said["title"]["en"], said["title"]["zh"])
    share = f"{said['share']:.0%}"
    return Text.assemble((f"  {mark} ", style), f"{title} · {words.verdict(said['verdict'])} · {share}")


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
