"""A school's day as a report tells it: shipped examples, judged by the real rules, with evidence of our making."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.config import load_site
from agent.linkage.model import Memory
from agent.linkage.trial import at_rest, trial, with_facts
from agent.provisioning.evaluate import evaluate
from agent.provisioning.model import CheckIn, DeviceSeen, Evidence, Gap, Opening, TestPress, Way
from agent.records import ClockState, Instant
from agent.school import School
from agent.service.provisioning_answer import DayShown
from agent.service.provisioning_report import answer_of
from agent.service.provisioning_words import subjects_of
from agent.site import Device, Site

GATEWAYS = Path(__file__).parents[2] / "configs" / "gateways"
NOW_S = datetime(2026, 11, 24, 3, 20, tzinfo=UTC).timestamp()  # a Tuesday, 11:20 in Shanghai
HOUR_S, DAY_S = 3600.0, 86400.0
NOW = Instant(1000.0, NOW_S, "synchronised")
MOTIONS: dict[str, Any] = {"gate_barrier": "closed", "door": "closed", "bollard": "closed"}


def seen(device: Device, **other: Any) -> DeviceSeen:
    """A device at rest."""
    rest = DeviceSeen(
        device.id, device.kind, device.name, device.location, device.place, device.escape_route, lost=False,
        heard=True, active=frozenset(), set_aside=frozenset(), motion=MOTIONS.get(device.kind), age_s=0.4,
    )  # fmt: skip
    return replace(rest, **other)


def evidence(site: Site) -> Evidence:
    """All is well but a lost detector, a pressed alarm, and a test that the platform never saw."""
    odd: dict[str, dict[str, Any]] = {
        "smoke-3f-west": {"lost": True, "age_s": 4100.0},
        "panic-dorm": {"active": frozenset({"pressed"})},
        "flame-laboratory": {"set_aside": frozenset({"fault"})},
        "ups": {"heard": False, "age_s": None},
        "barrier-north": {"motion": "open"},
    }
    return Evidence(
        devices=tuple(seen(device, **odd.get(device.id, {})) for device in site.devices),
        check_ins=tuple(check_ins(site.school)) if site.school else (),
        presses=(
            TestPress("panic-gate", NOW_S - 6 * DAY_S, "zhang", NOW_S - 6 * DAY_S + 2),
            TestPress("panic-dorm", NOW_S - 41 * DAY_S, "zhang"),
        ),
        openings=tuple(openings()),
        gaps=(Gap("", NOW_S - 9 * DAY_S, NOW_S - 9 * DAY_S + 2.4 * HOUR_S),),
        ways=(Way("primary", True, 86_000.0), Way("backup", False, 800.0)),
        logged_since_utc_s=NOW_S - 70 * DAY_S,
    )


def check_ins(school: School) -> Iterable[CheckIn]:
    """Guards at seven and at nineteen, a teacher for arrival and dismissal, every day of three weeks."""
    midnight_s = NOW_S - 11 * HOUR_S - 20 * 60
    posts = (
        (7.1, 0, "reader-gate"), (7.15, 1, "reader-gate"), (7.2, 3, "terminal"),
        (16.6, 0, "reader-gate"), (16.6, 1, "reader-gate"), (16.7, 3, "terminal"), (19.0, 2, "reader-gate"),
    )  # fmt: skip
    for days in range(21, -1, -1):
        for hour, who, by in posts:
            at_s = midnight_s - days * DAY_S + hour * HOUR_S
            if at_s < NOW_S and (days != 4 or who != 3):  # a teacher forgot, one day
                person = school.people[who]
                yield CheckIn(at_s, person.id, person.name, person.role, True, "gate", by)


def openings() -> Iterable[Opening]:
    """Arrival and dismissal of four days, and a gate that stands open now."""
    midnight_s = NOW_S - 11 * HOUR_S - 20 * 60
    for days in (4, 1, 0):
        yield Opening(
            "barrier-south", midnight_s - days * DAY_S + 7.4 * HOUR_S, midnight_s - days * DAY_S + 7.95 * HOUR_S
        )
    yield Opening("barrier-north", NOW_S - 26 * 60)


def history(subjects: Iterable[str]) -> dict[str, list[DayShown]]:
    """Four weeks with good and bad hours; the gateway came on the third day, and was off one night."""
    return {subject: [_day(n, at) for at in range(28, -1, -1)] for n, subject in enumerate(subjects)}


def _day(indicator: int, days_ago: int) -> DayShown:
    hours = ["m"] * 24
    bad = {0: (13, 17), 1: (10, 11), 2: (0, 9), 3: (7, 8)}[indicator % 4]
    if days_ago % (indicator + 4) == indicator % 4:
        hours[bad[0] : bad[1]] = "n" * (bad[1] - bad[0])
    if indicator == 2 and days_ago < 3:
        hours = ["n"] * 24
    if days_ago == 9:
        hours[11:14] = "---"
    if days_ago in (15, 21):
        hours[2:6] = "uuuu"
    if days_ago == 0:
        hours[12:] = "-" * 12
    day = date(2026, 11, 24) - timedelta(days=days_ago)
    return DayShown(day=day.isoformat(), worst="".join(hours), last="".join(hours))


def hazards() -> list[dict[str, Any]]:
    """One that a sensor opened and nobody has mended in time, one reported by a person, one that is closed."""
    return [
        hazard("HZ-2026-0012", text="三楼西侧烟感失联", en="the smoke detector on the third floor west is lost"),
        hazard(
            "HZ-2026-0013", status="rectifying", overdue=True, source="report", found_by="王敏", colour="yellow",
            grade="general", place="main_gate", location="北门", text="北门道闸关不严",
            en="the north arm leaves a gap", clause="", mark="", role="safety_officer", person="李主任",
            deadline={"sort": "by_date", "at": NOW_S - DAY_S},
        ),
        hazard("HZ-2026-0009", status="closed", text="已销号的隐患", en="closed already"),
    ]  # fmt: skip


def hazard(id: str, text: str, en: str, **other: Any) -> dict[str, Any]:
    """A row of the ledger as the gateway tells it."""
    at = {"at": NOW_S - 3 * DAY_S, "clock": "synchronised"}
    row = {
        "id": id, "status": "open", "overdue": False, "reopened": 1, "source": "sensor", "found": at,
        "found_by": "", "place": "dormitory", "location": "2号宿舍楼", "device": "smoke-3f-west",
        "category": "fire", "colour": "red", "grade": "major", "rule": "major-hazards-2024/fire",
        "clause": "教发厅函〔2024〕20号 3(1)4", "mark": "seen", "text": {"en": en, "zh": text},
        "role": "safety_officer", "person": "", "failing": True,
        "deadline": {"sort": "immediate", "at": NOW_S + DAY_S},
    }  # fmt: skip
    return row | other


def linkage(*facts: str) -> dict[str, Any]:
    """The answer of the shipped example with these facts."""
    site = load_site(GATEWAYS / "linkage.yaml")
    assert site.linkage is not None
    devices = {device.id: device for device in site.devices}
    view = with_facts(site.linkage, devices, at_rest(site.linkage, site.devices), facts)
    return asdict(trial(site.linkage, Memory(), view, NOW).answer)


def answer(clock: ClockState = "synchronised") -> dict[str, Any]:
    """The answer to `provision` of the example school, as it comes over the socket."""
    site = load_site(GATEWAYS / "school.yaml")
    assert site.school is not None
    told, now = evidence(site), Instant(NOW.monotonic_s, NOW_S, clock)
    subjects = subjects_of(site.packs)
    verdicts = [one for pack in site.packs for one in evaluate(pack, site.school, told, now)]
    days = history(subjects.values())
    whole = answer_of(site, site.school, site.packs, subjects, verdicts, told, days, now)
    return whole.model_dump(mode="json")


PLACE = {"gateway": "gw-school", "name": "示例中学门卫室", "time_zone": "Asia/Shanghai"}


def drill(**other: Any) -> dict[str, Any]:
    """A drill's report: a one-key alarm that everybody heard, a fire that nobody acknowledged."""
    pressed = change("panic-gate", "门卫室一键报警", "one_key_alarm", "pressed", 0.0)
    fire = change("fire-teaching", "教学楼火灾报警控制器", "fire_panel", "fire", 320.0, address="1.3.30")
    seen_by = pressed | {"change": "acknowledged"}
    report = {
        "id": 7, "person": "李主任", "reason": "消防疏散演练", "started": NOW_S - 1800, "clock_sure": True,
        "until": NOW_S, "ended": NOW_S - 300, "stopped_by": "李主任", "confirmed_by": "platform",
        "summary": {"raised": 2, "confirmed": 2, "slowest_confirmed_s": 2.31, "acknowledged": 1,
                    "slowest_acknowledged_s": 74.0},
        "raised": [
            pressed | {"acknowledged_by": "张卫国", "acknowledged_after_s": 74.0},
            fire | {"confirmed_after_s": 2.31, "acknowledged_by": "", "acknowledged_after_s": None},
        ],
        "changes": [pressed, seen_by | {"person": "张卫国", "seen": pressed["seen"] + 74}, fire],
        "events": [
            {"at": NOW_S - 1300, "event": "linkage.output", "text": "barrier-south opened", "fields": {"s": 0.9}}
        ],
        "failed": [{"en": "fire-teaching: nobody has acknowledged it", "zh": "fire-teaching：无人确认"}],
        "missed": 0,
    }  # fmt: skip
    return report | other


def change(device: str, name: str, kind: str, condition: str, after_s: float, address: str = "") -> dict[str, Any]:
    """An alarm's change as the drill's report has it."""
    return {
        "device": device, "name": name, "kind": kind, "location": "", "condition": condition, "address": address,
        "change": "raised", "priority": 1, "person": "", "test": False, "seen": NOW_S - 1700 + after_s,
        "clock_sure": True, "stored_after_s": 0.012, "confirmed_after_s": 0.64, "gone": False,
    }  # fmt: skip
