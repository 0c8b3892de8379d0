"""A process that the demo starts: its output goes to a file, its end is noticed, and it never outlives us."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.language import tr
from drivers.errors import GatewayError
from simulators.leash import leashed

STOP_S = 10.0
LINES_SHOWN = 12
PACKAGES = Path(__file__).parent.parent


class ChildFailed(GatewayError):
    """A process ended or did not come up: clean up, and show what it said last."""


class Child:
    """One run of `python -m …`; it has a session of its own, so Ctrl-C at the terminal reaches us first.

    `before` is put before the command, such as what starts it on another host.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        directory: Path,
        environment: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> None:
        self.name = name
        self.log = directory / f"{name}.log"
        self._command = [*before, sys.executable, *arguments]
        self._directory = directory
        self._environment = environment or {}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process that was started last."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """Start it; raises ChildFailed."""
        path = os.pathsep.join(filter(None, [str(PACKAGES), os.environ.get("PYTHONPATH")]))
        try:
            with self.log.open("ab") as log:
                self._process = await asyncio.create_subprocess_exec(
                    *leashed(self._command),
                    cwd=self._directory,
                    env={**os.environ, **self._environment, "PYTHONPATH": path},
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        except OSError as error:
            raise ChildFailed(f"{self.name}: {error}") from error

    async def gone(self) -> int:
        """Wait until it has ended, for whatever reason; returns its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def ended(self) -> None:
        """Wait until it ends by itself, which it should not; raises ChildFailed then."""
        code = await self.gone()
        raise ChildFailed(self.said(tr("{name} ended with exit code {code}", name=self.name, code=code)))

    def signal(self, number: int) -> None:
        """Send it a signal; one that has ended hears none."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def stop(self) -> None:
        """Ask it to stop, and wait; one that does not hear is killed."""
        if self._process is None or self._process.returncode is not None:
            return
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def said(self, what: str) -> str:
        """`what`, and below it the last lines that the process wrote."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()[-LINES_SHOWN:]
        except OSError:
            lines = []
        return "\n".join([what, *(f"  {line}" for line in lines)])
