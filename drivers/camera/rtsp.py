"""RTSP 1.0 (RFC 2326), as much as it takes to see that a server lives: OPTIONS and its answer. Pure."""

import re
from dataclasses import dataclass

from drivers.errors import BadFrame

HEAD_MOST = 8192  # bytes; real answers have some hundred
END = b"\r\n\r\n"
STATUS = re.compile(rb"RTSP/1\.[0-9] ([1-5][0-9]{2})(?: [^\r\n]*)?")
CSEQ = re.compile(rb"^cseq[ \t]*:[ \t]*([0-9]{1,9})[ \t]*$", re.IGNORECASE | re.MULTILINE)
NOT_OFFERED = (501, 551)  # a server that lives and does not know this wish


@dataclass(frozen=True, slots=True)
class RtspAnswer:
    """A status line, and which request it answers where it says so."""

    status: int
    cseq: int | None

    @property
    def alive(self) -> bool:
        """The server serves: also one that wants a password (401) or has no such path (404)."""
        return self.status < 500 or self.status in NOT_OFFERED


def options(cseq: int, uri: str = "*") -> bytes:
    """The question that costs a camera nothing; some answer only about a stream's URI."""
    return f"OPTIONS {uri} RTSP/1.0\r\nCSeq: {cseq}\r\nUser-Agent: campusgw\r\n\r\n".encode()


def stream_uri(host: str, port: int, path: str) -> str:
    """A stream's URI; an IPv6 address in brackets."""
    name = f"[{host}]" if ":" in host else host
    return f"rtsp://{name}:{port}/{path.lstrip('/')}"


def head_of(heard: bytes) -> bytes | None:
    """The head that is complete, None while more must come; raises BadFrame for what can become none."""
    if not b"RTSP/1."[: len(heard)] == heard[:7]:
        raise BadFrame("what answers there does not speak RTSP")
    head, end, _ = heard.partition(END)
    if end:
        return head
    if len(heard) > HEAD_MOST:
        raise BadFrame(f"an RTSP head of more than {HEAD_MOST} bytes")
    return None


def answer_of(head: bytes) -> RtspAnswer:
    """What a head says; raises BadFrame."""
    line, _, fields = head.partition(b"\r\n")
    status = STATUS.fullmatch(line)
    if status is None:
        raise BadFrame("no RTSP status line")
    cseq = CSEQ.search(fields.replace(b"\r\n", b"\n"))
    return RtspAnswer(int(status[1]), int(cseq[1]) if cseq else None)
