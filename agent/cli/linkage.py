"""`campusgw linkage`: what follows from what, why an output is as it is, what would happen, what is doubtful."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.cli.alarm import login
from agent.cli.ask import NotAnswered, add_common, ask
from agent.cli.parser import add_action
from agent.language import tr

if TYPE_CHECKING:
    from agent.linkage.doubt import Doubt

ACTIONS = ("list", "check", "explain", "try", "reset")
CONFIG = Path("/etc/campusgw/gateway.yaml")
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_action(parser, ACTIONS, "list")
    parser.add_argument("words", nargs="*", metavar="WHAT", help=tr("what the action is about, as below"))
    parser.add_argument(
        "--file", type=Path, help=tr("try: in this configuration at rest, not in the running gateway")
    )
    parser.add_argument("--person", default="", help=tr("who orders it (default: the login name)"))
    parser.add_argument("--reason", default="", help=tr("why; needed to reset"))
    add_common(parser)
    parser.epilog = "\n".join([tr("actions:"), *(f"  {name:<8} {text}" for name, text in _explained().items())])


def _explained() -> dict[str, str]:
    """What each action does, in a line."""
    return {
        "list": tr("every effect and how it stands"),
        "check": tr("[FILE]: what is doubtful about a configuration; opens no port"),
        "explain": tr("[EFFECT, DEVICE or OUTPUT]: why it is as it is"),
        "try": tr("FACT...: what would happen, as with smoke-1.alarm gate-io.di5=true"),
        "reset": tr("EFFECT: release what is latched; nothing closes by it"),
    }


def run(args: argparse.Namespace) -> int:
    """0 when done and good; 1 if refused, doubtful or not there; 2 for an incomplete order; 78 for a bad file."""
    from agent.errors import ConfigError

    actions = {"list": _list, "check": _check, "explain": _explain, "try": _try, "reset": _reset}
    try:
        return actions[args.action](args)
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1
    except ConfigError as error:
        _bad_file(error, args)
        return EXIT_CONFIG


def _list(args: argparse.Namespace) -> int:
    from agent.cli.linkage_told import listed

    answer = ask(args.socket, "linkage")
    print(json.dumps(answer, ensure_ascii=False) if args.json else "\n".join(listed(answer)))
    return 0


def _explain(args: argparse.Namespace) -> int:
    from agent.cli.linkage_told import about, told

    answer = ask(args.socket, "linkage")
    found = about(answer["effects"], args.words[0] if args.words else "")
    if not found:
        print(tr("no effect, device or output {name}", name=repr(args.words[0])), file=sys.stderr)
        return 1
    shown = {**answer, "effects": found}
    print(json.dumps(shown, ensure_ascii=False) if args.json else "\n".join(told(shown)))
    return 0


def _reset(args: argparse.Namespace) -> int:
    if len(args.words) != 1 or not args.reason:
        print(tr("say which and why: campusgw linkage reset EFFECT --reason TEXT"), file=sys.stderr)
        return 2
    order = {"effect": args.words[0], "person": args.person or login(), "reason": args.reason}
    answer = ask(args.socket, "linkage.reset", **order)
    print(json.dumps(answer, ensure_ascii=False) if args.json else tr("done"))
    return 0


def _try(args: argparse.Namespace) -> int:
    from agent.cli.linkage_told import tried

    if not args.words:
        print(tr("say what there is: campusgw linkage try FACT..."), file=sys.stderr)
        return 2
    answer = ask(args.socket, "linkage.try", facts=args.words) if args.file is None else _tried(args)
    print(json.dumps(answer, ensure_ascii=False) if args.json else "\n".join(tried(answer)))
    return 0


def _tried(args: argparse.Namespace) -> dict[str, Any]:
    """The same without a gateway: everything at rest but for the facts."""
    from agent.config import load_site
    from agent.errors import OrderRefused
    from agent.linkage.model import Memory
    from agent.linkage.trial import at_rest, trial, with_facts
    from agent.records import Instant

    site = load_site(args.file)
    if site.linkage is None:
        raise NotAnswered(tr("{file} has no linkage", file=args.file))
    devices = {device.id: device for device in site.devices}
    try:
        view = with_facts(site.linkage, devices, at_rest(site.linkage, site.devices), args.words)
    except OrderRefused as error:
        raise NotAnswered(tr(error.text, **error.fields)) from error
    return asdict(trial(site.linkage, Memory(), view, Instant(0.0, 0.0, "unknown")))


def _check(args: argparse.Namespace) -> int:
    from agent.config import load_site
    from agent.config.source import read_source
    from agent.linkage.doubts import doubts

    file = Path(args.words[0]) if args.words else CONFIG
    site = load_site(file)
    source = read_source(file)
    rows = [_row(doubt, source) for doubt in doubts(site)]
    rows.sort(key=lambda row: (row["line"], row["column"]))
    ok = not any(row["error"] for row in rows)
    effects = site.linkage.effects if site.linkage else ()
    opened = [target.device for effect in effects if effect.by_default for target in effect.targets]
    if args.json:
        answer = {"ok": ok, "linkage": site.linkage is not None, "opened_by_default": opened, "findings": rows}
        print(json.dumps(answer, ensure_ascii=False))
    elif site.linkage is None:
        print(tr("{file}: there is no linkage", file=file))
    else:
        print("\n".join(_findings(file, rows, opened)))
    return 0 if ok else 1


def _row(doubt: "Doubt", source: Any) -> dict[str, Any]:
    """Where it stands in the file: at the key, or at the name of what has no such key."""
    said = tr(doubt.text, **doubt.fields)
    found = source.mistake(_place(doubt, source), said)
    fix = tr(doubt.fix, **doubt.fields)
    at = {"file": found.file, "line": found.line, "column": found.column}
    return {**at, "code": doubt.code, "error": doubt.error, "what": said, "fix": fix}


def _place(doubt: "Doubt", source: Any) -> tuple[int | str, ...]:
    room, name = ("devices", doubt.device) if doubt.device else ("linkage", doubt.effect)
    if not name:
        return ("linkage", doubt.key) if source.has(("linkage", doubt.key)) else ("linkage",)
    loc: tuple[int | str, ...] = ("devices",) if room == "devices" else ("linkage", "effects")
    listed = source.document["devices"] if room == "devices" else source.document["linkage"].get("effects", [])
    n = next((n for n, one in enumerate(listed) if one["id"] == name), None)
    if n is None:
        return ("linkage",)
    return (*loc, n, doubt.key) if doubt.key in listed[n] else (*loc, n, "id")


def _findings(file: Path, rows: list[dict[str, Any]], opened: list[str]) -> list[str]:
    from agent.cli.words import folded

    lines = []
    for row in rows:
        word = tr("error") if row["error"] else tr("warning")
        lines.append(f"{row['file']}:{row['line']}:{row['column']}: {word}: {row['what']}")
        lines += folded(row["fix"], "    ", 80)
    errors = sum(row["error"] for row in rows)
    counted = {"errors": errors, "warnings": len(rows) - errors}
    if opened:
        lines += folded(tr("by default a confirmed fire opens: {devices}", devices=", ".join(opened)), "", 80)
    return [*lines, tr("{file}: errors: {errors}, warnings: {warnings}", file=file, **counted)]


def _bad_file(error: Any, args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps({"ok": False, "mistakes": [asdict(m) for m in error.mistakes]}, ensure_ascii=False))
    else:
        print(error, file=sys.stderr)
        print(tr("mistakes: {count}", count=len(error.mistakes)), file=sys.stderr)
