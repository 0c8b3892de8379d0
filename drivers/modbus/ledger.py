"""Keeps account of what a line hears: replies, faults, and frames that answer nothing."""

import logging

from drivers.counters import LineCounters
from drivers.errors import BadFrame, NoResponse, Refused
from drivers.modbus.framing import Asked, Fault, Stray
from drivers.modbus.pdu import check_reply

log = logging.getLogger(__name__)

LATE_LOG_S = 60.0

WHY: dict[Fault, str] = {
    "crc": "checksum wrong",
    "short": "the reply has another length than asked, or broke off",
    "garbage": "bytes that are no reply",
    "wrong_unit": "another unit answered",
    "other_function": "another function was answered than asked",
    "ambiguous": "two different replies at once",
    "echo": "the request did not come back; is `echo` set rightly?",
    "sync": "this is not Modbus TCP; the link is dropped",
}


class Ledger:
    """Counts for one line; every error that a fault becomes is made here, counted once."""

    def __init__(self, name: str) -> None:
        self.line = LineCounters()
        self._name = name
        self._quiet_until_s: dict[int, float] = {}

    def answered(self, asked: Asked, reply: bytes, now_s: float, sent_s: float) -> bytes:
        """Account for a fitting reply; raises what it says if it is an exception."""
        unit = self.line.unit(asked.unit)
        unit.last_reply_s, unit.reply_time_s = now_s, max(0.0, now_s - sent_s)
        unit.reply_times.add(unit.reply_time_s)
        try:
            check_reply(asked.pdu, reply)
        except Refused as error:
            unit.refuse(error.code)
            raise
        except NoResponse:
            unit.timeouts += 1
            raise
        unit.replies += 1
        return reply

    def bad(self, asked: Asked, fault: Fault) -> BadFrame:
        """The error for bytes that are no reply."""
        self._tally(asked.unit, fault)
        return self.misfit(asked, fault)

    def misfit(self, asked: Asked, fault: Fault) -> BadFrame:
        """The error when only strays came, which are counted already."""
        return BadFrame(f"{self._name}: unit {asked.unit}: {WHY[fault]}")

    def silent(self, asked: Asked) -> NoResponse:
        """The error when nothing came."""
        self.line.unit(asked.unit).timeouts += 1
        return NoResponse(f"{self._name}: unit {asked.unit} did not answer")

    def stray(self, stray: Stray, asked: Asked | None, guarded: bool, now_s: float) -> Fault | None:
        """Account for a stray; returns the fault that is the asked unit's own.

        It is a late reply where nothing is asked or its unit is `guarded`, our own echo, or a misfit.
        """
        self.line.dropped_bytes += len(stray.frame)
        if stray.fault == "echo":
            self.line.echoes += 1
            return None
        if asked is None or stray.fault is None or (guarded and stray.unit != asked.unit):
            self.late(stray.unit, stray.frame, now_s)
            return None
        self._tally(asked.unit, stray.fault)
        return stray.fault

    def late(self, unit: int, frame: bytes, now_s: float) -> None:
        """Account for a reply that nobody waits for any more; said at most once a minute for each unit."""
        counters = self.line.unit(unit)
        counters.late += 1
        if now_s >= self._quiet_until_s.get(unit, now_s):
            self._quiet_until_s[unit] = now_s + LATE_LOG_S
            log.warning("%s: unit %d answered late, dropped: %s", self._name, unit, frame.hex(" "))

    def _tally(self, address: int, fault: Fault) -> None:
        unit = self.line.unit(address)
        if fault == "crc":
            unit.crc += 1
        elif fault == "short":
            unit.short += 1
        elif fault == "wrong_unit":
            unit.wrong_unit += 1
        elif fault == "other_function":
            unit.other_function += 1
        else:
            unit.garbage += 1
