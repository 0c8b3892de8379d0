"""The gateway's own process, and what it says of itself."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulators.child import Child
from simulators.demo.control import Control, ControlFailed


class Gateway(Child):
    """`python -m agent run`; its configuration must put the control socket beside itself as `control.sock`."""

    def __init__(self, config: Path, before: Sequence[str] = ()) -> None:
        super().__init__("gateway", ["-m", "agent", "run", "--config", str(config)], config.parent, before=before)
        self._control = Control(config.parent / "control.sock")

    async def answers(self) -> dict[str, Any]:
        """Its status; empty while it does not answer."""
        try:
            return await self._control.ask("status")
        except ControlFailed:
            return {}

    async def heartbeat(self) -> dict[str, Any]:
        """What it would tell upstream now; empty while it does not answer."""
        beat: dict[str, Any] = (await self.answers()).get("heartbeat", {})
        return beat

    async def lanes(self) -> dict[str, dict[str, int]]:
        """The books of its outbox; empty while it does not answer."""
        lanes: dict[str, dict[str, int]] = (await self.heartbeat()).get("outbox", {})
        return lanes

    async def connected(self) -> bool:
        """Whether it has a session."""
        return bool((await self.answers()).get("uplink", {}).get("connected"))
