"""The answer to `provision`: verdicts, and what stands behind them, as a report shows it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import agent
from agent.alarms.kinds import KINDS
from agent.provisioning.model import CheckIn, DeviceSeen, Evidence, IndicatorVerdict, Text
from agent.provisioning.open_times import length_s, may_be_open, stood_open
from agent.provisioning.pack import Pack
from agent.records import Instant
from agent.school import School
from agent.service.provisioning_answer import (
    DayShown,
    DeviceShown,
    FactShown,
    OpeningShown,
    PackShown,
    PressShown,
    ProvisionAnswer,
    RoleShown,
    SiteShown,
)
from agent.service.provisioning_words import Subjects
from agent.site import Site
from agent.uplink.provision_message import indicator_shown, text_shown

OPENINGS_MOST = 200  # the newest; the log has them all


def answer_of(
    site: Site,
    school: School,
    packs: Sequence[Pack],
    subjects: Subjects,
    verdicts: Sequence[IndicatorVerdict],
    evidence: Evidence,
    history: Mapping[str, list[DayShown]],
    at: Instant,
) -> ProvisionAnswer:
    """All of it, as of this moment."""
    return ProvisionAnswer(
        site=_site(site),
        packs=[_pack(pack, subjects) for pack in packs],
        verdicts=[indicator_shown(verdict) for verdict in verdicts],
        history=dict(history),
        facts=_facts(school, packs),
        devices=[_device(device) for device in evidence.devices],
        people=_people(school, evidence.check_ins),
        openings=_openings(evidence, school, at.utc_s),
        logged_since=evidence.logged_since_utc_s,
        presses=[
            PressShown(device=one.device, at=one.at_utc_s, confirmed=one.confirmed_utc_s, sure=one.sure)
            for one in evidence.presses
        ],
        ways={way.name: way.up for way in evidence.ways},
        now=at.utc_s,
        clock=at.clock,
        agent=agent.__version__,
    )


def _site(site: Site) -> SiteShown:
    who = site.identity
    return SiteShown(
        gateway=who.gateway,
        site=who.site,
        region=who.region,
        name=who.name,
        time_zone=who.time_zone,
        config_hash=site.config_hash,
        config_refused=list(site.stand_in.mistakes) if site.stand_in else [],
    )


def _pack(pack: Pack, subjects: Subjects) -> PackShown:
    return PackShown(
        id=pack.id,
        title=text_shown(pack.title),
        source=list(pack.source),
        mark=pack.mark,
        places={code: text_shown(title) for code, title in pack.places.items()},
        roles={role: text_shown(title) for role, title in pack.roles.items()},
        subjects={one.id: subjects[pack.id, one.id] for one in pack.indicators},
    )


def _facts(school: School, packs: Sequence[Pack]) -> list[FactShown]:
    titles = {name: spec.title for pack in packs for name, spec in pack.facts.items()}
    return [
        FactShown(
            name=name,
            title=text_shown(titles.get(name, Text(name, name))),
            value=fact.value,
            by=fact.by,
            on=fact.on.isoformat(),
        )
        for name, fact in school.facts.items()
    ]


def _device(seen: DeviceSeen) -> DeviceShown:
    title = next(spec.title for kind, spec in KINDS.items() if kind == seen.kind)
    return DeviceShown(
        device=seen.id,
        kind=seen.kind,
        title=text_shown(Text(title.en, title.zh)),
        name=seen.name,
        location=seen.location,
        place=seen.place,
        escape_route=seen.escape_route,
        lost=seen.lost,
        heard=seen.heard,
        active=sorted(seen.active),
        set_aside=sorted(seen.set_aside),
        motion=seen.motion,
        age_s=None if seen.age_s is None else round(seen.age_s, 1),
    )


def _people(school: School, check_ins: Iterable[CheckIn]) -> list[RoleShown]:
    """Numbers only: a report is passed on, a name is nobody's business there."""
    last = {one.person: one for one in check_ins}
    here = Counter(one.role for one in last.values() if one.on)
    declared = Counter(person.role for person in school.people)
    return [
        RoleShown(role=role, declared=declared[role], signed_on=here[role]) for role in sorted(here | declared)
    ]


def _openings(evidence: Evidence, school: School, now_s: float) -> list[OpeningShown]:
    allowed = may_be_open(school, min((one.first_utc_s for one in evidence.openings), default=now_s), now_s)
    shown = [
        OpeningShown(
            device=one.device,
            what="open",
            first=one.first_utc_s,
            last=one.last_utc_s,
            outside_s=round(sum(map(length_s, stood_open([one], (one.first_utc_s, now_s), allowed))), 1),
        )
        for one in evidence.openings
    ]
    shown += [
        OpeningShown(device=one.device, what="gap", first=one.first_utc_s, last=one.last_utc_s)
        for one in evidence.gaps
    ]
    return sorted(shown, key=lambda one: one.first)[-OPENINGS_MOST:]
