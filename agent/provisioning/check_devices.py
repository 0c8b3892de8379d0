"""Items that devices decide: they are there and work, they did not stand open, a way to the platform is up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.alarms.kinds import KINDS
from agent.provisioning import said
from agent.provisioning.case import Case, Found
from agent.provisioning.model import DeviceSeen, Gap, Missing, Opening, Text, Verdict
from agent.provisioning.open_times import Span, length_s, may_be_open, stood_open
from agent.provisioning.vocabulary import Devices, Openings, Ways

LOST = "lost"


@dataclass(slots=True)
class Tally:
    """What is found of each of some devices, and so of all of them."""

    good: int = 0
    bad: list[Missing] = field(default_factory=list)
    unknown: list[Missing] = field(default_factory=list)

    def found(self, required: int, told: Text, age_s: float | None) -> Found:
        """One that is bad decides; else one of which nothing is known."""
        verdict: Verdict = "not_met" if self.bad else "unknown" if self.unknown else "met"
        return Found(verdict, required, self.good, told, (*self.bad, *self.unknown), age_s)


def devices(case: Case, check: Devices) -> Found:
    """Every one works, and there are enough of them."""
    seen = chosen(case, check.kinds, check.places)
    tally = Tally()
    required = enough(case, tally, seen, check.kinds, case.amount(check.at_least))
    for one in seen:
        if why := _not_working(one, check):
            tally.bad.append(Missing(one.id, why, case.item.fix))
        elif why := unseen(case, one):
            tally.unknown.append(Missing(one.id, why, case.item.fix))
        else:
            tally.good += 1
    told = said.text("{of} work", "{of} 正常", of=said.of_each(tally.good, required))
    return tally.found(required, told, oldest_s(seen))


def openings(case: Case, check: Openings) -> Found:
    """None stood open for too long outside the windows in which gates may."""
    now_s = case.utc_s()
    since_s = now_s - check.look_back_s
    seen = chosen(case, check.kinds, check.places)
    tally = Tally()
    required = enough(case, tally, seen, check.kinds, case.amount(check.at_least))
    allowed = may_be_open(case.school, since_s, now_s)
    for one in seen:
        stood = stood_open(_openings_of(case, one), (since_s, now_s), allowed)
        perhaps = stood_open([*_openings_of(case, one), *_gaps_of(case, one)], (since_s, now_s), allowed)
        if (longest := max(stood, key=length_s, default=None)) and length_s(longest) > check.longest_s:
            tally.bad.append(Missing(one.id, _open_since(case, one, longest), case.item.fix))
        elif why := unseen(case, one) or _log_too_short(case, since_s) or _hidden(one, perhaps, check.longest_s):
            tally.unknown.append(Missing(one.id, why, case.item.fix))
        else:
            tally.good += 1
    told = said.text("{of} never stood open outside their times", "{of} 未在规定时段外长时间敞开",
                     of=said.of_each(tally.good, required))  # fmt: skip
    return tally.found(required, told, oldest_s(seen))


def ways(case: Case, check: Ways) -> Found:
    """So many ways to the platform are up."""
    up = [way for way in case.evidence.ways if way.up]
    told = said.text("{of} to the platform up", "{of} 条平台通道在线",
                     of=said.of_each(min(len(up), check.at_least), check.at_least))  # fmt: skip
    if len(up) >= check.at_least:
        return Found("met", check.at_least, check.at_least, told, age_s=0.0)
    down = [way for way in case.evidence.ways if not way.up]
    missing = tuple(
        Missing(way.name, said.text("down for {s}", "中断 {s}", s=said.lasting(way.for_s)), case.item.fix)
        for way in down
    ) or (Missing("platform", said.text("no way to it is known", "尚无平台通道状态"), case.item.fix),)
    perhaps = sum(way.for_s < case.item.fresh_s for way in down)
    doubtful = not case.evidence.ways or len(up) + perhaps >= check.at_least
    return Found("unknown" if doubtful else "not_met", check.at_least, len(up), told, missing)


def chosen(case: Case, kinds: Sequence[str], places: Sequence[str]) -> list[DeviceSeen]:
    """The devices of these kinds at these places; without any, where the item is, or everywhere."""
    at = places or ((case.item.place,) if case.item.place else ())
    return [one for one in case.evidence.devices if one.kind in kinds and (not at or one.place in at)]


def enough(case: Case, tally: Tally, seen: Sequence[DeviceSeen], kinds: Sequence[str], need: int) -> int:
    """Notes those that are not there at all; returns how many are required."""
    if len(seen) < need:
        names = said.listed(_kind(kind) for kind in kinds)
        what = said.text("{n} more of: {names}", "还缺 {n} 个：{names}", n=need - len(seen), names=names)
        tally.bad.append(Missing(case.item.place or kinds[0], what, case.item.fix))
    return max(need, len(seen))


def unseen(case: Case, one: DeviceSeen) -> Text | None:
    """Why nothing can be said of a device, if nothing can."""
    name = called(one)
    if one.lost:
        return said.text("{name}: no answer", "{name}：无应答", name=name)
    if not one.heard or one.age_s is None:
        return said.text("{name}: not heard since the start", "{name}：启动后尚未收到数据", name=name)
    if one.age_s > case.item.fresh_s:
        return said.text("{name}: last heard {age} ago", "{name}：最近数据为 {age}前",
                         name=name, age=said.lasting(one.age_s))  # fmt: skip
    return None


def called(one: DeviceSeen) -> str:
    """A device as people know it."""
    return f"{one.name} ({one.id})" if one.name else one.id


def oldest_s(seen: Iterable[DeviceSeen]) -> float | None:
    """Age of the oldest reading among them."""
    return max((one.age_s for one in seen if one.age_s is not None), default=None)


def _not_working(one: DeviceSeen, check: Devices) -> Text | None:
    """Which of the unwanted conditions it has; those from before the start prove nothing until it is heard."""
    if LOST in check.without and one.lost:
        return said.text("{name}: no answer", "{name}：无应答", name=called(one))
    if not one.heard:
        return None
    aside = {key.rpartition("/")[2] for key in one.set_aside}
    has = aside | {key.rpartition("/")[2] for key in one.active}
    names = [_condition(one.kind, condition) for condition in check.without if condition in has]
    names += [
        said.text("{what} is set aside", "{what}已被屏蔽", what=_condition(one.kind, condition))
        for condition in check.in_service
        if condition in aside
    ]
    if not names:
        return None
    return said.text("{name}: {what}", "{name}：{what}", name=called(one), what=said.listed(names))


def _kind(kind: str) -> Text:
    title = next((spec.title for name, spec in KINDS.items() if name == kind), None)
    return Text(kind, kind) if title is None else Text(title.en, title.zh)


def _condition(kind: str, condition: str) -> Text:
    conditions = next((spec.conditions for name, spec in KINDS.items() if name == kind), {})
    found = conditions.get(condition)
    return Text(condition, condition) if found is None else Text(found.title.en, found.title.zh)


def _openings_of(case: Case, device: DeviceSeen) -> list[Opening]:
    return [one for one in case.evidence.openings if one.device == device.id]


def _gaps_of(case: Case, device: DeviceSeen) -> list[Gap]:
    """When nobody could see the device; without a device it is a gap of all."""
    return [one for one in case.evidence.gaps if one.device in ("", device.id)]


def _open_since(case: Case, one: DeviceSeen, span: Span) -> Text:
    return said.text(
        "{name}: open for {long} from {at}", "{name}：自 {at} 起敞开 {long}",
        name=called(one), at=said.moment(case.local(span[0])), long=said.lasting(length_s(span)),
    )  # fmt: skip


def _hidden(one: DeviceSeen, perhaps: Iterable[Span], longest_s: float) -> Text | None:
    """It may have stood open for too long while nobody saw it."""
    if all(length_s(span) <= longest_s for span in perhaps):
        return None
    return said.text("{name}: nobody saw it for a while", "{name}：部分时段状态不可知", name=called(one))


def _log_too_short(case: Case, since_s: float) -> Text | None:
    logged = case.evidence.logged_since_utc_s
    return None if logged is not None and logged <= since_s else said.NOT_LOGGED
