"""The gateway as the demo runs it: its own process, in a private directory, with a copy of a configuration."""

import zoneinfo
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from simulators.child import Child
from simulators.demo.today import as_today
from simulators.gateway_file import put_ports, save
from simulators.real_field import Port
from simulators.scenario_file import read_yaml


def write_config(source: Path, copy: Path, broker: tuple[str, int], ports: Mapping[str, Port]) -> dict[str, Any]:
    """Copy a gateway's configuration with the broker and the TCP ports that there are; returns the copy."""
    document: dict[str, Any] = read_yaml(source)
    host, number = broker
    document["uplink"]["brokers"] = [{"host": host, "port": number}]
    put_ports(document, ports)
    if "school" in document:
        zone = zoneinfo.ZoneInfo(document["gateway"].get("time_zone", "Asia/Shanghai"))
        document["school"] = as_today(document["school"], datetime.now(zone))
    with copy.open("w", encoding="utf-8") as file:
        save(document, file)
    return document


def topics_of(document: Mapping[str, Any]) -> str:
    """Everything that this gateway says upstream."""
    gateway = document["gateway"]
    return f"campus/v1/{gateway['region']}/{gateway['site']}/{gateway['id']}/#"


def gateway_child(config: Path, directory: Path) -> Child:
    """The same command that a service manager would start; the demo takes this machine's clock for right."""
    command = ["-m", "agent", "run", "--config", str(config)]
    return Child("gateway", command, directory, {"CAMPUSGW_CLOCK": "synchronised"})
