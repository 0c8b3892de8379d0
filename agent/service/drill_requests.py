"""The drill room: what the control socket and the platform may ask of drills and test presses."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from agent.drills.model import Drill
from agent.drills.record import report
from agent.errors import OrderRefused
from agent.records import NOTHING
from agent.service.drills import Drills
from agent.service.presses import Presses
from agent.service.room import Answer, Doer, Room
from agent.site import Identity
from agent.uplink.drill_commands import AnnounceTest, DrillStart, DrillStop
from agent.uplink.orders import Ordered


class _Request(BaseModel):
    model_config = ConfigDict(extra="ignore")


class StartRequest(_Request):
    """Somebody announces a drill."""

    person: str = Field(max_length=100)
    reason: str = Field(max_length=500)
    until: str = Field(max_length=40)


class StopRequest(_Request):
    """Somebody ends it."""

    person: str = Field(max_length=100)


class PressRequest(_Request):
    """Somebody is about to press a one-key alarm for a test."""

    device: str = Field(max_length=100)
    person: str = Field(max_length=100)


class ReportRequest(_Request):
    """One drill's record; the newest one if left out."""

    id: int | None = None


class DrillRoom:
    """One method a request, one a command."""

    def __init__(self, drills: Drills, tests: Presses, identity: Identity) -> None:
        self._drills, self._tests = drills, tests
        self._place = {"gateway": identity.gateway, "name": identity.name, "time_zone": identity.time_zone}

    def room(self) -> Room:
        """What the gateway gets of it."""
        requests = {
            "drill.start": self._start,
            "drill.stop": self._stop,
            "drill.press": self._press,
            "drill.list": self._list,
            "drill.report": self._report,
        }
        commands: dict[type[Ordered], Doer] = {
            DrillStart: self._start_ordered,
            DrillStop: self._stop_ordered,
            AnnounceTest: self._press_ordered,
        }
        return Room({"drills": self._drills.run}, requests, commands, self._beat)

    async def _start(self, request: dict[str, Any]) -> dict[str, Any]:
        wish = StartRequest.model_validate(request)
        drill = await self._drills.start(wish.person, wish.reason, wish.until, lambda _: NOTHING)
        return {"done": True, "drill": _shown(drill)}

    async def _stop(self, request: dict[str, Any]) -> dict[str, Any]:
        drill = await self._drills.stop(StopRequest.model_validate(request).person, lambda _: NOTHING)
        return {"done": True, "drill": _shown(drill)}

    async def _press(self, request: dict[str, Any]) -> dict[str, Any]:
        wish = PressRequest.model_validate(request)
        one = await self._tests.announce(wish.device, wish.person, lambda _: NOTHING)
        return {"done": True, "device": one.device, "until": one.end.until_utc_s}

    async def _list(self, _request: dict[str, Any]) -> dict[str, Any]:
        active = self._drills.active()
        return {
            "active": None if active is None else active.number,
            "drills": [_shown(drill) for drill in self._drills.known()],
            "tests": self._tests.shown(),
        }

    async def _report(self, request: dict[str, Any]) -> dict[str, Any]:
        wanted = ReportRequest.model_validate(request).id
        known = {drill.number: drill for drill in self._drills.known()}
        if not known:
            raise OrderRefused("there was no drill yet")
        number = max(known) if wanted is None else wanted
        if number not in known:
            raise OrderRefused(
                "no drill {name}; known: {known}", name=str(number), known=", ".join(map(str, known))
            )
        return {"report": report(known[number]), "place": self._place}

    async def _start_ordered(self, order: DrillStart, answer: Answer) -> None:
        await self._drills.start(
            order.person, order.reason, order.until, lambda drill: answer("the drill has begun", _told(drill))
        )

    async def _stop_ordered(self, order: DrillStop, answer: Answer) -> None:
        await self._drills.stop(order.person, lambda drill: answer("the drill is over", _told(drill)))

    async def _press_ordered(self, order: AnnounceTest, answer: Answer) -> None:
        fields = {"device": order.device, "person": order.person}
        text = "the test is announced"
        await self._tests.announce(
            order.device, order.person, lambda one: answer(text, {**fields, "until": one.end.until_utc_s})
        )

    def _beat(self) -> Mapping[str, Any]:
        """For heartbeats: the drill that is on, and which tests are due."""
        drill = self._drills.active()
        shown = None if drill is None else {**_told(drill), "reason": drill.reason}
        return {"drill": shown, "tests_due": list(self._tests.due())}


def _told(drill: Drill) -> dict[str, object]:
    return {"drill": drill.number, "person": drill.person, "until": drill.end.until_utc_s}


def _shown(drill: Drill) -> dict[str, Any]:
    return {
        "id": drill.number,
        "person": drill.person,
        "reason": drill.reason,
        "started": drill.started_utc_s,
        "until": drill.end.until_utc_s,
        "ended": drill.ended_utc_s,
        "stopped_by": drill.stopped_by,
        "raised": sum(line.sent.change == "raised" for line in drill.alarms),
    }
