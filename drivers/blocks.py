"""Which reads serve a profile's points best, as arithmetic."""

import math
from collections.abc import Collection
from dataclasses import dataclass

from drivers.modbus.pdu import Table
from drivers.modbus.rtu import t35_s
from drivers.profile import FUNCTION, DeviceProfile, Point

REQUEST_CHARACTERS = 8  # unit, function, address, count, CRC
REPLY_OVERHEAD = 5  # unit, function, byte count, CRC


@dataclass(frozen=True, slots=True)
class Block:
    """One read request: neighbours of one table. `alarm`: it carries at least one alarm point."""

    table: Table
    address: int
    count: int
    points: tuple[str, ...]
    alarm: bool = False


def block_time_s(block: Block, character_s: float, turnaround_s: float) -> float:
    """How long one exchange of this block holds the line: request, turnaround, reply, two silences."""
    return exchange_s(block.table, block.count, character_s, turnaround_s)


def exchange_s(table: Table, count: int, character_s: float, turnaround_s: float) -> float:
    """Time of one read on the wire, t3.5 before and after included."""
    return request_time_s(character_s) + turnaround_s + _reply_s(table, count, character_s)


def request_time_s(character_s: float) -> float:
    """Time of a read request on the wire and of the two silences that its exchange takes."""
    return REQUEST_CHARACTERS * character_s + 2 * t35_s(character_s)


def reply_time_s(block: Block, character_s: float) -> float:
    """Time of the block's reply on the wire."""
    return _reply_s(block.table, block.count, character_s)


def _reply_s(table: Table, count: int, character_s: float) -> float:
    payload = (count + 7) // 8 if table in ("coil", "discrete") else 2 * count
    return (REPLY_OVERHEAD + payload) * character_s


def plan_blocks(
    profile: DeviceProfile, wanted: Collection[str], *, max_block_s: float, character_s: float
) -> tuple[Block, ...]:
    """The fewest reads for the wanted points, none above the profile's limits or `max_block_s`.

    Alarm points are kept apart from the others, so that the fast reads stay short; a heartbeat is read as often as
    they are, and a value's flag with it. What the device wants asked as one exact block is asked so, at any cost.
    """
    beat = profile.heartbeat.point if profile.heartbeat is not None and wanted else None
    shake = profile.handshake
    flag = shake.flag if shake is not None and shake.value in wanted else None
    names = {*wanted, beat, flag}
    points = [point for point in profile.readable_points if point.name in names]
    planned, free = _exact(profile, points)
    for alarm in (True, False):
        for table in FUNCTION:
            group = [p for p in free if p.table == table and (p.alarm or p.name == beat) == alarm]
            group.sort(key=lambda point: point.address)
            planned += _merge(profile, table, group, alarm, max_block_s, character_s)
    return tuple(planned)


def _exact(profile: DeviceProfile, points: list[Point]) -> tuple[list[Block], list[Point]]:
    """The exact blocks that the points need, and the points that need none."""
    blocks, free = [], points
    for exact in profile.exact_blocks:
        held = [point for point in free if exact.holds(point)]
        free = [point for point in free if point not in held]
        if held:
            names = tuple(point.name for point in held)
            blocks.append(Block(exact.table, exact.address, exact.count, names, any(p.alarm for p in held)))
    return blocks, free


def halves(profile: DeviceProfile, block: Block) -> tuple[Block, ...]:
    """The two halves of a block that a device refuses as a whole; the block itself where it cannot be parted."""
    whole = (block.table, block.address, block.count)
    if whole in [(exact.table, exact.address, exact.count) for exact in profile.exact_blocks]:
        return (block,)
    points = sorted((profile.point(name) for name in block.points), key=lambda point: point.address)
    middle = points[len(points) // 2].address
    low = [point for point in points if point.address < middle]
    high = [point for point in points if point.address >= middle]
    return tuple(_spanning(block, half) for half in (low, high) if half)


def _spanning(block: Block, points: list[Point]) -> Block:
    first = points[0].address
    end = max(point.address + point.width for point in points)
    return Block(block.table, first, end - first, tuple(point.name for point in points), block.alarm)


def most_at_once(profile: DeviceProfile, table: Table, max_block_s: float, character_s: float) -> int:
    """The longest read of this table that fits the device's limit and the time; one at least."""
    of_bits = table in ("coil", "discrete")
    limit = profile.limits.max_bits if of_bits else profile.limits.max_registers
    if not character_s:
        return limit
    spare_s = max_block_s - exchange_s(table, 0, character_s, profile.turnaround_s)
    characters = max(0, math.floor(spare_s / character_s))
    return min(limit, max(1, 8 * characters if of_bits else characters // 2))


def _merge(
    profile: DeviceProfile,
    table: Table,
    points: list[Point],
    alarm: bool,
    max_block_s: float,
    character_s: float,
) -> list[Block]:
    most = most_at_once(profile, table, max_block_s, character_s)
    bridge = _bridge(profile, table, character_s)
    blocks: list[Block] = []
    for point in points:
        last = blocks[-1] if blocks else None
        end = point.address + point.width
        if last is not None and point.address <= last.address + last.count + bridge and end - last.address <= most:
            count = max(last.count, end - last.address)
            blocks[-1] = Block(table, last.address, count, (*last.points, point.name), alarm)
        else:
            blocks.append(Block(table, point.address, point.width, (point.name,), alarm))
    return blocks


def _bridge(profile: DeviceProfile, table: Table, character_s: float) -> int:
    """How many unused bits or registers are read along rather than asking once more."""
    if not profile.holes:
        return 0
    if not character_s:
        return 0x10000
    characters = math.floor(exchange_s(table, 0, character_s, profile.turnaround_s) / character_s)
    return 8 * characters if table in ("coil", "discrete") else characters // 2
