"""What `make powercut` rests on: the volatile disk, the guest's archive, and what was said against what came."""

import io
import random
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.reliability.powercut.account import Account, Kept, Words
from bench.reliability.powercut.archive import write_archive
from bench.reliability.powercut.volatile import BLOCK, SECTOR, VolatileDisk, power_cut

BLOCKS = 8
Writes = list[tuple[int, int]]
writes = st.lists(st.tuples(st.integers(0, BLOCKS - 1), st.integers(1, 255)), max_size=20)


class Disk:
    """A small one, in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.image, self.log = directory / "disk.img", directory / "cache.log"
        self.image.write_bytes(bytes(BLOCKS * BLOCK))
        self.disk = VolatileDisk(self.image, self.log)

    def write(self, several: Writes) -> None:
        for block, value in several:
            self.disk.write(bytes([value]) * BLOCK, block * BLOCK)

    def sector(self, number: int) -> int:
        """The value that a whole sector of the image has."""
        (value,) = set(self.image.read_bytes()[number * SECTOR : (number + 1) * SECTOR])
        return value


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_what_is_written_is_read_at_once_and_on_the_disk_after_a_flush(disk: Disk) -> None:
    disk.disk.write(b"a" * SECTOR, SECTOR)
    assert disk.disk.read(3 * SECTOR, 0) == bytes(SECTOR) + b"a" * SECTOR + bytes(SECTOR)
    assert not any(disk.image.read_bytes())
    disk.disk.flush()
    assert disk.image.read_bytes()[SECTOR : 2 * SECTOR] == b"a" * SECTOR
    assert disk.log.stat().st_size == 0


def test_a_flushed_block_survives_every_cut(disk: Disk) -> None:
    disk.write([(0, 1), (1, 2)])
    disk.disk.flush()
    remains = power_cut(disk.image, disk.log, random.Random(1))
    assert (remains.blocks, disk.sector(0), disk.sector(BLOCK // SECTOR)) == (0, 1, 2)


@given(flushed=writes, cached=writes, seed=st.integers(0, 2**32))
def test_after_a_cut_a_sector_is_as_flushed_or_as_one_of_the_writes_since(
    tmp_path_factory: pytest.TempPathFactory, flushed: Writes, cached: Writes, seed: int
) -> None:
    disk = Disk(tmp_path_factory.mktemp("disk"))
    disk.write(flushed)
    disk.disk.flush()
    disk.write(cached)
    disk.disk.close()
    remains = power_cut(disk.image, disk.log, random.Random(seed))
    assert remains.blocks == len(cached)
    assert remains.torn <= remains.kept <= remains.blocks
    for number in range(BLOCKS * BLOCK // SECTOR):
        block = number * SECTOR // BLOCK
        allowed = {value for at, value in cached if at == block} | {dict(flushed).get(block, 0)}
        assert disk.sector(number) in allowed


def test_a_cut_drops_keeps_and_tears(disk: Disk) -> None:
    """Over many blocks all three happen, or the cuts would prove little."""
    disk.write([(n % BLOCKS, 1 + n % 255) for n in range(400)])
    remains = power_cut(disk.image, disk.log, random.Random(2))
    assert 150 < remains.kept < 250
    assert remains.torn > 50


def test_a_cut_in_the_middle_of_a_flush_may_leave_anything_of_it(disk: Disk) -> None:
    """The log is emptied last, so a disk that was killed before tells of all blocks."""
    disk.write([(0, 7)])
    log = disk.log.read_bytes()
    disk.disk.flush()
    disk.log.write_bytes(log)
    assert power_cut(disk.image, disk.log, random.Random(3)).blocks == 1
    assert disk.sector(0) == 7


def test_a_write_that_was_broken_off_counts_for_nothing(disk: Disk) -> None:
    disk.write([(0, 7), (1, 8)])
    disk.log.write_bytes(disk.log.read_bytes()[:-1])
    assert power_cut(disk.image, disk.log, random.Random(4)).blocks == 1


def test_the_archive_has_every_file_with_its_mode_and_content(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").write_bytes(b"#!")
    (tmp_path / "bin" / "sh").chmod(0o755)
    (tmp_path / "link").symlink_to("bin/sh")
    archive = io.BytesIO()
    write_archive(tmp_path, archive)
    members = _members(archive.getvalue())
    assert list(members) == ["bin", "bin/sh", "link", "TRAILER!!!"]
    assert stat.S_ISDIR(members["bin"][0])
    assert (stat.S_IMODE(members["bin/sh"][0]), members["bin/sh"][1]) == (0o755, b"#!")
    assert (stat.S_ISLNK(members["link"][0]), members["link"][1]) == (True, b"bin/sh")


def _members(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """As the kernel reads them: name to mode and content."""
    found, at = {}, 0
    while at < len(archive):
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[at + 6 + 8 * n : at + 14 + 8 * n], 16) for n in range(13)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[at + 110 : at + 110 + name_size - 1].decode()
        at += (110 + name_size + 3) // 4 * 4
        found[name] = (mode, archive[at : at + size])
        at += (size + 3) // 4 * 4
    return found


def test_what_the_machine_said_counts_from_whole_lines_only(tmp_path: Path) -> None:
    said, account = tmp_path / "said", Account()
    words = Words(said)
    words.listen(account)
    said.write_text("checked 1\naccepted store 1 boot 0.500000 button-1\naccepted store 2 bo")
    words.listen(account)
    assert (words.checked, words.accepted) == (1, 1)
    with said.open("a") as file:
        file.write("ot 0.600000 button-2\nended: exit 1\n")
    words.listen(account)
    assert account.missing() == [Kept("store", n, "boot", f"0.{4 + n}00000", f"button-{n}") for n in (1, 2)]
    assert words.ended == "exit 1"


def test_a_sequence_that_is_used_again_hides_no_loss() -> None:
    account = Account()
    lost, other = Kept("store", 1, "boot-1", "0.5", "button-1"), Kept("store", 1, "boot-2", "0.7", "button-2")
    account.accepted |= {lost, other}
    account.here[other] += 1
    assert account.missing() == [lost]
    account.here[lost] += 1
    assert account.missing() == []
    assert account.twice() == ["store-1"]
