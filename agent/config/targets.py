"""What an effect's actions come down to: outputs, their pulses, what must be off or clear, what confirms."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from agent.alarms.kinds import KINDS
from agent.config.cause_reader import Wrong
from agent.config.fits import sort_of
from agent.config.linkage_models import SWITCHING, EffectModel
from agent.config.source import Loc
from agent.language import tr
from agent.linkage.model import Contact, Feedback, Movement, Target
from agent.mistakes import did_you_mean
from agent.site import Device, PointUse
from drivers.profile import DeviceProfile, Point

OPENING = ("open_output", "release_output", "lower_output")
CLOSING = ("close_output", "raise_output")
MOVING = (*OPENING, *CLOSING)
ACTIONS: Mapping[str, tuple[Movement, tuple[str, ...]]] = {
    "open": ("opens", OPENING),
    "release": ("opens", ("release_output", "open_output")),
    "lower": ("opens", ("lower_output", "open_output")),
    "close": ("closes", CLOSING),
    "raise": ("closes", ("raise_output", "close_output")),
}
HELD_PULSE_S = 5.0  # begun anew in time; what becomes of the gateway ends it so soon
ONE_PULSE_S = 1.0  # controllers want 0.5 to 1 s
UNDER_IT = ("loop", "obstacle")


class TargetMaker:
    """`unsound`: devices and units that are there but wrong, which has been told."""

    def __init__(
        self,
        devices: Mapping[str, Device],
        units: Mapping[str, DeviceProfile],
        unsound: Collection[str],
        wrong: Wrong,
    ) -> None:
        self._devices, self._units, self._unsound, self._wrong = devices, units, unsound, wrong
        self._roles = {
            (use.unit, use.point): (device, role)
            for device in devices.values()
            for role, use in device.points.items()
            if role in MOVING
        }

    def targets(self, loc: Loc, model: EffectModel) -> tuple[Target, ...]:
        """Those of an effect; none where one of them is wrong."""
        made = []
        for action, names in model.do.items():
            for n, name in enumerate(names):
                at = (*loc, "do", action, n)
                made.append(
                    self._switched(at, action, name) if action in SWITCHING else self._moved(at, action, name)
                )
        if any(one is None for one in made):
            return ()
        feedback = self._feedback(loc, model)
        return tuple(self._as_said(one, model, feedback) for one in made if one is not None)

    def opening(self, device: Device) -> tuple[Target, ...]:
        """What opens this device, if anything does."""
        role = next((role for role in OPENING if role in device.points), None)
        if role is None:
            return ()
        target = self._target(device.points[role])
        return () if target is None else (target,)

    def _moved(self, loc: Loc, action: str, name: str) -> Target | None:
        if name in self._unsound:
            return None
        if name not in self._devices:
            self._wrong(loc, tr("no device {name}", name=repr(name)) + did_you_mean(name, self._devices))
            return None
        device, (_, roles) = self._devices[name], ACTIONS[action]
        role = next((role for role in roles if role in device.points), None)
        if role is None:
            known = [one for one in roles if one in KINDS[device.kind].roles] or list(roles)
            said = tr("{device} cannot {action}: it has no {roles}", device=name, action=action,
                      roles=tr(" or ").join(known))  # fmt: skip
            self._wrong(loc, said)
            return None
        return self._target(device.points[role], loc)

    def _switched(self, loc: Loc, action: str, name: str) -> Target | None:
        unit, dot, point = name.partition(".")
        if unit in self._unsound:
            return None
        if not dot or unit not in self._units or point not in {p.name for p in self._units[unit].points}:
            outputs = [f"{u}.{p.name}" for u, profile in self._units.items() for p in profile.points if p.writable]
            self._wrong(loc, tr("no output {name}", name=repr(name)) + did_you_mean(name, outputs))
            return None
        return self._target(PointUse(unit, point), loc, value=action != "switch_off")

    def _target(self, use: PointUse, loc: Loc = (), *, value: bool = True) -> Target | None:
        point = self._point(use.unit, use.point)
        if point is None or not point.writable or sort_of(point) != "bool" or (point.momentary and not value):
            self._wrong(loc, tr("{point} is no output that can be switched so", point=f"{use.unit}.{use.point}"))
            return None
        device, role = self._roles.get((use.unit, use.point), (None, ""))
        moves: Movement = "opens" if role in OPENING else "closes" if role in CLOSING else ""
        if device is None:
            return self._pulsed(Target((use.unit, use.point), value), point)
        others = CLOSING if moves == "opens" else OPENING
        made = Target(
            (use.unit, use.point),
            value,
            device.id,
            moves if value else "",
            device.escape_route,
            opposites=tuple((u.unit, u.point) for r in others if (u := device.points.get(r))),
            clear=_clear(device) if moves == "closes" else (),
            feedback=_motion(device, moves) if value else None,
        )
        return self._pulsed(made, point)

    def _pulsed(
        self, target: Target, point: Point, pulse_s: float | None = None, once: bool | None = None
    ) -> Target:
        """A module that times pulses itself lets nothing hang when the gateway dies, but for what must hang.

        A barrier stays open by itself; a door's magnet would hold it again as soon as the relay fell.
        """
        single = point.momentary or (target.moves == "closes" if once is None else once)
        freed = target.moves == "opens" and self._devices[target.device].kind == "door"
        timed = point.pulse is not None and target.value and not (freed and pulse_s is None and not once)
        length_s = (pulse_s or (ONE_PULSE_S if single else HELD_PULSE_S)) if timed else None
        return replace(target, pulse_s=length_s, one_shot=single and (timed or point.momentary))

    def _as_said(self, target: Target, model: EffectModel, feedback: Contact | None) -> Target:
        """With what the effect itself says of pulses and feedback."""
        point = self._units[target.output[0]].point(target.output[1])
        made = self._pulsed(target, point, model.pulse_s, model.once)
        return made if feedback is None else replace(made, feedback=Feedback(contact=feedback))

    def _feedback(self, loc: Loc, model: EffectModel) -> Contact | None:
        if model.feedback is None:
            return None
        unit, _, point = model.feedback.point.partition(".")
        if not self._readable(unit, point):
            said = tr("{point} is no contact that can be read", point=repr(model.feedback.point))
            self._wrong((*loc, "feedback"), said)
        return Contact(unit, point, model.feedback.is_)

    def _readable(self, unit: str, point: str) -> bool:
        if unit in self._unsound:
            return True
        found = self._point(unit, point)
        return found is not None and found.readable and sort_of(found) == "bool"

    def _point(self, unit: str, name: str) -> Point | None:
        points = self._units[unit].points if unit in self._units else ()
        return next((point for point in points if point.name == name), None)


def _clear(device: Device) -> tuple[Contact, ...]:
    """Its loop and obstacle contacts say that nothing is under it."""
    uses = (device.points[role] for role in UNDER_IT if role in device.points)
    return tuple(Contact(use.unit, use.point, use.inverted) for use in uses)


def _motion(device: Device, moves: Movement) -> Feedback | None:
    """Its own limits confirm it; a door that is released need not be open."""
    if device.kind == "door" or not moves:
        return None
    return Feedback(device.id, "open" if moves == "opens" else "closed")
