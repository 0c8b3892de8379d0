"""What the system tests stand on: this repository's wheel, a cached Debian, a container that has booted it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.container import Container, copy_of, remove
from tests.system.rootfs import REPOSITORY, build_rootfs, build_wheel, collect_wheels, python_of

NEEDED = ("systemd-nspawn", "mmdebstrap", "nsenter")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This repository as a wheel."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def rootfs() -> Path:
    """A cached Debian root file system, nothing of ours in it."""
    if os.geteuid() != 0:
        pytest.skip("a container with systemd as PID 1 needs root")
    if missing := [tool for tool in NEEDED if not shutil.which(tool)]:
        pytest.skip(f"not here: {', '.join(missing)} (apt install systemd-container mmdebstrap)")
    return build_rootfs()


@pytest.fixture(scope="session")
def container(rootfs: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A booted Debian in which packaging/install.sh has installed the gateway, offline; not yet configured."""
    root = copy_of(rootfs, tmp_path_factory.mktemp("container") / "root")
    source = root / "root/campusgw"
    shutil.copytree(REPOSITORY / "packaging", source / "packaging")
    shutil.copytree(REPOSITORY / "systemd", source / "systemd")
    shutil.copytree(collect_wheels(wheel, python_of(rootfs)), root / "root/wheels")
    shutil.copy(REPOSITORY / "tests/system/pty_unit.py", root / "root/pty_unit.py")
    booted = Container(root)
    try:
        offline = f"--no-index --find-links /root/wheels /root/wheels/{wheel.name}"
        booted.run(f"/root/campusgw/packaging/install.sh {offline}")
        yield booted
    finally:
        booted.stop()
        remove(root)
