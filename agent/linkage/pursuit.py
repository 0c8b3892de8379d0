"""What became of an output that linkage wishes: taken, fed back, told again, faulty. Pure; loop seconds."""

from dataclasses import dataclass, replace

from agent.language import later
from agent.linkage.model import OutputWish, Truth

CONFIRMED_WITHIN_S = 10.0  # R4 of our own rules: commanded → confirmed, else a fault
AGAIN_MOST_S = 60.0
SECURITY_TRIES = 3  # what closes is not told for ever
SILENT = later("its unit does not answer")
UNSEEN = later("its feedback cannot be read")
UNMOVED = later("its feedback does not confirm it")


@dataclass(frozen=True, slots=True)
class Became:
    """What is seen of an output now: its unit has taken the order, why not, and what its feedback says.

    `fed_back` is True where it has none.
    """

    taken: bool
    cause: str
    fed_back: Truth


@dataclass(frozen=True, slots=True)
class Pursuit:
    """A wish that is followed to its end.

    `order` numbers the orders for once; the last was taken at `taken_s`. `since_s`: since when it is not
    confirmed. `due_s`: when to look at it again though nothing is heard.
    """

    wish: OutputWish
    order: int
    since_s: float
    taken_s: float | None = None
    tries: int = 1
    confirmed: bool = False
    fault: str = ""
    due_s: float | None = None


def begun(wish: OutputWish, order: int, now_s: float) -> Pursuit:
    """It is commanded."""
    return Pursuit(wish, order, now_s, due_s=now_s + CONFIRMED_WITHIN_S)


def followed(before: Pursuit, became: Became, next_order: int, now_s: float) -> Pursuit:
    """How it stands now; an order for once whose effect is not seen, or has gone again, gets its next number."""
    taken_s = _taken_s(before, now_s) if became.taken else None
    if became.taken and (became.fed_back or (before.confirmed and became.fed_back is None)):
        return replace(before, taken_s=taken_s, tries=1, confirmed=True, fault="", due_s=None)
    since_s = now_s if before.confirmed else before.since_s
    after = replace(before, taken_s=taken_s, since_s=since_s, confirmed=False)
    if _again(before, became, now_s):
        after = replace(after, order=next_order, taken_s=None, tries=before.tries + 1)
    late = now_s >= since_s + CONFIRMED_WITHIN_S
    return replace(after, fault=_fault(became) if late else "", due_s=_due_s(after, now_s))


def _again(before: Pursuit, became: Became, now_s: float) -> bool:
    """Somebody has undone it: at once. It had no effect: after its time, ever less often."""
    if not before.wish.one_shot or not became.taken or became.fed_back is None:
        return False
    if before.confirmed:
        return True
    more = before.wish.priority == "life" or before.tries < SECURITY_TRIES
    return more and now_s >= _taken_s(before, now_s) + _patience_s(before)


def _taken_s(pursuit: Pursuit, now_s: float) -> float:
    return now_s if pursuit.taken_s is None else pursuit.taken_s


def _patience_s(pursuit: Pursuit) -> float:
    return float(min(AGAIN_MOST_S, CONFIRMED_WITHIN_S * 2.0 ** min(pursuit.tries - 1, 8)))


def _fault(became: Became) -> str:
    if not became.taken:
        return became.cause or SILENT
    return UNSEEN if became.fed_back is None else UNMOVED


def _due_s(pursuit: Pursuit, now_s: float) -> float | None:
    dues = [pursuit.since_s + CONFIRMED_WITHIN_S]
    if pursuit.wish.one_shot and pursuit.taken_s is not None:
        dues.append(pursuit.taken_s + _patience_s(pursuit))
    return min((due_s for due_s in dues if due_s > now_s), default=None)
