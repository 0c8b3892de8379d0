"""The wheel is complete: in a fresh environment, away from the sources, the command finds its own files."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.system.rootfs import REPOSITORY, run

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

EXAMPLES = sorted(path.name for path in (REPOSITORY / "configs/gateways").glob("*.yaml"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel and nothing of the source tree."""
    home = tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "venv", str(home)])
    run([str(home / "bin/pip"), "install", "--quiet", str(wheel)])
    return home


def campusgw(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command from a place that is not the source tree."""
    command = [str(installed / "bin/campusgw"), *arguments]
    clean = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    return subprocess.run(
        command, cwd=installed, env=clean, capture_output=True, text=True, check=False, timeout=60
    )


def files(room: str) -> set[str]:
    """Every file of a folder that is no by-product, as `agent/host.py`."""
    found = (path.relative_to(REPOSITORY) for path in (REPOSITORY / room).rglob("*") if path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}


def test_there_are_examples_to_check() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_shipped_example_passes_the_check_of_the_installed_command(installed: Path, example: str) -> None:
    done = campusgw(installed, "check", str(installed / "share/campusgw/configs/gateways" / example))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_in_an_installed_example_is_found_and_ends_with_78(installed: Path) -> None:
    text = (installed / "share/campusgw/configs/gateways" / EXAMPLES[0]).read_text()
    broken = installed / "broken.yaml"
    broken.write_text(text + "\nnonsense: 1\n")
    done = campusgw(installed, "check", str(broken))
    assert done.returncode == 78
    assert "nonsense" in done.stdout + done.stderr


def test_the_installed_module_is_the_command_too(installed: Path) -> None:
    said = [campusgw(installed, "--help").stdout, run([str(installed / "bin/python"), "-m", "agent", "--help"])]
    assert "run" in said[0]
    assert "run" in said[1]


def test_the_wheel_carries_the_data_and_not_the_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    sources = {path for room in ("agent", "drivers", "simulators") for path in files(room)}
    assert sources <= set(names)
    configs = {f"share/campusgw/{path}" for path in files("configs")}
    assert configs == {name.split(".data/data/", 1)[1] for name in names if ".data/data/" in name}
    assert not [name for name in names if name.startswith(("tests/", "bench/", "systemd/"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)
