"""The control socket: visitors ask and order; whatever they send, the gateway goes on."""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent.service.control import LONGEST_LINE, VISITORS_MOST
from agent.service.run import run_gateway
from tests.agent.service.world import BUTTON, World, site_in, until


@dataclass
class Visitor:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, line: bytes) -> dict[str, Any]:
        self.writer.write(line + b"\n")
        return json.loads(await asyncio.wait_for(self.reader.readline(), 10))  # type: ignore[no-any-return]

    async def ask(self, do: str, **fields: object) -> dict[str, Any]:
        return await self.say(json.dumps({"version": 1, "do": do, **fields}).encode())


@dataclass
class Office:
    world: World
    path: Path
    gateway: asyncio.Task[None]

    async def visit(self) -> Visitor:
        return Visitor(*await asyncio.open_unix_connection(str(self.path), limit=2**20))

    async def pressed(self) -> None:
        visitor = await self.visit()
        self.world.inputs = 0b1
        while not (await visitor.ask("alarms"))["devices"][0]["conditions"]:
            await asyncio.sleep(0.01)


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[Office]:
    world = World(directory)
    gateway = asyncio.create_task(run_gateway(site_in(directory), world.host()))
    try:
        await until(lambda: gateway.done() or served(directory / "control.sock"))
        yield Office(world, directory / "control.sock", gateway)
    finally:
        gateway.cancel()
        await asyncio.wait_for(asyncio.wait([gateway]), 10)


def served(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@pytest.mark.asyncio
async def test_only_the_owner_and_the_group_may_open_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        assert stat.S_IMODE(office.path.stat().st_mode) == 0o660


@pytest.mark.asyncio
async def test_a_stale_socket_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    for _ in range(2):
        async with opened(tmp_path) as office:
            visitor = await office.visit()
            assert (await visitor.ask("status"))["ok"]


@pytest.mark.asyncio
async def test_status_tells_uplink_heartbeat_and_losses(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        await until(lambda: office.world.platform.channel("heartbeat"))
        answer = await (await office.visit()).ask("status")
        assert answer["gateway"] == "gw-01"
        assert answer["uplink"]["connected"] is True
        assert answer["heartbeat"]["devices"] == {"total": 1, "lost": 0, "good": 1}
        assert answer["lost"] == {}


@pytest.mark.asyncio
async def test_asking_for_status_does_not_disturb_the_load_of_the_heartbeat(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        visitor = await office.visit()
        loads = [(await visitor.ask("status"))["heartbeat"]["lines"]["rs485-1"]["load"] for _ in range(3)]
        assert len(loads) == 3
        assert len(office.world.platform.channel("heartbeat")) <= 1


BAD = [
    (b"", "not JSON"),
    (b"hello", "not JSON"),
    (b"[" * 20_000, "not JSON"),
    (b"\xff\xfe", "not JSON"),
    (b"7", "want an object with version 1"),
    (b"{}", "want an object with version 1"),
    (b'{"version": 2, "do": "status"}', "want an object with version 1"),
    (b'{"version": 1}', "unknown request; known: status, alarms, order"),
    (b'{"version": 1, "do": ["status"]}', "unknown request"),
    (b'{"version": 1, "do": "reboot"}', "unknown request"),
    (b'{"version": 1, "do": "order"}', "device: Field required"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("line", "why"), BAD)
async def test_a_bad_request_is_answered_and_the_next_one_is_served(line: bytes, why: str, tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        visitor = await office.visit()
        answer = await visitor.say(line)
        assert answer["ok"] is False
        assert why in answer["error"]
        assert (await visitor.ask("status"))["ok"]


@pytest.mark.asyncio
async def test_a_line_too_long_is_told_and_ends_the_visit_but_not_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        patient, rude = await office.visit(), await office.visit()
        answer = await rude.say(b"x" * (LONGEST_LINE + 1))
        assert answer == {"ok": False, "error": f"a request has at most {LONGEST_LINE} bytes"}
        assert await rude.reader.read() == b""
        assert (await patient.ask("status"))["ok"]


@pytest.mark.asyncio
async def test_visitors_are_served_side_by_side(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        idle = await office.visit()
        visitors = [await office.visit() for _ in range(20)]
        answers = await asyncio.gather(*(visitor.ask("alarms") for visitor in visitors))
        assert all(answer["ok"] for answer in answers)
        assert (await idle.ask("alarms"))["devices"][0]["device"] == BUTTON


ORDER = {"device": BUTTON, "action": "acknowledge", "condition": "pressed", "person": "王老师"}
REFUSED = [
    ({"action": "explode"}, "action: Input should be"),
    ({"action": ["reset"]}, "action: Input should be"),
    ({"person": ""}, "name of the person"),
    ({"device": "nobody"}, "no device 'nobody'"),
    ({"device": 7}, "device: Input should be a valid string"),
    ({"condition": "smoke"}, "no condition 'smoke'"),
    ({"action": "reset"}, "still active"),
    ({"action": "out_of_service", "reason": "x", "until_utc_s": "tomorrow"}, "until_utc_s"),
    ({"action": "out_of_service", "reason": "x", "until_utc_s": float("inf")}, "until_utc_s"),
    ({"action": "out_of_service", "reason": "x", "until_utc_s": 1e12}, "until_utc_s"),
    ({"action": "out_of_service", "reason": "x"}, "needs a reason and an end time"),
    ({"action": "shelve", "reason": "x", "until_utc_s": 1.8e9 + 60}, "saves lives"),
]


@pytest.mark.asyncio
async def test_an_order_is_carried_out_told_upstream_and_else_refused_with_its_reason(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        await office.pressed()
        visitor = await office.visit()
        for change, why in REFUSED:
            answer = await visitor.ask("order", **{**ORDER, **change})
            assert answer["ok"] is False
            assert why in answer["error"], answer
            if "text" in answer:  # what the command translates
                assert answer["text"].format(**answer["fields"]) == answer["error"]
        assert (await visitor.ask("order", **ORDER)) == {"ok": True, "done": True}
        assert "nothing to acknowledge" in (await visitor.ask("order", **ORDER))["error"]
        await until(lambda: len(office.world.platform.channel("alarm")) == 2)
        told = office.world.platform.channel("alarm")[1]
        assert (told["change"], told["person"], told["state"]) == ("acknowledged", "王老师", "acknowledged")


@pytest.mark.asyncio
async def test_an_order_while_the_disk_refuses_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        await office.pressed()
        visitor = await office.visit()
        office.world.disk_full = True
        assert "full" in (await visitor.ask("order", **ORDER))["error"]
        office.world.disk_full = False
        assert (await visitor.ask("order", **ORDER))["ok"]


@pytest.mark.asyncio
async def test_a_visitor_who_stays_does_not_keep_the_gateway_from_stopping(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        visitor = await office.visit()
        assert (await visitor.ask("status"))["ok"]
    assert office.gateway.done()
    assert await visitor.reader.read() == b""


@pytest.mark.asyncio
async def test_a_visitor_who_leaves_in_the_middle_harms_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        rude = await office.visit()
        rude.writer.write(b'{"version": 1, "do": "al')
        rude.writer.close()
        assert (await (await office.visit()).ask("status"))["ok"]


@pytest.mark.asyncio
async def test_visitors_who_stay_do_not_use_up_the_descriptors(tmp_path: Path) -> None:
    async with opened(tmp_path) as office:
        staying = [await office.visit() for _ in range(VISITORS_MOST)]
        assert all([(await visitor.ask("alarms"))["ok"] for visitor in staying])
        too_many = await office.visit()
        assert await too_many.reader.read() == b""
        staying.pop().writer.close()

        async def answered() -> bool:
            try:
                return bool((await (await office.visit()).ask("alarms"))["ok"])
            except (OSError, ValueError):
                return False

        async with asyncio.timeout(10):
            while not await answered():
                await asyncio.sleep(0.01)
