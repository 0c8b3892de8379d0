"""Whatever evidence is taken away, and whatever is made worse, nothing that was not met becomes met."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config.rules_load import load_pack, rules_dir
from agent.provisioning.evaluate import evaluate
from agent.provisioning.model import Evidence
from agent.provisioning.pack import Pack
from agent.school import School
from tests.agent.provisioning.schoolyard import NOW_S, at, judged, sound

PACKS = [load_pack(path) for path in sorted(rules_dir().glob("*.yaml"))]
SOUND = [sound(pack) for pack in PACKS]


@st.composite
def spoilt(draw: st.DrawFn, school: School, evidence: Evidence) -> tuple[School, Evidence]:
    """Some of the evidence is gone: facts, sign-ons, presses, ways, a device's readings, the log's beginning."""

    def some(of: tuple[object, ...]) -> list[bool]:
        few = draw(st.sets(st.integers(0, len(of) - 1), max_size=len(of))) if of else set()
        return [n not in few for n in range(len(of))]

    def kept(of: tuple) -> tuple:  # type: ignore[type-arg]
        return tuple(one for one, stays in zip(of, some(of), strict=True) if stays)

    facts = dict(kept(tuple(school.facts.items())))
    dark = [
        one if stays else replace(one, **draw(st.sampled_from(({"heard": False}, {"lost": True}, {"age_s": 1e6}))))
        for one, stays in zip(evidence.devices, some(evidence.devices), strict=True)
    ]
    return replace(school, facts=facts, people=kept(school.people), windows=school.windows), Evidence(
        devices=tuple(dark),
        check_ins=kept(evidence.check_ins),
        presses=kept(evidence.presses),
        openings=evidence.openings,
        gaps=evidence.gaps,
        ways=kept(evidence.ways),
        logged_since_utc_s=draw(st.sampled_from((evidence.logged_since_utc_s, NOW_S - 3600, NOW_S, None))),
    )


@settings(max_examples=150, deadline=None)
@given(data=st.data(), n=st.integers(0, len(PACKS) - 1))
def test_taking_evidence_away_turns_nothing_met(data: st.DataObject, n: int) -> None:
    pack, (school, evidence) = PACKS[n], SOUND[n]
    once = data.draw(spoilt(school, evidence))
    twice = data.draw(spoilt(*once))
    before, after = judged(pack, *once), judged(pack, *twice)
    for name, item in after.items():
        if before[name].verdict != "met":
            assert item.verdict != "met", name
    holds_together(pack, *twice)


def holds_together(pack: Pack, school: School, evidence: Evidence) -> None:
    """Shares, verdicts and what is missing say the same."""
    for one in evaluate(pack, school, evidence, at()):
        assert 0 <= one.share <= 1
        assert (one.verdict == "met") == (one.share == 1.0)
        for item in one.items:
            assert (item.verdict == "met") == (item.fulfilled == item.required) == (not item.missing), item
