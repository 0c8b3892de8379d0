"""The sounder's point is checked as strictly as an alarm's: it is needed in the worst minute of all."""

from pathlib import Path

import pytest

from agent.config import load_site
from agent.errors import ConfigError
from agent.polling.plan import line_times
from agent.site import Sounder

DEMO = Path(__file__).parents[3] / "configs" / "gateways" / "demo.yaml"


def with_sounder(directory: Path, point: str) -> Path:
    path = directory / "gateway.yaml"
    kept = [line for line in DEMO.read_text().splitlines() if not line.startswith("sounder:")]
    path.write_text("\n".join([*kept, f"sounder: {{point: {point}}}", ""]))
    return path


def test_a_free_relay_is_a_sounder_and_its_line_is_reckoned_with_it(tmp_path: Path) -> None:
    site = load_site(with_sounder(tmp_path, "gate-io.do8"))
    assert site.sounder == Sounder("gate-io", "do8")
    outputs = {unit.id: unit.outputs for line in site.lines for unit in line.units}
    assert outputs.pop("gate-io") == {"do8"}
    assert not any(outputs.values())
    worst = line_times(site.lines[0]).worst
    assert worst is not None
    assert worst.worst_s <= site.lines[0].alarm_latency_budget_s


@pytest.mark.parametrize(
    ("point", "says"),
    [
        ("gate-oi.do8", "no unit 'gate-oi'; did you mean 'gate-io'?"),
        ("gate-io.do9", "has no point 'do9'; did you mean 'do"),
        ("gate-io.di8", "is no output that can be switched"),
        ("gate-io.mode8", "is no output that can be switched"),
        ("gate-io.do1", "used by barrier-south.open_output already"),
        ("gate-io.di1", "is no output that can be switched"),
        ("do8", "want unit.point"),
    ],
)
def test_what_can_be_no_sounder_is_a_mistake_at_its_place(tmp_path: Path, point: str, says: str) -> None:
    path = with_sounder(tmp_path, point)
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    [mistake] = caught.value.mistakes
    line = path.read_text().splitlines()[mistake.line - 1]
    assert says in mistake.what
    assert line[mistake.column - 1 :].startswith(point)
