"""The answer to the request `provision`: all that a report needs, with no more of people than their number."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from agent.alarms.model import Motion
from agent.provisioning.model import Mark, Verdict
from agent.records import ClockState
from agent.uplink.provision_message import IndicatorShown, TextShown


class _Shown(BaseModel):
    model_config = ConfigDict(extra="ignore")  # a newer gateway may say more than an older tool knows


class SiteShown(_Shown):
    """Which gateway of which school; `name` is the gateway's as configured."""

    gateway: str
    site: str
    region: str
    name: str
    time_zone: str
    config_hash: str
    config_refused: list[str] = []


class PackShown(_Shown):
    """A rule pack: `subjects` are its indicators as topics, heartbeats and `history` call them, in its order."""

    id: str
    title: TextShown
    source: list[str]
    mark: Mark
    places: dict[str, TextShown] = {}
    roles: dict[str, TextShown] = {}
    subjects: dict[str, str] = {}


class FactShown(_Shown):
    """A declared fact, who declared it and on which day (ISO)."""

    name: str
    title: TextShown
    value: bool | float | str
    by: str
    on: str


class DeviceShown(_Shown):
    """A device as evidence saw it; `title` is its kind's, `active` and `set_aside` are condition keys."""

    device: str
    kind: str
    title: TextShown
    name: str
    location: str
    place: str
    escape_route: bool
    lost: bool
    heard: bool
    active: list[str]
    set_aside: list[str]
    motion: Motion | None = None
    age_s: float | None = None


class RoleShown(_Shown):
    """How many people have a role: declared in the roster, and signed on now."""

    role: str
    declared: int
    signed_on: int


class OpeningShown(_Shown):
    """A barrier or door stood open (`open`), or nobody could see whether it did (`gap`; without device: all).

    UTC seconds; without an end it still is so. `outside_s`: so long of it was outside the times in which gates may
    stand open; nobody can tell of a gap.
    """

    device: str
    what: Literal["open", "gap"]
    first: float
    last: float | None = None
    outside_s: float | None = None


class PressShown(_Shown):
    """A test press of a one-key alarm, when the platform had confirmed it, if it has."""

    device: str
    at: float
    confirmed: float | None = None
    sure: bool = True


class DayShown(_Shown):
    """One local day of an indicator: a letter an hour (m met, n not met, u unknown, - nobody has judged).

    `worst` of the hour's verdicts (not met before unknown before met), and the `last` one.
    """

    day: str
    worst: str
    last: str


class ProvisionAnswer(_Shown):
    """Everything of provisioning now; `history` by subject, the oldest day first."""

    site: SiteShown
    packs: list[PackShown]
    verdicts: list[IndicatorShown]
    history: dict[str, list[DayShown]]
    facts: list[FactShown]
    devices: list[DeviceShown]
    people: list[RoleShown]
    openings: list[OpeningShown]
    logged_since: float | None = None
    presses: list[PressShown]
    ways: dict[str, bool]
    now: float
    clock: ClockState
    agent: str


LETTERS: dict[Verdict, str] = {"met": "m", "not_met": "n", "unknown": "u"}
NOBODY = "-"
