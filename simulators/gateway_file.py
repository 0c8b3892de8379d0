"""A gateway's configuration, copied with the ports at which its lines really are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from agent.language import tr
from drivers.errors import GatewayError
from simulators.camera_ports import CameraPorts
from simulators.pty_port import PtyPort
from simulators.real_field import Port
from simulators.scenario_file import read_yaml

MARK = "# made by campusgw simulate, and replaced by the next one: do not edit\n"


class NotWritten(GatewayError):
    """The copy cannot be put there: say so, nothing else was touched."""


def put_ports(document: dict[str, Any], ports: Mapping[str, Port]) -> None:
    """Let the document name these ports; relative names of serial ports stay, as they go where it goes."""
    for line in document["lines"]:
        port = ports[line["id"]]
        if isinstance(port, CameraPorts):
            port.put(line["units"])
        elif not isinstance(port, PtyPort):
            line["host"], line["tcp_port"] = port.host, port.port
        elif port.link.is_absolute() and Path(line["port"]).is_absolute():
            line["port"] = str(port.link)


def write_copy(source: Path, copy: Path, ports: Mapping[str, Port]) -> None:
    """Write the copy; only an earlier one is replaced. Raises NotWritten."""
    document: dict[str, Any] = read_yaml(source)
    put_ports(document, ports)
    try:
        if copy.exists() and not _is_ours(copy):
            raise NotWritten(tr("{file}: there is something else of that name", file=copy))
        with copy.open("w", encoding="utf-8") as file:
            file.write(MARK)
            save(document, file)
    except OSError as error:
        raise NotWritten(f"{copy}: {error.strerror or error}") from error


def save(document: dict[str, Any], file: Any) -> None:
    """As YAML, its comments kept."""
    YAML(typ="rt", pure=True).dump(document, file)


def _is_ours(copy: Path) -> bool:
    with copy.open("rb") as file:
        return file.read(len(MARK)) == MARK.encode()
