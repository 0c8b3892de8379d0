"""What only the whole of a rule pack can tell: dangling names, words that nothing explains, facts nobody uses."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from agent.alarms.kinds import KINDS
from agent.config.source import Loc, Source
from agent.errors import Mistake
from agent.language import tr
from agent.mistakes import did_you_mean
from agent.provisioning.condition import Condition
from agent.provisioning.formula import Formula
from agent.provisioning.pack import Item, Pack
from agent.provisioning.vocabulary import Amount

Said = Iterator[tuple[Loc, str]]
TESTS = ("equals", "one_of", "at_least", "at_most")


def pack_mistakes(pack: Pack, source: Source, stem: str) -> list[Mistake]:
    """Every one, in the order of the lines."""
    found = {source.mistake(loc, said) for loc, said in PackCheck(pack).run(stem)}
    return sorted(found, key=lambda m: (m.line, m.column, m.what))


class PackCheck:
    """Looks through a pack once, and notes which of its facts are asked for."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack
        self._asked: set[str] = set()

    def run(self, stem: str) -> Said:
        """Every mistake with its place."""
        if self._pack.id != stem:
            yield ("id",), tr("id: the file is called {name}, so is its pack", name=repr(stem))
        for name, formula in self._pack.formulas.items():
            yield from self._formula(("formulas", name), formula)
        yield from self._indicators()
        for name, fact in self._pack.facts.items():
            if name not in self._asked:
                yield ("facts", name), tr("nothing asks for the fact {name}", name=repr(name))
            if fact.words and fact.type != "word":
                yield ("facts", name), tr("only a fact of type word has words")

    def _indicators(self) -> Said:
        indicators, items = set[str](), set[str]()
        for n, indicator in enumerate(self._pack.indicators):
            at = ("indicators", n)
            yield from _twice((*at, "id"), indicator.id, indicators)
            if all(item.force == "should" for item in indicator.items):
                yield (*at, "id"), tr("{name} has no item that shall be: it could not fail", name=indicator.id)
            for m, item in enumerate(indicator.items):
                yield from _twice((*at, "items", m, "id"), item.id, items)
                yield from self._item((*at, "items", m), item)

    def _item(self, loc: Loc, item: Item) -> Said:
        if item.place:
            yield from _known((*loc, "place"), item.place, self._pack.places, tr("place"))
        yield from self._conditions((*loc, "scope"), item.scope)
        word, asked = item.check.word, getattr(item.check, item.check.word)
        at = (*loc, "check", word)
        if isinstance(asked, Condition):
            yield from self._condition(at, asked)
        for key in ("have", "at_least"):
            if isinstance(amount := getattr(asked, key, None), Amount):
                yield from self._amount((*at, key), amount)
        if (role := getattr(asked, "role", None)) is not None:
            yield from _known((*at, "role"), role, self._pack.roles, tr("role"))
        yield from self._devices(at, asked)

    def _devices(self, at: Loc, asked: object) -> Said:
        kinds: Sequence[str] = getattr(asked, "kinds", ())
        for n, kind in enumerate(kinds):
            yield from _known((*at, "kinds", n), kind, KINDS, tr("kind of device"))
        for n, place in enumerate(getattr(asked, "places", ())):
            yield from _known((*at, "places", n), place, self._pack.places, tr("place"))
        known = {name for kind, spec in KINDS.items() if kind in kinds for name in spec.conditions}
        for key in ("without", "in_service"):
            for n, condition in enumerate(getattr(asked, key, ())):
                yield from _known((*at, key, n), condition, known, tr("condition of these kinds"))

    def _formula(self, loc: Loc, formula: Formula) -> Said:
        if formula.rounding_fact is not None:
            yield from self._fact((*loc, "rounding_fact"), formula.rounding_fact, "word")
        for part, terms in (("terms", formula.terms), ("least", formula.least)):
            for n, term in enumerate(terms):
                at = (*loc, part, n)
                yield from self._conditions((*at, "scope"), term.scope)
                for key, names in (("of", term.of), ("minus", term.minus)):
                    for m, name in enumerate(names):
                        yield from self._fact((*at, key, m), name, "number")

    def _conditions(self, loc: Loc, conditions: Sequence[Condition]) -> Said:
        for n, condition in enumerate(conditions):
            yield from self._condition((*loc, n), condition)

    def _condition(self, loc: Loc, condition: Condition) -> Said:
        number = condition.at_least is not None or condition.at_most is not None
        yield from self._fact((*loc, "fact"), condition.fact, "number" if number else None)
        spec = self._pack.facts.get(condition.fact)
        wanted = (condition.equals,) if condition.equals is not None else condition.one_of
        if spec is not None and any(not spec.fits(value) for value in wanted):
            key = next(test for test in TESTS if test in condition.model_fields_set)
            yield (*loc, key), tr("the fact {name} can never be so", name=repr(condition.fact))

    def _amount(self, loc: Loc, amount: Amount) -> Said:
        if amount.fact is not None:
            yield from self._fact((*loc, "fact"), amount.fact, "number")
        if amount.people is not None:
            yield from _known((*loc, "people"), amount.people, self._pack.roles, tr("role"))
        if amount.formula is not None:
            yield from _known((*loc, "formula"), amount.formula, self._pack.formulas, tr("formula"))
        if amount.chosen_by is not None:
            yield from self._fact((*loc, "chosen_by"), amount.chosen_by, "word")
            spec = self._pack.facts.get(amount.chosen_by)
            for n, word in enumerate(spec.words if spec else ()):
                at = ("facts", amount.chosen_by, "words", n)
                yield from _known(at, word, self._pack.formulas, tr("formula"))

    def _fact(self, loc: Loc, name: str, kind: str | None) -> Said:
        self._asked.add(name)
        yield from _known(loc, name, self._pack.facts, tr("fact"))
        spec = self._pack.facts.get(name)
        if spec is not None and kind is not None and spec.type != kind:
            yield loc, tr("the fact {name} is a {type}, not a {kind}", name=repr(name), type=spec.type, kind=kind)


def _known(loc: Loc, name: str, known: Collection[str] | Mapping[str, object], what: str) -> Said:
    if name not in known:
        yield loc, tr("no {what} {name}", what=what, name=repr(name)) + did_you_mean(name, known)


def _twice(loc: Loc, name: str, seen: set[str]) -> Said:
    if name in seen:
        yield loc, tr("{name} is the id of an earlier one already", name=repr(name))
    seen.add(name)
