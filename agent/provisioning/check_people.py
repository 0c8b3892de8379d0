"""Items that people decide by checking in: who is on duty now, test presses, escort windows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.provisioning import said
from agent.provisioning.calendar import current, is_school_day, local, school_days_before, spans
from agent.provisioning.case import Case, Found
from agent.provisioning.check_devices import Tally, called, chosen, enough
from agent.provisioning.model import CheckIn, DeviceSeen, Missing, TestPress, Text
from agent.provisioning.vocabulary import OnDuty, Presses, Windows
from agent.school import Window

ABOUT_S = 86400.0  # so far a check-in of an unsure time may be from where it stands


def on_duty(case: Case, check: OnDuty) -> Found:
    """So many are signed on; one who signed on too long ago and never off may have gone."""
    now_s, role = case.utc_s(), role_of(case, check.role)
    shifts = [shift for shift in case.school.shifts if shift.role == check.role]
    planned = sum(shift.at_least for shift in current(shifts, case.school.calendar, now_s))
    need = max(case.amount(check.at_least), planned)
    sure, doubtful = _signed_on(case, check.role, now_s)
    here = min(len(sure), need)
    told = said.text("{of} on duty: {role}", "在岗 {of}：{role}", of=said.of_each(here, need), role=role)
    if here >= need:
        return Found(
            "met", need, need, told, age_s=max((now_s - one.at_utc_s for one in sure[:need]), default=None)
        )
    perhaps = tuple(Missing(one.person, _perhaps(one, now_s), case.item.fix) for one in doubtful)
    what = said.text("{n} too few on duty: {role}", "在岗缺 {n}：{role}", n=need - here, role=role)
    unknown = here + len(doubtful) >= need or not _logged(case, now_s - case.item.fresh_s)
    missing = (Missing(check.role, what, case.item.fix), *perhaps)
    return Found("unknown" if unknown else "not_met", need, here, told, missing)


def presses(case: Case, check: Presses) -> Found:
    """Each was pressed for a test not too long ago, and the platform confirmed it."""
    now_s = case.utc_s()
    since_s = now_s - case.item.fresh_s
    seen = chosen(case, check.kinds, check.places)
    tally, ages = Tally(), []
    required = enough(case, tally, seen, check.kinds, case.amount(check.at_least))
    for one in seen:
        own = [press for press in case.evidence.presses if press.device == one.id]
        proof = [press.at_utc_s for press in own if _proves(press, since_s, now_s)]
        if proof:
            tally.good += 1
            ages.append(now_s - max(proof))
            continue
        missing = Missing(one.id, _not_pressed(case, one, own), case.item.fix)
        certain = _logged(case, since_s) and all(press.sure for press in own)
        (tally.bad if certain else tally.unknown).append(missing)
    told = said.text("{of} tested", "{of} 已测试", of=said.of_each(tally.good, required))
    return tally.found(required, told, max(ages, default=None))


@dataclass(frozen=True, slots=True)
class _Past:
    """A window with roles that is over."""

    window: Window
    first_s: float
    last_s: float


def windows(case: Case, check: Windows) -> Found:
    """In every window of the last school days each of its roles had signed on."""
    past = _past(case, check.school_days, case.utc_s())
    if not past:
        what = said.text("no escort window has ended in the last {age}", "近 {age}内无已结束的护学时段",
                         age=said.lasting(case.item.fresh_s))  # fmt: skip
        if not any(window.roles for window in case.school.windows):
            what = said.text("no window with roles is declared", "未申报护学时段及岗位")
        return Found("unknown", 1, 0, what, (Missing("windows", what, case.item.fix),))
    signs = _proofs(case.evidence.check_ins, past[0].first_s)
    unsure = [one for one in case.evidence.check_ins if one.on and not one.sure]
    tally, ages = Tally(), []
    for one in past:
        for role, need in one.window.roles.items():
            at = _first_signs(signs, role, one)
            here = min(len(at), need)
            tally.good += here
            ages += [case.utc_s() - utc_s for utc_s in at[:need]]
            if here < need:
                why = None if _logged(case, one.first_s) else said.NOT_LOGGED
                if why is None and here + len(_perhaps_there(unsure, role, one)) >= need:
                    why = said.UNSURE
                missing = _nobody(case, one, role, need - here, why)
                (tally.bad if why is None else tally.unknown).append(missing)
    required = sum(need for one in past for need in one.window.roles.values())
    told = said.text("{of} signed on in {n} windows", "{n} 个时段签到 {of}",
                     of=said.of_each(tally.good, required), n=len(past))  # fmt: skip
    return tally.found(required, told, max(ages, default=None))


def role_of(case: Case, role: str) -> Text:
    """What the pack calls a role."""
    return case.pack.roles.get(role, Text(role, role))


def _signed_on(case: Case, role: str, now_s: float) -> tuple[list[CheckIn], list[CheckIn]]:
    """Who is on duty, the latest first, and who perhaps is."""
    last = {one.person: one for one in sorted(case.evidence.check_ins, key=lambda one: one.at_utc_s)}
    own = [one for one in last.values() if one.role == role and (one.on or not one.sure)]
    sure = [one for one in own if one.sure and 0 <= now_s - one.at_utc_s <= case.item.fresh_s]
    return sorted(sure, key=lambda one: -one.at_utc_s), [one for one in own if one not in sure]


def _perhaps(one: CheckIn, now_s: float) -> Text:
    if not one.sure or one.at_utc_s > now_s:
        return said.text(
            "{name}: signed while the clock was not right", "{name}：签到时时钟未校准", name=one.person
        )
    return said.text("{name}: signed on {age} ago, never off", "{name}：{age}前签到，未签退",
                     name=one.person, age=said.lasting(now_s - one.at_utc_s))  # fmt: skip


def _logged(case: Case, since_s: float) -> bool:
    """The log reaches back so far."""
    return case.evidence.logged_since_utc_s is not None and case.evidence.logged_since_utc_s <= since_s


def _proves(press: TestPress, since_s: float, now_s: float) -> bool:
    return press.sure and press.confirmed_utc_s is not None and since_s <= press.at_utc_s <= now_s


def _not_pressed(case: Case, one: DeviceSeen, own: Sequence[TestPress]) -> Text:
    if not own:
        return said.text("{name}: no test press is known", "{name}：无测试记录", name=called(one))
    last = max(own, key=lambda press: press.at_utc_s)
    at = said.moment(case.local(last.at_utc_s))
    if not last.sure:
        return said.text(
            "{name}: tested while the clock was not right", "{name}：测试时时钟未校准", name=called(one)
        )
    if last.confirmed_utc_s is None:
        return said.text("{name}: tested {at}, not confirmed by the platform", "{name}：{at} 测试，平台未确认",
                         name=called(one), at=at)  # fmt: skip
    return said.text("{name}: last tested {at}", "{name}：最近测试 {at}", name=called(one), at=at)


def _past(case: Case, school_days: int, now_s: float) -> list[_Past]:
    """Windows with roles that are over, of so many school days and today, the oldest first."""
    calendar, today = case.school.calendar, local(case.school.calendar, now_s).date()
    days = [today] if is_school_day(calendar, today) else []
    days += school_days_before(calendar, now_s, school_days)
    found = [
        _Past(window, *span)
        for window in case.school.windows
        for day in days
        if window.roles
        and (span := spans(window, calendar, day)) is not None
        and now_s - case.item.fresh_s <= span[1] <= now_s
    ]
    return sorted(found, key=lambda one: one.first_s)


def _proofs(check_ins: Iterable[CheckIn], since_s: float) -> list[CheckIn]:
    """Sign-ons that may prove something of these days: the log holds more than a year."""
    return [one for one in check_ins if one.at_utc_s >= since_s and one.on and one.sure]


def _first_signs(signs: Iterable[CheckIn], role: str, past: _Past) -> list[float]:
    """When each person of that role first signed on within the window."""
    first: dict[str, float] = {}
    for one in signs:
        if one.role == role and past.first_s <= one.at_utc_s < past.last_s:
            first[one.person] = min(one.at_utc_s, first.get(one.person, one.at_utc_s))
    return sorted(first.values())


def _perhaps_there(unsure: Iterable[CheckIn], role: str, past: _Past) -> set[str]:
    """Who of that role signed on about then, while the clock was not right."""
    about = past.first_s - ABOUT_S, past.last_s + ABOUT_S
    return {one.person for one in unsure if one.role == role and about[0] <= one.at_utc_s < about[1]}


def _nobody(case: Case, one: _Past, role: str, lacking: int, why: Text | None) -> Missing:
    what = said.text(
        "{at} {title}: {n} too few: {role}", "{at} {title}：缺 {n}：{role}",
        at=said.moment(case.local(one.first_s)), title=one.window.title or one.window.id, n=lacking,
        role=role_of(case, role),
    )  # fmt: skip
    if why is not None:
        what = said.text("{what} ({why})", "{what}（{why}）", what=what, why=why)
    return Missing(one.window.id, what, case.item.fix)
