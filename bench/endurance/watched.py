"""`python -m bench.endurance.watched GAUGES run --config …`: the gateway's command, counted from within.

Nothing of the gateway is changed: one more task in its loop counts now and then and writes a line of JSON.
"""

import asyncio
import dataclasses
import json
import sys
from pathlib import Path
from unittest.mock import patch

from agent.cli.main import main
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.service import run
from agent.site import Site
from bench.endurance.gauge import gauge

EVERY_S = 2.0


async def count(gateway: run.Gateway, into: Path) -> None:
    """Write what there is, for ever; the counting task itself is left out."""
    while True:
        found = dataclasses.asdict(gauge())
        found["tasks"] -= 1
        found["board"] = sum(channel == "state" for channel, _ in gateway.board._latest)
        with into.open("a") as file:
            file.write(json.dumps(found) + "\n")
        await asyncio.sleep(EVERY_S)


def watched(into: Path, arguments: list[str]) -> int:
    """Run the command; its gateway is counted from its assembly on."""
    assemble = run._assemble
    counting: list[asyncio.Task[None]] = []  # a task that nobody holds may be collected

    def assembled(site: Site, host: Host, outbox: Outbox) -> run.Gateway:
        gateway = assemble(site, host, outbox)
        counting.append(asyncio.get_running_loop().create_task(count(gateway, into), name="counting"))
        return gateway

    with patch.object(run, "_assemble", assembled):
        return main(arguments)


if __name__ == "__main__":
    sys.exit(watched(Path(sys.argv[1]), sys.argv[2:]))
