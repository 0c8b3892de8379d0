"""What is asked and ordered of the hazard ledger, at the control socket and over MQTT."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.errors import OrderRefused
from agent.hazards.model import COLOUR_OF, Duties, EvidenceSort, Facts, Hazard
from agent.hazards.steps import Wish
from agent.provisioning.model import Text
from agent.records import NOTHING, Along
from agent.school import Responsible
from agent.service.hazards import Hazards
from agent.service.pipe import Pipe
from agent.service.room import Answer, Room
from agent.uplink.hazard_commands import Found, HazardAdd, HazardStep, Stepped

PAGE_MOST = 200  # an answer is one line, made at once: the gateway has other things to do


class ListRequest(BaseModel):
    """A page of the ledger, in the order of its numbers."""

    model_config = ConfigDict(extra="ignore")

    after: str = Field("", max_length=64)
    which: Literal["open", "overdue", "all"] = "open"
    limit: int = Field(PAGE_MOST, ge=1, le=PAGE_MOST)


class ShowRequest(BaseModel):
    """One hazard."""

    model_config = ConfigDict(extra="ignore")

    hazard: str = Field(min_length=1, max_length=64)


class HazardDesk:
    """One method a request or command."""

    def __init__(self, hazards: Hazards, pipe: Pipe, chain: Sequence[Responsible]) -> None:
        self._hazards, self._pipe = hazards, pipe
        self._names = {who.role: who.name for who in reversed(chain)}

    def room(self) -> Room:
        """Everything by name."""
        return Room(
            parts={"hazards": self._hazards.run},
            requests={
                "hazard.list": self._list,
                "hazard.show": self._show,
                "hazard.add": self._add,
                "hazard.step": self._step,
            },
            commands={HazardAdd: self._ordered_add, HazardStep: self._ordered_step},
            beat=self._hazards.beat,
        )

    async def _list(self, request: dict[str, Any]) -> dict[str, Any]:
        wish, found, passed = ListRequest.model_validate(request), list[Hazard](), False
        for hazard in self._hazards.ledger:
            if (passed or not wish.after) and _is_wanted(hazard, wish.which):
                found.append(hazard)
            passed = passed or hazard.id == wish.after
        page = found[: wish.limit]
        more = len(found) > len(page)
        return {"hazards": [self._hazards.data(one) for one in page], "next": page[-1].id if more else ""}

    async def _show(self, request: dict[str, Any]) -> dict[str, Any]:
        name = ShowRequest.model_validate(request).hazard
        return {"hazard": self._hazards.data(self._hazards.ledger.named(name))}

    async def _add(self, request: dict[str, Any]) -> dict[str, Any]:
        return {"hazard": self._hazards.data(await self._enter(Found.model_validate(request), NOTHING))}

    async def _step(self, request: dict[str, Any]) -> dict[str, Any]:
        wish = Stepped.model_validate(request)
        return {"hazard": self._hazards.data(await self._hazards.step(wish.hazard, _wish(wish)))}

    async def _ordered_add(self, order: HazardAdd, answer: Answer) -> None:
        await self._enter(order, answer("the hazard is in the ledger", {"person": order.person}))

    async def _ordered_step(self, order: HazardStep, answer: Answer) -> None:
        fields = {"hazard": order.hazard, "action": order.action, "person": order.person}
        along = answer("the step is taken", fields)
        await self._hazards.step(order.hazard, _wish(order), along)

    async def _enter(self, found: Found, along: Along) -> Hazard:
        device = self._pipe.devices.get(found.device)
        facts = Facts(
            source=found.source,
            found_by=found.person.strip(),
            text=Text(found.text, found.text),
            place=found.place or (device.place if device else ""),
            location=device.location if device else "",
            device=found.device,
            category=found.category,
            grade=found.grade,
            colour=COLOUR_OF[found.grade],
            clause=found.clause,
        )
        duties = Duties(found.role, self._names.get(found.role, ""))
        return await self._hazards.add(facts, duties, found.by, found.photo, along)


def _is_wanted(hazard: Hazard, which: str) -> bool:
    return which == "all" or (hazard.overdue if which == "overdue" else hazard.open)


def _wish(wish: Stepped) -> Wish:
    photo: tuple[tuple[EvidenceSort, str], ...] = (("photo", wish.photo),) if wish.photo else ()
    return Wish(
        action=wish.action,
        person=wish.person,
        reason=wish.reason,
        to=wish.to,
        role=wish.role,
        supervisor=wish.supervisor,
        measure=wish.measure,
        funds=wish.funds,
        contingency=wish.contingency,
        by_utc_s=wish.by,
        grade=wish.grade,
        evidence=photo,
    )


def unkept() -> Room:
    """Where the configuration asks for no ledger: who asks is told so."""

    async def answer(_request: dict[str, Any]) -> dict[str, Any]:
        raise OrderRefused("the configuration has neither school: nor hazards:, so no ledger of hazards is kept")

    return Room(requests=dict.fromkeys(("hazard.list", "hazard.show", "hazard.add", "hazard.step"), answer))
