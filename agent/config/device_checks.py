"""What is wrong with devices and the sounder: dangling names, points used twice, points that cannot say enough."""

from collections.abc import Mapping

from agent.alarms.kinds import KINDS
from agent.config.build import roles_of
from agent.config.findings import Findings
from agent.config.fits import is_number, misfit, sort_of, unfit
from agent.config.models import ConfigModel, DeviceModel, PointModel
from agent.config.sounder import sounder_mistake
from agent.config.source import Loc
from agent.language import tr
from agent.mistakes import did_you_mean
from drivers.profile import DeviceProfile


class DeviceChecks:
    """`units`: the profiles of those that have one."""

    def __init__(self, found: Findings, config: ConfigModel, units: Mapping[str, DeviceProfile]) -> None:
        self._found, self._config, self._units = found, config, units
        self._users: dict[str, str] = {}

    def run(self) -> None:
        """Every device, then the sounder, whose point none of them may use."""
        for n, device in enumerate(self._config.devices):
            self._device(("devices", n), device)
        self._sounder()

    def _device(self, loc: Loc, device: DeviceModel) -> None:
        if device.unit is not None and device.unit not in self._units and not self._known_but_wrong(device.unit):
            said = tr("no unit {name}", name=repr(device.unit)) + did_you_mean(device.unit, self._units)
            self._found.wrong((*loc, "unit"), said)
        if device.kind == "fire_panel":
            self._panel(loc, device)
        else:
            self._points(loc, device)
        self._settings(loc, device)

    def _panel(self, loc: Loc, device: DeviceModel) -> None:
        if device.unit is None:
            self._found.missing(
                loc, "unit", next((u for u, p in self._units.items() if p.kind == "fire_panel"), "panel-1")
            )
        elif device.unit in self._units:
            if self._units[device.unit].kind != "fire_panel":
                self._found.wrong((*loc, "unit"), tr("{unit} is no fire panel", unit=device.unit))
            self._taken((*loc, "unit"), device.unit, device.id)
        if device.points:
            said = tr("a fire panel has no points of its own; name its addresses under `places`")
            self._found.wrong((*loc, "points"), said, key=True)

    def _taken(self, loc: Loc, what: str, by: str) -> None:
        if self._users.setdefault(what, by) != by:
            self._found.wrong(loc, tr("{point} is used by {user} already", point=what, user=self._users[what]))

    def _points(self, loc: Loc, device: DeviceModel) -> None:
        if device.places:
            self._found.wrong((*loc, "places"), tr("only a fire panel has places"), key=True)
        dangling = device.unit is not None and device.unit not in self._units
        given = dict(device.points) if dangling else roles_of(device, self._units)
        for role, point in given.items():
            at = (*loc, "points", role) if role in device.points else (*loc, "unit")
            if self._point(at, device, role, point):
                self._taken(at, point.point, f"{device.id}.{role}")
        if not dangling and not self._found.guessed((*loc, "unit")):
            self._enough(loc, device, set(given))

    def _point(self, loc: Loc, device: DeviceModel, role: str, point: PointModel) -> bool:
        """The point is there, and it can say what the role wants."""
        kind = KINDS[device.kind]
        if role not in kind.roles and not kind.any_number:
            said = tr("a {kind} has no role {role}", kind=device.kind, role=repr(role))
            self._found.wrong(loc, said + did_you_mean(role, kind.roles), key=True)
        unit, _, name = point.point.partition(".")
        if unit not in self._units:
            if not self._known_but_wrong(unit):
                self._found.wrong(loc, tr("no unit {name}", name=repr(unit)) + did_you_mean(unit, self._units))
            return False
        profile = self._units[unit]
        names = [p.name for p in profile.points]
        if name not in names:
            said = tr("{profile} has no point {name}", profile=profile.id, name=repr(name))
            self._found.wrong(loc, said + did_you_mean(name, names))
            return False
        if role in kind.roles and (why := misfit(profile.point(name), kind.roles[role])) is not None:
            self._found.wrong(loc, tr("{role}: {point} {why}", role=role, point=point.point, why=why))
        self._asked(loc, unit, name)
        if point.normally == "closed" and sort_of(profile.point(name)) != "bool":
            self._found.wrong((*loc, "normally"), tr("only a contact is normally open or closed"), key=True)
        return True

    def _asked(self, loc: Loc, unit: str, name: str) -> None:
        only = next(u.points for line in self._config.lines for u in line.units if u.id == unit)
        if only and name not in only:
            said = tr("{name} is not among the `points` that are asked of {unit}", name=name, unit=unit)
            self._found.wrong(loc, said)

    def _enough(self, loc: Loc, device: DeviceModel, given: set[str]) -> None:
        """The device can see what it is there for."""
        kind = KINDS[device.kind]
        if not given:
            roles = ", ".join(role for role, spec in kind.roles.items() if not spec.output)
            said = tr("the device has no points; give `points` with some of: {roles}", roles=roles)
            self._found.wrong((*loc, "id"), said, about=(*loc, "points"))
        elif kind.needs and not any(given | set(device.settings) >= set(group) for group in kind.needs):
            groups = tr(" or ").join(" + ".join(group) for group in kind.needs)
            said = tr("a {kind} needs {groups}", kind=device.kind, groups=groups)
            self._found.wrong((*loc, "id"), said, about=(*loc, "points"))

    def _settings(self, loc: Loc, device: DeviceModel) -> None:
        kind = KINDS[device.kind]
        for name, value in device.settings.items():
            at, spec = (*loc, "settings", name), kind.settings.get(name)
            if spec is None:
                said = tr("a {kind} has no setting {name}", kind=device.kind, name=repr(name))
                self._found.wrong(at, said + did_you_mean(name, kind.settings), key=True)
            elif (why := unfit(value, spec)) is not None:
                self._found.wrong(at, tr("{key}: want {want}", key=name, want=why))
        values = {name: spec.default for name, spec in kind.settings.items()} | dict(device.settings)
        for low, high in kind.ascending:
            one, other = values[low], values[high]
            if is_number(one) and is_number(other) and one >= other:
                at = (*loc, "settings", low if low in device.settings else high)
                self._found.wrong(at, tr("{low} must be below {high}", low=low, high=high))

    def _sounder(self) -> None:
        sounder = self._config.sounder
        if sounder is None or self._dangles(sounder.point.partition(".")[0]):
            return
        if (why := sounder_mistake(sounder.point, self._units, self._users)) is not None:
            self._found.wrong(("sounder", "point"), why)

    def _dangles(self, unit: str) -> bool:
        return unit not in self._units and self._known_but_wrong(unit)

    def _known_but_wrong(self, unit: str) -> bool:
        """The unit is there but its profile is not: that has been said already."""
        return any(unit == u.id for line in self._config.lines for u in line.units)
