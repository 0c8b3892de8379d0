"""What ends by itself after its time, whatever the wall clock does and however often we are restarted. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.records import Instant, machine_of

LOOK_S = 60.0  # so often is looked whether the clock has become right, where an end is not sure
LEAST_S = 0.001  # a rounding must not make a busy loop


@dataclass(frozen=True, slots=True)
class End:
    """An end time, `length_s` after its begin. The monotonic clock alone decides, by `until_s`.

    That is None after the machine was off, until `anchored` has worked it out again: then, while the clock is not
    right, the whole length is left at most (not `sure`). `right`: the clock was, when `until_utc_s` was said.
    """

    until_utc_s: float
    length_s: float
    right: bool = True
    until_s: float | None = None
    sure: bool = True

    def anchored(self, now: Instant) -> "End":
        """Where it stands on the monotonic clock of this boot."""
        right = now.clock == "synchronised"
        if self.until_s is not None and (self.sure or not right):
            return self
        if not right:
            return replace(self, until_s=now.monotonic_s + self.length_s, sure=False)
        left_s = min(self.until_utc_s - now.utc_s, self.length_s) if self.right else self.length_s
        most_s = math.inf if self.until_s is None else self.until_s
        return replace(self, until_s=min(now.monotonic_s + left_s, most_s), sure=True)

    def is_over(self, now_s: float) -> bool:
        """Its time has come (loop seconds)."""
        return self.until_s is not None and self.until_s <= now_s

    def look_s(self, now_s: float) -> float:
        """When to look again (loop seconds)."""
        left_s = LOOK_S if self.until_s is None else self.until_s - now_s
        return now_s + max(LEAST_S, left_s if self.sure else min(left_s, LOOK_S))

    def to_json(self, boot_id: str) -> dict[str, Any]:
        """For the outbox's states."""
        own = [self.until_utc_s, self.length_s, self.right, self.until_s, self.sure]
        return {"end": own, "boot": boot_id}


def end_after(length_s: float, now: Instant) -> End:
    """What begins now and lasts so long."""
    right = now.clock == "synchronised"
    return End(now.utc_s + length_s, length_s, right, now.monotonic_s + length_s)


def end_from_json(kept: Mapping[str, Any], boot_id: str) -> End:
    """What an earlier start kept; on another boot of the machine the monotonic clock began anew."""
    until_utc_s, length_s, right, until_s, sure = kept["end"]
    same = machine_of(str(kept["boot"])) == machine_of(boot_id)
    return End(float(until_utc_s), float(length_s), bool(right), until_s if same else None, bool(sure))
