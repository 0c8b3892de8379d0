"""Whichever call the disk refuses: nothing of that append is kept, nothing else is lost, the next one works."""

import asyncio
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox.store import Store
from agent.records import Lane
from tests.agent.outbox.bench import alarms, everything, opened, record
from tests.agent.outbox.failing import failing
from tests.agent.service.world import until

pytestmark = pytest.mark.asyncio

PAD = "x" * 900


@pytest.mark.parametrize("for_good", [False, True], ids=["once", "until mended"])
async def test_the_nth_call_of_sqlite_may_fail_for_every_n(tmp_path: Path, for_good: bool) -> None:
    n = 0
    clean = False
    while not clean:
        n += 1
        clean = not await one_run(tmp_path / str(n), n, for_good)
    assert n > 11, "every statement of a transaction had its turn"


async def one_run(directory: Path, n: int, for_good: bool) -> int:
    """Confirm one, append two with a state, overflow the bound, all in one transaction of which call n fails."""
    async with opened(directory, max_bytes=19_000, batch_s=3600) as outbox:
        await outbox.append([record(Lane.EVENT, n=k, pad=PAD) for k in range(18)], {"panic-gate": "normal"})
        before = await everything(outbox)
        await outbox.telemetry([record(Lane.TELEMETRY, n=100)])
        await outbox.confirm(before[:1])
        database = failing(outbox)
        database.fail_in, database.for_good = n, for_good
        try:
            given = await outbox.append(alarms(2, pad=PAD), {"panic-gate": "pressed"})
        except StorageError:
            given = []
        failures = database.failures
        database.heal()
        assert outbox.states() == {"panic-gate": "pressed" if given else "normal"}
        now = await everything(outbox)
        assert [s.sequence for s in now if s.record.lane is Lane.ALARM] == given
        if not given:
            assert [s for s in now if s.record.lane is Lane.EVENT] == before[1:], (
                "confirmed stays hidden, the rest stays"
            )
        (again,) = await outbox.append([record(n=9)], {"panic-gate": "again"})
        await check(outbox, again)
    async with opened(directory) as outbox:
        assert outbox.states() == {"panic-gate": "again"}
        assert before[0] not in await everything(outbox)
        await check(outbox, again)
    return failures


async def check(outbox, newest: int) -> None:  # type: ignore[no-untyped-def]
    stored = await everything(outbox)
    sequences = [s.sequence for s in stored]
    assert len(set(sequences)) == len(sequences)
    assert newest in sequences
    assert [s.record.data["n"] for s in stored if s.record.lane is Lane.TELEMETRY] in ([100], []), "once at most"
    for lane, depth in (await outbox.depths()).items():
        assert depth.accepted == depth.confirmed + depth.count + depth.dropped, lane
    depths = await outbox.depths()
    assert depths[Lane.TELEMETRY].accepted == 1
    assert depths[Lane.ALARM].dropped == 0
    assert depths[Lane.EVENT].confirmed == 1


async def test_a_full_disk_fails_every_append_of_the_group_and_only_those(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        database = failing(outbox)
        database.fail_in = 3
        results = await asyncio.gather(
            *(outbox.append([record(n=n)], {}) for n in range(5)), return_exceptions=True
        )
        assert all(isinstance(result, StorageError) and "disk is full" in str(result) for result in results)
        assert await outbox.append([record(n=5)], {}) == [1]


async def test_telemetry_and_confirmations_outlast_a_disk_that_refuses_for_a_while(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0.01) as outbox:
        await outbox.append(alarms(2), {})
        (one, two) = await everything(outbox)
        database = failing(outbox)
        database.fail_in, database.for_good = 1, True
        await outbox.confirm([one])
        await outbox.telemetry([record(Lane.TELEMETRY, n=7)])
        async with asyncio.timeout(5):
            while database.failures < 2:
                await asyncio.sleep(0.01)
        database.heal()
        await until(lambda: not outbox.fault)
        assert [s.record.data for s in await everything(outbox)] == [two.record.data, {"n": 7}]
        assert (await outbox.depths())[Lane.ALARM].confirmed == 1


async def test_an_unreadable_disk_is_a_storage_error_for_readers(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        failing(outbox).fail_in = 1
        with pytest.raises(StorageError):
            await everything(outbox)
        failing(outbox).fail_in = 1
        with pytest.raises(StorageError):
            await outbox.depths()


async def test_a_disk_that_refuses_is_told_though_only_telemetry_is_written(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0.001) as outbox:
        disk = failing(outbox)
        disk.fail_in, disk.for_good = 1, True
        await outbox.telemetry([record(Lane.TELEMETRY)])
        await until(lambda: "full" in outbox.fault)
        disk.heal()
        await until(lambda: not outbox.fault)
        assert (await outbox.depths())[Lane.TELEMETRY].count == 1


async def test_an_append_fails_when_the_writer_breaks_off_for_whatever_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path) as outbox:
        with monkeypatch.context() as broken:
            broken.setattr(Store, "write", lambda *_: 1 / 0)
            with pytest.raises(StorageError, match="broke off"):
                await outbox.append([record()], {})
        await outbox.append([record(n=2)], {})
        assert [s.record.data for s in await everything(outbox)] == [{"n": 2}]
