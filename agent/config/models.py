"""The gateway's YAML as typed models; unknown keys are mistakes, units are in the names."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agent.language import later, tr
from agent.site import Kind, LineKind
from drivers.modbus.pdu import Table
from drivers.stream import Parity

ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
SITE = r"^[A-Za-z0-9_-]{1,32}$"
REGION = r"^[0-9]{6}$"
INTERFACE = r"^[^\s/:%.][^\s/:%]{0,14}$"
POINT = r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_]+$"
Id = Annotated[str, Field(pattern=ID)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
PointName = Annotated[str, Field(pattern=POINT)]
Interface = Annotated[str, Field(pattern=INTERFACE)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GatewayModel(_Model):
    """Who this gateway is."""

    id: Id = Field(description="this gateway, unique in the district", examples=["gw-1"])
    site: Annotated[str, Field(pattern=SITE)] = Field(description="school code", examples=['"4301020001"'])
    region: Annotated[str, Field(pattern=REGION)] = Field(
        description="6-digit division code, in quotes", examples=['"430102"']
    )
    name: str = Field(min_length=1, description="display name in any language", examples=["实验小学"])
    time_zone: str = Field("Asia/Shanghai", description="IANA name")


class TlsModel(_Model):
    """TLS to a broker; files in PEM. Without `ca` the system's trust store is used."""

    ca: str | None = Field(None, description="who may sign the broker's certificate")
    certificate: str | None = Field(None, description="ours, where the broker wants one; with `key`")
    key: str | None = Field(None, description="the private key of `certificate`")


def _as_tls(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError(tr("want true or false, or files of one's own (ca, certificate, key)"))
    return {} if value is True else None if value is False else value


class BrokerModel(_Model):
    """One broker address and the login."""

    host: str = Field(min_length=1, description="name or address", examples=["192.168.1.10"])
    port: int = Field(1883, ge=1, le=65535, description="8883 is usual with TLS")
    username: str | None = Field(None, description="login, where the broker wants one")
    password_file: str | None = Field(None, description="a file with one line; passwords have no place here")
    tls: Annotated[TlsModel | None, BeforeValidator(_as_tls, json_schema_input_type=TlsModel | bool | None)] = (
        Field(None, description="true, or files of one's own")
    )


class BackupModel(_Model):
    """The second way to the platform; it differs from the first in its brokers, its interface, or both."""

    brokers: list[BrokerModel] = Field(
        min_length=1, description="in order of preference", examples=["[{host: 10.8.0.1}]"]
    )
    interface: Interface | None = Field(
        None, description="go out by this network interface only, such as wwan0; as the routes say if left out"
    )


class UplinkModel(_Model):
    """How to reach the platform."""

    brokers: list[BrokerModel] = Field(
        min_length=1, description="in order of preference", examples=["[{host: 192.168.1.10}]"]
    )
    protocol: Literal["5", "3.1.1"] = Field("5", description="MQTT version, in quotes")
    keepalive_s: int = Field(30, ge=5, le=3600, description="a silent link is given up after 1.5 times this")
    heartbeat_s: Seconds = Field(30.0, description="the platform calls the gateway lost after three missed")
    confirm_timeout_s: Seconds = Field(5.0, description="a publish unconfirmed for so long breaks the link")
    backoff_first_s: Seconds = Field(0.5, description="pause after the first failure; doubles with each")
    backoff_most_s: Seconds = Field(60.0, description="longest pause between two attempts")
    window: int = Field(16, ge=1, le=1000, description="unconfirmed messages at once; the broker may allow less")
    confirmed_by: Literal["broker", "platform"] = Field(
        "broker", description="who must have an alarm or event before it leaves; platform: by its `confirm`"
    )
    again_after_s: Annotated[float, Field(ge=5, le=3600)] = Field(
        60.0, description="what the platform has not confirmed after so long is sent again"
    )
    # local fault after 30 s: our own goal, from EN 54-21:2006 5.3, which asks for 100 s
    unconfirmed_after_s: Annotated[float, Field(ge=5, le=100)] = Field(
        30.0, description="a fire or one-key alarm unconfirmed for so long is a fault, and sounds the sounder"
    )
    interface: Interface | None = Field(
        None, description="go out by this network interface only, such as eth0; as the routes say if left out"
    )
    backup: BackupModel | None = Field(
        None, description="a second way, kept open too; alarms go by it when the first fails"
    )


class StorageModel(_Model):
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


class Rs485Model(_Model):
    """Kernel RS-485 mode; only for UARTs whose driver supports it."""

    rts_on_send: bool = Field(True, description="RTS is high while sending")
    rts_after_send: bool = Field(False, description="RTS is high while listening")
    delay_before_send_s: float = Field(0.0, ge=0, le=1, description="the driver's wait after RTS")
    delay_after_send_s: float = Field(0.0, ge=0, le=1, description="the driver's wait before RTS goes back")


class BlockModel(_Model):
    """A read that is asked just so; must be within what the profile allows and hold some of its points."""

    table: Table = Field(description="coil, discrete, holding or input", examples=["holding"])
    address: int = Field(ge=0, le=0xFFFF, description="first one, counted from 0", examples=[0])
    count: int = Field(ge=1, le=125, description="how many", examples=[8])


class UnitModel(_Model):
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
    lost_after_misses: int = Field(3, ge=1, le=10, description="polls without an answer until it is lost")
    lost_after_s: Seconds = Field(30.0, description="time without an answer until it is lost, whichever is first")


class LineModel(_Model):
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


class PointModel(_Model):
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


class DeviceModel(_Model):
    """What people mean by a device; name and location are free text in any language."""

    id: Id = Field(description="the last segment of its topics; unique in the file", examples=["panic-gate"])
    kind: Kind = Field(
        description="what it is; docs/alarms.md tells what each kind does", examples=["one_key_alarm"]
    )
    name: str = Field(min_length=1, description="what people call it", examples=["门卫室一键报警"])
    location: str = Field("", description="where it is")
    unit: str | None = Field(None, description="all of this unit: its profile's roles, or a panel's addresses")
    points: dict[str, PointUseModel] = Field({}, description="role: unit.point")
    places: dict[str, str] = Field({}, description="fire panel: address to place")
    settings: dict[str, float | bool | str] = Field({}, description="the kind's own numbers")


class SounderModel(_Model):
    """A relay with a buzzer or horn on the spot, for alarms that nobody upstream confirms."""

    point: PointName = Field(
        description="unit.point of an output that nothing else uses", examples=["gate-io.do8"]
    )


class ConfigModel(_Model):
    """One gateway."""

    forms: ClassVar[Mapping[str, str]] = {
        ID: later("letters, digits, - and _, such as gate-io"),
        SITE: later("at most 32 letters, digits, - and _, such as 4301020001"),
        REGION: later('6 digits in straight quotes, such as "430102"'),
        POINT: later("unit.point, such as gate-io.di1"),
        INTERFACE: later("a network interface's name as `ip link` shows it, such as eth0"),
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
    telemetry_s: Seconds = Field(
        60.0, description="numbers go upstream so often, or when they leave their deadband"
    )
    control_socket: str | None = Field(None, description="where campusgw status and alarm ask; none if left out")
