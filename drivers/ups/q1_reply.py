"""The Megatec Q1 reply: 47 characters, fixed columns, strict. Pure.

`(MMM.M NNN.N PPP.P QQQ RR.R S.SS TT.T b7b6b5b4b3b2b1b0<CR>`: a crooked one is a problem of the line, not a value.
"""

import re
from collections.abc import Iterator

from drivers.errors import BadFrame
from drivers.reading import Reading

ASK = b"Q1\r"
SIZE = 47
REPLY = re.compile(
    rb"\((\d{3}\.\d) (\d{3}\.\d) (\d{3}\.\d) (\d{3}) (\d\d\.\d) (\d\.\d\d|\d\d\.\d) (\d\d\.\d) ([01]{8})\r"
)
NUMBERS = ("input_v", "fault_v", "output_v", "load", "frequency", "battery_v", "temperature")
BITS = ("on_battery", "battery_low", "bypass", "fault", "standby_type", "self_test", "shutting_down", "beeper")


def reply_of(frame: bytes, factor: float = 1.0) -> list[Reading]:
    """What the UPS says; its battery voltage is a cell's or the pack's, by model: `factor` makes it the pack's."""
    found = REPLY.fullmatch(frame)
    if len(frame) != SIZE or found is None:
        raise BadFrame(f"no Q1 reply: {len(frame)} characters")
    return [
        *_numbers(found, factor),
        *(Reading(name, bit == 0x31) for name, bit in zip(BITS, found[8], strict=True)),
    ]


def _numbers(found: re.Match[bytes], factor: float) -> Iterator[Reading]:
    for name, said in zip(NUMBERS, found.groups()[:7], strict=True):
        value = float(said)
        yield Reading(name, round(value * factor, 2) if name == "battery_v" else value)
