"""Opens what follows hazards and alarms to their end: the ledger, the escalation, the second way."""

from collections.abc import Callable, Iterator

from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.service.escalation import Escalations
from agent.service.hazard_desk import HazardDesk, unkept
from agent.service.hazards import Hazards, Judges
from agent.service.pipe import Pipe
from agent.service.room import Room
from agent.service.telling import Channels
from agent.site import Site
from agent.uplink.board import Board


def open_hazards(
    site: Site,
    host: Host,
    outbox: Outbox,
    pipe: Pipe,
    board: Board,
    channels: Channels,
    judges: Judges,
    drill: Callable[[], object],
) -> Iterator[Room]:
    """As far as the configuration asks for it."""
    chain = site.school.chain if site.school is not None else ()
    if site.hazards is not None:
        hazards = Hazards(site.hazards, chain, host, outbox, pipe, board, channels, judges)
        yield HazardDesk(hazards, pipe, chain).room()
    else:
        yield unkept()
    if site.escalation.chains:
        yield Escalations(site.escalation.chains, host, outbox, pipe, channels, drill).room()
    if site.uplink.backup is not None:
        yield Room(parts={"second way": channels.second.run})
