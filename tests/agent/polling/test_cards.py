"""Cards at readers: held for a moment, presented again, and handed over by a flag that must be written off."""

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from agent.polling.modbus_poller import ModbusPoller
from agent.site import LinePlan, Unit
from drivers.handshake import believed, to_be_cleared
from drivers.modbus.line import ModbusLine
from drivers.modbus.rtu import RtuFraming
from drivers.profile_parts import Handshake
from drivers.profiles import load_profiles, profiles_dir
from drivers.reading import Quality, Reading, Value
from drivers.stream import ByteStream, SerialPort
from simulators.card_unit import CardUnit
from simulators.clock import run_virtual
from simulators.field import Field
from simulators.field_file import LineSetup, UnitSetup
from tests.agent.polling.bench import Heard, host_of

PROFILES = load_profiles(profiles_dir())
PORT = SerialPort("run/readers", 9600)
WANG, LI = "0A1B2C3D", "99887766"
SHAKE = Handshake(flag="new_tag", value="card", clear="new_tag_coil")


class Case:
    """A reader and seven modules that want the line too, polled."""

    def __init__(self, profile: str) -> None:
        others = (UnitSetup(f"io-{n}", PROFILES["moxa_e1210_e1212"], n) for n in range(2, 9))
        setups = (UnitSetup("reader", PROFILES[profile], 1), *others)
        self.field = Field((LineSetup("l", "modbus_rtu", PORT, setups),), random.Random(1), strict=True)
        units = (
            Unit(u.id, "l", u.profile, u.address, interval_s=u.profile.interval_s or 0.05, timeout_s=0.3)
            for u in setups
        )
        plan = LinePlan("l", "modbus_rtu", PORT, tuple(units))
        self.heard = Heard()
        self.line = ModbusLine(self._open, RtuFraming(), character_s=PORT.character_s, name="l")
        self.poller = ModbusPoller(plan, self.line, host_of(1), self.heard)

    async def _open(self) -> ByteStream:
        return await self.field.open(PORT)

    async def card(self, code: str, held_s: float) -> None:
        self.field.set("reader.card", self._padded(code))
        await asyncio.sleep(held_s)
        self.field.set("reader.card", "")

    def _padded(self, code: str) -> str:
        return code.ljust(20, "0") if self.reader else code

    @property
    def reader(self) -> CardUnit | None:
        unit = self.field.unit("reader")
        return unit if isinstance(unit, CardUnit) else None

    def cards(self) -> list[Value]:
        """The edges as whoever keeps the sign-ons sees them: every change to a code."""
        seen: list[Value] = [""]
        for _, unit, readings in self.heard.news:
            told = [r.value for r in readings if unit == "reader" and r.point == "card"]
            seen += [value for value in told if value != seen[-1]]
        return [str(value)[:8] for value in seen if value]


def play(profile: str, story: Callable[[Case], Awaitable[None]]) -> Case:
    async def main() -> Case:
        case = Case(profile)
        polling = asyncio.get_running_loop().create_task(case.poller.run())
        await asyncio.sleep(2)
        await story(case)
        await asyncio.sleep(2)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        await case.line.aclose()
        return case

    return run_virtual(main())


@pytest.mark.parametrize("profile", ["vrd485_rfid", "inveo_rfid"])
def test_a_card_that_is_held_for_a_second_is_never_missed_and_told_once(profile: str) -> None:
    shown = [WANG, LI] * 20

    async def story(case: Case) -> None:
        for code in shown:
            await case.card(code, 1.0)
            await asyncio.sleep(0.7)

    assert play(profile, story).cards() == shown


@pytest.mark.parametrize("profile", ["vrd485_rfid", "inveo_rfid"])
def test_the_same_card_presented_again_is_seen_again(profile: str) -> None:
    async def story(case: Case) -> None:
        for _ in range(10):
            await case.card(WANG, 1.0)
            await asyncio.sleep(1.0)

    assert play(profile, story).cards() == [WANG] * 10


def test_a_clear_that_is_lost_is_given_again_and_its_card_is_told_once() -> None:
    async def story(case: Case) -> None:
        reader = case.reader
        assert reader is not None
        answer, lost = reader.answer, 5

        def deaf(pdu: bytes) -> bytes | None:
            nonlocal lost
            if pdu[0] in (5, 15) and lost:
                lost -= 1
                return None
            return answer(pdu)

        reader.answer = deaf  # type: ignore[method-assign]
        await case.card(WANG, 1.0)
        await asyncio.sleep(5)
        assert lost == 0
        await case.card(LI, 1.0)
        await asyncio.sleep(1)

    case = play("inveo_rfid", story)
    assert case.cards() == [WANG, LI]
    assert case.reader is not None
    assert case.reader.unseen == 0


def test_a_clear_whose_answer_is_lost_has_cleared() -> None:
    async def story(case: Case) -> None:
        reader = case.reader
        assert reader is not None
        answer = reader.answer
        reader.answer = lambda pdu: None if answer(pdu) and pdu[0] in (5, 15) else answer(pdu)  # type: ignore[method-assign]
        await case.card(WANG, 1.0)
        await asyncio.sleep(2)
        await case.card(LI, 1.0)
        await asyncio.sleep(2)

    assert play("inveo_rfid", story).cards() == [WANG, LI]


def test_a_reader_that_refuses_the_clear_is_alive_and_asked_as_before() -> None:
    async def story(case: Case) -> None:
        reader = case.reader
        assert reader is not None
        answer = reader.answer
        reader.answer = lambda pdu: bytes((pdu[0] | 0x80, 4)) if pdu[0] in (5, 15) else answer(pdu)  # type: ignore[method-assign]
        await case.card(WANG, 1.0)
        await asyncio.sleep(3)
        assert case.poller.roll.health["reader"].word == "good"

    case = play("inveo_rfid", story)
    assert case.cards() == [WANG]
    assert case.heard.lost == []


def test_a_reader_that_does_not_answer_does_not_keep_the_line() -> None:
    async def story(case: Case) -> None:
        case.field.unplug("reader")
        await asyncio.sleep(10)

    case = play("inveo_rfid", story)
    assert [unit for _, unit in case.heard.lost] == ["reader"]
    rounds = [len(case.heard.times(f"io-{n}")) for n in range(2, 9)]
    assert min(rounds) > 20


@pytest.mark.parametrize(
    ("flag", "value"),
    [(Reading("new_tag", True), WANG), (Reading("new_tag", False), ""),
     (Reading("new_tag", None, Quality.BAD, "no meaning known for 7"), None)],
)  # fmt: skip
def test_a_value_counts_while_its_flag_is_on(flag: Reading, value: Value) -> None:
    card = believed(SHAKE, [flag, Reading("card", WANG)])[1]
    assert card.value == value
    assert (card.quality is Quality.GOOD) == (flag.quality is Quality.GOOD)
    assert to_be_cleared(SHAKE, [flag]) == (flag.value is True)


def test_a_read_without_the_flag_says_what_it_says_and_clears_nothing() -> None:
    alone = [Reading("relay_1", True)]
    assert believed(SHAKE, alone) == alone
    assert not to_be_cleared(SHAKE, alone)
