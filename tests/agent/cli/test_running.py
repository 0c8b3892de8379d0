"""`campusgw run` as its own process, and the tools that ask it."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONFIG = """\
gateway: {{id: gw-t, site: "4301020001", region: "430102", name: 测试学校}}
uplink: {{brokers: [{{host: 127.0.0.1, port: {port}}}], backoff_most_s: 1}}
storage: {{directory: {directory}/state}}
control_socket: {directory}/control.sock
lines:
  - id: tcp-1
    type: modbus_tcp
    host: 127.0.0.1
    tcp_port: {port}
    units: [{{id: io, profile: moxa_e1210_e1212, timeout_s: 0.2}}]
devices:
  - {{id: panic, kind: one_key_alarm, name: 门卫室一键报警, location: 南门, points: {{pressed: io.di0}}}}
"""


@dataclass
class Gateway:
    process: subprocess.Popen[str]
    directory: Path

    def ask(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agent", *args, "--socket", str(self.directory / "control.sock")]
        env = {**os.environ, "LANG": "en_US.UTF-8"}
        env.pop("LC_ALL", None)
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=30)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose device and broker are not there."""
    yield from gateway_of(tmp_path)


def gateway_of(tmp_path: Path, config: str = CONFIG) -> Iterator[Gateway]:
    """Its process; ready when it has told its manager so."""
    with socket.socket() as closed:  # a port where nobody listens
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    (tmp_path / "g.yaml").write_text(config.format(port=port, directory=tmp_path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(30)
        command = [sys.executable, "-m", "agent", "run", "--config", str(tmp_path / "g.yaml")]
        env = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
        process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
        try:
            while manager.recv(200) != b"READY=1":
                pass
            wait_for_answer(tmp_path / "control.sock")
            yield Gateway(process, tmp_path)
        finally:
            process.kill()
            process.wait(10)
            process.stderr.close()  # type: ignore[union-attr]


def wait_for_answer(path: Path) -> None:
    pause = threading.Event()
    for _ in range(500):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                return
        pause.wait(0.02)
    raise AssertionError("the control socket does not answer")


def lost(gateway: Gateway, devices: int = 1) -> None:
    """Wait until so many devices that are not there are called lost."""
    pause = threading.Event()
    for _ in range(200):
        if len(json.loads(gateway.ask("alarm", "list", "--json").stdout)) >= devices:
            return
        pause.wait(0.05)
    raise AssertionError("the silent device is not lost")


def test_status_alarm_and_orders_against_a_running_gateway(gateway: Gateway) -> None:
    lost(gateway)
    status = gateway.ask("status")
    assert status.returncode == 1  # the broker is not there
    assert "gw-t  测试学校" in status.stdout
    assert "0 of 1 good" in status.stdout
    chinese = gateway.ask("status", "--lang", "zh").stdout
    assert not {"uplink", "devices", "clock", "outbox", "line", "lost", "alarm", "telemetry"} & set(
        chinese.split()
    )
    assert json.loads(gateway.ask("status", "--json").stdout)["heartbeat"]["lines"]["tcp-1"]["lost"] == 1
    listed = gateway.ask("alarm", "list")
    head, typed, *told = listed.stdout.splitlines()
    assert head.split() == ["P", "device", "condition", "since"]
    assert typed.split()[:3] == ["3", "panic", "lost"]
    assert told == ["   lost · 门卫室一键报警 · 南门", "   ACTIVE, not acknowledged"]
    since = json.loads(gateway.ask("alarm", "list", "--json").stdout)[0]["since"]
    assert abs(time.time() - since["at"]) < 60
    assert time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since["at"])) in typed
    assert "失联 · 门卫室一键报警 · 南门" in gateway.ask("alarm", "list", "--lang", "zh").stdout
    assert gateway.ask("alarm", "ack", "panic", "lost", "--person", "王老师").stdout == "done\n"
    again = gateway.ask("alarm", "ack", "panic", "lost", "--person", "王老师")
    assert (again.returncode, again.stderr) == (1, "nothing to acknowledge: it is acknowledged already\n")
    shelve = ("alarm", "shelve", "panic", "lost", "--person", "王老师", "--reason", "换模块", "--hours")
    assert "8 hours at most" in gateway.ask(*shelve, "9").stderr
    assert gateway.ask(*shelve, "2").returncode == 0
    assert "by 王老师: 换模块" in gateway.ask("alarm", "list").stdout
    assert gateway.ask("alarm", "unshelve", "panic", "lost", "--json").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_a_word(gateway: Gateway, number: signal.Signals) -> None:
    gateway.process.send_signal(number)
    gateway.process.send_signal(number)  # a second one does not break off the closing
    _, said = gateway.process.communicate(timeout=20)
    assert gateway.process.returncode == 0
    assert "stopping" in said
    assert said.rstrip().endswith("stopped")
    assert "Traceback" not in said
    assert not (gateway.directory / "control.sock").exists()


def test_a_second_gateway_in_the_same_directory_is_told_so_at_once(gateway: Gateway) -> None:
    command = [sys.executable, "-m", "agent", "run", "--lang", "en", "--config", str(gateway.directory / "g.yaml")]
    begun_s = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert time.monotonic() - begun_s < 4
    assert done.returncode == 1
    assert f"another gateway is running with {gateway.directory}/state" in done.stderr
    assert json.loads(gateway.ask("status", "--json").stdout)["ok"]  # the first one is not disturbed


def test_a_store_that_cannot_be_opened_ends_it_with_1_and_the_place(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, no directory")
    (tmp_path / "g.yaml").write_text(CONFIG.format(port=9, directory=tmp_path))
    command = [sys.executable, "-m", "agent", "run", "--config", str(tmp_path / "g.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert f"{tmp_path}/state" in done.stderr


def test_what_is_no_gateway_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "other.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()
        threading.Thread(target=answer_strangely, args=(other,), daemon=True).start()
        command = [sys.executable, "-m", "agent", "status", "--lang", "en", "--socket", str(path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (1, f"what answers at {path} is no gateway\n")


def answer_strangely(listening: socket.socket) -> None:
    channel, _ = listening.accept()
    with channel:
        channel.recv(1000)
        channel.sendall(b"220 mail ready\r\n")


def test_a_bad_new_configuration_is_refused_and_the_last_good_one_runs_again(gateway: Gateway) -> None:
    good = json.loads(gateway.ask("status", "--json").stdout)["heartbeat"]["config_hash"]
    wait_for(gateway.directory / "state" / "config" / "last-good.json")
    gateway.process.send_signal(signal.SIGTERM)
    gateway.process.communicate(timeout=20)
    file = gateway.directory / "g.yaml"
    file.write_text(file.read_text().replace("moxa_e1210_e1212", "moxa_e1210_e1222"))
    env = {**os.environ, "STATE_DIRECTORY": f"{gateway.directory}/state", "LANG": "en_US.UTF-8"}
    command = [sys.executable, "-m", "agent", "run", "--config", str(file)]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        wait_for_answer(gateway.directory / "control.sock")
        status = gateway.ask("status")
        assert status.returncode == 1
        assert "the new one is refused; the last good one runs, of 20" in status.stdout
        assert f"{file}:" in status.stdout
        beat = json.loads(gateway.ask("status", "--json").stdout)["heartbeat"]
        assert beat["config_hash"] == good
        assert "moxa_e1210_e1222" in beat["config_refused"]["mistakes"][0]
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert f"{file}:" in said
    assert "going on with the last good configuration" in said
    assert f"do `campusgw check {file}` before a restart" in said


def wait_for(path: Path) -> None:
    pause = threading.Event()
    for _ in range(500):
        if path.exists():
            return
        pause.wait(0.02)
    raise AssertionError(f"{path} does not appear")
