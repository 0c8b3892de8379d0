"""`campusgw status`: the running gateway on one screen."""

import argparse
import json
import sys
from typing import Any

from agent.cli.ask import NotAnswered, add_common, ask
from agent.language import tr


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
        f"{tr('uplink'):<10} {link}",
        f"{tr('devices'):<10} " + tr("{good} of {total} good", **beat["devices"]),
        f"{tr('clock'):<10} {beat['clock']}",
    ]
    for lane, depth in beat["outbox"].items():
        waiting = tr("{depth} waiting, {confirmed} confirmed, {dropped} dropped", **depth)
        rows.append(f"{tr('outbox'):<10} {lane:<10} {waiting}")
    for name, line in beat["lines"].items():
        load = "-" if line.get("load") is None else f"{line['load']:.0%}"
        units = tr(
            "{good} good, {suspect} suspect, {lost} lost", **{k: line[k] for k in ("good", "suspect", "lost")}
        )
        rows.append(f"{tr('line'):<10} {name:<10} {units}, {tr('load')} {load}")
    rows += [f"{tr('lost'):<10} {unit}: {cause}" for unit, cause in answer["lost"].items()]
    if beat.get("storage_fault"):
        rows.append(f"{tr('storage'):<10} {beat['storage_fault']}")
    return rows
