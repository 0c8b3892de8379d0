"""How late asyncio's timers are on each selector: python bench/decisions/timers.py (about three seconds)."""

import asyncio
import selectors
import time

SLEEPS = 300
SHORTEST_S = 0.00175  # t3.5 above 19200 baud


async def lateness_us() -> list[float]:
    """Microseconds by which sleeps of 1.75 to 3.35 ms came late, sorted."""
    late = []
    for n in range(SLEEPS):
        wanted_s = SHORTEST_S + 0.0001 * (n % 17)
        started_s = time.perf_counter()
        await asyncio.sleep(wanted_s)
        late.append((time.perf_counter() - started_s - wanted_s) * 1e6)
    return sorted(late)


def main() -> None:
    """A row a selector."""
    print("| selector | median µs late | p90 | CPU µs per sleep |\n|---|---|---|---|")
    for selector in (selectors.EpollSelector, selectors.PollSelector, selectors.SelectSelector):
        with asyncio.Runner(loop_factory=lambda made=selector: asyncio.SelectorEventLoop(made())) as runner:
            cpu_s = time.process_time()
            late = runner.run(lateness_us())
            cpu_us = (time.process_time() - cpu_s) / SLEEPS * 1e6
        print(f"| {selector.__name__} | {late[SLEEPS // 2]:.0f} | {late[SLEEPS * 9 // 10]:.0f} | {cpu_us:.0f} |")


if __name__ == "__main__":
    main()
