"""Signing on and off, ordered by the platform."""

from pydantic import Field

from agent.uplink.orders import Ordered


class Sign(Ordered):
    """Somebody signs on, or off."""

    person: str = Field(min_length=1, max_length=100, description="whose id, as in the configuration")
    on: bool = Field(description="true: on, false: off")
    role: str = Field("", max_length=100, description="in which role; their own if left out")
    post: str = Field("", max_length=100, description="where they stand")
