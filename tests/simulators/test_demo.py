"""The demo as people start it: a process that tells the truth about a story and leaves nothing behind."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simulators.demo.control import Control
from simulators.scenario import ACTIONS, Order
from tests.mosquitto import Mosquitto, installed

ROOT = Path(__file__).parents[2]
ESCAPE = "\x1b"
SHORT = """
title: {en: A short story, zh: 短故事}
about: {en: For tests., zh: 用于测试。}
start: {gate-io.di2: true, gate-io.di4: true, canteen-env.temperature: 21.5, canteen-env.humidity: 48}
steps:
  - clock: "07:42"
    at_s: 0.5
    press: gate-io.di1
    expect: [{device: panic-gate, condition: pressed, within_s: 8}]
  - {after_s: 1, broker: down}
  - after_s: 0.5
    release: gate-io.di1
    expect: [{device: panic-gate, condition: pressed, change: cleared, within_s: 20}]
  - after_s: 0.2
    panel: {unit: panel-notifier, address: 1D014, condition: fire, text: 二号宿舍楼303室}
    expect: [{device: fire-dorm, condition: fire, address: 1D014, within_s: 20}]
  - {after_s: 1, broker: up}
  - after_s: 3
    order: {action: reset, device: panic-gate, condition: pressed, person: 王值班}
    expect: [{device: panic-gate, condition: pressed, change: reset, within_s: 20}]
"""
LONG = SHORT + "  - {after_s: 600, rest: true}\n"
QUICK = """
title: t
about: a
start: {gate-io.di2: true, gate-io.di4: true}
steps:
  - at_s: 0.2
    press: gate-io.di1
    expect: [{device: panic-gate, condition: pressed, within_s: 8}]
"""
IMPOSSIBLE = QUICK.replace("within_s: 8", "change: cleared, within_s: 1")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the demo puts its directory; afterwards it must be empty, and nothing may run from there."""
    with tempfile.TemporaryDirectory(prefix="t-", dir="/tmp") as name:  # pytest's own is too long for a socket
        yield Path(name)
        assert list(Path(name).iterdir()) == []
        assert running_from(Path(name)) == []


def running_from(place: Path) -> list[str]:
    """The command lines of processes that were started with something below this directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = process.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        found += [command] if f"{place}/" in command else []
    return found


def told(directory: Path, text: str) -> Path:
    """A file with this story."""
    file = directory / "story.yaml"
    file.write_text(text)
    return file


def start(temporary: Path, story: Path, *options: str, **environment: str) -> "subprocess.Popen[str]":
    """Start the demo with a story, its output in pipes."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("NO_COLOR", "FORCE_COLOR", "LANG", "LC_ALL")
    }
    return subprocess.Popen(
        [sys.executable, "-m", "agent", "demo", "--scenario", str(story), "--report", "", *options],
        cwd=ROOT,
        env={**kept, "TMPDIR": str(temporary), "COLUMNS": "80", "PYTHONIOENCODING": "utf-8", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def finished(temporary: Path, story: Path, *options: str, **environment: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a demo that ends by itself."""
    process = start(temporary, story, *options, **environment)
    try:
        out, err = process.communicate(timeout=90)
    finally:
        end(process)
    return process.returncode, out, err


def end(process: "subprocess.Popen[str]") -> None:
    """A demo that a failed test left running."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def until(process: "subprocess.Popen[str]", mark: str) -> str:
    """What it says until the mark comes."""
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        if mark in line:
            return said
    pytest.fail(f"it ended without {mark!r}:\n{said}\n{process.stderr.read() if process.stderr else ''}")


def test_a_story_is_shown_in_plain_lines_in_a_pipe_and_all_of_it_arrives(temporary: Path, tmp_path: Path) -> None:
    code, out, err = finished(temporary, told(tmp_path, SHORT), "--lang", "en", NO_COLOR="1", COLUMNS="40")
    assert (code, err) == (0, ""), out + err
    assert ESCAPE not in out
    assert "07:42" in out
    assert len(re.findall(r"→ P1 门卫室一键报警.* ms$", out, re.MULTILINE)) == 3
    assert "✓ all 4 alarm changes have arrived" in out
    panel = r"· fire · raised · 1D014 2号宿舍楼 · ALARM: .*二号宿舍楼303室.*  broker gone [0-9,]+ ms$"
    assert re.search(panel, out, re.MULTILINE), "whole, however narrow"


def test_a_reader_that_leaves_early_is_no_failure(temporary: Path, tmp_path: Path) -> None:
    process = start(temporary, told(tmp_path, QUICK), "--lang", "en")
    try:
        until(process, "starting")
        assert process.stdout is not None
        process.stdout.close()
        process.wait(timeout=60)
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()
        process.stderr.close()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)


def test_what_does_not_arrive_is_said_and_fails(temporary: Path, tmp_path: Path) -> None:
    code, out, _ = finished(temporary, told(tmp_path, IMPOSSIBLE), "--lang", "en")
    assert code == 1
    assert "✗ not arrived within 1 s: panic-gate" in out
    assert "unexpected" in out, "the alarm that did come was not owed"
    assert "✗ not everything is as it should be" in out


def test_a_scenario_with_a_mistake_starts_nothing(temporary: Path, tmp_path: Path) -> None:
    code, out, err = finished(
        temporary, told(tmp_path, SHORT.replace("press: gate-io", "pres: gate-io")), "--lang", "en"
    )
    assert (code, out) == (78, "")
    assert "unknown key 'pres'; did you mean 'press'?" in err


def test_broker_and_gateway_end_with_a_demo_that_is_killed_and_the_next_clears_its_directory(
    temporary: Path, tmp_path: Path
) -> None:
    process = start(temporary, told(tmp_path, LONG), "--lang", "en")
    try:
        until(process, " ms")
        assert len(running_from(temporary)) == 2, "broker and gateway"
        process.kill()
        process.communicate(timeout=30)
        ends_s = time.monotonic() + 30
        while running_from(temporary) and time.monotonic() < ends_s:
            time.sleep(0.05)
        assert running_from(temporary) == []
        assert "stopped" in next(temporary.glob("*/gateway.log")).read_text()
        code, out, err = finished(temporary, told(tmp_path, QUICK), "--lang", "en")
        assert (code, err) == (0, ""), out + err
    finally:
        end(process)
    assert list(temporary.iterdir()) == [], "the next demo clears what the killed one had to leave"


@pytest.mark.parametrize(
    ("number", "mark"),
    [(signal.SIGINT, " ms"), (signal.SIGTERM, "starting"), (signal.SIGHUP, "devices read")],
)
def test_a_demo_that_is_interrupted_at_any_moment_leaves_nothing_behind(
    temporary: Path, tmp_path: Path, number: signal.Signals, mark: str
) -> None:
    process = start(temporary, told(tmp_path, LONG), "--lang", "en")
    try:
        until(process, mark)
        assert mark == "starting" or len(running_from(temporary)) == 2, "broker and gateway"
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    finally:
        end(process)
    assert process.returncode == 130
    assert "Traceback" not in err


def test_a_gateway_that_dies_ends_the_demo_with_its_last_words(temporary: Path, tmp_path: Path) -> None:
    process = start(temporary, told(tmp_path, LONG), "--lang", "en")
    try:
        until(process, " ms")
        os.kill(child_of(temporary, b"run"), signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    finally:
        end(process)
    assert process.returncode == 1
    assert "gateway ended with exit code -9" in err
    assert "connected to 127.0.0.1" in err, "the last lines of its log"


def child_of(place: Path, word: bytes) -> int:
    """The id of the process that was started from this directory with this word among its arguments."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = process.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if word in arguments and any(argument.startswith(f"{place}/".encode()) for argument in arguments):
            return int(process.parent.name)
    pytest.fail(f"no {word!r} runs")


class Taken:
    """Somebody else listens at these ports, as far as they are free."""

    def __init__(self, *ports: int) -> None:
        self._ports = ports
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> None:
        for port in self._ports:
            other = socket.socket()
            try:
                other.bind(("127.0.0.1", port))
            except OSError:
                other.close()  # taken already, which is what we want
                continue
            other.listen()
            self._sockets.append(other)

    def __exit__(self, *_: object) -> None:
        for other in self._sockets:
            other.close()


def test_taken_ports_a_long_temporary_path_and_a_terminal_without_chinese_are_no_obstacles(
    temporary: Path, tmp_path: Path
) -> None:
    deep = temporary / ("long" * 20)
    deep.mkdir()
    with Taken(15021, 18830):
        code, out, err = finished(deep, told(tmp_path, QUICK), "--lang", "en", PYTHONIOENCODING="ascii")
    assert (code, err) == (0, ""), out + err
    assert "→ P1".encode("ascii", "replace").decode() in out
    deep.rmdir()


def test_two_demos_side_by_side_do_not_hear_each_other_and_their_results_add_up(
    temporary: Path, tmp_path: Path
) -> None:
    demos = [start(temporary, told(tmp_path, SHORT), "--json") for _ in range(2)]
    try:
        said = [demo.communicate(timeout=90) for demo in demos]
    finally:
        for demo in demos:
            end(demo)
    assert [(demo.returncode, err) for demo, (_, err) in zip(demos, said, strict=True)] == [(0, ""), (0, "")], said
    for out, _ in said:
        adds_up(json.loads(out))


def adds_up(result: dict[str, Any]) -> None:
    """All of the short story has arrived, some of it only after the outage, and the books say the same."""
    assert result["ok"]
    total = result["kinds"]["all"]
    assert (total["sent"], total["arrived"], total["lost"], total["late"]) == (4, 4, 0, 0)
    assert result["kinds"]["outage"]["sent"] == 2
    assert result["kinds"]["outage"]["latency_ms"]["p50"] > 1000, "kept while the broker was gone"
    books = result["outbox"]
    assert books["accepted"] == books["confirmed"] + books["stored"] + books["dropped"]
    assert (books["arrived"], books["missing"], books["stored"]) == (books["confirmed"], 0, 0)


def test_a_kept_demo_can_be_asked_and_listened_to(temporary: Path, tmp_path: Path) -> None:
    process = start(temporary, told(tmp_path, QUICK), "--keep", "--lang", "en")
    try:
        before = until(process, "campusgw alarm list")
        assert " → P1" not in before, "how to connect is said before the story"
        said = until(process, "still running") + until(process, "campusgw alarm list")
        (path,) = re.findall(r"campusgw status --socket (\S+)", said)
        assert path in before
        status = subprocess.run(
            [sys.executable, "-m", "agent", "status", "--socket", path, "--json"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert json.loads(status.stdout)["uplink"]["connected"]
        ((version, port),) = re.findall(r"mosquitto_sub -V (\S+) -h 127.0.0.1 -p (\d+) -t 'campus/v1/#' -v", said)
        assert hears(version, int(port)).startswith("campus/v1/430102/4301020001/gw-demo/")
        order = {"action": "acknowledge", "device": "panic-gate", "condition": "pressed", "person": "王值班"}
        asyncio.run(Control(Path(path)).order(Order.model_validate(order)))
        assert "unexpected" not in until(process, "· acknowledged ·"), "orders after the story are people's own"
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    finally:
        end(process)
    assert "unexpected" not in out
    assert process.returncode == 0, "the story had gone well"


def hears(version: str, port: int) -> str:
    """The topic of the first message that a client of this version gets there; its process ends in any case."""
    code = (
        "import sys; from paho.mqtt import subscribe; from paho.mqtt.enums import MQTTProtocolVersion as V;"
        "versions = {'mqttv5': V.MQTTv5, 'mqttv311': V.MQTTv311};"
        "at = {'hostname': '127.0.0.1', 'port': int(sys.argv[2]), 'protocol': versions[sys.argv[1]]};"
        "print(subscribe.simple('campus/v1/#', qos=1, **at).topic)"
    )
    client = [sys.executable, "-c", code, version, str(port)]
    return subprocess.run(client, capture_output=True, text=True, timeout=30, check=True).stdout


@pytest.mark.mosquitto
@pytest.mark.skipif(installed() is None, reason="not here: mosquitto (apt install mosquitto)")
def test_a_broker_of_ones_own_is_used_and_left_running_and_there_an_older_client_hears_too(
    temporary: Path, tmp_path: Path
) -> None:
    broker = Mosquitto(tmp_path / "broker")
    asyncio.run(broker.start())
    options = ("--keep", "--broker", f"127.0.0.1:{broker.port}", "--lang", "en")
    process = start(temporary, told(tmp_path, SHORT), *options)
    try:
        until(process, "still running")
        assert hears("mqttv311", broker.port).startswith("campus/v1/430102/4301020001/gw-demo/")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, "")
        socket.create_connection(("127.0.0.1", broker.port), timeout=5).close()
    finally:
        end(process)
        broker.kill()


def test_a_broker_that_is_not_there_is_told_and_fails(temporary: Path, tmp_path: Path) -> None:
    code, _, err = finished(temporary, told(tmp_path, SHORT), "--broker", "127.0.0.1:1", "--lang", "en")
    assert code == 1
    assert "127.0.0.1:1" in err


def test_the_example_of_the_documentation_plays(temporary: Path, tmp_path: Path) -> None:
    document = (ROOT / "docs" / "simulators.md").read_text()
    (example,) = re.findall(r"^```yaml\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    code, out, err = finished(temporary, told(tmp_path, example), "--lang", "en")
    assert (code, err) == (0, ""), out + err


def test_the_documentation_names_every_step_that_there_is() -> None:
    document = (ROOT / "docs" / "simulators.md").read_text()
    assert [action for action in ACTIONS if f"`{action}: " not in document] == []


def test_an_order_that_the_gateway_refuses_ends_the_demo_with_the_reason(temporary: Path, tmp_path: Path) -> None:
    order = (
        "  - {rest: true}\n  - {order: {action: reset, device: panic-gate, condition: pressed, person: 王值班}}\n"
    )
    story = IMPOSSIBLE[: IMPOSSIBLE.index("  - ")] + order
    code, _, err = finished(temporary, told(tmp_path, story), "--lang", "en")
    assert code == 1
    assert "the demo has failed: order: nothing to reset" in err
    assert "Traceback" not in err


def test_a_broker_that_dies_ends_the_demo(temporary: Path, tmp_path: Path) -> None:
    process = start(temporary, told(tmp_path, LONG), "--lang", "en")
    try:
        until(process, " ms")
        os.kill(child_of(temporary, b"simulators.broker"), signal.SIGKILL)
        _, err = process.communicate(timeout=30)
    finally:
        end(process)
    assert process.returncode == 1
    assert "broker ended with exit code -9" in err
