"""The demo as an operator: questions and orders over the running gateway's control socket."""

import asyncio
import json
from pathlib import Path
from typing import Any

from drivers.errors import GatewayError
from simulators.scenario import Order

ANSWER_S = 10.0


class ControlFailed(GatewayError):
    """The gateway does not answer on its socket, or refuses: the story cannot go on."""


class Control:
    """One question, one answer, one connection each."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    async def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """Raises ControlFailed."""
        request = json.dumps({"version": 1, "do": do, **fields}, ensure_ascii=False).encode() + b"\n"
        try:
            async with asyncio.timeout(ANSWER_S):
                answer: dict[str, Any] = json.loads(await _exchange(self.socket, request) or "{}")
        except (OSError, TimeoutError, ValueError) as error:
            raise ControlFailed(f"{self.socket}: {error or 'no answer'}") from error
        if not answer.get("ok"):
            raise ControlFailed(f"{do}: {answer.get('error', 'no answer')}")
        return answer

    async def order(self, order: Order) -> None:
        """Give an operator's order."""
        await self.ask("order", until_utc_s=None, **order.model_dump())


async def _exchange(path: Path, request: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(str(path))
    try:
        writer.write(request)
        return await reader.readline()
    finally:
        writer.close()


def unseen(alarms: dict[str, Any]) -> list[str]:
    """Devices of which not everything has been read yet; a fire panel need not have said anything."""
    return [device["device"] for device in alarms["devices"] if device["kind"] != "fire_panel" and _unread(device)]


def _unread(device: dict[str, Any]) -> bool:
    points = device["points"].values()
    return device["lost"] or not points or any(point["quality"] != "good" for point in points)
