"""The gateway under cProfile: SIGUSR1 begins, SIGUSR2 ends and writes the result.

    python profiled.py RESULT run --config FILE …

The profiler's clock is the CPU time of the event loop's thread: on a line that sleeps most of the time a sampler
from outside counts waiting for a processor, and being pushed off it by a real-time instrument, as work.
"""

import cProfile
import signal
import sys
import time

from agent.cli.main import main


def under_profile(result: str, args: list[str]) -> int:
    """Run the gateway's own command line."""
    profiler = cProfile.Profile(time.thread_time_ns, 1e-9)

    def finish() -> None:
        profiler.disable()
        profiler.dump_stats(result)

    signal.signal(signal.SIGUSR1, lambda *_: profiler.enable())
    signal.signal(signal.SIGUSR2, lambda *_: finish())
    return main(args)


if __name__ == "__main__":
    sys.exit(under_profile(sys.argv[1], sys.argv[2:]))
