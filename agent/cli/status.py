"""`campusgw status`: the running gateway on one screen."""

import argparse
import json
import sys
from collections.abc import Mapping
from typing import Any

from agent.cli import ways
from agent.cli.ask import NotAnswered, add_common, ask
from agent.cli.drill_words import practice
from agent.cli.provision_told import status_rows
from agent.cli.urgent import is_urgent, urgent
from agent.cli.words import CLOCKS, moment, table, word
from agent.language import later, tr

FULL = 0.95  # a line whose alarm points are asked without a pause: as it is meant to be
LANES: Mapping[str, str] = {"alarm": later("alarms"), "event": later("events"), "telemetry": later("telemetry")}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """0 when all is well, 1 when something is lost, down or cannot be asked."""
    try:
        answer = ask(args.socket, "status")
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(answer, ensure_ascii=False) if args.json else "\n".join(screen(answer)))
    beat = answer["heartbeat"]
    well = ways.all_up(beat["uplink"]) and not answer["lost"] and not beat.get("config_refused")
    return 0 if well and not is_urgent(answer) else 1


def screen(answer: dict[str, Any]) -> list[str]:
    """The lines of the screen."""
    beat = answer["heartbeat"]
    rows = [
        *urgent(answer),
        *practice(beat),
        *ways.rows(beat["uplink"]),
        (tr("devices"), "", tr("{good} of {total} good", **beat["devices"])),
        (tr("clock"), "", word(CLOCKS, beat["clock"])),
    ]
    rows += [(tr("outbox"), word(LANES, lane), _lane(depth)) for lane, depth in beat["outbox"].items()]
    if answer["uplink"].get("confirmed_by") == "platform":
        rows.append((tr("outbox"), "", tr("alarms and events wait until the platform itself has confirmed them")))
    rows += [(tr("line"), name, _line(line)) for name, line in beat["lines"].items()]
    rows += [(tr("lost"), unit, cause) for unit, cause in answer["lost"].items()]
    rows += status_rows(beat)
    if beat.get("storage_fault"):
        rows.append((tr("storage"), "", beat["storage_fault"]))
    if refused := beat.get("config_refused"):
        rows += [(tr("configuration"), "", line) for line in _refused(refused, beat["config_hash"])]
    return [f"{answer['gateway']}  {answer['name']}", *table(rows)]


def _refused(refused: dict[str, Any], running: str) -> list[str]:
    since = moment(refused["since"]["at"])
    said = tr("the new one is refused; the last good one runs, of {since} ({hash})", since=since, hash=running[:8])
    return [said, *refused["mistakes"]]


def _lane(depth: dict[str, Any]) -> str:
    return tr("{depth} waiting, {confirmed} confirmed, {dropped} dropped", **depth)


def _line(line: dict[str, Any]) -> str:
    units = tr("{good} good, {suspect} suspect, {lost} lost", **{k: line[k] for k in ("good", "suspect", "lost")})
    if (load := line.get("load")) is None:
        return units
    said = tr("{units}, load {load}", units=units, load=f"{load:.0%}")
    return said + (tr(" (it asks as often as the line allows)") if load >= FULL else "")
