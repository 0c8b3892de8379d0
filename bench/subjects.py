"""Who is measured, and how each is told of the field and the broker."""

import json
import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.cases import BACKOFF, FLOOR, GATEWAY, PLAIN, PROFILED, REPLY_TIMEOUT_S, Case
from bench.errors import BenchError
from bench.native import Programs

INPUTS = 16
CONFIG = "gateway.yaml"
BACKOFF_S = 5.0
FLAT_OUT_S = 0.001  # back to back; on a serial line the default interval is shorter than any cycle


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a subject finds things; `ports` is one pty, or one TCP port a unit."""

    case: Case
    directory: Path
    broker_port: int
    ports: tuple[str, ...]
    programs: Programs


def command(subject: str, setting: Setting) -> list[str]:
    """The command line that starts a subject as one process."""
    return COMMANDS[subject](setting)


def computed_worst_s(subject: str, setting: Setting) -> float:
    """The worst alarm latency up to the reply that the gateway itself computes; NaN for the others."""
    if subject != GATEWAY:
        return math.nan
    words = [sys.executable, "-m", "agent", "check", "--json", str(setting.directory / CONFIG)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{setting.case.name}: the gateway refuses its configuration: {done.stdout}{done.stderr}")
    return max(float(line["worst_s"]) for line in json.loads(done.stdout)["lines"])


def is_ready(subject: str, topic: str) -> bool:
    """The subject's own word that it is connected to the broker."""
    return topic.endswith("/status/gateway") if subject in (GATEWAY, PROFILED) else topic == "bench/ready"


def _gateway(setting: Setting) -> list[str]:
    return [sys.executable, "-m", "agent", *_run_words(setting)]


def _profiled(setting: Setting) -> list[str]:
    return [sys.executable, "-m", "bench.profiled", str(setting.directory / "profile"), *_run_words(setting)]


def _run_words(setting: Setting) -> list[str]:
    path = setting.directory / CONFIG
    path.write_text(gateway_config(setting))
    return ["run", "--config", str(path), "--log-level", "warning"]


def _floor(setting: Setting, backoff_s: float = 0.0) -> list[str]:
    timeout_ms = str(round(REPLY_TIMEOUT_S * 1000))
    program = str(setting.programs.floor)
    return [program, str(setting.broker_port), timeout_ms, f"{backoff_s:g}", *_medium(setting)]


def _patient_floor(setting: Setting) -> list[str]:
    return _floor(setting, BACKOFF_S)


def _plain(setting: Setting) -> list[str]:
    script = str(Path(__file__).parent / "plain_loop.py")
    return [sys.executable, script, str(setting.broker_port), f"{REPLY_TIMEOUT_S:g}", *_medium(setting)]


COMMANDS: dict[str, Callable[[Setting], list[str]]] = {
    GATEWAY: _gateway,
    FLOOR: _floor,
    BACKOFF: _patient_floor,
    PLAIN: _plain,
    PROFILED: _profiled,
}


def _medium(setting: Setting) -> list[str]:
    if setting.case.medium.baud:
        return ["rtu", setting.ports[0], str(setting.case.medium.baud), str(setting.case.units)]
    return ["tcp", *setting.ports]


# --- the gateway's configuration ----------------------------------------------------------------------


def gateway_config(setting: Setting) -> str:
    """What an installer would write for this field: every input is a device of its own."""
    case, directory = setting.case, setting.directory
    rows = [
        'gateway: {id: gw-bench, site: "4301020001", region: "430102", name: bench}',
        f"uplink: {{brokers: [{{host: 127.0.0.1, port: {setting.broker_port}}}]}}",
        f"storage: {{directory: {directory / 'state'}}}",
        f"control_socket: {directory / 'control.sock'}",
        "lines:",
    ]
    rows += _serial_line(setting) if case.medium.baud else _tcp_lines(setting)
    rows.append("devices:")
    for unit in range(1, case.units + 1):
        rows += [
            _device(unit, number, detector=bool(case.keys) and unit not in case.keys) for number in range(INPUTS)
        ]
    return "\n".join(rows) + "\n"


def _serial_line(setting: Setting) -> list[str]:
    case = setting.case
    head = f"  - {{id: rs485-1, type: modbus_rtu, port: {setting.ports[0]}, baud: {case.medium.baud}, units: ["
    return [head, *(f"      {_unit(case, unit, unit)}," for unit in range(1, case.units + 1)), "    ]}"]


def _tcp_lines(setting: Setting) -> list[str]:
    return [
        f"  - {{id: tcp-{unit}, type: modbus_tcp, host: 127.0.0.1, tcp_port: {port},"
        f" units: [{_unit(setting.case, unit, 1)}]}}"
        for unit, port in enumerate(setting.ports, 1)
    ]


def _unit(case: Case, unit: int, address: int) -> str:
    interval = "" if case.medium.baud else f", interval_s: {FLAT_OUT_S}"
    return f"{{id: io-{unit}, profile: moxa_e1210_e1212, address: {address}{interval}}}"


def _device(unit: int, number: int, *, detector: bool) -> str:
    kind, role = ("fire_sensor", "alarm") if detector else ("one_key_alarm", "pressed")
    name = f"u{unit}-i{number}"
    return f"  - {{id: {name}, kind: {kind}, name: {name}, points: {{{role}: io-{unit}.di{number}}}}}"
