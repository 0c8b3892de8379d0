"""Which configuration runs: one that came up is kept, one that was refused is told upstream."""

from collections.abc import Callable

from agent.host import Host
from agent.records import ClockState
from agent.service.journal import Journal
from agent.site import Site
from agent.uplink.messages import RefusedShown, SinceShown

MISTAKES_MOST = 20  # in one message; the journal and `campusgw check` show all

Keep = Callable[[tuple[float, ClockState]], None]
"""Keeps the configuration as the last good one, since now; raises OSError."""


async def keep_configuration(host: Host, journal: Journal, keep: Keep) -> None:
    """Everything has been started with it; that it cannot be kept costs the next mistake its remedy."""
    now = host.wall_clock()
    try:
        await host.offload(lambda: keep(now))
    except OSError as error:
        await journal.report(
            "config.not_kept", f"the last good configuration cannot be kept: {error}", error=str(error)
        )


async def report_refused(site: Site, journal: Journal) -> None:
    """Say at every start that it is not the new configuration that runs."""
    if (shown := refused_shown(site)) is None or site.stand_in is None:
        return
    text = "the new configuration is refused; the last good one runs"
    fields = {"mistakes": shown.mistakes, "count": len(site.stand_in.mistakes), "since": shown.since.model_dump()}
    await journal.report("config.refused", text, running=site.config_hash, **fields)


def refused_shown(site: Site) -> RefusedShown | None:
    """For heartbeat and status."""
    if (stand_in := site.stand_in) is None:
        return None
    since = SinceShown(at=stand_in.since_utc_s, clock=stand_in.clock)
    return RefusedShown(since=since, mistakes=list(stand_in.mistakes[:MISTAKES_MOST]))
