"""A device on its line in virtual time: what it believes, what it is told, and how often it is told."""

import asyncio
from typing import Any

import pytest

from drivers.blocks import Block, plan_blocks
from drivers.errors import NoResponse, Refused
from drivers.modbus.device import ModbusDevice
from drivers.modbus.line import ModbusLine
from drivers.modbus.order import pulse_order, write_order
from drivers.modbus.rtu import RtuFraming, wrap
from drivers.profile import DeviceProfile
from drivers.reading import Quality, Reading
from simulators.clock import run_virtual
from simulators.modbus_unit import ModbusUnit
from tests.drivers.twin import Site, Wire

TITLE = {"en": "it", "zh": "它"}
CHARACTER_S = 10 / 9600


def profile(*points: dict[str, Any], **keys: Any) -> DeviceProfile:
    given = [{"title": TITLE, "table": "holding"} | point for point in points]
    fixed = {"id": "it", "name": TITLE, "vendor": "nobody", "model": "it", "kind": "di_do_module"}
    more = {"verified": "simulator", "source": ["this test"], "points": given}
    return DeviceProfile.model_validate(fixed | more | keys)


BEATING = profile(
    {"name": "alarm", "address": 0, "values": {0: False, 1: True}, "alarm": True},
    {"name": "level", "address": 9},
    {"name": "beat", "address": 1},
    heartbeat={"point": "beat", "still_s": 5},
)
OUTPUTS = profile(
    {"name": "relay", "table": "coil", "address": 3, "type": "bool", "access": "rw", "safe": False,
     "pulse": {"coil": 0x203, "unit_s": 0.1, "most": 100}},
    {"name": "reset", "table": "coil", "address": 5, "type": "bool", "access": "w", "momentary": True},
    {"name": "mode", "address": 0, "values": {1: "plain", 2: "linked"}, "access": "rw"},
    {"name": "limit", "address": 1, "type": "f32", "plausible": [0, 100], "access": "rw"},
    {"name": "heat", "address": 3, "type": "i16", "scale": 0.1, "invalid": [-1], "access": "rw"},
    {"name": "level", "address": 4},
)  # fmt: skip


class Bench:
    """One unit at the end of an RTU line, counting what it is asked."""

    def __init__(self, of: DeviceProfile) -> None:
        self.unit = ModbusUnit(of, 7)
        self.asked: list[bytes] = []
        line = ModbusLine(Site(self._far).open, RtuFraming(), character_s=CHARACTER_S, name="bench")
        self.device = ModbusDevice(line, of, 7, timeout_s=0.3, guard_s=0.3)

    def _far(self, wire: Wire, request: bytes) -> None:
        self.asked.append(request)
        reply = self.unit.answer(request[1:-2])
        if reply is not None:
            wire.later(len(request) * CHARACTER_S + 0.01, wrap(7, reply))

    def blocks(self, *names: str) -> tuple[Block, ...]:
        return plan_blocks(self.device.profile, names, max_block_s=1.0, character_s=CHARACTER_S)

    async def read(self, *names: str) -> dict[str, Reading]:
        said = [reading for block in self.blocks(*names) for reading in await self.device.read(block)]
        return {reading.point: reading for reading in said}


# --- a heartbeat ------------------------------------------------------------------------------------


def test_a_device_whose_heart_beats_is_believed() -> None:
    async def script() -> None:
        bench = Bench(BEATING)
        bench.unit.set("alarm", True)
        for _ in range(20):
            said = await bench.read("alarm", "level")
            assert (said["alarm"].value, said["alarm"].quality) == (True, Quality.GOOD)
            await asyncio.sleep(1)

    run_virtual(script())


def test_a_device_whose_heart_stands_still_is_not_believed_and_why_is_said() -> None:
    async def script() -> None:
        bench = Bench(BEATING)
        await bench.read("alarm")
        bench.unit.alive = False
        bench.unit.set("alarm", True)
        await asyncio.sleep(4)
        assert (await bench.read("alarm"))["alarm"].quality is Quality.GOOD
        await asyncio.sleep(2)
        for name, reading in (await bench.read("alarm", "level")).items():
            assert reading.quality is Quality.BAD, name
            assert "5 s" in reading.cause
        assert (await bench.read("alarm"))["alarm"].value is True

    run_virtual(script())


def test_a_heart_that_beats_again_is_believed_again() -> None:
    async def script() -> None:
        bench = Bench(BEATING)
        await bench.read("alarm")
        bench.unit.alive = False
        await asyncio.sleep(6)
        assert (await bench.read("alarm"))["beat"].quality is Quality.BAD
        bench.unit.alive = True
        assert {reading.quality for reading in (await bench.read("level")).values()} == {Quality.GOOD}

    run_virtual(script())


def test_silence_is_no_heart_that_stands_still() -> None:
    async def script() -> None:
        bench = Bench(BEATING)
        await bench.read("alarm")
        bench.unit.plugged = False
        await asyncio.sleep(60)
        with pytest.raises(NoResponse):
            await bench.read("alarm")
        bench.unit.plugged = True
        assert (await bench.read("beat"))["beat"].quality is Quality.GOOD

    run_virtual(script())


# --- identity ---------------------------------------------------------------------------------------


def test_a_device_that_is_another_than_its_profile_says_is_recognised() -> None:
    async def script() -> None:
        one = {"name": "model", "title": TITLE, "table": "holding", "address": 0, "type": "ascii", "length": 2}
        ours, theirs = profile(identity=[one | {"expect": "IO8"}]), profile(identity=[one | {"expect": "IO4"}])
        bench = Bench(ours)
        assert await bench.device.identify() == [Reading("model", "IO8")]
        bench.unit = ModbusUnit(theirs, 7)
        (said,) = await bench.device.identify()
        assert (said.value, said.quality) == ("IO4", Quality.BAD)
        assert "IO8" in said.cause

    run_virtual(script())


# --- orders -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "value", "request_pdu"),
    [
        ("relay", True, "05 00 03 ff 00"),
        ("relay", False, "05 00 03 00 00"),
        ("reset", True, "05 00 05 ff 00"),
        ("mode", "linked", "06 00 00 00 02"),
        ("limit", 1.5, "10 00 01 00 02 04 3f c0 00 00"),
        ("heat", -12.3, "06 00 03 ff 85"),
    ],
)
def test_an_order_is_the_shortest_request_that_says_it(point: str, value: Any, request_pdu: str) -> None:
    assert write_order(OUTPUTS, point, value) == bytes.fromhex(request_pdu)


def test_a_device_that_writes_only_in_bulk_is_written_in_bulk() -> None:
    bulk = OUTPUTS.model_copy(update={"limits": OUTPUTS.limits.model_copy(update={"functions": (1, 3, 15, 16)})})
    assert write_order(bulk, "relay", True) == bytes.fromhex("0f 00 03 00 01 01 01")
    assert write_order(bulk, "mode", "plain") == bytes.fromhex("10 00 00 00 01 02 00 01")


@pytest.mark.parametrize(
    ("point", "value"),
    [
        ("level", 1),
        ("relay", 1),
        ("relay", None),
        ("reset", False),
        ("reset", None),
        ("mode", "fast"),
        ("limit", 101.0),
        ("limit", float("nan")),
        ("limit", None),
        ("heat", -0.1),
        ("heat", None),
    ],
)
def test_what_would_not_be_believed_when_read_is_not_written(point: str, value: Any) -> None:
    async def script() -> None:
        bench = Bench(OUTPUTS)
        with pytest.raises(ValueError, match=point):
            await bench.device.write(point, value)
        assert not bench.asked

    run_virtual(script())


@pytest.mark.parametrize(("point", "seconds"), [("relay", 0.04), ("relay", 10.06), ("relay", -1), ("mode", 1)])
def test_a_pulse_that_the_module_cannot_time_is_not_ordered(point: str, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"pulse"):
        pulse_order(OUTPUTS, point, seconds)


def test_a_pulse_is_counted_in_the_modules_own_steps() -> None:
    assert pulse_order(OUTPUTS, "relay", 0.1) == bytes.fromhex("05 02 03 00 01")
    assert pulse_order(OUTPUTS, "relay", 10.0) == bytes.fromhex("05 02 03 00 64")


def test_an_order_is_sent_once_even_when_nobody_answers() -> None:
    async def script() -> None:
        bench = Bench(OUTPUTS)
        bench.unit.plugged = False
        with pytest.raises(NoResponse):
            await bench.device.pulse("relay", 1.0)
        with pytest.raises(NoResponse):
            await bench.device.write("mode", "plain")
        await asyncio.sleep(5)
        assert len(bench.asked) == 2

    run_virtual(script())


# --- reads ------------------------------------------------------------------------------------------


def test_a_refused_block_is_a_refusal_and_its_points_are_bad_by_name() -> None:
    async def script() -> None:
        bench = Bench(OUTPUTS)
        bench.unit = ModbusUnit(profile({"name": "other", "address": 50}), 7)
        (block,) = bench.blocks("level")
        with pytest.raises(Refused, match="address"):
            await bench.device.read(block)
        assert bench.device.unread(block, "refused") == [Reading("level", None, Quality.BAD, "refused")]

    run_virtual(script())


def test_a_shorter_wait_keeps_a_late_reply_out_for_as_long() -> None:
    async def script() -> None:
        bench = Bench(OUTPUTS)
        bench.unit.plugged = False
        (block,) = bench.blocks("level")
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        with pytest.raises(NoResponse):
            await bench.device.read(block, timeout_s=0.05)
        assert loop.time() - started_s < 0.1
        bench.unit.plugged = True
        await bench.device.read(block)
        assert loop.time() - started_s > 0.6

    run_virtual(script())
