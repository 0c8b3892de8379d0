"""Devices that do to a line whatever a field can do, and remember what was true.

Registers change with every request, so an old answer shows. `bus.truth[unit]` is the one right reply PDU to
the last request that reached the unit, or None when it gave none.
"""

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field

from drivers.counters import LineCounters
from drivers.errors import FieldError, Refused
from drivers.modbus import pdu
from drivers.modbus.framing import Framing
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.rtu import wrap
from simulators.clock import run_virtual
from tests.drivers.twin import Site, Wire

TIMEOUT_S = 0.1
GUARD_S = 0.1
LAST_FAULT_S = 0.6
UNITS = (1, 2, 3)
SERIAL_FAULTS = {
    "fault_bit_flip",
    "fault_babble",
    "fault_unknown_echo",
    "fault_garbage_before",
    "fault_garbage_after",
}
TCP_FAULTS = {"fault_wrong_tag", "fault_out_of_step"}
OTHER_FUNCTION = {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 15: 16, 16: 15}


@dataclass(frozen=True)
class Case:
    """One request as it reached a unit, its right reply, and when that begins."""

    wire: Wire
    unit: int
    tag: int
    request: bytes
    reply: bytes
    sent_s: float
    begins_s: float


class Bus:
    """Several units behind one medium; `fault_rate` of their replies go wrong in one way or another."""

    def __init__(self, seed: int, framing: Framing, character_s: float, echo: bool) -> None:
        self.rng = random.Random(seed)
        self.fault_rate = 0.0
        self.faults: Counter[str] = Counter()
        self.truth: dict[int, bytes | None] = {}
        self.site = Site(self._request)
        self._mbap = isinstance(framing, MbapFraming)
        self._character_s = character_s
        self._echo = echo
        self._serial = self.rng.randrange(65536)
        self._last: dict[int, bytes] = {}
        self._backlog: dict[Wire, bytearray] = {}
        elsewhere = SERIAL_FAULTS if self._mbap else TCP_FAULTS
        self._menu = sorted({name for name in dir(Bus) if name.startswith("fault_")} - elsewhere)

    def _request(self, wire: Wire, frame: bytes) -> None:
        tag = int.from_bytes(frame[:2], "big")
        unit, request = (frame[6], frame[7:]) if self._mbap else (frame[0], frame[1:-2])
        sent_s = len(frame) * self._character_s
        reply = self.truth[unit] = self._answer(request)
        case = Case(wire, unit, tag, request, reply, sent_s, sent_s + self.rng.uniform(0.0, 0.04))
        if self._echo:
            self._later(case, sent_s, frame)
        if self.rng.random() < self.fault_rate:
            fault = self.rng.choice(self._menu)
            self.faults[fault.removeprefix("fault_")] += 1
            getattr(self, fault)(case)
        else:
            self._arrive(case, case.begins_s, self._framed(case, reply))
        self._last[unit] = reply

    def _answer(self, request: bytes) -> bytes:
        """The registers as they are now; by the next request they will have changed."""
        self._serial = (self._serial + 1) % 65536
        function, count = request[0], int.from_bytes(request[3:5], "big")
        now = self._serial.to_bytes(2, "big")
        if function in (1, 2):
            return bytes((function, (count + 7) // 8)) + (now * 8)[: (count + 7) // 8]
        if function in (3, 4):
            return bytes((function, 2 * count)) + now + self.rng.randbytes(2 * count - 2)
        return request[:5]

    def _framed(self, case: Case, reply: bytes, *, unit: int | None = None, tag: int | None = None) -> bytes:
        unit, tag = case.unit if unit is None else unit, case.tag if tag is None else tag
        if not self._mbap:
            return wrap(unit, reply)
        return tag.to_bytes(2, "big") + b"\0\0" + (len(reply) + 1).to_bytes(2, "big") + bytes((unit,)) + reply

    def _later(self, case: Case, delay_s: float, content: bytes) -> None:
        """A bus gives its bytes to whoever listens by then; a TCP connection takes them to the grave."""
        loop = asyncio.get_running_loop()
        if self._mbap:
            loop.call_later(delay_s, self._stream, case.wire, content)
        else:
            loop.call_later(delay_s, lambda: self.site.wires[-1].arrive(content))

    def _stream(self, wire: Wire, content: bytes) -> None:
        """TCP cuts where it likes, and keeps the order."""
        backlog = self._backlog.setdefault(wire, bytearray())
        backlog += content
        self._hand_over(wire, self.rng.choice((len(backlog), self.rng.randrange(len(backlog) + 1))))
        asyncio.get_running_loop().call_later(self.rng.uniform(0.0, 0.016), self._hand_over, wire, None)

    def _hand_over(self, wire: Wire, size: int | None) -> None:
        backlog = self._backlog.setdefault(wire, bytearray())
        piece = bytes(backlog[:size])
        del backlog[:size]
        if piece:
            wire.arrive(piece)

    def _arrive(self, case: Case, begins_s: float, content: bytes) -> None:
        """In one piece, or as adapters hand it over: in chunks up to 16 ms apart."""
        wire_s = len(content) * self._character_s
        if self._mbap or self.rng.random() < 0.7 or len(content) < 3:
            self._later(case, begins_s + wire_s, content)
            return
        cut = self.rng.randrange(1, len(content))
        first_s = begins_s + cut * self._character_s
        self._later(case, first_s, content[:cut])
        self._later(case, max(begins_s + wire_s, first_s + self.rng.uniform(0.0, 0.016)), content[cut:])

    def _right(self, case: Case) -> None:
        self._arrive(case, case.begins_s, self._framed(case, case.reply))

    def fault_late(self, case: Case) -> None:
        """Within the guard window; where there are transaction ids even seconds after."""
        latest_s = 3.0 if self._mbap else TIMEOUT_S + GUARD_S
        self._later(case, case.sent_s + self.rng.uniform(TIMEOUT_S, latest_s), self._framed(case, case.reply))

    def fault_late_too(self, case: Case) -> None:
        """The commonest fault gets a second lot."""
        self.fault_late(case)

    def fault_duplicate(self, case: Case) -> None:
        """The reply and again the reply, within the gap that parts frames."""
        frame = self._framed(case, case.reply)
        came_s = case.begins_s + len(frame) * self._character_s
        self._later(case, came_s, frame)
        most_s = 1.0 if self._mbap else 3.4 * self._character_s
        self._later(case, came_s + self.rng.uniform(0.0, most_s), frame)

    def fault_truncated(self, case: Case) -> None:
        """The reply breaks off; TCP loses no bytes in between, so there the link hangs from then on."""
        frame = self._framed(case, case.reply)
        self._arrive(case, case.begins_s, frame[: self.rng.randrange(1, len(frame))])
        if self._mbap:
            asyncio.get_running_loop().call_later(case.begins_s, self._hang, case.wire)

    def _hang(self, wire: Wire) -> None:
        self._hand_over(wire, None)
        wire.hang()

    def fault_merged(self, case: Case) -> None:
        """Glued to a sound frame of another unit."""
        other = self._framed(case, self._answer(case.request), unit=case.unit % 3 + 1, tag=case.tag ^ 0x5555)
        self._glued(case, other)

    def fault_merged_with_stale(self, case: Case) -> None:
        """Glued to the unit's own previous reply."""
        stale = self._last.get(case.unit, case.reply)
        self._glued(case, self._framed(case, stale, tag=(case.tag - 1) & 0xFFFF))

    def _glued(self, case: Case, other: bytes) -> None:
        frames = [self._framed(case, case.reply), other]
        self.rng.shuffle(frames)
        self._later(case, case.begins_s, b"".join(frames))

    def fault_bit_flip(self, case: Case) -> None:
        """One to three bits, which the checksum must find."""
        frame = bytearray(self._framed(case, case.reply))
        for bit in self.rng.sample(range(8 * len(frame)), self.rng.randint(1, 3)):
            frame[bit // 8] ^= 1 << bit % 8
        self._arrive(case, case.begins_s, bytes(frame))

    def fault_wrong_unit(self, case: Case) -> None:
        """Another unit answers in its place."""
        frame = self._framed(case, self._answer(case.request), unit=case.unit % 3 + 1)
        self._arrive(case, case.begins_s, frame)

    def fault_wrong_function(self, case: Case) -> None:
        """The other table is answered."""
        asked = bytes((OTHER_FUNCTION[case.request[0]],)) + case.request[1:]
        self._arrive(case, case.begins_s, self._framed(case, self._answer(asked)))

    def fault_wrong_count(self, case: Case) -> None:
        """More or less is answered than was asked."""
        if case.request[0] > 4:
            return self.fault_silent(case)
        asked = case.request[:3] + self.rng.choice((3, 8, 32, 40)).to_bytes(2, "big")
        return self._arrive(case, case.begins_s, self._framed(case, self._answer(asked)))

    def fault_garbage_before(self, case: Case) -> None:
        """A transmitter switches on."""
        self._arrive(case, case.begins_s * self.rng.random(), self.rng.randbytes(self.rng.randint(1, 12)))
        self._right(case)

    def fault_garbage_after(self, case: Case) -> None:
        """A transmitter switches off."""
        self._right(case)
        self._arrive(case, case.begins_s + 0.02, self.rng.randbytes(self.rng.randint(1, 12)))

    def fault_babble(self, case: Case) -> None:
        """Noise some time later, whoever is asked then."""
        self._right(case)
        self._arrive(case, self.rng.uniform(0.0, 0.5), self.rng.randbytes(self.rng.randint(1, 40)))

    def fault_unknown_echo(self, case: Case) -> None:
        """The adapter echoes although nobody said so; a write's echo is its reply, that nobody can tell."""
        if case.request[0] not in (5, 6):
            self._arrive(case, 0.0, wrap(case.unit, case.request))
        self._right(case)

    def fault_exception(self, case: Case) -> None:
        """The unit refuses."""
        refusal = bytes((case.request[0] | 0x80, self.rng.choice((1, 2, 3, 4, 6))))
        self.truth[case.unit] = refusal
        self._arrive(case, case.begins_s, self._framed(case, refusal))

    def fault_silent(self, case: Case) -> None:
        """The unit says nothing."""
        self.truth[case.unit] = None

    def fault_vanish(self, case: Case) -> None:
        """The adapter is pulled out, now and then."""
        if self.rng.random() < 0.2:
            asyncio.get_running_loop().call_later(self.rng.uniform(0.0, 0.2), case.wire.vanish)
        self._right(case)

    def fault_wrong_tag(self, case: Case) -> None:
        """The reply to something else."""
        tag = case.tag ^ self.rng.randint(1, 0xFFFF)
        self._arrive(case, case.begins_s, self._framed(case, self._answer(case.request), tag=tag))

    def fault_out_of_step(self, case: Case) -> None:
        """A header that is none."""
        frame = self._framed(case, case.reply)
        self._arrive(case, case.begins_s, frame[:3] + b"\x01" + frame[4:])


@dataclass
class Outcome:
    """What came of a storm; `wrong` and `stuck` must stay empty."""

    asked: int = 0
    accepted: int = 0
    wrong: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    counters: LineCounters = field(default_factory=LineCounters)


class Storm:
    """Four pollers on one line with three units, in bursts of faults; after each all units must answer."""

    def __init__(
        self, framing: Framing, seed: int, *, baud: int = 0, echo: bool = False, guard_s: float = GUARD_S
    ):
        character_s = 11 / baud if baud else 0.0
        self.outcome = Outcome()
        self._bus = Bus(seed, framing, character_s, echo)
        self._rng = random.Random(seed + 1)
        self._guard_s = guard_s
        self._line = ModbusLine(
            self._bus.site.open, framing, character_s=character_s, name="storm", echo=echo, extra_gap_s=0.0
        )

    def run(self, exchanges: int) -> Outcome:
        """Blow until so many exchanges were made, in virtual time."""
        run_virtual(self._blow(exchanges))
        self.outcome.counters = self._line.counters
        self.outcome.faults = self._bus.faults
        return self.outcome

    async def _blow(self, exchanges: int) -> None:
        while self.outcome.asked < exchanges:
            self._bus.fault_rate = self._rng.choice((0.05, 0.2, 0.5))
            async with asyncio.TaskGroup() as pollers:
                for unit in (*UNITS, UNITS[0]):
                    pollers.create_task(self._poll(unit))
            await self._calm()
        await self._line.aclose()

    async def _poll(self, unit: int) -> None:
        for _ in range(50):
            if self._rng.random() < 0.5:
                await asyncio.sleep(self._rng.uniform(0.0, 0.2))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._rng.uniform(0.0, 0.2) if self._rng.random() < 0.1 else None):
                    await self._ask(unit)

    async def _calm(self) -> None:
        """The faults stop: as soon as the last of their bytes has come, every unit must answer at once.

        A connection that hangs is found by asking in vain, five times in a row.
        """
        self._bus.fault_rate = 0.0
        await asyncio.sleep(LAST_FAULT_S)
        for _ in range(5):
            if self._bus.site.wires[-1].hung:
                await self._ask(UNITS[0])
        since_s = asyncio.get_running_loop().time()
        for unit in UNITS:
            if not await self._ask(unit):
                self.outcome.stuck.append(f"unit {unit} after {self.outcome.asked}")
        if asyncio.get_running_loop().time() - since_s > 0.6:
            self.outcome.stuck.append("slow")

    async def _ask(self, unit: int) -> bool:
        request = self._request()
        self.outcome.asked += 1
        try:
            reply = await self._line.exchange(unit, request, timeout_s=TIMEOUT_S, guard_s=self._guard_s)
        except Refused as error:
            reply = bytes((request[0] | 0x80, error.code))
        except FieldError as error:
            self.outcome.ends[type(error).__name__] += 1
            return False
        self.outcome.accepted += 1
        if reply != self._bus.truth[unit]:
            self.outcome.wrong.append(f"unit {unit}: {request.hex(' ')} -> {reply.hex(' ')}")
        return True

    def _request(self) -> bytes:
        """Mostly the same block again, as a poller asks; then any stale reply would fit."""
        if self._rng.random() < 0.6:
            return pdu.read_request("holding", 100, 2)
        kind = self._rng.randrange(8)
        address = self._rng.randrange(2000)
        if kind < 5:
            table, counts = self._rng.choice((("holding", (1, 2, 4)), ("input", (2, 4)), ("discrete", (16, 24))))
            return pdu.read_request(table, address, self._rng.choice(counts))
        if kind == 5:
            return pdu.read_request("coil", address, 16)
        if kind == 6:
            return pdu.write_register(address, self.outcome.asked & 0xFFFF)
        return pdu.write_registers(address, [self.outcome.asked & 0xFFFF, 7])
