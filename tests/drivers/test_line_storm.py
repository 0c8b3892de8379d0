"""200,000 exchanges with every fault we could think of: not one wrong value, and the line always recovers."""

import logging
from collections.abc import Callable

import pytest

from drivers.errors import BadFrame, NoResponse, Refused
from drivers.modbus import ledger, mbap, rtu
from drivers.modbus.framing import Asked, Fault, misfit
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.pdu import check_reply
from drivers.modbus.rtu import RtuFraming
from tests.drivers.storm import SERIAL_FAULTS, TCP_FAULTS, Bus, Storm

SHARD = 25_000
RTU_FAULTS = {name.removeprefix("fault_") for name in dir(Bus) if name.startswith("fault_")} - {
    name.removeprefix("fault_") for name in TCP_FAULTS
}


@pytest.fixture(autouse=True)
def _late_replies_are_not_news(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "drivers.modbus.ledger")


@pytest.mark.parametrize(
    ("storm", "seen"),
    [
        pytest.param(lambda: Storm(RtuFraming(), 1, baud=9600), RTU_FAULTS, id="rtu-9600"),
        pytest.param(lambda: Storm(RtuFraming(), 2, baud=19200), RTU_FAULTS, id="rtu-19200"),
        pytest.param(lambda: Storm(RtuFraming(), 3, baud=115200), RTU_FAULTS, id="rtu-115200"),
        pytest.param(lambda: Storm(RtuFraming(), 4, baud=9600, echo=True), RTU_FAULTS, id="rtu-echo"),
        pytest.param(lambda: Storm(RtuFraming(), 5), RTU_FAULTS, id="rtu-over-tcp-a"),
        pytest.param(lambda: Storm(RtuFraming(), 6), RTU_FAULTS, id="rtu-over-tcp-b"),
        pytest.param(lambda: Storm(MbapFraming(), 7), set(), id="mbap-a"),
        pytest.param(lambda: Storm(MbapFraming(), 8), set(), id="mbap-b"),
    ],
)
def test_no_wrong_value_is_accepted_and_polling_recovers(storm: Callable[[], Storm], seen: set[str]) -> None:
    outcome = storm().run(SHARD)
    assert outcome.wrong == []
    assert outcome.stuck == []
    assert outcome.asked >= SHARD
    assert outcome.accepted > 0.7 * outcome.asked, "a line that believes nothing would be safe, and useless"
    assert min(outcome.faults.values()) > 100
    assert set(outcome.faults) >= seen
    units = outcome.counters.units.values()
    assert sum(unit.late for unit in units) > 100
    assert sum(unit.short for unit in units) > 100
    assert sum(unit.timeouts for unit in units) > 100
    assert sum(sum(unit.refused.values()) for unit in units) > 100


def _anything_of_this_unit(asked: Asked, unit: int, reply: bytes) -> Fault | None:
    return "wrong_unit" if unit != asked.unit else None


def _any_unit(asked: Asked, _: int, reply: bytes) -> Fault | None:
    return misfit(asked, asked.unit, reply)


def _exceptions_only(request: bytes, reply: bytes) -> None:
    try:
        check_reply(request, reply)
    except BadFrame:
        return
    except (NoResponse, Refused):
        raise


async def _straight_on(line: ModbusLine, patience_s: float) -> None:
    await line._let_pass()


Break = Callable[[pytest.MonkeyPatch], None]


def _without_function_check(patch: pytest.MonkeyPatch) -> None:
    for module in (rtu, mbap):
        patch.setattr(module, "misfit", _anything_of_this_unit)
    patch.setattr(ledger, "check_reply", _exceptions_only)


def _without_unit_check(patch: pytest.MonkeyPatch) -> None:
    for module in (rtu, mbap):
        patch.setattr(module, "misfit", _any_unit)


@pytest.mark.parametrize(
    ("break_it", "framing", "options"),
    [
        pytest.param(lambda patch: None, RtuFraming(), {"guard_s": 0.0}, id="no-guard-window"),
        pytest.param(
            lambda patch: patch.setattr(rtu, "sound", lambda _: True), RtuFraming(), {}, id="no-checksum"
        ),
        pytest.param(_without_function_check, RtuFraming(), {}, id="no-function-and-count-check"),
        pytest.param(_without_function_check, MbapFraming(), {}, id="no-function-and-count-check-tcp"),
        pytest.param(_without_unit_check, RtuFraming(), {}, id="no-unit-check"),
        pytest.param(_without_unit_check, MbapFraming(), {}, id="no-unit-check-tcp"),
        pytest.param(
            lambda patch: patch.setattr(ModbusLine, "_fall_silent", _straight_on),
            RtuFraming(),
            {},
            id="no-silence-before-asking",
        ),
        pytest.param(
            lambda patch: patch.setattr(rtu, "_find", lambda *_: None), RtuFraming(), {}, id="two-replies-at-once"
        ),
    ],
)
def test_the_storm_finds_what_is_broken_on_purpose(
    break_it: Break, framing: RtuFraming | MbapFraming, options: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    break_it(monkeypatch)
    storm = Storm(framing, 1, baud=0 if isinstance(framing, MbapFraming) else 9600, **options)
    assert storm.run(6_000).wrong


def test_transaction_ids_are_what_keeps_tcp_right_without_a_guard_window(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Storm(MbapFraming(), 1, guard_s=0.0).run(6_000).wrong == []
    real = MbapFraming.ask
    monkeypatch.setattr(MbapFraming, "ask", lambda self, unit, pdu, tag: real(self, unit, pdu, 7))
    assert Storm(MbapFraming(), 1, guard_s=0.0).run(6_000).wrong


def test_a_storm_is_the_same_storm_for_the_same_seed() -> None:
    first, second = (Storm(RtuFraming(), 11, baud=9600).run(2_000) for _ in range(2))
    assert (first.accepted, first.ends, first.faults) == (second.accepted, second.ends, second.faults)


def test_the_faults_of_both_media_are_in_the_menu() -> None:
    for name in SERIAL_FAULTS | TCP_FAULTS:
        assert callable(getattr(Bus, name))
