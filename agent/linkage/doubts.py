"""Everything that is doubtful about a site's matrix; the functions that find it stand by what they find. Pure."""

from agent.language import later
from agent.linkage.doubt import Doubt, facts_of
from agent.linkage.exits import exits, fire_effects, outputs
from agent.linkage.reach import call_points, clashes, no_confirmed_fire, unreachable
from agent.site import Site

CHECKS = (no_confirmed_fire, call_points, unreachable, clashes, fire_effects, outputs, exits)
DRY_RUN = Doubt(
    "dry_run",
    later("dry_run: nothing is commanded, not even in a fire"),
    later("take it out once the matrix is as it shall be"),
    key="dry_run",
    error=False,
)


def doubts(site: Site) -> list[Doubt]:
    """All of it; nothing where there is no linkage."""
    if site.linkage is None:
        return []
    facts = facts_of(site, site.linkage)
    found = [doubt for check in CHECKS for doubt in check(facts)]
    return [DRY_RUN, *found] if site.linkage.dry_run else found
