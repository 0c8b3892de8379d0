"""`campusgw status`: the running gateway on one screen."""

import argparse
import json
import sys
import unicodedata
from typing import Any

from agent.cli.ask import NotAnswered, add_common, ask
from agent.language import tr

LABEL = 10  # columns


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
    return 0 if answer["uplink"]["connected"] and not answer["lost"] else 1


def screen(answer: dict[str, Any]) -> list[str]:
    """The lines of the screen."""
    beat, uplink = answer["heartbeat"], answer["uplink"]
    link = tr("connected to {broker}", broker=uplink["broker"]) if uplink["connected"] else uplink["why"]
    rows = [
        f"{answer['gateway']}  {answer['name']}",
        _row(tr("uplink"), link),
        _row(tr("devices"), tr("{good} of {total} good", **beat["devices"])),
        _row(tr("clock"), beat["clock"]),
    ]
    for lane, depth in beat["outbox"].items():
        waiting = tr("{depth} waiting, {confirmed} confirmed, {dropped} dropped", **depth)
        rows.append(_row(tr("outbox"), f"{lane:<10} {waiting}"))
    rows += [_row(tr("line"), f"{name:<10} {_line(line)}") for name, line in beat["lines"].items()]
    rows += [_row(tr("lost"), f"{unit}: {cause}") for unit, cause in answer["lost"].items()]
    if beat.get("storage_fault"):
        rows.append(_row(tr("storage"), beat["storage_fault"]))
    return rows


def _line(line: dict[str, Any]) -> str:
    units = tr("{good} good, {suspect} suspect, {lost} lost", **{k: line[k] for k in ("good", "suspect", "lost")})
    load = "-" if line.get("load") is None else f"{line['load']:.0%}"
    return tr("{units}, load {load}", units=units, load=load)


def _row(label: str, text: str) -> str:
    """A Chinese character is as wide as two others."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in label)
    return f"{label:<{LABEL - wide}} {text}"
