"""Life alarms that nobody upstream confirms: what a full store has dropped has got nowhere."""

import asyncio
from pathlib import Path

from agent.outbox.outbox import Outbox
from agent.records import Instant, Lane, Record
from agent.service.pipe import Pipe
from agent.service.sounder import Sounder
from agent.service.unconfirmed import Unconfirmed
from agent.uplink.board import Board
from drivers.reading import Reading
from simulators.clock import run_virtual
from tests.agent.service.world import BUTTON, World, site_in, stored

AFTER_S = 30.0


def other(number: int) -> Record:
    data = {"device": "k", "condition": "tamper", "address": "", "change": "raised", "priority": 2, "hold": None}
    at = Instant(float(number), 1.8e9, "synchronised")
    return Record(Lane.ALARM, "alarm", "k", {**data, "more": "x" * 400}, at)


async def events(outbox: Outbox) -> list[str]:
    return [one.record.data["event"] for one in await stored(outbox) if one.record.lane is Lane.EVENT]


async def opened(directory: Path, history_bytes: int = 20_000) -> tuple[Outbox, Pipe, Unconfirmed]:
    host = World(directory).host()
    outbox = await Outbox.open(
        directory, max_bytes=60_000, boot_id="boot", offload=host.offload, history_bytes=history_bytes
    )
    pipe = Pipe(site_in(directory), outbox, Board(), host)
    watch = Unconfirmed(AFTER_S, pipe, outbox, Sounder(None, []), host)
    await watch.look()
    await pipe.accept("gate-io", [Reading("di1", False)])
    return outbox, pipe, watch


async def fill(outbox: Outbox) -> None:
    for number in range(200):
        await outbox.append([other(number)], {})
    assert outbox.dropped(Lane.ALARM)


def test_an_alarm_that_a_full_store_has_dropped_sounds_until_somebody_has_heard_it(tmp_path: Path) -> None:
    async def main() -> None:
        outbox, pipe, watch = await opened(tmp_path)
        await pipe.accept("gate-io", [Reading("di1", True)])
        await asyncio.sleep(AFTER_S + 1)
        await fill(outbox)
        assert not any(one.record.subject == BUTTON for one in await stored(outbox)), "it was dropped"
        await watch.look()
        assert ([one.device for one in watch.late], watch.sounder.sounding) == ([BUTTON], True)
        await watch.silence("王")
        await watch.look()
        assert (watch.late, watch.sounder.sounding) == ((), False)
        assert "uplink.confirmed_late" not in await events(outbox)
        await outbox.aclose()

    run_virtual(main())


def test_what_is_confirmed_late_is_so_though_others_were_dropped_once_and_no_history_is_kept(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        outbox, pipe, watch = await opened(tmp_path, history_bytes=0)
        await fill(outbox)
        await outbox.confirm(await stored(outbox))
        await pipe.accept("gate-io", [Reading("di1", True)])
        await asyncio.sleep(AFTER_S + 1)
        await watch.look()
        assert watch.sounder.sounding
        await outbox.confirm(await stored(outbox))
        await outbox.append([other(1)], {})
        await watch.look()
        assert (watch.late, watch.sounder.sounding) == ((), False)
        assert "uplink.confirmed_late" in await events(outbox)
        await outbox.aclose()

    run_virtual(main())
