"""`campusgw schema`: JSON Schemas, for editors and for platforms."""

import argparse
import json
from pathlib import Path

from agent.language import tr

OF_FILES = ("gateway.schema.json", "rules.schema.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    messages = tr("the MQTT messages instead of the configuration")
    parser.add_argument("--messages", action="store_true", help=messages)
    write = tr("write all schemas into this directory")
    parser.add_argument("--write", type=Path, metavar="DIR", help=write)


def run(args: argparse.Namespace) -> int:
    """Print or write; always 0."""
    files = all_schemas()
    if args.write:
        args.write.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (args.write / name).write_text(text)
    elif args.messages:
        messages = {name: json.loads(text) for name, text in files.items() if name not in OF_FILES}
        print(_text(messages), end="")
    else:
        print(files["gateway.schema.json"], end="")
    return 0


def all_schemas() -> dict[str, str]:
    """File name → content of every schema under docs/schema."""
    from agent.config import gateway_schema, rules_schema
    from agent.uplink.commands import command_schemas
    from agent.uplink.envelope import schemas

    files = {f"{channel}.schema.json": _text(schema) for channel, schema in schemas().items()}
    files |= {f"command-{name}.schema.json": _text(schema) for name, schema in command_schemas().items()}
    own = {"gateway.schema.json": _text(gateway_schema()), "rules.schema.json": _text(rules_schema())}
    return own | files


def _text(schema: object) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
