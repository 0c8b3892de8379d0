"""Everything that reads bytes from outside, by name."""

from collections.abc import Mapping

from tests.fuzz import files, messages, modbus, panels, stored
from tests.fuzz.target import Target

TARGETS: Mapping[str, Target] = {
    target.name: target for room in (modbus, panels, messages, files, stored) for target in room.TARGETS
}
