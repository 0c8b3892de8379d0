"""The shipped scenarios in virtual time: the same stories, the agent unchanged, other dice each time."""

from pathlib import Path

import pytest

from simulators.at_rest import bring_to_rest
from simulators.field import Field
from simulators.platform import Arrival
from simulators.scenario import Expect, ExpectVerdict, Order, Request, Scenario, Step
from simulators.scenario_check import load_scenario
from simulators.scenario_file import find, read_yaml, shipped
from simulators.scenario_play import play as play_scenario
from simulators.scenario_play import set_up
from simulators.scenario_score import Score
from tests.site.school import CONFIG, School, demo_lines, play

SEEDS = (1, 2, 3)


class Stage:
    """A school in virtual time as the stage and the audience of a scenario."""

    def __init__(self, school: School, scenario: Scenario) -> None:
        self.score = Score(scenario.may_come)
        self._school = school
        self._heard = len(school.heard)

    @property
    def field(self) -> Field:
        return self._school.field

    async def follow(self) -> None:
        """The field's memory wires have followed already."""

    async def switch_broker(self, up: bool) -> None:
        if up:
            self._school.broker.start()
        else:
            self._school.broker.stop()

    async def order(self, order: Order) -> None:
        await self._school.order(order.device, order.condition, order.action)

    async def request(self, request: Request) -> None:
        await self._school.ask(request.do, **request.model_dump(exclude={"do"}))

    def begins(self, step: Step, at_s: float) -> None:
        """Nobody watches."""

    def owed(self, step: Step, expect: Expect | ExpectVerdict, caused_s: float) -> None:
        self.score.owe(step, expect, caused_s, "all")

    def hear(self, arrival: Arrival) -> None:
        self.score.arrived(arrival)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", shipped())
def test_everything_that_a_story_owes_arrives_and_nothing_else(tmp_path: Path, name: str, seed: int) -> None:
    scenario = load_scenario(find(name), CONFIG)

    async def story(school: School) -> None:
        stage = Stage(school, scenario)
        hear = school.broker.on_arrival
        assert hear is not None

        def both(message: object) -> None:
            hear(message)  # type: ignore[arg-type]
            stage.hear(school.heard[-1])

        bring_to_rest(school.field, read_yaml(CONFIG), demo_lines())
        set_up(school.field, scenario.start)
        school.broker.on_arrival = both
        await play_scenario(scenario, stage, stage)
        await stage.score.settle()
        wrong = [due.expect for due in stage.score.dues if not due.in_time]
        assert wrong == []
        assert [arrival.payload for arrival in stage.score.unexpected] == []
        assert len(stage.score.dues) == scenario.expected
        await school.until(lambda: not school.platform.gaps(), within_s=20.0)

    play(story, tmp_path, seed)
