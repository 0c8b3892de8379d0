"""What a line and its units have been through since the start, for heartbeat and diagnostics."""

from dataclasses import dataclass, field

from drivers.latencies import Latencies

FAULTS = ("timeouts", "crc", "short", "garbage", "late", "wrong_unit", "other_function", "cancelled")


@dataclass(slots=True)
class UnitCounters:
    """One unit's exchanges and their faults; `last_reply_s` is the loop time of its last sound reply.

    Reply times run from the request's last bit to the reply's last byte.
    """

    exchanges: int = 0
    replies: int = 0
    timeouts: int = 0
    crc: int = 0
    short: int = 0
    garbage: int = 0
    late: int = 0
    wrong_unit: int = 0
    other_function: int = 0
    cancelled: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    last_reply_s: float | None = None
    reply_time_s: float | None = None
    reply_times: Latencies = field(default_factory=Latencies)

    @property
    def faults(self) -> dict[str, int]:
        """What went wrong, by class; an exception reply as `exception 2`. Only what happened at all."""
        counted = {name: getattr(self, name) for name in FAULTS}
        refused = {f"exception {code}": count for code, count in sorted(self.refused.items())}
        return {name: count for name, count in (counted | refused).items() if count}

    def refuse(self, code: int) -> None:
        """Count one exception reply by its code."""
        self.refused[code] = self.refused.get(code, 0) + 1


@dataclass(slots=True)
class LineCounters:
    """One line's medium: how long it was in use, how often opened again, bytes that answered nothing."""

    busy_s: float = 0.0
    reopened: int = 0
    dropped_bytes: int = 0
    echoes: int = 0
    units: dict[int, UnitCounters] = field(default_factory=dict)

    def unit(self, address: int) -> UnitCounters:
        """The counters of the unit at this address, made when first asked for."""
        if address not in self.units:
            self.units[address] = UnitCounters()
        return self.units[address]
