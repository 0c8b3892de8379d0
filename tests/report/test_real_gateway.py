"""The pages of a gateway that really runs: its own answers fit what the pages read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.cli.test_running import CONFIG, Gateway, gateway_of, lost
from tests.report.test_html import read

RELAYS = "{{id: relays, profile: waveshare_io8_relay8, address: 2, timeout_s: 0.2}}, "
SCHOOL = """\
    escape_route: true
linkage:
  effects:
    - {{id: smoke-sounds, when: fire_any, do: {{switch_on: relays.do2}}}}
  dry_run: true
school:
  rules: [national-2021, changsha-2019, gbt-29315-2022]
  declared_by: 李主任
  declared_on: 2026-09-01
  facts: {{pupils: 800, guards: 2}}
  people: [{{id: zhang, name: 张卫国}}]
"""
BARRIER = """\
  - {{id: smoke, kind: smoke_detector, name: 烟感, location: 三楼, place: dormitory, points: {{alarm: io.di3}}}}
  - id: barrier
    kind: gate_barrier
    name: 南门道闸
    location: 南门
    place: main_gate
    points: {{open_limit: relays.di1, closed_limit: relays.di2, open_output: relays.do1}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    yield from gateway_of(
        tmp_path_factory.mktemp("school"), CONFIG.replace("units: [", "units: [" + RELAYS) + BARRIER + SCHOOL
    )


def test_a_running_gateway_writes_its_report_with_a_hazard_and_the_matrix(
    gateway: Gateway, tmp_path: Path
) -> None:
    found = gateway.ask("hazard", "add", "--text", "南门<script>积水", "--person", "王敏", "--place", "main_gate")
    assert found.returncode == 0, found.stderr
    page = tmp_path / "report.html"
    done = gateway.ask("provision", "report", "--out", str(page))
    assert done.returncode == 0, done.stderr
    shown = read(page.read_text(encoding="utf-8"))
    assert "script" not in {name for name, _ in shown.shape}
    for what in ("测试学校", "南门<script>积水", "smoke-sounds", "barrier", "试运行", "changsha-2019", "无法判定"):
        assert what in shown.text, what


def test_a_running_gateway_writes_the_page_of_its_drill(gateway: Gateway, tmp_path: Path) -> None:
    lost(gateway, devices=3)  # all that there are: none becomes an alarm of the drill
    page = tmp_path / "drill.html"
    for order in (
        ("start", "--reason", "消防演练", "--until", "+30m", "--person", "李主任"),
        ("stop", "--person", "李主任"),
        ("report", "--out", str(page)),
    ):
        done = gateway.ask("drill", *order)
        assert done.returncode == 0, done.stderr
    shown = read(page.read_text(encoding="utf-8")).text
    for what in ("演练报告 1", "消防演练", "李主任", "测试学校", "UTC+08:00", "没有任何报警"):
        assert what in shown, what
