"""sd_notify in plain sockets: what a service manager hears from us."""

import os
import socket


def notify_manager(message: str) -> None:
    """Send one state line to $NOTIFY_SOCKET; without one, do nothing."""
    if not (path := os.environ.get("NOTIFY_SOCKET")):
        return
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(message.encode(), address)


def watchdog_interval_s(default_s: float = 10.0) -> float:
    """A third of what the manager allows (WATCHDOG_USEC)."""
    allowed = os.environ.get("WATCHDOG_USEC", "")
    return int(allowed) / 3e6 if allowed.isdigit() and int(allowed) else default_s
