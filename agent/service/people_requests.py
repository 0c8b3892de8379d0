"""What is asked of the people room at the control socket, and how it answers."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent.provisioning.ends import End
from agent.provisioning.model import CheckIn


class SignRequest(BaseModel):
    """Somebody signs on or off; everything in it is what somebody typed."""

    model_config = ConfigDict(extra="ignore")

    person: str = Field(min_length=1, max_length=100)
    on: bool
    role: str = Field("", max_length=100)
    post: str = Field("", max_length=100)


def on_shown(one: CheckIn, end: End) -> dict[str, Any]:
    """Somebody who is on."""
    return {
        "person": one.person,
        "name": one.name,
        "role": one.role,
        "post": one.post,
        "by": one.by,
        "since": one.at_utc_s,
        "sure": one.sure,
        "until": end.until_utc_s,
    }
