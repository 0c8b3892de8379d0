"""`campusgw simulate`: real ports for somebody's own gateway, and the story that happens behind them."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.broker import free_port
from simulators.scenario_file import shipped

ROOT = Path(__file__).parents[2]
GATEWAY = """
gateway: {{id: gw-01, site: "1", region: "430102", name: x}}
lines:
  - id: rs485-1
    type: modbus_rtu
    port: {port}
    units: [{{id: gate-io, profile: waveshare_io8_relay8, address: 1}}]
  - id: tcp-1
    type: modbus_tcp
    host: 127.0.0.1
    tcp_port: {tcp_port}
    units: [{{id: dorm-io, profile: waveshare_io8_relay8, address: 1}}]
devices:
  - {{id: panic-gate, kind: one_key_alarm, name: x, points: {{pressed: gate-io.di1}}}}
"""
STORY = """
title: t
about: a
steps:
  - {clock: "07:42", press: gate-io.di1, expect: [{device: panic-gate, condition: pressed, within_s: 2}]}
  - {after_s: 0.2, broker: down}
  - {after_s: 0.2, vanish: rs485-1}
  - {after_s: 0.2, restore: rs485-1}
"""


def command(place: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start `campusgw simulate` in a directory."""
    return subprocess.Popen(
        [sys.executable, "-m", "agent", "simulate", "--lang", "en", *arguments],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finished(place: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, output and errors."""
    process = command(place, *arguments)
    try:
        out, err = process.communicate(timeout=60)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    return process.returncode, out, err


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A gateway's configuration and a story for it, as arguments."""
    (tmp_path / "gateway.yaml").write_text(GATEWAY.format(port="run/rs485-1", tcp_port=free_port(0)))
    (tmp_path / "story.yaml").write_text(STORY)
    return ["story.yaml", "--gateway", "gateway.yaml"]


@pytest.mark.parametrize("arguments", [[], ["--list"]])
def test_without_a_scenario_it_lists_what_there_is(tmp_path: Path, arguments: list[str]) -> None:
    code, out, _ = finished(tmp_path, *arguments)
    assert code == 0
    assert [name for name in shipped() if f"\n  {name} " not in out] == []


def test_a_story_is_told_with_its_ports_and_ends_when_asked(tmp_path: Path, files: list[str]) -> None:
    code, out, err = finished(tmp_path, *files, "--once")
    assert (code, err) == (0, "")
    assert re.search(r"^rs485-1 +run/rs485-1 → /dev/pts/\d+$", out, re.MULTILINE)
    assert re.search(r"^tcp-1 +127\.0\.0\.1:\d+$", out, re.MULTILINE)
    assert "expected within 2 s: panic-gate · alarm button pressed · raised" in out
    assert "the broker is gone (not simulated here: this one is yours)" in out
    assert not os.path.lexists(tmp_path / "run" / "rs485-1")


def test_the_field_stays_after_the_story_until_it_is_interrupted(tmp_path: Path, files: list[str]) -> None:
    process = command(tmp_path, *files)
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if "the field stays" in line:
                break
        assert os.path.lexists(tmp_path / "run" / "rs485-1")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
    assert (process.returncode, err) == (0, "")
    assert not os.path.lexists(tmp_path / "run" / "rs485-1")


def test_a_port_that_cannot_be_had_is_named(tmp_path: Path, files: list[str]) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "rs485-1").write_text("somebody else's")
    code, _, err = finished(tmp_path, *files, "--once")
    assert code == 1
    assert "run/rs485-1: there is something else of that name" in err


def test_a_scenario_for_another_gateway_is_refused_with_the_names_that_it_wants(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(GATEWAY.format(port="run/rs485-1", tcp_port=free_port(0)))
    code, _, err = finished(tmp_path, "school_day", "--gateway", "gateway.yaml")
    assert code == 78
    assert "there is no device 'barrier-south'" in err
    assert len(err.splitlines()) > 10, "all at once"
