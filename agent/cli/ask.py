"""One question to the running gateway over its control socket."""

import argparse
import json
import socket
from pathlib import Path
from typing import Any

from agent.cli.words import HOLDS, word
from agent.language import tr, why_not
from drivers.errors import GatewayError

DEFAULT_SOCKET = Path("/run/campusgw/control.sock")
ANSWER_TIMEOUT_S = 10.0


class NotAnswered(GatewayError):
    """No gateway answers on the socket, or it refused; the text says what to do."""


def add_common(parser: argparse.ArgumentParser) -> None:
    """What every command has that asks the running gateway."""
    where = tr("the gateway's control socket (default: {path})", path=DEFAULT_SOCKET)
    parser.add_argument("--socket", type=Path, default=DEFAULT_SOCKET, metavar="FILE", help=where)
    parser.add_argument("--json", action="store_true", help=tr("for programs"))


def ask(path: Path, do: str, **fields: object) -> dict[str, Any]:
    """Send one request and return the answer; raises NotAnswered."""
    request = json.dumps({"version": 1, "do": do, **fields}, ensure_ascii=False).encode() + b"\n"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
            channel.settimeout(ANSWER_TIMEOUT_S)
            channel.connect(str(path))
            channel.sendall(request)
            line = channel.makefile("rb").readline()
    except PermissionError as error:
        raise NotAnswered(
            tr("{path}: permission denied; join the group campusgw or use sudo", path=path)
        ) from error
    except OSError as error:
        said = tr("no gateway answers at {path}: {why}", path=path, why=why_not(error))
        hint = tr("; is it running (systemctl status campusgw)? Another one's control_socket goes with --socket")
        raise NotAnswered(said + hint) from error
    return _believed(path, line)


def _said(answer: dict[str, Any]) -> str:
    """Why not, in the reader's language where the gateway gave it apart from its fields."""
    text, fields = answer.get("text"), answer.get("fields")
    if isinstance(text, str) and isinstance(fields, dict):
        return tr(text, **{key: word(HOLDS, str(value)) for key, value in fields.items()})
    return str(answer.get("error"))


def _believed(path: Path, line: bytes) -> dict[str, Any]:
    try:
        answer: Any = json.loads(line)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise NotAnswered(tr("what answers at {path} is no gateway", path=path))
    if not answer.get("ok"):
        raise NotAnswered(_said(answer))
    return answer
