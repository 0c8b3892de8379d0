"""A bad link between two hosts of our own: packets of two TUN devices, carried with delay and loss, or not at all.

The hosts are network namespaces, so both ends are the kernel's real TCP, which retransmits and backs off as on a
mobile network. `tc netem` would do the same, but many kernels come without it.
"""

import asyncio
import ctypes
import fcntl
import os
import random
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

NAMESPACES = Path("/run/netns")
CLONE_NEWNET = 0x40000000
TUNSETIFF = 0x400454CA
IFF_TUN, IFF_NO_PI = 0x0001, 0x1000  # bare IP packets
LARGEST = 65_536
APART_S = 1e-6  # packets keep their order, as on a wire


@dataclass(slots=True)
class Relay:
    """Carries packets between two TUN descriptors; every knob may be turned while they flow.

    `loss` is the share of packets that vanish, each way; a packet takes `delay_s` and up to `jitter_s` more;
    `cut` lets nothing pass, and nobody is told: what is half open stays so.
    """

    near: int
    far: int
    dice: random.Random
    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss: float = 0.0
    cut: bool = False
    carried: int = 0
    lost: int = 0
    _arrives_s: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        """Carry from now on."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self.near, self._carry, self.near, self.far)
        loop.add_reader(self.far, self._carry, self.far, self.near)

    def close(self) -> None:
        """Stop, and give the devices up."""
        loop = asyncio.get_running_loop()
        for descriptor in (self.near, self.far):
            loop.remove_reader(descriptor)
            os.close(descriptor)
        self.near = self.far = -1

    def _carry(self, source: int, target: int) -> None:
        packet = os.read(source, LARGEST)
        if self.cut or self.dice.random() < self.loss:
            self.lost += 1
            return
        loop = asyncio.get_running_loop()
        wanted_s = loop.time() + self.delay_s + self.jitter_s * self.dice.random()
        at_s = self._arrives_s[target] = max(wanted_s, self._arrives_s.get(target, 0.0) + APART_S)
        loop.call_at(at_s, self._deliver, target, packet)

    def _deliver(self, target: int, packet: bytes) -> None:
        if target not in (self.near, self.far) or target < 0:
            return  # the link is gone meanwhile
        try:
            os.write(target, packet)
        except BlockingIOError:
            self.lost += 1  # its queue is full, as a real one can be
        else:
            self.carried += 1


def open_tun(namespace: str, name: str) -> int:
    """Make a TUN device in a namespace; returns its descriptor. Raises OSError, PermissionError without root."""
    return _inside(namespace, lambda: _tun(name))


def _tun(name: str) -> int:
    descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _inside(namespace: str, call: Callable[[], int]) -> int:
    """Run a call in a thread that enters the namespace and ends there: ours never leaves its own."""
    found: list[int | BaseException] = []

    def enter() -> None:
        try:
            with (NAMESPACES / namespace).open() as place:
                if ctypes.CDLL(None, use_errno=True).setns(place.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            found.append(call())
        except OSError as error:
            found.append(error)

    thread = threading.Thread(target=enter, name=f"enter {namespace}")
    thread.start()
    thread.join()
    (result,) = found
    if isinstance(result, BaseException):
        raise result
    return result
