"""A checked configuration as plain frozen data; nothing can go wrong here any more."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from agent.alarms.kinds import KINDS
from agent.alarms.spec import RoleSpec
from agent.config.drill_models import drill_settings
from agent.config.hazard_models import build_escalation, build_hazards
from agent.config.linkage_build import Field, build_matrix
from agent.config.models import ConfigModel, DeviceModel, LineModel, PointModel, UnitModel
from agent.config.school_models import build_school
from agent.config.uplink_models import BrokerModel, UplinkModel
from agent.hazards.rules import RuleBook
from agent.linkage.model import Matrix
from agent.provisioning.pack import Pack
from agent.session import Broker, Tls
from agent.site import (
    BackupSettings,
    Device,
    Identity,
    LinePlan,
    PointUse,
    Site,
    Sounder,
    StorageSettings,
    Unit,
    UplinkSettings,
)
from drivers.camera.probe import Camera
from drivers.profile import DeviceProfile, ExactBlock
from drivers.stream import Endpoint, Rs485, SerialPort, TcpEndpoint

TIMEOUT_SERIAL_S = 0.3
TIMEOUT_TCP_S = 1.0
TIMEOUT_CAMERA_S = 3.0
ALARM_INTERVAL_S = 0.05  # a press of 100 ms is sampled twice (panic_button practice: half the shortest press)
INTERVAL_S = 1.0

Profiles = Mapping[str, DeviceProfile]


def build_site(
    config: ConfigModel,
    profiles: Profiles,
    config_hash: str,
    packs: tuple[Pack, ...] = (),
    book: RuleBook | None = None,
) -> Site:
    """The school as the agent sees it."""
    units = {unit.id: profiles[unit.profile] for line in config.lines for unit in line.units}
    school = build_school(config.school, config.gateway.time_zone) if config.school else None
    return Site(
        identity=Identity(
            config.gateway.id,
            config.gateway.site,
            config.gateway.region,
            config.gateway.name,
            config.gateway.time_zone,
        ),
        lines=tuple(_line(line, config, units, profiles) for line in config.lines),
        devices=tuple(device_of(device, units) for device in config.devices),
        uplink=_uplink(config.uplink),
        storage=StorageSettings(
            Path(config.storage.directory),
            config.storage.max_bytes,
            config.storage.telemetry_batch_s,
            config.storage.history_bytes,
            config.storage.memory_bytes,
        ),
        config_hash=config_hash,
        telemetry_s=config.telemetry_s,
        sounder=Sounder(*config.sounder.point.split(".")) if config.sounder else None,
        control_socket=Path(config.control_socket) if config.control_socket else None,
        school=school,
        drill=drill_settings(config.drill),
        packs=packs,
        linkage=matrix_of(config, units),
        hazards=build_hazards(config.hazards, book) if book else None,
        escalation=build_escalation(config.escalation, school),
    )


def matrix_of(config: ConfigModel, units: Profiles) -> Matrix | None:
    """Cause and effect, where the configuration has any; of what is wrong elsewhere nothing is made."""
    if config.linkage is None:
        return None
    good = [d for d in config.devices if all(unit in units for unit in _units_named(d))]
    return build_matrix(config.linkage, Field({d.id: device_of(d, units) for d in good}, units))


def _units_named(device: DeviceModel) -> set[str]:
    own = {point.point.partition(".")[0] for point in device.points.values()}
    return own | ({device.unit} if device.unit is not None else set())


def line_plans(config: ConfigModel, profiles: Profiles, lines: Iterable[int]) -> dict[int, LinePlan]:
    """These lines alone, though elsewhere in the configuration something is amiss."""
    units = {u.id: profiles[u.profile] for line in config.lines for u in line.units if u.profile in profiles}
    devices = [device for device in config.devices if device.unit is None or device.unit in units]
    rest = config.model_copy(update={"devices": devices})
    return {n: _line(config.lines[n], rest, units, profiles) for n in lines}


def _uplink(uplink: UplinkModel) -> UplinkSettings:
    backup = uplink.backup
    return UplinkSettings(
        brokers=_brokers(uplink.brokers),
        backup=BackupSettings(_brokers(backup.brokers), backup.interface) if backup else None,
        **uplink.model_dump(exclude={"brokers", "backup"}),
    )


def _brokers(brokers: Iterable[BrokerModel]) -> tuple[Broker, ...]:
    return tuple(
        Broker(b.host, b.port, b.username, b.password_file, Tls(**b.tls.model_dump()) if b.tls else None)
        for b in brokers
    )


def unit_profile(unit: UnitModel, config: ConfigModel, units: Profiles) -> DeviceProfile:
    """The unit's profile with what this site adds: reads to be asked just so, and points that cannot wait.

    A relay's pulse says that an opening was wanted; at the slow interval it would be missed.
    """
    profile = units[unit.id]
    prompt = used_points(config, units, lambda role: role.prompt).get(unit.id, frozenset())
    points = tuple(p.model_copy(update={"alarm": True}) if p.name in prompt else p for p in profile.points)
    blocks = tuple(ExactBlock(table=b.table, address=b.address, count=b.count) for b in unit.blocks)
    if points == profile.points and not blocks:
        return profile
    fields = {name: getattr(profile, name) for name in DeviceProfile.model_fields}
    fields |= {"points": points, "exact_blocks": profile.exact_blocks + blocks}
    return DeviceProfile.model_construct(**fields)


def used_points(
    config: ConfigModel, units: Profiles, which: Callable[[RoleSpec], bool]
) -> dict[str, frozenset[str]]:
    """By unit, the points that devices use in roles of that sort."""
    found: dict[str, set[str]] = {}
    for device in config.devices:
        roles = KINDS[device.kind].roles
        for role, point in roles_of(device, units).items():
            if role in roles and which(roles[role]):
                unit, _, name = point.point.partition(".")
                found.setdefault(unit, set()).add(name)
    return {unit: frozenset(names) for unit, names in found.items()}


def _line(line: LineModel, config: ConfigModel, units: Profiles, profiles: Profiles) -> LinePlan:
    brief, matrix = used_points(config, units, lambda role: role.brief), matrix_of(config, units)
    made = (_unit(unit, line, unit_profile(unit, config, units)) for unit in line.units)
    own = tuple(
        replace(one, brief=brief.get(one.id, frozenset()), outputs=_outputs(one, config, matrix)) for one in made
    )
    return LinePlan(
        line.id,
        line.type,
        endpoint_of(line, profiles),
        own,
        alarm_latency_budget_s=line.alarm_latency_budget_s,
        echo=line.echo,
        extra_gap_s=line.extra_gap_s,
    )


def _outputs(unit: Unit, config: ConfigModel, matrix: Matrix | None) -> frozenset[str]:
    """The points that the gateway switches of its own accord; one that cannot be is a mistake told elsewhere."""
    mine = {config.sounder.point} if config.sounder else set()
    mine |= {f"{t.output[0]}.{t.output[1]}" for e in matrix.effects for t in e.targets} if matrix else set()
    able = (point for point in unit.profile.points if point.writable and point.readable)
    return frozenset(point.name for point in able if f"{unit.id}.{point.name}" in mine)


def endpoint_of(line: LineModel, profiles: Profiles) -> Endpoint | None:
    """The line's port; what it leaves open comes from its first unit's profile. Cameras have none in common."""
    if line.type == "cameras":
        return None
    if line.type in ("modbus_tcp", "rtu_over_tcp"):
        return TcpEndpoint(line.host or "", line.tcp_port or 502)
    port = profiles[line.units[0].profile].port
    rs485 = Rs485(**line.rs485.model_dump()) if line.rs485 else None
    return SerialPort(
        line.port or "",
        line.baud or port.baud,
        line.data_bits or port.data_bits,
        line.parity or port.parity,
        line.stop_bits or port.stop_bits,
        rs485,
        line.low_latency,
    )


def _unit(unit: UnitModel, line: LineModel, profile: DeviceProfile) -> Unit:
    timeout_s = unit.timeout_s or (TIMEOUT_TCP_S if line.type == "modbus_tcp" else TIMEOUT_SERIAL_S)
    alarms = any(point.alarm for point in profile.points)
    return Unit(
        unit.id,
        line.id,
        profile,
        address=profile.port.address if unit.address is None else unit.address,
        points=tuple(unit.points),
        interval_s=unit.interval_s or profile.interval_s or (ALARM_INTERVAL_S if alarms else INTERVAL_S),
        slow_interval_s=unit.slow_interval_s,
        timeout_s=timeout_s,
        guard_s=timeout_s if unit.guard_s is None else unit.guard_s,
        lost_after_misses=unit.lost_after_misses,
        lost_after_s=unit.lost_after_s,
        safe_state=unit.safe_state,
        camera=_camera(unit, profile) if line.type == "cameras" else None,
        battery_factor=unit.battery_factor or 1.0,
    )


def _camera(unit: UnitModel, profile: DeviceProfile) -> Camera:
    """Asked where its profile says, or at the site's own ports."""
    asked = profile.probes.asked if profile.probes else {}
    return Camera(unit.host or "", asked | unit.ports, unit.path, unit.timeout_s or TIMEOUT_CAMERA_S)


def device_of(device: DeviceModel, units: Profiles) -> Device:
    """A device as the agent sees it."""
    uses = roles_of(device, units)
    return Device(
        device.id,
        device.kind,
        device.name,
        device.location,
        {role: _use(point) for role, point in uses.items()},
        device.unit,
        dict(device.places),
        dict(device.settings),
        device.place or "",
        device.escape_route,
    )


def roles_of(device: DeviceModel, units: Profiles) -> dict[str, PointModel]:
    """Role → point: what the profile gives by default, overridden by what the device says."""
    given = {}
    if device.unit is not None and device.kind != "fire_panel":
        known = KINDS[device.kind]
        for point in units[device.unit].points:
            if point.role is not None and (point.role in known.roles or known.any_number):
                given[point.role] = PointModel(point=f"{device.unit}.{point.name}")
    return given | dict(device.points)


def _use(point: PointModel) -> PointUse:
    unit, _, name = point.point.partition(".")
    return PointUse(
        unit,
        name,
        inverted=point.normally == "closed",
        debounce_s=point.debounce_s,
        on_delay_s=point.on_delay_s,
        off_delay_s=point.off_delay_s,
        deadband=point.deadband,
    )
