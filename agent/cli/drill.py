"""`campusgw drill`: drills and test presses, announced by name; and what became of them."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from agent.cli.alarm import login
from agent.cli.ask import NotAnswered, add_common, ask
from agent.cli.drill_words import listed, reported
from agent.cli.parser import add_action
from agent.cli.words import moment
from agent.language import tr, why_not

ACTIONS = ("list", "start", "stop", "press", "report")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_action(parser, ACTIONS)
    parser.add_argument(
        "what", nargs="?", help=tr("press: the one-key alarm's device id; report: a drill's number")
    )
    parser.add_argument("--person", default="", help=tr("who announces it (default: the login name)"))
    parser.add_argument("--reason", default="", help=tr("what is practised"))
    parser.add_argument("--until", default="", help=tr("its end: +30m, 10:45, or date and time with offset"))
    parser.add_argument("--out", type=Path, metavar="FILE", help=tr("write the report there: a page, or .json"))
    add_common(parser)
    parser.epilog = "\n".join([tr("actions:"), *(f"  {name:<7} {text}" for name, text in _explained().items())])


def _explained() -> dict[str, str]:
    return {
        "list": tr("show drills, and when each one-key alarm was tested"),
        "start": tr("announce a drill: alarms go upstream as ever, and say that it is one"),
        "stop": tr("end it before its time"),
        "press": tr("announce a test press; the next one within five minutes is it"),
        "report": tr("what a drill showed: who was reached, how fast, what failed"),
    }


def run(args: argparse.Namespace) -> int:
    """0 when done, 1 when the gateway refused or is not there, 2 when the order is incomplete."""
    try:
        return {"list": _list, "start": _start, "stop": _stop, "press": _press, "report": _report}[args.action](
            args
        )
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1


def _start(args: argparse.Namespace) -> int:
    if not args.reason or not args.until:
        print(tr("{action} needs --reason and --until", action="start"), file=sys.stderr)
        return 2
    who = args.person or login()
    answer = ask(args.socket, "drill.start", person=who, reason=args.reason, until=args.until)
    drill = answer["drill"]
    text = tr("drill {id} is on until {until}; alarms say so, and go upstream as ever",
              id=drill["id"], until=moment(drill["until"]))  # fmt: skip
    print(json.dumps(answer, ensure_ascii=False) if args.json else text)
    return 0


def _stop(args: argparse.Namespace) -> int:
    answer = ask(args.socket, "drill.stop", person=args.person or login())
    text = tr("drill {id} is over; see campusgw drill report", id=answer["drill"]["id"])
    print(json.dumps(answer, ensure_ascii=False) if args.json else text)
    return 0


def _press(args: argparse.Namespace) -> int:
    if not args.what:
        print(tr("say which: campusgw drill press DEVICE"), file=sys.stderr)
        return 2
    answer = ask(args.socket, "drill.press", device=args.what, person=args.person or login())
    text = tr("press {device} before {until}; that press goes upstream as a test",
              device=answer["device"], until=moment(answer["until"]))  # fmt: skip
    print(json.dumps(answer, ensure_ascii=False) if args.json else text)
    return 0


def _list(args: argparse.Namespace) -> int:
    answer = ask(args.socket, "drill.list")
    if args.json:
        print(json.dumps({key: answer[key] for key in ("active", "drills", "tests")}, ensure_ascii=False))
    else:
        print("\n".join(listed(answer)))
    return 0


def _report(args: argparse.Namespace) -> int:
    if args.what and not args.what.isdecimal():
        print(tr("a drill has a number, not {name}", name=repr(args.what)), file=sys.stderr)
        return 2
    answer = ask(args.socket, "drill.report", id=int(args.what) if args.what else None)
    report = answer["report"]
    if args.out is not None:
        return _write(args.out, report, answer["place"])
    print(json.dumps(report, ensure_ascii=False) if args.json else "\n".join(reported(report)))
    return 0


def _write(out: Path, report: dict[str, Any], place: dict[str, str]) -> int:
    """A page for people, or JSON where the name says so."""
    try:
        out.write_text(_document(out, report, place), encoding="utf-8")
    except OSError as error:
        print(tr("cannot write {path}: {why}", path=out, why=why_not(error)), file=sys.stderr)
        return 1
    print(tr("written: {path}", path=out))
    return 0


def _document(out: Path, report: dict[str, Any], place: dict[str, str]) -> str:
    if out.suffix == ".json":
        return json.dumps(report, ensure_ascii=False, indent=2) + "\n"
    from agent.report import drill_page  # only here: it needs the models of the page

    return drill_page(report, place)
