"""One HTTP answer on a connection of its own: a head, then a body by length, in chunks, or to the end. Pure."""

import re
from dataclasses import dataclass

from drivers.errors import BadFrame

HEAD_MOST = 8192  # bytes
BODY_MOST = 65536  # a SystemDateAndTime has about one kilobyte
END = b"\r\n\r\n"
STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?")
LENGTH = re.compile(rb"^content-length[ \t]*:[ \t]*([0-9]{1,9})[ \t]*$", re.IGNORECASE | re.MULTILINE)
CHUNKED = re.compile(rb"^transfer-encoding[ \t]*:[ \t]*chunked[ \t]*$", re.IGNORECASE | re.MULTILINE)
CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[^\r\n]*\r\n")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status and what came with it."""

    status: int
    body: bytes


def read_answer(heard: bytes, *, ended: bool) -> HttpAnswer | None:
    """The answer in what was heard, None while more must come; `ended`: nothing will. Raises BadFrame."""
    if not b"HTTP/1."[: len(heard)] == heard[:7]:
        raise BadFrame("what answers there does not speak HTTP")
    head, end, body = heard.partition(END)
    if not end:
        if ended or len(heard) > HEAD_MOST:
            raise BadFrame("an HTTP head that does not end")
        return None
    status = STATUS.fullmatch(head.partition(b"\r\n")[0])
    if status is None:
        raise BadFrame("no HTTP status line")
    content = _body(head.replace(b"\r\n", b"\n"), body, ended=ended)
    return None if content is None else HttpAnswer(int(status[1]), content)


def _body(head: bytes, body: bytes, *, ended: bool) -> bytes | None:
    if CHUNKED.search(head):
        return _unchunked(body, ended=ended)
    length = LENGTH.search(head)
    wanted = int(length[1]) if length else None
    if max(wanted or 0, len(body)) > BODY_MOST:
        raise BadFrame(f"an HTTP body of more than {BODY_MOST} bytes")
    if wanted is not None and len(body) >= wanted:
        return body[:wanted]
    if not ended:
        return None
    if wanted is not None:
        raise BadFrame(f"an HTTP body that breaks off after {len(body)} of {wanted} bytes")
    return body


def _unchunked(body: bytes, *, ended: bool) -> bytes | None:
    """Some cameras chunk what they make on the fly."""
    content, at = bytearray(), 0
    while (chunk := CHUNK.match(body, at)) is not None:
        size = int(chunk[1], 16)
        if size == 0:
            return bytes(content)
        if len(content) + size > BODY_MOST:
            raise BadFrame(f"an HTTP body of more than {BODY_MOST} bytes")
        if len(body) < chunk.end() + size + 2:
            break
        content += body[chunk.end() : chunk.end() + size]
        at = chunk.end() + size + 2
    if ended or len(body) > 2 * BODY_MOST:
        raise BadFrame("chunks that break off")
    return None
