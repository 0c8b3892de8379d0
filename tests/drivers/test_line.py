"""The line on a wire in memory and in virtual time: what it sends when, what it believes, what it counts."""

import asyncio
import logging

import pytest

from drivers.errors import BadFrame, LineError, NoResponse, Refused
from drivers.modbus.pdu import write_register
from drivers.modbus.rtu import wrap
from tests.drivers.line_case import CHARACTER_S, READ, Case, answers, now_s, play, value
from tests.drivers.twin import Wire


def test_a_reply_is_returned_and_accounted_for() -> None:
    async def script(case: Case) -> None:
        assert await case.ask() == 7
        unit = case.line.counters.units[1]
        assert (unit.exchanges, unit.replies, unit.last_reply_s) == (1, 1, now_s())
        assert unit.reply_time_s == pytest.approx(0.02)
        assert [(frame.sent, frame.content) for frame in case.frames] == [(True, wrap(1, READ)), (False, FRAME)]
        assert case.line.ready_at(1) == 0.0

    FRAME = wrap(1, value(7))  # noqa: N806
    play(Case(answers((0.02, FRAME))), script)


def test_silence_of_three_and_a_half_characters_parts_any_two_frames() -> None:
    async def script(case: Case) -> None:
        for _ in range(5):
            await case.ask()
        ends = [at_s + (8 * CHARACTER_S) + 0.02 for at_s, _ in case.site.sent]
        gaps = [sent_s - end_s for (sent_s, _), end_s in zip(case.site.sent[1:], ends, strict=False)]
        assert min(gaps) >= 3.5 * CHARACTER_S - 1e-9
        assert max(gaps) <= 3.5 * CHARACTER_S + 1e-6

    play(Case(answers((0.02, wrap(1, value(7))))), script)


def test_a_line_that_was_quiet_long_enough_is_used_at_once() -> None:
    async def script(case: Case) -> None:
        await case.ask()
        await asyncio.sleep(1)
        before_s = now_s()
        await case.ask()
        assert case.site.sent[-1][0] == before_s

    play(Case(answers((0.02, wrap(1, value(7))))), script)


def test_a_reply_within_the_guard_window_never_answers_the_next_request() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(NoResponse):
            await case.ask()
        failed_s = now_s()
        assert case.line.ready_at(1) == pytest.approx(failed_s + 0.3)
        assert await case.ask() == 2
        assert case.site.sent[-1][0] >= failed_s + 0.3
        assert case.line.counters.units[1].late == 1

    play(Case(answers((0.55, wrap(1, value(1))), (0.02, wrap(1, value(2))))), script)


def test_without_a_guard_window_it_would_and_that_is_why_there_is_one() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(NoResponse):
            await case.ask(guard_s=0.0)
        assert await case.ask(guard_s=0.0) == 1

    play(Case(answers((0.315, wrap(1, value(1))), (0.1, wrap(1, value(2))))), script)


def test_others_are_asked_while_one_unit_is_guarded_and_its_late_reply_does_not_disturb_them() -> None:
    def far(wire: Wire, request: bytes) -> None:
        wire.later(8 * CHARACTER_S + (0.33 if request[0] == 1 else 0.05), wrap(request[0], value(request[0])))

    async def script(case: Case) -> None:
        with pytest.raises(NoResponse):
            await case.ask(1)
        since_s = now_s()
        assert await case.ask(2) == 2
        assert now_s() < since_s + 0.1
        assert (case.line.counters.units[1].late, case.line.counters.units[2].wrong_unit) == (1, 0)

    play(Case(far), script)


def test_after_a_cancelled_exchange_the_next_waits_until_the_reply_has_passed() -> None:
    def far(wire: Wire, request: bytes) -> None:
        wire.later(8 * CHARACTER_S + 0.1, wrap(request[0], value(request[0])))

    async def script(case: Case) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.03):
                await case.ask(1)
        assert await case.ask(2) == 2
        (_, _), (second_s, _) = case.site.sent
        assert second_s >= case.site.sent[0][0] + 8 * CHARACTER_S + 0.1 + 3.5 * CHARACTER_S
        assert second_s < case.site.sent[0][0] + 0.2, "as soon as it has passed, not at its deadline"
        assert (case.line.counters.units[1].cancelled, case.line.counters.units[1].late) == (1, 1)

    play(Case(far), script)


def test_after_a_cancelled_exchange_with_a_dead_unit_the_next_waits_for_its_deadline() -> None:
    def far(wire: Wire, request: bytes) -> None:
        if request[0] == 2:
            wire.later(8 * CHARACTER_S, wrap(2, value(2)))

    async def script(case: Case) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.03):
                await case.ask(1)
        assert await case.ask(2) == 2
        assert case.site.sent[1][0] == pytest.approx(case.site.sent[0][0] + 8 * CHARACTER_S + 0.3)

    play(Case(far), script)


def test_the_timeout_counts_from_the_last_bit_of_the_request() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(NoResponse, match="bus: unit 1 did not answer"):
            await case.ask()
        assert now_s() - case.site.sent[0][0] == pytest.approx(8 * CHARACTER_S + 0.3)

    play(Case(answers((0, b""))), script)


def test_a_reply_that_begins_in_time_may_end_after_the_timeout() -> None:
    frame = wrap(1, b"\x03\x02\x00\x07")

    def far(wire: Wire, request: bytes) -> None:
        for n, byte in enumerate(frame):
            wire.later(0.29 + 0.016 * n, bytes((byte,)))

    async def script(case: Case) -> None:
        assert await case.ask() == 7

    play(Case(far), script)


@pytest.mark.parametrize(
    ("reply", "fault", "after_s"),
    [
        (wrap(1, value(7))[:-1] + b"\0", "crc", 0.0),
        (wrap(1, value(7))[:-1], "short", 0.030),
        (b"\xde\xad\xbe\xef\xde\xad", "garbage", 0.030),
    ],
)
def test_a_bad_frame_is_known_at_once_and_not_after_the_timeout(reply: bytes, fault: str, after_s: float) -> None:
    async def script(case: Case) -> None:
        with pytest.raises(BadFrame):
            await case.ask()
        heard_s = case.site.sent[0][0] + 8 * CHARACTER_S + 0.02
        assert now_s() - heard_s == pytest.approx(after_s, abs=1e-6)
        assert getattr(case.line.counters.units[1], fault) == 1
        assert case.line.counters.units[1].timeouts == 0

    play(Case(answers((0.02, reply))), script)


def test_a_glitch_of_the_line_is_no_reason_to_give_up() -> None:
    def far(wire: Wire, request: bytes) -> None:
        wire.later(8 * CHARACTER_S, b"\x00\xff")
        wire.later(8 * CHARACTER_S + 0.2, wrap(1, value(7)))

    async def script(case: Case) -> None:
        assert await case.ask() == 7

    play(Case(far), script)


def test_what_a_dead_unit_and_a_glitch_make_is_no_response() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(NoResponse):
            await case.ask()

    play(Case(answers((0.02, b"\0"))), script)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (wrap(1, b"\x04\x02\x00\x07"), "other_function"),
        (wrap(1, b"\x03\x04\x00\x07\x00\x08"), "short"),
        (wrap(2, value(7)), "wrong_unit"),
    ],
)
def test_a_sound_frame_that_does_not_fit_is_counted_and_the_right_one_still_taken(
    reply: bytes, fault: str
) -> None:
    def far(wire: Wire, request: bytes) -> None:
        wire.later(0.02, reply)
        if len(case.site.sent) > 1:
            wire.later(0.2, wrap(1, value(8)))

    async def script(case: Case) -> None:
        with pytest.raises(BadFrame):
            await case.ask()
        assert await case.ask() == 8
        assert getattr(case.line.counters.units[1], fault) == 2

    case = Case(far)
    play(case, script)


def test_an_exception_reply_is_a_refusal_and_needs_no_guard() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(Refused) as refused:
            await case.ask()
        assert refused.value.code == 2
        assert case.line.counters.units[1].refused == {2: 1}
        assert case.line.ready_at(1) == 0.0

    play(Case(answers((0.02, wrap(1, b"\x83\x02")))), script)


def test_a_write_is_sent_exactly_once_whatever_comes_back() -> None:
    async def script(case: Case) -> None:
        for error in (NoResponse, BadFrame, LineError):
            with pytest.raises(error):
                await case.ask(pdu=write_register(1, 2))
        await asyncio.sleep(10)
        assert [frame for _, frame in case.site.sent] == [wrap(1, write_register(1, 2))] * 3

    replies = [b"", b"\x01\x06\x00\x01\x00\x02\x00\x00"]

    def far(wire: Wire, request: bytes) -> None:
        if not replies:
            wire.vanish()
        elif reply := replies.pop(0):
            wire.later(0.02, reply)

    play(Case(far), script)


def test_an_echoing_line_discards_exactly_what_was_sent() -> None:
    def far(wire: Wire, request: bytes) -> None:
        wire.later(0.001, request[:3])
        wire.later(0.010, request[3:] + wrap(1, request[1:-2])[:4])
        wire.later(0.020, wrap(1, request[1:-2])[4:])

    async def script(case: Case) -> None:
        assert await case.ask(pdu=write_register(1, 2)) == write_register(1, 2)

    play(Case(far, echo=True), script)


def test_on_an_echoing_line_the_echo_of_a_write_does_not_confirm_it() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(NoResponse):
            await case.ask(pdu=write_register(1, 2))

    play(Case(lambda wire, request: wire.later(0.01, request), echo=True), script)


def test_a_line_that_should_echo_and_does_not_says_so() -> None:
    async def script(case: Case) -> None:
        with pytest.raises(BadFrame, match="is `echo` set rightly"):
            await case.ask()

    play(Case(answers((0.02, wrap(1, value(7)))), echo=True), script)


def test_a_line_that_echoes_unasked_is_noticed_and_reading_works() -> None:
    def far(wire: Wire, request: bytes) -> None:
        wire.later(0.01, request)
        wire.later(0.2, wrap(1, value(7)))

    async def script(case: Case) -> None:
        assert await case.ask() == 7
        assert case.line.counters.echoes == 1

    play(Case(far), script)


def test_a_line_that_never_falls_silent_is_not_talked_into() -> None:
    async def script(case: Case) -> None:
        await case.ask()
        for n in range(2000):
            case.site.wires[0].later(n / 1000, b"\x55")
        with pytest.raises(BadFrame, match="does not fall silent"):
            await case.ask()
        assert len(case.site.sent) == 1
        await asyncio.sleep(2)
        assert await case.ask() == 7

    play(Case(answers((0.02, wrap(1, value(7))))), script)


def test_a_lost_adapter_is_a_line_error_at_once_and_the_next_exchange_opens_anew() -> None:
    async def script(case: Case) -> None:
        await case.ask()
        asyncio.get_running_loop().call_later(0.05, case.site.wires[0].vanish)
        since_s = now_s()
        case.site.present = False
        with pytest.raises(LineError, match="gone"):
            await case.ask(2)
        assert now_s() - since_s == pytest.approx(0.05)
        with pytest.raises(LineError, match="no such port"):
            await case.ask(1)
        case.site.present = True
        assert await case.ask(1) == 7
        assert case.line.counters.reopened == 1

    def far(wire: Wire, request: bytes) -> None:
        if request[0] == 1:
            wire.later(0.02, wrap(1, value(7)))

    play(Case(far), script)


def test_a_stream_that_broke_while_nobody_used_it_costs_no_exchange() -> None:
    async def script(case: Case) -> None:
        await case.ask()
        case.site.wires[0].vanish()
        assert await case.ask() == 7

    play(Case(answers((0.02, wrap(1, value(7))))), script)


def test_exchanges_are_one_at_a_time_and_in_the_order_of_asking() -> None:
    async def script(case: Case) -> None:
        async with asyncio.TaskGroup() as all_at_once:
            for unit in (5, 3, 9, 3, 1):
                all_at_once.create_task(case.ask(unit))
        assert [frame[0] for _, frame in case.site.sent] == [5, 3, 9, 3, 1]
        ends = [at_s + 8 * CHARACTER_S + 0.02 for at_s, _ in case.site.sent]
        assert all(at_s > end_s for (at_s, _), end_s in zip(case.site.sent[1:], ends, strict=False))

    def far(wire: Wire, request: bytes) -> None:
        wire.later(8 * CHARACTER_S + 0.02, wrap(request[0], value(7)))

    play(Case(far), script)


def test_who_waits_in_the_queue_when_the_unit_fails_waits_for_the_guard_window_too() -> None:
    async def script(case: Case) -> None:
        results = await asyncio.gather(case.ask(1), case.ask(1), return_exceptions=True)
        assert isinstance(results[0], NoResponse)
        assert results[1] == 2
        assert case.site.sent[1][0] >= case.site.sent[0][0] + 0.6

    play(Case(answers((0, b""), (0.02, wrap(1, value(2))))), script)


def test_busy_time_is_what_the_medium_was_in_use() -> None:
    async def script(case: Case) -> None:
        for _ in range(10):
            await case.ask()
            await asyncio.sleep(1)
        assert case.line.counters.busy_s == pytest.approx(10 * (8 * CHARACTER_S + 0.02), rel=0.05)

    play(Case(answers((0.02, wrap(1, value(7))))), script)


def test_a_loss_is_told_once_and_not_with_every_late_reply(caplog: pytest.LogCaptureFixture) -> None:
    async def script(case: Case) -> None:
        for _ in range(20):
            with pytest.raises(NoResponse):
                await case.ask()
        assert case.line.counters.units[1].late == 19
        assert len([record for record in caplog.records if "unit 1 answered late" in record.message]) == 1

    with caplog.at_level(logging.WARNING):
        play(Case(answers((0.4, wrap(1, value(1))))), script)
