"""Stories for simulated schools: what happens in the field, when, and what must then arrive upstream."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from agent.language import tr

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")]
PointName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_.]+$")]
Seconds = Annotated[float, Field(ge=0, le=86400)]
Rate = Annotated[float, Field(ge=0, le=1)]
Value = bool | int | float | str


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Text(_Model):
    """The same in both languages."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


def _as_text(value: Any) -> Any:
    return {"en": value, "zh": value} if isinstance(value, str) else value


Said = Annotated[Text, BeforeValidator(_as_text, json_schema_input_type=Text | str)]


class Expect(_Model):
    """An alarm change that must arrive within `within_s` of its cause; for a ramp, of the level it `reaches`."""

    device: Name
    condition: str
    change: str = "raised"
    address: str = ""
    within_s: float = Field(3.0, gt=0, le=3600)
    reaches: float | None = None


class ExpectVerdict(_Model):
    """An indicator's verdict that must be told within `within_s` of its cause."""

    indicator: Name
    verdict: Literal["met", "not_met", "unknown"]
    within_s: float = Field(5.0, gt=0, le=3600)


class MayCome(_Model):
    """An alarm condition that may come and go in this story without being expected."""

    device: Name
    condition: str


class Barrier(_Model):
    """A barrier arm is pushed: it leaves one limit at once and comes to the other after `travel_s`."""

    leaves: PointName
    comes_to: PointName
    travel_s: Seconds = 1.0


class Ramp(_Model):
    """A number moves evenly; a new value every `step_s`."""

    point: PointName
    start: float
    end: float
    over_s: float = Field(gt=0, le=3600)
    step_s: float = Field(0.2, gt=0, le=60)


class PanelEvent(_Model):
    """What a fire panel says of one of its addresses."""

    unit: Name
    address: str
    condition: Literal["fire", "prealarm", "supervisory", "fault", "disabled", "activated", "test"]
    active: bool = True
    text: str = ""


class LineFaults(_Model):
    """How often (0 to 1) which fault befalls a frame on a line; what is left out is 0: a good line."""

    line: Name
    noise: Rate = 0.0
    truncated: Rate = 0.0
    duplicated: Rate = 0.0
    late: Rate = 0.0
    wrong_unit: Rate = 0.0


class Late(_Model):
    """A unit that answers late, every time."""

    unit: Name
    by_s: Seconds


class Order(_Model):
    """What an operator orders at the gateway."""

    action: Literal["acknowledge", "reset"]
    device: Name
    condition: str
    address: str = ""
    person: str = Field(min_length=1)
    reason: str = ""


class Request(BaseModel):
    """What is asked of the gateway at its control socket, such as a guard's signing on."""

    model_config = ConfigDict(extra="allow", frozen=True)

    do: str = Field(min_length=1, max_length=50)


class Step(_Model):
    """One thing that happens. `at_s` counts from the story's begin, `after_s` from the step before."""

    at_s: Seconds | None = None
    after_s: Seconds | None = None
    clock: str = Field("", description="the time of day that is shown", max_length=8)
    say: Said | None = None
    expect: tuple[Expect | ExpectVerdict, ...] = ()

    press: PointName | None = Field(None, description="this input closes")
    release: PointName | None = Field(None, description="this input opens")
    set: dict[PointName, Value] | None = None
    force: Barrier | None = None
    ramp: Ramp | None = None
    panel: PanelEvent | None = None
    reset_panel: Name | None = None
    unplug: Name | None = Field(None, description="this unit is pulled off the bus")
    plug: Name | None = None
    vanish: Name | None = Field(None, description="this line's adapter, or its device server, is gone")
    restore: Name | None = None
    faults: LineFaults | None = None
    late: Late | None = None
    broker: Literal["down", "up"] | None = None
    order: Order | None = None
    request: Request | None = None
    rest: bool | None = Field(None, description="nothing happens: a pause")

    @model_validator(mode="after")
    def _fits(self) -> "Step":
        given = [name for name in ACTIONS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(tr("want exactly one of: {all}", all=", ".join(ACTIONS)))
        if self.at_s is not None and self.after_s is not None:
            raise ValueError(tr("want at_s or after_s, not both"))
        return self

    @property
    def action(self) -> str:
        """The name of what happens."""
        return next(name for name in ACTIONS if getattr(self, name) is not None)

    @property
    def what(self) -> Any:
        """What exactly happens."""
        return getattr(self, self.action)


ACTIONS = tuple(list(Step.model_fields)[list(Step.model_fields).index("press") :])


class Scenario(_Model):
    """One story and how the field stands before anybody asks it."""

    title: Said
    about: Said
    start: dict[PointName, Value] = {}
    may_come: tuple[MayCome, ...] = ()
    steps: list[Step] = Field(min_length=1)

    @property
    def begins_s(self) -> tuple[float, ...]:
        """When each step happens, counted from the story's begin."""
        times: list[float] = []
        for step in self.steps:
            before_s = times[-1] if times else 0.0
            times.append(before_s + (step.after_s or 0.0) if step.at_s is None else step.at_s)
        return tuple(times)

    @property
    def expected(self) -> int:
        """How many alarm changes and verdicts must arrive."""
        return sum(len(step.expect) for step in self.steps)
