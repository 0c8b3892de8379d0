"""The gateway's YAML as typed models; unknown keys are mistakes, units are in the names."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from agent.config.drill_models import DrillModel
from agent.config.forms import (
    CARD,
    CLOCK_TIME,
    FACT,
    HOST,
    ID,
    INTERFACE,
    POINT,
    REGION,
    SITE,
    STREAM_PATH,
    Host,
    Id,
    Model,
    PointName,
    Seconds,
    StreamPath,
    TcpPort,
)
from agent.config.hazard_models import EscalationModel, HazardsModel
from agent.config.linkage_models import LinkageModel
from agent.config.school_models import SchoolModel
from agent.config.uplink_models import UplinkModel
from agent.language import later
from agent.site import Kind, LineKind
from drivers.camera.probe import ProbeKind
from drivers.modbus.pdu import Table
from drivers.stream import Parity


class GatewayModel(Model):
    """Who this gateway is."""

    id: Id = Field(description="this gateway, unique in the district", examples=["gw-1"])
    site: Annotated[str, Field(pattern=SITE)] = Field(description="school code", examples=['"4301020001"'])
    region: Annotated[str, Field(pattern=REGION)] = Field(
        description="6-digit division code, in quotes", examples=['"430102"']
    )
    name: str = Field(min_length=1, description="display name in any language", examples=["实验小学"])
    time_zone: str = Field("Asia/Shanghai", description="IANA name")


class StorageModel(Model):
    """Where the outbox lives and how much it may keep."""

    directory: str = Field("/var/lib/campusgw", description="where the outbox lives; on a disk that keeps")
    max_bytes: int = Field(256 * 1024 * 1024, ge=1024 * 1024, description="then the least important goes first")
    telemetry_batch_s: Seconds = Field(
        5.0, description="so much telemetry may be lost at a power cut; alarms never"
    )
    history_bytes: int = Field(
        32 * 1024 * 1024, ge=0, description="of max_bytes, for confirmed alarms and events, to be asked for again"
    )
    memory_bytes: int = Field(
        8 * 1024 * 1024, ge=0, description="so much waits in memory while the disk refuses; 0: nothing does"
    )


class Rs485Model(Model):
    """Kernel RS-485 mode; only for UARTs whose driver supports it."""

    rts_on_send: bool = Field(True, description="RTS is high while sending")
    rts_after_send: bool = Field(False, description="RTS is high while listening")
    delay_before_send_s: float = Field(0.0, ge=0, le=1, description="the driver's wait after RTS")
    delay_after_send_s: float = Field(0.0, ge=0, le=1, description="the driver's wait before RTS goes back")


class BlockModel(Model):
    """A read that is asked just so; must be within what the profile allows and hold some of its points."""

    table: Table = Field(description="coil, discrete, holding or input", examples=["holding"])
    address: int = Field(ge=0, le=0xFFFF, description="first one, counted from 0", examples=[0])
    count: int = Field(ge=1, le=125, description="how many", examples=[8])


class UnitModel(Model):
    """One field device on the line: a profile at an address."""

    id: Id = Field(description="its name in `points`, as in gate-io.di1; unique in the file", examples=["gate-io"])
    profile: str = Field(
        description="the device model: a file of configs/profiles without .yaml", examples=["renke_smoke"]
    )
    address: int | None = Field(None, ge=0, le=255, description="Modbus address; the profile's if left out")
    points: list[str] = Field([], description="only these points are polled; all if empty")
    blocks: list[BlockModel] = Field([], description="reads to be asked just so, instead of as planned")
    interval_s: Seconds | None = Field(
        None, description="alarm points at most so often; the profile's if left out"
    )
    slow_interval_s: Seconds = Field(5.0, description="the other points")
    timeout_s: Seconds | None = Field(
        None, description="longest wait for a reply; 0.3 s serial, 1 s TCP if left out"
    )
    guard_s: Seconds | None = Field(
        None, description="not asked for so long after a timeout; as `timeout_s` if left out"
    )
    host: Host | None = Field(None, description="cameras: name or address")
    ports: dict[ProbeKind, TcpPort] = Field({}, description="cameras: ports other than the profile's")
    path: StreamPath = Field("", description="cameras: a stream's path, for those that do not answer `OPTIONS *`")
    battery_factor: float | None = Field(
        None, gt=0, le=1000, description="UPS with Q1: its battery voltage counts so often; 1 if left out"
    )
    safe_state: bool = Field(
        False, description="its profile's `safe_state` is set where it can be, read back, and looked after"
    )
    lost_after_misses: int = Field(3, ge=1, le=10, description="polls without an answer until it is lost")
    lost_after_s: Seconds = Field(30.0, description="time without an answer until it is lost, whichever is first")


class LineModel(Model):
    """A serial port or TCP endpoint with the units on it."""

    id: Id = Field(description="its name in logs and heartbeats; unique in the file", examples=["rs485-1"])
    type: LineKind = Field(description="what is spoken on it", examples=["modbus_rtu"])
    port: str | None = Field(None, description="serial lines: a stable name such as /dev/campusgw/rs485-1")
    baud: int | None = Field(None, ge=300, le=4_000_000, description="the units' profile's if left out")
    data_bits: Literal[7, 8] | None = Field(None, description="the profile's if left out")
    parity: Parity | None = Field(None, description="N, E, O, M or S; the profile's if left out")
    stop_bits: Literal[1, 2] | None = Field(None, description="the profile's if left out")
    rs485: Rs485Model | None = Field(None, description="the kernel turns the direction; {} for its defaults")
    low_latency: bool = Field(True, description="ask the driver not to collect bytes")
    echo: bool = Field(False, description="the adapter gives back what it sends")
    host: str | None = Field(None, description="TCP lines: name or address")
    tcp_port: int | None = Field(None, ge=1, le=65535, description="TCP lines: 502 if left out")
    extra_gap_s: float = Field(0.0, ge=0, le=1, description="silence beyond t3.5, for slow devices")
    # fire input to platform: 2 s (derived from GB 26875.1)
    alarm_latency_budget_s: Seconds = Field(2.0, description="from the field to the wire's reply, at worst")
    units: list[UnitModel] = Field(
        min_length=1,
        description="the devices on the wire; one on a serial line",
        examples=["[{id: gate-io, profile: waveshare_io8_relay8}]"],
    )


class PointModel(Model):
    """A point that a device uses, and how."""

    point: PointName = Field(description="unit.point", examples=["gate-io.di1"])
    normally: Literal["open", "closed"] = Field("open", description="closed: the contact opens on alarm")
    debounce_s: float | None = Field(None, ge=0, le=60, description="a change must last so long, both ways")
    on_delay_s: float | None = Field(
        None, ge=0, le=3600, description="instead of the kind's delay before an alarm"
    )
    off_delay_s: float | None = Field(
        None, ge=0, le=3600, description="instead of the kind's delay before it clears"
    )
    deadband: float | None = Field(
        None, ge=0, description="in the point's own unit; a number must move more to count"
    )


def _as_point(value: Any) -> Any:
    return {"point": value} if isinstance(value, str) else value


PointUseModel = Annotated[PointModel, BeforeValidator(_as_point, json_schema_input_type=PointModel | PointName)]


class DeviceModel(Model):
    """What people mean by a device; name and location are free text in any language."""

    id: Id = Field(description="the last segment of its topics; unique in the file", examples=["panic-gate"])
    kind: Kind = Field(
        description="what it is; docs/alarms.md tells what each kind does", examples=["one_key_alarm"]
    )
    name: str = Field(min_length=1, description="what people call it", examples=["门卫室一键报警"])
    location: str = Field("", description="where it is")
    place: Id | None = Field(None, description="which of the rules' places that is", examples=["guard_room"])
    escape_route: bool = Field(False, description="people flee through it: fire opens it, nothing may lock it")
    unit: str | None = Field(None, description="all of this unit: its profile's roles, or a panel's addresses")
    points: dict[str, PointUseModel] = Field({}, description="role: unit.point")
    places: dict[str, str] = Field({}, description="fire panel: address to place")
    settings: dict[str, float | bool | str] = Field({}, description="the kind's own numbers")


class SounderModel(Model):
    """A relay with a buzzer or horn on the spot, for alarms that nobody upstream confirms."""

    point: PointName = Field(
        description="unit.point of an output that nothing else uses", examples=["gate-io.do8"]
    )


class ConfigModel(Model):
    """One gateway."""

    forms: ClassVar[Mapping[str, str]] = {
        ID: later("letters, digits, - and _, such as gate-io"),
        SITE: later("at most 32 letters, digits, - and _, such as 4301020001"),
        REGION: later('6 digits in straight quotes, such as "430102"'),
        POINT: later("unit.point, such as gate-io.di1"),
        INTERFACE: later("a network interface's name as `ip link` shows it, such as eth0"),
        CARD: later('a card\'s code in hex digits and quotes, such as "0A1B2C3D"'),
        CLOCK_TIME: later('hours and minutes in quotes, such as "07:20"'),
        HOST: later("a host's name or address, without a port or path, such as 192.168.1.64"),
        STREAM_PATH: later("a path as it stands in a URI, such as /Streaming/Channels/101"),
        FACT: later("small letters, digits and _, such as pupils"),
    }

    gateway: GatewayModel = Field(
        description="who this gateway is",
        examples=['{id: gw-1, site: "4301020001", region: "430102", name: 实验小学}'],
    )
    uplink: UplinkModel = Field(
        description="how to reach the platform", examples=["{brokers: [{host: 192.168.1.10}]}"]
    )
    storage: StorageModel = Field(StorageModel(), description="where records wait")
    lines: list[LineModel] = Field(min_length=1, description="wires, and the units on them")
    devices: list[DeviceModel] = Field(min_length=1, description="what people mean by a device")
    sounder: SounderModel | None = Field(
        None, description="sounds when nobody upstream confirms a fire or a one-key alarm"
    )
    drill: DrillModel = Field(DrillModel(), description="drills and test presses")
    school: SchoolModel | None = Field(None, description="what is declared of the school, and how it is judged")
    hazards: HazardsModel | None = Field(None, description="the hazard ledger")
    escalation: list[EscalationModel] = Field([], description="who is told when an alarm is not acknowledged")
    linkage: LinkageModel | None = Field(None, description="cause and effect: what fire opens, what alarms switch")
    telemetry_s: Seconds = Field(
        60.0, description="numbers go upstream so often, or when they leave their deadband"
    )
    control_socket: str | None = Field(None, description="where campusgw status and alarm ask; none if left out")
