"""The ways to the platform as the status screen shows them: by which alarms go, why one is down, for how long."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from agent.cli.words import word
from agent.language import later, tr

NAMES: Mapping[str, str] = {"primary": later("primary"), "backup": later("backup")}


def rows(uplink: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """A row for each way, and one for everything that its broker refuses."""
    ways = uplink["paths"]
    for name, way in ways.items():
        shown = word(NAMES, name) if len(ways) > 1 else ""
        stands_by = len(ways) > 1 and name != uplink["path"]
        yield tr("uplink"), shown, _way(way, stands_by)
        for topic, why in way["refused"].items():
            yield tr("uplink"), shown, tr("the broker refuses {topic}: {why}", topic=topic, why=why)


def all_up(uplink: dict[str, Any]) -> bool:
    """Every way is there, and takes what it is given."""
    return all(way["connected"] and not way["refused"] for way in uplink["paths"].values())


def _way(way: dict[str, Any], stands_by: bool) -> str:
    if not way["connected"]:
        return tr("not connected for {time}: {why}", time=timedelta(seconds=round(way["for_s"])), why=way["why"])
    said = tr("connected to {broker}", broker=way["broker"])
    return said + (tr(", stands by") if stands_by else "")
