"""Whether a cause can ever be: tried with everything that its devices could say. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, product

from agent.alarms.kinds import KINDS
from agent.linkage.model import Alarm, AtLeast, Cause, Contact, Effect, Named, Not, OutputName, View
from agent.linkage.truth import FIRE, all_of, fires_in, leaves, truth
from agent.site import Device

ATOMS_MOST = 12  # 4096 views; with more of them what the first ones cannot exclude counts as possible
TWO_ADDRESSES = (f"1.1/{FIRE}", f"1.2/{FIRE}")

Devices = Mapping[str, Device]


def acts_when(effect: Effect) -> Cause:
    """Its cause with its guards, and for what is security that there is no fire."""
    parts = [effect.cause]
    parts += [] if effect.only_if is None else [effect.only_if]
    parts += [] if effect.unless is None else [Not(effect.unless)]
    return all_of(*parts)


def dead(cause: Cause, devices: Devices) -> list[Alarm]:
    """Alarms that can never come, since their device has no point that would tell them."""
    found = dict.fromkeys(one for one in leaves(cause) if isinstance(one, Alarm))
    return [alarm for alarm in found if not _tells(alarm, devices)]


def possible(cause: Cause, devices: Devices) -> bool:
    """Some state of the devices makes it true."""
    alarms, contacts = _atoms(cause, devices)
    if truth(cause, _view(alarms, contacts)):
        return True
    if any(truth(cause, view) for view in islice(_views(alarms, contacts), 2**ATOMS_MOST)):
        return True
    return len(alarms) + len(contacts) > ATOMS_MOST and _turns(cause)


def _turns(cause: Cause) -> bool:
    """More of it being there may make it false, so that everything at once proves nothing."""
    match cause:
        case Not() | Contact():
            return True
        case AtLeast(_, of):
            return any(_turns(one) for one in of)
        case Named(_, of):
            return _turns(of)
    return False


def _tells(alarm: Alarm, devices: Devices) -> bool:
    device = devices[alarm.device]
    condition = alarm.key.rpartition("/")[2]
    spec = KINDS[device.kind].conditions[condition]
    return not spec.role or spec.role in device.points or spec.level in device.points


def _atoms(cause: Cause, devices: Devices) -> tuple[list[Alarm], list[Contact]]:
    """What may be so or not; of a panel that tells of fires, two addresses."""
    found = list(dict.fromkeys(leaves(cause)))
    panels = {panel for fire in fires_in(cause) for panel in fire.sources.panels}
    alarms = [one for one in found if isinstance(one, Alarm) and _tells(one, devices)]
    alarms += [Alarm(panel, key) for panel in sorted(panels) for key in TWO_ADDRESSES]
    return list(dict.fromkeys(alarms)), [one for one in found if isinstance(one, Contact)]


def _views(alarms: list[Alarm], contacts: list[Contact]) -> Iterator[View]:
    points = list(dict.fromkeys((one.unit, one.point) for one in contacts))
    for bits in product((True, False), repeat=len(alarms) + len(points)):
        active = [alarm for alarm, bit in zip(alarms, bits, strict=False) if bit]
        yield _seen(active, dict(zip(points, bits[len(alarms) :], strict=True)))


def _view(alarms: Iterable[Alarm], contacts: Iterable[Contact]) -> View:
    """Everything at once, each contact as it is wanted first."""
    values = dict[OutputName, bool | None]()
    for one in contacts:
        values.setdefault((one.unit, one.point), one.value)
    return _seen(alarms, values)


def _seen(alarms: Iterable[Alarm], values: Mapping[OutputName, bool | None]) -> View:
    active = dict[str, frozenset[str]]()
    for alarm in alarms:
        active[alarm.device] = active.get(alarm.device, frozenset()) | {alarm.key}
    return View(active, contacts=values)
