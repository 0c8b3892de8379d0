"""sd_notify in plain sockets: what a service manager hears from us."""

import contextlib
import os
import socket


def notify_manager(message: str) -> None:
    """Send one state line to $NOTIFY_SOCKET; without one, or when nobody listens there, do nothing."""
    if not (path := os.environ.get("NOTIFY_SOCKET")):
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    # A name left over in the environment is no reason not to start; a manager that is there notices by itself.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, kind) as channel:
        channel.sendto(message.encode(), address)


def watchdog_interval_s(default_s: float = 10.0) -> float:
    """A third of what the manager allows (WATCHDOG_USEC)."""
    allowed = os.environ.get("WATCHDOG_USEC", "")
    return int(allowed) / 3e6 if allowed.isdigit() and int(allowed) else default_s
