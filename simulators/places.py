"""Where the lines of any configuration can stand on this machine: never in /dev, and only on loopback."""

import ipaddress
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from drivers.stream import SerialPort
from simulators.field_file import LineSetup, UnitSetup

DEVICES = Path("/dev")
LOOPBACK = "127.0.0.1"


def within(line: LineSetup, own: Path) -> LineSetup:
    """The same line where we may put it: a serial port of /dev under `own`, a far host on loopback."""
    endpoint = line.endpoint
    if endpoint is None:
        return replace(line, units=tuple(_on_loopback(unit) for unit in line.units))
    if isinstance(endpoint, SerialPort):
        path = str(own / line.id) if _in_dev(endpoint.path) else endpoint.path
        return replace(line, endpoint=replace(endpoint, path=path))
    host = endpoint.host if _is_loopback(endpoint.host) else LOOPBACK
    return replace(line, endpoint=replace(endpoint, host=host))


def _on_loopback(unit: UnitSetup) -> UnitSetup:
    """Two cameras of two hosts have the same ports: on one host the second one's are taken, and replaced."""
    camera = unit.camera
    if camera is None or _is_loopback(camera.host):
        return unit
    return replace(unit, camera=replace(camera, host=LOOPBACK))


def any_in_dev(lines: Iterable[LineSetup]) -> bool:
    """Whether a directory of our own is needed at all."""
    return any(isinstance(line.endpoint, SerialPort) and _in_dev(line.endpoint.path) for line in lines)


def called(line: LineSetup) -> str:
    """How a configuration calls its port or ports."""
    endpoint = line.endpoint
    if endpoint is None:
        cameras = (unit.camera for unit in line.units if unit.camera is not None)
        return ", ".join(f"{camera.host}:{port}" for camera in cameras for port in camera.ports.values())
    return endpoint.path if isinstance(endpoint, SerialPort) else f"{endpoint.host}:{endpoint.port}"


def _in_dev(path: str) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(DEVICES)


def _is_loopback(host: str) -> bool:
    """A name is not asked for: whoever has it, it is not for us to take."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
