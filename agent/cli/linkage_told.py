"""Linkage as people read it: a table, the tree of a cause, what a trial brought about."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agent.cli.words import moment, table, word
from agent.language import later, tr

STATES: Mapping[str, str] = {
    "idle": later("idle"),
    "pending": later("waits for its delay"),
    "active": later("ACTS"),
    "latched": later("ACTS until it is reset"),
    "spent": later("over until its cause comes again"),
    "blocked": later("held back"),
}
PRIORITIES: Mapping[str, str] = {
    "life": later("life"),
    "security": later("security"),
    "notify": later("notify"),
}
HOLDS: Mapping[str, str] = {"reset": later("until reset"), "cause": later("while its cause is there")}
OUTRANKS = " outranks it"
later("a drill holds the effects of security")  # as the gateway says it


def listed(answer: Mapping[str, Any]) -> Iterator[str]:
    """Every effect in a line, and above them whether there is a fire."""
    yield from _head(answer)
    head = (tr("effect"), tr("priority"), tr("outputs"), tr("state"))
    yield from table([head, *(_row(effect) for effect in answer["effects"])])


def about(effects: Sequence[dict[str, Any]], what: str) -> list[dict[str, Any]]:
    """The effects of that name, or with that output or device; all of them if nothing is named."""
    return [one for one in effects if not what or what in _names(one)]


def told(answer: Mapping[str, Any]) -> Iterator[str]:
    """Each effect with its outputs, its cause, its guards and its last reset."""
    yield from _head(answer)
    for effect in answer["effects"]:
        yield ""
        yield from _effect(effect)


def tried(answer: Mapping[str, Any]) -> Iterator[str]:
    """What changes when, and how it all stands in the end."""
    before: Mapping[str, str] = {}
    for step in answer["steps"]:
        yield tr("after {seconds:g} s:", seconds=step["after_s"])
        for change in step["changes"]:
            said = f"  {change['effect']}: {word(STATES, change['after'])}"
            yield said + (f" ({reason(change['why'])})" if change["why"] else "")
        for output, effect in step["outputs"].items():
            if before.get(output) != effect:
                yield "  " + tr("{output} switched by {effect}", output=output, effect=effect)
        for output in sorted(before.keys() - step["outputs"].keys()):
            yield "  " + tr("{output} at rest again", output=output)
        before = step["outputs"]
    if not any(step["changes"] for step in answer["steps"]):
        yield "  " + tr("nothing happens")


def reason(why: str) -> str:
    """Why something does not act, in the reader's language."""
    if why.endswith(OUTRANKS):
        return tr("{effect} outranks it", effect=why.removesuffix(OUTRANKS))
    return tr(why) if why else ""


def _head(answer: Mapping[str, Any]) -> Iterator[str]:
    fire, confirmed = truth(answer["fire"]), truth(answer["fire_confirmed"])
    yield tr("fire: {fire}; confirmed: {confirmed}", fire=fire, confirmed=confirmed)
    if answer["dry_run"]:
        yield tr("dry run: it decides and tells, and commands nothing")


def truth(value: bool | None) -> str:
    """Yes, no, or that nobody can tell."""
    return tr("unknown") if value is None else tr("yes") if value else tr("no")


def _row(effect: Mapping[str, Any]) -> tuple[str, ...]:
    outputs = ", ".join(dict.fromkeys(one["device"] or one["output"] for one in effect["outputs"]))
    return (effect["id"], word(PRIORITIES, effect["priority"]), outputs, _state(effect))


def _state(effect: Mapping[str, Any]) -> str:
    said = word(STATES, effect["state"])
    return f"{said}: {reason(effect['why'])}" if effect["why"] else said


def _names(effect: Mapping[str, Any]) -> set[str]:
    outputs = effect["outputs"]
    return {effect["id"], *(one["output"] for one in outputs), *(one["device"] for one in outputs)} - {""}


def _effect(effect: Mapping[str, Any]) -> Iterator[str]:
    since = "" if effect["since_utc_s"] is None else tr(", since {since}", since=moment(effect["since_utc_s"]))
    yield f"{effect['id']} ({word(PRIORITIES, effect['priority'])}): {_state(effect)}{since}"
    if effect["by_default"]:
        yield "  " + tr("by default: people flee through it")
    for output in effect["outputs"]:
        yield f"  {_output(output)}"
    hold = word(HOLDS, effect["hold"]) if effect["hold"] in HOLDS else effect["hold"]
    yield "  " + tr("delay {delay:g} s, held {hold}", delay=effect["delay_s"], hold=hold)
    for key, title in (("cause", tr("when")), ("only_if", tr("only if")), ("unless", tr("unless"))):
        if effect[key] is not None:
            yield f"  {title}"
            yield from _tree(effect[key], "    ")
    if (reset := effect["reset"]) is not None:
        yield "  " + tr("last reset by {person}, {when}: {reason}", **reset, when=moment(reset["utc_s"]))


def _tree(cause: Mapping[str, Any], indent: str) -> Iterator[str]:
    yield f"{indent}{cause['said']}: {truth(cause['value'])}"
    for below in cause["of"]:
        yield from _tree(below, indent + "  ")


def _output(output: Mapping[str, Any]) -> str:
    name = output["output"] + (f" ({output['device']})" if output["device"] else "")
    level = tr("on") if output["value"] else tr("off")
    parts = [f"{name}: " + (level if output["winner"] else tr("at rest"))]
    if output["winner"]:
        parts.append(tr("switched by {effect}", effect=output["winner"]))
    if output["held_back"]:
        parts.append(tr("held back: {why}", why=reason(output["held_back"])))
    if output["fault"]:
        parts.append(tr("FAULT: {why}", why=tr(output["fault"])))
    elif output["commanded"]:
        parts.append(tr("confirmed") if output["confirmed"] else tr("commanded, not confirmed yet"))
    return "; ".join(parts)
