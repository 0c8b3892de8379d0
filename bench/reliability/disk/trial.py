"""One case played: a gateway whose disk fails, presses meanwhile, and the disk well again without a restart."""

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.uplink.messages import EventData
from bench.endurance.people import Contact, Ledger
from bench.errors import Late
from bench.reliability.disk.cases import Case, Disk
from bench.reliability.disk.volume import Volume
from bench.reliability.kills.autopsy import dissect, put_by
from bench.reliability.kills.evidence import Evidence
from bench.reliability.kills.executioner import ROW_KEPT
from bench.reliability.kills.scene import Scene, scene
from bench.waiting import until
from drivers.errors import GatewayError
from simulators.gateway_file import save
from simulators.platform import Arrival
from simulators.scenario_file import read_yaml

CONFIG = Path(__file__).parent.parent / "torture.yaml"
CONTACTS = (
    Contact("panic-1", "pressed", "gate-io.di1", True, False),
    Contact("panic-7", "pressed", "dorm-io.di0", True, False),
)
ROUNDS = 4  # presses of each contact while the disk fails
LIVE_S = 10.0  # a live alarm that takes longer is given up
TOLD_S = 30.0
WEAK = (
    shutil.which("setpriv") or "setpriv",
    "--bounding-set=-dac_override,-dac_read_search",
)  # root, but bound by the rights of files


@dataclass(slots=True)
class Trial:
    """What was found; `live_s` is how long alarms took while the disk failed, `calm_s` before."""

    case: Case
    evidence: Evidence = field(default_factory=Evidence)
    ledger: Ledger = field(default_factory=Ledger)
    events: list[str] = field(default_factory=list)
    beats_with_fault: int = 0
    calm_s: list[float] = field(default_factory=list)
    live_s: list[float] = field(default_factory=list)
    recovered_s: float = float("nan")
    wrong: list[str] = field(default_factory=list)

    def heard(self, arrival: Arrival) -> None:
        """The platform has taken this."""
        self.evidence.heard(arrival)
        self.ledger.heard(arrival)
        if isinstance(arrival.payload, EventData) and not arrival.duplicate:
            self.events.append(arrival.payload.event)
        beat = self.evidence.last_beat
        if beat is not None and beat.storage_fault:
            self.beats_with_fault += 1

    def complaints(self) -> Iterator[str]:
        """Everything that is not as it must be."""
        yield from self.wrong
        yield from self.ledger.missing
        yield from self.evidence.complaints
        yield from self.evidence.out_of_turn(over_stores=self.case.same_store)
        if self.case.same_store:
            yield from self.ledger.uncalled
        yield from (f"{event} was not told" for event in self.case.told if event not in self.events)


async def play(case: Case, directory: Path) -> Trial:
    """The whole case."""
    trial = Trial(case)
    volume = Volume(directory / "image", directory / "disk")
    volume.make()
    disk = Disk(volume, volume.at / "state")
    try:
        async with scene(_config(directory), directory, trial.heard, before=WEAK) as site:
            try:
                await _run(trial, disk, site)
            except (GatewayError, Late, TimeoutError, ValueError) as error:
                trial.wrong.append(str(error))
    finally:
        volume.take_away()
    return trial


async def _run(trial: Trial, disk: Disk, site: Scene) -> None:
    await site.victim.start()
    await site.victim.ready()
    trial.calm_s = await _press(trial, site, 1)
    await _break(trial, disk, site)
    if not trial.case.promised:
        return
    trial.live_s = await _press(trial, site, ROUNDS)
    await asyncio.to_thread(trial.case.end, disk)
    await _recover(trial)
    await _press(trial, site, 1)
    await _settle(trial, site)
    await _restart(trial, disk, site)


async def _break(trial: Trial, disk: Disk, site: Scene) -> None:
    if trial.case.at_start:
        await site.victim.kill()
    await asyncio.to_thread(trial.case.begin, disk)
    if trial.case.at_start:
        await site.victim.start()
        await site.victim.ready()


async def _recover(trial: Trial) -> None:
    """All is told, and the heartbeat says that the disk is well; by itself, in the same process."""
    began_s = asyncio.get_running_loop().time()
    for event in trial.case.told:
        await until(lambda event=event: event in trial.events, event, TOLD_S)
    beats = trial.evidence.beats
    await until(lambda: trial.evidence.beats > beats + 1, "two heartbeats", TOLD_S)
    await until(lambda: not _fault(trial), "a heartbeat without a storage fault", TOLD_S)
    trial.recovered_s = asyncio.get_running_loop().time() - began_s


async def _settle(trial: Trial, site: Scene) -> None:
    """Nothing waits, and there is no gap in any series."""
    for lane in ROW_KEPT:
        await until(lambda lane=lane: _depth(trial, lane) == 0, f"{lane} records to be confirmed", TOLD_S)
    trial.wrong += [str(gap) for gap in site.platform.gaps()]


async def _restart(trial: Trial, disk: Disk, site: Scene) -> None:
    """What is on the disk now is all there is: kill the gateway, read it, and let another one go on with it."""
    await site.victim.kill()
    copy = disk.volume.at.parent / "autopsy"
    if not put_by(disk.state, copy) or (found := dissect(copy)) is None:
        raise ValueError("there is no store on the disk in the end")
    trial.wrong += found.contradictions()
    trial.evidence.take(found)
    await site.victim.start()
    await site.victim.ready()
    await _press(trial, site, 1)
    await until(lambda: not trial.evidence.missing(), "every record on the disk to have arrived", TOLD_S)
    await site.victim.stop()


async def _press(trial: Trial, site: Scene, rounds: int) -> list[float]:
    """Press and let go, and wait each time until the platform knows; how long that took."""
    before = len(trial.ledger.took_s)
    for _ in range(rounds):
        for contact in CONTACTS:
            for value, change in ((contact.there, "raised"), (contact.away, "cleared")):
                site.field.set(contact.point, value)
                await trial.ledger.arrives(contact.device, contact.condition, change, LIVE_S)
    return trial.ledger.took_s[before:]


def _fault(trial: Trial) -> str:
    beat = trial.evidence.last_beat
    return "no heartbeat" if beat is None else beat.storage_fault


def _depth(trial: Trial, lane: str) -> int:
    beat = trial.evidence.last_beat
    return -1 if beat is None or lane not in beat.outbox else beat.outbox[lane].depth


def _config(directory: Path) -> Path:
    """As the torture's, with its records on the small disk."""
    document = read_yaml(CONFIG)
    document["storage"]["directory"] = "disk/state"
    config = directory / "disks.yaml"
    with config.open("w", encoding="utf-8") as file:
        save(document, file)
    return config
