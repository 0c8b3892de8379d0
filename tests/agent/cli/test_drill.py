"""`campusgw sign` and `campusgw drill` against a running gateway, in both languages and for programs."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.cli.test_running import CONFIG, Gateway, gateway_of

SCHOOL = """\
school:
  rules: [national-2021]
  declared_by: 李主任
  declared_on: 2026-09-01
  facts: {{pupils: 80}}
  people:
    - {{id: zhang, name: 张卫国, cards: ["04A1B2C3"]}}
    - {{id: li, name: 李强, role: teacher}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One for all: each test leaves nobody signed on and no drill."""
    yield from gateway_of(tmp_path_factory.mktemp("drill"), CONFIG + SCHOOL)


def test_people_sign_on_and_off_and_are_listed(gateway: Gateway) -> None:
    assert gateway.ask("sign", "list").stdout == "nobody is signed on\nnot signed on: zhang (张卫国), li (李强)\n"
    on = gateway.ask("sign", "on", "--person", "zhang", "--post", "escort-gate")
    assert (on.returncode, on.stdout.splitlines()[0].split(";")[0]) == (0, "张卫国 is signed on")
    again = gateway.ask("sign", "on", "--person", "zhang", "--post", "escort-gate")
    assert (again.returncode, again.stderr) == (1, "张卫国 is signed on already, at escort-gate\n")
    head, row, off = gateway.ask("sign", "list").stdout.splitlines()
    assert head.split() == ["person", "role", "post", "since", "name"]
    assert row.split()[:3] == ["zhang", "guard", "escort-gate"]
    assert off == "not signed on: li (李强)"
    (one,) = json.loads(gateway.ask("sign", "list", "--json").stdout)["on"]
    assert (one["person"], one["by"]) == ("zhang", "terminal")
    assert "张卫国已签退" in gateway.ask("sign", "off", "--person", "zhang", "--lang", "zh").stdout
    nobody = gateway.ask("sign", "off", "--person", "zang")
    assert "did you mean 'zhang'" in nobody.stderr
    assert gateway.ask("sign", "on").returncode == 2
    assert gateway.ask("sign", "in").returncode == 2


def test_a_drill_is_announced_ended_and_reported(gateway: Gateway, tmp_path: Path) -> None:
    started = gateway.ask("drill", "start", "--person", "李主任", "--reason", "月度演练", "--until", "+30m")
    assert started.returncode == 0, started.stderr
    assert "is on until" in started.stdout
    twice = gateway.ask("drill", "start", "--person", "王", "--reason", "x", "--until", "+30m", "--lang", "zh")
    assert (twice.returncode, "李主任" in twice.stderr) == (1, True)
    assert json.loads(gateway.ask("status", "--json").stdout)["heartbeat"]["drill"]["person"] == "李主任"
    assert "DRILL" in gateway.ask("status").stdout
    listed = gateway.ask("drill", "list")
    assert "李主任: 月度演练 (on until" in listed.stdout
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert gateway.ask("drill", "stop", "--person", "李主任").returncode == 0
    report = gateway.ask("drill", "report", "--lang", "zh").stdout
    assert "失败项：" in report, "nobody upstream is there"
    assert json.loads(gateway.ask("drill", "report", "--json").stdout)["stopped_by"] == "李主任"
    for name, begins in (("drill.json", "{"), ("drill.html", "<!DOCTYPE html>")):
        done = gateway.ask("drill", "report", "--out", str(tmp_path / name))
        assert (done.returncode, done.stdout) == (0, f"written: {tmp_path / name}\n"), done.stderr
        assert (tmp_path / name).read_text().lower().startswith(begins.lower())
    assert gateway.ask("drill", "report", "--out", str(tmp_path / "no" / "x.json")).returncode == 1


def test_a_test_press_is_announced_and_orders_that_lack_something_are_told_what(gateway: Gateway) -> None:
    assert "never" in gateway.ask("drill", "list").stdout
    announced = gateway.ask("drill", "press", "panic", "--person", "王老师")
    assert announced.stdout.startswith("press panic before ")
    assert "announced by 王老师: press it now" in gateway.ask("drill", "list").stdout
    assert "did you mean 'panic'" in gateway.ask("drill", "press", "panik", "--person", "王").stderr
    assert gateway.ask("drill", "press").returncode == 2
    assert gateway.ask("drill", "start", "--reason", "x").returncode == 2
    assert gateway.ask("drill", "report", "first").returncode == 2
    assert gateway.ask("drill", "report", "77").returncode == 1
