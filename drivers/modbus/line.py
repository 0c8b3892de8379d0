"""The sole owner of a Modbus medium: one exchange at a time, and no reply believed that could be another's."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from drivers.counters import LineCounters
from drivers.errors import BadFrame, DeviceError, LineError, NoResponse
from drivers.modbus.framing import Asked, Fault, Frame, Framing, Scan
from drivers.modbus.ledger import WHY, Ledger
from drivers.modbus.rtu import t35_s
from drivers.stream import ByteStream, OpenStream

SERIAL_PAUSE_S = 0.030  # within a frame: USB adapters deliver in chunks up to 16 ms apart
SOCKET_PAUSE_S = 0.200  # within a frame: Nagle against delayed ACK makes 40 ms, radio links more
NOTHING = Scan(0)
SILENT_MOST = 5  # exchanges without a byte on a connection, whichever units: it may hang, connect anew


@dataclass(slots=True)
class _Heard:
    """What came for one request and was no reply."""

    noise: int = 0
    misfit: Fault | None = None


class ModbusLine:
    """Exchanges requests and replies with the units of one line.

    Once asked, a unit is not asked again until its reply has come or `timeout_s + guard_s` have passed since
    the request's last bit. So a reply late by less than `guard_s` never answers a later request. RTU has no
    transaction id: a reply later still, or one repeated more than t3.5 after the first, that fits unit,
    function and byte count cannot be told from the right one by anybody. Choose `guard_s` above the device's
    worst lateness. Modbus TCP has no such limit.
    """

    def __init__(
        self,
        open_stream: OpenStream,
        framing: Framing,
        *,
        character_s: float,
        name: str,
        echo: bool = False,
        extra_gap_s: float = 0.0,
        trace: Callable[[Frame], None] | None = None,
    ) -> None:
        self.name = name
        self.trace = trace
        self._open_stream = open_stream
        self._framing = framing
        self._echo = echo
        self._character_s = character_s
        self._gap_s = t35_s(character_s) + extra_gap_s
        self._pause_s = max(t35_s(character_s), SERIAL_PAUSE_S if character_s else SOCKET_PAUSE_S)
        self._lock = asyncio.Lock()
        self._ledger = Ledger(name)
        self._stream: ByteStream | None = None
        self._opened = False
        self._received = bytearray()
        self._active_s = 0.0
        self._ready_s: dict[int, float] = {}
        self._under_way: tuple[Asked, float] | None = None
        self._tag = 0
        self._silent = 0

    @property
    def counters(self) -> LineCounters:
        """What happened since the start."""
        return self._ledger.line

    def ready_at(self, unit: int) -> float:
        """Loop time from which the unit may be asked; 0.0 means now."""
        return self._ready_s.get(unit, 0.0)

    async def exchange(self, unit: int, pdu: bytes, *, timeout_s: float, guard_s: float) -> bytes:
        """Send a request PDU once and return the checked reply PDU.

        The reply must begin within `timeout_s` after the request's last bit. Waits for the unit's guard
        window first, while others may be asked. Raises NoResponse, BadFrame, Refused, LineError.
        """
        while True:
            async with self._lock:  # first: an exchange with this very unit may be under way, and end well
                if self.ready_at(unit) <= _now():
                    self._tag = self._tag % 0xFFFF + 1  # counted in the order of sending: never one to come
                    return await self._alone(self._framing.ask(unit, pdu, self._tag), timeout_s, guard_s)
            await asyncio.sleep(self.ready_at(unit) - _now())

    async def aclose(self) -> None:
        """Close the stream; a later exchange opens it anew."""
        stream, self._stream = self._stream, None
        self._received.clear()
        if stream is not None:
            await stream.aclose()

    async def _alone(self, asked: Asked, timeout_s: float, guard_s: float) -> bytes:
        """One exchange, by the owner of the lock."""
        if self._stream is None:
            await self._open()
        started_s = _now()
        try:
            await self._fall_silent(timeout_s)
            sent_s = await self._send(asked, timeout_s, guard_s)
            reply = await self._reply(asked, sent_s + timeout_s)
        except asyncio.CancelledError:
            self.counters.unit(asked.unit).cancelled += 1
            raise
        except LineError:
            await self.aclose()
            raise
        except DeviceError:
            if self._hangs():
                await self.aclose()
            raise
        finally:
            self.counters.busy_s += _now() - started_s
        self._under_way = None
        self._ready_s.pop(asked.unit, None)
        return self._ledger.answered(asked, reply, _now(), sent_s)

    def _hangs(self) -> bool:
        """A connection can hang unnoticed; that cannot be a single dead unit, its neighbours would be heard."""
        self._silent += 1
        return self._silent >= SILENT_MOST and not self._character_s

    async def _open(self) -> None:
        self._stream = await self._open_stream()
        self._silent = 0
        self.counters.reopened += self._opened
        self._opened = True
        self._active_s = _now()

    async def _fall_silent(self, patience_s: float) -> None:
        """Let an earlier reply pass, drop what else has come, and keep t3.5 of silence."""
        try:
            await self._hush(patience_s)
        except LineError:
            # It broke while nobody used it, and nothing has been sent: a new one may serve.
            await self.aclose()
            await self._open()
            await self._hush(patience_s)

    async def _let_pass(self) -> None:
        """A request left alone owns a half-duplex medium until its reply has come or cannot come any more.

        Its exchange was cancelled, or failed early on noise, or the adapter vanished; the unit knows nothing
        of that, and what it says meanwhile must not meet another request.
        """
        if self._under_way is None:
            return
        asked, deadline_s = self._under_way
        while self._framing.half_duplex and _now() < deadline_s and not self._has_come(asked):
            await self._receive(deadline_s)
        self._under_way = None

    def _has_come(self, asked: Asked) -> bool:
        scan = self._scan(asked, _Heard())
        if scan.reply is not None:
            self._ledger.late(asked.unit, scan.reply, _now())
        return (scan.reply is not None or scan.hopeless) and not self._echo

    async def _hush(self, patience_s: float) -> None:
        await self._let_pass()
        deadline_s = _now() + patience_s
        while await self._receive(self._active_s + self._gap_s):
            if _now() > deadline_s:
                raise BadFrame(f"{self.name}: the line does not fall silent")
        if self._received and self._scan(None, _Heard()).hopeless:
            raise LineError(f"{self.name}: {WHY['sync']}")
        if self._framing.half_duplex:
            self.counters.dropped_bytes += len(self._received)
            self._received.clear()

    async def _send(self, asked: Asked, timeout_s: float, guard_s: float) -> float:
        """Send the request; returns the loop time of its last bit on the wire.

        What must hold if this fails or is cancelled is set down before the first byte leaves.
        """
        assert self._stream is not None
        sent_s = _now() + len(asked.frame) * self._character_s
        self._under_way = asked, sent_s + timeout_s
        self._ready_s[asked.unit] = sent_s + timeout_s + guard_s
        self.counters.unit(asked.unit).exchanges += 1
        self._show(True, asked.unit, asked.frame)
        await self._stream.send(asked.frame)
        self._active_s = max(sent_s, _now())
        return sent_s

    async def _reply(self, asked: Asked, deadline_s: float) -> bytes:
        """Receive until the reply is there, or cannot come any more."""
        heard = _Heard()
        if self._echo and not await self._swallow_echo(asked, deadline_s):
            raise self._ledger.bad(asked, "echo")
        scan = NOTHING
        while True:
            if self._received:
                scan = self._scan(asked, heard)
            if scan.reply is not None:
                return scan.reply
            if scan.hopeless:
                self._under_way = None
                if scan.fault == "sync":
                    await self.aclose()
                raise self._ledger.bad(asked, scan.fault or "garbage")
            if not await self._receive(self._patience_s(heard, deadline_s)):
                if self._received and not self._framing.half_duplex:
                    await self.aclose()  # half a frame is left: what comes next could be taken for its end
                    raise self._ledger.bad(asked, "short")
                raise self._nothing(asked, scan, heard)

    def _patience_s(self, heard: _Heard, deadline_s: float) -> float:
        """Until when to wait for more: what may be a reply must go on coming; a glitch of the line is none."""
        pending = heard.noise + len(self._received)
        if not pending or not self._framing.half_duplex:
            return deadline_s
        silence_s = self._active_s + self._pause_s
        if pending < self._framing.shortest:
            return max(deadline_s, silence_s)
        return min(silence_s, deadline_s + self._framing.longest * self._character_s + self._pause_s)

    def _nothing(self, asked: Asked, scan: Scan, heard: _Heard) -> NoResponse | BadFrame:
        """Nothing more comes: say what was wrong with what came, if anything did."""
        if heard.noise + len(self._received) >= self._framing.shortest:
            return self._ledger.bad(asked, scan.fault or "garbage")
        if heard.misfit is not None:
            return self._ledger.misfit(asked, heard.misfit)
        return self._ledger.silent(asked)

    async def _swallow_echo(self, asked: Asked, deadline_s: float) -> bool:
        """Discard the bytes sent, and what stands before them; False when they do not come back."""
        while (at := self._received.find(asked.frame)) < 0:
            if not await self._receive(deadline_s):
                return False
        self.counters.dropped_bytes += at
        del self._received[: at + len(asked.frame)]
        return True

    async def _receive(self, until_s: float) -> bool:
        """Take what comes until then; False when nothing does."""
        assert self._stream is not None
        heard = await self._stream.receive(until_s)
        if not heard:
            return False
        self._received += heard
        self._active_s = _now()
        self._silent = 0
        return True

    def _scan(self, asked: Asked | None, heard: _Heard) -> Scan:
        """Judge what has come; drop and count what is of no use."""
        scan = self._framing.scan(bytes(self._received), asked)
        if scan.used:
            self._show(False, asked.unit if asked else 0, bytes(self._received[: scan.used]), scan.fault or "")
            del self._received[: scan.used]
        self.counters.dropped_bytes += scan.noise
        heard.noise += scan.noise
        for stray in scan.strays:
            guarded = self.ready_at(stray.unit) > _now()
            heard.misfit = self._ledger.stray(stray, asked, guarded, _now()) or heard.misfit
        return scan

    def _show(self, sent: bool, unit: int, content: bytes, note: str = "") -> None:
        if self.trace is not None:
            self.trace(Frame(_now(), sent, unit, content, note))


def _now() -> float:
    return asyncio.get_running_loop().time()
