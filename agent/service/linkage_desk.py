"""What people ask and order of linkage, on the spot and over MQTT."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent.errors import OrderRefused
from agent.service.linkage import Linkage
from agent.service.room import Answer, Room
from agent.uplink.linkage_commands import LinkageReset


class ResetRequest(BaseModel):
    """Somebody releases an effect, and says who and why."""

    model_config = ConfigDict(extra="ignore")

    effect: str = Field(max_length=100)
    person: str = Field(max_length=100)
    reason: str = Field(min_length=1, max_length=500)


class TryRequest(BaseModel):
    """What would happen if these were so."""

    model_config = ConfigDict(extra="ignore")

    facts: list[str] = Field(max_length=100)


class LinkageDesk:
    """One method a request."""

    def __init__(self, linkage: Linkage) -> None:
        self._linkage = linkage

    def room(self) -> Room:
        """What the gateway gets of it."""
        return Room(
            {"linkage": self._linkage.run, "linkage memory": self._linkage.keep},
            {"linkage": self._answer, "linkage.reset": self._reset, "linkage.try": self._try},
            {LinkageReset: self._ordered},
            self._beat,
        )

    async def _answer(self, _request: dict[str, Any]) -> dict[str, Any]:
        return asdict(self._linkage.answer())

    async def _try(self, request: dict[str, Any]) -> dict[str, Any]:
        return asdict(self._linkage.tried(TryRequest.model_validate(request).facts))

    async def _reset(self, request: dict[str, Any]) -> dict[str, Any]:
        wish = ResetRequest.model_validate(request)
        await self._linkage.release(wish.effect, wish.person, wish.reason)
        return {"done": True}

    async def _ordered(self, order: LinkageReset, answer: Answer) -> None:
        along = answer(f"{order.effect} is reset", {"effect": order.effect, "person": order.person})
        await self._linkage.release(order.effect, order.person, order.reason, along)

    def _beat(self) -> Mapping[str, Any]:
        return {"linkage": self._linkage.shown()}


def unlinked() -> Room:
    """Where no linkage is configured: who asks is told so."""

    async def answer(_request: dict[str, Any]) -> dict[str, Any]:
        raise OrderRefused("the configuration has no linkage (linkage:), so nothing follows from alarms here")

    return Room(requests=dict.fromkeys(("linkage", "linkage.reset", "linkage.try"), answer))
