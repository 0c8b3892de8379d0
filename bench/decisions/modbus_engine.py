"""Which Modbus client may be believed? pymodbus's own against our line, fault by fault; prints the tables of
docs/decisions/0001-modbus-engine.md. About 20 s: python -m bench.decisions.modbus_engine
"""

import asyncio
import contextlib
import itertools
import logging
import selectors
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine

from bench.decisions.faulty_unit import GOOD, FaultyUnit, Medium, Reply, Script, honest
from bench.decisions.modbus_clients import SUBJECTS, Client, Line, Raw, Refusal, Tally

ROUNDS = 5
EXCHANGES = 300

Story = Callable[[Client, Tally], Awaitable[None]]


def first(*replies: Reply) -> Script:
    """The first request is answered so, all others well."""
    return lambda number, _unit: replies if number == 1 else GOOD


async def two_alike(client: Client, tally: Tally) -> None:
    await tally.read(client, 0)
    await tally.read(client, 100)


async def other_count(client: Client, tally: Tally) -> None:
    await tally.read(client, 0)
    await tally.read(client, 100, 2)


async def cancelled(client: Client, tally: Tally) -> None:
    with contextlib.suppress(TimeoutError, Refusal):
        await asyncio.wait_for(client.read(0), 0.05)
    await tally.read(client, 100)


async def four(client: Client, tally: Tally) -> None:
    await tally.read(client, 0, 4)
    await tally.read(client, 100)


async def broken_then_others(client: Client, tally: Tally) -> None:
    await tally.read(client, 0)
    await tally.read(client, 0, unit=2)
    await tally.read(client, 0)


SLOW_SECOND = Reply(0.2)
CASES: tuple[tuple[str, Script, Story], ...] = (
    (
        "reply 0.1 s too late, then the same request for another register",
        lambda n, _: (Reply(0.4),) if n == 1 else (SLOW_SECOND,),
        two_alike,
    ),
    (
        "reply 0.1 s too late, then a request for two registers",
        lambda n, _: (Reply(0.4),) if n == 1 else (SLOW_SECOND,),
        other_count,
    ),
    ("cancelled, then another register", lambda n, _: (Reply(0.1),) if n == 1 else (SLOW_SECOND,), cancelled),
    ("2 registers answered where 4 were asked", first(Reply(count=2)), four),
    ("function 4 answered where 3 was asked", first(Reply(function=4)), two_alike),
    ("another unit answers", first(Reply(unit=2)), two_alike),
    ("the reply comes twice", first(Reply(), Reply(0.0051)), two_alike),
)


async def play(medium: Medium, kind: type[Raw] | type[Line], script: Script, story: Story) -> Tally:
    """One story with one client."""
    far = FaultyUnit(medium, script)
    await far.open()
    client = kind(far)
    await client.open()
    tally = Tally()
    await story(client, tally)
    await client.close()
    far.close()
    return tally


async def faults() -> None:
    """The table of faults: what came back."""
    for medium in ("serial", "tcp"):
        print(f"\n| {medium}: fault | {SUBJECTS[0].name} | {SUBJECTS[1].name} |\n|---|---|---|")
        wrong = dict.fromkeys(SUBJECTS, 0)
        for name, script, story in CASES:
            cells = []
            for kind in SUBJECTS:
                tally = await play(medium, kind, script, story)
                wrong[kind] += bool(tally.wrong)
                cells.append(str(tally))
            print(f"| {name} | {' | '.join(cells)} |")
        print("| **wrong values accepted** | " + " | ".join(f"**{wrong[kind]}**" for kind in SUBJECTS) + " |")


async def bad_checksum() -> list[str]:
    """What a broken reply costs until the error is told, until a neighbour has answered, until the unit has."""
    cells = []
    for kind in SUBJECTS:
        tally = await play("serial", kind, first(Reply(broken=True)), broken_then_others)
        told, neighbour, itself = itertools.accumulate(tally.took_ms)
        cells.append(f"{told:.0f}, {neighbour:.0f}, {itself:.0f} ms")
    return cells


async def resent() -> list[str]:
    """How often one write reaches a unit whose reply is lost; pymodbus with the retries that it has by default."""
    cells: list[str] = []
    for kind in SUBJECTS:
        far = FaultyUnit("serial", lambda _n, _u: ())
        await far.open()
        client: Client = Raw(far, retries=3) if kind is Raw else Line(far)
        await client.open()
        with contextlib.suppress(Refusal):
            await client.write(0, 1)
        cells.append(str(len(far.requests)))
        await client.close()
        far.close()
    return cells


async def neighbours() -> list[str]:
    """A TCP gateway with a dead unit, asked eight times: what its living neighbour's next eight reads come to."""
    cells: list[str] = []
    for kind in SUBJECTS:
        far = FaultyUnit("tcp", lambda _n, unit: () if unit == 9 else GOOD)
        await far.open()
        client = kind(far)
        await client.open()
        dead, living = Tally(), Tally()
        for _ in range(8):
            await dead.read(client, 0, unit=9)
        for _ in range(8):
            await living.read(client, 0)
        cells.append(f"{living}; {far.connections} connections")
        await client.close()
        far.close()
    return cells


async def speed(medium: Medium) -> dict[str, tuple[float, float]]:
    """Exchanges a second and CPU µs an exchange, 10 registers each; medians of runs taken in turn.

    The unit is a child process, so that only the client's CPU is counted.
    """
    taken: dict[str, list[tuple[float, float]]] = {kind.name: [] for kind in SUBJECTS}
    for _ in range(ROUNDS):
        for kind in SUBJECTS:
            child = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bench.decisions.modbus_engine", "unit", medium, stdin=-1, stdout=-1
            )
            assert child.stdin is not None
            assert child.stdout is not None
            place = (await child.stdout.readline()).decode().strip()
            far = FaultyUnit(medium, place=place, port=int(place) if medium == "tcp" else 0)
            client = kind(far)
            await client.open()
            await client.read(0, 10)
            wall_s, cpu_s = time.perf_counter(), time.process_time()
            for _ in range(EXCHANGES):
                await client.read(0, 10)
            wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
            taken[kind.name].append((EXCHANGES / wall_s, 1e6 * cpu_s / EXCHANGES))
            await client.close()
            child.stdin.close()
            await child.wait()
    return {
        name: (statistics.median(r[0] for r in runs), statistics.median(r[1] for r in runs))
        for name, runs in taken.items()
    }


async def unit(medium: Medium) -> None:
    """The child: an honest unit, as quick as it can be, until stdin ends."""
    far = FaultyUnit(medium, lambda n, u: tuple(Reply(0.0) for _ in honest(n, u)))
    await far.open()
    print(far.port or far.place, flush=True)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(0, ended.set)  # readable at its end only
    await ended.wait()
    far.close()


async def main() -> None:
    logging.disable(logging.CRITICAL)
    await faults()
    print(f"\n| more | {SUBJECTS[0].name} | {SUBJECTS[1].name} |\n|---|---|---|")
    print(f"| checksum wrong: error told, neighbour read, unit read after | {' | '.join(await bad_checksum())} |")
    print(f"| one write whose reply is lost, library defaults: sent | {' | '.join(await resent())} |")
    print(f"| TCP: after 8 reads of a dead unit, 8 of its neighbour | {' | '.join(await neighbours())} |")
    for medium in ("tcp", "serial"):
        for name, (rate, cpu_us) in (await speed(medium)).items():
            print(f"| {medium}, {name}: 10 registers | {rate:.0f} exchanges/s | {cpu_us:.0f} µs CPU each |")


def run(main: Coroutine[None, None, None]) -> None:
    """On the loop that the gateway uses (0007-timers.md)."""
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(main)


if __name__ == "__main__":
    run(unit("tcp" if sys.argv[2] == "tcp" else "serial") if sys.argv[1:2] == ["unit"] else main())
