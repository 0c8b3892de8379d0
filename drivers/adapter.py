"""What the kernel tells of a serial adapter without opening it."""

import os
from pathlib import Path

SYSFS = Path("/sys/class/tty")


def held_back_s(port: str, sysfs: Path = SYSFS) -> float | None:
    """How long the port's adapter may hold received bytes back, in seconds; None where it does not say.

    FTDI chips collect bytes for `latency_timer` milliseconds, 16 by default (ftdi_sio), before they pass them on.
    """
    timer = sysfs / os.path.basename(os.path.realpath(port)) / "device" / "latency_timer"
    try:
        return int(timer.read_text()) / 1000
    except (OSError, ValueError):
        return None
