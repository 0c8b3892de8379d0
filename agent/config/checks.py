"""What only the whole configuration can tell: clashes, dangling names, reads that a profile does not allow."""

import os
import zoneinfo
from collections.abc import Collection, Iterable

from agent.alarms.kinds import KINDS
from agent.config.build import TIMEOUT_SERIAL_S, Profiles, endpoint_of, roles_of
from agent.config.fits import is_number, misfit, not_allowed, sort_of, unfit
from agent.config.models import ConfigModel, DeviceModel, LineModel, PointModel, UnitModel
from agent.config.sounder import sounder_mistake
from agent.config.source import Loc, Source
from agent.config.ways import uplink_mistakes
from agent.errors import Mistake
from agent.language import tr
from agent.mistakes import did_you_mean
from drivers.profile import DeviceProfile
from drivers.stream import SerialPort

SERIAL = ("modbus_rtu", "serial")
SERIAL_KEYS = ("port", "baud", "data_bits", "parity", "stop_bits", "rs485")
TCP_KEYS = ("host", "tcp_port")
LAST_ADDRESS = 247  # Modbus over serial line V1.02, 2.2; 0 speaks to all at once
SOCKET_PATH_MOST = 107  # bytes: sockaddr_un


class Check:
    """Collects every mistake; the order of the checks does not matter."""

    def __init__(
        self, source: Source, config: ConfigModel, profiles: Profiles, unsure: Collection[Loc] = ()
    ) -> None:
        self.mistakes: list[Mistake] = []
        self._wrong_at: list[Loc] = []
        self._unsure = [tuple(loc) for loc in unsure]
        self._source, self._config, self._profiles = source, config, profiles
        self._units: dict[str, DeviceProfile] = {}

    def run(self) -> None:
        """Everything that needs no arithmetic of time."""
        self._time_zone()
        self._alone()
        self._unique("lines", [line.id for line in self._config.lines])
        self._unique("devices", [device.id for device in self._config.devices])
        self._ports()
        unit_ids: dict[str, str] = {}
        for n, line in enumerate(self._config.lines):
            self._line(("lines", n), line, unit_ids)
        users: dict[str, str] = {}
        for n, device in enumerate(self._config.devices):
            self._device(("devices", n), device, users)
        self._sounder(users)

    # --- pieces -------------------------------------------------------------------------------------

    def sound_lines(self) -> list[int]:
        """Those whose times can be reckoned: nothing that counts for it is wrong or a guess."""
        doubted = {loc[1] for loc in (*self._wrong_at, *self._unsure) if loc[0] == "lines" and loc[2:] != ("id",)}
        return [n for n in range(len(self._config.lines)) if n not in doubted]

    def _wrong(self, loc: Loc, what: str, *, key: bool = False, about: Loc | None = None) -> None:
        """What follows only from a mistake that is told already (`about` it) is no mistake of its own."""
        self._wrong_at.append(loc)
        if not self._guessed(loc if about is None else about):
            self.mistakes.append(self._source.mistake(loc, what, key=key))

    def _guessed(self, loc: Loc) -> bool:
        return any(one == tuple(loc)[: len(one)] or one[: len(loc)] == tuple(loc) for one in self._unsure)

    def _time_zone(self) -> None:
        name = self._config.gateway.time_zone
        zones = zoneinfo.available_timezones()
        if zones and name not in zones:
            said = tr("no time zone {name}", name=repr(name)) + did_you_mean(name, zones)
            self._wrong(("gateway", "time_zone"), said)

    def _alone(self) -> None:
        """What needs nothing but itself."""
        path = self._config.control_socket
        for loc, said in uplink_mistakes(self._config.uplink):
            self._wrong(("uplink", *loc), said)
        if path is not None and len(os.fsencode(path)) > SOCKET_PATH_MOST:
            said = tr("{key}: a socket's path may have {most} bytes", key="control_socket", most=SOCKET_PATH_MOST)
            self._wrong(("control_socket",), said)

    def _unique(self, room: str, ids: Iterable[str]) -> None:
        first: dict[str, int] = {}
        for n, name in enumerate(ids):
            if first.setdefault(name, n) != n:
                self._wrong((room, n, "id"), tr("{name} is the id of an earlier one already", name=repr(name)))

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
                self._wrong(("lines", n, "port" if serial else "host"), said)

    def _line(self, loc: Loc, line: LineModel, unit_ids: dict[str, str]) -> None:
        self._medium(loc, line)
        addresses: dict[int, str] = {}
        for n, unit in enumerate(line.units):
            at = (*loc, "units", n)
            if unit_ids.setdefault(unit.id, line.id) != line.id or [u.id for u in line.units].index(unit.id) != n:
                self._wrong((*at, "id"), tr("{name} is the id of an earlier one already", name=repr(unit.id)))
            profile = self._profiles.get(unit.profile)
            if profile is None:
                said = tr("no profile {name}", name=repr(unit.profile)) + did_you_mean(
                    unit.profile, self._profiles
                )
                self._wrong((*at, "profile"), said)
                continue
            self._units[unit.id] = profile
            self._unit(at, line, unit, profile)
            address = profile.port.address if unit.address is None else unit.address
            self._address(at, line, address)
            if line.type != "serial" and addresses.setdefault(address, unit.id) != unit.id:
                said = tr("address {address} is unit {unit} already", address=address, unit=addresses[address])
                self._wrong((*at, "address"), said)
        self._settings_agree(loc, line)

    def _address(self, loc: Loc, line: LineModel, address: int) -> None:
        if line.type in ("modbus_rtu", "rtu_over_tcp") and not 1 <= address <= LAST_ADDRESS:
            said = tr("address {address}: want 1 to {last} on this line", address=address, last=LAST_ADDRESS)
            self._wrong((*loc, "address"), said)

    def _medium(self, loc: Loc, line: LineModel) -> None:
        wanted, unwanted = ("port", TCP_KEYS) if line.type in SERIAL else ("host", SERIAL_KEYS)
        if getattr(line, wanted) is None:
            self._missing(loc, wanted, "/dev/campusgw/rs485-1" if wanted == "port" else "192.168.1.10")
        elif line.type in SERIAL and "/" not in str(line.port):
            said = tr("port: {port} is no path; want one such as /dev/campusgw/rs485-1", port=repr(line.port))
            self._wrong((*loc, "port"), said)
        for key in unwanted:
            if getattr(line, key) is not None:
                said = tr("{key} has no meaning on a {type} line", key=repr(key), type=line.type)
                self._wrong((*loc, key), said, key=True)
        if line.type == "serial" and len(line.units) > 1:
            said = tr("a serial line carries one panel; make a line of its own for this one")
            self._wrong((*loc, "units", 1), said)

    def _missing(self, loc: Loc, key: str, example: str) -> None:
        """A key that another one asks for: not there, or there without a value."""
        at, empty = loc, self._source.has((*loc, key))
        if empty:
            at, said = (*loc, key), tr("{key} has no value; write for example {example}", key=key,
                                       example=f"{key}: {example}")  # fmt: skip
        else:
            said = tr("{key} is missing here; write for example {example}", key=repr(key),
                      example=f"{key}: {example}")  # fmt: skip
        self._wrong(at, said, about=(*loc, key))

    def _unit(self, loc: Loc, line: LineModel, unit: UnitModel, profile: DeviceProfile) -> None:
        if (profile.protocol == "modbus") == (line.type == "serial"):
            wanted = "modbus_rtu, modbus_tcp, rtu_over_tcp" if profile.protocol == "modbus" else "serial"
            said = tr("{profile} speaks {protocol}: it needs a line of type {wanted}", profile=profile.id,
                      protocol=profile.protocol, wanted=wanted)  # fmt: skip
            self._wrong((*loc, "profile"), said)
        names = [point.name for point in profile.readable_points]
        for n, name in enumerate(unit.points):
            if name not in names:
                said = tr("{profile} has no point {name}", profile=profile.id, name=repr(name))
                self._wrong((*loc, "points", n), said + did_you_mean(name, names))
        for n, block in enumerate(unit.blocks):
            if (why := not_allowed(block, profile)) is not None:
                self._wrong((*loc, "blocks", n), why)
        least_s = _least_timeout_s(line, profile, self._profiles)
        if unit.timeout_s is not None and unit.timeout_s < least_s:
            said = tr("timeout_s: {profile} may take {least:.3f} s to answer", profile=profile.id, least=least_s)
            self._wrong((*loc, "timeout_s"), said)

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
                self._wrong((*loc, "id"), said, about=(*loc, key))

    def _device(self, loc: Loc, device: DeviceModel, users: dict[str, str]) -> None:
        if device.unit is not None and device.unit not in self._units and not self._known_but_wrong(device.unit):
            said = tr("no unit {name}", name=repr(device.unit)) + did_you_mean(device.unit, self._units)
            self._wrong((*loc, "unit"), said)
        if device.kind == "fire_panel":
            self._panel(loc, device, users)
        else:
            self._points(loc, device, users)
        self._settings(loc, device)

    def _known_but_wrong(self, unit: str) -> bool:
        """The unit is there but its profile is not: that has been said already."""
        return any(unit == u.id for line in self._config.lines for u in line.units)

    def _panel(self, loc: Loc, device: DeviceModel, users: dict[str, str]) -> None:
        if device.unit is None:
            self._missing(
                loc, "unit", next((u for u, p in self._units.items() if p.kind == "fire_panel"), "panel-1")
            )
        elif device.unit in self._units:
            if self._units[device.unit].kind != "fire_panel":
                self._wrong((*loc, "unit"), tr("{unit} is no fire panel", unit=device.unit))
            self._taken((*loc, "unit"), device.unit, device.id, users)
        if device.points:
            said = tr("a fire panel has no points of its own; name its addresses under `places`")
            self._wrong((*loc, "points"), said, key=True)

    def _taken(self, loc: Loc, what: str, by: str, users: dict[str, str]) -> None:
        if users.setdefault(what, by) != by:
            self._wrong(loc, tr("{point} is used by {user} already", point=what, user=users[what]))

    def _points(self, loc: Loc, device: DeviceModel, users: dict[str, str]) -> None:
        if device.places:
            self._wrong((*loc, "places"), tr("only a fire panel has places"), key=True)
        dangling = device.unit is not None and device.unit not in self._units
        given = dict(device.points) if dangling else roles_of(device, self._units)
        for role, point in given.items():
            at = (*loc, "points", role) if role in device.points else (*loc, "unit")
            if self._point(at, device, role, point):
                self._taken(at, point.point, f"{device.id}.{role}", users)
        if not dangling and not self._guessed((*loc, "unit")):
            self._enough(loc, device, set(given))

    def _point(self, loc: Loc, device: DeviceModel, role: str, point: PointModel) -> bool:
        """The point is there, and it can say what the role wants."""
        kind = KINDS[device.kind]
        if role not in kind.roles and not kind.any_number:
            said = tr("a {kind} has no role {role}", kind=device.kind, role=repr(role))
            self._wrong(loc, said + did_you_mean(role, kind.roles), key=True)
        unit, _, name = point.point.partition(".")
        if unit not in self._units:
            if not self._known_but_wrong(unit):
                self._wrong(loc, tr("no unit {name}", name=repr(unit)) + did_you_mean(unit, self._units))
            return False
        profile = self._units[unit]
        names = [p.name for p in profile.points]
        if name not in names:
            said = tr("{profile} has no point {name}", profile=profile.id, name=repr(name))
            self._wrong(loc, said + did_you_mean(name, names))
            return False
        if role in kind.roles and (why := misfit(profile.point(name), kind.roles[role])) is not None:
            self._wrong(loc, tr("{role}: {point} {why}", role=role, point=point.point, why=why))
        self._asked(loc, unit, name)
        if point.normally == "closed" and sort_of(profile.point(name)) != "bool":
            self._wrong((*loc, "normally"), tr("only a contact is normally open or closed"), key=True)
        return True

    def _asked(self, loc: Loc, unit: str, name: str) -> None:
        only = next(u.points for line in self._config.lines for u in line.units if u.id == unit)
        if only and name not in only:
            said = tr("{name} is not among the `points` that are asked of {unit}", name=name, unit=unit)
            self._wrong(loc, said)

    def _enough(self, loc: Loc, device: DeviceModel, given: set[str]) -> None:
        """The device can see what it is there for."""
        kind = KINDS[device.kind]
        if not given:
            roles = ", ".join(role for role, spec in kind.roles.items() if not spec.output)
            said = tr("the device has no points; give `points` with some of: {roles}", roles=roles)
            self._wrong((*loc, "id"), said, about=(*loc, "points"))
        elif kind.needs and not any(given | set(device.settings) >= set(group) for group in kind.needs):
            groups = tr(" or ").join(" + ".join(group) for group in kind.needs)
            said = tr("a {kind} needs {groups}", kind=device.kind, groups=groups)
            self._wrong((*loc, "id"), said, about=(*loc, "points"))

    def _sounder(self, users: dict[str, str]) -> None:
        sounder = self._config.sounder
        if sounder is None or self._dangles(sounder.point.partition(".")[0]):
            return
        if (why := sounder_mistake(sounder.point, self._units, users)) is not None:
            self._wrong(("sounder", "point"), why)

    def _dangles(self, unit: str) -> bool:
        return unit not in self._units and self._known_but_wrong(unit)

    def _settings(self, loc: Loc, device: DeviceModel) -> None:
        kind = KINDS[device.kind]
        for name, value in device.settings.items():
            at, spec = (*loc, "settings", name), kind.settings.get(name)
            if spec is None:
                said = tr("a {kind} has no setting {name}", kind=device.kind, name=repr(name))
                self._wrong(at, said + did_you_mean(name, kind.settings), key=True)
            elif (why := unfit(value, spec)) is not None:
                self._wrong(at, tr("{key}: want {want}", key=name, want=why))
        values = {name: spec.default for name, spec in kind.settings.items()} | dict(device.settings)
        for low, high in kind.ascending:
            one, other = values[low], values[high]
            if is_number(one) and is_number(other) and one >= other:
                at = (*loc, "settings", low if low in device.settings else high)
                self._wrong(at, tr("{low} must be below {high}", low=low, high=high))


def _least_timeout_s(line: LineModel, profile: DeviceProfile, profiles: Profiles) -> float:
    """The first byte of a reply comes after the turnaround; less than that is a loss by configuration."""
    if line.type != "modbus_rtu" or line.port is None:
        return profile.turnaround_s
    endpoint = endpoint_of(line, profiles) if all(u.profile in profiles for u in line.units) else None
    character_s = endpoint.character_s if isinstance(endpoint, SerialPort) else 0.0
    return min(profile.turnaround_s + 4 * character_s, TIMEOUT_SERIAL_S)
