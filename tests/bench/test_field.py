"""The instrument itself: what the field answers, when, and what it takes note of."""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.native import build_field
from bench.records import FieldLog, read_field
from bench.wire import Medium
from drivers.modbus.rtu import sound, wrap

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler (apt install gcc)")

READ_16 = bytes.fromhex("02 0000 0010")
BAUD = 1200  # t3.5 is 29 ms, so that a busy machine breaks no silence by itself
SILENCE_S = Medium(BAUD).silence_s


class Field:
    """A running field with one line of two units."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process, self._log = process, log
        assert process.stdout is not None
        words = dict(line.split() for line in iter(lambda: process.stdout.readline().strip(), "ready"))
        self.port = words["port"]

    def order(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def end(self) -> FieldLog:
        self.order("quit")
        assert self._process.wait(5) == 0
        return read_field(self._log)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_field(tmp_path_factory.mktemp("native"))


@contextlib.contextmanager
def field(program: Path, directory: Path, *words: str, options: tuple[str, ...] = ()) -> Iterator[Field]:
    log = directory / "field.log"
    command = [str(program), *options, str(log), *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Field(process, log)
        finally:
            process.kill()


@contextlib.contextmanager
def port(path: str) -> Iterator[int]:
    fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(fd)
        yield fd
    finally:
        os.close(fd)


def hear(fd: int, size: int, patience_s: float = 5.0) -> bytes:
    """What comes until `size` bytes are there, or nothing more in time."""
    heard = b""
    while len(heard) < size and select.select([fd], [], [], patience_s)[0]:
        heard += os.read(fd, size - len(heard))
    return heard


def ask(fd: int, unit: int, patience_s: float = 5.0) -> bytes:
    os.write(fd, wrap(unit, READ_16))
    return hear(fd, 7, patience_s)


def test_a_unit_answers_with_its_inputs_and_takes_the_time_of_the_wire(program: Path, tmp_path: Path) -> None:
    with field(program, tmp_path, "rtu", str(BAUD), "2") as line, port(line.port) as fd:
        before_s = time.monotonic()
        reply = ask(fd, 2)
        took_s = time.monotonic() - before_s
    assert reply[:3] == b"\x02\x02\x02"
    assert sound(reply)
    assert took_s >= Medium(BAUD).exchange_s(8, 7) - SILENCE_S


def test_a_request_too_early_breaks_the_silence_and_a_later_one_does_not(program: Path, tmp_path: Path) -> None:
    with field(program, tmp_path, "rtu", str(BAUD), "2") as line, port(line.port) as fd:
        ask(fd, 1)
        ask(fd, 2)
        time.sleep(2 * SILENCE_S)
        ask(fd, 1)
        seen = line.end().exchanges
    assert [exchange.broke for exchange in seen] == [False, True, False]
    assert all(exchange.replied_ns for exchange in seen)


def test_a_strict_unit_does_not_answer_a_request_that_broke_the_silence(program: Path, tmp_path: Path) -> None:
    with field(program, tmp_path, "rtu", str(BAUD), "2", options=("--strict",)) as line, port(line.port) as fd:
        assert len(ask(fd, 1)) == 7
        assert ask(fd, 2, patience_s=0.5) == b""
        assert len(ask(fd, 2)) == 7
        assert [bool(exchange.replied_ns) for exchange in line.end().exchanges] == [True, False, True]


def test_a_dead_unit_is_silent_until_it_lives_again(program: Path, tmp_path: Path) -> None:
    with field(program, tmp_path, "rtu", str(BAUD), "2") as line, port(line.port) as fd:
        line.order("dead 1")
        assert ask(fd, 1, patience_s=0.5) == b""
        assert len(ask(fd, 2)) == 7
        line.order("alive 1")
        assert len(ask(fd, 1)) == 7


def test_a_broken_frame_or_a_foreign_unit_is_not_answered(program: Path, tmp_path: Path) -> None:
    with field(program, tmp_path, "rtu", str(BAUD), "2") as line, port(line.port) as fd:
        os.write(fd, wrap(1, READ_16)[:-1] + b"\x00")
        assert hear(fd, 7, 0.5) == b""
        assert ask(fd, 3, patience_s=0.5) == b""


def test_what_flips_is_noted_and_read_back(program: Path, tmp_path: Path) -> None:
    with field(program, tmp_path, "tcp", "1") as units:
        units.order("flip 200 5")
        deadline_s = time.monotonic() + 10
        bits = 0
        while bits != 0xFFFF and time.monotonic() < deadline_s:
            bits = read_tcp(int(units.port))
        log = units.end()
    assert bits == 0xFFFF
    assert sorted(flip.point for flip in log.flips) == [(1, n) for n in range(16)]
    assert all(flip.value for flip in log.flips)


def read_tcp(tcp_port: int) -> int:
    with socket.create_connection(("127.0.0.1", tcp_port)) as link:
        link.sendall(b"\0\1\0\0\0\6\1" + READ_16)
        return int.from_bytes(link.recv(260)[9:11], "little")
