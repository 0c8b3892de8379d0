"""What a service manager hears, on a socket as systemd opens it."""

import socket
from pathlib import Path

import pytest

from agent.service.notify import notify_manager, watchdog_interval_s


@pytest.mark.parametrize("abstract", [False, True])
def test_a_message_reaches_the_managers_socket(
    abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"@campusgw-test-{tmp_path.name}-{id(tmp_path)}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("\0" + name[1:] if abstract else name)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notify_manager("READY=1")
        assert manager.recv(100) == b"READY=1"


def test_without_a_manager_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("there is nobody to tell"))
    notify_manager("READY=1")


def test_a_name_at_which_nobody_listens_any_more_stops_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(name))
    notify_manager("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(name))
    notify_manager("WATCHDOG=1")  # the name is there, and nobody behind it
    name.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(name))
        manager.settimeout(5)
        notify_manager("STOPPING=1")
        assert manager.recv(100) == b"STOPPING=1"


@pytest.mark.parametrize(("allowed", "every_s"), [("30000000", 10.0), ("", 10.0), ("0", 10.0), ("6000000", 2.0)])
def test_the_watchdog_is_fed_three_times_as_often_as_it_asks_for(
    allowed: str, every_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", allowed)
    assert watchdog_interval_s() == every_s
