"""`campusgw demo`: one school day, with everything simulated but the gateway."""

import argparse
import importlib.util
import sys

from agent.language import tr

REPORT = "demo-report.html"
NEEDED = ("rich", "iotcore")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument(
        "--scenario", default="school_day", help=tr("a shipped scenario or a file (default: school_day)")
    )
    parser.add_argument(
        "--keep", action="store_true", help=tr("stay up afterwards, for any MQTT client, until Ctrl-C")
    )
    parser.add_argument(
        "--broker", metavar="HOST:PORT", help=tr("use this MQTT 5 broker instead of one of our own")
    )
    where = tr("where the school's report goes at the end; '' for nowhere (default: {path})", path=REPORT)
    parser.add_argument("--report", default=REPORT, metavar="FILE", help=where)
    parser.add_argument("--json", action="store_true", help=tr("only the result, as JSON"))


def run(args: argparse.Namespace) -> int:
    """0 when everything has arrived, 1 when not, 78 for a scenario with mistakes, 130 after Ctrl-C."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        want = tr("the demo needs {packages}: pip install 'campus-gateway[demo]'", packages=", ".join(missing))
        print(want, file=sys.stderr)
        return 1
    from simulators.demo.show import show

    return show(args.scenario, broker=args.broker, keep=args.keep, json=args.json, report=args.report)
