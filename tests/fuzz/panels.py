"""Targets on serial lines: whole drivers of fire panels, and all that their panels could say to them."""

from collections.abc import Callable, Iterator

from drivers.errors import BadFrame, LineError, NoResponse
from drivers.panels import PANELS, fuan_events, jbf_events, songjiang_lists
from drivers.profile import Protocol
from tests.drivers.panels.transcript import FOLDER, PROFILES, content_of, read
from tests.fuzz.target import Target, in_loop


class _Wire:
    """A port at which these pieces come, with silences between them or without, and which then is gone."""

    def __init__(self, heard: bytes, size: int, *, pauses: bool) -> None:
        pieces = [heard[at : at + size] for at in range(0, len(heard), size)]
        self._pieces = [part for piece in pieces for part in ((piece, b"") if pauses else (piece,))]

    async def send(self, data: bytes) -> None:
        """Nobody listens."""

    async def receive(self, until_s: float | None = None) -> bytes:
        if not self._pieces:
            raise LineError("over")
        return self._pieces.pop(0)

    async def aclose(self) -> None:
        """Nothing to close."""


def _panel(protocol: Protocol) -> Callable[[bytes], None]:
    """The first byte is how long the pieces are in which the rest is heard, its last bit whether they pause."""
    profile = PROFILES[protocol]

    async def hear(given: bytes) -> None:
        first = given[0] if given else 0
        wire = _Wire(given[1:], 1 + first // 2, pauses=bool(first & 1))

        async def opened() -> _Wire:
            return wire

        panel = PANELS[protocol](opened, profile, profile.port.address)
        while True:
            try:
                for reading in await panel.poll():
                    assert reading.point
            except (NoResponse, BadFrame):
                continue
            except LineError:
                break
        await panel.aclose()

    return lambda given: in_loop(hear(given))


def _panel_meals(protocol: Protocol) -> Callable[[], Iterator[bytes]]:
    """What it says in its transcripts: each message by itself, and all of a transcript."""

    def meals() -> Iterator[bytes]:
        for file in sorted(FOLDER.glob(f"{protocol}*.txt")):
            said = [content_of(step) for step in read(file) if step.mark == "<<"]
            yield from (b"\xfe" + one for one in said)
            yield from (first + b"".join(said) for first in (b"\x3e", b"\x3f"))

    return meals


# A size, and one frame with its head and tail, of which the middle counts.


def _fuan_sealed(given: bytes) -> bytes:
    return given[:1] + fuan_events.wrap(given[2] if len(given) > 2 else 1, given[4:-2][:255])


def _jbf_sealed(given: bytes) -> bytes:
    payload = jbf_events.unpack(given[1 : 1 + 2 + 2 * jbf_events.EXTENDED]) if len(given) % 2 else given[1:]
    if len(payload) >= jbf_events.EXTENDED:
        content = payload[: jbf_events.EXTENDED - 1]
        return given[:1] + jbf_events.pack(content + bytes((jbf_events.crc8(content),)))
    content = payload[: jbf_events.SUMMED].ljust(jbf_events.SUMMED, b"\0")
    return given[:1] + jbf_events.pack(jbf_events.summed(content))


def _songjiang_sealed(given: bytes) -> bytes:
    """A list's body has a count and whole entries."""
    panel, code = given[2:4] if len(given) > 3 else (1, 110)
    body = given[6:-3]
    if code in songjiang_lists.CONDITIONS and len(body) > 1:
        body = body[: 2 + max(0, len(body) - 2) // songjiang_lists.ENTRY * songjiang_lists.ENTRY]
    return given[:1] + songjiang_lists.wrap(panel, code, body)


SEALS = {"fuan_fs5101w": _fuan_sealed, "jbf_193k": _jbf_sealed, "songjiang_jb3208": _songjiang_sealed}
TARGETS = tuple(
    Target(protocol, _panel(protocol), _panel_meals(protocol), sealed=SEALS.get(protocol), longest=600, share=0.3)
    for protocol in PANELS
)
