"""One item that is being judged: what its check may look at, and what it finds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from agent.provisioning import said
from agent.provisioning.calendar import local
from agent.provisioning.condition import Undeclared, number_of
from agent.provisioning.model import Evidence, Mark, Missing, Text, Verdict
from agent.provisioning.pack import Item, Pack
from agent.provisioning.vocabulary import Amount
from agent.provisioning.words import least_sure
from agent.records import Instant
from agent.school import Declared, School


class CannotTell(Exception):
    """There is no evidence to judge by: the item is unknown; `why` says what is missing and what would mend it."""

    def __init__(self, why: Missing) -> None:
        super().__init__(why.what.en)
        self.why = why


@dataclass(frozen=True, slots=True)
class Found:
    """What a check found: `required` and `fulfilled` as in ItemVerdict; `age_s` of its oldest evidence."""

    verdict: Verdict
    required: int
    fulfilled: int
    said: Text
    missing: tuple[Missing, ...] = ()
    age_s: float | None = None


class FactsRead(Mapping[str, Declared]):
    """The facts that may be believed; notes which of them were read, for their age."""

    def __init__(self, facts: Mapping[str, Declared]) -> None:
        self.read: set[str] = set()
        self._facts = facts

    def __getitem__(self, name: str) -> Declared:
        self.read.add(name)
        return self._facts[name]

    def __contains__(self, name: object) -> bool:
        return name in self._facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._facts)

    def __len__(self) -> int:
        return len(self._facts)


class Case:
    """An item with all that is known; what its check asks for raises CannotTell where nothing proves it."""

    def __init__(self, pack: Pack, item: Item, school: School, evidence: Evidence, now: Instant) -> None:
        self.pack, self.item, self.school, self.evidence = pack, item, school, evidence
        self.marks: list[Mark] = [item.mark]
        self._now = now
        self._zone = ZoneInfo(school.calendar.time_zone)
        self.facts = FactsRead({name: one for name, one in school.facts.items() if self._believed(name, one)})

    def utc_s(self) -> float:
        """Now; raises CannotTell while the clock is not synchronised."""
        if self._now.clock != "synchronised":
            raise CannotTell(Missing("clock", said.CLOCK, said.CLOCK_FIX))
        return self._now.utc_s

    def local(self, utc_s: float) -> datetime:
        """What the clock on the school's wall showed then."""
        return local(self.school.calendar, utc_s)

    def amount(self, amount: Amount) -> int:
        """The number; raises Undeclared, CannotTell."""
        if amount.number is not None:
            return amount.number
        if amount.people is not None:
            return sum(person.role == amount.people for person in self.school.people)
        if amount.fact is not None:
            return int(number_of(amount.fact, self.facts))
        number, mark = self.pack.formulas[self.formula(amount)].value(self.facts)
        self.marks.append(mark)
        return number

    def formula(self, amount: Amount) -> str:
        """Which one: the school may choose another of the pack's."""
        chosen = self.school.facts.get(amount.chosen_by or "")
        name = str(chosen.value) if chosen is not None else amount.formula or ""
        if name not in self.pack.formulas:
            raise Undeclared(amount.chosen_by or name)
        return name

    def mark(self) -> Mark:
        """How sure the rule is, with every figure that was used."""
        return least_sure(*self.marks)

    def declared_age_s(self) -> float | None:
        """Age of the oldest declared fact that was read."""
        ages = [self._age_s(self.facts[name]) for name in self.facts.read if name in self.facts]
        return max(ages, default=None)

    def undeclared(self, fact: str) -> Missing:
        """Why a fact cannot be used."""
        spec, one = self.pack.facts.get(fact), self.school.facts.get(fact)
        title = Text(fact, fact) if spec is None else spec.title
        fix = said.text("declare `{fact}` under school: facts:", "请在 school: facts: 中申报 `{fact}`", fact=fact)
        if one is None or fact in self.facts:
            what = said.text("{title} is not declared", "未申报：{title}", title=title)
        elif self._now.clock != "synchronised":
            what, fix = said.CLOCK, said.CLOCK_FIX
        elif self._age_s(one) < 0:
            what = said.text("{title} is declared for {on}, a day still to come",
                             "{title}申报于 {on}，该日尚未到来", title=title, on=one.on)  # fmt: skip
        else:
            what = said.text("{title} was declared {age} ago", "{title}申报已过 {age}",
                             title=title, age=said.lasting(self._age_s(one)))  # fmt: skip
        return Missing(fact, what, fix)

    def _believed(self, name: str, one: Declared) -> bool:
        """A setting (an optional fact) does not age; what is declared does, so it needs the wall clock."""
        spec = self.pack.facts.get(name)
        if spec is not None and spec.optional:
            return True
        limit_s = self.item.fresh_s if self.item.check.source == "declared" else self.pack.declared_fresh_s
        return self._now.clock == "synchronised" and 0 <= self._age_s(one) <= limit_s

    def _age_s(self, one: Declared) -> float:
        return self._now.utc_s - self._begun(one.on)

    def _begun(self, day: date) -> float:
        return datetime.combine(day, time.min, self._zone).timestamp()
