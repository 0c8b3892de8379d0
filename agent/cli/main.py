"""The command `campusgw`: one table of commands, each imported only when it is called."""

import argparse
import importlib
import io
import os
import sys

from agent import __version__
from agent.cli.parser import Parser, did_you_mean
from agent.language import later, tr, use_language

# Those of the simulators are named, not imported: the agent runs without them.
COMMANDS = {
    "run": ("agent.cli.run", later("run the gateway")),
    "check": ("agent.cli.check", later("check a configuration; opens no port")),
    "schema": ("agent.cli.schema", later("print the JSON Schema of the configuration or of the messages")),
    "status": ("agent.cli.status", later("the running gateway on one screen")),
    "alarm": ("agent.cli.alarm", later("see, acknowledge, reset and set aside alarms")),
    "provision": ("agent.cli.provision", later("is the school provisioned as the rules require, and why (not)")),
    "linkage": ("agent.cli.linkage", later("cause and effect: see, explain, check, try and reset it")),
    "sign": ("agent.cli.sign", later("who is on duty; sign on and off by name")),
    "drill": ("agent.cli.drill", later("announce drills and test presses, and see what they showed")),
    "hazard": ("agent.cli.hazard", later("the hazard ledger: what is open, and the steps to its end")),
    "demo": (
        "simulators.demo",
        later("one school day in about a minute, with everything simulated but the gateway"),
    ),
    "simulate": ("simulators.command", later("a simulated field on real ports, with a story")),
}
EXIT_USAGE = 2


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    args = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):  # a terminal that cannot show Chinese is no reason to fail
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    use_language(_language_of(args))
    try:
        try:
            return _run(args)
        finally:
            sys.stdout.flush()  # here, where it can be caught: not when the interpreter ends
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # who read us has gone; say nothing more
        return 0


def _run(args: list[str]) -> int:
    name = next((arg for arg in _without_options(args) if not arg.startswith("-")), None)
    if name is None or name not in COMMANDS:
        return _without_command(args, name)
    command = importlib.import_module(COMMANDS[name][0])
    parser = Parser("campusgw " + name, tr(COMMANDS[name][1]))
    _add_common(parser)
    command.add_arguments(parser)
    rest = list(args)
    rest.remove(name)
    return int(command.run(parser.parse(rest)))


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lang", choices=["zh", "en"], help=tr("language of the texts (default: the locale's)"))


def _without_command(args: list[str], name: str | None) -> int:
    if "--version" in args:
        print(f"campusgw {__version__}")
        return 0
    if name is not None:
        hint = did_you_mean(name, COMMANDS)
        print(tr("no command {name}", name=repr(name)) + hint, file=sys.stderr)
        print(tr("campusgw --help lists the commands"), file=sys.stderr)
        return EXIT_USAGE
    print(_help())
    return 0 if {"-h", "--help"} & set(args) else EXIT_USAGE


def _help() -> str:
    lines = [tr("campusgw: the campus security gateway"), "", tr("commands:")]
    lines += [f"  {name:<10} {tr(text)}" for name, (_, text) in COMMANDS.items()]
    lines += ["", tr("examples:")]
    lines += ["  campusgw demo", "  campusgw check /etc/campusgw/gateway.yaml", "  campusgw alarm list --lang zh"]
    lines += ["", tr("`campusgw COMMAND --help` tells the rest; --lang zh or en chooses the language.")]
    return "\n".join(lines)


def _language_of(args: list[str]) -> str | None:
    for n, arg in enumerate(args):
        if arg == "--lang" and n + 1 < len(args):
            return args[n + 1]
        if arg.startswith("--lang="):
            return arg.removeprefix("--lang=")
    return None


def _without_options(args: list[str]) -> list[str]:
    """The arguments without `--lang X`, which may stand before the command."""
    return [arg for n, arg in enumerate(args) if arg != "--lang" and (n == 0 or args[n - 1] != "--lang")]


if __name__ == "__main__":
    sys.exit(main())
