"""Modbus RTU framing: no length, no id, only a checksum; so the reply is looked for, never assumed."""

from functools import lru_cache

from drivers.modbus.framing import Asked, Fault, Scan, Stray, misfit
from drivers.modbus.pdu import ERROR_BIT, REQUESTS_KEPT, expected_head, reply_size

CRC_BYTES = 2
SHORTEST_T35_S = 0.00175  # above 19200 baud; Modbus over serial line V1.02 §2.5.1.1


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
        rows.append(value)
    return tuple(rows)


_CRC = _table()


def t35_s(character_s: float) -> float:
    """The silence that parts two RTU frames; none on a medium without wire time."""
    return max(3.5 * character_s, SHORTEST_T35_S) if character_s else 0.0


def crc16(content: bytes) -> int:
    """The checksum of Modbus over serial line V1.02 §6.2.2 (polynomial 0xA001, reflected, from 0xFFFF)."""
    crc = 0xFFFF
    for byte in content:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc


@lru_cache(REQUESTS_KEPT)
def wrap(unit: int, pdu: bytes) -> bytes:
    """A frame: unit, PDU, checksum with its low byte first."""
    body = bytes((unit,)) + pdu
    return body + crc16(body).to_bytes(CRC_BYTES, "little")


def sound(frame: bytes) -> bool:
    """The checksum is right."""
    return crc16(frame[:-CRC_BYTES]) == int.from_bytes(frame[-CRC_BYTES:], "little")


class RtuFraming:
    """Serial Modbus, on a port or through a socket."""

    half_duplex = True
    shortest = 5  # an exception reply; fewer bytes are a glitch of the line, not an answer
    longest = 256

    def ask(self, unit: int, pdu: bytes, tag: int = 0) -> Asked:
        """Wrap a request; RTU has no place for a tag."""
        if reply_size(pdu[:1]) < 0:
            raise ValueError(f"function {pdu[0]}: the length of its reply is not known")
        return Asked(unit, pdu, expected_head(pdu), wrap(unit, pdu), tag)

    def scan(self, received: bytes, asked: Asked | None) -> Scan:
        """Walk over the bytes frame by frame; garbage and sound frames of others are passed over."""
        at = noise = 0
        strays: list[Stray] = []
        fault: Fault | None = None
        while at < len(received):
            rest = received[at:]
            if asked is not None and _is_echo(rest, asked):
                strays.append(Stray(asked.unit, "echo", asked.frame))
                at += len(asked.frame)
                continue
            size = frame_size(rest)
            if size > len(rest) or size == 0 or (asked is not None and _may_be_echo(rest, asked)):
                ahead = _find(received, at + 1, asked)
                if ahead is None:
                    fault = fault or _unfinished(rest, asked)
                    break
                noise += ahead - at
                at = ahead
            elif size > 0 and sound(rest[:size]):
                why = misfit(asked, rest[0], rest[1 : size - CRC_BYTES]) if asked else None
                if asked is not None and why is None:
                    return _answer(received, at, size, asked, tuple(strays), noise)
                strays.append(Stray(rest[0], why, rest[:size]))
                at += size
            else:
                fault = "crc" if size > 0 and _ours(rest, asked) else fault
                noise += 1
                at += 1
        return Scan(at, None, tuple(strays), noise, fault or ("garbage" if noise else None), fault == "crc")


def frame_size(head: bytes) -> int:
    """How long a reply frame is that begins so; 0: more bytes must come; -1: no frame begins so."""
    size = reply_size(head[1:])
    return size + 1 + CRC_BYTES if size > 0 else size


def _answer(received: bytes, at: int, size: int, asked: Asked, strays: tuple[Stray, ...], noise: int) -> Scan:
    """The reply is at `at`, unless the same bytes hold another, different one: then neither is believed."""
    frame = received[at : at + size]
    again = _find(received, at + size, asked)
    if again is not None and received[again : again + size] != frame:
        return Scan(len(received), None, strays, noise, "ambiguous", True)
    return Scan(at + size, frame[1:-CRC_BYTES], strays, noise)


def _find(received: bytes, start: int, asked: Asked | None) -> int | None:
    """Where after `start` a sound reply to `asked` begins."""
    if asked is None:
        return None
    at = received.find(asked.unit, start)
    while at >= 0:
        rest = received[at:]
        size = frame_size(rest)
        if 0 < size <= len(rest) and _ours(rest, asked) and sound(rest[:size]):
            return at
        at = received.find(asked.unit, at + 1)
    return None


def _ours(rest: bytes, asked: Asked | None) -> bool:
    """It begins like the reply to `asked`: unit and head, or unit and the exception to our function."""
    if asked is None or rest[0] != asked.unit or len(rest) < 2:
        return False
    return rest[1] == asked.pdu[0] | ERROR_BIT or rest.startswith(asked.head, 1)


def _unfinished(rest: bytes, asked: Asked | None) -> Fault:
    begun = asked is not None and rest[0] == asked.unit and (len(rest) == 1 or rest[1] & 0x7F == asked.pdu[0])
    return "short" if begun else "garbage"


def _is_echo(rest: bytes, asked: Asked) -> bool:
    """Our own request came back whole; where that is also what the reply looks like nobody can tell."""
    return rest.startswith(asked.frame) and asked.pdu != asked.head


def _may_be_echo(rest: bytes, asked: Asked) -> bool:
    return len(rest) < len(asked.frame) and asked.frame.startswith(rest) and asked.pdu != asked.head
