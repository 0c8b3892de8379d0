"""A store that is deleted while it is used is noticed before anything more is written into nothing."""

import asyncio
import shutil
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox.outbox import Outbox
from agent.records import Lane
from tests.agent.outbox.bench import alarms, everything, file_of, inline, numbers, on_disk, opened, record

pytestmark = pytest.mark.asyncio


def file_deleted(directory: Path) -> None:
    file_of(directory).unlink()


def log_deleted(directory: Path) -> None:
    file_of(directory).with_name("outbox.sqlite-wal").unlink()


def directory_removed(directory: Path) -> None:
    shutil.rmtree(directory)


def moved_away(directory: Path) -> None:
    file_of(directory).rename(directory / "elsewhere")


def another_in_its_place(directory: Path) -> None:
    other = directory / "other"
    other.write_bytes(b"a backup that somebody put back")
    other.replace(file_of(directory))


WAYS = (file_deleted, log_deleted, directory_removed, moved_away, another_in_its_place)


async def kept(directory: Path) -> None:
    """What a restart finds."""
    async with opened(directory) as outbox:
        stored = await everything(outbox)
        assert [s.record.data["n"] for s in stored if s.record.lane is Lane.ALARM] == [1, 2, 3]
        assert [s.record.data["n"] for s in stored if s.record.lane is Lane.TELEMETRY] == [0, 1, 2]
        assert outbox.states() == {"panic-gate": "pressed"}
        (event,) = [s.record.data for s in stored if s.record.data.get("event") == "outbox.set_aside"]
        assert event["fields"]["why"] == "deleted while in use"
        assert event["fields"]["salvaged"] == {"alarm": 2, "event": 0, "telemetry": 3}


async def appended(outbox: Outbox) -> None:
    """As the pipe does it: tried again when it failed."""
    try:
        await outbox.append([record(n=3)], {})
    except StorageError:
        await outbox.append([record(n=3)], {})


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_what_waits_in_a_deleted_store_is_in_the_new_one_with_what_comes_next(tmp_path: Path, way) -> None:  # type: ignore[no-untyped-def]
    directory = tmp_path / "state"
    async with opened(directory, batch_s=0) as outbox:
        await outbox.append(alarms(3), {"panic-gate": "pressed"})
        await on_disk(outbox, numbers(3))
        await outbox.confirm((await everything(outbox))[:1])
        await outbox.depths()
        before, rewinds = outbox.store_id, outbox.rewinds
        way(directory)
        await appended(outbox)
        assert outbox.store_id != before, "the file may come back and must not count on under the same name"
        assert outbox.rewinds > rewinds
    await kept(directory)


async def test_it_is_noticed_by_whoever_looks_at_the_depths_though_nothing_is_written(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(2), {})
        file_deleted(tmp_path)
        with pytest.raises(StorageError, match="deleted"):
            await outbox.depths()
        assert file_of(tmp_path).exists()
        assert (await outbox.depths())[Lane.ALARM].count == 2


@pytest.mark.parametrize("kill_before", ["set aside", "in place"])
async def test_a_kill_while_a_new_store_takes_its_place_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill_before: str
) -> None:
    class Kill(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Kill

    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(400, pad="x" * 100), {"panic-gate": "pressed"})
    with file_of(tmp_path).open("r+b") as raw:
        raw.seek(20 * 4096)
        raw.write(b"\xff" * 4096)
    with monkeypatch.context() as power:
        power.setattr(f"agent.outbox.opening.{'set_aside' if kill_before == 'set aside' else 'move'}", killed)
        with pytest.raises(Kill):
            await Outbox.open(tmp_path, max_bytes=2**26, boot_id="b", offload=inline)
    async with opened(tmp_path) as outbox:
        await outbox.append([record(n=-1)], {})
        stored = await everything(outbox)
        assert len(stored) > 350
        assert len([s for s in stored if s.record.data.get("event") == "outbox.set_aside"]) == 1
        assert outbox.states() == {"panic-gate": "pressed"}
    assert len(list(tmp_path.glob("*.damaged-1"))) == 1
    assert not list(tmp_path.glob("*.new*"))


async def test_two_who_notice_it_together_begin_one_new_store(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(2), {})
        file_deleted(tmp_path)
        await asyncio.gather(*(outbox.depths() for _ in range(4)), return_exceptions=True)
        assert (await outbox.depths())[Lane.ALARM].count == 2
        assert outbox.rewinds == 1
