"""The retained `provision` message: how an indicator stands, item by item, and what would mend what is missing."""

from pydantic import BaseModel, ConfigDict, Field

from agent.provisioning.model import Force, IndicatorVerdict, ItemVerdict, Mark, Missing, Source, Text, Verdict
from agent.records import ClockState


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextShown(_Shown):
    """In both languages."""

    en: str
    zh: str


class MissingShown(_Shown):
    """What is not there, and what would mend it; `subject` is a device, person, window or fact."""

    subject: str
    what: TextShown
    fix: TextShown


class ItemShown(_Shown):
    """One item: rule and clause, how sure the clause is (`mark`), what was found, how old its oldest evidence is.

    `required` and `fulfilled` count what it asks for; nothing is required where it does not apply. What only
    should be (`force`) fails nothing.
    """

    id: str
    title: TextShown
    clause: str
    mark: Mark
    force: Force = "shall"
    verdict: Verdict
    sources: list[Source]
    said: TextShown
    required: int
    fulfilled: int
    missing: list[MissingShown] = []
    evidence_age_s: float | None = None


class IndicatorShown(_Shown):
    """One indicator of one rule pack; `share` (0…1) is fulfilled of required, and unknown counts as not."""

    pack: str
    indicator: str
    title: TextShown
    verdict: Verdict
    share: float = Field(ge=0, le=1)
    oldest_evidence_age_s: float | None = None
    items: list[ItemShown]


class ProvisionData(IndicatorShown):
    """An indicator as it stands (retained); ages are as of `at`. `config_hash`: the configuration and rules."""

    config_hash: str
    at: float
    clock: ClockState


def text_shown(text: Text) -> TextShown:
    """As it travels."""
    return TextShown(en=text.en, zh=text.zh)


def indicator_shown(verdict: IndicatorVerdict) -> IndicatorShown:
    """As it travels."""
    return IndicatorShown(
        pack=verdict.pack,
        indicator=verdict.id,
        title=text_shown(verdict.title),
        verdict=verdict.verdict,
        share=round(verdict.share, 4),
        oldest_evidence_age_s=_rounded(verdict.oldest_evidence_age_s),
        items=[_item(one) for one in verdict.items],
    )


def _item(one: ItemVerdict) -> ItemShown:
    return ItemShown(
        id=one.id,
        title=text_shown(one.title),
        clause=one.clause,
        mark=one.mark,
        force=one.force,
        verdict=one.verdict,
        sources=list(one.sources),
        said=text_shown(one.said),
        required=one.required,
        fulfilled=one.fulfilled,
        missing=[_missing(each) for each in one.missing],
        evidence_age_s=_rounded(one.evidence_age_s),
    )


def _missing(one: Missing) -> MissingShown:
    return MissingShown(subject=one.subject, what=text_shown(one.what), fix=text_shown(one.fix))


def _rounded(age_s: float | None) -> float | None:
    return None if age_s is None else round(max(0.0, age_s), 1)
