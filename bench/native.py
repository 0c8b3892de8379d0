"""The bench's C programs, compiled on the spot."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.errors import Missing

SOURCES = Path(__file__).parent / "native"
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra")
HEADERS = {"modbus/modbus.h": "libmodbus-dev", "mosquitto.h": "libmosquitto-dev"}


@dataclass(frozen=True, slots=True)
class Programs:
    """Paths of the compiled programs, and of the broker."""

    field: Path
    floor: Path
    subscriber: Path
    broker: Path


def build(into: Path) -> Programs:
    """Compile what is older than its sources; raises Missing."""
    broker = shutil.which("mosquitto")
    _demand(broker is not None, "mosquitto")
    _demand(shutil.which("cc") is not None, "gcc")
    for header, package in HEADERS.items():
        _demand((Path("/usr/include") / header).exists(), package)
    into.mkdir(parents=True, exist_ok=True)
    return Programs(
        build_field(into),
        _compile(into / "floor", ("floor.c",), ("modbus", "mosquitto", "pthread")),
        _compile(into / "subscriber", ("subscriber.c",), ("mosquitto",)),
        Path(broker or ""),
    )


def build_field(into: Path) -> Path:
    """Only the field: it needs nothing but a compiler."""
    sources = ("field.c", "field_flips.c", "field_rtu.c", "field_tcp.c")
    return _compile(into / "field", sources, ("pthread", "m"))


def _demand(there: bool, package: str) -> None:
    if not there:
        packages = " ".join(("gcc", "mosquitto", *HEADERS.values()))
        raise Missing(f"{package} is not here. On Debian: sudo apt install {packages}")


def _compile(program: Path, sources: tuple[str, ...], libraries: tuple[str, ...]) -> Path:
    newest_s = max(path.stat().st_mtime for path in SOURCES.iterdir())
    if not program.exists() or program.stat().st_mtime < newest_s:
        files = [str(SOURCES / name) for name in sources]
        links = [f"-l{name}" for name in libraries]
        subprocess.run(["cc", *FLAGS, "-o", str(program), *files, *links], check=True)
    return program
