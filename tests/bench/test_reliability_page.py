"""A proof renews its own part of the page and nothing else."""

from pathlib import Path

import pytest

from bench.endurance.claims import at_most
from bench.endurance.page import Result
from bench.reliability import page as the_page
from bench.reliability.page import NoPart, concluded, write

TEXT = (
    "# Page\n\npromised\n\n<!-- by make cuts -->\nof yesterday\n<!-- end -->\n\n"
    "<!-- by make fuzz -->\nkept\n<!-- end -->\n"
)


def found(name: str) -> Result:
    return Result(name, "", f"make {name}", "Cut ten times.", [at_most("lost", 0, 0)], {"CPU": "two"}, {})


def test_a_part_is_renewed_and_the_rest_stays_as_people_wrote_it(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(TEXT)
    for _ in range(2):
        write(found("cuts"), page)
    text = page.read_text()
    assert text.startswith("# Page\n\npromised\n\n<!-- by make cuts -->\n\nCut ten times.\n\n| what |")
    assert text.count("Cut ten times.") == 1
    assert "yesterday" not in text
    assert text.endswith("<!-- by make fuzz -->\nkept\n<!-- end -->\n")


def test_a_proof_without_a_place_on_the_page_says_so(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(TEXT)
    with pytest.raises(NoPart, match="by make torture"):
        write(found("torture"), page)


@pytest.mark.parametrize(("lost", "code"), [(0, 0), (1, 3)])
def test_what_does_not_hold_goes_on_the_page_too_and_ends_with_three(
    lost: int, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written: list[Result] = []
    monkeypatch.setattr(the_page, "write", written.append)
    result = Result("cuts", "", "make cuts", "Cut ten times.", [at_most("lost", lost, 0)], {}, {})
    assert concluded(result, whole=False) == code
    assert written == []
    assert concluded(result, whole=True) == code
    assert written == [result]
    assert "Cut ten times." in capsys.readouterr().out
