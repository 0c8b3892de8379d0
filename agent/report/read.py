"""From the gateway's answers to what a page is made of."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter

from agent.linkage.answer import LinkageAnswer
from agent.report.model import DrillReport, DrillView, ProvisionView
from agent.report.times import school_clock
from agent.service.provisioning_answer import ProvisionAnswer
from agent.uplink.hazard_message import HazardData


def provision_view(
    answer: Mapping[str, Any], hazards: Iterable[Mapping[str, Any]], linkage: Mapping[str, Any] | None
) -> ProvisionView:
    """All of it, validated; what is closed already is not an inspector's concern."""
    told = ProvisionAnswer.model_validate(answer)
    known = (HazardData.model_validate(one) for one in hazards)
    return ProvisionView(
        told,
        school_clock(told.site.time_zone),
        tuple(one for one in known if one.status != "closed"),
        None if linkage is None else TypeAdapter(LinkageAnswer).validate_python(linkage),
    )


def drill_view(report: Mapping[str, Any], place: Mapping[str, str]) -> DrillView:
    """A drill's report, and where it was."""
    clock = school_clock(place.get("time_zone", "UTC"))
    return DrillView(DrillReport.model_validate(report), clock, place.get("gateway", ""), place.get("name", ""))
