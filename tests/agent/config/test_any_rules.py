"""Whatever a rule pack says, it is a Pack that can be judged by, or a list of mistakes with places."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config import load_pack
from agent.errors import ConfigError, Mistake
from agent.provisioning.evaluate import evaluate
from agent.provisioning.pack import Pack
from tests.agent.config.test_any_text import PIECES
from tests.agent.provisioning.schoolyard import at, declared, sound

ROOT = Path(__file__).parents[3]
DISTRICT = re.findall(r"```yaml\n(# /etc.*?)```", (ROOT / "docs" / "rules.md").read_text(), re.DOTALL)[0]
CHECKS = """
      - {id: duty, title: {en: x, zh: x}, clause: x, source: x, mark: seen, fresh_s: 9, fix: {en: x, zh: x}, check: {on_duty: {role: guard}}}
      - {id: shut, title: {en: x, zh: x}, clause: x, source: x, mark: seen, fresh_s: 9, fix: {en: x, zh: x}, check: {openings: {kinds: [door], longest_s: 9, look_back_s: 99}}}
      - {id: test, title: {en: x, zh: x}, clause: x, source: x, mark: seen, fresh_s: 9, fix: {en: x, zh: x}, check: {presses: {kinds: [one_key_alarm]}}}
      - {id: ways, title: {en: x, zh: x}, clause: x, source: x, mark: seen, fresh_s: 9, fix: {en: x, zh: x}, check: {ways: {}}}
      - {id: post, title: {en: x, zh: x}, clause: x, source: x, mark: seen, fresh_s: 9, fix: {en: x, zh: x}, check: {windows: {school_days: 3}}}
"""  # noqa: E501
LINES = (DISTRICT + CHECKS).replace("places:", "roles: {guard: {en: x, zh: x}}\nplaces:").splitlines()
VALUES = [
    *PIECES,
    "0",
    "-1",
    "1e308",
    ".inf",
    "true",
    "canteen",
    "pupils",
    "[pupils]",
    "{fact: pupils}",
    "[{below: 1}]",
]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """The pack of docs/rules.md with an item of every sort, after a few clumsy edits."""
    lines = list(LINES)
    for _ in range(draw(st.integers(0, 3))):
        n = draw(st.integers(0, len(lines) - 1))
        values = [found.span(1) for found in re.finditer(r": ([^{}\[\],]+)", lines[n])]
        if draw(st.booleans()) and values:
            first, last = draw(st.sampled_from(values))
            lines[n] = lines[n][:first] + draw(st.sampled_from(VALUES)) + lines[n][last:]
        elif draw(st.booleans()):
            lines.insert(n, lines[n])
        else:
            del lines[n]
    return "\n".join(lines) + "\n"


@QUICK
@given(text=spoilt())
def test_a_pack_can_be_judged_by_or_says_what_is_wrong_with_it(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "our-district.yaml"
    path.write_text(text)
    pack, mistakes = read(path)
    if pack is not None:
        judge(pack)
    assert (pack is None) == bool(mistakes)
    assert all(one.what and one.line >= 1 and one.column >= 1 for one in mistakes)


def read(path: Path) -> tuple[Pack | None, list[Mistake]]:
    try:
        return load_pack(path), []
    except ConfigError as error:
        return None, error.mistakes


def judge(pack: Pack) -> None:
    """By all evidence that there can be."""
    school, evidence = sound(pack)
    facts = {name: declared(1e308 if spec.type == "number" else "?") for name, spec in pack.facts.items()}
    for given_facts in (school.facts, facts, {}):
        for one in evaluate(pack, replace(school, facts=given_facts), evidence, at()):
            assert one.verdict in ("met", "not_met", "unknown")


def test_the_pack_to_spoil_is_good_and_has_every_sort_of_check(tmp_path: Path) -> None:
    path = tmp_path / "our-district.yaml"
    path.write_text("\n".join(LINES) + "\n")
    pack = load_pack(path)
    words = {item.check.word for one in pack.indicators for item in one.items}
    assert words == {"fact", "count", "on_duty", "devices", "openings", "presses", "ways", "windows"}
    judge(pack)
