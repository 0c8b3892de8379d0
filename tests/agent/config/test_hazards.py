"""Hazards and escalation in the configuration: whom they tell must be reachable, and their rules must be there."""

from pathlib import Path

import pytest

from agent.config import load_site
from agent.config.last_good import choose, keep
from agent.config.load import load
from agent.errors import ConfigError
from agent.language import use_language

MINIMAL = Path(__file__).parents[3] / "configs" / "gateways" / "minimal.yaml"
STEP = "escalation:\n  - {priority: 1, after_s: 60, role: guard, channels: [%s]}\n"
BOOK = "id: ours\ntitle: {en: a, zh: b}\nsource: us\nunmet_after_s: 1200\n"


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def written(directory: Path, more: str) -> Path:
    path = directory / "gateway.yaml"
    path.write_text(MINIMAL.read_text() + "\n" + more)
    return path


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (STEP % "sounder", "there is no sounder"),
        (STEP % "second_platform", "there is no second way"),
        (STEP % "telephone", "none of sounder"),
        (STEP.replace("priority: 1", "priority: 5") % "platform", "priority"),
        (STEP.replace("after_s: 60", "after_s: 0") % "platform", "after_s"),
        ("hazards: {rules: national-2042}\n", "no rules 'national-2042' in configs/hazards"),
        ("hazards: {kept_most: 3}\n", "kept_most"),
    ],
)
def test_a_mistake_is_told_at_its_place(more: str, says: str, tmp_path: Path) -> None:
    path = written(tmp_path, more)
    first = len(MINIMAL.read_text().splitlines())
    with pytest.raises(ConfigError) as refused:
        load_site(path)
    assert any(says in one.what and one.line > first for one in refused.value.mistakes), refused.value.mistakes


def test_steps_are_in_the_order_of_their_time_by_priority(tmp_path: Path) -> None:
    later = "  - {priority: 1, after_s: 30, role: officer, name: 李}\n  - {priority: 2, after_s: 5, role: guard}\n"
    site = load_site(written(tmp_path, STEP % "platform" + later))
    chains = site.escalation.chains
    assert {priority: [who.role for who in chain] for priority, chain in chains.items()} == {
        1: ["officer", "guard"],
        2: ["guard"],
    }


def test_there_is_a_ledger_where_one_is_asked_for_and_none_without(tmp_path: Path) -> None:
    assert load_site(written(tmp_path, "")).hazards is None
    ledger = load_site(written(tmp_path, "hazards: {reopen_within_days: 2}\n")).hazards
    assert ledger is not None
    assert (ledger.book.id, ledger.kept_most, ledger.reopen_within_s) == ("national-2024", 5000, 2 * 86400.0)


def test_a_schools_own_book_stands_beside_its_file_and_counts_in_the_hash(tmp_path: Path) -> None:
    (tmp_path / "hazards").mkdir()
    book = tmp_path / "hazards" / "ours.yaml"
    book.write_text(BOOK)
    path = written(tmp_path, "hazards: {rules: ours}\n")
    before = load_site(path)
    assert before.hazards is not None
    assert before.hazards.book.unmet_after_s == 1200
    book.write_text(BOOK.replace("1200", "60"))
    assert load_site(path).config_hash != before.config_hash
    book.write_text(BOOK.replace("1200", "soon"))
    with pytest.raises(ConfigError) as refused:
        load_site(path)
    assert [(one.file, one.line) for one in refused.value.mistakes] == [(str(book), 4)]


def test_the_last_good_configuration_keeps_its_book(tmp_path: Path) -> None:
    home = tmp_path / "state"
    home.mkdir()
    (tmp_path / "hazards").mkdir()
    book = tmp_path / "hazards" / "ours.yaml"
    book.write_text(BOOK)
    path = written(tmp_path, "hazards: {rules: ours}\n")
    keep(home, path, load(path), (1.8e9, "synchronised"))
    book.unlink()
    site = choose(path, [home]).site
    assert site.stand_in is not None
    assert site.hazards is not None
    assert site.hazards.book.unmet_after_s == 1200
