"""`campusgw check`: all that `run` does before it opens a port."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from agent.language import tr

if TYPE_CHECKING:
    from agent.site import Site

EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("file", type=Path, help=tr("the configuration to check"))
    parser.add_argument("--live", action="store_true", help=tr("look at this machine's serial ports too"))
    parser.add_argument("--json", action="store_true", help=tr("for programs"))


def run(args: argparse.Namespace) -> int:
    """0 when the configuration is good, 78 when it is not, 1 when only a port of this machine is amiss."""
    from agent.config import load_site
    from agent.errors import ConfigError

    try:
        site = load_site(args.file)
    except ConfigError as error:
        if args.json:
            print(json.dumps({"ok": False, "mistakes": [asdict(m) for m in error.mistakes]}, ensure_ascii=False))
        else:
            print(error, file=sys.stderr)
            print(tr("{count} mistake(s)", count=len(error.mistakes)), file=sys.stderr)
        return EXIT_CONFIG
    rows, amiss = _rows(site), _live(site) if args.live else []
    if args.json:
        answer = {"ok": True, "config_hash": site.config_hash, "lines": rows, "live": amiss}
        print(json.dumps(answer, ensure_ascii=False))
    else:
        counts = {"lines": len(site.lines), "devices": len(site.devices)}
        print(tr("{file}: good; {lines} lines, {devices} devices", file=args.file, **counts))
        for row in rows:
            print("  " + _said(row))
        for finding in amiss:
            print(f"  {finding['line']:<12} {finding['text']}")
    return 1 if amiss else 0


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


def _said(row: dict[str, object]) -> str:
    head = tr("{line:<12} {units} unit(s)", **row)
    if "worst_s" not in row:
        return head
    return head + tr(
        ", round {cycle_s:.3f} s, alarm latency at most {worst_s:.3f} s ({worst_unit}) of {budget_s:g} s", **row
    )
