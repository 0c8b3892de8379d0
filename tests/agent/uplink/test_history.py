"""What status says of a way that is not well: the cause at every broker, and what befell it lately."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

from agent.session import SessionRequest, Will
from agent.site import UplinkSettings
from agent.uplink.history import LATELY_S, LOSSES_MOST, REFUSALS_MOST, History
from agent.uplink.messages import PathShown
from tests.agent.uplink.bench import PREFIX, until
from tests.agent.uplink.two_ways import ONE, TWO, Scene, alarms_at, play

ALONE = UplinkSettings((ONE,))


def primary(scene: Scene) -> PathShown:
    return scene.it.uplink.shown().paths["primary"]


def test_a_rival_with_our_name_is_named_while_we_are_connected_too(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for _ in range(4):
            await asyncio.sleep(5.0)
            request = SessionRequest(ONE, "campusgw-430102-4301020001-gw-1", Will("x", b""))
            await scene.one.open(replace(request, client_id=next(iter(scene.one._sessions))))
        await asyncio.sleep(5.0)
        assert primary(scene).connected
        assert (primary(scene).losses, primary(scene).lost_why) == (4, "one:1883: taken over")
        await asyncio.sleep(LATELY_S)
        assert (primary(scene).losses, primary(scene).lost_why) == (0, "")

    play(tmp_path, story, ALONE)


def test_a_broker_that_confirms_nothing_is_never_shown_as_connected(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.one.confirms = False
        shown = []
        for _ in range(int(random.Random(1).uniform(300, 400))):
            await asyncio.sleep(0.5)
            shown.append(primary(scene))
        (began, *rest) = [at for at, way in enumerate(shown) if not way.connected]
        assert rest == list(range(began + 1, len(shown)))
        assert "no confirmation within 5 s" in shown[-1].why
        assert shown[-1].for_s > 100.0

    play(tmp_path, story, ALONE)


def test_the_cause_at_each_broker_of_a_way_is_named(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.one.stop()
        scene.two.login_code = 0x87
        await asyncio.sleep(5.0)
        assert "one:1883: connection refused" in primary(scene).why
        assert "two:1883: " in primary(scene).why

    play(tmp_path, story, UplinkSettings((ONE, TWO)))


def test_a_refusal_says_how_long_ago_it_was(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.one.rejects["/alarm/"] = 0x87
        await scene.alarm()
        await asyncio.sleep(20.0)
        (ago_s,) = primary(scene).refused_ago_s.values()
        assert 19.0 < ago_s < 20.0
        assert primary(scene).connected

    play(tmp_path, story, ALONE)


def test_a_refusal_is_shown_also_after_the_session_that_ended_over_it_and_for_ten_minutes(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.one.rejects["/alarm/"] = 0x87
        await scene.alarm()
        await until(lambda: bool(primary(scene).refused), "the refusal")
        refused = primary(scene).refused
        assert list(refused) == [f"{PREFIX}/alarm/panic-gate"]
        assert "code 135" in refused[f"{PREFIX}/alarm/panic-gate"]
        scene.one.stop()
        await until(lambda: not primary(scene).connected, "the loss")
        assert primary(scene).refused == refused
        await asyncio.sleep(LATELY_S - 1.0)
        assert primary(scene).refused == refused
        await asyncio.sleep(2.0)
        assert (primary(scene).refused, primary(scene).refused_ago_s) == ({}, {})

    play(tmp_path, story, ALONE)


def test_what_a_broker_takes_again_is_no_longer_shown_as_refused(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.one.rejects["/alarm/"] = 0x87
        await scene.alarm()
        await until(lambda: bool(primary(scene).refused), "the refusal")
        scene.one.rejects.clear()
        scene.one.drop()
        await until(lambda: len(alarms_at(scene.one)) == 1, "the alarm")
        await until(lambda: not primary(scene).refused, "its confirmation")

    play(tmp_path, story, ALONE)


def test_a_storm_of_losses_takes_no_more_room_than_that() -> None:
    history = History(0.0)
    for number in range(2 * LOSSES_MOST):
        history.up("a:1883", number / 100)
        history.down("a:1883", "gone", number / 100)
    shown = history.shown(20.0)
    assert (shown.losses, shown.lost_why) == (LOSSES_MOST, "a:1883: gone")


def test_a_storm_of_refusals_takes_no_more_room_than_that() -> None:
    history = History(0.0)
    for number in range(2 * REFUSALS_MOST):
        history.refused(f"topic/{number}", "Not authorized", float(number))
    assert list(history.shown(32.0).refused) == [f"topic/{n}" for n in range(REFUSALS_MOST, 2 * REFUSALS_MOST)]
