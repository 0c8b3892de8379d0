"""What goes wrong on a line: rates from 0 to 1 for each frame, drawn from the dice that the field was given."""

import random
from dataclasses import dataclass

from drivers.stream import ByteStream

FLIPS_MOST = 3  # bits of a frame; the checksum of Modbus finds any three, so noise never makes a value


@dataclass(slots=True)
class Faults:
    """How often which fault befalls a frame; all 0: a good line.

    `noise` flips one to three bits, in requests too; `truncated` breaks a reply off; `duplicated` says it
    twice; `late` holds it back for up to `late_s` more; `wrong_unit` lets another address answer.
    """

    noise: float = 0.0
    truncated: float = 0.0
    duplicated: float = 0.0
    late: float = 0.0
    late_s: float = 0.2
    wrong_unit: float = 0.0

    def spoiled(self, frame: bytes, dice: random.Random) -> bytes:
        """The frame as it comes out at the other end of the wire."""
        if hits(self.truncated, dice):
            frame = frame[: dice.randrange(1, len(frame))]
        if hits(self.noise, dice):
            frame = flipped(frame, dice)
        return frame * 2 if hits(self.duplicated, dice) else frame

    def delay_s(self, dice: random.Random) -> float:
        """How much later than usual a reply begins."""
        return dice.uniform(0.0, self.late_s) if hits(self.late, dice) else 0.0


def hits(rate: float, dice: random.Random) -> bool:
    """True `rate` of the time; a rate of 0 leaves the dice alone."""
    return rate > 0 and dice.random() < rate


def flipped(frame: bytes, dice: random.Random) -> bytes:
    """The frame with one to three of its bits turned round."""
    spoiled = bytearray(frame)
    for bit in dice.sample(range(8 * len(frame)), dice.randint(1, FLIPS_MOST)):
        spoiled[bit // 8] ^= 1 << bit % 8
    return bytes(spoiled)


class NoisyStream:
    """The far side's end of a wire that picks up noise; for protocols that bring their own framing."""

    def __init__(self, raw: ByteStream, faults: Faults, dice: random.Random) -> None:
        self._raw = raw
        self._faults = faults
        self._dice = dice

    async def send(self, data: bytes) -> None:
        """Send what the noise leaves of it."""
        await self._raw.send(flipped(data, self._dice) if hits(self._faults.noise, self._dice) else data)

    async def receive(self, until_s: float | None = None) -> bytes:
        """Receive what the noise leaves of it."""
        data = await self._raw.receive(until_s)
        return flipped(data, self._dice) if hits(self._faults.noise, self._dice) else data

    async def aclose(self) -> None:
        """Close the stream below."""
        await self._raw.aclose()
