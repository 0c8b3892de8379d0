"""Every file in configs/profiles keeps these promises; a new device model is tested by being there."""

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.alarms.kinds import KINDS
from agent.config.load import load_site
from drivers.blocks import Block, block_time_s, plan_blocks
from drivers.decode import TEXTS, read_point, words_of
from drivers.modbus.device import ModbusDevice
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.order import pulse_order, write_order
from drivers.modbus.pdu import bits, check_reply, read_request, registers
from drivers.modbus.rtu import sound, wrap
from drivers.profile import DeviceProfile, Example, IdentityPoint, Point
from drivers.profiles import load_profile, profiles_dir
from drivers.reading import Quality, Reading, Value
from simulators.clock import run_virtual
from simulators.modbus_unit import ModbusUnit
from tests.drivers.twin import Site, Wire

FILES = sorted(profiles_dir().glob("*.yaml"))
PROFILES = [load_profile(path) for path in FILES]
MODBUS = [profile for profile in PROFILES if profile.protocol == "modbus"]
EXAMPLES = [
    pytest.param(profile, example, id=f"{profile.id}-{number}")
    for profile in MODBUS
    for number, example in enumerate(profile.examples)
]
BAUDS = (1200, 4800, 9600, 19200, 115200)
BUDGETS_S = (0.02, 0.125, 0.5, 10.0)

each = pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.id)
each_modbus = pytest.mark.parametrize("profile", MODBUS, ids=lambda profile: profile.id)
each_example = pytest.mark.parametrize(("profile", "example"), EXAMPLES)


def names(profile: DeviceProfile) -> list[str]:
    return [point.name for point in profile.readable_points]


def plan(profile: DeviceProfile, wanted: list[str], **limits: float) -> tuple[Block, ...]:
    return plan_blocks(profile, wanted, **({"max_block_s": 1e9, "character_s": 10 / 9600} | limits))


def typical(profile: DeviceProfile) -> list[Point]:
    """Of points that differ in number only, the first and the last."""
    shapes: dict[str, list[Point]] = {}
    for point in profile.points:
        shape = point.model_dump_json(exclude={"name", "title", "address", "pulse"})
        shapes.setdefault(shape, []).append(point)
    return [
        point
        for alike in shapes.values()
        for point in {alike[0].name: alike[0], alike[-1].name: alike[-1]}.values()
    ]


class Bench:
    """A device and its simulated unit on a Modbus TCP link in virtual time."""

    def __init__(self, profile: DeviceProfile) -> None:
        self.unit = ModbusUnit(profile, 1)
        self.orders: list[bytes] = []
        self.line = ModbusLine(Site(self._far).open, MbapFraming(), character_s=0.0, name="bench")
        self.device = ModbusDevice(self.line, profile, 1, timeout_s=1.0, guard_s=1.0)
        self.blocks = plan(profile, names(profile))

    def _far(self, wire: Wire, request: bytes) -> None:
        self.orders.append(request[7:])
        reply = self.unit.answer(request[7:])
        if reply is not None:
            header = request[:4] + (len(reply) + 1).to_bytes(2, "big") + request[6:7]
            wire.later(self.unit.turnaround_s, header + reply)

    async def readings(self) -> dict[str, Reading]:
        """Everything that the device says."""
        said = [reading for block in self.blocks for reading in await self.device.read(block)]
        return {reading.point: reading for reading in said}


def sayable(point: Point) -> Iterator[Value]:
    """Values that a point can have: each of its words, its bounds, and something in between."""
    if point.type == "event":
        yield from point.codes
    elif point.type in TEXTS:
        cards = "4F" * point.width * (1 if point.low_bytes else 2)
        yield {"hex": "4f6b", "card": cards, "ascii": "Ok"}[point.type]
    elif point.type == "bool" or point.values:
        yield from dict.fromkeys(point.values.values() if point.values else (True, False))
    else:
        low, high = point.plausible or (0, 200 * point.scale)
        for raw in (low, high, low + (high - low) / 3):
            words = words_of(point, raw)
            yield read_point(point, words)[0].value


# --- what a file says of itself ---------------------------------------------------------------------


def test_ids_and_names_are_unique() -> None:
    for key in (lambda p: p.id, lambda p: p.name.en, lambda p: p.name.zh):
        said = [key(profile) for profile in PROFILES]
        assert sorted(set(said)) == sorted(said)


@each
def test_it_says_where_it_comes_from_and_how_far_it_is_proven(profile: DeviceProfile) -> None:
    assert profile.verified in ("simulator", "bench", "site")
    assert all(source.strip() for source in profile.source)
    marked = [point.name for point in (*profile.points, *profile.identity) if point.mark == "recall"]
    assert profile.recall or not marked


@each
def test_its_names_are_said_in_both_languages(profile: DeviceProfile) -> None:
    for title in (profile.name, *(point.title for point in (*profile.points, *profile.identity))):
        assert title.en.isascii() or "°" in title.en
        assert title.en.strip()
        assert title.zh.strip()
        assert "{" not in title.en + title.zh
    assert not profile.name.zh.isascii()


@each
def test_its_roles_are_those_of_its_kind(profile: DeviceProfile) -> None:
    roles = {point.role: point for point in profile.points if point.role is not None}
    assert len(roles) == sum(point.role is not None for point in profile.points)
    if profile.kind == "di_do_module":
        assert not roles
        return
    kind = KINDS[profile.kind]
    assert set(roles) <= set(kind.roles)
    assert not kind.needs or any(set(group) - set(kind.settings) <= set(roles) for group in kind.needs)
    for role, point in roles.items():
        said = {type(value) for value in sayable(point)}
        wanted = {"bool": {bool}, "number": {int, float}, "word": {str}}[kind.roles[role].type]
        assert said <= wanted, role
        assert not kind.roles[role].output or point.writable


@each_modbus
def test_what_raises_an_alarm_is_read_as_an_alarm(profile: DeviceProfile) -> None:
    if profile.kind in ("di_do_module", "fire_panel"):
        assert any(point.alarm for point in profile.points)
        return
    kind = KINDS[profile.kind]
    urgent = {spec.role for spec in kind.conditions.values() if spec.priority <= 2}
    for point in profile.readable_points:
        assert point.alarm or point.role not in urgent, point.name


@each_modbus
def test_a_panels_events_are_the_conditions_of_a_panel(profile: DeviceProfile) -> None:
    for point in profile.points:
        said = {word for code in point.codes.values() for word in (*code.set, *code.clear)}
        assert said <= set(KINDS["fire_panel"].conditions)
        assert not point.codes or profile.kind == "fire_panel"


@each_modbus
def test_outputs_that_stay_are_safe_when_off_and_no_command_restarts_a_device(profile: DeviceProfile) -> None:
    for point in profile.points:
        if point.writable and point.table == "coil":
            assert point.momentary or point.safe is False
        assert "restart" not in point.title.en


GATEWAY = """
gateway: {{id: gw, site: "1", region: "430102", name: 门卫室}}
uplink: {{brokers: [{{host: broker}}]}}
lines:
  - id: line
    type: modbus_rtu
    port: /dev/none
    alarm_latency_budget_s: {budget_s}
    units: [{{id: it, profile: {profile}}}]
devices: [{{id: device, kind: {kind}, name: 设备, location: 门卫室, {what}}}]
"""


@each_modbus
def test_it_makes_a_device_as_it_ships(profile: DeviceProfile, tmp_path: Path) -> None:
    """A module as a panic button on its first input, anything else as the kind that it is."""
    kind, what = profile.kind, "unit: it"
    if profile.kind == "di_do_module":
        kind, what = "one_key_alarm", f"points: {{pressed: it.{profile.points[0].name}}}"
    budget_s = 2.0 if len(profile.points) < 100 else 60.0
    file = tmp_path / "gateway.yaml"
    file.write_text(GATEWAY.format(budget_s=budget_s, profile=profile.id, kind=kind, what=what), encoding="utf-8")
    (device,) = load_site(file).devices
    assert device.unit == "it" or device.points
    assert all("." not in point.name for point in profile.points) or profile.kind == "fire_panel"


# --- how it is read ---------------------------------------------------------------------------------


@each_modbus
@pytest.mark.parametrize(("baud", "budget_s"), list(itertools.product(BAUDS, BUDGETS_S)))
def test_its_blocks_keep_to_its_limits_and_to_the_budget(
    profile: DeviceProfile, baud: int, budget_s: float
) -> None:
    character_s = 10 / baud
    blocks = plan(profile, names(profile), max_block_s=budget_s, character_s=character_s)
    assert sorted(name for block in blocks for name in block.points) == sorted(names(profile))
    exact = {(block.table, block.address, block.count) for block in profile.exact_blocks}
    unit = silent(profile)
    for block in blocks:
        check_reply(request := request_of(block), unit.answer(request) or b"")
        widest = max(profile.point(name).width for name in block.points)
        if block.count > widest and (block.table, block.address, block.count) not in exact:
            assert block_time_s(block, character_s, profile.turnaround_s) <= budget_s + 1e-9


def silent(profile: DeviceProfile) -> ModbusUnit:
    """A unit whose heart stands still, so that it can be asked without a loop."""
    unit = ModbusUnit(profile, 1)
    unit.alive = False
    return unit


def request_of(block: Block) -> bytes:
    return read_request(block.table, block.address, block.count)


@each_modbus
def test_every_point_can_also_be_read_alone(profile: DeviceProfile) -> None:
    unit = silent(profile)
    for point in typical(profile):
        blocks = plan(profile, [point.name])
        assert (point.name in [name for block in blocks for name in block.points]) == point.readable
        for block in blocks:
            check_reply(request := request_of(block), unit.answer(request) or b"")


@each_modbus
def test_what_the_unit_says_is_what_is_read(profile: DeviceProfile) -> None:
    async def script() -> None:
        bench = Bench(profile)
        values = {point.name: list(sayable(point)) for point in profile.readable_points}
        for turn in range(max(len(each) for each in values.values())):
            for point in profile.readable_points:
                value = values[point.name][turn % len(values[point.name])]
                bench.unit.set(point.name, value)
            said = await bench.readings()
            for point in profile.readable_points:
                assert_said(point, shown(bench.unit, point), said)

    run_virtual(script())


@each_modbus
def test_each_point_alone_says_what_was_set_and_moves_only_those_that_share_its_registers(
    profile: DeviceProfile,
) -> None:
    async def script() -> None:
        bench = Bench(profile)
        bench.unit.alive = False
        if (shake := profile.handshake) is not None:
            bench.unit.set(shake.flag, True)
        for point in filter(lambda p: p.readable, typical(profile)):
            for value in sayable(point):
                before = await bench.readings()
                bench.unit.set(point.name, value)
                after = await bench.readings()
                assert_said(point, value, after)
                moved = {name.partition("/")[0] for name in after if before.get(name) != after[name]}
                shared = {p.name for p in profile.points if (p.table, p.address) == (point.table, point.address)}
                assert moved <= shared | ({shake.value} if shake and point.name == shake.flag else set())

    run_virtual(script())


def shown(unit: ModbusUnit, point: Point) -> Value:
    """What a unit says; without its flag a value is the last one's, and that is none."""
    shake = unit.profile.handshake
    stale = shake is not None and point.name == shake.value and not unit.get(shake.flag)
    return "" if stale else unit.get(point.name)


def assert_said(point: Point, value: Value, said: dict[str, Reading]) -> None:
    if point.type != "event":
        reading = said[point.name]
        assert (reading.value, reading.quality) == (value, Quality.GOOD), point.name
        return
    assert isinstance(value, int)
    for condition in point.codes[value].set:
        assert said[f"{point.name}/{condition}"] == Reading(f"{point.name}/{condition}", True)
    for condition in point.codes[value].clear:
        assert said[f"{point.name}/{condition}"] == Reading(f"{point.name}/{condition}", False)


@each_modbus
def test_what_has_no_meaning_is_no_good_reading(profile: DeviceProfile) -> None:
    for point in typical(profile):
        for words in meaningless(point):
            bad = [reading for reading in read_point(point, words) if reading.quality is not Quality.GOOD]
            assert bad
            assert all(reading.cause for reading in bad)


def meaningless(point: Point) -> Iterator[list[int]]:
    """Registers that say nothing believable."""
    if point.invalid:
        yield words_of(point, None)
    if point.values and point.type == "f32":
        yield words_of(point.model_copy(update={"values": {}}), 0.5)
    if point.type == "f32":
        yield [0x7FC0, 0]
        yield [0x7F80, 0]
    elif point.values or point.codes:
        known = point.values or point.codes
        yield [next(raw for raw in range(0xFFFF, 0, -1) if raw not in known)]
    if point.plausible is not None and point.plausible[1] < 0x7FFF * point.scale:
        yield words_of(point, point.plausible[1] + max(1, abs(point.scale)))


@each_modbus
def test_it_can_be_told_what_its_writable_points_take(profile: DeviceProfile) -> None:
    async def script() -> None:
        bench = Bench(profile)
        for point in typical(profile):
            heard: list[tuple[str, Value]] = []
            bench.unit.on_write = lambda name, value, heard=heard: heard.append((name, value))
            if not point.writable:
                with pytest.raises(ValueError, match=point.name):
                    await bench.device.write(point.name, next(sayable(point)))
                assert not heard
                continue
            for value in (True,) if point.momentary else sayable(point):
                await bench.device.write(point.name, value)
                assert heard.pop() == (point.name, value)
                assert not heard
                assert point.momentary or bench.unit.get(point.name) == value

    run_virtual(script())


@each_modbus
def test_its_pulses_begin_and_end(profile: DeviceProfile) -> None:
    async def script() -> None:
        bench = Bench(profile)
        for point in typical(profile):
            if point.pulse is None:
                with pytest.raises(ValueError, match=point.name):
                    await bench.device.pulse(point.name, 0.5)
                continue
            await bench.device.pulse(point.name, 0.5)
            assert bench.unit.get(point.name) is True
            await asyncio.sleep(0.6)
            assert bench.unit.get(point.name) is False

    run_virtual(script())


@each_modbus
def test_it_can_be_recognised(profile: DeviceProfile) -> None:
    async def script() -> None:
        bench = Bench(profile)
        said = {reading.point: reading for reading in await bench.device.identify()}
        assert list(said) == [point.name for point in profile.identity]
        for point in profile.identity:
            assert said[point.name].quality is Quality.GOOD
            assert isinstance(point, IdentityPoint)
            assert point.expect is None or said[point.name].value == point.expect

    run_virtual(script())


# --- its examples -----------------------------------------------------------------------------------


def frames(example: Example) -> list[bytes]:
    return [bytes.fromhex(text) for text in (example.request, example.reply) if text]


@each_example
def test_an_examples_frames_are_sound(profile: DeviceProfile, example: Example) -> None:
    assert all(sound(frame) for frame in frames(example))
    assert example.read or example.write or example.pulse
    assert example.meaning


@each_example
def test_an_examples_request_is_the_one_that_is_made(profile: DeviceProfile, example: Example) -> None:
    frame = frames(example)[0]
    made = [write_order(profile, name, value) for name, value in example.write.items()]
    made += [pulse_order(profile, name, seconds) for name, seconds in example.pulse.items()]
    made += [request_of(block) for block in asked(profile, example)]
    assert frame in [wrap(frame[0], pdu) for pdu in made]


def asked(profile: DeviceProfile, example: Example) -> list[Block]:
    own = [Block(p.table, p.address, p.width, (p.name,)) for p in profile.identity if p.name in example.read]
    return own + list(plan(profile, list(example.read)) if example.read else ())


@each_example
def test_an_examples_reply_means_what_it_says(profile: DeviceProfile, example: Example) -> None:
    if not example.reply:
        assert not example.readings
        return
    request, reply = (frame[1:-2] for frame in frames(example))
    check_reply(request, reply)
    block = next(block for block in asked(profile, example) if request_of(block) == request)
    words = [*map(int, bits(reply, block.count))] if block.table in ("coil", "discrete") else registers(reply)
    said = {}
    for name in example.read:
        point = profile.point(name)
        for reading in read_point(point, words[point.address - block.address :]):
            said[reading.point] = reading.value if reading.quality is Quality.GOOD else None
    assert {name: said[name] for name in example.readings} == example.readings
    assert set(example.readings) >= {name for name in said if "/" not in name}
