"""Whether the rule packs that a school names are there, and whether what it declares is what they ask for."""

from agent.config.findings import Findings
from agent.config.models import ConfigModel
from agent.config.rules_load import RuleShelf
from agent.config.school_models import FactModel, SchoolModel
from agent.errors import ConfigError
from agent.language import either, tr
from agent.mistakes import did_you_mean
from agent.provisioning.pack import FactSpec, Pack


def check_rules(found: Findings, config: ConfigModel, shelf: RuleShelf) -> None:
    """Every mistake; what the packs ask for and nobody declares is none: the verdict says that it is unknown."""
    if config.school is None:
        return
    packs = _packs(found, config.school, shelf)
    if len(packs) == len(config.school.rules):  # of what a pack that cannot be read asks for nobody knows
        _facts(found, config.school, packs)
        _places(found, config, packs)


def _packs(found: Findings, school: SchoolModel, shelf: RuleShelf) -> list[Pack]:
    packs = []
    for n, name in enumerate(school.rules):
        at = ("school", "rules", n)
        if name in school.rules[:n]:
            found.wrong(at, tr("{name} stands here twice", name=repr(name)))
        if name not in shelf.names():
            said = tr("no rule pack {name}", name=repr(name)) + did_you_mean(name, shelf.names())
            found.wrong(at, said)
            continue
        try:
            packs.append(shelf.pack(name))
        except ConfigError as error:
            found.mistakes += error.mistakes
    return packs


def _facts(found: Findings, school: SchoolModel, packs: list[Pack]) -> None:
    known = {name for pack in packs for name in pack.facts}
    for name, fact in school.facts.items():
        at = ("school", "facts", name)
        if name not in known:
            said = tr("no rule of {packs} asks for {name}", packs=", ".join(school.rules), name=repr(name))
            found.wrong(at, said + did_you_mean(name, known), key=True)
        unfit = next(
            (p.facts[name] for p in packs if name in p.facts and not p.facts[name].fits(fact.value)), None
        )
        if unfit is not None:
            found.wrong((*at, "value") if _written_out(fact) else at, _wanted(name, unfit, fact))


def _written_out(fact: FactModel) -> bool:
    return bool({"by", "on"} & fact.model_fields_set)


def _wanted(name: str, spec: FactSpec, fact: FactModel) -> str:
    want = {"number": tr("a number"), "bool": tr("true or false"), "word": tr("text (put it in quotes)")}[
        spec.type
    ]
    if spec.words:
        want = ", ".join(spec.words)
    hint = did_you_mean(fact.value, spec.words) if spec.words and isinstance(fact.value, str) else ""
    title = either(spec.title.en, spec.title.zh)
    return tr("{key} ({title}): want {want}", key=name, title=title, want=want) + hint


def _places(found: Findings, config: ConfigModel, packs: list[Pack]) -> None:
    known = {place for pack in packs for place in pack.places}
    for n, device in enumerate(config.devices):
        if device.place is not None and device.place not in known:
            said = tr("no rule pack has the place {name}", name=repr(device.place))
            found.wrong(("devices", n, "place"), said + did_you_mean(device.place, known))
