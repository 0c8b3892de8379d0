"""The picture of cause and effect: a row a cause, a column an effect, a mark where one drives the other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from agent.linkage.answer import CauseSeen, EffectSeen, LinkageAnswer, OutputSeen
from agent.provisioning.model import Text
from agent.report.html import Child, Markup, beside, joined, tag
from agent.report.svg import picture, words_at
from agent.report.table import nothing, table
from agent.report.words import EFFECTS, HOLDS, MOVES, PRIORITIES, word

Role = Literal["drives", "needs", "stops"]
LEFT, TOP, CELL, FOOT = 216.0, 146.0, 46.0, 30.0
SLANT = 96.0  # the last name leans out so far
SIGHT: Mapping[bool | None, Text] = {
    True: Text("there now", "现有"),
    False: Text("not there", "无"),
    None: Text("unknown", "未知"),
}
MARKS: Mapping[Role, Text] = {
    "drives": Text("the cause drives the effect", "该原因触发该动作"),
    "needs": Text("only if, or together with others", "须同时满足"),
    "stops": Text("unless, or not", "存在时阻止"),
}
HEADS = (
    Text("effect", "动作"),
    Text("state", "状态"),
    Text("delay, hold", "延时与保持"),
    Text("outputs", "输出"),
)


@dataclass(frozen=True, slots=True)
class Grid:
    """Causes by name with what they are now, and the role that each has for an effect's id."""

    causes: Mapping[str, bool | None]
    roles: Mapping[tuple[str, str], Role]


def matrix_part(answer: LinkageAnswer) -> Markup:
    """The picture, what its marks mean, and every effect in words."""
    if not answer.effects:
        return nothing(Text("no effect is configured", "未配置联动"))
    rows = [_effect(effect) for effect in answer.effects]
    return tag(
        "div", tag("div", matrix_picture(answer), class_="wide keep"), _key(answer), table(HEADS, rows, "log")
    )


def matrix_picture(answer: LinkageAnswer) -> Markup:
    """The matrix drawn."""
    grid = grid_of(answer.effects)
    width = LEFT + CELL * len(answer.effects) + SLANT
    height = TOP + CELL * len(grid.causes) + FOOT
    label = "联动矩阵 cause and effect matrix"
    drawn = joined(_columns(answer.effects, len(grid.causes)), _rows(grid, answer.effects))
    return picture(width, height, drawn, label=label, class_="matrix")


def grid_of(effects: Iterable[EffectSeen]) -> Grid:
    """Each effect's causes down to what has a name: an alarm, a contact, a fire, or a cause that people named."""
    causes: dict[str, bool | None] = {}
    roles: dict[tuple[str, str], Role] = {}
    for effect in effects:
        for cause, role in _trees(effect):
            for leaf, its in _leaves(cause, role):
                causes[leaf.said] = leaf.value
                roles.setdefault((leaf.said, effect.id), its)
    return Grid(causes, roles)


def _trees(effect: EffectSeen) -> Iterable[tuple[CauseSeen, Role]]:
    yield effect.cause, "drives"
    if effect.only_if is not None:
        yield effect.only_if, "needs"
    if effect.unless is not None:
        yield effect.unless, "stops"


def _leaves(cause: CauseSeen, role: Role) -> Iterable[tuple[CauseSeen, Role]]:
    """What stands below operators, and whether it drives alone, with others, or by not being there."""
    for one in cause.of if _is_operator(cause) else ():
        if cause.said == "not":
            yield from _leaves(one, "drives" if role == "stops" else "stops")
        elif cause.said == "any" or role == "stops":
            yield from _leaves(one, role)
        else:
            yield from _leaves(one, "needs")
    if not _is_operator(cause):
        yield cause, role


def _is_operator(cause: CauseSeen) -> bool:
    return bool(cause.of) and (cause.said in ("any", "all", "not") or cause.said.startswith("at_least "))


def _columns(effects: Iterable[EffectSeen], rows: int) -> Iterable[Markup]:
    """An effect's name above, how it stands below."""
    for n, effect in enumerate(effects):
        x = LEFT + CELL * (n + 0.5)
        live = " live" if effect.state in ("active", "latched") else ""
        yield tag("path", d=f"M{x - CELL / 2:g} {TOP:g}h{CELL:g}v{CELL * rows:g}h-{CELL:g}z", class_=f"cell{live}")
        yield words_at(x + 3, TOP - 7, _short(effect.id, 24), class_="name", turn=-50)
        yield words_at(x, TOP + CELL * rows + 18, EFFECTS[effect.state].zh, "middle", "state")


def _rows(grid: Grid, effects: tuple[EffectSeen, ...]) -> Iterable[Markup]:
    for n, (name, value) in enumerate(grid.causes.items()):
        y = TOP + CELL * (n + 0.5)
        box = f"M2 {y - CELL / 2:g}h{LEFT - 2:g}v{CELL:g}h-{LEFT - 2:g}z"
        sight = {True: " live", None: " doubt", False: ""}[value]
        yield tag("path", d=box, class_=f"cell{sight}")
        if value is None:
            yield tag("path", d=f"M6 {y - 17:g}h{LEFT - 16:g}v34h-{LEFT - 16:g}z", class_="halo")
        yield words_at(9, y - 2, _short(name, 29), class_="name")
        yield words_at(9, y + 13, f"{SIGHT[value].zh} {SIGHT[value].en}", class_="quiet")
        for at, effect in enumerate(effects):
            x = LEFT + CELL * (at + 0.5)
            yield tag("path", d=f"M{x - CELL / 2:g} {y + CELL / 2:g}h{CELL:g}", class_="cell")
            if (role := grid.roles.get((name, effect.id))) is not None:
                yield role_mark(role, x, y)


def role_mark(role: Role, x: float, y: float) -> Markup:
    """A disc drives, a ring is needed, a cross stops."""
    if role == "stops":
        return tag(
            "path", d=f"M{x - 6:g} {y - 6:g}l12 12m0 -12l-12 12", stroke="#18212b", stroke_width=2.4, fill="none"
        )
    radius, kind = (7, "dot") if role == "drives" else (6.4, "hollow")
    return tag("circle", cx=x, cy=y, r=radius, class_=kind)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _key(answer: LinkageAnswer) -> Markup:
    marks = [
        tag("li", picture(18, 18, role_mark(role, 9, 9), label="", class_="matrix"), beside(text))
        for role, text in MARKS.items()
    ]
    dry = Text("dry run: it tells, and switches nothing", "试运行：只提示，不输出")
    said = tag("p", tag("b", beside(dry))) if answer.dry_run else None
    return tag("div", tag("ul", marks, class_="key"), said, class_="legend")


def _effect(effect: EffectSeen) -> tuple[Child, ...]:
    hold = word(HOLDS, effect.hold)
    delay = Text(f"after {effect.delay_s:g} s", f"延时 {effect.delay_s:g} 秒")
    why = tag("p", effect.why, class_="quiet") if effect.why else None
    return (
        joined(tag("code", effect.id), tag("p", beside(PRIORITIES[effect.priority]))),
        joined(beside(EFFECTS[effect.state]), why),
        joined(tag("p", beside(delay)), tag("p", beside(hold))),
        joined([_output(one, effect) for one in effect.outputs]),
    )


def _output(one: OutputSeen, effect: EffectSeen) -> Markup:
    name = one.device or one.output
    moves = (
        word(MOVES, one.moves)
        if one.moves
        else Text("on" if one.value else "off", "接通" if one.value else "断开")
    )
    said = [moves, *_became(one)]
    if one.escape_route:
        said.append(Text("escape route", "疏散通道"))
    if one.held_back:
        said.append(Text(f"held back: {one.held_back}", f"被抑制：{one.held_back}"))
    elif one.winner and one.winner != effect.id:
        said.append(Text(f"now by {one.winner}", f"现由 {one.winner} 控制"))
    return tag("p", tag("code", name), [tag("span", " · ", beside(text)) for text in said])


def _became(one: OutputSeen) -> Iterable[Text]:
    if one.fault:
        yield Text(f"fault: {one.fault}", f"故障：{one.fault}")
    elif one.confirmed:
        yield Text("read back", "已回读确认")
    elif one.commanded is not None and one.confirmed is False:
        yield Text("not confirmed yet", "尚未确认")
