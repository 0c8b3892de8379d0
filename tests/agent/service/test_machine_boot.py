"""Which boot of the machine it is, and what timesyncd's mark says of the clock."""

import os
import time
from pathlib import Path

import pytest

from agent.records import boot_name, machine_of
from agent.service import real_host
from agent.service.real_host import MACHINE_BOOT, SYNC_HOLDS_S, machine_boot


def test_the_service_manager_names_the_machines_boot_else_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MACHINE_BOOT, "said by the unit")
    assert machine_boot() == "said by the unit"
    monkeypatch.delenv(MACHINE_BOOT)
    assert machine_boot() == Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def test_where_nobody_names_it_every_start_is_a_boot_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(MACHINE_BOOT, raising=False)
    monkeypatch.setattr(real_host, "BOOT_ID", tmp_path / "none")
    assert machine_boot() != machine_boot()


def test_two_starts_of_one_boot_have_its_name_in_common_and_nothing_else() -> None:
    first, second = boot_name("boot", "1" * 32), boot_name("boot", "2" * 32)
    assert machine_of(first) == machine_of(second) != machine_of(boot_name("other", "1" * 32))
    assert first != second
    assert len(first) == 32


@pytest.mark.parametrize(
    ("age_s", "state"), [(10.0, "synchronised"), (SYNC_HOLDS_S + 1, "estimated"), (-3600.0, "estimated")]
)
def test_timesyncds_mark_counts_while_it_is_neither_old_nor_from_the_future(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, age_s: float, state: str
) -> None:
    """From the future: somebody has put the clock back since."""
    mark = tmp_path / "timesync" / "synchronized"
    monkeypatch.setattr(real_host, "TIMESYNC_MARK", mark)
    assert real_host._timesync_state() == "unknown"
    mark.parent.mkdir()
    assert real_host._timesync_state() == "estimated"  # it runs, and has not got the time yet
    mark.touch()
    os.utime(mark, (time.time() - age_s,) * 2)
    assert real_host._timesync_state() == state
