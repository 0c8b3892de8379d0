"""Every transcript, played to the driver of its protocol; and what the documents quote of them."""

import re
from pathlib import Path

import pytest

from drivers.panels import PANELS
from simulators.clock import run_virtual
from tests.drivers.panels.transcript import FOLDER, Player

TRANSCRIPTS = sorted(FOLDER.glob("*.txt"))
DOCUMENT = Path(__file__).parent.parent.parent.parent / "docs" / "panels.md"
QUOTED = re.compile(r"<!-- (tests/transcripts/\S+?)(?: from (\d+) to (\d+))? -->\n```text\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("seed", range(3))
def test_the_driver_does_its_part_of_the_conversation(path: Path, seed: int) -> None:
    async def play() -> None:
        await Player(path).play()

    run_virtual(play(), seed)


def test_every_protocol_has_a_transcript() -> None:
    assert {path.stem.partition("-")[0] for path in TRANSCRIPTS} == set(PANELS)


def test_what_the_document_quotes_is_what_the_transcript_says() -> None:
    quotes = QUOTED.findall(DOCUMENT.read_text())
    assert quotes
    for name, first, last, text in quotes:
        lines = (DOCUMENT.parent.parent / name).read_text().splitlines()
        wanted = lines[int(first) - 1 : int(last)] if first else lines
        assert text.splitlines() == wanted, name


def test_every_file_that_the_document_names_is_there() -> None:
    names = re.findall(r"`((?:drivers|simulators|tests|configs|agent|docs)/[\w/.-]+)`", DOCUMENT.read_text())
    assert len(names) > 10
    assert [name for name in names if not (DOCUMENT.parent.parent / name).exists()] == []
