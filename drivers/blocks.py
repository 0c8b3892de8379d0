"""Which reads serve a profile's points best, as arithmetic."""

from collections.abc import Collection
from dataclasses import dataclass

from drivers.modbus.pdu import Table
from drivers.profile import FUNCTION, DeviceProfile, Point

REQUEST_CHARACTERS = 8  # unit, function, address, count, CRC
REPLY_OVERHEAD = 5  # unit, function, byte count, CRC
SHORTEST_GAP_S = 0.00175  # t3.5 above 19200 baud (Modbus over serial line V1.02, 2.5.1.1)


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
    payload = (count + 7) // 8 if table in ("coil", "discrete") else 2 * count
    gap_s = max(3.5 * character_s, SHORTEST_GAP_S) if character_s else 0.0
    return (REQUEST_CHARACTERS + REPLY_OVERHEAD + payload) * character_s + turnaround_s + 2 * gap_s


def plan_blocks(
    profile: DeviceProfile, wanted: Collection[str], *, max_block_s: float, character_s: float
) -> tuple[Block, ...]:
    """The fewest reads for the wanted points, none above the profile's limits or `max_block_s`.

    Alarm points are kept apart from the others, so that the fast reads stay short.
    """
    points = [point for point in profile.readable_points if point.name in wanted]
    planned: list[Block] = []
    for alarm in (True, False):
        for table in FUNCTION:
            group = sorted((p for p in points if p.table == table and p.alarm == alarm), key=lambda p: p.address)
            planned += _merge(profile, table, group, alarm, max_block_s, character_s)
    return tuple(planned)


def halves(profile: DeviceProfile, block: Block) -> tuple[Block, ...]:
    """The two halves of a block that a device refuses as a whole; the block itself where it cannot be parted."""
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
    """The longest read of this table that fits the device's limit and the time."""
    limit = profile.limits.max_bits if table in ("coil", "discrete") else profile.limits.max_registers
    count = limit
    while count > 1 and exchange_s(table, count, character_s, profile.turnaround_s) > max_block_s:
        count = max(1, count * 3 // 4)
    return count


def _merge(
    profile: DeviceProfile,
    table: Table,
    points: list[Point],
    alarm: bool,
    max_block_s: float,
    character_s: float,
) -> list[Block]:
    most = most_at_once(profile, table, max_block_s, character_s)
    blocks: list[Block] = []
    for point in points:
        last = blocks[-1] if blocks else None
        end = point.address + point.width
        if last is not None and _joins(profile, last, point) and end - last.address <= most:
            count = max(last.count, end - last.address)
            blocks[-1] = Block(table, last.address, count, (*last.points, point.name), alarm)
        else:
            blocks.append(Block(table, point.address, point.width, (point.name,), alarm))
    return blocks


def _joins(profile: DeviceProfile, block: Block, point: Point) -> bool:
    return profile.holes or point.address <= block.address + block.count
