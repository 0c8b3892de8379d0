"""Modbus TCP framing: the transaction id tells every reply from every other."""

from drivers.modbus.framing import Asked, Scan, Stray, misfit
from drivers.modbus.pdu import expected_head

HEADER = 7
LENGTHS = range(3, 255)  # unit + PDU; the Modbus messaging guide allows a PDU of 2 to 253 bytes


class MbapFraming:
    """Transaction id, protocol id 0, length, unit; after a wrong header nothing on the link makes sense."""

    half_duplex = False
    shortest = 9
    longest = 260

    def ask(self, unit: int, pdu: bytes, tag: int) -> Asked:
        """Wrap a request under the transaction id `tag`."""
        header = tag.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big")
        return Asked(unit, pdu, expected_head(pdu), header + bytes((unit,)) + pdu, tag)

    def scan(self, received: bytes, asked: Asked | None) -> Scan:
        """Take whole frames from the front until one carries our transaction id."""
        at = 0
        strays: list[Stray] = []
        while len(received) - at >= HEADER:
            length = int.from_bytes(received[at + 4 : at + 6], "big")
            if received[at + 2 : at + 4] != b"\0\0" or length not in LENGTHS:
                return Scan(at, strays=tuple(strays), fault="sync", hopeless=True)
            end = at + 6 + length
            if end > len(received):
                break
            unit, reply = received[at + 6], received[at + HEADER : end]
            if asked is None or int.from_bytes(received[at : at + 2], "big") != asked.tag:
                strays.append(Stray(unit, None, received[at:end]))
                at = end
                continue
            fault = misfit(asked, unit, reply)
            if fault is not None:
                return Scan(end, strays=tuple(strays), fault=fault, hopeless=True)
            return Scan(end, reply=reply, strays=tuple(strays))
        return Scan(at, strays=tuple(strays), fault="short" if at < len(received) else None)
