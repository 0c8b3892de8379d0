"""`campusgw alarm`: see the alarms of the running gateway, and act on them with a name and a reason."""

import argparse
import getpass
import json
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from agent.cli.ask import NotAnswered, add_common, ask
from agent.cli.parser import add_action
from agent.cli.words import HOLDS, STATES, folded, moment, table, title, width, word
from agent.language import tr

ACTIONS = {
    "list": "",
    "ack": "acknowledge",
    "reset": "reset",
    "shelve": "shelve",
    "unshelve": "unshelve",
    "suppress": "suppress",
    "release": "release",
    "disable": "out_of_service",
    "enable": "return_to_service",
    "silence": "",
}
COLUMNS = 80
HOURS_MOST = 24 * 366 * 10
TIMED = ("shelve", "suppress", "disable")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_action(parser, ACTIONS)
    parser.add_argument("device", nargs="?", help=tr("device id, as `alarm list` shows it"))
    parser.add_argument("condition", nargs="?", help=tr("condition, as `alarm list` shows it"))
    parser.add_argument("--address", default="", help=tr("a fire panel's address, such as 1.3.30"))
    parser.add_argument("--person", default="", help=tr("who orders it (default: the login name)"))
    parser.add_argument("--reason", default="", help=tr("why; needed to shelve, suppress or disable"))
    hours = tr("for how long; needed to shelve, suppress or disable")
    parser.add_argument("--hours", type=float, help=hours)
    add_common(parser)
    parser.epilog = "\n".join([tr("actions:"), *(f"  {name:<9} {text}" for name, text in _explained().items())])


def _explained() -> dict[str, str]:
    """What each action does, in a line."""
    from agent.alarms.operate import SHELVE_MOST_S

    return {
        "list": tr("show every alarm that is not normal or is set aside"),
        "ack": tr("somebody has seen it and takes care"),
        "reset": tr("release what is over but latched; while it is active, nothing helps but its cause"),
        "shelve": tr("set aside for {most:g} h at most; not what saves lives", most=SHELVE_MOST_S / 3600),
        "unshelve": tr("end that before its time"),
        "suppress": tr("set aside by plan, as for works nearby, until its end; not what saves lives"),
        "release": tr("end that before its time"),
        "disable": tr("take out of service, as for a repair; the only way for what saves lives"),
        "enable": tr("put back into service"),
        "silence": tr("somebody has heard the sounder: silent until another alarm is not confirmed"),
    }


def run(args: argparse.Namespace) -> int:
    """0 when done, 1 when the gateway refused or is not there, 2 when the order is incomplete."""
    try:
        if args.action == "list":
            return _list(args)
        return _silence(args) if args.action == "silence" else _order(args)
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1


def _order(args: argparse.Namespace) -> int:
    if not args.device or not args.condition:
        print(tr("say which: campusgw alarm {action} DEVICE CONDITION", action=args.action), file=sys.stderr)
        return 2
    if args.action in TIMED and (not args.reason or args.hours is None):
        print(tr("{action} needs --reason and --hours", action=args.action), file=sys.stderr)
        return 2
    if args.hours is not None and not 0 < args.hours < HOURS_MOST:
        print(tr("--hours: more than 0, such as 2 or 0.5, not {hours:g}", hours=args.hours), file=sys.stderr)
        return 2
    until = time.time() + args.hours * 3600 if args.hours else None
    order = {"action": ACTIONS[args.action], "condition": args.condition, "address": args.address}
    order |= {"device": args.device, "person": args.person or login(), "reason": args.reason}
    answer = ask(args.socket, "order", **order, until_utc_s=until)
    print(json.dumps(answer) if args.json else tr("done"))
    return 0


def _silence(args: argparse.Namespace) -> int:
    answer = ask(args.socket, "silence", person=args.person or login())
    print(json.dumps(answer) if args.json else tr("done"))
    return 0


def login() -> str:
    """The login name; empty where the system knows none, and then the gateway asks for --person."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""


def _list(args: argparse.Namespace) -> int:
    devices = ask(args.socket, "alarms")["devices"]
    rows = [
        (device, c) for device in devices for c in device["conditions"] if c["state"] != "normal" or c.get("hold")
    ]
    if args.json:
        print(json.dumps([{"device": d["device"], "name": d["name"], **c} for d, c in rows], ensure_ascii=False))
    elif not rows:
        print(tr("no alarms; devices watched: {count}", count=len(devices)))
    else:
        print("\n".join(listed(sorted(rows, key=lambda row: row[1].get("priority", 9)))))
    return 0


def listed(rows: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[str]:
    """A header, and of every condition a line to type from and, further in, what it is."""
    head = ("P", tr("device"), tr("condition"), tr("since"))
    first, *typed = table([head, *(_typed(device, condition) for device, condition in rows)])
    lines = [first]
    for line, (device, condition) in zip(typed, rows, strict=True):
        lines += [line] if width(line) <= COLUMNS else folded(line, "", COLUMNS)
        for told in _told(device, condition):
            lines += folded(told, "   ", COLUMNS)
    return lines


def _typed(device: dict[str, Any], condition: dict[str, Any]) -> tuple[str, ...]:
    name = condition["condition"] + (f" @{condition['address']}" if condition.get("address") else "")
    since = condition.get("since")
    when = "-" if since is None else moment(since["at"]) + ("" if since["clock"] == "synchronised" else " ?")
    return (str(condition.get("priority", "?")), device["device"], name, when)


def _told(device: dict[str, Any], condition: dict[str, Any]) -> Iterator[str]:
    """What it is, where, what the panel said; how it stands; and who has set it aside."""
    where = condition.get("place") or device["location"]
    parts = [title(device["kind"], condition["condition"]), device["name"], where, condition.get("text", "")]
    yield " · ".join(part for part in parts if part)
    yield word(STATES, condition["state"])
    if hold := condition.get("hold"):
        yield _held(hold)


def _held(hold: dict[str, Any]) -> str:
    kind, until = word(HOLDS, hold["kind"]), moment(hold["until"])
    return tr("{kind} until {until} by {person}: {reason}", **{**hold, "kind": kind, "until": until})
