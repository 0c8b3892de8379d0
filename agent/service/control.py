"""The control socket: JSON lines over a Unix socket, so that tools ask the daemon and not the wire.

One request a line, `{"version": 1, "do": "alarms"}`; one answer a line, `{"ok": true, …}` or
`{"ok": false, "error": "…"}`. Whoever may open the socket may read; orders need a person's name.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.alarms.model import Order
from agent.errors import OrderRefused, StorageError
from agent.service.words import state_data

if TYPE_CHECKING:
    from agent.service.run import Gateway

VERSION = 1
LONGEST_LINE = 64 * 1024
SOCKET_MODE = 0o660


async def serve_control(path: Path, gateway: "Gateway") -> None:
    """Serve until cancelled; a stale socket of an earlier run is replaced."""
    desk = Desk(gateway)
    listening = _listen(path)
    server = await asyncio.start_unix_server(desk.attend, sock=listening, limit=LONGEST_LINE)
    async with server:
        await server.serve_forever()


def _listen(path: Path) -> socket.socket:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    path.chmod(SOCKET_MODE)
    return listening


class Desk:
    """Answers one visitor after the other, each on its own connection."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._does: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            "status": self._status,
            "alarms": self._alarms,
            "order": self._order,
        }

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line by line until the visitor leaves."""
        try:
            while line := await reader.readline():
                writer.write(json.dumps(await self.answer(line), ensure_ascii=False).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError, asyncio.LimitOverrunError):
            pass  # the visitor left, or sent a line longer than LONGEST_LINE: nothing to tell them
        finally:
            writer.close()

    async def answer(self, line: bytes) -> dict[str, Any]:
        """One request to one answer; a bad request is an answer too."""
        try:
            request = json.loads(line)
        except ValueError as error:
            return {"ok": False, "error": f"not JSON: {error}"}
        if not isinstance(request, dict) or request.get("version") != VERSION:
            return {"ok": False, "error": f"want an object with version {VERSION}"}
        if (do := self._does.get(str(request.get("do")))) is None:
            return {"ok": False, "error": f"unknown request; known: {', '.join(self._does)}"}
        try:
            return {"ok": True, **await do(request)}
        except (OrderRefused, StorageError) as error:
            return {"ok": False, "error": str(error)}

    async def _status(self, _request: dict[str, Any]) -> dict[str, Any]:
        gateway = self._gateway
        status = gateway.uplink.status
        return {
            "gateway": gateway.site.identity.gateway,
            "name": gateway.site.identity.name,
            "uplink": {"connected": status.connected, "broker": status.broker, "why": status.why},
            "heartbeat": (await gateway.uplink.heartbeat()).model_dump(mode="json"),
            "lost": dict(gateway.pipe.lost),
        }

    async def _alarms(self, _request: dict[str, Any]) -> dict[str, Any]:
        pipe = self._gateway.pipe
        utc_s, clock = self._gateway.host.wall_clock()
        states = [
            state_data(device, pipe.memories[device.id], pipe.table.of(device), utc_s, clock)
            for device in self._gateway.site.devices
        ]
        return {"devices": states}

    async def _order(self, request: dict[str, Any]) -> dict[str, Any]:
        order = Order(
            action=request.get("action", ""),
            condition=str(request.get("condition", "")),
            address=str(request.get("address", "")),
            person=str(request.get("person", "")),
            reason=str(request.get("reason", "")),
            until_utc_s=request.get("until_utc_s"),
        )
        await self._gateway.pipe.operate(str(request.get("device", "")), order)
        return {"done": True}
