"""`campusgw hazard`: the hazard ledger of the running gateway, and people's steps with it."""

import argparse
import json
import sys
from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path
from typing import Any

from agent.cli.alarm import login
from agent.cli.ask import NotAnswered, add_common, ask
from agent.cli.parser import add_action
from agent.language import later, tr, why_not

STEPS = ("assign", "start", "done", "accept", "reject", "note")
ACTIONS = {
    "list": later("what is not closed, major and overdue first; --all, --overdue"),
    "show": later("everything about one: hazard show ID"),
    "add": later("somebody has found one: --text, --place, --grade …"),
    "assign": later("give it to a person: hazard assign ID --to NAME"),
    "start": later("who has it begins to rectify it"),
    "done": later("it is rectified, and awaits its re-check"),
    "accept": later("the re-check is good: it is closed"),
    "reject": later("the re-check is not good, and why: back to rectifying"),
    "note": later("add a note or a photo's place"),
    "export": later("the whole ledger as --csv (for Excel) or --json"),
}
SOURCES = ("report", "self_check", "inspection")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_action(parser, ACTIONS, "list")
    parser.add_argument("hazard", nargs="?", metavar="ID", help=tr("the hazard's id, or its number alone"))
    parser.add_argument("--all", action="store_true", help=tr("closed ones too"))
    parser.add_argument("--overdue", action="store_true", help=tr("only what is past its deadline"))
    parser.add_argument("--person", default="", help=tr("who takes the step (default: the login name)"))
    parser.add_argument("--reason", default="", help=tr("why, or the note itself"))
    parser.add_argument("--to", default="", metavar="NAME", help=tr("assign: whose it is now"))
    parser.add_argument("--role", default="", help=tr("who answers for it, such as safety_officer"))
    parser.add_argument("--supervisor", default="", help=tr("assign: who watches over it"))
    parser.add_argument("--measure", default="", help=tr("assign: what is to be done"))
    parser.add_argument("--funds", default="", help=tr("assign: with what money"))
    parser.add_argument("--contingency", default="", help=tr("assign: what to do until then"))
    parser.add_argument("--deadline", type=_deadline, metavar="DATE",
                        help=tr('until when, such as 2026-12-01 or "2026-12-01 18:00"'))  # fmt: skip
    parser.add_argument("--text", default="", help=tr("add: what it is"))
    parser.add_argument("--place", default="", help=tr("add: where, a place of the rules or in words"))
    parser.add_argument("--device", default="", help=tr("add: which device it is about"))
    parser.add_argument("--grade", choices=["major", "general"], help=tr("add, assign: how grave it is"))
    parser.add_argument("--source", choices=SOURCES, default="report", help=tr("add: how it was found"))
    parser.add_argument("--category", default="security", help=tr("add: fire, security, electrical …"))
    parser.add_argument("--clause", default="", help=tr("add: which rule it offends"))
    parser.add_argument("--photo", default="", metavar="REF", help=tr("where a photo of it is"))
    parser.add_argument("--csv", action="store_true", help=tr("export: a table that Excel opens"))
    parser.add_argument("--out", type=Path, metavar="FILE", help=tr("export: into this file"))
    add_common(parser)
    parser.epilog = "\n".join([tr("actions:"), *(f"  {name:<7} {tr(text)}" for name, text in ACTIONS.items())])


def _deadline(given: str) -> float:
    """A day ends with its last minute; the time is this machine's."""
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        said = tr('no date {given}; write 2026-12-01 or "2026-12-01 18:00"', given=repr(given))
        raise argparse.ArgumentTypeError(said) from None
    return (datetime.combine(at, time(23, 59)) if len(given) <= len("2026-12-01") else at).timestamp()


def run(args: argparse.Namespace) -> int:
    """0 when done, 1 when the gateway refused or is not there, 2 when the order is incomplete."""
    try:
        match args.action:
            case "list":
                return _list(args)
            case "export":
                return _export(args)
            case "add":
                return _add(args)
        if not args.hazard:
            print(tr("say which: campusgw hazard {action} ID", action=args.action), file=sys.stderr)
            return 2
        return _show(args) if args.action == "show" else _step(args)
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1


def _pages(args: argparse.Namespace, which: str) -> Iterator[dict[str, Any]]:
    after = ""
    while True:
        answer = ask(args.socket, "hazard.list", which=which, after=after)
        yield from answer["hazards"]
        if not (after := answer["next"]):
            return


def _list(args: argparse.Namespace) -> int:
    from agent.cli.hazard_words import listed

    which = "overdue" if args.overdue else "all" if args.all else "open"
    hazards = sorted(_pages(args, which), key=_urgency)
    if args.json:
        print(json.dumps(hazards, ensure_ascii=False))
    elif not hazards:
        print(tr("no hazards"))
    else:
        print("\n".join(listed(hazards)))
    return 0


def _urgency(hazard: dict[str, Any]) -> tuple[bool, bool, bool, float]:
    closed = hazard["status"] == "closed"
    return closed, not hazard["overdue"], hazard["grade"] != "major", hazard["deadline"]["at"]


def _show(args: argparse.Namespace) -> int:
    hazard = ask(args.socket, "hazard.show", hazard=args.hazard)["hazard"]
    return _print(args, hazard)


def _print(args: argparse.Namespace, hazard: dict[str, Any]) -> int:
    from agent.cli.hazard_words import shown

    print(json.dumps(hazard, ensure_ascii=False) if args.json else "\n".join(shown(hazard)))
    return 0


def _add(args: argparse.Namespace) -> int:
    if not args.text:
        print(tr("say what it is: campusgw hazard add --text …"), file=sys.stderr)
        return 2
    named = ("text", "place", "device", "source", "category", "clause", "role", "photo")
    found = {name: getattr(args, name) for name in named}
    found |= {"grade": args.grade or "general", "person": args.person or login(), "by": args.deadline}
    return _done(args, ask(args.socket, "hazard.add", **found)["hazard"])


def _step(args: argparse.Namespace) -> int:
    if args.action == "assign" and not args.to:
        print(tr("say to whom: campusgw hazard assign ID --to NAME"), file=sys.stderr)
        return 2
    named = ("hazard", "action", "reason", "to", "role", "supervisor", "measure", "funds", "contingency", "photo")
    wish = {name: getattr(args, name) for name in named}
    wish |= {"person": args.person or login(), "by": args.deadline, "grade": args.grade}
    return _done(args, ask(args.socket, "hazard.step", **wish)["hazard"])


def _done(args: argparse.Namespace, hazard: dict[str, Any]) -> int:
    from agent.cli.hazard_words import STATUSES
    from agent.cli.words import word

    said = tr("hazard {id}: {status}", id=hazard["id"], status=word(STATUSES, hazard["status"]))
    print(json.dumps(hazard, ensure_ascii=False) if args.json else said)
    return 0


def _export(args: argparse.Namespace) -> int:
    from agent.cli.hazard_export import as_csv, as_json

    if args.csv == args.json:
        print(tr("say how: campusgw hazard export --csv, or --json"), file=sys.stderr)
        return 2
    hazards = list(_pages(args, "all"))
    content = (as_csv(hazards) if args.csv else as_json(hazards)).encode()
    try:
        if args.out is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
        else:
            args.out.write_bytes(content)
    except OSError as error:
        print(f"{args.out}: {why_not(error)}", file=sys.stderr)
        return 1
    return 0
