"""What the figures were measured on, in words; and what importing the gateway costs."""

import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.stats import median

PACKAGES = ("pymodbus", "pyserial", "aiomqtt", "paho-mqtt", "pydantic")
LIBRARIES = {"libmodbus": "libmodbus", "libmosquitto": "libmosquitto"}
IMPORTED = "agent.cli.run, agent.config, agent.service.real_host, agent.service.run"
IMPORT_PROBE = f"import time; a = time.process_time(); import {IMPORTED}; print(time.process_time() - a)"
FSYNCS = 50
BUSY_LOAD = 0.7


def describe(directory: Path) -> dict[str, str]:
    """Machine and versions; `directory` is where the outbox will be."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _said(["git", "rev-parse", "--short", "HEAD"]),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB",
        "system": f"{_system()}, Linux {platform.release()}",
        "disk": f"fsync {fsync_ms(directory):.2f} ms (median of {FSYNCS})",
        "load before": f"{os.getloadavg()[0]:.2f} (1 minute)",
        "Python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "mosquitto": re.sub(r"^mosquitto version ", "", _said(["mosquitto", "-h"]).splitlines()[0]),
        **{name: _said(["pkg-config", "--modversion", name]) for name in LIBRARIES},
    }


def was_busy(machine: Mapping[str, str]) -> bool:
    """Others were using the machine when the measurement began, so that its figures say little."""
    return float(machine["load before"].split()[0]) > BUSY_LOAD


def imports_ms(rounds: int) -> float:
    """CPU time that importing all of `campusgw run` takes, in fresh processes."""
    took_s = [float(_said([sys.executable, "-c", IMPORT_PROBE])) for _ in range(rounds)]
    return median(took_s) * 1e3


def fsync_ms(directory: Path) -> float:
    """How long this disk takes to keep a page for good."""
    path = directory / "fsync.probe"
    took_s = []
    with path.open("wb") as file:
        for _ in range(FSYNCS):
            file.write(b"\0" * 4096)
            file.flush()
            before_s = time.perf_counter()
            os.fsync(file.fileno())
            took_s.append(time.perf_counter() - before_s)
    path.unlink()
    return median(took_s) * 1e3


def _said(words: list[str]) -> str:
    if shutil.which(words[0]) is None:
        return "?"
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "?"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model"):
            return value.strip()
    return platform.machine()


def _system() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.system()
