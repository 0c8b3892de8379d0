"""What keeps a way down is told in Chinese, and no phrase of the table is one that nobody says any more."""

from pathlib import Path

import pytest

from agent.cli.causes import OTHERS, PHRASES, cause
from agent.language import use_language

UPLINK = Path(__file__).parent.parent.parent.parent / "agent" / "uplink"


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_is_one_that_the_uplink_says(phrase: str) -> None:
    assert any(phrase in source.read_text() for source in UPLINK.glob("*.py"))


@pytest.mark.parametrize("phrase", [*PHRASES, *OTHERS])
def test_a_phrase_is_translated_and_what_stands_around_it_stays(phrase: str) -> None:
    use_language("zh")
    told = cause(f"b.example:8883: {phrase} 5 s")
    use_language("en")
    assert phrase not in told
    assert told.startswith("b.example:8883: ")
    assert told.endswith(" 5 s")
    assert cause(phrase) == phrase
