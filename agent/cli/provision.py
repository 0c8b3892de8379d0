"""`campusgw provision`: is the school provisioned as the rules require, now, and why; the report; rule packs."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from agent.cli.ask import NotAnswered, add_common, ask
from agent.cli.parser import add_action, did_you_mean
from agent.language import tr, why_not

ACTIONS = ("list", "explain", "report", "check")
REPORT = Path("provision-report.html")
EXIT_USAGE = 2
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    add_action(parser, ACTIONS, "list")
    parser.add_argument("words", nargs="*", metavar="WHAT", help=tr("what the action is about, as below"))
    parser.add_argument("--pack", default="", metavar="ID", help=tr("only this rule pack"))
    where = tr("report: where to write it (default: {path}; - writes it out)", path=REPORT)
    parser.add_argument("--out", type=Path, default=REPORT, metavar="FILE", help=where)
    add_common(parser)
    parser.epilog = "\n".join([tr("actions:"), *(f"  {name:<8} {text}" for name, text in _explained().items())])


def _explained() -> dict[str, str]:
    """What each action does, in a line."""
    return {
        "list": tr("every indicator: verdict, share, age of the evidence, what is missing first"),
        "explain": tr("[INDICATOR]: each item with rule, evidence, and what would mend it"),
        "report": tr("a page in both languages that prints on A4, for an inspector"),
        "check": tr("FILE...: every mistake in rule packs; asks no gateway"),
    }


def run(args: argparse.Namespace) -> int:
    """0 when all is met, 1 when something is not or cannot be asked, 2 for wrong words, 78 for a bad pack."""
    if args.action == "check":
        return _check(args)
    try:
        answer = ask(args.socket, "provision")
    except NotAnswered as error:
        print(error, file=sys.stderr)
        return 1
    if mistake := _mistake(answer, args):
        print(mistake, file=sys.stderr)
        return EXIT_USAGE
    return _report(answer, args) if args.action == "report" else _show(answer, args)


def _mistake(answer: dict[str, Any], args: argparse.Namespace) -> str:
    """What was asked for and is not there."""
    packs = {pack["id"] for pack in answer["packs"]}
    if args.pack and args.pack not in packs:
        hint = did_you_mean(args.pack, packs) or tr("; known: {known}", known=", ".join(sorted(packs)))
        return tr("no rule pack {name}", name=repr(args.pack)) + hint
    if args.words and (args.action != "explain" or len(args.words) > 1):
        return tr("what is {word}", word=repr(args.words[-1]))
    if args.words and not _chosen(answer, args):
        names = {one["indicator"] for one in answer["verdicts"] if args.pack in ("", one["pack"])}
        hint = did_you_mean(args.words[0], names) or tr("; known: {known}", known=", ".join(sorted(names)))
        return tr("no indicator {name}", name=repr(args.words[0])) + hint
    return ""


def _chosen(answer: dict[str, Any], args: argparse.Namespace) -> list[dict[str, Any]]:
    from agent.cli.provision_told import about

    return about(answer, args.words[0] if args.words else "", args.pack)


def _show(answer: dict[str, Any], args: argparse.Namespace) -> int:
    from agent.cli.provision_told import explained, listed

    verdicts = _chosen(answer, args)
    named = {one["pack"] for one in verdicts}
    shown = {**answer, "packs": [one for one in answer["packs"] if one["id"] in named], "verdicts": verdicts}
    if args.json:
        print(json.dumps(shown, ensure_ascii=False))
    elif args.action == "list":
        print("\n".join(listed(shown)))
    else:
        print("\n".join(explained(shown, verdicts)))
    return 0 if all(one["verdict"] == "met" for one in verdicts) else 1


def _report(answer: dict[str, Any], args: argparse.Namespace) -> int:
    """Written whole or not at all; whether all is met is in it, and in `list`."""
    from agent.report import provision_page

    hazards = _beside(args.socket, "hazard.list") or {}
    text = provision_page(answer, hazards.get("hazards", ()), _beside(args.socket, "linkage"))
    if str(args.out) == "-":
        print(text)
        return 0
    try:
        partial = args.out.with_name(args.out.name + ".part")
        partial.write_text(text, encoding="utf-8")
        partial.replace(args.out)
    except OSError as error:
        print(tr("cannot write {path}: {why}", path=args.out, why=why_not(error)), file=sys.stderr)
        return 1
    written = {"written": str(args.out)}
    print(json.dumps(written, ensure_ascii=False) if args.json else tr("written: {path}", path=args.out))
    return 0


def _beside(socket: Path, do: str) -> dict[str, Any] | None:
    """What another room has to say; a gateway without it has nothing."""
    try:
        return ask(socket, do)
    except NotAnswered:
        return None


def _check(args: argparse.Namespace) -> int:
    if not args.words:
        print(tr("say which: campusgw provision check FILE..."), file=sys.stderr)
        return EXIT_USAGE
    return max(_checked(Path(name), args) for name in args.words)


def _checked(path: Path, args: argparse.Namespace) -> int:
    from agent.config.rules_load import load_pack
    from agent.errors import ConfigError

    try:
        pack = load_pack(path)
    except ConfigError as error:
        if args.json:
            mistakes = [asdict(one) for one in error.mistakes]
            print(json.dumps({"ok": False, "file": str(path), "mistakes": mistakes}, ensure_ascii=False))
        else:
            print(error, file=sys.stderr)
            print(tr("mistakes: {count}", count=len(error.mistakes)), file=sys.stderr)
        return EXIT_CONFIG
    counts = {
        "indicators": len(pack.indicators),
        "items": sum(len(indicator.items) for indicator in pack.indicators),
        "formulas": len(pack.formulas),
    }
    if args.json:
        print(json.dumps({"ok": True, "file": str(path), "id": pack.id, **counts}, ensure_ascii=False))
    else:
        said = tr(
            "{file}: good; indicators: {indicators}, items: {items}, formulas: {formulas}", file=path, **counts
        )
        print(said)
    return 0
