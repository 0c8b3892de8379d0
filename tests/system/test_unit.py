"""What can be said of the service's files without starting it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.rootfs import REPOSITORY

SYSTEMD = REPOSITORY / "systemd"
UNIT = SYSTEMD / "campusgw.service"
DROP_INS = sorted((SYSTEMD / "drop-ins").glob("*.conf"))
HIGHEST_EXPOSURE = 1.3  # of 10, as `systemd-analyze security` counts; a bare unit has 9.2

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="not here: systemd-analyze")


def analyze(*arguments: object) -> tuple[int, str]:
    """Exit code and everything it said: a misspelt value is only a line on stderr, with exit code 0."""
    done = subprocess.run(
        ["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def startable(directory: Path, drop_ins: list[Path] = DROP_INS) -> Path:
    """The unit with a program that exists here; the real path is looked up in the container."""
    unit = directory / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/campusgw/bin/campusgw", sys.executable))
    (directory / f"{UNIT.name}.d").mkdir()
    for drop_in in drop_ins:
        shutil.copy(drop_in, directory / f"{UNIT.name}.d")
    return unit


def exposure(unit: Path) -> float:
    """The overall exposure level that systemd gives the unit."""
    code, said = analyze("security", "--offline=true", unit)
    assert code == 0, said
    return float(said.rsplit("Overall exposure level", 1)[1].split(":")[1].split()[0])


def test_systemd_has_nothing_to_say_about_the_unit_and_its_drop_ins(tmp_path: Path) -> None:
    assert analyze("verify", startable(tmp_path)) == (0, "")


def test_a_misspelt_value_would_be_noticed(tmp_path: Path) -> None:
    unit = startable(tmp_path)
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystem=srict"))
    assert "srict" in analyze("verify", unit)[1]


def test_the_unit_is_exposed_at_most_1_3_though_it_reaches_serial_ports_and_any_broker(tmp_path: Path) -> None:
    assert exposure(startable(tmp_path, [])) <= HIGHEST_EXPOSURE


def test_an_allow_list_for_the_broker_narrows_it_further(tmp_path: Path) -> None:
    unit = startable(tmp_path, [SYSTEMD / "drop-ins/broker-allow-list.conf"])
    assert exposure(unit) <= HIGHEST_EXPOSURE - 0.1


def test_every_serial_class_that_a_udev_rule_names_is_allowed_by_the_unit() -> None:
    rules = (SYSTEMD / "99-campusgw.rules").read_text()
    named = rules.split('KERNEL!="', 1)[1].split('"', 1)[0].replace("*", "").split("|")
    assert len(named) >= 5
    for name in named:
        assert f"DeviceAllow=char-{name} rw" in UNIT.read_text()
