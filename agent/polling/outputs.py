"""What an output shall be, and how it gets there: written, read back, looked at again. Arithmetic only.

A desired state, not a command that is sent and forgotten: what is wanted stays wanted while its unit is lost, and
is true only once the unit itself has said so. Times are loop seconds.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from drivers.reading import Value

CONFIRMED_WITHIN_S = 10.0  # not seen as wanted for so long, an output is faulty (our own goal)
LOOK_S = 4.0  # so often is one looked at that needs nothing: a module may restart, or another master write
RETRY_FIRST_S = 0.5
RETRY_MOST_S = 4.0
RENEWALS = 2  # pulses begin so often within the length of one, so that a missed one makes no pause
URGENT_WAITS_S = 2.0  # a relay that will not fall must not keep an exit shut (GB 50166: 3 s from trigger to start)

OutputName = tuple[str, str]
"""Unit and point."""


@dataclass(frozen=True, slots=True)
class Want:
    """What an output shall be; `value` None: nothing, so it rests.

    `pulse_s`: by pulses of this length, which the module times itself and which begin anew in time, so that
    whatever becomes of the gateway ends it. `once`: the order of this number is told until the unit has taken it,
    and never again; what it did is seen elsewhere. `urgent`: before all else on the line. `opposites` are off
    before it is on.
    """

    value: Value
    pulse_s: float | None = None
    once: int = 0
    urgent: bool = False
    opposites: tuple[OutputName, ...] = ()


NOTHING = Want(None)


@dataclass(frozen=True, slots=True)
class Output:
    """An output as it is wanted and was last seen.

    `step` is due at `due_s`. `seen`: its unit said last that it is as wanted. `seen_s`: when it did so last, or
    since when it is wanted. `told_s`: when it was last told. `on_until_s`: until when it may be on by what it was
    told. `tries` in vain in a row, the last for `cause`.
    """

    want: Want
    seen_s: float
    due_s: float
    wanted_s: float = 0.0
    step: Literal["tell", "look", "rest"] = "tell"
    seen: bool = False
    told_s: float = 0.0
    on_until_s: float = -math.inf
    tries: int = 0
    cause: str = ""

    @property
    def urgent(self) -> bool:
        """It is to be told before all else; what had no success may wait like any other."""
        return self.want.urgent and self.step == "tell" and not self.tries

    def fault(self, now_s: float) -> str:
        """Why it must be taken for not switched; empty while there is hope or it is as wanted."""
        if self.step == "rest" or now_s - self.seen_s <= CONFIRMED_WITHIN_S:
            return ""
        return self.cause or "its unit does not answer"


def wanted(before: Output | None, want: Want, now_s: float) -> Output:
    """Somebody wants this; wanting it again changes nothing, and wanting something else mends no fault."""
    if before is None:  # off is believed only when it is read back: an earlier run may have left it on
        on_until_s = math.inf if want.value is False else -math.inf
        return Output(want, seen_s=now_s, due_s=now_s, wanted_s=now_s, on_until_s=on_until_s)
    if before.want == want:
        return before
    faulty = before.fault(now_s)
    seen_s, cause = (before.seen_s, before.cause) if faulty else (now_s, "")
    return Output(want, seen_s, due_s=now_s, wanted_s=now_s, on_until_s=before.on_until_s, cause=cause)


def let_go(before: Output) -> Output:
    """Nobody wants anything any more; what was not told is never told."""
    return replace(before, want=NOTHING, step="rest", due_s=math.inf, seen=False, tries=0, cause="")


def told(output: Output, now_s: float) -> Output:
    """The unit has taken the order: what it did is read back."""
    after = replace(output, told_s=now_s, on_until_s=_on_until_s(output, now_s))
    if output.want.once:
        return replace(after, step="rest", due_s=math.inf, seen=True, seen_s=now_s, tries=0, cause="")
    return replace(after, step="look", due_s=now_s)


def held_back_until_s(output: Output, opposite: Output | None) -> float:
    """When it may be told as far as its opposite goes: never both on, though what is urgent waits not for ever."""
    if opposite is None or output.step != "tell" or not output.want.value:
        return -math.inf
    most_s = output.wanted_s + URGENT_WAITS_S if output.want.urgent else math.inf
    return min(most_s, opposite.on_until_s)


def looked(output: Output, value: Value, now_s: float) -> Output:
    """The unit says what the output is."""
    if value is False:
        output = replace(output, on_until_s=min(output.on_until_s, now_s))
    if value == output.want.value:
        return _kept_up(replace(output, seen=True, seen_s=now_s, tries=0, cause=""), now_s)
    said = f"it reads {value!r}"
    if output.seen and output.told_s <= output.seen_s:  # it was as wanted, and has changed by itself
        return replace(output, step="tell", seen=False, due_s=now_s, cause=said)
    return _again(replace(output, step="tell", seen=False), said, now_s)


def failed(output: Output, cause: str, now_s: float) -> Output:
    """The exchange failed: nobody knows what came of it, so it is tried again."""
    if output.step == "tell":  # it may have been done
        output = replace(output, on_until_s=_on_until_s(output, now_s))
    return _again(output, cause, now_s)


def _kept_up(output: Output, now_s: float) -> Output:
    """As wanted: a pulse begins anew in time, anything else is looked at now and then."""
    if (pulse_s := output.want.pulse_s) is not None:
        return replace(output, step="tell", due_s=max(now_s, output.told_s + pulse_s / RENEWALS))
    return replace(output, step="look", due_s=now_s + LOOK_S)


def _on_until_s(output: Output, now_s: float) -> float:
    """Until when it may be on, now that it was told; off is believed only when it is read back."""
    want = output.want
    if not want.value:
        return output.on_until_s
    if want.pulse_s is not None:
        return max(output.on_until_s, now_s + want.pulse_s)
    return output.on_until_s if want.once else math.inf  # a momentary command has no length


def _again(output: Output, cause: str, now_s: float) -> Output:
    wait_s = min(RETRY_MOST_S, RETRY_FIRST_S * 2.0 ** min(output.tries, 10))
    return replace(output, tries=output.tries + 1, cause=cause, due_s=now_s + wait_s)
