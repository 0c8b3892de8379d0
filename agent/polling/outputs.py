"""What an output shall be, and how it gets there: written, read back, looked at again. Arithmetic only.

A desired state, not a command that is sent and forgotten: what is wanted stays wanted while its unit is lost, and
is true only once the unit itself has said so. Times are loop seconds.
"""

from dataclasses import dataclass, replace
from typing import Literal

from drivers.reading import Value

CONFIRMED_WITHIN_S = 10.0  # not seen as wanted for so long, an output is faulty (our own goal)
LOOK_S = 4.0  # so often is one looked at that needs nothing: a module may restart, or another master write
RETRY_FIRST_S = 0.5
RETRY_MOST_S = 4.0
RENEWALS = 2  # pulses begin so often within the length of one, so that a missed one makes no pause


@dataclass(frozen=True, slots=True)
class Want:
    """What an output shall be.

    `pulse_s`: by pulses of this length, which the module times itself and which begin anew in time, so that
    whatever becomes of the gateway ends it.
    """

    value: Value
    pulse_s: float | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """An output as it is wanted and was last seen.

    `step` is due at `due_s`. `seen`: its unit said last that it is as wanted. `seen_s`: when it did so last, or
    since when it is wanted. `told_s`: when it was last told. `tries` in vain in a row, the last for `cause`.
    """

    want: Want
    seen_s: float
    due_s: float
    step: Literal["tell", "look"] = "tell"
    seen: bool = False
    told_s: float = 0.0
    tries: int = 0
    cause: str = ""

    def fault(self, now_s: float) -> str:
        """Why it must be taken for not switched; empty while there is hope or it is as wanted."""
        if now_s - self.seen_s <= CONFIRMED_WITHIN_S:
            return ""
        return self.cause or "its unit does not answer"


def wanted(before: Output | None, want: Want, now_s: float) -> Output:
    """Somebody wants this; wanting it again changes nothing, and wanting something else mends no fault."""
    if before is None or (before.want != want and not before.fault(now_s)):
        return Output(want, seen_s=now_s, due_s=now_s)
    if before.want == want:
        return before
    return Output(want, seen_s=before.seen_s, due_s=now_s, cause=before.cause)


def told(output: Output, now_s: float) -> Output:
    """The unit has taken the order: what it did is read back."""
    return replace(output, step="look", due_s=now_s, told_s=now_s)


def looked(output: Output, value: Value, now_s: float) -> Output:
    """The unit says what the output is."""
    if value == output.want.value:
        return _kept_up(replace(output, seen=True, seen_s=now_s, tries=0, cause=""), now_s)
    said = f"it reads {value!r}"
    if output.seen and output.told_s <= output.seen_s:  # it was as wanted, and has changed by itself
        return replace(output, step="tell", seen=False, due_s=now_s, cause=said)
    return _again(replace(output, step="tell", seen=False), said, now_s)


def failed(output: Output, cause: str, now_s: float) -> Output:
    """The exchange failed: nobody knows what came of it, so it is tried again."""
    return _again(output, cause, now_s)


def _kept_up(output: Output, now_s: float) -> Output:
    """As wanted: a pulse begins anew in time, anything else is looked at now and then."""
    if (pulse_s := output.want.pulse_s) is not None:
        return replace(output, step="tell", due_s=max(now_s, output.told_s + pulse_s / RENEWALS))
    return replace(output, step="look", due_s=now_s + LOOK_S)


def _again(output: Output, cause: str, now_s: float) -> Output:
    wait_s = min(RETRY_MOST_S, RETRY_FIRST_S * 2.0 ** min(output.tries, 10))
    return replace(output, tries=output.tries + 1, cause=cause, due_s=now_s + wait_s)
