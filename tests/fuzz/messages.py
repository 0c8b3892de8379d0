"""Targets at the platform's side and at the desk: commands, control requests, what the platform itself reads."""

import atexit
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.service.control import Desk
from agent.service.requests import requests_of
from agent.session import Incoming
from agent.uplink import commands
from simulators.clock import VirtualLoop
from simulators.platform import Platform, Unreadable
from tests.fuzz.target import Target
from tests.site.school import School, at_rest, demo_lines, demo_site

NAMES = (*commands.COMMANDS, "reboot", "", "con\x1bfirm")
NOW = commands.Now(1_793_000_000.0, "synchronised")
AT = datetime.fromtimestamp(NOW.utc_s, UTC).isoformat()
DEEP = b"[" * 2000  # deeper than Python's own stack
STORE = "0b9f4a2c1e5d4b7aa1c3e8d2f6b70419"
SAID = {
    "confirm": {"store": STORE, "spans": [[1, 20], [22, 22]]},
    "replay": {"id": "r-1", "at": AT, "store": STORE, "first": 21, "last": 21},
    "acknowledge": {
        "id": "a-1",
        "at": AT,
        "device": "panic-gate",
        "condition": "pressed",
        "person": "王建国",
        "reason": "误按",
    },
    "sign": {"id": "s-1", "at": AT, "person": "zhang", "on": True, "role": "guard", "post": "gate"},
    "drill_start": {"id": "d-1", "at": AT, "person": "李主任", "reason": "演练", "until": "+30m"},
    "drill_stop": {"id": "d-2", "at": AT, "person": "李主任"},
    "test_announce": {"id": "t-1", "at": AT, "device": "panic-gate", "person": "王老师"},
}


def _command(given: bytes) -> None:
    """The first byte is the command's name and whether it is retained; the rest is what was sent."""
    first = given[0] if given else 0
    message = Incoming(f"campus/v1/r/s/g/command/{NAMES[first % len(NAMES)]}", given[1:], first >= 0xF0)
    understood = commands.parse(message, NOW)
    if isinstance(understood, commands.Refusal):
        assert understood.why
        assert (understood.name + understood.id).isprintable()
        assert len(understood.why) < 2000
    elif isinstance(understood, commands.Confirm):
        spans = commands.joined(commands.spans_of(understood))
        assert all(first <= last for first, last in spans)
        assert all(before[1] + 1 < after[0] for before, after in pairwise(spans))


def _commands_said() -> Iterator[bytes]:
    yield b"\0" + DEEP
    for number, name in enumerate(NAMES):
        for said in SAID.values():
            yield bytes((number,)) + json.dumps(said, ensure_ascii=False).encode()
        yield bytes((0xF0 + number,)) + json.dumps(SAID.get(name, {})).encode()


@cache
def _desk() -> tuple[VirtualLoop, Desk]:
    """A whole gateway in virtual time, started and at rest; it is stopped when Python ends."""
    loop = VirtualLoop()
    directory = TemporaryDirectory(prefix="campusgw-fuzz-")
    place = School(Path(directory.name), 0, demo_site(), demo_lines())
    loop.run_until_complete(_at_rest(place))

    def ended() -> None:
        logging.disable(logging.CRITICAL)  # nothing is said after pytest's last line
        loop.run_until_complete(place.twin.stop())
        loop.close()
        directory.cleanup()

    atexit.register(ended)
    return loop, Desk(requests_of(place.gateway))


async def _at_rest(place: School) -> None:
    at_rest(place.field)
    place.start()
    await place.until(lambda: place.platform.heartbeats, within_s=20.0)


def _control(given: bytes) -> None:
    loop, desk = _desk()
    answer = loop.run_until_complete(desk.answer(given))
    assert answer["ok"] in (True, False)
    assert answer["ok"] or answer["error"]
    assert b"\n" not in json.dumps(answer, ensure_ascii=False).encode()


def _requests() -> Iterator[bytes]:
    yield DEEP
    order = {"device": "panic-gate", "condition": "pressed", "person": "王建国"}
    for wish in (
        {"do": "status"},
        {"do": "alarms"},
        {"do": "silence", "person": "王建国"},
        {"do": "order", **order, "action": "acknowledge"},
        {"do": "order", **order, "action": "shelve", "until_utc_s": NOW.utc_s, "reason": "检修"},
        {"do": "order", **order, "action": "reset", "address": "1.3.30"},
        {"do": "sign", "person": "zhang", "on": True, "post": "gate"},
        {"do": "drill.start", "person": "李主任", "reason": "演练", "until": "+30m"},
        {"do": "drill.stop", "person": "李主任"},
        {"do": "drill.press", "device": "panic-gate", "person": "王老师"},
        {"do": "drill.report", "id": 1},
        {"do": "drill.list"},
        {"do": "people"},
        {"do": "dance"},
    ):
        yield json.dumps({"version": 1, **wish}, ensure_ascii=False).encode()


def _platform(given: bytes) -> None:
    """A topic, a new line, a payload; each comes twice, so that it is also an old one."""
    topic, _, payload = given.partition(b"\n")
    platform = Platform()
    for _ in range(2):
        platform.take(topic.decode("utf-8", "replace"), payload, 0.0)
    assert platform.duplicates == 1
    assert len(platform.gaps()) <= 2


def published(wanted: str = "") -> Iterator[bytes]:
    """The examples of docs/mqtt.md, each under the topic that it has; of one channel, if it is wanted."""
    text = (Path(__file__).parent.parent.parent / "docs" / "mqtt.md").read_text(encoding="utf-8")
    for block in text.split("```json\n")[1:]:
        example = json.loads(block.partition("```")[0])
        if "specversion" not in example:
            continue  # a command
        channel = example["type"].split(".")[1]
        if channel.startswith(wanted):
            topic = f"campus/v1{example['source'].removeprefix('/campus')}/{channel}/{example['subject']}"
            yield f"{topic}\n{json.dumps(example, ensure_ascii=False)}".encode()


TARGETS = (
    Target("commands", _command, _commands_said, longest=2500, share=4.0),
    Target("control", _control, _requests, longest=2500, share=0.5),
    Target("platform", _platform, published, errors=(Unreadable,), longest=2500),
)
