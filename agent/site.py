"""The school as the agent sees it: the validated configuration as plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from agent.hazards.settings import Escalation, HazardSettings
from agent.matrix import Matrix
from agent.provisioning.pack import Pack
from agent.records import ClockState
from agent.school import School
from agent.session import Broker
from drivers.camera.probe import Camera
from drivers.profile import DeviceProfile
from drivers.stream import Endpoint

Kind = Literal[
    "one_key_alarm",
    "gate_barrier",
    "bollard",
    "door",
    "smoke_detector",
    "fire_sensor",
    "fire_panel",
    "environment",
    "power_supply",
    "camera",
    "card_reader",
    "sign_on_button",
]
LineKind = Literal["modbus_rtu", "modbus_tcp", "rtu_over_tcp", "serial", "cameras"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who this gateway is; `region` is a 6-digit division code, `site` the school code."""

    gateway: str
    site: str
    region: str
    name: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class PointUse:
    """How a device uses a unit's point; None means the kind's default.

    `inverted` turns a bool round (a normally closed contact). `deadband` is in the point's own unit.
    """

    unit: str
    point: str
    inverted: bool = False
    debounce_s: float | None = None
    on_delay_s: float | None = None
    off_delay_s: float | None = None
    deadband: float | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """What people mean by a device: a kind, a place, and the points it is made of (role → use).

    A fire panel has no roles: it is all of `unit`'s addresses; `places` names some of them
    (address → place). `settings` are the kind's own numbers, units in their names. `place` is one of the rules'
    places; people flee through what is on an `escape_route`.
    """

    id: str
    kind: Kind
    name: str
    location: str
    points: Mapping[str, PointUse] = field(default_factory=dict)
    unit: str | None = None
    places: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, float | bool | str] = field(default_factory=dict)
    place: str = ""
    escape_route: bool = False

    @property
    def units(self) -> frozenset[str]:
        """Every unit this device depends on."""
        own = {use.unit for use in self.points.values()}
        return frozenset(own | ({self.unit} if self.unit else set()))


@dataclass(frozen=True, slots=True)
class Unit:
    """One field device on a line: a profile at an address (0 where the protocol has none).

    Alarm points are asked as often as the line allows but not more often than every `interval_s`, the others
    every `slow_interval_s`; `points` names those that are asked at all, empty means all that the profile can
    read. `brief` are those whose alarm may last only 100 ms, such as a button's. `timeout_s` is the longest
    that a reply is waited for; less is learned. `outputs` are those that the gateway switches of its own accord.
    `safe_state`: its profile's is set and looked after.
    `camera`: where it is, on a line of cameras. A UPS's battery voltage counts `battery_factor` times.
    """

    id: str
    line: str
    profile: DeviceProfile
    address: int = 0
    points: tuple[str, ...] = ()
    interval_s: float = 0.1
    slow_interval_s: float = 5.0
    timeout_s: float = 0.3
    guard_s: float = 0.3
    lost_after_misses: int = 3
    lost_after_s: float = 30.0
    brief: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    safe_state: bool = False
    camera: Camera | None = None
    battery_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class LinePlan:
    """A line with the units on it; `alarm_latency_budget_s` is what its alarm points must meet.

    Without an `endpoint` each unit has its own.
    """

    id: str
    kind: LineKind
    endpoint: Endpoint | None
    units: tuple[Unit, ...]
    alarm_latency_budget_s: float = 2.0
    echo: bool = False
    extra_gap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """The second way to the platform: its own brokers, the network interface it goes out by, or both."""

    brokers: tuple[Broker, ...]
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class UplinkSettings:
    """How to reach the platform: brokers in order of preference; who must have an alarm before it leaves."""

    brokers: tuple[Broker, ...]
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: int = 30
    heartbeat_s: float = 30.0
    confirm_timeout_s: float = 5.0
    backoff_first_s: float = 0.5
    backoff_most_s: float = 60.0
    window: int = 16
    confirmed_by: Literal["broker", "platform"] = "broker"
    again_after_s: float = 60.0
    unconfirmed_after_s: float = 30.0
    interface: str | None = None
    backup: BackupSettings | None = None


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where and how much the outbox may keep; `telemetry_batch_s` is the exposure window of telemetry.

    `history_bytes`, a part of `max_bytes`, is for what is confirmed already and may be asked for again.
    `memory_bytes` is what waits in memory while the disk refuses; 0: nothing does.
    """

    directory: Path
    max_bytes: int = 256 * 1024 * 1024
    telemetry_batch_s: float = 5.0
    history_bytes: int = 32 * 1024 * 1024
    memory_bytes: int = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sounder:
    """The output that sounds on the spot when nobody upstream confirms an alarm."""

    unit: str
    point: str


@dataclass(frozen=True, slots=True)
class DrillSettings:
    """What a drill does with outputs, and how long a test of a one-key alarm counts.

    `hold`: effects of security rest during a drill; those of fire act always.
    """

    outputs: Literal["act", "hold"] = "act"
    test_every_s: float = 31 * 86400.0


@dataclass(frozen=True, slots=True)
class StandIn:
    """This is the last good configuration, good since then; the new one was refused for these mistakes."""

    since_utc_s: float
    clock: ClockState
    mistakes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """Everything the configuration says; `config_hash` is the SHA-256 of it with its profiles and rule packs."""

    identity: Identity
    lines: tuple[LinePlan, ...]
    devices: tuple[Device, ...]
    uplink: UplinkSettings
    storage: StorageSettings
    config_hash: str
    telemetry_s: float = 60.0
    control_socket: Path | None = None
    stand_in: StandIn | None = None
    sounder: Sounder | None = None
    school: School | None = None
    drill: DrillSettings = DrillSettings()
    packs: tuple[Pack, ...] = ()
    linkage: Matrix | None = None
    hazards: HazardSettings | None = None
    escalation: Escalation = field(default_factory=Escalation)
