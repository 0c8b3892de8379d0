"""The whole agent: one poller a line, the uplink, the timers, the watchdog, the control socket."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent.clock.clock import Clock
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.records import Stored
from agent.service.commands import Commands
from agent.service.configured import Keep, keep_configuration, report_refused
from agent.service.control import serve_control
from agent.service.heartbeat import Pulse, versions
from agent.service.journal import Journal
from agent.service.line_sight import Poller
from agent.service.lines import open_poller
from agent.service.notify import watchdog_interval_s
from agent.service.pipe import Pipe
from agent.service.requests import requests_of
from agent.service.room import Part, Room
from agent.service.rooms import Ground, open_rooms
from agent.service.second_way import SecondWay
from agent.service.sounder import Sounder
from agent.service.storage import tell_of_storage
from agent.service.supervisor import supervise
from agent.service.telling import Channels
from agent.service.unconfirmed import Unconfirmed
from agent.service.watchdog import feed
from agent.site import Site
from agent.uplink.answers import Answers
from agent.uplink.board import Board
from agent.uplink.messages import UplinkShown
from agent.uplink.presence import Beat
from agent.uplink.uplink import Uplink


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything that runs, for those who look at it (heartbeat, control socket, tests)."""

    site: Site
    host: Host
    outbox: Outbox
    pipe: Pipe
    board: Board
    uplink: Uplink
    pulse: Pulse
    pollers: tuple[Poller, ...]
    commands: Commands
    watch: Unconfirmed
    rooms: tuple[Room, ...] = ()


async def run_gateway(site: Site, host: Host, keep: Keep | None = None) -> None:
    """Run until cancelled; then say goodbye upstream and close the store. `keep`: the configuration came up."""
    outbox = await Outbox.open(
        host.state_dir,
        max_bytes=site.storage.max_bytes,
        boot_id=host.boot_id,
        offload=host.offload,
        telemetry_batch_s=site.storage.telemetry_batch_s,
        memory_bytes=site.storage.memory_bytes,
        history_bytes=site.storage.history_bytes,
    )
    clock = Clock(host, outbox)
    try:
        await clock.look()
        await _run_parts(_assemble(site, clock.host(), outbox), clock, keep)
    finally:
        await clock.keep()
        await outbox.aclose()


def _assemble(site: Site, host: Host, outbox: Outbox) -> Gateway:
    board = Board()
    pipe = Pipe(site, outbox, board, host)
    pollers = tuple(open_poller(plan, host, pipe) for plan in site.lines)

    def ways() -> UplinkShown:
        return uplink.shown()

    async def by_second(stored: Stored) -> bool:
        return await uplink.also_by_backup(stored)

    channels = Channels(Sounder(site.sounder, pollers), SecondWay(host, outbox, pipe.journal, by_second))
    rooms = tuple(open_rooms(Ground(site, host, outbox, pipe, board, pollers, channels, ways)))

    def beat() -> Beat:  # each who shows has a load of its own
        pulse = Pulse(pipe, outbox, pollers, host, rooms)
        return lambda: pulse.beat(uplink.shown())

    answers = Answers()
    commands = Commands(pipe, outbox, host, answers)
    for room in rooms:
        commands.learn(room.commands)
    uplink = Uplink(host, site, outbox, board, beat, versions(), commands.inbox, answers)
    watch = Unconfirmed(site.uplink.unconfirmed_after_s, pipe, outbox, channels.sounder, host)
    shown = Pulse(pipe, outbox, pollers, host, rooms)
    return Gateway(site, host, outbox, pipe, board, uplink, shown, pollers, commands, watch, rooms)


async def _run_parts(gateway: Gateway, clock: Clock, keep: Keep | None) -> None:
    clock.on_trusted = gateway.pipe.show_all
    gateway.pipe.show_all()
    await gateway.pipe.journal.report("gateway.started", "the gateway has started", **versions())
    await report_refused(gateway.site, gateway.pipe.journal)
    async with asyncio.TaskGroup() as group:
        for name, part in {**_parts(gateway), "clock": clock.run}.items():
            group.create_task(supervise(name, part, gateway.host, _reporter(gateway.pipe.journal)), name=name)
        group.create_task(_say_when_stopping(gateway.host), name="stopping")
        gateway.host.notify("READY=1")
        if keep is not None:
            await keep_configuration(gateway.host, gateway.pipe.journal, keep)


async def _say_when_stopping(host: Host) -> None:
    """The manager hears it when the stop begins, not when it is done."""
    try:
        await asyncio.Event().wait()
    finally:
        host.notify("STOPPING=1")


def _parts(gateway: Gateway) -> dict[str, Part]:
    parts: dict[str, Part] = {f"line {poller.plan.id}": poller.run for poller in gateway.pollers}
    parts |= gateway.uplink.parts
    parts["timers"] = gateway.pipe.run_timers
    parts["commands"] = gateway.commands.run
    parts["unconfirmed"] = gateway.watch.run
    parts["storage"] = lambda: tell_of_storage(gateway.outbox, gateway.pipe.journal.report)
    for room in gateway.rooms:
        parts |= room.parts
    progress = {poller.plan.id: poller.progress for poller in gateway.pollers}
    parts["watchdog"] = lambda: feed(gateway.host.notify, progress, watchdog_interval_s())
    if (path := gateway.site.control_socket) is not None:
        parts["control"] = lambda: serve_control(path, requests_of(gateway))
    return parts


def _reporter(journal: Journal) -> Callable[[str, BaseException], Awaitable[None]]:
    async def report(part: str, error: BaseException) -> None:
        await journal.report("part.failed", f"{part} failed: {error}", part=part, error=type(error).__name__)

    return report
