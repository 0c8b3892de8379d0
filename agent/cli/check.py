"""`campusgw check`: all that `run` does before it opens a port."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from agent.cli.words import table
from agent.language import tr

if TYPE_CHECKING:
    from agent.hazards.rules import RuleBook
    from agent.provisioning.pack import Pack
    from agent.site import LinePlan, Site

USUAL_BAUDS = (1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 76800, 115200, 230400, 460800, 921600)
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    files = tr("the configuration, rule pack or hazard rules to check, or several")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE", help=files)
    parser.add_argument(
        "--live", action="store_true", help=tr("look at this machine too: serial ports, files for the broker")
    )
    parser.add_argument("--json", action="store_true", help=tr("for programs"))


def run(args: argparse.Namespace) -> int:
    """0 when every configuration is good, 78 when one is not, 1 when only this machine is amiss."""
    codes = [_check(file, args) for file in args.files]
    return EXIT_CONFIG if EXIT_CONFIG in codes else max(codes)


def _check(file: Path, args: argparse.Namespace) -> int:
    from agent.config import load_pack, load_site, read_book, sort_of
    from agent.errors import ConfigError

    try:
        if (sort := sort_of(file)) == "pack":
            return _good_pack(file, load_pack(file), args)
        if sort == "book":
            return _good_book(file, read_book(file)[0], args)
        site = load_site(file)
    except ConfigError as error:
        if args.json:
            print(json.dumps({"ok": False, "mistakes": [asdict(m) for m in error.mistakes]}, ensure_ascii=False))
        else:
            print(error, file=sys.stderr)
            print(tr("mistakes: {count}", count=len(error.mistakes)), file=sys.stderr)
        return EXIT_CONFIG
    rows, amiss = _rows(site), _live(site) if args.live else []
    if args.json:
        answer = {"ok": True, "config_hash": site.config_hash, "lines": rows, "live": amiss}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        print("\n".join(_screen(file, site, rows, amiss)))
    return 1 if amiss else 0


def _good_pack(file: Path, pack: "Pack", args: argparse.Namespace) -> int:
    counts = {"indicators": len(pack.indicators), "items": sum(len(one.items) for one in pack.indicators)}
    if args.json:
        print(json.dumps({"ok": True, "rules": pack.id, **counts}, ensure_ascii=False))
    else:
        print(tr("{file}: a good rule pack; indicators: {indicators}, items: {items}", file=file, **counts))
    return 0


def _good_book(file: Path, book: "RuleBook", args: argparse.Namespace) -> int:
    if args.json:
        print(json.dumps({"ok": True, "hazards": book.id, "items": len(book.rules)}, ensure_ascii=False))
    else:
        print(tr("{file}: good rules of the hazard ledger; rules: {rules}", file=file, rules=len(book.rules)))
    return 0


def _screen(
    file: Path, site: "Site", rows: Sequence[dict[str, object]], amiss: Sequence[dict[str, object]]
) -> list[str]:
    counts = {"lines": len(site.lines), "devices": len(site.devices)}
    cells = [(str(row["line"]), tr("units: {units}", **row), _times(row)) for row in rows]
    findings = [(str(finding["line"]), str(finding["text"])) for finding in amiss]
    shown = ["  " + line for some in (cells, findings) if some for line in table(some)]
    shown += ["  " + hint for plan in site.lines if (hint := _unusual(plan))]
    return [tr("{file}: good; lines: {lines}, devices: {devices}", file=file, **counts), *shown]


def _unusual(plan: "LinePlan") -> str:
    """A hint, no mistake: the driver may well set it."""
    from drivers.stream import SerialPort

    if not isinstance(plan.endpoint, SerialPort) or (baud := plan.endpoint.baud) in USUAL_BAUDS:
        return ""
    nearest = min(USUAL_BAUDS, key=lambda usual: abs(usual - baud))
    return tr("{line}: {baud} baud is unusual; is it {near}?", line=plan.id, baud=baud, near=nearest)


def _live(site: "Site") -> list[dict[str, object]]:
    from agent.cli.live import findings

    return findings(site)


def _rows(site: "Site") -> list[dict[str, object]]:
    from agent.polling.plan import line_times

    rows: list[dict[str, object]] = []
    for plan in site.lines:
        times = line_times(plan)
        row: dict[str, object] = {
            "line": plan.id,
            "units": len(plan.units),
            "budget_s": plan.alarm_latency_budget_s,
        }
        row |= {"cycle_s": round(times.cycle_s, 4), "load": round(times.load, 3)}
        if times.worst is not None:
            row |= {"worst_s": round(times.worst.worst_s, 4), "worst_unit": times.worst.unit}
        rows.append(row)
    return rows


def _times(row: dict[str, object]) -> str:
    if "worst_s" not in row:
        return ""
    return tr(
        "round {cycle_s:.3f} s, alarm latency at most {worst_s:.3f} s ({worst_unit}) of {budget_s:g} s", **row
    )
