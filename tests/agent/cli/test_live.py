"""`campusgw check --live` names what is amiss with this machine's serial ports, and what it costs."""

import json
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli.main import main

CONFIG = """\
gateway: {{id: gw-1, site: school-1, region: "110105", name: 实验学校}}
uplink: {{brokers: [{{host: 127.0.0.1}}]}}
lines:
  - id: rs485-1
    type: modbus_rtu
    port: {port}
    units: [{{id: gate-io, profile: waveshare_io8_relay8, address: 1}}]
devices:
  - {{id: panic, kind: one_key_alarm, name: 一键报警, points: {{pressed: gate-io.di1}}}}
"""


@pytest.fixture
def port() -> Iterator[str]:
    """A port that is there."""
    ours, theirs = pty.openpty()
    yield os.ttyname(theirs)
    os.close(ours)
    os.close(theirs)


def check(tmp_path: Path, port: str, *words: str) -> int:
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG.format(port=port))
    return main(["--lang", "en", "check", str(path), *words])


def test_a_port_that_is_there_is_nothing_to_talk_about(
    tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, port, "--live", "--json") == 0
    assert json.loads(capsys.readouterr().out)["live"] == []


def test_a_missing_port_is_named_only_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(tmp_path, "/dev/campusgw/nothing") == 0
    assert check(tmp_path, "/dev/campusgw/nothing", "--live") == 1
    assert "/dev/campusgw/nothing: no such port" in capsys.readouterr().out


def test_an_adapter_that_holds_replies_back_is_named_with_its_cost_and_its_cure(
    tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.cli.live.held_back_s", lambda _path: 0.016)
    assert check(tmp_path, port, "--live") == 1
    said = capsys.readouterr().out
    assert "holds every reply back for up to 16 ms" in said
    before, after = (float(said.split(word)[1].split(" s")[0]) for word in ("instead of", "latency up to"))
    assert after > before + 0.016
    assert "udev rule" in said


def test_a_file_for_the_broker_that_cannot_be_read_is_told(
    tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ca.pem").touch()
    tls = f"{{ca: {tmp_path}/ca.pem, certificate: {tmp_path}/none.pem, key: {tmp_path}}}"
    broker = f"host: 127.0.0.1, password_file: {tmp_path}/secret, tls: {tls}"
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG.format(port=port).replace("host: 127.0.0.1", broker))
    assert main(["--lang", "en", "check", str(path), "--live"]) == 1
    said = capsys.readouterr().out
    assert f"password_file {tmp_path}/secret: it is not there" in said
    assert f"certificate {tmp_path}/none.pem: it is not there" in said
    assert f"key {tmp_path}: it is a directory" in said
    assert "ca.pem" not in said
