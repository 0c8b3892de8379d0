"""What the control socket answers of the pipe itself: status, alarms, and an operator's orders."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from agent.alarms.model import Action, Order, PointValue, key_of
from agent.service.room import Request
from agent.service.words import state_data
from agent.site import Device
from agent.uplink.envelope import LATEST_UTC_S

if TYPE_CHECKING:
    from agent.service.run import Gateway


class OrderRequest(BaseModel):
    """An operator's order as it comes in; everything in it is what somebody typed."""

    model_config = ConfigDict(extra="ignore")

    device: str
    action: Action
    condition: str
    person: str = Field(max_length=100)
    address: str = ""
    reason: str = Field("", max_length=500)
    until_utc_s: FiniteFloat | None = Field(None, le=LATEST_UTC_S)


class SilenceRequest(BaseModel):
    """Somebody has heard the sounder, and says who."""

    model_config = ConfigDict(extra="ignore")

    person: str = Field(max_length=100)


def requests_of(gateway: "Gateway") -> dict[str, Request]:
    """Everything that may be asked: of the pipe, and of the rooms beyond it."""
    known = PipeRequests(gateway).by_name()
    for room in gateway.rooms:
        known |= room.requests
    return known


class PipeRequests:
    """One method a request."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway

    def by_name(self) -> dict[str, Request]:
        """The table of them."""
        return {"status": self._status, "alarms": self._alarms, "order": self._order, "silence": self._silence}

    async def _status(self, _request: dict[str, Any]) -> dict[str, Any]:
        gateway = self._gateway
        status = gateway.uplink.status
        return {
            "gateway": gateway.site.identity.gateway,
            "name": gateway.site.identity.name,
            "uplink": {
                "connected": status.connected,
                "broker": status.broker,
                "why": status.why,
                "confirmed_by": gateway.site.uplink.confirmed_by,
            },
            "heartbeat": (await gateway.pulse.beat(gateway.uplink.shown())).model_dump(mode="json"),
            "lost": dict(gateway.pipe.lost),
            **gateway.watch.shown(),
        }

    async def _alarms(self, _request: dict[str, Any]) -> dict[str, Any]:
        pipe = self._gateway.pipe
        now = self._gateway.host.wall_clock()
        states = []
        for device in self._gateway.site.devices:
            points = pipe.table.of(device)
            state = state_data(device, pipe.memories[device.id], points, now, self._gateway.host.known)
            for condition in state["conditions"]:
                condition |= _where(device, condition["condition"], condition["address"], points)
            states.append(state)
        return {"devices": states}

    async def _silence(self, request: dict[str, Any]) -> dict[str, Any]:
        await self._gateway.watch.silence(SilenceRequest.model_validate(request).person)
        return {"done": True}

    async def _order(self, request: dict[str, Any]) -> dict[str, Any]:
        wish = OrderRequest.model_validate(request)
        order = Order(wish.action, wish.condition, wish.person, wish.address, wish.reason, wish.until_utc_s)
        await self._gateway.pipe.operate(wish.device, order)
        return {"done": True}


def _where(device: Device, condition: str, address: str, points: Mapping[str, PointValue]) -> dict[str, str]:
    """Where an address of a panel is, as it is configured, and what the panel itself said of it."""
    said = points.get(key_of(condition, address))
    return {"place": device.places.get(address, ""), "text": "" if said is None else said.text}
