"""A Debian with systemd as PID 1 in a container, its network nothing but its own loopback."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

BOOT_S = 60.0
# nspawn refuses these to every process in it, a board does not; whether they may be called is our unit's choice.
ASKS_THE_CLOCK = "adjtimex clock_adjtime"


class Container:
    """One booted root file system; `run` is a root shell command in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._init = 0
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the container)
        command = ["systemd-nspawn", "-D", str(root), "--boot", "--register=no", "--keep-unit"]
        command += ["--private-network", "--console=read-only", "--quiet"]
        command += [f"--system-call-filter={ASKS_THE_CLOCK}"]
        self._nspawn = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            self._init = until(self._find_init, "the container's init", BOOT_S) or 0
            until(self._is_up, "the container to boot", BOOT_S)
        except BaseException:
            self.stop()
            raise

    def _find_init(self) -> int | None:
        assert self._nspawn.poll() is None, f"systemd-nspawn ended: {self.log()}"
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text().split()
        for child in map(int, children):
            if Path(f"/proc/{child}/comm").read_text().strip() == "systemd":
                return child
        return None

    def _is_up(self) -> bool:
        return self.ask("systemctl is-system-running") in {"running", "degraded"}

    def log(self) -> str:
        """What the console said."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-4000:]

    def execute(self, command: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a shell command as root inside."""
        enter = ["nsenter", "-t", str(self._init), "-m", "-p", "-n", "-u", "-i", "-C", "--"]
        clean = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "LANG": "C.UTF-8", "HOME": "/root"}
        return subprocess.run(
            [*enter, "sh", "-c", command],
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
            env=clean,
        )

    def ask(self, command: str) -> str:
        """What the command prints, whatever its exit code."""
        return self.execute(command).stdout.strip()

    def run(self, command: str) -> str:
        """What the command prints; it must succeed."""
        done = self.execute(command)
        assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def write(self, path: str, text: str) -> None:
        """Write a file inside."""
        inside = self.root / path.lstrip("/")
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_text(text)

    def show(self, unit: str, prop: str) -> str:
        """One property of a unit."""
        return self.run(f"systemctl show -P {prop} {unit}")

    def stop(self) -> None:
        """Power off; pull the plug if that takes long."""
        if self._nspawn.poll() is None and self._init:
            self.execute("systemctl poweroff")
            try:
                self._nspawn.wait(20)
            except subprocess.TimeoutExpired:
                os.kill(self._init, signal.SIGKILL)
        self._nspawn.terminate()
        self._nspawn.wait(20)
        self._log.close()


def until(ask: Callable[[], T | None], what: str, within_s: float) -> T:
    """Ask until the answer is true, and return it."""
    end_s = time.monotonic() + within_s
    while True:
        if answer := ask():
            return answer
        assert time.monotonic() < end_s, f"waited {within_s:.0f} s in vain for {what}"
        time.sleep(0.1)


def copy_of(rootfs: Path, target: Path) -> Path:
    """A root file system of its own for one container."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(rootfs), str(target)], check=True)
    return target


def remove(root: Path) -> None:
    """Delete a container's root file system."""
    shutil.rmtree(root, ignore_errors=True)
