"""JBF-193K: frames of the card, and what its events mean. Pure.

Facts: interface card papers v1.8 and v2.3. A frame is 82, the payload with each byte as two wire bytes (its
nibbles + 30h, high one first), 83. The papers' one worked checksum (87h) adds up D1 to D5 only and is a slip; text
and a working driver say D1 to D11.
"""

from dataclasses import dataclass

from drivers.panels.cutter import Verdict
from drivers.panels.readings import over, says, unknown
from drivers.panels.texts import stamp, words
from drivers.reading import Reading

START, END = 0x82, 0x83
NIBBLE = 0x30
SUMMED = 11  # D1..D11; D12 is their sum
PLAIN, EXTENDED = 12, 17  # payload bytes; the long form belongs to electrical fire and ends with a CRC-8
POLL = bytes((START, *[NIBBLE] * 2 * PLAIN, END))

QUIET = {0x00, 0x09, 0x0B}  # heartbeat, idle answer to a poll, sounders silenced: nothing to tell
RESET_EVENT = 0x01
LONG_FORM = 0xFF  # in the type byte: the true one stands in the extension

Meaning = tuple[str, bool, str]
"""Condition, whether it is there now, and the panel's own word for it."""

EVENTS: dict[int, Meaning] = {
    0x80: ("fire", True, "火警"),
    0x0A: ("fire", True, "火警"),
    0x8B: ("test", True, "模拟火警"),
    0x81: ("fault", True, "故障"),
    0x82: ("fault", False, "故障恢复"),
    0x87: ("fault", True, "回路故障"),
    0x88: ("fault", False, "回路故障恢复"),
    0x83: ("activated", True, "自动启动"),
    0x84: ("activated", False, "自动停止"),
    0x85: ("activated", True, "反馈"),
    0x86: ("activated", False, "反馈撤销"),
    0x90: ("activated", True, "手动启动"),
    0x91: ("activated", False, "手动停止"),
    0x97: ("disabled", False, "取消屏蔽"),
    0x98: ("disabled", True, "屏蔽"),
    0x8C: ("supervisory", True, "监管"),
    0x8D: ("supervisory", False, "监管撤销"),
    0x51: ("activated", True, "多线手动启动"),
    0x52: ("activated", False, "多线手动停止"),
    0x53: ("activated", True, "多线应答"),
    0x54: ("activated", False, "多线停止应答"),
    0x55: ("activated", True, "多线自动启动"),
    0x56: ("activated", False, "多线自动停止"),
    0x57: ("activated", True, "多线启动延时"),
    0x58: ("fault", True, "多线应答缺失"),
    0x59: ("fault", True, "多线故障"),
    0x5A: ("fault", False, "多线故障恢复"),
    0xEF: ("fault", True, "控制器故障"),
}
LOOP_STATES: dict[int, Meaning] = {0x80: ("fault", True, "故障"), 0x90: ("fault", False, "故障恢复")}
PANEL_PARTS = {0x71: ("mains", "主电"), 0x72: ("battery", "备电")}
GAS_SUBS: dict[int, tuple[str, Meaning]] = {
    1: ("", ("fault", True, "气体线路故障")),
    2: ("", ("fault", False, "气体线路故障恢复")),
    3: (".discharge", ("activated", True, "喷洒应答")),
    4: (".discharge", ("activated", False, "喷洒应答撤销")),
    5: (".sounder", ("activated", True, "声光启动")),
    6: (".sounder", ("activated", False, "声光停止")),
    7: (".related", ("activated", True, "联动设备启动")),
    8: (".related", ("activated", False, "联动设备停止")),
    9: (".zone", ("activated", True, "分区启动")),
    10: (".zone", ("activated", False, "分区停止")),
    11: (".discharge", ("activated", True, "启动喷洒")),
    12: (".zone", ("activated", True, "启动延时")),
    14: (".zone", ("activated", False, "远程停止撤销")),
}
DOOR_STATES: dict[int, Meaning] = {
    1: ("fault", True, "防火门故障"),
    2: ("fault", False, "防火门故障恢复"),
    3: ("activated", True, "防火门延时关闭"),
    4: ("activated", True, "防火门自动关闭"),
    6: ("activated", True, "防火门手动关闭"),
    8: ("activated", True, "防火门已关闭"),
    10: ("disabled", True, "防火门屏蔽"),
    11: ("disabled", False, "防火门取消屏蔽"),
}
ELECTRICAL_STATES: dict[int, Meaning] = {
    1: ("prealarm", True, "电气火灾报警"),
    2: ("fault", True, "电气火灾探测器故障"),
    3: ("fault", False, "电气火灾探测器故障恢复"),
    4: ("activated", True, "自动脱扣"),
    5: ("activated", False, "自动脱扣结束"),
    6: ("activated", True, "手动脱扣"),
    7: ("activated", False, "手动脱扣结束"),
    8: ("disabled", True, "电气火灾探测器屏蔽"),
    9: ("disabled", False, "电气火灾探测器取消屏蔽"),
}
ELECTRICAL_KINDS = {2: "剩余电流", 3: "温度", 4: "电弧", 5: "过流", 6: "脱扣"}


@dataclass(frozen=True, slots=True)
class CardEvent:
    """One frame's payload."""

    code: int
    panel: int
    loop: int
    point: int
    type: int
    time: str
    extension: bytes = b""


def measure(heard: bytes, at: int) -> Verdict:
    """The length comes from where 83 stands; a byte that is no nibble ends the frame."""
    longest = at + 2 + 2 * EXTENDED
    for here in range(at + 1, min(len(heard), longest)):
        if heard[here] == END:
            return _judge(heard[at : here + 1])
        if heard[here] & 0xF0 != NIBBLE:
            return "garbage"
    return None if len(heard) < longest else "garbage"


def _judge(frame: bytes) -> Verdict:
    size, odd = divmod(len(frame) - 2, 2)
    if odd or size not in (PLAIN, EXTENDED):
        return "garbage"
    payload = unpack(frame)
    good = sum(payload[:SUMMED]) & 0xFF == payload[SUMMED] if size == PLAIN else crc8(payload) == 0
    return len(frame) if good else "crc"


def unpack(frame: bytes) -> bytes:
    """A frame's payload."""
    return bytes((high & 15) << 4 | low & 15 for high, low in zip(frame[1:-1:2], frame[2:-1:2], strict=True))


def pack(payload: bytes) -> bytes:
    """The frame around a payload that has its checksum."""
    nibbles = (NIBBLE + nibble for byte in payload for nibble in divmod(byte, 16))
    return bytes((START, *nibbles, END))


def summed(content: bytes) -> bytes:
    """D1 to D11 with their checksum behind."""
    return content + bytes((sum(content) & 0xFF,))


def crc8(content: bytes) -> int:
    """x^8+x^5+x^4+1, low bit first; 0 over a content that ends with its own CRC."""
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0x8C if crc & 1 else crc >> 1
    return crc


def event_of(frame: bytes) -> CardEvent:
    """What a sound frame carries."""
    payload = unpack(frame)
    code, panel, loop, point, kind, *clock = payload[:SUMMED]
    return CardEvent(code, panel, loop, point, kind, stamp(*clock), payload[PLAIN : EXTENDED - 1])


def readings_of(event: CardEvent) -> list[Reading]:
    """What an event means; one that nobody knows is told as such.

    A reset ends everything but isolations: a panel may keep those through a reset without saying so again.
    """
    if event.code in QUIET:
        return []
    if event.code == RESET_EVENT:
        return over("fire", "prealarm", "supervisory", "fault", "activated", "test", "unknown")
    address, meaning, more = _place(event)
    if meaning is None:
        cause = f"unknown event {event.code:02X}h, loop byte {event.loop:02X}h, type byte {event.type:02X}h"
        return [unknown(address, cause, event.time)]
    condition, active, word = meaning
    return [says(address, condition, active, words(word, more, event.time))]


def _place(event: CardEvent) -> tuple[str, Meaning | None, str]:
    """Address, meaning and what else there is to say."""
    address = f"{event.panel}.{event.loop}.{event.point}"
    match event.code:
        case 0x70:  # a board; the loop byte says what
            return f"{event.panel}.board.{event.point}", LOOP_STATES.get(event.loop), f"{event.point}号板"
        case 0x71 | 0x72:
            part, word = PANEL_PARTS[event.code]
            return f"{event.panel}.{part}", LOOP_STATES.get(event.loop), word
        case 0xFA:  # gas extinguishing
            part, meaning = GAS_SUBS.get(event.loop, ("", None))
            return f"{event.panel}.gas.{event.point}{part}", meaning, ""
        case 0xFB:  # a fire door
            return address, DOOR_STATES.get(event.type >> 4), ""
        case 0xFC:  # an electrical fire detector
            return address, *_electrical(event)
        case 0xEF:  # the panel itself
            return f"{event.panel}", EVENTS[event.code], ""
        case 0x87 | 0x88:  # a whole loop
            return f"{event.panel}.{event.loop}", EVENTS[event.code], ""
        case 0x8B:  # the card says the number minus 1
            return f"{event.panel}.{event.loop}.{event.point + 1}", EVENTS[event.code], ""
    return address, EVENTS.get(event.code), ""


def _electrical(event: CardEvent) -> tuple[Meaning | None, str]:
    kind = event.extension[0] if event.type == LONG_FORM and event.extension else event.type
    more = ELECTRICAL_KINDS.get(kind & 15, "")
    if event.extension:
        channel, raw = event.extension[1], int.from_bytes(event.extension[2:4], "little")
        more = words(f"{channel}通道", more, _measured(kind & 15, raw))
    return ELECTRICAL_STATES.get(kind >> 4), more


def _measured(kind: int, raw: int) -> str:
    match kind:
        case 2:
            return f"{raw / 10:g} mA"
        case 3:
            return f"{(-1 if raw & 0x8000 else 1) * (raw & 0x7FFF) / 10:g} °C"
        case 5:
            return f"{raw / 100:g} A"
    return ""
