"""The control socket: JSON lines over a Unix socket, so that tools ask the daemon and not the wire.

One request a line, `{"version": 1, "do": "alarms"}`; one answer a line, `{"ok": true, …}` or
`{"ok": false, "error": "…"}`; a refused order also gives its `text` and `fields` apart, to be translated. Whoever
may open the socket may read; orders need a person's name.
"""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.errors import OrderRefused, StorageError
from agent.service.room import Request

VERSION = 1
LONGEST_LINE = 64 * 1024
SOCKET_MODE = 0o660
VISITORS_MOST = 32  # each holds a descriptor, and a line that is opened again needs one too


async def serve_control(path: Path, requests: Mapping[str, Request]) -> None:
    """Serve until cancelled; a stale socket of an earlier run is replaced."""
    desk = Desk(requests)
    listening, ours = _listen(path)
    server = await asyncio.start_unix_server(desk.attend, sock=listening, limit=LONGEST_LINE)
    try:
        await asyncio.Event().wait()  # serve_forever would wait, from 3.12 on, until the last visitor leaves
    finally:
        server.close()
        desk.close()
        _put_away(path, ours)


def _put_away(path: Path, ours: int) -> None:
    """A socket at which nobody listens any more goes; one that somebody else has put there stays."""
    with contextlib.suppress(OSError):
        if path.stat().st_ino == ours:
            path.unlink()


def _listen(path: Path) -> tuple[socket.socket, int]:
    """The socket, and what tells it from another one of that name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket():  # a file of another sort is somebody's: binding fails, and that is told
        path.unlink()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    os.fchmod(listening.fileno(), SOCKET_MODE)  # never wider, not even for a moment
    listening.bind(str(path))
    path.chmod(SOCKET_MODE)
    return listening, path.stat().st_ino


class Desk:
    """Answers one visitor after the other, each on its own connection."""

    def __init__(self, requests: Mapping[str, Request]) -> None:
        self._visitors: set[asyncio.StreamWriter] = set()
        self._does = dict(requests)

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer line by line until the visitor leaves."""
        if len(self._visitors) >= VISITORS_MOST:
            writer.close()
            return
        self._visitors.add(writer)
        try:
            while line := await reader.readline():
                await _say(writer, await self.answer(line))
        except ConnectionError:
            pass  # the visitor left: nobody to tell
        except ValueError:  # readline's word for a line beyond the limit
            with contextlib.suppress(ConnectionError):
                await _say(writer, {"ok": False, "error": f"a request has at most {LONGEST_LINE} bytes"})
        finally:
            self._visitors.discard(writer)
            writer.close()

    def close(self) -> None:
        """Send everybody home."""
        for writer in list(self._visitors):
            writer.close()

    async def answer(self, line: bytes) -> dict[str, Any]:
        """One request to one answer; a bad request is an answer too."""
        try:
            request = json.loads(line)
        except (ValueError, RecursionError) as error:
            return {"ok": False, "error": f"not JSON: {error}"}
        if not isinstance(request, dict) or request.get("version") != VERSION:
            return {"ok": False, "error": f"want an object with version {VERSION}"}
        if (do := self._does.get(str(request.get("do")))) is None:
            return {"ok": False, "error": f"unknown request; known: {', '.join(self._does)}"}
        try:
            return {"ok": True, **await do(request)}
        except ValidationError as error:
            return {"ok": False, "error": _first_of(error)}
        except OrderRefused as error:
            return {"ok": False, "error": str(error), "text": error.text, "fields": error.fields}
        except StorageError as error:
            return {"ok": False, "error": str(error)}


async def _say(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
    await writer.drain()


def _first_of(error: ValidationError) -> str:
    found = error.errors(include_url=False)[0]
    return f"{'.'.join(str(step) for step in found['loc'])}: {found['msg']}"
