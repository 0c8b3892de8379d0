"""When each unit of a line was asked, as the field sees it."""

import asyncio
from collections.abc import Mapping
from itertools import pairwise
from typing import cast

from simulators.bus import BusUnit
from simulators.field import ModbusField


class Witness:
    """Stands in for one unit on its bus and notes when it is asked."""

    def __init__(self, unit: BusUnit) -> None:
        self.address = unit.address
        self.asked_s: list[float] = []
        self._unit = unit

    @property
    def turnaround_s(self) -> float:
        """As the unit's."""
        return self._unit.turnaround_s

    @property
    def late_s(self) -> float:
        """As the unit's."""
        return self._unit.late_s

    @property
    def plugged(self) -> bool:
        """As the unit's."""
        return self._unit.plugged

    def answer(self, pdu: bytes) -> bytes | None:
        """What the unit says."""
        self.asked_s.append(asyncio.get_running_loop().time())
        return self._unit.answer(pdu)

    def gaps_s(self, since_s: float) -> list[float]:
        """How long it went unasked, each time, from then on."""
        times = [at_s for at_s in self.asked_s if at_s >= since_s]
        return [after - before for before, after in pairwise(times)]


def watched(line: ModbusField) -> Mapping[str, Witness]:
    """Watch every unit of this line; by unit."""
    found = {name: Witness(unit) for name, unit in line.units.items()}
    line.far.units = cast("dict[int, BusUnit]", {witness.address: witness for witness in found.values()})
    return found
