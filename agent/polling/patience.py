"""How long to wait for a unit's reply: learned from its own replies, as TCP learns (RFC 6298), in fixed bounds."""

from dataclasses import dataclass, replace

MARGIN_S = 0.02  # an adapter that holds bytes back for 16 ms, and a busy board
# One probe of a lost unit in so many waits the whole time, since it may have become slow; more of them would not
# leave the time to find four that return within 10 s where the whole time is a second.
FULL_PROBE = 32


@dataclass(frozen=True, slots=True)
class Patience:
    """What is known of a unit's reply times, request's last bit to reply's last byte, in seconds.

    A unit in service is never waited for less than `floor_s`, its worst turnaround and its reply on the wire; a
    lost one for `brisk_s`, its usual turnaround, once it is known. `request_s`: the request and its silences.
    """

    floor_s: float
    brisk_s: float
    ceiling_s: float
    request_s: float = 0.0
    mean_s: float | None = None
    deviation_s: float = 0.0

    @property
    def usual_s(self) -> float:
        """What is enough for nearly every reply; before the first one, what the profile says."""
        return min(max(self._learned_s, self.floor_s), self.ceiling_s)

    @property
    def glance_s(self) -> float:
        """What a probe of a lost unit waits: a good reply would be there by then."""
        least_s = self.floor_s if self.mean_s is None else self.brisk_s
        return min(max(self._learned_s, least_s), self.ceiling_s)

    @property
    def probe_s(self) -> float:
        """How long a probe of a lost unit holds the line on average."""
        return self.request_s + ((FULL_PROBE - 1) * self.glance_s + self.ceiling_s) / FULL_PROBE

    @property
    def _learned_s(self) -> float:
        return 0.0 if self.mean_s is None else self.mean_s + 4 * self.deviation_s + MARGIN_S


def learned(patience: Patience, reply_s: float) -> Patience:
    """One more reply."""
    if patience.mean_s is None:
        return replace(patience, mean_s=reply_s, deviation_s=reply_s / 2)
    deviation_s = patience.deviation_s + (abs(reply_s - patience.mean_s) - patience.deviation_s) / 4
    return replace(patience, mean_s=patience.mean_s + (reply_s - patience.mean_s) / 8, deviation_s=deviation_s)


def timeout_s(patience: Patience, misses: int, probes: int | None) -> float:
    """How long to wait now: twice as long after each miss; a lost unit (`probes` given) gets a glance.

    A unit that never answered gets the whole time until it is lost.
    """
    if probes is not None:
        return patience.ceiling_s if probes % FULL_PROBE == FULL_PROBE - 1 else patience.glance_s
    if patience.mean_s is None:
        return patience.ceiling_s
    return min(patience.ceiling_s, patience.usual_s * 2.0**misses)
