"""`campusgw sign`: who is on duty, and signing on and off by name."""

import argparse
import json
import sys
from typing import Any

from agent.cli.ask import NotAnswered, add_common, ask
from agent.cli.parser import add_action
from agent.cli.words import moment, table
from agent.language import tr

ACTIONS = ("on", "off", "list")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_action(parser, ACTIONS)
    parser.add_argument("--person", default="", help=tr("whose id, as in the configuration's school.people"))
    parser.add_argument("--role", default="", help=tr("in which role (default: their own)"))
    parser.add_argument("--post", default="", help=tr("where they stand, such as an escort post or a gate"))
    add_common(parser)


def run(args: argparse.Namespace) -> int:
    """0 when done, 1 when the gateway refused or is not there, 2 when nobody is named."""
    try:
        return _list(args) if args.action == "list" else _sign(args)
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1


def _sign(args: argparse.Namespace) -> int:
    if not args.person:
        print(tr("say who: campusgw sign {action} --person ID", action=args.action), file=sys.stderr)
        return 2
    on = args.action == "on"
    answer = ask(args.socket, "sign", person=args.person, on=on, role=args.role, post=args.post)
    if args.json:
        print(json.dumps(answer, ensure_ascii=False))
        return 0
    text = (
        tr("{name} is signed on", name=answer["name"]) if on else tr("{name} is signed off", name=answer["name"])
    )
    print(text + ("" if answer["sure"] else tr("; the clock is not synchronised: it proves nothing until it is")))
    return 0


def _list(args: argparse.Namespace) -> int:
    answer = ask(args.socket, "people")
    if args.json:
        print(json.dumps({"on": answer["on"], "people": answer["people"]}, ensure_ascii=False))
    else:
        print("\n".join(_listed(answer)))
    return 0


def _listed(answer: dict[str, Any]) -> list[str]:
    """Who is on, then who is not."""
    on = {one["person"] for one in answer["on"]}
    off = [one for one in answer["people"] if one["id"] not in on]
    lines = [tr("nobody is signed on")]
    if answer["on"]:
        head = (tr("person"), tr("role"), tr("post"), tr("since"), tr("name"))
        lines = list(table([head, *(_row(one) for one in answer["on"])]))
    if off:
        shown = ", ".join(f"{one['id']} ({one['name']})" for one in off)
        lines.append(tr("not signed on: {people}", people=shown))
    return lines


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    since = moment(one["since"]) + ("" if one["sure"] else " ?")
    return (one["person"], one["role"], one["post"], since, one["name"])
