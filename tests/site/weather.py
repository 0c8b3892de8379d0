"""One seed from beginning to end."""

import asyncio
import json
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from agent.site import Site
from simulators.clock import run_virtual
from simulators.twin_broker import Arrived
from tests.site.invariants import Verdict
from tests.site.school import calmer, confirming, demo_site, school, two_ways
from tests.site.storm import Storm
from tests.site.two_ways import TwoWayStorm, TwoWayVerdict

OF_THIS_MACHINE = re.compile(r'"(disk_free_bytes|temperature_c)":[^,}]+')


@dataclass(frozen=True)
class Weather:
    """What came of a seed: which invariants did not hold, what happened, and all that the broker got."""

    complaints: list[str]
    log: list[str]
    arrived: list[Arrived]

    @property
    def journal(self) -> str:
        """Everything published, byte by byte; what this machine adds by itself is left out.

        A store's id is drawn from the operating system, as it must differ from every other ever made: here
        stores are numbered instead.
        """
        lines = [f"{m.at_s!r} {m.topic} {int(m.retain)} {m.payload.decode()}" for m in self.arrived]
        text = OF_THIS_MACHINE.sub(r'"\1":-', "\n".join(lines))
        for number, store in enumerate(dict.fromkeys(self._stores())):
            text = text.replace(store, f"store-{number}")
        return text

    def _stores(self) -> list[str]:
        events = (json.loads(message.payload) for message in self.arrived)
        return [event["id"].rpartition("-")[0] for event in events if "sequence" in event]


def _site(seed: int) -> Site:
    site = demo_site() if seed % 10 == 9 else calmer(demo_site())
    site = confirming(site) if seed % 3 == 1 else site
    return two_ways(site) if has_two_ways(seed) else site


def has_two_ways(seed: int) -> bool:
    """Whether this seed's school has a second way to the platform."""
    return seed % 4 == 2


def play_seed(seed: int) -> Weather:
    """The same seed gives the same weather, in any process; every tenth is polled as fast as the demo is.

    In every third an alarm leaves only when the platform has confirmed it; every fourth has two ways to it.
    """

    async def main(directory: Path) -> Weather:
        async with school(directory, seed, _site(seed)) as place:
            await asyncio.sleep(5.0)
            storm, verdict = (TwoWayStorm, TwoWayVerdict) if has_two_ways(seed) else (Storm, Verdict)
            rough = storm(place, seed)
            await rough.rage()
            return Weather(verdict(rough).complaints(), rough.log, place.arrived)

    with tempfile.TemporaryDirectory() as directory:
        return run_virtual(main(Path(directory)), seed)
