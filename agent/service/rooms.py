"""The rooms beyond the pipe, each opened with what it stands on; one line a room."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.service.drill_requests import DrillRoom
from agent.service.drills import Drills
from agent.service.hazard_room import open_hazards
from agent.service.hazards import Judges
from agent.service.line_sight import Poller
from agent.service.linkage import Linkage
from agent.service.linkage_desk import LinkageDesk, unlinked
from agent.service.people import People
from agent.service.pipe import Pipe
from agent.service.provisioning import Provisioning, unjudged
from agent.service.room import Room
from agent.service.safe_states import SafeStates
from agent.service.telling import Channels
from agent.site import Site
from agent.uplink.board import Board
from agent.uplink.messages import UplinkShown


@dataclass(frozen=True, slots=True)
class Ground:
    """What every room may stand on; `ways` may be asked once the parts run."""

    site: Site
    host: Host
    outbox: Outbox
    pipe: Pipe
    board: Board
    pollers: tuple[Poller, ...]
    channels: Channels
    ways: Callable[[], UplinkShown]


def open_rooms(ground: Ground) -> Sequence[Room]:
    """All that this site's configuration asks for."""
    people = People(ground.site, ground.host, ground.outbox, ground.pipe)
    drills = Drills(ground.site, ground.host, ground.outbox, ground.pipe)
    rooms = [people.room(), DrillRoom(drills, people.tests, ground.site.identity).room()]
    if any(unit.safe_state for plan in ground.site.lines for unit in plan.units):
        rooms.append(SafeStates(ground.pollers, ground.pipe.journal).room())
    if (matrix := ground.site.linkage) is not None:
        ready = (ground.pipe, ground.outbox, ground.host, ground.board, ground.pollers)
        rooms.append(LinkageDesk(Linkage(matrix, *ready, lambda: drills.holds_outputs)).room())
    else:
        rooms.append(unlinked())
    if (school := ground.site.school) is not None and ground.site.packs:
        at = (ground.pipe, ground.outbox, ground.host, ground.board)
        provisioning = Provisioning(school, ground.site.packs, *at, people, ground.ways)
        judges = Judges(ground.site.packs, provisioning.verdicts, provisioning.watchers)
        rooms.append(provisioning.room())
    else:
        judges = Judges()
        rooms.append(unjudged())
    here = (ground.site, ground.host, ground.outbox, ground.pipe, ground.board)
    return [*rooms, *open_hazards(*here, ground.channels, judges, drills.active)]
