"""Chromium without a window, spoken to through a pipe of its own: no port, no profile that outlives it."""

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

CHROMIUM = shutil.which("chromium")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)  # fmt: skip
WITHIN_S = 20.0
THEIRS = (3, 4)  # where Chromium reads its commands, and where it answers


def _as_theirs(reads: int, answers: int) -> None:
    """In the child: by way of others, since one of the pipe's own may be 3 or 4 already."""
    for other, theirs in zip([os.dup(reads), os.dup(answers)], THEIRS, strict=True):
        os.dup2(other, theirs)


class Browser:
    """One process; `open` shows a file in its only tab and remembers everything that goes wrong with it."""

    def __init__(self) -> None:
        assert CHROMIUM is not None
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)
        self._numbers = itertools.count(1)
        self._unread = b""
        self.told: list[dict[str, Any]] = []
        theirs_in, self._to = os.pipe()
        self._from, theirs_out = os.pipe()
        self._process = subprocess.Popen(
            [CHROMIUM, *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"],
            pass_fds=THEIRS, preexec_fn=lambda: _as_theirs(theirs_in, theirs_out),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_in)
        os.close(theirs_out)
        self._session = ""
        target = next(t for t in self.ask("Target.getTargets")["targetInfos"] if t["type"] == "page")
        attached = self.ask("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it, and only it."""
        self._session = ""
        try:
            self._send("Browser.close")
            self._process.wait(5)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._profile.cleanup()

    # --- a page -------------------------------------------------------------------------------------

    def open(self, file: Path, width: int, height: int = 900) -> None:
        """Show it in a window of this size; what is told from now on is about it."""
        self.resize(width, height)
        self.told = []
        self.ask("Page.navigate", url=file.as_uri())
        self._wait("Page.loadEventFired")

    def resize(self, width: int, height: int = 900) -> None:
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
        )

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page; the page's own policy stays as it is."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def picture(self, into: Path, width: int, height: int) -> None:
        """The upper left part of the page as PNG."""
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        answer = self.ask("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
        into.write_bytes(base64.b64decode(answer["data"]))

    def print(self, into: Path) -> None:
        """As it is printed: with the page's own sheets and without the dialogue's extras."""
        answer = self.ask("Page.printToPDF", preferCSSPageSize=True, printBackground=False)
        into.write_bytes(base64.b64decode(answer["data"]))

    def requests(self) -> list[str]:
        """What has been asked for since the page was opened, the page itself too."""
        return [
            one["params"]["request"]["url"] for one in self.told if one["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What the console would show."""
        loud = ("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        return [json.dumps(one["params"]) for one in self.told if one["method"] in loud]

    # --- the pipe -----------------------------------------------------------------------------------

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        number = self._send(method, **params)
        while (answer := self._next()).get("id") != number:
            self.told.append(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _send(self, method: str, **params: Any) -> int:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        return number

    def _wait(self, method: str) -> None:
        while not any(one.get("method") == method for one in self.told):
            self.told.append(self._next())

    def _next(self) -> dict[str, Any]:
        end_s = time.monotonic() + WITHIN_S
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._from], [], [], max(0.0, end_s - time.monotonic()))
            assert ready, f"the browser said nothing for {WITHIN_S:g} s"
            read = os.read(self._from, 1 << 20)
            assert read, "the browser has ended"
            self._unread += read
        message, _, self._unread = self._unread.partition(b"\0")
        told: Mapping[str, Any] = json.loads(message)
        return dict(told)
