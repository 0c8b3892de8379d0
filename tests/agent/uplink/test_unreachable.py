"""Why a broker is not reached, in words that somebody with a laptop and a cable can use."""

import socket
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.errors import UplinkError
from agent.session import Broker, SessionRequest, Will
from agent.uplink.mqtt import open_session
from tests.agent.uplink.bench import at_port, gateway, settings, until
from tests.agent.uplink.scripted import ScriptedBroker
from tests.waiting import unused_port

pytestmark = pytest.mark.asyncio
WILL = Will("campus/v1/x", b"{}")


async def why(broker: Broker, **more: object) -> str:
    with pytest.raises(UplinkError) as caught:
        await open_session(SessionRequest(broker, "gw", WILL, **more))  # type: ignore[arg-type]
    return str(caught.value)


async def test_nobody_listens() -> None:
    assert await why(at_port(unused_port())) == "nobody listens there (connection refused)"


async def test_the_name_is_not_known() -> None:
    said = await why(Broker("no-such-host.invalid"))
    assert said.startswith("the name of the broker cannot be resolved (DNS): ")


async def test_nobody_answers() -> None:
    with socket.socket() as full, ExitStack() as callers:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        for _ in range(4):  # they take the places in the queue: further calls are not answered
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        assert await why(at_port(port), connect_timeout_s=0.5) == "no answer within 0.5 s"


async def test_the_network_interface_is_not_there() -> None:
    said = await why(at_port(unused_port()), interface="nosuch0")
    assert said == "there is no network interface nosuch0 here"


async def test_by_a_network_interface_that_leads_there_all_is_as_usual() -> None:
    async with ScriptedBroker() as broker:
        session = await open_session(SessionRequest(at_port(broker.port), "gw", WILL, interface="lo"))
        await session.publish("campus/v1/x", b"{}")
        await session.aclose()
        assert [published.topic for published in broker.seen] == ["campus/v1/x"]


async def test_what_a_broker_refuses_is_shown_by_topic_and_code_until_it_takes_it(tmp_path: Path) -> None:
    refuses = True
    async with ScriptedBroker() as broker:
        broker.on_publish = lambda p: p.confirm(0x87 if refuses and "/heartbeat/" in p.topic else 0)
        async with gateway(tmp_path, settings(at_port(broker.port), heartbeat_s=0.05)) as it:
            it.start()
            await until(lambda: bool(it.uplink.shown().paths["primary"].refused))
            ((topic, said),) = it.uplink.shown().paths["primary"].refused.items()
            assert topic.endswith("/heartbeat/gateway")
            assert said == "the broker refused it: Not authorized (code 135)"
            refuses = False
            await until(lambda: not it.uplink.shown().paths["primary"].refused)
