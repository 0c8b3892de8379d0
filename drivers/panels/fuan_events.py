"""Fu-An FS5101W: frames of the external protocol, and what its events mean. Pure.

Facts: the vendor's document V1.1 and captures. Frame: F0, slave address, length of what follows up to the CRC,
command, data, CRC-16 (polynomial 1021 from 0, high byte first) over everything after F0.
"""

import binascii
from dataclasses import dataclass

from drivers.panels.cutter import Verdict
from drivers.panels.readings import RESET, says, unknown
from drivers.panels.texts import quwei, stamp, words
from drivers.reading import Reading

START = 0xF0
HEAD, CRC_BYTES = 3, 2
RESET_ALL, POLL, TIME, EVENT = 0xA1, 0xA2, 0xA4, 0xA5
NORMAL, RESEND = 0x00, 0xA1
SHORT_EVENT, LONG_EVENT = 19, 39  # data bytes, without and with the text
SIZES = {RESET_ALL: {1}, POLL: {1, 3}, EVENT: {1 + SHORT_EVENT, 1 + LONG_EVENT}}  # of known commands

Meaning = tuple[str, bool, str]
STATES: dict[int, Meaning] = {
    0x00: ("fault", False, "正常"),
    0x01: ("fault", True, "缺失"),
    0x02: ("fault", True, "类型错误"),
    0x03: ("fault", True, "重码"),
    0x04: ("fault", True, "动作失败"),
    0x05: ("fire", True, "火警"),
    0x06: ("activated", True, "现场动作"),
    0x07: ("activated", True, "动作完成"),
    0x08: ("fault", True, "开路"),
    0x09: ("fault", True, "电源故障"),
    0x0A: ("fault", False, "电源恢复"),
    0x0B: ("fault", True, "短路"),
    0x12: ("fault", True, "自检故障"),
    0x13: ("fault", True, "污染"),
    0x14: ("fault", True, "通信故障"),
    0x15: ("fault", False, "通信恢复"),
    0x24: ("fire", True, "火警确认"),
    0x28: ("disabled", True, "屏蔽"),
    0x29: ("disabled", False, "取消屏蔽"),
    0x2C: ("activated", True, "手动启动"),
    0x2D: ("activated", False, "手动停止"),
    0x2E: ("activated", True, "联动启动"),
    0x2F: ("activated", True, "联动延时"),
    0x30: ("fault", True, "总线短路"),
    0x40: ("fault", False, "总线正常"),
    0x41: ("prealarm", True, "预警"),
    0x42: ("fault", True, "设备故障"),
}
RESETS = {0x21, 0x22}  # the panel was switched on, the panel was reset
TO_AUTOMATIC = 0x23
PANEL = 9  # the information type of the panel itself
ATTRIBUTES = {0xC1: "activated", 0xC2: "fault", 0xC3: "fire", 0xC5: "disabled"}
PARTS = {3: "loop", 4: "mains", 5: "battery", 6: "link", 7: "display", 8: "direct", 9: "panel", 10: "network"}
PARTS |= {11: "charger", 12: "board"}
PART_WORDS = {
    1: "探测器",
    2: "模块",
    3: "回路",
    4: "主电",
    5: "备电",
    6: "联机",
    7: "显示盘",
    8: "多线",
    9: "控制器",
    10: "网络模块",
    11: "充电器",
    12: "系统板",
}


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A frame that is said to everybody: a reset, an event, or a command that nobody knows."""

    command: int
    content: bytes = b""

    @property
    def is_reset(self) -> bool:
        """Whatever the panel had latched is over."""
        of_panel = self.command == EVENT and self.content[1] == PANEL and self.content[2] in RESETS
        return self.command == RESET_ALL or of_panel


def measure(heard: bytes, at: int) -> Verdict:
    """The length byte says where the frame ends."""
    if len(heard) - at <= HEAD:
        return None
    size, command = heard[at + 2], heard[at + HEAD]
    if size not in SIZES.get(command, {size}) or not size:
        return "garbage"
    end = at + HEAD + size + CRC_BYTES
    if len(heard) < end:
        return None
    return end - at if binascii.crc_hqx(heard[at + 1 : end], 0) == 0 else "crc"


def wrap(address: int, content: bytes) -> bytes:
    """The frame around command and data."""
    body = bytes((address, len(content))) + content
    return bytes((START,)) + body + binascii.crc_hqx(body, 0).to_bytes(CRC_BYTES, "big")


def readings_of(said: Broadcast) -> list[Reading]:
    """What a broadcast means; one that nobody knows is told as such."""
    if said.is_reset:
        return [RESET]
    if said.command != EVENT:
        return [unknown("panel", f"unknown command {said.command:02X}h", said.content.hex(" "))]
    attribute, _, state = said.content[:3]
    if state == TO_AUTOMATIC:
        return []
    address, text = _address(said.content), _text(said.content)
    meaning = _meaning(attribute, state)
    if meaning is None:
        return [unknown(address, f"unknown state {state:02X}h, attribute {attribute:02X}h", text)]
    condition, active, word = meaning
    return [says(address, condition, active, words(text, word, stamp(*said.content[5:11])))]


def _meaning(attribute: int, state: int) -> Meaning | None:
    """`normal` ends what the attribute names; without such a name it ends a fault, as other gateways read it."""
    if state == NORMAL:
        condition = ATTRIBUTES.get(attribute, "fault")
        return None if condition == "fire" else (condition, False, STATES[NORMAL][2])
    return STATES.get(state)


def _address(content: bytes) -> str:
    """Loop and point for devices; a part of the panel by its name, with its number where it has one."""
    kind, panel, loop, point = content[1], content[4], content[11], content[12]
    if kind not in PARTS:
        return f"{panel}.{loop}.{point}"
    number = f".{loop}" if loop else ""
    return f"{panel}.{PARTS[kind]}{number}" + (f".{point}" if point else "")


def _text(content: bytes) -> str:
    building, zone, floor = content[13:16]
    number = int.from_bytes(content[16:18], "big")
    where = words(*(f"{n}{word}" for n, word in ((building, "栋"), (floor, "层"), (zone, "区")) if n))
    name = quwei(content[SHORT_EVENT:])
    return words(name or where, PART_WORDS.get(content[1], ""), f"编号{number}" if number else "")
