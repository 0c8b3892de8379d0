"""The configuration's `drill`: what outputs do in one, and how often one-key alarms are tested."""

from typing import Literal

from pydantic import Field

from agent.config.forms import Model
from agent.site import DrillSettings

DAY_S = 86400.0


class DrillModel(Model):
    """Drills and test presses."""

    outputs: Literal["act", "hold"] = Field(
        "act", description="hold: effects of security rest in a drill; those of fire act always"
    )
    # a monthly test of each one-key alarm: see the rule packs
    test_every_days: float = Field(
        31.0, ge=1, le=400, description="a one-key alarm whose last confirmed test is older is asked for, daily"
    )


def drill_settings(drill: DrillModel) -> DrillSettings:
    """As plain frozen data."""
    return DrillSettings(drill.outputs, drill.test_every_days * DAY_S)
