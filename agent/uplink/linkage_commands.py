"""What a platform may order of linkage: a named person releases what is latched."""

from pydantic import Field

from agent.uplink.orders import Ordered


class LinkageReset(Ordered):
    """A person releases an effect; refused while its cause stands. Nothing closes by it."""

    effect: str = Field(min_length=1, max_length=100)
    person: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=500)
