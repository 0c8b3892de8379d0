"""`campusgw alarm`: see the alarms of the running gateway, and act on them with a name and a reason."""

import argparse
import getpass
import json
import sys
import time
from typing import Any

from agent.cli.ask import NotAnswered, add_common, ask
from agent.language import either, tr

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
}
TIMED = ("shelve", "suppress", "disable")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("action", choices=ACTIONS, help=tr("what to do; `list` shows what there is"))
    parser.add_argument("device", nargs="?", help=tr("device id, as `alarm list` shows it"))
    parser.add_argument("condition", nargs="?", help=tr("condition, as `alarm list` shows it"))
    parser.add_argument("--address", default="", help=tr("a fire panel's address, such as 1.3.30"))
    parser.add_argument("--person", default="", help=tr("who orders it (default: the login name)"))
    parser.add_argument("--reason", default="", help=tr("why; needed to shelve, suppress or disable"))
    hours = tr("for how long; needed to shelve, suppress or disable")
    parser.add_argument("--hours", type=float, help=hours)
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """0 when done, 1 when the gateway refused or is not there, 2 when the order is incomplete."""
    try:
        if args.action == "list":
            return _list(args)
        return _order(args)
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1


def _order(args: argparse.Namespace) -> int:
    if not args.device or not args.condition:
        print(tr("say which: campusgw alarm {action} DEVICE CONDITION", action=args.action), file=sys.stderr)
        return 2
    if args.action in TIMED and (not args.reason or not args.hours):
        print(tr("{action} needs --reason and --hours", action=args.action), file=sys.stderr)
        return 2
    until = time.time() + args.hours * 3600 if args.hours else None
    order = {"action": ACTIONS[args.action], "condition": args.condition, "address": args.address}
    order |= {"device": args.device, "person": args.person or _login(), "reason": args.reason}
    answer = ask(args.socket, "order", **order, until_utc_s=until)
    print(json.dumps(answer) if args.json else tr("done"))
    return 0


def _login() -> str:
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
        print(tr("no alarms; {count} devices watched", count=len(devices)))
    else:
        for device, condition in sorted(rows, key=lambda row: row[1].get("priority", 9)):
            print(_line(device, condition))
    return 0


def _line(device: dict[str, Any], condition: dict[str, Any]) -> str:
    place = f"{device['name']} · {device['location']}"
    name = condition["condition"] + (f" @ {condition['address']}" if condition.get("address") else "")
    row = f"P{condition.get('priority', '?')}  {device['device']:<20} {name:<22} {condition['state']:<24} "
    row += f"{_title(device['kind'], condition['condition'])} · {place}"
    return row + (f"  [{_held(hold)}]" if (hold := condition.get("hold")) else "")


def _title(kind: str, condition: str) -> str:
    """What people call the condition; the word before it is what they type."""
    from agent.alarms.kinds import KINDS

    spec = next((spec.conditions.get(condition) for name, spec in KINDS.items() if name == kind), None)
    return condition if spec is None else either(spec.title.en, spec.title.zh)


def _held(hold: dict[str, Any]) -> str:
    until = time.strftime("%Y-%m-%d %H:%M", time.localtime(hold["until"]))
    return tr("{kind} until {until} by {person}: {reason}", **{**hold, "until": until})
