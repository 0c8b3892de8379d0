"""What reading YAML costs and what it keeps: ruamel.yaml, as used, against PyYAML, where that is installed.

About 10 s: python -m bench.decisions.yaml_readers; prints the tables of docs/decisions/0005-yaml.md.
"""

import argparse
import importlib.util
import io
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
ROUNDS = 7
POINTS = 1000
# Run in a process of its own: what it prints is CPU ms and KiB over a bare interpreter's.
COST = """
import resource, time
def rss(): return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 1024
before = rss(), time.process_time()
{statement}
print(1000 * (time.process_time() - before[1]), rss() - before[0])
"""
IMPORTS = {
    "ruamel.yaml, round trip": "from ruamel.yaml import YAML; YAML(typ='rt', pure=True)",
    "PyYAML": "import yaml",
    "(tomllib)": "import tomllib",
}
TRAPS = {"norway": "no", "relay": "on", "at": "12:30", "code": "0123", "limit": "1e3"}


def import_cost(statement: str) -> tuple[float, float]:
    """CPU ms and MiB that the statement adds to a fresh interpreter."""
    runs = []
    for _ in range(ROUNDS):
        command = [sys.executable, "-c", COST.format(statement=statement)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        runs.append((float(said[0]), float(said[1]) / 1024))
    return statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs)


def gateway_of(points: int) -> str:
    """A configuration as large as a school's whole campus would need."""
    rows = "\n".join(
        f"  - id: panic-{n}\n    kind: one_key_alarm\n    name: 一键报警 {n}\n    points: {{pressed: io-{n}.di1}}"
        for n in range(points)
    )
    return f"devices:\n{rows}\n"


def readers() -> dict[str, Callable[[str], Any]]:
    """What parses a text, by name."""
    from ruamel.yaml import YAML

    found: dict[str, Callable[[str], Any]] = {"ruamel.yaml, round trip": YAML(typ="rt", pure=True).load}
    if importlib.util.find_spec("yaml"):
        import yaml

        found["PyYAML, pure Python"] = lambda text: yaml.load(text, yaml.SafeLoader)
        if yaml.__with_libyaml__:
            found["PyYAML, libyaml"] = lambda text: yaml.load(text, yaml.CSafeLoader)
    return found


def parse_ms(read: Callable[[str], Any], text: str) -> float:
    """Median CPU ms to parse a text."""
    runs = []
    for _ in range(3):
        started_s = time.process_time()
        read(text)
        runs.append(1000 * (time.process_time() - started_s))
    return statistics.median(runs)


def keeps_comments() -> bool:
    """A file read and written again is the same, comments and order included."""
    from ruamel.yaml import YAML

    yaml = YAML(typ="rt", pure=True)
    yaml.width, yaml.preserve_quotes = 200, True
    yaml.indent(mapping=2, sequence=4, offset=2)
    text = (ROOT / "configs/gateways/minimal.yaml").read_text()
    written = io.StringIO()
    yaml.dump(yaml.load(text), written)
    return written.getvalue() == text


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    found = readers()
    print("| import | CPU ms | MiB |\n|---|---|---|")
    for name, statement in IMPORTS.items():
        if name == "PyYAML" and len(found) == 1:
            continue
        cpu_ms, mib = import_cost(statement)
        print(f"| {name} | {cpu_ms:.0f} | {mib:.1f} |")
    demo, large = (ROOT / "configs/gateways/demo.yaml").read_text(), gateway_of(POINTS)
    print(f"\n| parse | demo.yaml, CPU ms | {POINTS} devices, CPU ms | " + " | ".join(TRAPS.values()) + " |")
    print("|---|---|---|" + "---|" * len(TRAPS))
    for name, read in found.items():
        seen = dict(read("\n".join(f"{key}: {value}" for key, value in TRAPS.items())))
        values = " | ".join(repr(seen[key]) for key in TRAPS)
        print(f"| {name} | {parse_ms(read, demo):.1f} | {parse_ms(read, large):.0f} | {values} |")
    print(f"\nread and written again unchanged by ruamel.yaml (minimal.yaml): {keeps_comments()}")
    if len(found) == 1:
        print("PyYAML is not installed here; `pip install --target DIR PyYAML` and PYTHONPATH=DIR add its rows")


if __name__ == "__main__":
    main()
