"""How a serial port is best moved on asyncio: round trips of 8 bytes out and 25 back on a pseudo-terminal.

About 5 s: python -m bench.decisions.serial_streams; prints the table of docs/decisions/0004-serial.md.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
import tty
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor

import serial
from serial.rs485 import RS485Settings

from drivers.serial_port import open_serial
from drivers.stream import SerialPort

TRIPS, ROUNDS = 500, 5
REQUEST, REPLY = 8, 25
Trips = Callable[[str], Coroutine[None, None, None]]


def answer_for_ever() -> None:
    """The child: prints its port's name, then answers 8 bytes with 25."""
    far, near = os.openpty()
    tty.setraw(near)
    print(os.ttyname(near), flush=True)
    asked = 0
    while True:
        asked += len(os.read(far, 4096))
        while asked >= REQUEST:
            asked -= REQUEST
            os.write(far, bytes(REPLY))


async def ours(path: str) -> None:
    """drivers/serial_port.py: pyserial opens and sets, the loop moves the bytes."""
    stream = open_serial(SerialPort(path, 115200))
    for _ in range(TRIPS):
        await stream.send(bytes(REQUEST))
        left = REPLY
        while left:
            left -= len(await stream.receive())
    await stream.aclose()


async def blocking(path: str) -> None:
    """pyserial alone; it blocks the loop, so it is only the floor."""
    _blocking_trips(path)


def _blocking_trips(path: str) -> None:
    with serial.Serial(path, 115200, timeout=1) as port:
        for _ in range(TRIPS):
            port.write(bytes(REQUEST))
            port.read(REPLY)


async def thread_each_trip(path: str) -> None:
    """pyserial in a thread of its own, one hop for each exchange."""
    loop = asyncio.get_running_loop()
    with serial.Serial(path, 115200, timeout=1) as port, ThreadPoolExecutor(1) as thread:

        def trip() -> None:
            port.write(bytes(REQUEST))
            port.read(REPLY)

        for _ in range(TRIPS):
            await loop.run_in_executor(thread, trip)


async def streams(path: str) -> None:
    """asyncio's own StreamReader over connect_read_pipe, as the serial-asyncio packages build on it."""
    loop = asyncio.get_running_loop()
    with serial.Serial(path, 115200, timeout=0) as port:
        reader = asyncio.StreamReader()
        pipe = os.fdopen(os.dup(port.fileno()), "rb", buffering=0)
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        for _ in range(TRIPS):
            os.write(port.fileno(), bytes(REQUEST))
            await reader.readexactly(REPLY)
        transport.close()


WAYS: dict[str, Trips] = {
    "pyserial, blocking (the floor)": blocking,
    "pyserial in a thread, one hop an exchange": thread_each_trip,
    "asyncio streams on the descriptor": streams,
    "pyserial opens, add_reader moves (ours)": ours,
}


def measure(trips: Trips, path: str) -> tuple[float, float]:
    """Wall and CPU µs a round trip."""
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    asyncio.run(trips(path))
    return 1e6 * (time.perf_counter() - wall_s) / TRIPS, 1e6 * (time.process_time() - cpu_s) / TRIPS


def features(path: str) -> None:
    """What the port's opener must be able to do, tried."""
    with serial.Serial(path, 28800, exclusive=True) as port:
        try:
            serial.Serial(path, exclusive=True)
            second = "opened"
        except serial.SerialException:
            second = "refused"
        try:
            port.rs485_mode = RS485Settings()
            rs485 = "set"
        except (OSError, ValueError) as error:
            rs485 = f"asked, answered: {str(error).rsplit(': ', 1)[-1]}"
    print(f"\n28800 baud: set; second opening: {second}; RS-485 ioctl on a pty: {rs485}")


def main() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.decisions.serial_streams", "answer"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        path = child.stdout.readline().strip()
        taken = {name: [measure(way, path) for _ in range(ROUNDS)] for name, way in WAYS.items()}
        print("| way | round trip µs | CPU µs |\n|---|---|---|")
        for name, runs in taken.items():
            wall_us, cpu_us = (statistics.median(column) for column in zip(*runs, strict=True))
            print(f"| {name} | {wall_us:.0f} | {cpu_us:.0f} |")
        features(path)
    finally:
        child.kill()
        child.wait()


if __name__ == "__main__":
    answer_for_ever() if sys.argv[1:] == ["answer"] else main()
