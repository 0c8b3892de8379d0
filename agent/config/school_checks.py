"""What is wrong with the people that a configuration declares: clashes, and names that nobody has."""

from collections.abc import Iterable, Mapping

from agent.config.findings import Findings
from agent.config.models import ConfigModel, DeviceModel
from agent.config.school_models import SchoolModel
from agent.config.source import Loc
from agent.language import tr
from agent.mistakes import did_you_mean
from agent.provisioning.check_ins import plain
from drivers.said import nearest


def check_school(found: Findings, config: ConfigModel) -> None:
    """Every mistake of `school` that needs more than one of its keys, and of the buttons that people press."""
    buttons = {n: device for n, device in enumerate(config.devices) if device.kind == "sign_on_button"}
    _pressed_by_somebody(found, buttons, config.school)
    if config.school is None:
        return
    _alone(found, "people", ((("id",), person.id) for person in config.school.people))
    _alone(found, "windows", ((("id",), window.id) for window in config.school.windows))
    _alone(found, "shifts", ((("id",), shift.id) for shift in config.school.shifts))
    _cards(found, config.school)
    _roles(found, config.school, buttons.values())


def _alone(found: Findings, room: str, ids: Iterable[tuple[Loc, str]]) -> None:
    first: set[str] = set()
    for n, (key, name) in enumerate(ids):
        if name in first:
            said = tr("{name} is the id of an earlier one already", name=repr(name))
            found.wrong(("school", room, n, *key), said)
        first.add(name)


def _cards(found: Findings, school: SchoolModel) -> None:
    """A card that two have signs on the wrong one."""
    owners: dict[str, str] = {}
    for n, person in enumerate(school.people):
        for m, card in enumerate(person.cards):
            if (owner := owners.setdefault(plain(card), person.id)) != person.id:
                said = tr("this card is {name}'s already", name=owner)
                found.wrong(("school", "people", n, "cards", m), said)


def _roles(found: Findings, school: SchoolModel, buttons: Iterable[DeviceModel]) -> None:
    """A role that nobody has is no mistake: that nobody is there is what provisioning says. A misspelt one is."""
    known = {person.role for person in school.people} | {_role(button) for button in buttons}
    for n, window in enumerate(school.windows):
        for role in window.roles:
            _spelt(found, ("school", "windows", n, "roles", role), role, known, key=True)
    for n, shift in enumerate(school.shifts):
        _spelt(found, ("school", "shifts", n, "role"), shift.role, known)


def _spelt(found: Findings, loc: Loc, role: str, known: Iterable[str], *, key: bool = False) -> None:
    others = sorted(known)
    if role in others or nearest(role, others) is None:
        return
    said = tr("nobody has the role {name}", name=repr(role)) + did_you_mean(role, others)
    found.wrong(loc, said, key=key)


def _role(button: DeviceModel) -> str:
    return str(button.settings.get("role", "")) or "guard"


def _pressed_by_somebody(found: Findings, buttons: Mapping[int, DeviceModel], school: SchoolModel | None) -> None:
    """A button that stands for a person needs that person."""
    known = [] if school is None else [person.id for person in school.people]
    for n, button in buttons.items():
        name = button.settings.get("person")
        if isinstance(name, str) and name and name not in known:
            said = tr("no person {name}", name=repr(name)) + did_you_mean(name, known)
            found.wrong(("devices", n, "settings", "person"), said)
