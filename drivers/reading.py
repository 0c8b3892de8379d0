"""What a device said of one of its points."""

from dataclasses import dataclass
from enum import StrEnum

Value = bool | int | float | str | None


class Quality(StrEnum):
    """How far a value may be believed; a bad value never clears an alarm."""

    GOOD = "good"
    UNCERTAIN = "uncertain"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Reading:
    """A point's value as read just now.

    `point` is the profile's name (`di1`), or for a fire panel `address/condition` (`1.3.30/fire`) with a
    bool as value. `*/*` or `*/fire` with False says that no address has that condition any more (a reset).
    `text` is what the device said in words, as Unicode; `cause` says why a quality is not good.
    """

    point: str
    value: Value
    quality: Quality = Quality.GOOD
    cause: str = ""
    text: str = ""
