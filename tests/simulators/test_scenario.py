"""Scenarios: what is shipped fits, mistakes have their place, and a story is played as it is written."""

import asyncio
import random
import re
import textwrap
from pathlib import Path

import pytest

from agent.errors import ConfigError
from simulators.clock import run_virtual
from simulators.field import Field
from simulators.field_file import read_lines
from simulators.scenario import Expect, ExpectVerdict, Order, Request, Scenario, Step
from simulators.scenario_check import load_scenario
from simulators.scenario_file import configs_dir, find, shipped
from simulators.scenario_play import play, set_up
from simulators.scenario_score import Score

DEMO = configs_dir() / "gateways" / "demo.yaml"
HEAD = "title: a test\nabout: for tests\n"


def mistakes(tmp_path: Path, text: str) -> list[str]:
    """What is said of a scenario, without the file's name."""
    file = tmp_path / "story.yaml"
    file.write_text(HEAD + textwrap.dedent(text))
    with pytest.raises(ConfigError) as caught:
        load_scenario(file, DEMO)
    return [str(mistake).removeprefix(f"{file}:") for mistake in caught.value.mistakes]


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_scenario_fits_the_demo_school(name: str) -> None:
    load_scenario(find(name), DEMO)


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_step_is_told_in_both_languages(name: str) -> None:
    scenario = load_scenario(find(name), DEMO)
    silent = [step.action for step in scenario.steps if step.say is None or step.say.en == step.say.zh]
    assert silent == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "steps:\n  - {pres: gate-io.di1}\n",
            ["4:6: unknown key 'pres'; did you mean 'press'?"],
        ),
        (
            "steps:\n  - {at_s: 1, press: gate-io.dl1}\n",
            ["4:22: there is no point 'gate-io.dl1'; did you mean 'gate-io.d"],
        ),
        (
            "steps:\n  - {unplug: gateio}\n",
            ["4:14: there is no unit 'gateio'; did you mean 'gate-io'?"],
        ),
        (
            "steps:\n  - {rest: true, expect: [{device: panic-gat, condition: pressed}]}\n",
            ["4:36: there is no device 'panic-gat'; did you mean 'panic-gate'?"],
        ),
        (
            "steps:\n  - {force: {leaves: gate-io.di4, come_to: gate-io.di3}}\n",
            ["4:35: unknown key 'come_to'; did you mean 'comes_to'?"],
        ),
        (
            "steps:\n  - {broker: dwn}\n",
            ["4:14: broker: 'dwn' is none of down, up; did you mean 'down'?"],
        ),
        (
            "steps:\n  - {at_s: 5, rest: true}\n  - {at_s: 4, rest: true}\n",
            ["5:12: 4 s lies before the step before it (5 s)"],
        ),
        (
            "start: {gate-io.di99: true}\nsteps:\n  - {rest: true}\n",
            ["3:23: there is no point 'gate-io.di99'"],
        ),
        ("steps: []\n", ["3:8: "]),
        ("steps:\n  - {at_s: 1, after_s: 1, rest: true}\n", ["4:5: want at_s or after_s, not both"]),
        (
            "steps:\n  - {panel: {unit: gate-io, address: '1', condition: fire}}\n",
            ["4:20: there is no fire panel 'gate-io'"],
        ),
        (
            "steps:\n  - {panel: {unit: panel-notifier, address: 1D014, condition: test}}\n",
            ["4:63: panel-notifier does not say 'test'; valid here: fire, prealarm, fault"],
        ),
        (
            "steps:\n  - {panel: {unit: panel-jbf, address: 1D014, condition: fire}}\n",
            ["4:40: '1D014' is no address of panel-jbf; want one like '1.3.30'"],
        ),
        (
            "steps:\n  - {panel: {unit: panel-songjiang, address: 1.256.1, condition: fire}}\n",
            ["4:46: '1.256.1' is no address of panel-songjiang"],
        ),
        (
            "start: {gate-io.di1: closed}\nsteps:\n  - {set: {smoke-302.level: true}}\n",
            ["3:22: gate-io.di1: 'closed' does not fit", "5:29: smoke-302.level: True does not fit"],
        ),
        (
            "steps:\n  - {press: smoke-302.level}\n",
            ["4:13: smoke-302.level: True does not fit"],
        ),
        (
            "steps:\n  - {ramp: {point: smoke-302.level, start: 0, end: 70000, over_s: 1}}\n",
            ["4:52: smoke-302.level: 70000.0 does not fit"],
        ),
        (
            "steps:\n  - {rest: true, expect: [{device: canteen, condition: lost, reaches: 3}]}\n",
            ["4:71: `reaches` belongs to a ramp"],
        ),
        (
            "steps:\n  - ramp: {point: smoke-302.level, start: 0, end: 9, over_s: 1}\n"
            "    expect: [{device: canteen, condition: lost, reaches: 10}]\n",
            ["5:58: 10 is not between 0 and 9"],
        ),
        ("steps:\n  - {rest: true\n", ["5:1: not valid YAML"]),
    ],
)
def test_every_mistake_is_said_where_it_is(tmp_path: Path, text: str, said: list[str]) -> None:
    found = mistakes(tmp_path, text)
    assert len(found) == len(said)
    assert [(one, start) for one, start in zip(found, said, strict=True) if not one.startswith(start)] == []


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    assert len(mistakes(tmp_path, "steps:\n  - {pres: a.b}\n  - {relese: a.b}\n  - {}\n")) >= 3


def test_exactly_one_thing_happens_in_a_step(tmp_path: Path) -> None:
    (said,) = mistakes(tmp_path, "steps:\n  - {press: gate-io.di1, release: gate-io.di2}\n")
    assert said.startswith("4:5: want exactly one of: press, release")


def test_a_name_that_is_no_scenario_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'school_day'"):
        find("scool_day")


class Recorder:
    """A stage and an audience in one: everything is noted with its time since the begin."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.notes: list[tuple[float, str]] = []
        self._began_s = asyncio.get_running_loop().time()

    async def follow(self) -> None:
        self._note("follow")

    async def switch_broker(self, up: bool) -> None:
        self._note(f"broker {up}")

    async def order(self, order: Order) -> None:
        self._note(f"order {order.action}")

    async def request(self, request: Request) -> None:
        self._note(f"request {request.do}")

    def begins(self, step: Step, at_s: float) -> None:
        self._note(step.action)

    def owed(self, step: Step, expect: Expect | ExpectVerdict, caused_s: float) -> None:
        self._note(f"owed {expect.condition if isinstance(expect, Expect) else expect.indicator}")

    def _note(self, what: str) -> None:
        self.notes.append((round(asyncio.get_running_loop().time() - self._began_s, 3), what))


def played(
    steps: list[dict[str, object]], watch: str = "smoke-302.level"
) -> tuple[Recorder, list[tuple[float, object]]]:
    """Play steps in virtual time; returns the notes and the values that a point took, with their times."""
    scenario = Scenario.model_validate({"title": "t", "about": "a", "steps": steps})
    seen: list[tuple[float, object]] = []

    async def main() -> Recorder:
        field = Field([line for line in read_lines(DEMO) if line.kind != "serial"], random.Random(1))
        set_up(field, {"gate-io.di4": True})
        recorder = Recorder(field)
        started_s = asyncio.get_running_loop().time()
        told, field.set = (
            field.set,
            lambda point, value: (  # type: ignore[method-assign]
                seen.append((round(asyncio.get_running_loop().time() - started_s, 3), value))
                if point == watch
                else None,
                told(point, value),
            )[1],
        )
        await play(scenario, recorder, recorder)
        return recorder

    return run_virtual(main()), seen


def test_steps_happen_at_their_times_and_a_long_one_holds_up_nobody() -> None:
    ramp = {"point": "smoke-302.level", "start": 0, "end": 100, "over_s": 10, "step_s": 5}
    recorder, _ = played(
        [
            {"at_s": 1, "ramp": ramp},
            {"after_s": 2, "press": "gate-io.di1"},
            {"at_s": 4, "broker": "down"},
            {"at_s": 4, "rest": True},
        ]
    )
    begun = [note for note in recorder.notes if note[1] in ("ramp", "press", "broker", "rest")]
    assert begun == [(1.0, "ramp"), (3.0, "press"), (4.0, "broker"), (4.0, "rest")]
    assert (4.0, "broker False") in recorder.notes


def test_a_ramp_owes_its_alarm_from_the_moment_at_which_the_level_is_reached() -> None:
    ramp = {"point": "smoke-302.level", "start": 0, "end": 100, "over_s": 10, "step_s": 1}
    expect = [{"device": "smoke-3f-west", "condition": "prealarm", "reaches": 70}]
    recorder, values = played([{"at_s": 0, "ramp": ramp, "expect": expect}])
    assert (7.0, "owed prealarm") in recorder.notes
    assert values == [(float(n), n * 10) for n in range(11)]


def test_a_forced_barrier_leaves_one_end_at_once_and_comes_to_the_other_later() -> None:
    force = {"leaves": "gate-io.di4", "comes_to": "gate-io.di3", "travel_s": 2}
    recorder, arrived = played([{"at_s": 1, "force": force}], watch="gate-io.di3")
    assert arrived == [(3.0, True)]
    assert recorder.field.get("gate-io.di4") is False


def test_faults_that_a_step_leaves_out_end() -> None:
    recorder, _ = played(
        [
            {"faults": {"line": "rs485-1", "noise": 0.5, "late": 0.2}},
            {"after_s": 1, "faults": {"line": "rs485-1", "late": 0.1}},
        ]
    )
    faults = recorder.field.line("rs485-1").faults
    assert (faults.noise, faults.late) == (0.0, 0.1)


def test_waiting_for_what_is_owed_ends_when_its_time_is_over() -> None:
    async def main() -> float:
        score, loop = Score(), asyncio.get_running_loop()
        step = Step.model_validate({"rest": True, "expect": [{"device": "a", "condition": "lost", "within_s": 7}]})
        began_s = loop.time()
        score.owe(step, step.expect[0], began_s, "lost")
        await score.settle()
        assert score.rows()[0].lost == 1
        return loop.time() - began_s

    assert run_virtual(main()) == pytest.approx(7.0, abs=0.01)


def test_the_mistake_that_the_documentation_shows_is_told_so(tmp_path: Path) -> None:
    document = (configs_dir().parent / "docs" / "simulators.md").read_text()
    (example,) = re.findall(r"^```yaml\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    file = tmp_path / "mine.yaml"
    file.write_text(example.replace("release: gate-io.di2", "release: gate-io.din2"))
    with pytest.raises(ConfigError) as caught:
        load_scenario(file, DEMO)
    assert f"\n{caught.value}\n".replace(f"{tmp_path}/", "") in document
