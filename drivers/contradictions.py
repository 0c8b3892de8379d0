"""What cannot be true at once in a profile: every mistake that no single key shows."""

from collections.abc import Iterator

from drivers.decode import TEXTS, read_point, words_of
from drivers.profile import FUNCTION, WRITE_FUNCTIONS, DeviceProfile, ExactBlock, Point, Word
from drivers.tells import TELLS

Loc = tuple[int | str, ...]
Mistake = tuple[Loc, str]
REGISTER_BITS = 16
WHERE = ("table", "address")
REGISTER_KEYS = {
    *WHERE, "step", "length", "low_bytes", "bit", "word_order", "scale", "offset", "values", "tolerance",
    "invalid", "plausible", "codes", "momentary", "safe", "pulse",
}  # fmt: skip


def contradictions(profile: DeviceProfile) -> Iterator[Mistake]:
    """Each mistake with the place of what is wrong; points are counted after expansion."""
    for n, one in enumerate(profile.identity):
        if one.range is not None:
            yield ("identity", n, "range"), "only points are many"
    if profile.turnaround_most_s < profile.turnaround_s:
        yield ("turnaround_s",), f"more than turnaround_most_s, which is {profile.turnaround_most_s:g}"
    if (profile.protocol == "ip_camera") != (profile.probes is not None):
        yield ("probes",), "for protocol ip_camera, the ports at which it is asked"
    first, last = profile.port.addresses
    if not 0 <= first <= profile.port.address <= last <= 255:
        yield ("port",), f"want 0 <= first of `addresses` <= address <= last <= 255, not {first}, {last}"
    yield from _names(profile)
    yield from _of_modbus(profile) if profile.protocol == "modbus" else _of_another(profile)


def _of_modbus(profile: DeviceProfile) -> Iterator[Mistake]:
    for loc, point in _located(profile):
        yield from (((*loc, key), text) for key, text in _of_point(profile, point))
    yield from _shared(profile)
    yield from _heartbeat(profile)
    yield from _handshake(profile)
    yield from _safe_state(profile)
    yield from _exact_blocks(profile)
    yield from _examples(profile)


def _of_another(profile: DeviceProfile) -> Iterator[Mistake]:
    """A protocol with words of its own: its points are some of what it tells."""
    tells = TELLS.get(profile.protocol, {})
    if (profile.points and not tells) or profile.identity or profile.exact_blocks or profile.handshake:
        yield ("points",), f"a profile that speaks {profile.protocol} has no registers"
        return
    for n, point in enumerate(profile.points):
        if point.name not in tells:
            yield ("points", n, "name"), f"{profile.protocol} tells nothing called {point.name!r}"
        elif point.type != tells[point.name]:
            yield ("points", n, "type"), f"{point.name} is of type {tells[point.name]}"
        for key in sorted(point.model_fields_set & REGISTER_KEYS):
            yield ("points", n, key), f"{profile.protocol} has no registers"


def _located(profile: DeviceProfile) -> Iterator[tuple[Loc, Point]]:
    yield from ((("points", n), point) for n, point in enumerate(profile.points))
    yield from ((("identity", n), point) for n, point in enumerate(profile.identity))


def _names(profile: DeviceProfile) -> Iterator[Mistake]:
    seen: set[str] = set()
    for loc, point in _located(profile):
        if point.name in seen:
            yield (*loc, "name"), f"{point.name}: there is such a point already"
        seen.add(point.name)


# --- one point --------------------------------------------------------------------------------------


def _of_point(profile: DeviceProfile, point: Point) -> Iterator[tuple[str, str]]:
    yield from _shape(point)
    yield from _meaning(point)
    yield from _served(profile, point)
    if point.writable:
        yield from _told(point)


def _shape(point: Point) -> Iterator[tuple[str, str]]:
    for key in WHERE:
        if key not in point.model_fields_set:
            yield key, "needed: where the value is"
    if point.address + point.width > 0x10000:
        yield "address", "ends after 65535"
    if (point.type == "bool") != (point.of_bits or point.bit is not None):
        yield "type", "coils, discrete inputs and single bits are bool, whole registers are not"
    if point.bit is not None and (point.of_bits or point.bit >= REGISTER_BITS):
        yield "bit", "a bit of a register, 0 to 15"
    if (point.type in TEXTS) != (point.length is not None):
        yield "length", "for ascii, hex and card, how many registers they fill"
    if point.low_bytes and point.type not in ("hex", "card"):
        yield "low_bytes", "for hex and card"


def _meaning(point: Point) -> Iterator[tuple[str, str]]:
    if (point.type == "event") != bool(point.codes):
        yield "codes", "for type event, what each code sets and clears"
    if point.values and point.type in ("bool", "event", *TEXTS):
        yield "values", f"a {point.type} needs none"
    if point.tolerance and not (point.values and point.type == "f32"):
        yield "tolerance", "only for the values of an f32"
    if point.values and (point.scale != 1.0 or point.offset or point.plausible):
        yield "values", "a number has either a meaning, or a scale and a plausible range"
    if point.scale == 0:
        yield "scale", "0 would make everything 0"
    if point.plausible is not None and point.plausible[0] >= point.plausible[1]:
        yield "plausible", "first the lowest, then the highest"


def _served(profile: DeviceProfile, point: Point) -> Iterator[tuple[str, str]]:
    served, most = profile.limits.functions, profile.limits.max_registers
    if point.readable and FUNCTION[point.table] not in served:
        yield "table", f"function {FUNCTION[point.table]} is not among those served ({_listed(served)})"
    if not point.of_bits and point.width > most:
        yield "length", f"{point.width} registers, but one read gives {most} at most"
    if point.writable and not set(WRITE_FUNCTIONS.get(point.table, ())) & set(served):
        yield "access", f"no function that writes a {point.table} is among those served ({_listed(served)})"
    if point.pulse is not None and 5 not in served:
        yield "pulse", "a pulse is ordered with function 5, which is not served"


def _told(point: Point) -> Iterator[tuple[str, str]]:
    if point.bit is not None:
        yield "access", "a single bit of a register cannot be written without its neighbours"
    standing = point.table == "coil" and not point.momentary
    if standing and point.safe is None:
        yield "safe", "an output that stays says in which state it may be left alone"
    if point.momentary and (point.table != "coil" or point.safe is not None):
        yield "momentary", "for coils that are commands; they are never left in a state"
    if point.pulse is not None and (point.table != "coil" or point.safe is not False):
        yield "pulse", "for coils whose safe state is off"


# --- points with each other -------------------------------------------------------------------------


def _shared(profile: DeviceProfile) -> Iterator[Mistake]:
    """Several points may look at the same registers, or at bits of one, but not at parts of each other."""
    spans: dict[tuple[str, int], range] = {}
    for loc, point in _located(profile):
        span = range(point.address, point.address + point.width)
        others = [other for at in span if (other := spans.get((point.table, at))) is not None]
        if any(point.of_bits or other != span for other in others):
            yield (*loc, "address"), f"{point.name}: {point.table} {point.address} is another point's already"
        spans.update(dict.fromkeys(((point.table, at) for at in span), span))
    for loc, point in _located(profile):
        if point.pulse is not None and ("coil", point.pulse.coil) in spans:
            yield (*loc, "pulse"), f"{point.name}: coil {point.pulse.coil} is a point of its own"


def _heartbeat(profile: DeviceProfile) -> Iterator[Mistake]:
    if profile.heartbeat is None:
        return
    named = [point for point in profile.readable_points if point.name == profile.heartbeat.point]
    if not named:
        yield ("heartbeat", "point"), f"no point {profile.heartbeat.point!r} that can be read"


def _safe_state(profile: DeviceProfile) -> Iterator[Mistake]:
    if (safe := profile.safe_state) is None:
        return
    points = {point.name: point for point in profile.readable_points}
    for name, value in safe.holds.items():
        if (point := points.get(name)) is None:
            yield ("safe_state", "holds", name), f"no point {name!r} that can be read"
        elif not _says(point, value):
            yield ("safe_state", "holds", name), f"{name} never says {value!r}"
    if safe.tripped and safe.tripped not in points:
        yield ("safe_state", "tripped"), f"no point {safe.tripped!r} that can be read"


def _says(point: Point, value: Word) -> bool:
    """It can be told, and read back so."""
    try:
        return read_point(point, words_of(point, value))[0].value == value
    except ValueError:
        return False


def _handshake(profile: DeviceProfile) -> Iterator[Mistake]:
    if profile.handshake is None:
        return
    points = {point.name: point for point in profile.points}
    wanted = {"flag": "a yes or no that can be read", "value": "a card, hex or ascii", "clear": "a writable coil"}
    for key, want in wanted.items():
        point = points.get(getattr(profile.handshake, key))
        if point is None or not _shakes(key, point):
            yield ("handshake", key), f"want {want}"
    both = [point for name in (profile.handshake.flag, profile.handshake.value) if (point := points.get(name))]
    if not any(all(_within(point, block) for point in both) for block in profile.exact_blocks):
        yield ("handshake", "flag"), "in one exact block with the value, so that they belong together"


def _shakes(key: str, point: Point) -> bool:
    if key == "clear":
        return point.writable and point.readable and point.table == "coil"
    if key == "value":
        return point.readable and point.type in TEXTS
    flags = {type(word) for word in point.values.values()} == {bool}
    return point.readable and (point.type == "bool" or flags)


def _exact_blocks(profile: DeviceProfile) -> Iterator[Mistake]:
    for n, block in enumerate(profile.exact_blocks):
        most = profile.limits.max_bits if block.table in ("coil", "discrete") else profile.limits.max_registers
        if block.count > most:
            yield ("exact_blocks", n, "count"), f"one read gives {most} at most"
        if FUNCTION[block.table] not in profile.limits.functions:
            yield ("exact_blocks", n, "table"), f"function {FUNCTION[block.table]} is not served"
        for loc, point in _located(profile):
            if block.holds(point) and not _within(point, block):
                yield (*loc, "address"), f"{point.name}: only a part of it is in an exact block"


def _within(point: Point, block: ExactBlock) -> bool:
    if point.table != block.table:
        return False
    return point.address >= block.address and point.address + point.width <= block.address + block.count


def _examples(profile: DeviceProfile) -> Iterator[Mistake]:
    known = {point.name for _, point in _located(profile)}
    for n, example in enumerate(profile.examples):
        for name in (*example.read, *example.write, *example.pulse):
            if name not in known:
                yield ("examples", n), f"no point {name!r}"


def _listed(functions: tuple[int, ...]) -> str:
    return ", ".join(str(function) for function in functions)
