"""How long an exchange takes when nobody loses any time; from first principles, not from the gateway's code."""

from dataclasses import dataclass

CHARACTER_BITS = 10  # 8N1
T35_CHARACTERS = 3.5
T35_FAST_S = 0.00175  # above 19200 baud, Modbus over serial line V1.02, 2.5.1.1


@dataclass(frozen=True, slots=True)
class Medium:
    """A line as the field plays it; `baud` 0 is Modbus TCP, where only the turnaround counts."""

    baud: int
    turnaround_s: float = 0.005

    @property
    def character_s(self) -> float:
        """Time of one character."""
        return CHARACTER_BITS / self.baud if self.baud else 0.0

    @property
    def silence_s(self) -> float:
        """The silent interval before and after a frame."""
        if not self.baud:
            return 0.0
        return T35_FAST_S if self.baud > 19200 else T35_CHARACTERS * self.character_s

    def exchange_s(self, request_bytes: int, reply_bytes: int) -> float:
        """Request, silence, turnaround, reply, silence."""
        return (request_bytes + reply_bytes) * self.character_s + self.turnaround_s + 2 * self.silence_s
