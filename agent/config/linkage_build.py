"""The matrix, made of `linkage` and the devices; every mistake is told at its place."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.config.cause_reader import CauseReader, Wrong
from agent.config.fits import sort_of
from agent.config.linkage_models import EffectModel, LinkageModel
from agent.config.source import Loc
from agent.config.targets import TargetMaker
from agent.language import tr
from agent.linkage.exits import LATE_S
from agent.linkage.model import Alarm, Cause, Effect, Fire, FireSources, Hold, Matrix, Priority, Target
from agent.linkage.truth import FIRE, fires_in
from agent.mistakes import did_you_mean
from agent.site import Device
from drivers.profile import DeviceProfile

Units = Mapping[str, DeviceProfile]
DETECTORS = ("smoke_detector", "fire_sensor")
DEFAULT_ID = "fire-opens-{device}"


@dataclass(frozen=True, slots=True)
class Field:
    """What a matrix is made of: devices, units, and the names of those that are wrong, which has been told."""

    devices: Mapping[str, Device]
    units: Units
    unsound: Collection[str] = ()


def no_matter(_loc: Loc, _what: str) -> None:
    """For what has been checked before."""


def build_matrix(linkage: LinkageModel, field: Field, wrong: Wrong = no_matter) -> Matrix:
    """All effects, with those that the site has since it has linkage; `wrong` is told each mistake."""
    fire = fire_sources(linkage, field.devices.values())
    reader = CauseReader(field.devices, _contacts(field.units), linkage.causes, fire, field.unsound, wrong)
    causes, maker = reader.named(), TargetMaker(field.devices, field.units, field.unsound, wrong)
    effects = [
        effect
        for n, model in enumerate(linkage.effects)
        if (effect := _effect(("linkage", "effects", n), model, reader, maker, field.devices, wrong)) is not None
    ]
    effects += _defaults(effects, fire, field, maker)
    return Matrix(tuple(effects), fire, causes, linkage.pause_s, linkage.dry_run)


def fire_sources(linkage: LinkageModel, devices: Iterable[Device]) -> FireSources:
    """Every device that can tell of a fire, by what it is."""
    all_of_them = list(devices)
    single = [device for device in all_of_them if device.kind in DETECTORS]
    called = [device for device in single if device.settings.get("call_point")]
    listed = [Alarm(panel, f"{one}/{FIRE}") for panel, all_ in linkage.call_points.items() for one in all_]
    return FireSources(
        tuple(Alarm(device.id, "alarm") for device in single),
        (*(Alarm(device.id, "alarm") for device in called), *listed),
        tuple(device.id for device in all_of_them if device.kind == "fire_panel"),
    )


def check_call_points(linkage: LinkageModel, field: Field, wrong: Wrong) -> None:
    """They are addresses of fire panels."""
    panels = [device.id for device in field.devices.values() if device.kind == "fire_panel"]
    for name in linkage.call_points:
        if name not in panels and name not in field.unsound:
            said = tr("no fire panel {name}", name=repr(name)) + did_you_mean(name, panels)
            wrong(("linkage", "call_points", name), said)


def _contacts(units: Units) -> list[str]:
    """unit.point of everything that reads yes or no."""
    return [
        f"{unit}.{point.name}"
        for unit, profile in units.items()
        for point in profile.points
        if point.readable and point.type != "event" and sort_of(point) == "bool"
    ]


def _effect(
    loc: Loc,
    model: EffectModel,
    reader: CauseReader,
    maker: TargetMaker,
    devices: Mapping[str, Device],
    wrong: Wrong,
) -> Effect | None:
    cause = reader.read((*loc, "when"), model.when)
    only_if = None if model.only_if is None else reader.read((*loc, "only_if"), model.only_if)
    unless = None if model.unless is None else reader.read((*loc, "unless"), model.unless)
    targets = maker.targets(loc, model)
    guards = (only_if is None) == (model.only_if is None) and (unless is None) == (model.unless is None)
    if cause is None or not targets or not guards:
        return None
    priority = model.priority or _priority(cause, targets)
    if any(target.moves == "closes" for target in targets):
        _closing(loc, model, priority, targets, wrong)
    if priority == "life":
        _freeing(loc, model, targets, devices, wrong)
    hold, for_s = _hold(model.hold, priority)
    return Effect(model.id, cause, targets, priority, model.delay_s, hold, for_s, only_if, unless, model.opt_in)


def _priority(cause: Cause, targets: Iterable[Target]) -> Priority:
    """What closes is security; what a confirmed fire opens or switches saves lives; the rest tells."""
    if any(target.moves == "closes" for target in targets):
        return "security"
    return "life" if any(fire.confirmed for fire in fires_in(cause)) else "notify"


def _hold(hold: Any, priority: Priority) -> tuple[Hold, float]:
    if hold in ("reset", "cause"):
        return hold, 0.0
    if hold is not None:
        return "time", float(hold)
    return ("reset" if priority == "life" else "cause"), 0.0


def _closing(loc: Loc, model: EffectModel, priority: Priority, targets: Iterable[Target], wrong: Wrong) -> None:
    """Nothing closes but for security, and only where somebody can see that nothing is under it."""
    if priority != "security":
        wrong((*loc, "priority"), tr("what closes is security: fire and messages never close anything"))
    for target in targets:
        if target.moves == "closes" and not target.clear and model.only_if is None:
            said = tr("{device} has no loop and no obstacle contact; say `only_if`: how is it known to be clear?",
                      device=target.device)  # fmt: skip
            wrong((*loc, "do"), said)


def _freeing(
    loc: Loc, model: EffectModel, targets: Iterable[Target], devices: Mapping[str, Device], wrong: Wrong
) -> None:
    """A door's magnet holds it again as soon as its relay falls."""
    key = "once" if model.once else "pulse_s"
    for target in targets:
        if target.moves == "opens" and target.pulse_s is not None and devices[target.device].kind == "door":
            said = tr("{device} is held again after a pulse; take {key} out", device=target.device, key=key)
            wrong((*loc, key), said)


def _defaults(effects: Iterable[Effect], fire: FireSources, field: Field, maker: TargetMaker) -> list[Effect]:
    """People flee through it, so a confirmed fire opens it, whether somebody has thought of that or not."""
    opened = {
        target.device
        for effect in effects
        if isinstance(effect.cause, Fire) and effect.priority == "life" and _for_certain(effect)
        for target in effect.targets
        if target.moves == "opens"
    }
    unopened = [one for one in field.devices.values() if one.escape_route and one.id not in opened]
    confirmed = Fire(fire, confirmed=True)
    return [
        Effect(DEFAULT_ID.format(device=one.id), confirmed, targets, "life", hold="reset", by_default=True)
        for one in unopened
        if (targets := maker.opening(one))
    ]


def _for_certain(effect: Effect) -> bool:
    """Nothing keeps it from acting in time, and a person alone ends it."""
    in_time = effect.delay_s <= LATE_S
    return in_time and effect.hold == "reset" and effect.only_if is None and effect.unless is None
