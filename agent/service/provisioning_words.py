"""How verdicts are said: topics, retained messages, and the event when one changes."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agent.provisioning.model import IndicatorVerdict, Verdict
from agent.provisioning.pack import Pack
from agent.records import Instant
from agent.service.journal import Note
from agent.uplink.provision_message import ProvisionData, indicator_shown

MISSING_MOST = 10  # an event names so many; the retained message has them all
AGES = {"evidence_age_s", "oldest_evidence_age_s", "at", "clock"}
WORDS: Mapping[Verdict, str] = {"met": "met", "not_met": "not met", "unknown": "unknown"}

Subjects = Mapping[tuple[str, str], str]
"""By pack and indicator, the topic's last segment."""


def subjects_of(packs: Sequence[Pack]) -> Subjects:
    """The indicator's id; those of a second and third pack carry the pack's too, so that no two are the same."""
    return {
        (pack.id, indicator.id): indicator.id if n == 0 else f"{pack.id}-{indicator.id}"
        for n, pack in enumerate(packs)
        for indicator in pack.indicators
    }


def provision_data(verdict: IndicatorVerdict, config_hash: str, at: Instant) -> dict[str, Any]:
    """The retained message."""
    shown = indicator_shown(verdict).model_dump()
    return ProvisionData(**shown, config_hash=config_hash, at=at.utc_s, clock=at.clock).model_dump(mode="json")


def content(told: object) -> object:
    """A message without what changes merely because time passes: ages, and figures within its texts."""
    if isinstance(told, dict):
        return {key: content(value) for key, value in told.items() if key not in AGES}
    if isinstance(told, list):
        return [content(one) for one in told]
    return re.sub(r"\d+", "", told) if isinstance(told, str) else told


def changed(subject: str, before: str | None, verdict: IndicatorVerdict) -> Note:
    """The event; `before` is None for an indicator that was never judged."""
    failing = [item for item in verdict.items if item.verdict != "met" and item.force == "shall"]
    missing = [(item, one) for item in failing for one in item.missing]
    why = [f"{item.title.en}: {one.what.en}" for item, one in missing] or [one.title.en for one in failing]
    reasons = [f"{item.title.zh}：{one.what.zh}" for item, one in missing] or [one.title.zh for one in failing]
    text = f"{verdict.title.en} is {WORDS[verdict.verdict]} now" + (f": {why[0]}" if why else "")
    return (
        "provision.changed",
        text,
        {
            "pack": verdict.pack,
            "indicator": verdict.id,
            "subject": subject,
            "before": before,
            "after": verdict.verdict,
            "share": round(verdict.share, 4),
            "why": {"en": why[:MISSING_MOST], "zh": reasons[:MISSING_MOST]},
        },
    )
