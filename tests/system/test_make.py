"""make speaks clearly on a machine that lacks something."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.rootfs import REPOSITORY


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A place with a space in its name, with what make reads and nothing that it has made."""
    place = tmp_path / "a place"
    place.mkdir()
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(REPOSITORY / name, place)
    return place


def make(tree: Path, *arguments: str) -> tuple[int, str]:
    """Exit code and all that make said."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=tree,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def python_that(tree: Path, fails_at: str) -> str:
    """A Python that is like ours but fails at code that contains `fails_at`."""
    script = tree / "python"
    script.write_text(f'#!/bin/sh\ncase "$2" in *{fails_at}*) exit 1;; esac\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    return "PYTHON=./python"


def test_make_alone_lists_what_there_is(tree: Path) -> None:
    code, said = make(tree)
    assert code == 0
    assert [
        name for name in ("demo", "test", "check", "schema", "catalogues", "clean") if f"make {name} " not in said
    ] == []


def test_a_python_that_is_too_old_is_named_with_the_way_out(tree: Path) -> None:
    code, said = make(tree, "test", python_that(tree, "version_info"))
    assert code != 0
    assert "older than 3.11" in said
    assert "make PYTHON=" in said


def test_without_any_fitting_python_make_says_what_to_install(tree: Path) -> None:
    code, said = make(tree, "demo", "PYTHON=")
    assert code != 0
    assert "sudo apt install python3 python3-venv" in said


def test_without_venv_make_says_what_to_install_and_leaves_nothing_half_made(tree: Path) -> None:
    code, said = make(tree, "demo", python_that(tree, "ensurepip"))
    assert code != 0
    assert "sudo apt install python3-venv" in said
    assert not (tree / ".venv").exists()


def test_a_second_call_installs_nothing_unless_the_dependencies_have_changed(tree: Path) -> None:
    (tree / ".venv").mkdir()
    for stamp in (".made", ".demo", ".test", ".dev"):
        (tree / ".venv" / stamp).touch()
    assert "pip install" not in make(tree, "--dry-run", "demo")[1]
    newer = (tree / ".venv/.demo").stat().st_mtime + 1
    os.utime(tree / "pyproject.toml", (newer, newer))
    assert "pip install" in make(tree, "--dry-run", "demo")[1]
