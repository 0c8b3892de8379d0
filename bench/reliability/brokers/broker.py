"""The broker of the cases: it saves each change, the platform has a way in of its own, and rules can change."""

import signal
from collections.abc import Sequence
from pathlib import Path

from bench.mosquitto import Mosquitto

SETTINGS = (
    "persistence true",
    "autosave_interval 1",
    "autosave_on_changes true",  # after each change: what a kill may cost is then one message
    "max_queued_messages 0",
)


class CaseBroker(Mosquitto):
    """Mosquitto with the platform at its Unix socket, which no fault touches."""

    def __init__(
        self,
        directory: Path,
        address: tuple[str, int] | None = None,
        *,
        listener: Sequence[str] = (),
        before: Sequence[str] = (),
    ) -> None:
        self.socket = directory / "mosquitto.sock"
        self._saved = directory / "mosquitto.db"
        self._rules = directory / "acl"
        settings = (*SETTINGS, f"acl_file {self._rules}")
        super().__init__(
            directory, *settings, address=address, listener=listener, socket=self.socket, before=before
        )
        self.allow("topic readwrite #")

    def forget(self) -> None:
        """What it kept on disk is gone: sessions, retained messages, all that waited for somebody."""
        self._saved.unlink(missing_ok=True)

    def allow(self, *rules: str) -> None:
        """What the gateway may do; the platform may do all. One that runs reads it again."""
        self._rules.write_text("\n".join(("topic readwrite #", "user gw", *rules)) + "\n")
        self._rules.chmod(0o600)
        self.signal(signal.SIGHUP)
