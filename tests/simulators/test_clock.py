"""Virtual time: seconds cost nothing, a seed is an order, and a run that cannot go on says so."""

import asyncio

import pytest

from simulators.clock import START_S, Stalled, run_virtual


async def order_of_waking(count: int) -> list[int]:
    woken: list[int] = []

    async def wake(number: int) -> None:
        await asyncio.sleep(0)
        woken.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(wake(number))
    return woken


def test_a_day_takes_no_time_and_all_of_it() -> None:
    async def main() -> float:
        await asyncio.sleep(86_400.0)
        return asyncio.get_running_loop().time()

    assert run_virtual(main()) == START_S + 86_400.0


def test_timers_fire_in_the_order_of_their_times() -> None:
    async def main() -> list[float]:
        fired: list[float] = []
        loop = asyncio.get_running_loop()
        for delay_s in (3.0, 1.0, 2.0):
            loop.call_later(delay_s, fired.append, delay_s)
        await asyncio.sleep(4.0)
        return fired

    assert run_virtual(main(), seed=9) == [1.0, 2.0, 3.0]


def test_a_seed_shuffles_what_is_ready_at_once_and_always_in_the_same_way() -> None:
    orders = {seed: tuple(run_virtual(order_of_waking(8), seed)) for seed in range(1, 9)}
    assert len(set(orders.values())) > 4
    assert orders == {seed: tuple(run_virtual(order_of_waking(8), seed)) for seed in range(1, 9)}


def test_seed_0_keeps_the_order_that_asyncio_promises() -> None:
    assert run_virtual(order_of_waking(8), seed=0) == list(range(8))


def test_a_set_of_tasks_is_cancelled_in_an_order_that_no_address_decides() -> None:
    async def main() -> list[int]:
        tasks = [asyncio.create_task(asyncio.sleep(1.0)) for _ in range(50)]
        numbers = [hash(task) for task in tasks]
        assert sorted(hash(task) for task in set(tasks)) == numbers
        return numbers

    assert run_virtual(main()) == run_virtual(main())


def test_when_nobody_will_ever_wake_the_run_ends() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(Stalled, match="everybody waits"):
        run_virtual(main())


def test_when_somebody_spins_the_run_ends() -> None:
    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(Stalled, match="spins"):
        run_virtual(main())


def test_what_fails_where_nobody_awaits_it_fails_the_run() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_soon(lambda: 1 // 0)
        await asyncio.sleep(1.0)

    with pytest.raises(ExceptionGroup) as caught:
        run_virtual(main())
    assert isinstance(caught.value.exceptions[0], ZeroDivisionError)
