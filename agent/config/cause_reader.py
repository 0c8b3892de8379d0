"""A cause as the configuration writes it, read into what linkage evaluates; every mistake at its place."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from agent.alarms.kinds import KINDS
from agent.config.source import Loc
from agent.language import tr
from agent.linkage.model import Alarm, AtLeast, Cause, Contact, Fire, FireSources, Named, Not
from agent.linkage.truth import all_of, any_of
from agent.mistakes import did_you_mean
from agent.site import Device, Kind

Wrong = Callable[[Loc, str], None]
SELECTORS = ("kind", "place", "escape_route", "condition")
KEYS = ("any", "all", "at_least", "of", "not", "point", "is", *SELECTORS)
DEEPEST = 50  # so many causes within each other; Python itself would end at some hundreds
READ_MOST = 10_000  # a few lines of YAML can name one list so often that reading them takes for ever
BUILT_IN = ("fire_confirmed", "fire_any")


class CauseReader:
    """`unsound`: devices and units that are there but wrong, which has been told; `points`: of contacts."""

    def __init__(
        self,
        devices: Mapping[str, Device],
        points: Collection[str],
        named: Mapping[str, Any],
        fire: FireSources,
        unsound: Collection[str],
        wrong: Wrong,
    ) -> None:
        self._devices, self._points, self._raw, self._fire = devices, points, named, fire
        self._unsound, self._wrong = unsound, wrong
        self._named: dict[str, Cause | None] = {}
        self._open: list[str] = []
        self._read = self._deep = 0

    def named(self) -> dict[str, Cause]:
        """All that have a name; a mistake in one is told once."""
        found = {name: self._of_name((), name) for name in self._raw}
        return {name: cause for name, cause in found.items() if cause is not None}

    def read(self, loc: Loc, raw: Any) -> Cause | None:
        """One expression, or None where it is wrong."""
        self._read += 1
        if self._read > READ_MOST:
            if self._read == READ_MOST + 1:
                self._wrong(loc, tr("more than {most} causes in causes", most=READ_MOST))
            return None
        if isinstance(raw, str):
            return self._word(loc, raw)
        if not isinstance(raw, dict) or not raw:
            self._wrong(loc, tr("want a cause: device.condition, a name, or one of {keys}", keys=", ".join(KEYS)))
            return None
        for key in raw:
            if key not in KEYS:
                self._wrong((*loc, key), tr("a cause has no {key}", key=repr(key)) + did_you_mean(str(key), KEYS))
                return None
        if self._deep >= DEEPEST:
            self._wrong(loc, tr("more than {most} causes in causes", most=DEEPEST))
            return None
        self._deep += 1
        try:
            return self._mapping(loc, raw)
        finally:
            self._deep -= 1

    def _mapping(self, loc: Loc, raw: dict[str, Any]) -> Cause | None:
        match sorted(raw):
            case ["any"] | ["all"]:
                (key,) = raw
                below = self._list((*loc, key), raw[key])
                return None if below is None else (any_of if key == "any" else all_of)(*below)
            case ["at_least", "of"]:
                return self._at_least(loc, raw["at_least"], raw["of"])
            case ["not"]:
                one = self.read((*loc, "not"), raw["not"])
                return None if one is None else Not(one)
            case ["is", "point"] | ["point"]:
                return self._contact(loc, raw["point"], raw.get("is", True))
        if "kind" in raw and set(raw) <= set(SELECTORS):
            found = self._selected(loc, raw)
            return None if found is None else any_of(*found)
        said = tr("these keys do not go together; want any, all, at_least with of, not, point with is, or kind")
        self._wrong(loc, said)
        return None

    def _list(self, loc: Loc, raw: Any) -> tuple[Cause, ...] | None:
        if isinstance(raw, dict) and "kind" in raw and set(raw) <= set(SELECTORS):
            return self._selected(loc, raw)
        if not isinstance(raw, list) or not raw:
            self._wrong(loc, tr("want a list of causes"))
            return None
        found = [self.read((*loc, n), one) for n, one in enumerate(raw)]
        return None if None in found else tuple(one for one in found if one is not None)

    def _at_least(self, loc: Loc, count: Any, of: Any) -> Cause | None:
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            self._wrong((*loc, "at_least"), tr("want a count, such as 2"))
            return None
        below = self._list((*loc, "of"), of)
        return None if below is None else AtLeast(count, below)

    def _contact(self, loc: Loc, point: Any, value: Any) -> Cause | None:
        if not isinstance(value, bool):
            self._wrong((*loc, "is"), tr("true or false"))
            return None
        name = str(point)
        if name.partition(".")[0] in self._unsound:
            return None
        if name not in self._points:
            said = tr("{point} is no contact that can be read", point=repr(name))
            self._wrong((*loc, "point"), said + did_you_mean(name, self._points))
            return None
        unit, _, point = name.partition(".")
        return Contact(unit, point, value)

    def _word(self, loc: Loc, word: str) -> Cause | None:
        device, dot, key = word.partition(".")
        return self._alarm(loc, device, key) if dot else self._of_name(loc, word)

    def _of_name(self, loc: Loc, name: str) -> Cause | None:
        if name in BUILT_IN:
            return Fire(self._fire, confirmed=name == "fire_confirmed")
        if name not in self._raw:
            said = tr("no cause {name}", name=repr(name)) + did_you_mean(name, [*BUILT_IN, *self._raw])
            self._wrong(loc, said)
            return None
        if name in self._open:
            self._wrong(loc, tr("the cause {name} goes round in a circle", name=repr(name)))
            return None
        if name not in self._named:
            self._open.append(name)
            found = self.read(("linkage", "causes", name), self._raw[name])
            self._open.pop()
            self._named[name] = None if found is None else Named(name, found)
        return self._named[name]

    def _alarm(self, loc: Loc, device: str, key: str) -> Cause | None:
        if device in self._unsound:
            return None
        if device not in self._devices:
            self._wrong(loc, tr("no device {name}", name=repr(device)) + did_you_mean(device, self._devices))
            return None
        kind = self._devices[device].kind
        address, _, condition = key.rpartition("/")
        if condition not in KINDS[kind].conditions:
            said = tr("a {kind} has no condition {name}", kind=kind, name=repr(condition))
            self._wrong(loc, said + did_you_mean(condition, KINDS[kind].conditions))
            return None
        if address and kind != "fire_panel":
            self._wrong(loc, tr("only a fire panel has addresses"))
            return None
        return Alarm(device, key)

    def _selected(self, loc: Loc, raw: dict[str, Any]) -> tuple[Cause, ...] | None:
        """All devices of a kind, at a place, on an escape route; of none, `all` would always be so."""
        kind = next((known for known in KINDS if known == raw["kind"]), None)
        if kind is None:
            said = tr("no kind {name}", name=repr(raw["kind"])) + did_you_mean(str(raw["kind"]), KINDS)
            self._wrong((*loc, "kind"), said)
            return None
        condition = str(raw.get("condition", _main(kind)))
        if condition not in KINDS[kind].conditions:
            said = tr("a {kind} has no condition {name}", kind=kind, name=repr(condition))
            at = (*loc, "condition") if "condition" in raw else loc
            self._wrong(at, said + did_you_mean(condition, KINDS[kind].conditions))
            return None
        found = tuple(
            Alarm(device.id, condition)
            for device in self._devices.values()
            if device.kind == kind
            and raw.get("place", device.place) == device.place
            and raw.get("escape_route", device.escape_route) == device.escape_route
        )
        if not found and not self._unsound:
            self._wrong((*loc, "kind"), tr("there is no such {kind} here", kind=kind))
        return found or None


def _main(kind: Kind) -> str:
    """What the kind is there for: its only condition of the first priority, if it has just one."""
    first = [name for name, spec in KINDS[kind].conditions.items() if spec.priority == 1]
    return first[0] if len(first) == 1 else ""
