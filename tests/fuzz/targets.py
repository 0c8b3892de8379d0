"""Everything that reads bytes from outside, by name."""

from collections.abc import Mapping

from tests.fuzz import cameras, files, messages, modbus, panels, stored
from tests.fuzz.target import Target

ROOMS = (modbus, panels, cameras, messages, files, stored)
TARGETS: Mapping[str, Target] = {target.name: target for room in ROOMS for target in room.TARGETS}
