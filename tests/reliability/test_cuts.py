"""A thousand power cuts under SQLite lose nothing; a store that is set otherwise does. `make cuts` does 10,000."""

import random
from pathlib import Path

import pytest

from bench.reliability.cuts import CONTROLS, CUTS_OF_A_LIFE, live, lives
from bench.reliability.cutting.life import Life
from bench.reliability.cutting.outside import LOST
from bench.reliability.cutting.volume import SECTOR, Volume

LIVES = 48
FEW = 12  # enough for every planted bug of the store

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_thousand_power_cuts_lose_nothing_that_was_accepted() -> None:
    toll = lives(range(LIVES), lambda _share, _words: None)
    assert not [claim for claim in toll.claims() if not claim.holds]
    assert toll.cuts >= 1000


def test_a_few_lives_keep_every_promise() -> None:
    assert not [str(complaint) for seed in range(FEW) for complaint in live(seed).complaints]


@pytest.mark.parametrize("control", CONTROLS)
def test_a_store_that_is_set_otherwise_loses_records(control: str) -> None:
    assert any(live(seed, instead=CONTROLS[control]).of(LOST) for seed in range(5))


def test_a_seed_is_the_same_life_again(tmp_path: Path) -> None:
    told = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        life = Life(5, tmp_path / name)
        life.run(CUTS_OF_A_LIFE)
        told.append((life.attempts, life.starts, life.salvages, life.outside.owed, life.outside.arrived))
    assert told[0] == told[1]


# --- the disk itself ------------------------------------------------------------------------------


def disk(directory: Path, seed: int = 1) -> Volume:
    directory.mkdir()
    return Volume(directory, random.Random(seed))


def test_what_was_synced_outlasts_a_cut_and_what_was_not_need_not(tmp_path: Path) -> None:
    ends = set()
    for seed in range(40):
        volume = disk(tmp_path / str(seed), seed)
        inode = volume.opened("file")
        volume.write(inode, 0, b"kept")
        inode.sync()
        volume.sync_directory()
        volume.write(inode, 4, b"perhaps")
        volume.power_on()
        ends.add((volume.directory / "file").read_bytes())
    assert ends == {b"kept", b"keptperhaps"}


def test_a_write_can_be_torn_between_sectors_and_nowhere_else(tmp_path: Path) -> None:
    old, new = b"o" * SECTOR * 3, b"n" * SECTOR * 3
    ends = set()
    for seed in range(200):
        volume = disk(tmp_path / str(seed), seed)
        inode = volume.opened("file")
        volume.write(inode, 0, old)
        inode.sync()
        volume.sync_directory()
        volume.write(inode, 0, new)
        volume.power_on()
        content = (volume.directory / "file").read_bytes()
        ends.add(tuple(content[at : at + SECTOR] for at in range(0, len(content), SECTOR)))
    assert {letters for end in ends for letters in end} == {b"o" * SECTOR, b"n" * SECTOR}
    assert len(ends) == 8, "every combination of three sectors"


def test_names_that_nobody_synced_are_lost_from_the_last_one_on(tmp_path: Path) -> None:
    ends = set()
    for seed in range(60):
        volume = disk(tmp_path / str(seed), seed)
        volume.opened("old").sync()
        volume.sync_directory()
        volume.rename("old", "aside")
        volume.opened("old").sync()
        volume.power_on()
        ends.add(tuple(sorted(file.name for file in volume.directory.iterdir())))
    assert ends == {("old",), ("aside",), ("aside", "old")}


def test_without_power_nothing_changes_any_more(tmp_path: Path) -> None:
    volume = disk(tmp_path / "disk")
    volume.cut_after(2)
    volume.step("write", "file")
    with pytest.raises(OSError, match="no power"):
        volume.step("write", "file")
    with pytest.raises(OSError, match="no power"):
        volume.step("sync", "file")
    volume.power_on()
    volume.step("write", "file")
