"""The gateway's YAML as typed models; unknown keys are mistakes, units are in the names."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agent.site import Kind, LineKind
from drivers.modbus.pdu import Table
from drivers.stream import Parity

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
Seconds = Annotated[float, Field(gt=0, le=86400)]
PointName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_]+$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class GatewayModel(_Model):
    """Who this gateway is."""

    id: Id = Field(description="this gateway, unique in the district")
    site: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")] = Field(description="school code")
    region: Annotated[str, Field(pattern=r"^[0-9]{6}$")] = Field(description="6-digit division code, in quotes")
    name: str = Field(min_length=1, description="display name in any language")
    time_zone: str = Field("Asia/Shanghai", description="IANA name")


class TlsModel(_Model):
    """TLS to a broker; files in PEM. Without `ca` the system's trust store is used."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


def _as_tls(value: Any) -> Any:
    return {} if value is True else None if value is False else value


class BrokerModel(_Model):
    """One broker address and the login."""

    host: str = Field(min_length=1)
    port: int = Field(1883, ge=1, le=65535)
    username: str | None = None
    password_file: str | None = Field(None, description="a file with one line; passwords have no place here")
    tls: Annotated[TlsModel | None, BeforeValidator(_as_tls, json_schema_input_type=TlsModel | bool | None)] = None


class UplinkModel(_Model):
    """How to reach the platform."""

    brokers: list[BrokerModel] = Field(min_length=1, description="in order of preference")
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: int = Field(30, ge=5, le=3600)
    heartbeat_s: Seconds = 30.0
    confirm_timeout_s: Seconds = 5.0
    backoff_first_s: Seconds = 0.5
    backoff_most_s: Seconds = 60.0
    window: int = Field(16, ge=1, le=1000)


class StorageModel(_Model):
    """Where the outbox lives and how much it may keep."""

    directory: str = "/var/lib/campusgw"
    max_bytes: int = Field(256 * 1024 * 1024, ge=1024 * 1024)
    telemetry_batch_s: Seconds = 5.0


class Rs485Model(_Model):
    """Kernel RS-485 mode; only for UARTs whose driver supports it."""

    rts_on_send: bool = True
    rts_after_send: bool = False
    delay_before_send_s: float = Field(0.0, ge=0, le=1)
    delay_after_send_s: float = Field(0.0, ge=0, le=1)


class BlockModel(_Model):
    """A read that is asked just so; must be within what the profile allows and hold some of its points."""

    table: Table
    address: int = Field(ge=0, le=0xFFFF)
    count: int = Field(ge=1, le=125)


class UnitModel(_Model):
    """One field device on the line: a profile at an address."""

    id: Id
    profile: str
    address: int | None = Field(None, ge=0, le=255)
    points: list[str] = Field([], description="only these points are polled; all if empty")
    blocks: list[BlockModel] = Field([], description="reads to be asked just so, instead of as planned")
    interval_s: Seconds | None = None
    slow_interval_s: Seconds = 5.0
    timeout_s: Seconds | None = None
    guard_s: Seconds | None = None
    lost_after_misses: int = Field(3, ge=1, le=10)
    lost_after_s: Seconds = 30.0


class LineModel(_Model):
    """A serial port or TCP endpoint with the units on it."""

    id: Id
    type: LineKind
    port: str | None = Field(None, description="serial lines: a stable name such as /dev/campusgw/rs485-1")
    baud: int | None = Field(None, ge=300, le=4_000_000)
    data_bits: Literal[7, 8] | None = None
    parity: Parity | None = None
    stop_bits: Literal[1, 2] | None = None
    rs485: Rs485Model | None = None
    low_latency: bool = True
    echo: bool = Field(False, description="the adapter gives back what it sends")
    host: str | None = None
    tcp_port: int | None = Field(None, ge=1, le=65535)
    extra_gap_s: float = Field(0.0, ge=0, le=1)
    alarm_latency_budget_s: Seconds = 2.0  # fire input to platform: 2 s (derived from GB 26875.1)
    units: list[UnitModel] = Field(min_length=1)


class PointModel(_Model):
    """A point that a device uses, and how."""

    point: PointName
    normally: Literal["open", "closed"] = Field("open", description="closed: the contact opens on alarm")
    debounce_s: float | None = Field(None, ge=0, le=60)
    on_delay_s: float | None = Field(None, ge=0, le=3600)
    off_delay_s: float | None = Field(None, ge=0, le=3600)
    deadband: float | None = Field(None, ge=0)


def _as_point(value: Any) -> Any:
    return {"point": value} if isinstance(value, str) else value


PointUseModel = Annotated[PointModel, BeforeValidator(_as_point, json_schema_input_type=PointModel | PointName)]


class DeviceModel(_Model):
    """What people mean by a device; name and location are free text in any language."""

    id: Id
    kind: Kind
    name: str = Field(min_length=1)
    location: str = ""
    unit: str | None = Field(None, description="all of this unit: its profile's roles, or a panel's addresses")
    points: dict[str, PointUseModel] = Field({}, description="role: unit.point")
    places: dict[str, str] = Field({}, description="fire panel: address to place")
    settings: dict[str, float | bool | str] = Field({}, description="the kind's own numbers")


class ConfigModel(_Model):
    """One gateway."""

    gateway: GatewayModel
    uplink: UplinkModel
    storage: StorageModel = StorageModel()
    lines: list[LineModel] = Field(min_length=1)
    devices: list[DeviceModel] = Field(min_length=1)
    telemetry_s: Seconds = 60.0
    control_socket: str | None = None
