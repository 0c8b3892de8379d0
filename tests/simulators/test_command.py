"""`campusgw simulate`: real ports for somebody's own gateway, and the story that happens behind them."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from agent.config.load import load_site
from drivers.stream import SerialPort
from simulators.broker import free_port
from simulators.field_file import LineSetup, read_lines
from simulators.scenario_file import configs_dir, shipped

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


def command(place: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """Start `campusgw simulate` in a directory."""
    return subprocess.Popen(
        [sys.executable, "-m", "agent", "simulate", "--lang", "en", *arguments],
        cwd=place,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
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


def until(process: "subprocess.Popen[str]", mark: str) -> str:
    """What it says until the mark comes."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if mark in line:
            return said
    pytest.fail(f"it ended without {mark!r}:\n{said}\n{process.stderr.read() if process.stderr else ''}")


def ended(process: "subprocess.Popen[str]") -> tuple[str, str]:
    """What it says from Ctrl-C to its end."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    return process.communicate(timeout=30)


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
    assert "expected within 2 s: panic-gate · one-key alarm pressed · raised" in out
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


def test_a_shipped_scenario_for_another_gateway_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "gateway.yaml").write_text(GATEWAY.format(port="run/rs485-1", tcp_port=free_port(0)))
    code, _, err = finished(tmp_path, "school_day", "--gateway", "gateway.yaml")
    assert code == 78
    assert err.startswith("school_day is written for demo.yaml; gateway.yaml lacks: canteen-env, panic-dorm, ")
    assert err.endswith(", …. For your lines at rest: campusgw simulate --gateway gateway.yaml\n")
    assert len(err.splitlines()) == 1


def test_a_scenario_of_ones_own_is_told_its_wrong_names_where_they_stand(tmp_path: Path, files: list[str]) -> None:
    (tmp_path / "story.yaml").write_text(STORY.replace("gate-io.di1", "gate-io.din1"))
    code, _, err = finished(tmp_path, *files)
    assert code == 78
    assert "story.yaml:5:29: there is no point 'gate-io.din1'; did you mean" in err


@pytest.mark.parametrize("story", [[], ["quiet"]])
@pytest.mark.parametrize("gateway", ["minimal", "school", "barrier"])
def test_any_gateway_can_be_simulated_at_rest_where_this_machine_lets_it(
    tmp_path: Path, gateway: str, story: list[str]
) -> None:
    file = configs_dir() / "gateways" / f"{gateway}.yaml"
    process = command(
        tmp_path, *story, "--gateway", str(file), "--write-gateway", "copy.yaml", TMPDIR=str(tmp_path)
    )
    try:
        said = until(process, "start your gateway: campusgw run --config copy.yaml")
        lines = read_lines(tmp_path / "copy.yaml")
        assert [line.id for line in lines] == [line.id for line in read_lines(file)]
        assert [line for line in lines if not stands(line)] == []
        assert "(instead of /dev/campusgw/rs485-1)" in said
        load_site(tmp_path / "copy.yaml")
    finally:
        _, err = ended(process)
    assert err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["copy.yaml"]


def stands(line: LineSetup) -> bool:
    """Somebody is there who could answer, under a name that is not one of /dev."""
    endpoint = line.endpoint
    if isinstance(endpoint, SerialPort):
        return not endpoint.path.startswith("/dev") and os.path.realpath(endpoint.path).startswith("/dev/pts/")
    doors = [(endpoint.host, endpoint.port)] if endpoint else []
    for unit in line.units:
        doors += [(unit.camera.host, port) for port in unit.camera.ports.values()] if unit.camera else []
    for door in doors:
        with socket.create_connection(door, timeout=5):
            pass
    return {host for host, _ in doors} == {"127.0.0.1"}


def test_a_tcp_port_that_is_taken_is_replaced_and_the_way_out_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (tmp_path / "gateway.yaml").write_text(GATEWAY.format(port="run/rs485-1", tcp_port=taken))
        process = command(tmp_path, "--gateway", "gateway.yaml")
        try:
            said = until(process, "--write-gateway")
        finally:
            ended(process)
    (port,) = re.findall(rf"^tcp-1 +127\.0\.0\.1:(\d+)  \(instead of 127\.0\.0\.1:{taken}\)$", said, re.MULTILINE)
    assert int(port) != taken


def test_a_copy_replaces_an_earlier_copy_and_nothing_else(tmp_path: Path, files: list[str]) -> None:
    gateway = tmp_path / "gateway.yaml"
    before = gateway.read_text()
    code, _, err = finished(tmp_path, *files, "--once", "--write-gateway", "gateway.yaml")
    assert (code, gateway.read_text()) == (1, before)
    assert "gateway.yaml: there is something else of that name" in err
    for _ in range(2):
        assert finished(tmp_path, *files, "--once", "--write-gateway", "copy.yaml")[0] == 0


def test_a_failed_start_leaves_no_directories_and_no_links(tmp_path: Path) -> None:
    first = GATEWAY.format(port="made/for/rs485-1", tcp_port=free_port(0))
    (tmp_path / "taken").write_text("somebody else's")
    second = "  - {id: last, type: modbus_rtu, port: taken, units: [{id: x, profile: renke_smoke}]}\ndevices:"
    (tmp_path / "gateway.yaml").write_text(first.replace("devices:", second))
    code, _, err = finished(tmp_path, "--gateway", "gateway.yaml")
    assert code == 1
    assert "taken: there is something else of that name" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gateway.yaml", "taken"]
