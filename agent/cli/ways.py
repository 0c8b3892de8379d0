"""The ways to the platform as the status screen shows them: by which alarms go, why one is down, for how long."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from agent.cli.causes import cause
from agent.cli.words import word
from agent.language import later, tr

NAMES: Mapping[str, str] = {"primary": later("primary"), "backup": later("backup")}
UNSTEADY = 3  # losses in the last ten minutes: a restart is no trouble, a rival of the same name is


def rows(uplink: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """For each way a row, one if it was lost lately, and one for everything that its broker refuses."""
    ways = uplink["paths"]
    for name, way in ways.items():
        shown = word(NAMES, name) if len(ways) > 1 else ""
        stands_by = len(ways) > 1 and name != uplink["path"]
        yield tr("uplink"), shown, _way(way, stands_by)
        for said in _troubles(way):
            yield tr("uplink"), shown, said


def all_up(uplink: dict[str, Any]) -> bool:
    """Every way is there and stays, and takes what it is given."""
    return all(
        way["connected"] and not way["refused"] and way["losses"] < UNSTEADY for way in uplink["paths"].values()
    )


def _way(way: dict[str, Any], stands_by: bool) -> str:
    if not way["connected"]:
        return tr("not connected for {time}: {why}", time=_time(way["for_s"]), why=cause(way["why"]))
    said = tr("connected to {broker}", broker=way["broker"])
    return said + (tr(", stands by") if stands_by else "")


def _troubles(way: dict[str, Any]) -> Iterator[str]:
    if way["losses"]:
        why = cause(way["lost_why"])
        said = tr("lost {times} times in the last ten minutes, the last time: {why}", times=way["losses"], why=why)
        yield said + (tr(" (taken over by another client with our client id?)") if _rivalled(way) else "")
    for topic, why in way["refused"].items():
        ago = _time(way["refused_ago_s"][topic])
        yield tr("the broker refuses {topic}: {why}, {ago} ago", topic=topic, why=cause(why), ago=ago)


def _rivalled(way: dict[str, Any]) -> bool:
    """Brokers of MQTT 3.1.1, and mosquitto 2.0.11 too, only end the link of a session that is taken over."""
    return way["losses"] >= UNSTEADY and str(way["lost_why"]).endswith(": the link broke")


def _time(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds))
