"""A Modbus RTU unit on a pseudo-terminal in nothing but the standard library, so that it runs in the container.

python3 pty_unit.py LINK COUNT: LINK becomes the line's name, COUNT holds how many good requests were answered.
Every input is off and every register 0.
"""

import os
import sys
import tty
from pathlib import Path

READ_BITS, READ_WORDS = (1, 2), (3, 4)
REQUEST_BYTES = 8


def crc(frame: bytes) -> bytes:
    """CRC-16 of Modbus, low byte first."""
    value = 0xFFFF
    for byte in frame:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def reply(request: bytes) -> bytes:
    """All zeros, in the right length; exception 1 for what this unit cannot do."""
    unit, function, count = request[0], request[1], int.from_bytes(request[4:6], "big")
    if function in READ_BITS:
        body = bytes([unit, function, (count + 7) // 8]) + bytes((count + 7) // 8)
    elif function in READ_WORDS:
        body = bytes([unit, function, 2 * count]) + bytes(2 * count)
    else:
        body = bytes([unit, function | 0x80, 1])
    return body + crc(body)


def serve(link: Path, count: Path) -> None:
    """Answer for ever."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    os.chmod(os.ttyname(theirs), 0o666)
    link.unlink(missing_ok=True)
    link.symlink_to(os.ttyname(theirs))
    heard, answered = b"", 0
    while True:
        heard = (heard + os.read(ours, 256))[-256:]
        while len(heard) >= REQUEST_BYTES:
            if crc(heard[:6]) == heard[6:8]:
                os.write(ours, reply(heard[:8]))
                answered += 1
                count.write_text(str(answered))
                heard = heard[8:]
            else:
                heard = heard[1:]


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
