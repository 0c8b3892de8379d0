"""A directory of one's own: kept while its owner lives, cleared by the next one after it was killed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.private_directory import NoDirectory, private_directory

ROOT = Path(__file__).parents[2]
OWNER = """
import sys, time
from pathlib import Path
from simulators.private_directory import private_directory
with private_directory("ours-", Path(sys.argv[1])) as path:
    (path / "file").touch()
    print(path, flush=True)
    time.sleep(60)
"""


def owner(place: Path) -> "tuple[subprocess.Popen[str], Path]":
    """A process that has one."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(place)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_owner_left_is_cleared_by_the_next_and_what_a_living_one_has_is_kept(tmp_path: Path) -> None:
    killed, left = owner(tmp_path)
    living, kept = owner(tmp_path)
    try:
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=30)
        assert left.is_dir()
        with private_directory("ours-", tmp_path) as mine:
            assert sorted(tmp_path.iterdir()) == sorted([kept, mine])
            assert (kept / "file").exists()
        assert list(tmp_path.iterdir()) == [kept]
    finally:
        for process in (killed, living):
            if process.poll() is None:
                process.kill()
                process.communicate(timeout=30)


def test_files_and_links_of_that_name_are_left_alone(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "ours-link").symlink_to(elsewhere)
    (tmp_path / "ours-file").touch()
    with private_directory("ours-", tmp_path):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "ours-file", "ours-link"]


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(NoDirectory, match="nowhere: No such file"),
        private_directory("ours-", tmp_path / "nowhere"),
    ):
        pass
