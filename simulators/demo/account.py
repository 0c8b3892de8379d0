"""The end of the demo: the table by kind of step, the outbox's books, the verdict."""

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agent.language import either, tr
from simulators.demo import words
from simulators.demo.result import Result, milliseconds
from simulators.scenario_score import Row


def account(result: Result) -> Iterator[RenderableType]:
    """What to print, part by part."""
    yield Text()
    yield _table(result)
    yield Text(_books(result), "dim")
    for what in result.unexpected:
        yield Text(tr("unexpected: {what}", what=what), "red")
    for what in result.unreadable:
        yield Text(tr("against the message contract: {what}", what=what), "red")
    yield Text(*_verdict(result))


def _table(result: Result) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False, collapse_padding=True, show_footer=True)
    table.add_column(tr("alarm changes"), tr("all"), no_wrap=True)
    lost = either("lost", "丢失")  # a lost device is another word in Chinese, and catalogues know each text once
    heads = [tr("sent"), tr("arrived"), tr("late"), lost, tr("twice"), "p50", "p99", tr("max ms")]
    for head, foot in zip(heads, _cells(result.total), strict=True):
        table.add_column(head, foot, justify="right", no_wrap=True)
    for row in result.rows:
        table.add_row(words.group(row.group), *_cells(row), style="red" if row.lost or row.late else None)
    return table


def _cells(row: Row) -> list[str]:
    counts = [row.sent, row.arrived, row.late, row.lost, row.duplicates]
    times = ["–" if value is None else f"{value:,.0f}" for value in milliseconds(row).values()]
    return [str(count) for count in counts] + times


def _books(result: Result) -> str:
    books = result.books
    return tr(
        "outbox: {accepted} accepted = {confirmed} confirmed + {stored} waiting + {dropped} dropped; "
        "platform: {arrived} records, {missing} missing, {repeated} came twice and were known",
        accepted=books.accepted,
        confirmed=books.confirmed,
        stored=books.stored,
        dropped=books.dropped,
        arrived=books.arrived,
        missing=books.missing,
        repeated=result.repeated,
    )


def _verdict(result: Result) -> tuple[str, str]:
    if not result.ok:
        return tr("✗ not everything is as it should be"), "bold red"
    if not result.total.sent:
        return tr("✓ nothing was to be told, and nothing was"), "bold green"
    return tr("✓ all {count} alarm changes have arrived, each in its time", count=result.total.sent), "bold green"
