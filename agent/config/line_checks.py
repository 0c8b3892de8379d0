"""What is wrong with lines and their units: clashes, settings without meaning, profiles that do not fit."""

import os
from collections.abc import Mapping

from agent.config.build import TIMEOUT_SERIAL_S, Profiles, endpoint_of
from agent.config.camera_checks import check_unit
from agent.config.findings import Findings
from agent.config.fits import not_allowed
from agent.config.models import ConfigModel, LineModel, UnitModel
from agent.config.source import Loc
from agent.language import tr
from agent.mistakes import did_you_mean
from drivers.profile import DeviceProfile
from drivers.stream import SerialPort

SERIAL = ("modbus_rtu", "serial")
SERIAL_KEYS = ("port", "baud", "data_bits", "parity", "stop_bits", "rs485")
SPEAKS = {"modbus": ("modbus_rtu", "modbus_tcp", "rtu_over_tcp"), "ip_camera": ("cameras",)}
TCP_KEYS = ("host", "tcp_port")
SERIAL_MEDIUM = ("port", TCP_KEYS)
MEDIA: Mapping[str, tuple[str | None, tuple[str, ...]]] = {
    "modbus_rtu": SERIAL_MEDIUM,
    "serial": SERIAL_MEDIUM,
    "cameras": (None, (*SERIAL_KEYS, *TCP_KEYS)),
}
"""The key that says where the line is, and those that say nothing there; else it is a host."""
LAST_ADDRESS = 247  # Modbus over serial line V1.02, 2.2; 0 speaks to all at once


class LineChecks:
    """`units` are those whose profile is known, for whoever checks what is made of them."""

    def __init__(self, found: Findings, config: ConfigModel, profiles: Profiles) -> None:
        self.units: dict[str, DeviceProfile] = {}
        self._found, self._config, self._profiles = found, config, profiles
        self._ids: set[str] = set()

    def run(self) -> None:
        """Every line, and its units."""
        self._ports()
        for n, line in enumerate(self._config.lines):
            self._line(("lines", n), line)

    def _ports(self) -> None:
        taken: dict[str, str] = {}
        for n, line in enumerate(self._config.lines):
            serial = line.type in SERIAL
            if serial and line.port:
                name = os.path.realpath(line.port)
            elif not serial and line.host:
                name = f"{line.host.lower()}:{line.tcp_port or 502}"
            else:
                continue
            if taken.setdefault(name, line.id) != line.id:
                said = tr("{port} is the port of line {line} already", port=name, line=taken[name])
                self._found.wrong(("lines", n, "port" if serial else "host"), said)

    def _line(self, loc: Loc, line: LineModel) -> None:
        self._medium(loc, line)
        addresses: dict[int, str] = {}
        for n, unit in enumerate(line.units):
            at = (*loc, "units", n)
            if unit.id in self._ids:
                said = tr("{name} is the id of an earlier one already", name=repr(unit.id))
                self._found.wrong((*at, "id"), said)
            self._ids.add(unit.id)
            profile = self._profiles.get(unit.profile)
            if profile is None:
                said = tr("no profile {name}", name=repr(unit.profile)) + did_you_mean(
                    unit.profile, self._profiles
                )
                self._found.wrong((*at, "profile"), said)
                continue
            self.units[unit.id] = profile
            self._unit(at, line, unit, profile)
            address = profile.port.address if unit.address is None else unit.address
            self._address(at, line, address)
            if line.type not in ("serial", "cameras") and addresses.setdefault(address, unit.id) != unit.id:
                said = tr("address {address} is unit {unit} already", address=address, unit=addresses[address])
                self._found.wrong((*at, "address"), said)
        self._settings_agree(loc, line)

    def _address(self, loc: Loc, line: LineModel, address: int) -> None:
        if line.type in ("modbus_rtu", "rtu_over_tcp") and not 1 <= address <= LAST_ADDRESS:
            said = tr("address {address}: want 1 to {last} on this line", address=address, last=LAST_ADDRESS)
            self._found.wrong((*loc, "address"), said)

    def _medium(self, loc: Loc, line: LineModel) -> None:
        wanted, unwanted = MEDIA.get(line.type, ("host", SERIAL_KEYS))
        if wanted is not None and getattr(line, wanted) is None:
            self._found.missing(loc, wanted, "/dev/campusgw/rs485-1" if wanted == "port" else "192.168.1.10")
        elif line.type in SERIAL and "/" not in str(line.port):
            said = tr("port: {port} is no path; want one such as /dev/campusgw/rs485-1", port=repr(line.port))
            self._found.wrong((*loc, "port"), said)
        for key in unwanted:
            if getattr(line, key) is not None:
                said = tr("{key} has no meaning on a {type} line", key=repr(key), type=line.type)
                self._found.wrong((*loc, key), said, key=True)
        if line.type == "serial" and len(line.units) > 1:
            said = tr("a serial line carries one panel or UPS; make a line of its own for this one")
            self._found.wrong((*loc, "units", 1), said)

    def _unit(self, loc: Loc, line: LineModel, unit: UnitModel, profile: DeviceProfile) -> None:
        types = SPEAKS.get(profile.protocol, ("serial",))
        if line.type not in types:
            said = tr("{profile} speaks {protocol}: it needs a line of type {wanted}", profile=profile.id,
                      protocol=profile.protocol, wanted=", ".join(types))  # fmt: skip
            self._found.wrong((*loc, "profile"), said)
        check_unit(self._found, loc, line, unit, profile)
        if unit.safe_state and profile.safe_state is None:
            said = tr("{profile} knows no safe state of its own", profile=profile.id)
            self._found.wrong((*loc, "safe_state"), said)
        names = [point.name for point in profile.readable_points]
        for n, name in enumerate(unit.points):
            if name not in names:
                said = tr("{profile} has no point {name}", profile=profile.id, name=repr(name))
                self._found.wrong((*loc, "points", n), said + did_you_mean(name, names))
        for n, block in enumerate(unit.blocks):
            if (why := not_allowed(block, profile)) is not None:
                self._found.wrong((*loc, "blocks", n), why)
        least_s = _least_timeout_s(line, profile, self._profiles)
        if unit.timeout_s is not None and unit.timeout_s < least_s:
            said = tr("timeout_s: {profile} may take {least:.3f} s to answer", profile=profile.id, least=least_s)
            self._found.wrong((*loc, "timeout_s"), said)

    def _settings_agree(self, loc: Loc, line: LineModel) -> None:
        """Where the line leaves a serial setting to the profiles, they must agree."""
        if line.type not in SERIAL:
            return
        ports = [self._profiles[u.profile].port for u in line.units if u.profile in self._profiles]
        for key in ("baud", "data_bits", "parity", "stop_bits"):
            defaults = {getattr(port, key) for port in ports}
            if getattr(line, key) is None and len(defaults) > 1:
                values = ", ".join(str(value) for value in sorted(defaults))
                said = tr("say {key}: the units' profiles differ ({values})", key=repr(key), values=values)
                self._found.wrong((*loc, "id"), said, about=(*loc, key))


def _least_timeout_s(line: LineModel, profile: DeviceProfile, profiles: Profiles) -> float:
    """The first byte of a reply comes after the turnaround; less than that is a loss by configuration."""
    if line.type != "modbus_rtu" or line.port is None:
        return profile.turnaround_s
    endpoint = endpoint_of(line, profiles) if all(u.profile in profiles for u in line.units) else None
    character_s = endpoint.character_s if isinstance(endpoint, SerialPort) else 0.0
    return min(profile.turnaround_s + 4 * character_s, TIMEOUT_SERIAL_S)
