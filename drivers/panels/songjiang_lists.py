"""Songjiang JB-3208: frames of the CRT port, and what its lists mean. Pure.

Facts: the vendor's protocol document and captures. Frame: FE, panel, code, body length (low byte first), body,
CRC-16 of Modbus over panel … body, FF. The document says that the CRC's high byte goes first; on the wire it is
the low one (six captured frames).
"""

from dataclasses import dataclass, field

from drivers.modbus.rtu import crc16
from drivers.panels.cutter import Verdict
from drivers.panels.readings import RESET, says, unknown
from drivers.panels.texts import bcd, quwei, stamp, words
from drivers.reading import Reading

START, END = 0xFE, 0xFF
HEAD, TAIL = 5, 3
ENTRY = 32
LONGEST_BODY = 8194  # a whole loop's attributes
FULL_LIST = 255  # entries; nobody says how a longer list is told, so this one may be a part

RESTARTED, NOTHING = 0, 100
CONDITIONS = {110: "fire", 111: "fault", 112: "activated", 113: "activated", 114: "supervisory", 115: "disabled"}
ANSWERS = {103, 104, 203, 204}  # to what we never ask
WORDS = {110: "火警", 111: "故障", 112: "启动", 113: "反馈", 114: "监管", 115: "屏蔽"}
STATES = {16: "回路板通讯故障", 78: "短路", 79: "开路", 83: "气体板通讯故障", 196: "广播故障"}
LOOPS = {0: "多线", 73: "层显", 74: "主电", 76: "备电", 77: "串行口", 78: "回路短路", 79: "回路开路"}
LOOPS |= {80: "回路板通讯", 82: "多线板通讯", 83: "气体板通讯", 84: "CAN总线", 85: "外控电源", 196: "应急广播"}
GAS_LOOPS = range(200, 208)  # their text field holds a code, not a text
TYPES = {0: "感烟探头", 1: "感温探头", 2: "差温探头", 3: "剩余电流", 4: "电气测温", 5: "手动按钮", 6: "消火栓钮"}
TYPES |= {7: "感温电缆", 9: "红外光束", 10: "压力开关", 11: "可燃气体", 12: "水流指示", 13: "输入模块"}
TYPES |= {20: "输入输出", 26: "声光报警", 36: "防火阀", 37: "防火门", 54: "多线模块", 55: "气体灭火"}
BUS_LOOPS = range(1, 73)


@dataclass(frozen=True, slots=True)
class Letter:
    """One frame; `asked` says that it answers what we wished for, so the panel wants no acknowledgement."""

    panel: int
    code: int
    body: bytes
    asked: bool = False


def measure(heard: bytes, at: int) -> Verdict:
    """No escaping: the length field says where the frame ends."""
    if len(heard) - at < HEAD:
        return None
    code, size = heard[at + 2], int.from_bytes(heard[at + 3 : at + HEAD], "little")
    if not _plausible(code, size):
        return "garbage"
    end = at + HEAD + size + TAIL
    if len(heard) < end:
        return None
    if heard[end - 1] != END:
        return "garbage"
    sound = crc16(heard[at + 1 : end - TAIL]) == int.from_bytes(heard[end - TAIL : end - 1], "little")
    return end - at if sound else "crc"


def _plausible(code: int, size: int) -> bool:
    """A broken length would make us wait for bytes that never come."""
    if code in CONDITIONS:  # a list, or (one byte) the wish for it
        return size == 1 or (size <= LONGEST_BODY and size % ENTRY == 2)
    return size <= (1 if code in (RESTARTED, NOTHING) else LONGEST_BODY)


def wrap(panel: int, code: int, body: bytes) -> bytes:
    """The frame around a body."""
    content = bytes((panel, code)) + len(body).to_bytes(2, "little") + body
    return bytes((START,)) + content + crc16(content).to_bytes(2, "little") + bytes((END,))


def letter_of(frame: bytes) -> Letter:
    """What a sound frame carries."""
    return Letter(frame[1], frame[2], frame[HEAD:-TAIL])


@dataclass(slots=True)
class Lists:
    """The panel's lists as far as they are known whole; only a whole list tells what is over."""

    _whole: dict[int, dict[str, Reading]] = field(default_factory=dict)

    def readings(self, letter: Letter) -> list[Reading]:
        """What a letter says."""
        if letter.code == RESTARTED:
            self._whole.clear()
            return [RESET]
        if letter.code not in CONDITIONS:
            return [unknown(f"{letter.panel}", f"unknown information code {letter.code}", letter.body.hex(" "))]
        entries = [letter.body[at : at + ENTRY] for at in range(2, len(letter.body), ENTRY)]
        said = {reading.point: reading for reading in (_reading(letter.code, entry) for entry in entries)}
        whole = letter.asked and len(entries) < FULL_LIST
        return self._replaced(letter.code, said) if whole else self._added(letter.code, said)

    def _added(self, code: int, said: dict[str, Reading]) -> list[Reading]:
        if code in self._whole:
            self._whole[code] |= said
        return list(said.values())

    def _replaced(self, code: int, said: dict[str, Reading]) -> list[Reading]:
        """What is missing from all lists of this condition is over; a fire only when there is none at all.

        The panel latches fires until its reset. Should a list that it sends by itself cross our question for the
        same list, it could look whole, and no fire may vanish by that.
        """
        self._whole[code] = said
        condition = CONDITIONS[code]
        lists = [self._whole.get(other) for other in CONDITIONS if CONDITIONS[other] == condition]
        if None in lists or (condition == "fire" and said):
            return list(said.values())
        known = [reading for one in lists if one is not None for reading in one.values()]
        return [Reading(f"*/{condition}", False), *known]


def _reading(code: int, entry: bytes) -> Reading:
    panel, loop, point, _, _, kind, state, year, month, day, hour, minute = entry[:12]
    time = stamp(*(bcd(byte) for byte in (year, month, day, hour, minute)))
    name = f"代码{entry[12]}" if loop in GAS_LOOPS else quwei(entry[12:])
    what = TYPES.get(kind, f"类型{kind}") if loop in BUS_LOOPS else LOOPS.get(loop, "")
    text = words(name, what, STATES.get(state, WORDS[code]), time)
    return says(f"{panel}.{loop}.{point}", CONDITIONS[code], True, text)
