"""How a hazard is said upstream and on the spot: its payload, and the fields of its events."""

from typing import Any

from agent.hazards.deadlines import ends_utc_s
from agent.hazards.model import Hazard
from agent.hazards.moments import Moment, Times


def hazard_data(hazard: Hazard, times: Times) -> dict[str, Any]:
    """All of it, as `HazardData`."""
    facts, duties = hazard.facts, hazard.duties
    closed = hazard.closed_at
    return {
        "id": hazard.id,
        "status": hazard.status.value,
        "overdue": hazard.overdue,
        "reopened": hazard.reopened,
        "source": facts.source,
        "found": _moment(hazard.found_at, times),
        "found_by": facts.found_by,
        "place": facts.place,
        "location": facts.location,
        "device": facts.device,
        "category": facts.category,
        "colour": facts.colour,
        "grade": facts.grade,
        "rule": facts.rule,
        "clause": facts.clause,
        "mark": facts.mark or "",
        "text": {"en": facts.text.en, "zh": facts.text.zh},
        "role": duties.role,
        "person": duties.person,
        "supervisor": duties.supervisor,
        "measure": duties.measure,
        "funds": duties.funds,
        "contingency": duties.contingency,
        "deadline": {"sort": hazard.deadline.sort, "at": round(ends_utc_s(hazard.deadline, times), 3)},
        "failing": hazard.failing,
        "evidence": [{"sort": one.sort, "ref": one.ref} for one in hazard.evidence],
        "steps": [
            {
                "action": one.action,
                "status": one.status.value,
                "at": _moment(one.at, times),
                "person": one.person,
                "text": one.text,
            }
            for one in hazard.steps
        ],
        "closed": None if closed is None else {"at": _moment(closed, times), "by": hazard.closed_by},
    }


def fields_of(hazard: Hazard, times: Times, person: str = "", reason: str = "") -> dict[str, Any]:
    """What each event says of it: enough to follow the ledger by events alone."""
    shown = hazard_data(hazard, times)
    left_out = ("evidence", "steps", "found", "measure", "funds", "contingency", "closed", "deadline")
    named = {key: value for key, value in shown.items() if key not in left_out}
    last = hazard.evidence[-1].ref if hazard.evidence else ""
    return {**named, "deadline": shown["deadline"]["at"], "by": person, "reason": reason, "evidence": last}


def _moment(moment: Moment, times: Times) -> dict[str, Any]:
    known = times.known(moment)
    return {"at": round(known.utc_s, 3), "clock": known.clock}
