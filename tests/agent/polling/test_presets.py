"""What makes a module fall back by itself is set, read back and looked after, and never believed unread."""

import asyncio

from agent.polling.outputs import Want
from agent.polling.presets import AGAIN_S, RETRY_S
from tests.agent.polling.bench import PROFILES, Bench, on_a_bench
from tests.agent.polling.test_switches import polled

POWER_ON = ("power_on1", "power_on2", "power_on3", "power_on4")
SETTLED_S = 6.0


def unsafe(bench: Bench, profile: str = "ebyte_me31") -> None:
    """As it may come: all outputs on after power."""
    unit = bench.units["u3"]
    assert unit.profile is PROFILES[profile]
    for name in POWER_ON:
        unit.set(name, True)


def settings(bench: Bench) -> list[object]:
    return [bench.units["u3"].get(name) for name in POWER_ON]


def made(profile: str) -> dict[str, object]:
    return {"units": 3, "relays": 1, "relay_profile": PROFILES[profile], "safe_state": True}


def test_what_can_be_written_is_written_once_and_read_back() -> None:
    async def story(bench: Bench) -> None:
        unsafe(bench)
        async with polled(bench) as changes:
            await asyncio.sleep(SETTLED_S)
            assert settings(bench) == [False] * 4
            assert bench.poller.presets.faults == {}
            await asyncio.sleep(60.0)
            assert len(changes) == 4

    on_a_bench(story, **made("ebyte_me31"))


def test_a_module_that_confirms_and_does_not_keep_it_is_no_safe_one() -> None:
    async def story(bench: Bench) -> None:
        unsafe(bench)
        unit = bench.units["u3"]
        unit.on_write = lambda point, value: unit.set(point, True)
        polling = asyncio.create_task(bench.poller.run())
        await asyncio.sleep(SETTLED_S)
        assert "power_on1 reads True, want False" in bench.poller.presets.faults["u3"]
        unit.on_write = None
        await asyncio.sleep(RETRY_S + SETTLED_S)
        assert bench.poller.presets.faults == {}
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)

    on_a_bench(story, **made("ebyte_me31"))


def test_it_is_looked_at_again_when_the_unit_returns_and_now_and_then() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench):
            await asyncio.sleep(SETTLED_S)
            bench.units["u3"].plugged = False
            await asyncio.sleep(5.0)
            assert bench.heard.lost
            unsafe(bench)
            bench.units["u3"].plugged = True
            await asyncio.sleep(12.0 + SETTLED_S)
            assert settings(bench) == [False] * 4
            unsafe(bench)
            await asyncio.sleep(AGAIN_S + SETTLED_S)
            assert settings(bench) == [False] * 4

    on_a_bench(story, **made("ebyte_me31"))


def test_what_only_the_makers_program_can_set_is_told_until_somebody_has_set_it() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            await asyncio.sleep(SETTLED_S)
            assert bench.poller.presets.faults == {"u3": "safety_enabled reads False, want True"}
            assert changes == []
            bench.units["u3"].set("safety_enabled", True)
            await asyncio.sleep(RETRY_S + SETTLED_S)
            assert bench.poller.presets.faults == {}

    on_a_bench(story, **made("adam_40xx_60xx"))


def test_a_unit_that_was_not_asked_for_is_left_alone() -> None:
    async def story(bench: Bench) -> None:
        unsafe(bench)
        async with polled(bench):
            await asyncio.sleep(SETTLED_S)
            assert settings(bench) == [True] * 4

    on_a_bench(story, **made("ebyte_me31") | {"safe_state": False})


def test_what_a_fire_orders_goes_before_all_that_is_set() -> None:
    async def story(bench: Bench) -> None:
        presets, order = bench.poller.presets, list[str]()
        step = presets.step

        async def noted(unit: str) -> None:
            order.append("preset")
            await step(unit)
            done.set()

        done = asyncio.Event()
        presets.step = noted  # type: ignore[method-assign]
        presets.due = lambda *_: "u3"  # type: ignore[method-assign]
        async with polled(bench):
            bench.units["u3"].on_write = lambda point, _: order.append(point)
            done.clear()
            await done.wait()
            await asyncio.sleep(0.01)  # a poll is under way
            order.clear()
            bench.poller.want("u3", "do1", Want(True, urgent=True))
            await asyncio.sleep(1.0)
        assert order[0] == "do1"

    on_a_bench(story, **made("ebyte_me31"))
