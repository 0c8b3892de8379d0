"""One change of one condition, as it is told upstream."""

from agent.alarms.model import Change, ConditionState
from agent.alarms.spec import ConditionSpec, Seen
from agent.site import Device


def told(device: Device, spec: ConditionSpec, seen: Seen, after: ConditionState, change: str) -> Change:
    """The change with what is known of its cause; an alarm that is set aside goes upstream too, marked."""
    hold = after.hold
    return Change(
        device.id,
        seen.condition,
        change,
        after.state,
        after.state.active,
        spec.priority,
        address=seen.address,
        text=seen.text,
        cause=seen.cause,
        until_utc_s=hold.until_utc_s if hold else None,
        hold=hold.kind if hold else None,
    )
