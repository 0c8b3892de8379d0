"""Whether a cause is so: true, false, or nobody can tell (Kleene's three values). Pure."""

from collections.abc import Iterable, Iterator

from agent.linkage.model import (
    Alarm,
    AtLeast,
    Cause,
    Contact,
    Fire,
    FireSources,
    Named,
    Not,
    OutputName,
    Truth,
    View,
)

FIRE = "fire"  # a panel's condition


def truth(cause: Cause, view: View) -> Truth:
    """What can be said of it; what is true already needs no more, however much is unknown beside it."""
    match cause:
        case Alarm():
            return _alarm(cause, view)
        case Contact(unit, point, value):
            seen = view.contacts.get((unit, point))
            return None if seen is None else seen is value
        case AtLeast(count, of):
            return _enough(count, (truth(one, view) for one in of))
        case Not(of):
            found = truth(of, view)
            return None if found is None else not found
        case Named(_, of):
            return truth(of, view)
        case Fire(sources, confirmed):
            return _fire(sources, view, 2 if confirmed else 1)


def any_of(*causes: Cause) -> Cause:
    """One of them is enough."""
    return AtLeast(1, causes)


def all_of(*causes: Cause) -> Cause:
    """Every one of them."""
    return AtLeast(len(causes), causes)


def leaves(cause: Cause) -> Iterator[Alarm | Contact]:
    """Everything that it looks at in the end; of a panel, all its addresses."""
    match cause:
        case Alarm() | Contact():
            yield cause
        case AtLeast(_, of):
            for one in of:
                yield from leaves(one)
        case Not(of) | Named(_, of):
            yield from leaves(of)
        case Fire(sources, _):
            yield from sources.detectors
            yield from sources.call_points
            yield from (Alarm(panel, FIRE) for panel in sources.panels)


def contacts_of(causes: Iterable[Cause]) -> frozenset[OutputName]:
    """The points that somebody has to look at for these."""
    return frozenset(
        (one.unit, one.point) for cause in causes for one in leaves(cause) if isinstance(one, Contact)
    )


def fires_in(cause: Cause) -> Iterator[Fire]:
    """Where it asks for a fire."""
    match cause:
        case Fire():
            yield cause
        case AtLeast(_, of):
            for one in of:
                yield from fires_in(one)
        case Not(of) | Named(_, of):
            yield from fires_in(of)


def _alarm(alarm: Alarm, view: View) -> Truth:
    """What is latched stays true though its device is lost; else a lost device says nothing."""
    if any(_is(alarm.key, key) for key in view.active.get(alarm.device, ())):
        return True
    if alarm.key in view.aside.get(alarm.device, ()):
        return False
    return None if alarm.device in view.unknown else False


def _is(wanted: str, key: str) -> bool:
    return key == wanted or key.rpartition("/")[2] == wanted


def _enough(count: int, found: Iterable[Truth]) -> Truth:
    known = list(found)
    if known.count(True) >= count:
        return True
    return None if len(known) - known.count(False) >= count else False


def _fire(sources: FireSources, view: View, devices: int) -> Truth:
    """A call point is somebody who has seen the fire; a panel that is not heard may have any number of them."""
    called = _enough(1, (truth(one, view) for one in sources.call_points))
    single = [truth(one, view) for one in sources.detectors]
    for panel in sources.panels:
        single += [True] * len(_burning(panel, view))
        single += [None] * devices if panel in view.unknown else []
    return _enough(1, (called, _enough(devices, single)))


def _burning(panel: str, view: View) -> set[str]:
    """A panel's addresses in fire that are devices of their own: a loop is none beside what is on it."""
    keys = (key.rpartition("/") for key in view.active.get(panel, ()))
    addresses = {address for address, _, condition in keys if condition == FIRE}
    return {one for one in addresses if not any(other.startswith(one + ".") for other in addresses)}
