"""The configuration's `linkage`: causes and what follows from them."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from agent.config.forms import Id, Model, PointName
from agent.linkage.model import Priority

Action = Literal["open", "close", "raise", "lower", "release", "sound", "switch_on", "switch_off"]
SWITCHING = ("sound", "switch_on", "switch_off")

# What it may be is checked by agent/config/cause_reader.py, which says what is wrong at its very place.
Expression = Annotated[
    Any,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "any": {"type": "array"},
                        "all": {"type": "array"},
                        "at_least": {"type": "integer", "minimum": 1},
                        "of": {"type": ["array", "object"]},
                        "not": {"type": ["string", "object"]},
                        "point": {"type": "string"},
                        "is": {"type": "boolean"},
                        "kind": {"type": "string"},
                        "place": {"type": "string"},
                        "escape_route": {"type": "boolean"},
                        "condition": {"type": "string"},
                    },
                },
            ]
        }
    ),
]


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


OneOrMore = Annotated[
    list[str], BeforeValidator(_as_list, json_schema_input_type=list[str] | str), Field(min_length=1)
]


class ConfirmModel(Model):
    """A point that confirms an effect."""

    point: PointName = Field(description="unit.point", examples=["gate-io.di1"])
    is_: bool = Field(True, alias="is", description="what it reads then")


def _as_confirm(value: object) -> object:
    return {"point": value} if isinstance(value, str) else value


ConfirmUse = Annotated[ConfirmModel, BeforeValidator(_as_confirm, json_schema_input_type=ConfirmModel | PointName)]


class EffectModel(Model):
    """What follows from a cause."""

    id: Id = Field(description="its name in `explain` and `reset`; unique", examples=["fire-opens-south"])
    when: Expression = Field(description="its cause", examples=["fire_confirmed"])
    do: dict[Action, OneOrMore] = Field(
        min_length=1,
        description="action: device, or unit.point to `sound`, `switch_on` or `switch_off`; or a list of them",
        examples=["{open: barrier-south}"],
    )
    priority: Priority | None = Field(
        None, description="life, security or notify; by its cause and its actions if left out"
    )
    delay_s: float = Field(0.0, ge=0, le=600, description="its cause must have been there for so long")
    hold: Literal["reset", "cause"] | Annotated[float, Field(gt=0, le=86400)] | None = Field(
        None, description="until a person resets it, while its cause is there, or so many seconds; `life`: reset"
    )
    only_if: Expression = Field(None, description="it acts only while this is so")
    unless: Expression = Field(None, description="it does not act while this is so")
    opt_in: bool = Field(False, description="security: the site wants it")
    feedback: ConfirmUse | None = Field(None, description="what confirms it; the device's own motion if left out")
    pulse_s: float | None = Field(None, gt=0, le=60, description="length of pulses that the module times itself")
    once: bool | None = Field(None, description="one pulse only; if left out, what closes pulses once")


class LinkageModel(Model):
    """Cause and effect."""

    effects: list[EffectModel] = Field([], description="what follows from what")
    causes: dict[Id, Expression] = Field({}, description="name: a cause that others use by its name")
    call_points: dict[Id, list[str]] = Field(
        {}, description="fire panel: its addresses that are manual call points"
    )
    # one survey: 3 to 5 s between opposite commands [recall]
    pause_s: float = Field(4.0, ge=3, le=5, description="between opposite commands of one device; not before fire")
    dry_run: bool = Field(False, description="decide and tell, command nothing")
