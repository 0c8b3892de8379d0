"""Texts and clocks inside frames; a panel's time is only ever words, never our time."""

QUWEI_MOST = 94  # rows and cells of GB 2312
GB_OFFSET = 0xA0


def gbk(raw: bytes) -> str:
    """GBK (and the ASCII in it) as Unicode; what is neither becomes U+FFFD."""
    return raw.decode("gb18030", "replace")


def quwei(raw: bytes) -> str:
    """Pairs of row and cell numbers of GB 2312; 00 and FF fill up, pairs in GBK already are taken as they are."""
    pairs = (raw[at : at + 2] for at in range(0, len(raw) - 1, 2))
    return gbk(b"".join(_pair(pair) for pair in pairs)).strip()


def _pair(pair: bytes) -> bytes:
    if all(1 <= number <= QUWEI_MOST for number in pair):
        return bytes(number + GB_OFFSET for number in pair)
    return pair if all(number > GB_OFFSET and number != 0xFF for number in pair) else b""


def to_quwei(text: str, size: int) -> bytes:
    """The other way: as many characters as fit `size` bytes, filled with FF; what GB 2312 lacks is left out."""
    gb = b"".join(c for c in (char.encode("gb2312", "ignore") for char in text) if len(c) == 2)
    return bytes(byte - GB_OFFSET for byte in gb[: size // 2 * 2]).ljust(size, b"\xff")


def bcd(byte: int) -> int:
    """Two decimal digits in a byte; -1 when they are none."""
    high, low = divmod(byte, 16)
    return 10 * high + low if high < 10 and low < 10 else -1


def stamp(year: int, month: int, day: int, *clock: int) -> str:
    """`2010-01-20 14:57` of a two-digit year and so on; empty when no calendar knows it."""
    if not (0 <= year <= 99 and 1 <= month <= 12 and 1 <= day <= 31):
        return ""
    if not all(0 <= number < most for number, most in zip(clock, (24, 60, 60), strict=False)):
        return ""
    return f"20{year:02}-{month:02}-{day:02} " + ":".join(f"{number:02}" for number in clock)


def words(*parts: str) -> str:
    """The parts that say something, one space between them."""
    return " ".join(part for part in parts if part)
