"""Drills and test presses, ordered by the platform."""

from pydantic import Field

from agent.uplink.orders import Ordered


class DrillStart(Ordered):
    """A drill begins: until it ends every alarm says that it is one, and is told upstream all the same."""

    person: str = Field(min_length=1, max_length=100, description="who announces it")
    reason: str = Field(min_length=1, max_length=500)
    until: str = Field(
        max_length=40, description="RFC 3339, `HH:MM` of the school's clock, or `+30m`", min_length=2
    )


class DrillStop(Ordered):
    """It is over before its time."""

    person: str = Field(min_length=1, max_length=100)


class AnnounceTest(Ordered):
    """A one-key alarm will be pressed for a test; that press goes upstream as any other, with `test`."""

    device: str = Field(max_length=100)
    person: str = Field(min_length=1, max_length=100, description="who presses it")
