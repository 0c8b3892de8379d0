"""The line on Modbus TCP: transaction ids, a stream out of step, and when a link is given up."""

import asyncio

import pytest

from drivers.errors import BadFrame, NoResponse
from drivers.modbus.mbap import MbapFraming
from tests.drivers.line_case import Case, answers, play, value
from tests.drivers.twin import Wire


def tcp(tag: int, reply: bytes, unit: int = 1) -> bytes:
    return tag.to_bytes(2, "big") + b"\0\0" + (len(reply) + 1).to_bytes(2, "big") + bytes((unit,)) + reply


def test_tcp_drops_a_late_reply_by_its_transaction_id_even_after_the_guard_window() -> None:
    def far(wire: Wire, request: bytes) -> None:
        tag = int.from_bytes(request[:2], "big")
        wire.later(0.7 if tag == 1 else 0.2, tcp(tag, value(tag)))

    async def script(case: Case) -> None:
        with pytest.raises(NoResponse):
            await case.ask()
        assert await case.ask() == 2
        assert case.line.counters.units[1].late == 1

    play(Case(far, MbapFraming()), script)


def test_tcp_counts_its_transactions_in_the_order_of_sending() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(NoResponse):
            await case.ask(unit=1)
        waits = asyncio.create_task(case.ask(unit=1, guard_s=0.0))
        with pytest.raises(NoResponse):
            await case.ask(unit=2)
        with pytest.raises(NoResponse):
            await waits
        assert [(sent[6], int.from_bytes(sent[:2], "big")) for _, sent in case.site.sent] == [
            (1, 1),
            (2, 2),
            (1, 3),
        ]

    play(Case(answers((0.0, b"")), MbapFraming()), script)


def test_tcp_out_of_step_drops_the_link_and_the_next_exchange_has_a_new_one() -> None:
    def far(wire: Wire, request: bytes) -> None:
        garbage = b"HTTP/1.1 400 Bad Request\r\n" if len(case.site.wires) == 1 else b""
        wire.later(0.01, garbage or tcp(int.from_bytes(request[:2], "big"), value(7)))

    async def script(case: Case) -> None:
        with pytest.raises(BadFrame, match="not Modbus TCP"):
            await case.ask()
        assert case.site.wires[0].closed
        assert await case.ask() == 7

    case = Case(far, MbapFraming())
    play(case, script)


def test_tcp_keeps_its_link_through_dead_units_and_drops_it_when_nobody_at_all_is_heard() -> None:
    def far(wire: Wire, request: bytes) -> None:
        if request[6] == 2 and len(case.site.sent) < 20:
            wire.later(0.01, tcp(int.from_bytes(request[:2], "big"), value(7), 2))

    async def script(case: Case) -> None:
        for _ in range(8):
            with pytest.raises(NoResponse):
                await case.ask(1)
            assert await case.ask(2) == 7
        assert len(case.site.wires) == 1
        for _ in range(10):
            with pytest.raises(NoResponse):
                await case.ask(1)
        assert len(case.site.wires) > 1

    case = Case(far, MbapFraming())
    play(case, script)
