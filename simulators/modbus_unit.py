"""One Modbus unit on the far side: answers PDUs as its device profile says the real one does."""

import asyncio
from collections.abc import Callable
from typing import get_args

from drivers.decode import number, read_point, words_of
from drivers.modbus.pdu import ERROR_BIT, Table
from drivers.profile import FUNCTION, WRITE_FUNCTIONS, DeviceProfile, IdentityPoint, Point
from drivers.reading import Quality, Value

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
ON, OFF = 0xFF00, 0x0000
TABLES: dict[int, Table] = {function: table for table, function in FUNCTION.items()}
WRITE_TABLES: dict[int, Table] = {f: table for table, functions in WRITE_FUNCTIONS.items() for f in functions}


class Refusal(Exception):
    """The unit answers with this exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class ModbusUnit:
    """A profile that lives: it holds values, takes orders, times its own pulses, counts its own heartbeat.

    `on_write` is told which point an order changed, also when the unit itself ends a pulse. `alive` False: it
    goes on answering, but its heartbeat stands still. `late_s` is an extra delay of each reply, kept by
    whoever plays the wire, as is `turnaround_s`.
    """

    def __init__(self, profile: DeviceProfile, address: int, *, turnaround_s: float | None = None) -> None:
        self.profile = profile
        self.address = address
        self.turnaround_s = profile.turnaround_s if turnaround_s is None else turnaround_s
        self.late_s = 0.0
        self.plugged = True
        self.alive = True
        self.on_write: Callable[[str, Value], None] | None = None
        self._by_name: dict[str, Point] = {p.name: p for p in (*profile.points, *profile.identity)}
        self._words: dict[Table, dict[int, int]] = {table: {} for table in get_args(Table)}
        self._pulses = {point.pulse.coil: point for point in profile.points if point.pulse is not None}
        self._falls: dict[str, asyncio.TimerHandle] = {}
        for block in profile.exact_blocks:
            self._words[block.table].update(dict.fromkeys(range(block.address, block.address + block.count), 0))
        for point in self._by_name.values():
            self._words[point.table].update(dict.fromkeys(_span(point), 0))
        for point in self._by_name.values():
            self._put(point, resting(point))

    def set(self, point: str, value: Value) -> None:
        """The field changes: the point says `value` from now on. Raises KeyError, ValueError."""
        found = self._named(point)
        self._put(found, words_of(found, value, self._held(found)))

    def get(self, point: str) -> Value:
        """What a reader would believe of the point; of an event register its code. Raises KeyError."""
        found = self._named(point)
        if self.profile.heartbeat is not None and self.profile.heartbeat.point == point:
            self._beat()
        if found.type == "event":
            return int(number(found, self._held(found)))
        return read_point(found, self._held(found))[0].value

    def answer(self, pdu: bytes) -> bytes | None:
        """The reply or exception PDU to a request PDU; None when it says nothing."""
        if not self.plugged or not pdu:
            return None
        try:
            return self._reply(pdu)
        except Refusal as refusal:
            return bytes((pdu[0] | ERROR_BIT, refusal.code))

    def _reply(self, pdu: bytes) -> bytes:
        function = pdu[0]
        if function not in self.profile.limits.functions or function not in TABLES | WRITE_TABLES:
            raise Refusal(ILLEGAL_FUNCTION)
        if len(pdu) < 5:
            raise Refusal(ILLEGAL_VALUE)
        address, argument = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        if function in TABLES:
            return self._read(function, address, argument)
        self._write(function, address, argument, pdu)
        return pdu[:5]

    # --- reading ------------------------------------------------------------------------------------

    def _read(self, function: int, address: int, count: int) -> bytes:
        table = TABLES[function]
        self._allow(table, address, count)
        self._beat()
        words = [self._words[table].get(at, 0) for at in range(address, address + count)]
        content = _bits(words) if table in ("coil", "discrete") else _registers(words)
        return bytes((function, len(content))) + content

    def _allow(self, table: Table, address: int, count: int) -> None:
        limits = self.profile.limits
        if not 1 <= count <= (limits.max_bits if table in ("coil", "discrete") else limits.max_registers):
            raise Refusal(ILLEGAL_VALUE)
        wanted = range(address, address + count)
        known = [at in self._words[table] for at in wanted]
        if not (any(known) if self.profile.holes else all(known)) or not self._shape_fits(table, wanted):
            raise Refusal(ILLEGAL_ADDRESS)

    def _shape_fits(self, table: Table, wanted: range) -> bool:
        """An exact block is read as a whole and alone, or refused."""
        for block in self.profile.exact_blocks:
            exact = range(block.address, block.address + block.count)
            if block.table == table and _overlap(exact, wanted) and exact != wanted:
                return False
        return True

    def _beat(self) -> None:
        """The heartbeat counts the seconds of the loop."""
        heartbeat = self.profile.heartbeat
        if heartbeat is not None and self.alive:
            point = self._named(heartbeat.point)
            seconds = int(asyncio.get_running_loop().time())
            self._put(point, words_of(point, seconds & 0x7FFF))

    # --- writing ------------------------------------------------------------------------------------

    def _write(self, function: int, address: int, argument: int, pdu: bytes) -> None:
        if function == 5 and address in self._pulses:
            self._pulse(self._pulses[address], argument)
            return
        words = self._told(function, argument, pdu)
        points = self._writable(WRITE_TABLES[function], range(address, address + len(words)))
        for point in points:
            _check(point, words[point.address - address :])
        for point in points:
            self._take(point, words[point.address - address :][: point.width])

    def _told(self, function: int, argument: int, pdu: bytes) -> list[int]:
        """The bits or registers that a request wants written."""
        content = pdu[6:]
        if function == 5:
            if argument not in (ON, OFF):
                raise Refusal(ILLEGAL_VALUE)
            return [int(argument == ON)]
        if function == 6:
            return [argument]
        size = (argument + 7) // 8 if function == 15 else 2 * argument
        if argument == 0 or len(pdu) < 6 or pdu[5] != size or len(content) != size:
            raise Refusal(ILLEGAL_VALUE)
        if function == 15:
            return [content[n // 8] >> n % 8 & 1 for n in range(argument)]
        return [int.from_bytes(content[n : n + 2], "big") for n in range(0, size, 2)]

    def _writable(self, table: Table, wanted: range) -> list[Point]:
        """The points that the addresses make up, without a gap and none of them in part."""
        points = [p for p in self.profile.points if p.table == table and p.writable and _overlap(_span(p), wanted)]
        covered = sorted(at for point in points for at in _span(point))
        if covered != list(wanted):
            raise Refusal(ILLEGAL_ADDRESS)
        return points

    def _take(self, point: Point, words: list[int]) -> None:
        self._stop_pulse(point)
        self._put(point, words)
        value = read_point(point, words)[0].value
        self.written(point.name, value)
        self._tell(point, value)
        if point.momentary:
            self._put(point, resting(point))

    def written(self, point: str, value: Value) -> None:
        """An order has set this point: whatever hangs on it changes too."""

    def _pulse(self, point: Point, steps: int) -> None:
        """The output goes on now, and falls by the unit's own clock whatever becomes of its master."""
        assert point.pulse is not None
        if not 1 <= steps <= point.pulse.most:
            raise Refusal(ILLEGAL_VALUE)
        self._stop_pulse(point)
        self._put(point, [1])
        loop = asyncio.get_running_loop()
        self._falls[point.name] = loop.call_later(steps * point.pulse.unit_s, self._fall, point)
        self._tell(point, True)

    def _fall(self, point: Point) -> None:
        del self._falls[point.name]
        self._put(point, [0])
        self._tell(point, False)

    def _stop_pulse(self, point: Point) -> None:
        fall = self._falls.pop(point.name, None)
        if fall is not None:
            fall.cancel()

    def _tell(self, point: Point, value: Value) -> None:
        if self.on_write is not None:
            self.on_write(point.name, value)

    # --- words --------------------------------------------------------------------------------------

    def _named(self, name: str) -> Point:
        if name not in self._by_name:
            raise KeyError(f"{self.profile.id} has no point {name!r}")
        return self._by_name[name]

    def _held(self, point: Point) -> list[int]:
        return [self._words[point.table][at] for at in _span(point)]

    def _put(self, point: Point, words: list[int]) -> None:
        self._words[point.table].update(zip(_span(point), words, strict=True))


def resting(point: Point) -> list[int]:
    """What a point says before anything has happened: zero, or the first that it can say and is believed."""
    zero = [0] * point.width
    if isinstance(point, IdentityPoint) and point.expect is not None:
        return words_of(point, point.expect, zero)
    sayable: list[Value] = [*point.values.values(), *(point.plausible or ())]
    candidates = [zero, *(words_of(point, value, zero) for value in sayable)]
    return next((words for words in candidates if _good(point, words)), zero)


def _good(point: Point, words: list[int]) -> bool:
    return all(reading.quality is Quality.GOOD for reading in read_point(point, words))


def _check(point: Point, words: list[int]) -> None:
    """Refuse what has no meaning, and a command that is not given."""
    if not _good(point, words) or (point.momentary and not any(words[: point.width])):
        raise Refusal(ILLEGAL_VALUE)


def _span(point: Point) -> range:
    return range(point.address, point.address + point.width)


def _overlap(one: range, other: range) -> bool:
    return max(one.start, other.start) < min(one.stop, other.stop)


def _bits(words: list[int]) -> bytes:
    packed = sum(bool(word) << n for n, word in enumerate(words))
    return packed.to_bytes((len(words) + 7) // 8, "little")


def _registers(words: list[int]) -> bytes:
    return b"".join(word.to_bytes(2, "big") for word in words)
