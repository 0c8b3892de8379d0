"""Items that a declaration decides: a fact that must be so, a number that must be reached."""

from agent.provisioning import said
from agent.provisioning.case import Case, Found
from agent.provisioning.condition import Condition, Undeclared
from agent.provisioning.model import Missing, Text
from agent.provisioning.vocabulary import Amount, Count


def fact(case: Case, check: Condition) -> Found:
    """The declared fact is as it must be."""
    holds = check.holds(case.facts)
    one, title = case.facts[check.fact], title_of(case, check.fact)
    told = said.declared(title, one.value, one.by, one.on)
    if holds:
        return Found("met", 1, 1, told)
    what = said.text("{told}; wanted: {want}", "{told}；要求：{want}", told=told, want=wanted(check))
    return Found("not_met", 1, 0, what, (Missing(check.fact, what, case.item.fix),))


def count(case: Case, check: Count) -> Found:
    """So many are declared as the rule asks for."""
    need, have = case.amount(check.at_least), case.amount(check.have)
    told = said.text("{have} declared, {need} required", "申报 {have}，应有 {need}", have=have, need=need)
    if check.at_least.formula is not None:
        title = case.pack.formulas[case.formula(check.at_least)].title
        told = said.text("{told} ({title})", "{told}（{title}）", told=told, title=title)
    if have >= need:
        return Found("met", need, need, told)
    what = said.text("{n} too few", "缺 {n}", n=need - have)
    return Found("not_met", need, have, told, (Missing(_subject(check.have), what, case.item.fix),))


def title_of(case: Case, name: str) -> Text:
    """What the pack calls a fact."""
    if name not in case.pack.facts:
        raise Undeclared(name)
    return case.pack.facts[name].title


def wanted(check: Condition) -> Text:
    """What a fact must be."""
    if check.at_least is not None:
        return said.text("at least {n:g}", "不少于 {n:g}", n=check.at_least)
    if check.at_most is not None:
        return said.text("at most {n:g}", "不多于 {n:g}", n=check.at_most)
    words = [said.value(one) for one in ((check.equals,) if check.equals is not None else check.one_of)]
    return Text(" or ".join(word.en for word in words), " 或 ".join(word.zh for word in words))


def _subject(amount: Amount) -> str:
    return amount.fact or amount.people or amount.formula or str(amount.number)
