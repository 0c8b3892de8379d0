"""An adapter that holds bytes back is known by what the kernel says of it."""

from pathlib import Path

import pytest

from drivers.adapter import held_back_s


@pytest.fixture
def sysfs(tmp_path: Path) -> Path:
    """A kernel's view of one FTDI adapter and one UART."""
    (tmp_path / "ttyUSB0" / "device").mkdir(parents=True)
    (tmp_path / "ttyUSB0" / "device" / "latency_timer").write_text("16\n")
    (tmp_path / "ttyAMA0" / "device").mkdir(parents=True)
    return tmp_path


def test_an_ftdi_adapter_says_how_long_it_holds_bytes_back(sysfs: Path) -> None:
    assert held_back_s("/dev/ttyUSB0", sysfs) == 0.016


def test_it_is_found_under_the_name_that_the_configuration_gives_it(sysfs: Path, tmp_path: Path) -> None:
    (tmp_path / "rs485-1").symlink_to("/dev/ttyUSB0")
    assert held_back_s(str(tmp_path / "rs485-1"), sysfs) == 0.016


@pytest.mark.parametrize("port", ["/dev/ttyAMA0", "/dev/nothing", ""])
def test_what_has_no_such_timer_says_nothing(sysfs: Path, port: str) -> None:
    assert held_back_s(port, sysfs) is None
