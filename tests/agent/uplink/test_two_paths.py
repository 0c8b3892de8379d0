"""Two ways to the platform: an alarm goes by the second at most 10 s after the first failed, whatever failed."""

import asyncio
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from agent.config.ways import SECOND_WAY_S, second_way_s
from agent.session import Broker
from agent.site import BackupSettings, UplinkSettings
from tests.agent.uplink.bench import PREFIX
from tests.agent.uplink.two_ways import (
    ALARM_EVERY_S,
    BOTH,
    BREAKS,
    ONE,
    Break,
    Scene,
    alarms_at,
    heard,
    mend,
    play,
)

INSTANTS = [0.3 + 4.37 * n for n in range(16)]  # over two heartbeats, at ever other moments between two alarms
AFTER_S = 25.0
STEADY_S = 30.0


def test_the_bound_holds_for_the_defaults_by_arithmetic() -> None:
    assert second_way_s(UplinkSettings((ONE,)).confirm_timeout_s) <= SECOND_WAY_S


@pytest.mark.parametrize("kind", BREAKS)
def test_every_alarm_is_through_by_the_second_way_ten_seconds_after_the_first_failed(
    kind: str, tmp_path: Path
) -> None:
    worst_s = 0.0
    for number, at_s in enumerate(INSTANTS):

        async def story(scene: Scene, at_s: float = at_s) -> None:
            nonlocal worst_s
            await scene.alarms(at_s)
            await asyncio.sleep(at_s % 0.5)
            failed_s = scene.now_s
            BREAKS[kind](scene.one)
            await scene.alarms(AFTER_S)
            await asyncio.sleep(SECOND_WAY_S)
            worst_s = max(worst_s, slowest_s(scene, failed_s))

        play(tmp_path / str(number), story, seed=number)
    assert 0 < worst_s <= SECOND_WAY_S


def slowest_s(scene: Scene, failed_s: float) -> float:
    """How long it took at worst until what the first way had not got was with the second."""
    before = {n: at_s for n, at_s in alarms_at(scene.one).items() if at_s < failed_s}
    second = alarms_at(scene.two)
    assert set(scene.accepted) == before.keys() | second.keys()
    late = {n: max(at_s, failed_s) for n, at_s in scene.accepted.items() if n not in before}
    return max(second[n] - at_s for n, at_s in late.items())


@pytest.mark.parametrize("kind", BREAKS)
def test_a_first_way_that_never_comes_up_holds_nothing_up(kind: str, tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.alarms(5.0)
        await asyncio.sleep(SECOND_WAY_S)
        second = alarms_at(scene.two)
        assert max(second[n] - at_s for n, at_s in scene.accepted.items()) <= SECOND_WAY_S

    play(tmp_path, story, before=BREAKS[kind])


@pytest.mark.parametrize("kind", BREAKS)
def test_back_on_the_first_way_nothing_is_missing_and_both_changes_were_told(kind: str, tmp_path: Path) -> None:
    refused_only = "refused by the ACL" in kind

    async def story(scene: Scene) -> None:
        await scene.alarms(10.0)
        BREAKS[kind](scene.one)
        await scene.alarms(20.0)
        mend(scene.one)
        mended_s = scene.now_s
        while scene.path != "primary":
            assert scene.now_s < mended_s + 4 * STEADY_S
            await scene.alarms(0.5)
        assert refused_only or scene.now_s >= mended_s + STEADY_S
        await scene.alarms(5.0)
        await asyncio.sleep(5.0)
        assert alarms_at(scene.one).keys() | alarms_at(scene.two).keys() == scene.accepted.keys()
        assert await scene.it.depth() == 0
        told_lost = scene.events(scene.two, "uplink.lost")
        told_back = [*scene.events(scene.one, "uplink.back"), *scene.events(scene.two, "uplink.back")]
        if not refused_only:
            assert [fields["path"] for fields in told_lost] == ["primary"]
            assert all(fields["after_s"] > 0 for fields in told_back)
            assert {fields["path"] for fields in told_back} == {"primary"}

    play(tmp_path, story)


def test_going_back_while_alarms_flow_brings_none_twice(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(2.0)
        scene.one.drop()
        while scene.path != "backup":
            await asyncio.sleep(0.01)
        left_s = scene.now_s
        while scene.path != "primary":
            await scene.alarm()
            near = scene.now_s > left_s + STEADY_S - 1.0
            await asyncio.sleep(0.003 if near else ALARM_EVERY_S)  # then some are always under way
        await scene.alarms(2.0)
        numbers = [d["n"] for broker in (scene.one, scene.two) for _, d in heard(broker, "alarm")]
        assert sorted(numbers) == sorted(scene.accepted)

    play(tmp_path, story)


def test_a_first_way_that_fails_again_and_again_is_trusted_ever_later(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(2.0)
        waited = []
        for _ in range(4):
            scene.one.drop()
            lost_s = scene.now_s
            while scene.path == "primary":
                await asyncio.sleep(0.1)
            while scene.path != "primary":
                await asyncio.sleep(0.1)
            waited.append(scene.now_s - lost_s)
        assert waited[0] == pytest.approx(STEADY_S, abs=5.0)
        assert all(later >= 1.5 * earlier for earlier, later in pairwise(waited))

    play(tmp_path, story)


def test_the_loss_of_the_second_way_is_told_by_the_first_and_says_nothing_of_the_gateway(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(15.0)
        scene.two.drop()
        await asyncio.sleep(5.0)
        assert [f["path"] for f in scene.events(scene.one, "uplink.lost")] == ["backup"]
        assert [f["path"] for f in scene.events(scene.one, "uplink.back")] == ["backup"]
        assert statuses(scene, "gateway") == [True]
        assert False in statuses(scene, "backup")
        assert scene.path == "primary"

    play(tmp_path, story)


def statuses(scene: Scene, subject: str) -> list[bool]:
    """Online or not, as both brokers have heard of it."""
    messages = [*heard(scene.one, "status"), *heard(scene.two, "status")]
    return [data["online"] for message, data in messages if message.topic.endswith(f"/{subject}")]


def test_a_second_way_that_falls_silent_is_known_to_be_lost_before_it_is_needed(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(40.0)
        scene.two.cut()
        await asyncio.sleep(36.0)  # the next heartbeat of it is 30 s off at most, its confirmation 5 s
        (told,) = scene.events(scene.one, "uplink.lost")
        assert told["path"] == "backup"
        assert "no confirmation within 5 s" in told["why"]

    play(tmp_path, story, replace(BOTH, heartbeat_s=600.0))


def test_a_way_that_comes_and_goes_is_told_of_once_a_minute(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(15.0)
        for _ in range(200):
            scene.two.drop()
            await asyncio.sleep(3.0)
        told = scene.events(scene.one, "uplink.lost")
        assert 5 <= len(told) <= 11
        assert sum(fields["losses"] for fields in told) > len(told)

    play(tmp_path, story, replace(BOTH, backoff_most_s=0.5))


def test_states_stand_at_the_broker_of_the_way_that_alarms_go_by(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(5.0)
        scene.it.board.put("smoke", {"device": "smoke"})
        await asyncio.sleep(1.0)
        assert any(topic.endswith("/state/smoke") for topic in scene.one.retained)
        assert not heard(scene.two, "state")
        scene.one.stop()
        await asyncio.sleep(1.0)
        assert any(topic.endswith("/state/smoke") for topic in scene.two.retained)

    play(tmp_path, story)


def test_a_back_off_ends_when_the_other_way_fails(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(400.0)  # by now the second way is tried about once a minute
        mend(scene.two)
        scene.one.stop()
        await scene.alarm()
        await asyncio.sleep(SECOND_WAY_S)
        assert 0 in alarms_at(scene.two)

    def second_is_down(scene: Scene) -> None:
        scene.two.stop()

    async def whole(scene: Scene) -> None:
        second_is_down(scene)
        await story(scene)

    play(tmp_path, whole)


def test_both_ways_are_left_with_a_goodbye(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(5.0)
        await scene.it.stop()
        for broker, subject in ((scene.one, "gateway"), (scene.two, "backup")):
            reasons = [d["reason"] for m, d in heard(broker, "status") if m.topic.endswith(f"/{subject}")]
            assert reasons == ["connected", "stopped"]

    play(tmp_path, story)


def test_one_broker_sees_two_clients_when_only_the_interfaces_differ(tmp_path: Path) -> None:
    how = UplinkSettings((ONE,), interface="eth0", backup=BackupSettings((ONE,), "wwan0"))

    async def story(scene: Scene) -> None:
        await scene.alarms(3.0)
        assert all(way.connected for way in scene.it.uplink.shown().paths.values())
        assert {way.reconnects for way in scene.it.uplink.shown().paths.values()} == {0}
        assert alarms_at(scene.one).keys() == scene.accepted.keys()

    play(tmp_path, story, how)


def test_the_only_way_tells_when_it_is_back_how_long_it_was_away(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(15.0)
        scene.one.stop()
        await asyncio.sleep(120.0)
        scene.one.start()
        await asyncio.sleep(100.0)
        (lost,), (back,) = scene.events(scene.one, "uplink.lost"), scene.events(scene.one, "uplink.back")
        assert (lost["path"], lost["broker"], lost["losses"]) == ("primary", "one:1883", 1)
        assert 120.0 <= back["after_s"] <= 215.0

    play(tmp_path, story, UplinkSettings((Broker("one"),)))


def test_a_start_that_connects_soon_tells_of_no_loss(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await asyncio.sleep(8.0)
        mend(scene.one)
        await asyncio.sleep(60.0)
        assert not scene.events(scene.one, "uplink.lost")

    play(tmp_path, story, UplinkSettings((ONE,), backoff_most_s=1.0), before=_down)


_down: Break = BREAKS["refused"]


def test_a_record_that_neither_broker_takes_stays_and_the_others_go(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        for broker in (scene.one, scene.two):
            broker.rejects["/alarm/bad"] = 0x87
        await scene.it.alarm(1000, device="bad")
        await scene.alarms(3.0)
        await asyncio.sleep(3.0)
        assert await scene.it.depth() == 1
        assert alarms_at(scene.one).keys() | alarms_at(scene.two).keys() == scene.accepted.keys()

    play(tmp_path, story)


def test_what_one_broker_refuses_goes_as_soon_as_the_other_is_back(tmp_path: Path) -> None:
    """Not a minute later, when it would be offered to the one that refuses again."""

    async def story(scene: Scene) -> None:
        await asyncio.sleep(2.0)
        BREAKS["alarms are refused by the ACL"](scene.one)
        scene.two.stop()
        await scene.alarms(5.0)
        assert not alarms_at(scene.two)
        mend(scene.two)
        while not scene.it.uplink.shown().paths["backup"].connected:
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)
        assert alarms_at(scene.two).keys() == scene.accepted.keys()

    play(tmp_path, story, replace(BOTH, backoff_most_s=1.0))


@pytest.mark.parametrize("kind", BREAKS)
def test_under_the_platforms_word_nothing_leaves_at_a_failover_but_by_that_word(kind: str, tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.alarms(5.0)
        BREAKS[kind](scene.one)
        await scene.alarms(5.0)
        await asyncio.sleep(SECOND_WAY_S)
        assert alarms_at(scene.one).keys() | alarms_at(scene.two).keys() == scene.accepted.keys()
        assert await scene.it.depth() == len(scene.accepted)  # by whatever way they went, PUBACKs are not enough
        scene.two.say(f"{PREFIX}/command/confirm", word_for_all(scene))
        await asyncio.sleep(2.0)
        assert await scene.it.depth() == 0

    play(tmp_path, story, replace(BOTH, confirmed_by="platform"))


def word_for_all(scene: Scene) -> bytes:
    """The platform says that it has every alarm that came, by whichever way."""
    arrived = [message for broker in (scene.one, scene.two) for message, _ in heard(broker, "alarm")]
    sequences = sorted({int(json.loads(message.payload)["sequence"]) for message in arrived})
    return json.dumps({"store": scene.it.outbox.store_id, "spans": [[n, n] for n in sequences]}).encode()


def test_what_a_broker_refuses_is_told_once_and_shown(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        BREAKS["alarms are refused by the ACL"](scene.one)
        await scene.alarms(5.0)
        (fields,) = scene.events(scene.one, "uplink.refused")
        assert (fields["code"], fields["detour"]) == (0x87, True)
        refused = scene.it.uplink.shown().paths["primary"].refused
        assert any("/alarm/" in topic and "code 135" in why for topic, why in refused.items())

    play(tmp_path, story)
