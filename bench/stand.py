"""One subject on the bench: its own broker, field and subscriber, all processes that this one has started."""

import contextlib
import math
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from bench.cases import Case
from bench.errors import BenchError
from bench.native import Programs
from bench.subjects import Setting, command, computed_worst_s, is_ready

START_S = 20.0
END_S = 5.0
INSTRUMENTS = ("field", "subscriber")


class Stand:
    """Starts everything on entering and ends it on leaving; `orders` go to the field meanwhile."""

    def __init__(self, case: Case, subject: str, directory: Path, programs: Programs, seed: int) -> None:
        self.case, self.subject, self.directory = case, subject, directory
        self.field_log, self.heard = directory / "field.log", directory / "heard.log"
        self.priority = ""
        self.computed_worst_s = math.nan
        self.started_ns = 0
        self._programs, self._seed = programs, seed
        self._processes: dict[str, subprocess.Popen[str]] = {}
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "Stand":
        self.directory.mkdir(parents=True)
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def pid(self) -> int:
        """The subject's process."""
        return self._processes["subject"].pid

    def order(self, text: str) -> None:
        """Tell the field something; it notes when."""
        orders = self._processes["field"].stdin
        assert orders is not None
        orders.write(text + "\n")
        orders.flush()

    def check(self) -> None:
        """Raise when a process has ended before its time."""
        for name, process in self._processes.items():
            if process.poll() is not None:
                said = (self.directory / f"{name}.err").read_text()[-2000:]
                how = f"has ended with {process.returncode}: {said}"
                raise BenchError(f"{self.case.name}: the {name} of {self.subject} {how}")

    def _start(self) -> None:
        port = _free_port()
        self._start_broker(port)
        ear = [str(self._programs.subscriber), str(port), str(self.heard)]
        self._read_words(self._open("subscriber", ear))
        field = self._open("field", self._field_command())
        ports = tuple(word for key, word in self._read_words(field) if key == "port")
        setting = Setting(self.case, self.directory, port, ports, self._programs)
        words = command(self.subject, setting)
        self.computed_worst_s = computed_worst_s(self.subject, setting)
        self.started_ns = time.monotonic_ns()
        self._open("subject", words)
        self._wait(self._subject_ready, f"{self.subject} to reach the broker")

    def _start_broker(self, port: int) -> None:
        config = self.directory / "mosquitto.conf"
        # No Nagle: with it a message waits up to 40 ms for the acknowledgement of the one before.
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n")
        self._open("broker", [str(self._programs.broker), "-c", str(config)])
        self._wait(lambda: _listens(port), "mosquitto to listen")

    def _field_command(self) -> list[str]:
        medium = ["rtu", str(self.case.medium.baud)] if self.case.medium.baud else ["tcp"]
        strict = ["--strict"] if self.case.strict else []
        turnaround = ["--turnaround-us", str(round(self.case.medium.turnaround_s * 1e6))]
        options = [*strict, "--seed", str(self._seed), *turnaround]
        return [str(self._programs.field), *options, str(self.field_log), *medium, str(self.case.units)]

    def _open(self, name: str, words: list[str]) -> "subprocess.Popen[str]":
        errors = self._stack.enter_context((self.directory / f"{name}.err").open("w"))
        says = subprocess.PIPE if name in INSTRUMENTS else errors
        process = self._processes[name] = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=says, stderr=errors, text=True
        )
        self._stack.callback(end, process, ends_itself=name == "field")
        return process

    def _read_words(self, process: "subprocess.Popen[str]") -> list[tuple[str, str]]:
        """An instrument's first lines, `key word`, until it says that it is ready."""
        words: list[tuple[str, str]] = []
        assert process.stdout is not None
        while (line := process.stdout.readline().strip()) != "ready":
            if not line:
                raise BenchError(f"an instrument of {self.case.name} did not start; see {self.directory}")
            key, _, word = line.partition(" ")
            words.append((key, word))
        self.priority = dict(words).get("priority", self.priority)
        return words

    def _subject_ready(self) -> bool:
        topics = [line.split(" ", 2)[1] for line in self.heard.read_text().splitlines() if line.count(" ") >= 2]
        return any(is_ready(self.subject, topic) for topic in topics)

    def _wait(self, condition: Callable[[], bool], what: str) -> None:
        for _ in _until(START_S):
            self.check()
            if condition():
                return
        raise BenchError(f"{self.case.name}: waited {START_S:g} s for {what}; see {self.directory}")


def _until(patience_s: float) -> Iterator[None]:
    deadline_s = time.monotonic() + patience_s
    while time.monotonic() < deadline_s:
        yield
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(process: "subprocess.Popen[str]", *, ends_itself: bool) -> None:
    """End a process that we have started: kindly, then surely; the field ends with its orders and a whole log."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    if not ends_itself and process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
