"""What a gateway's YAML says of its field: the lines and the units on them; everything else is skipped.

A lenient reader of its own, because simulators stand beside the agent and not inside it: `campusgw check`
tells what is wrong with a file, this only wants to know what to play.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from drivers.camera.probe import Camera
from drivers.errors import GatewayError
from drivers.profile import DeviceProfile
from drivers.profiles import Shelf, profiles_dir
from drivers.stream import Endpoint, SerialPort, TcpEndpoint

SOCKETS = ("modbus_tcp", "rtu_over_tcp")


class FieldFileError(GatewayError):
    """The file does not say what there is to play: run `campusgw check` on it."""


@dataclass(frozen=True, slots=True)
class UnitSetup:
    """One field device: a profile at an address."""

    id: str
    profile: DeviceProfile
    address: int
    camera: Camera | None = None


@dataclass(frozen=True, slots=True)
class LineSetup:
    """One line: `kind` is modbus_rtu, modbus_tcp, rtu_over_tcp, serial or cameras, which have no endpoint."""

    id: str
    kind: str
    endpoint: Endpoint | None
    units: tuple[UnitSetup, ...]
    echo: bool = False

    @property
    def character_s(self) -> float:
        """Time of a character on the wire; a socket has none that counts."""
        return self.endpoint.character_s if isinstance(self.endpoint, SerialPort) else 0.0


def read_lines(path: Path, profiles: Path | None = None) -> tuple[LineSetup, ...]:
    """The lines of a gateway's configuration; raises FieldFileError."""
    known = Shelf(profiles or profiles_dir())
    try:
        document = YAML(typ="safe", pure=True).load(path)
        return tuple(_line(raw, known) for raw in document["lines"])
    except (KeyError, TypeError, ValueError, AttributeError, OSError, YAMLError) as error:
        raise FieldFileError(f"{path}: no lines to play ({type(error).__name__}: {error})") from error


def _line(raw: Mapping[str, Any], known: Mapping[str, DeviceProfile]) -> LineSetup:
    units = tuple(_unit(unit, known) for unit in raw["units"])
    return LineSetup(raw["id"], raw["type"], _endpoint(raw, units[0].profile), units, bool(raw.get("echo")))


def _unit(raw: Mapping[str, Any], known: Mapping[str, DeviceProfile]) -> UnitSetup:
    profile = known[raw["profile"]]
    address = raw.get("address")
    own = profile.port.address if address is None else int(address)
    return UnitSetup(raw["id"], profile, own, _camera(raw, profile) if profile.probes is not None else None)


def _camera(raw: Mapping[str, Any], profile: DeviceProfile) -> Camera:
    assert profile.probes is not None
    return Camera(raw["host"], profile.probes.asked | dict(raw.get("ports") or {}), raw.get("path") or "")


def _endpoint(raw: Mapping[str, Any], profile: DeviceProfile) -> Endpoint | None:
    """Settings that the file leaves open are the first unit's own."""
    if raw["type"] == "cameras":
        return None
    if raw["type"] in SOCKETS:
        return TcpEndpoint(raw["host"], int(raw.get("tcp_port") or 502))
    port = profile.port
    return SerialPort(
        raw["port"],
        raw.get("baud") or port.baud,
        raw.get("data_bits") or port.data_bits,
        raw.get("parity") or port.parity,
        raw.get("stop_bits") or port.stop_bits,
    )
