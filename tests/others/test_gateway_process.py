"""The whole gateway between others: servers of pymodbus and libmodbus, Debian's mosquitto, mosquitto_sub."""

import pytest

from tests.mosquitto import Mosquitto
from tests.others.choice import against
from tests.others.platform import Platform
from tests.others.process import PRESSED, Gateway
from tests.others.servers import Far
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.mosquitto, pytest.mark.timeout(40)]

ONE_OF_EACH = [("pymodbus", "tcp"), ("libmodbus", "rtu")]


async def test_an_input_set_in_a_server_of_others_arrives_as_an_alarm_and_so_does_its_return(
    gateway: Gateway, platform: Platform, far: Far
) -> None:
    await gateway.start()
    await until(gateway.connected, "the session")
    await far.set_input(PRESSED, True)
    await platform.expect("pressed", True)
    alarm = platform.heard("alarm")[-1]
    assert (alarm["data"]["name"], alarm["data"]["location"]) == ("门卫室一键报警", "南门门卫室")
    assert (alarm["specversion"], alarm["type"]) == ("1.0", "campusgw.alarm.v1")
    await far.set_input(PRESSED, False)
    await platform.expect("pressed", False)
    await until(lambda: platform.heard("heartbeat"), "a heartbeat")
    assert platform.missing() == set()
    assert await gateway.stop() == 0
    await until(lambda: not platform.heard("status")[-1]["data"]["online"], "the goodbye")
    assert platform.heard("status")[-1]["data"]["reason"] == "stopped"


@against(*ONE_OF_EACH)
async def test_an_alarm_raised_without_a_broker_survives_a_kill_of_the_gateway(
    gateway: Gateway, platform: Platform, far: Far, broker: Mosquitto
) -> None:
    await gateway.start()
    await until(gateway.connected, "the session")
    broker.stop()
    await far.set_input(PRESSED, True)
    await until(gateway.waiting, "the alarm to be kept")
    await gateway.kill()
    await far.set_input(PRESSED, False)
    await broker.start()
    await gateway.start()
    await platform.expect("pressed", True)
    await platform.expect("pressed", False)
    assert platform.alarms("pressed") == [True, False]
    assert platform.missing() == set()


@against(*ONE_OF_EACH)
async def test_a_gateway_killed_again_and_again_loses_nothing_and_invents_nothing(
    gateway: Gateway, platform: Platform, far: Far
) -> None:
    await gateway.start()
    for turn in (1, 2):
        await far.set_input(PRESSED, True)
        await platform.expect("pressed", True, turn)
        await gateway.kill()
        await far.set_input(PRESSED, False)
        await gateway.start()
        await platform.expect("pressed", False, turn)
        await gateway.kill()
        await gateway.start()
    await until(lambda: gateway.connected() and not gateway.waiting(), "all to be sent")
    assert platform.alarms("pressed") == [True, False] * 2
    assert platform.missing() == set()


@against(("libmodbus", "tcp"))
async def test_a_server_that_dies_is_reported_lost_and_reported_back(
    gateway: Gateway, platform: Platform, far: Far
) -> None:
    await gateway.start()
    await until(gateway.hears_its_unit, "the unit to be good")
    await far.stop()
    await platform.expect("lost", True)
    await far.start()
    await platform.expect("lost", False)
    assert platform.missing() == set()


@against(("pymodbus", "rtu"), ("libmodbus", "rtu"))
async def test_an_adapter_that_comes_back_under_another_name_is_polled_again(
    gateway: Gateway, platform: Platform, far: Far
) -> None:
    await gateway.start()
    await until(gateway.hears_its_unit, "the unit to be good")
    await far.unplug()
    await platform.expect("lost", True)
    await far.plug()
    await platform.expect("lost", False)
    await far.set_input(PRESSED, True)
    await platform.expect("pressed", True)
    assert platform.missing() == set()


@against(("libmodbus", "rtu"))
async def test_the_will_tells_of_a_gateway_that_was_killed(gateway: Gateway, platform: Platform, far: Far) -> None:
    await gateway.start()
    await until(lambda: platform.heard("status"), "the birth")
    await gateway.kill()
    await until(lambda: platform.heard("status")[-1]["data"]["reason"] == "lost", "the will")
    await gateway.start()
    await until(lambda: platform.heard("status")[-1]["data"]["online"], "the new birth")
