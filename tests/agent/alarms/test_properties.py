"""What holds for judge whatever the points say, in whatever order, at whatever time."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.alarms.judge import judge
from agent.alarms.kinds import KINDS
from agent.alarms.memory import memory_from_json, memory_to_json
from agent.alarms.model import ConditionState, DeviceMemory, Judgement, Order, PointValue, State
from agent.alarms.operate import operate
from agent.errors import OrderRefused
from agent.site import Device, PointUse
from drivers.reading import Quality

HERE = "m" * 32  # a boot id
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SETTINGS = {
    "smoke_detector": {"alarm_level": 70.0, "prealarm_level": 30.0},
    "environment": {"temperature_high": 40.0, "temperature_low": -5.0, "humidity_high": 90.0},
    "camera": {"recording_days_least": 30.0},
    "door": {"guarded": True},
}
LEGAL = {
    "raised": {
        (State.NORMAL, State.UNACKNOWLEDGED),
        (State.RETURNED, State.UNACKNOWLEDGED),
        (State.LATCHED, State.UNACKNOWLEDGED),
        (State.LATCHED_UNACKNOWLEDGED, State.UNACKNOWLEDGED),
    },
    "cleared": {
        (State.UNACKNOWLEDGED, State.RETURNED),
        (State.ACKNOWLEDGED, State.NORMAL),
        (State.UNACKNOWLEDGED, State.LATCHED_UNACKNOWLEDGED),
        (State.ACKNOWLEDGED, State.LATCHED),
    },
    "acknowledged": {
        (State.UNACKNOWLEDGED, State.ACKNOWLEDGED),
        (State.RETURNED, State.NORMAL),
        (State.LATCHED_UNACKNOWLEDGED, State.LATCHED),
    },
    "reset": {
        (State.RETURNED, State.NORMAL),
        (State.LATCHED_UNACKNOWLEDGED, State.NORMAL),
        (State.LATCHED, State.NORMAL),
    },
}
HOLDS = {"shelved", "suppressed", "out_of_service", "unshelved", "released", "returned_to_service"}


def device_of(kind: str, use: PointUse) -> Device:
    """A device that uses every role of its kind."""
    if kind == "fire_panel":
        return Device("d", "fire_panel", "名", "处", unit="u")
    roles = KINDS[kind].roles  # type: ignore[index]
    return Device("d", kind, "名", "处", dict.fromkeys(roles, use), None, {}, SETTINGS.get(kind, {}))  # type: ignore[arg-type]


def values(kind: str) -> st.SearchStrategy[dict[str, PointValue]]:
    """Anything that points of this kind may be: good, bad, missing, of the wrong type."""
    quality = st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.GOOD, Quality.BAD, Quality.UNCERTAIN])
    words = ["open", "closed", "opening", "closing", "stopped", "obstructed", "strange"]
    value = st.one_of(st.booleans(), st.floats(-50, 120), st.sampled_from(words), st.none())
    point = st.builds(PointValue, value, quality, st.just(0.0), st.just("cause"))
    if kind == "fire_panel":
        conditions = ["fire", "fault", "prealarm", "*"]
        keys = st.sampled_from([f"{a}/{c}" for a in ("1", "2", "*") for c in conditions])
        return st.dictionaries(keys, st.builds(PointValue, st.booleans(), quality), max_size=4)
    roles = dict.fromkeys(KINDS[kind].roles, point)  # type: ignore[index]
    return st.fixed_dictionaries({}, optional=roles)  # type: ignore[arg-type]


def uses() -> st.SearchStrategy[PointUse]:
    delay = st.sampled_from([None, 0.0, 0.3, 20.0])
    return st.builds(
        PointUse,
        st.just("u"),
        st.just("x"),
        st.booleans(),
        st.sampled_from([None, 0.05]),
        delay,
        delay,
        st.sampled_from([None, 1.0]),
    )


def steps(kind: str) -> st.SearchStrategy[list[tuple[float, dict[str, PointValue], str | None, bool]]]:
    after = st.one_of(st.floats(0, 0.2), st.floats(0, 200))
    lost = st.sampled_from([None, None, None, "no answer"])
    return st.lists(st.tuples(after, values(kind), lost, st.booleans()), min_size=1, max_size=12)


def orders(kind: str) -> st.SearchStrategy[Order]:
    actions = ["acknowledge", "reset", "shelve", "unshelve", "suppress", "release", "out_of_service"]
    return st.builds(
        Order,
        st.sampled_from([*actions, "return_to_service"]),  # type: ignore[arg-type]
        st.sampled_from(sorted(KINDS[kind].conditions)),  # type: ignore[index]
        st.just("王老师"),
        st.sampled_from(["", "1"]),
        st.just("施工"),
        st.floats(1, 30_000),
    )


def state_in(memory: DeviceMemory, key: str) -> State:
    return memory.conditions.get(key, ConditionState()).state


def key(condition: str, address: str) -> str:
    return f"{address}/{condition}" if address else condition


def check(before: DeviceMemory, result: Judgement, kind: str, lost: str | None) -> None:
    """Every change is legal, and nothing changed that was not told."""
    known = KINDS[kind].conditions  # type: ignore[index]
    told = {key(c.condition, c.address): c for c in result.changes if c.change not in HOLDS}
    for k in set(before.conditions) | set(result.memory.conditions):
        was, now = state_in(before, k), state_in(result.memory, k)
        if k not in told:
            assert was == now, f"{k} went from {was} to {now} and nobody was told"
            continue
        change, spec = told[k].change, known[k.rpartition("/")[2]]
        assert (was, now) in LEGAL[change], f"{k}: {change} led from {was} to {now}"
        if spec.latching and change == "cleared":
            assert now in (State.LATCHED, State.LATCHED_UNACKNOWLEDGED)
        hold = result.memory.conditions.get(k, ConditionState()).hold
        assert told[k].hold == (hold.kind if hold else None)


@pytest.mark.parametrize("kind", KINDS)
def test_judge_is_pure_legal_and_never_busy(kind: str) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        device = device_of(kind, data.draw(uses()))
        memory, now_s, utc_s = DeviceMemory(), 1000.0, 1.8e9
        for after_s, points, lost, heard in data.draw(steps(kind)):
            now_s, utc_s = now_s + after_s, utc_s + after_s + data.draw(st.sampled_from([0.0, 0.0, 9e4, -9e4]))
            once = judge(device, memory, points, lost, now_s, utc_s=utc_s, heard=heard)
            again = judge(device, memory, points, lost, now_s, utc_s=utc_s, heard=heard)
            assert once == again
            settled = judge(device, once.memory, points, lost, now_s, utc_s=utc_s, heard=heard)
            assert [c for c in settled.changes if c.condition != "unstable"] == []
            assert once.due_s is None or once.due_s > now_s
            check(memory, once, kind, lost)
            memory = once.memory
            order = data.draw(st.none() | orders(kind))
            if order is not None:
                memory = ordered(device, memory, order, now_s, utc_s, kind)

    holds()


def ordered(
    device: Device, memory: DeviceMemory, order: Order, now_s: float, utc_s: float, kind: str
) -> DeviceMemory:
    until = Order(
        order.action, order.condition, order.person, order.address, order.reason, utc_s + (order.until_utc_s or 0)
    )
    try:
        result = operate(device, memory, until, now_s, utc_s)
    except OrderRefused:
        return memory
    check(memory, result, kind, None)
    return result.memory


@pytest.mark.parametrize("kind", KINDS)
def test_bad_and_missing_readings_move_nothing_but_bad_reading_and_lost(kind: str) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        device = device_of(kind, data.draw(uses()))
        memory, now_s = DeviceMemory(), 1000.0
        for after_s, points, _, _ in data.draw(steps(kind)):
            now_s += after_s
            memory = judge(device, memory, points, None, now_s).memory
        before = {k: c.state for k, c in memory.conditions.items()}
        for after_s, points, lost, heard in data.draw(steps(kind)):
            now_s += after_s
            bad = {role: PointValue(p.value, Quality.BAD, 0.0, "cut") for role, p in points.items()}
            memory = judge(device, memory, bad, lost, now_s, heard=heard).memory
        after = {k: state_in(memory, k) for k in set(before) | set(memory.conditions)}
        moved = {k for k in after if after[k] != before.get(k, State.NORMAL)}
        assert moved <= {"lost", "bad_reading", "unstable"}

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_a_latched_alarm_stays_whatever_is_read_until_somebody_resets_it(kind: str) -> None:
    latching = [name for name, spec in KINDS[kind].conditions.items() if spec.latching]  # type: ignore[index]

    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        device = device_of(kind, data.draw(uses()))
        memory, now_s = DeviceMemory({name: ConditionState(State.LATCHED) for name in latching}), 1000.0
        for after_s, points, lost, heard in data.draw(steps(kind)):
            now_s += after_s
            memory = judge(device, memory, points, lost, now_s, heard=heard).memory
            assert all(state_in(memory, name) is not State.NORMAL for name in latching)

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_memory_survives_the_way_through_json(kind: str) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        device = device_of(kind, data.draw(uses()))
        memory, now_s, utc_s = DeviceMemory(), 1000.0, 1.8e9
        for after_s, points, lost, heard in data.draw(steps(kind)):
            now_s += after_s
            memory = judge(device, memory, points, lost, now_s, utc_s=utc_s, heard=heard).memory
            memory = ordered(device, memory, data.draw(orders(kind)), now_s, utc_s, kind)
        text = memory_to_json(memory, HERE)
        back = memory_from_json(device, text, HERE)
        assert memory_to_json(back, HERE) == text
        for k, condition in memory.conditions.items():
            kept = back.conditions.get(k, ConditionState())
            assert kept.state == condition.state
            assert (kept.hold and kept.hold.until_utc_s) == (condition.hold and condition.hold.until_utc_s)

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_judging_at_every_due_time_comes_to_rest(kind: str) -> None:
    @QUICK
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        device = device_of(kind, data.draw(uses()))
        memory, now_s = DeviceMemory(), data.draw(st.floats(0, 1e7))
        for after_s, points, lost, _ in data.draw(steps(kind)):
            now_s += after_s
            result = judge(device, memory, points, lost, now_s)
            for _ in range(50):
                if result.due_s is None:
                    break
                now_s = result.due_s
                result = judge(device, result.memory, points, lost, now_s)
            assert result.due_s is None, "nothing changes any more, and still it wants to be asked"
            memory = result.memory

    holds()
