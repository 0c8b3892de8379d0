"""The rooms beyond the pipe, each opened with what it stands on; one line a room."""

from collections.abc import Sequence
from dataclasses import dataclass

from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.service.line_sight import Poller
from agent.service.people import People
from agent.service.pipe import Pipe
from agent.service.room import Room
from agent.site import Site
from agent.uplink.board import Board


@dataclass(frozen=True, slots=True)
class Ground:
    """What every room may stand on."""

    site: Site
    host: Host
    outbox: Outbox
    pipe: Pipe
    board: Board
    pollers: tuple[Poller, ...]


def open_rooms(ground: Ground) -> Sequence[Room]:
    """All that this site's configuration asks for."""
    people = People(ground.site, ground.host, ground.outbox, ground.pipe)
    return (people.room(),)
