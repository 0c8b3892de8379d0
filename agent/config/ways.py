"""What is wrong with the ways to the platform: logins by halves, a second way that is none or comes too late."""

from collections.abc import Iterable, Iterator

from agent.config.source import Loc
from agent.config.uplink_models import BrokerModel, UplinkModel
from agent.language import tr

SECOND_WAY_S = 10.0  # an alarm has gone by the second way so soon after the first failed
Found = tuple[Loc, str]


def uplink_mistakes(uplink: UplinkModel) -> Iterator[Found]:
    """Every mistake, with its place below `uplink`."""
    if uplink.backoff_first_s > uplink.backoff_most_s:
        said = tr("{first} is more than {most}", first="backoff_first_s", most="backoff_most_s")
        yield ("backoff_first_s",), said
    yield from _logins((), uplink.brokers)
    if uplink.backup is not None:
        yield from _logins(("backup",), uplink.backup.brokers)
        yield from _no_second(uplink)
        yield from _too_late(uplink)


def second_way_s(confirm_timeout_s: float) -> float:
    """At worst: one confirmation is waited for in vain, that of the second way comes at the last moment."""
    return 2 * confirm_timeout_s


def _logins(loc: Loc, brokers: Iterable[BrokerModel]) -> Iterator[Found]:
    for n, broker in enumerate(brokers):
        if broker.tls and (broker.tls.key is None) != (broker.tls.certificate is None):
            said = tr("a client's {one} and {other} go together", one="certificate", other="key")
            yield (*loc, "brokers", n, "tls"), said


def _no_second(uplink: UplinkModel) -> Iterator[Found]:
    """What the first way's fault would take along."""
    assert uplink.backup is not None
    one, other = ({(b.host.lower(), b.port) for b in way.brokers} for way in (uplink, uplink.backup))
    if one & other and uplink.interface == uplink.backup.interface:
        said = tr("the backup goes the first way: the same broker by the same interface")
        yield ("backup", "brokers"), said


def _too_late(uplink: UplinkModel) -> Iterator[Found]:
    worst_s = second_way_s(uplink.confirm_timeout_s)
    if worst_s > SECOND_WAY_S:
        said = tr(
            "with this an alarm would go by the backup up to {worst:g} s after the first way failed; it must be"
            " {most:g} s: set {key} to {needed:g} or less",
            worst=worst_s,
            most=SECOND_WAY_S,
            key="confirm_timeout_s",
            needed=SECOND_WAY_S / 2,
        )
        yield ("confirm_timeout_s",), said
