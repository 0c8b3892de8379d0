"""What the store does not have yet: what gathers for the next transaction, what is being written, telemetry."""

from agent.outbox.ledger import LaneDepth, Ledger
from agent.outbox.refuge import Shift
from agent.outbox.store import Oldest
from agent.outbox.turn import Gathered, Turn
from agent.outbox.window import Window
from agent.records import Lane


class Pending:
    """`next` gathers, `writing` is in the transaction that runs, `window` holds telemetry. Time is loop time."""

    def __init__(self, boot_id: str, base: int, telemetry_batch_s: float) -> None:
        self.boot_id = boot_id
        self.next = Gathered()
        self.writing: Gathered | None = None
        self.window = Window(boot_id, base, telemetry_batch_s)

    @property
    def empty(self) -> bool:
        """Nothing waits to be written, not even in the books."""
        return self.next.empty and self.window.empty

    @property
    def confirmed(self) -> set[int]:
        """Places of alarms and events that the disk still has as waiting."""
        return self.next.confirmed | (self.writing.confirmed if self.writing else set())

    @property
    def settled(self) -> set[int]:
        """The same of telemetry."""
        return set(self.next.settled) | set(self.writing.settled if self.writing else ())

    def gathered(self) -> Gathered:
        """Takes what has gathered; what comes from now on gathers anew."""
        gathered, self.next = self.next, Gathered()
        return gathered

    def turn(self, gathered: Gathered, now_s: float, *, all: bool) -> Turn:
        """All that is to be written now; the books of what only passed through go along with something else."""
        window, rows = self.window, gathered.rows
        due_s = window.due_s
        telemetry = window.take() if due_s is not None and (all or due_s <= now_s) else []
        alone = not (rows or gathered.states or gathered.confirmed or telemetry or all)
        return Turn(
            boot_id=self.boot_id,
            rows=rows,
            states=gathered.states,
            confirmed=frozenset(gathered.confirmed),
            telemetry=telemetry,
            base=window.base,
            settled=gathered.settled,
            passed=0 if alone else window.passed,
            overflow=window.overflow if rows or telemetry else None,
        )

    def forget_confirmed(self) -> None:
        """Places mean nothing in a new store: what was confirmed and not written will be sent again."""
        for gathered in (self.next, self.writing):
            if gathered is not None:
                gathered.confirmed.clear()

    def move(self, shift: Shift) -> None:
        """Records stand elsewhere now: their old places are others'. Not while something is being written."""
        if shift.records:
            self.next.confirmed.clear()
        if shift.telemetry:
            self.next.settled.clear()
            self.window.move(shift.telemetry)

    def depth(self, lane: Lane, books: Ledger, oldest: Oldest | None) -> LaneDepth:
        """What waits in a lane: the books, and for telemetry what they cannot know yet."""
        tally, window = books.lanes[lane], self.window
        accepted, confirmed, dropped = tally.accepted, tally.confirmed, tally.dropped
        if lane is Lane.TELEMETRY:
            lost = window.overflow.count if window.overflow else 0
            accepted += len(window) + window.late + window.passed + lost
            confirmed += window.late + window.passed + books.partly
            dropped += lost
            if oldest is None and window.oldest is not None:
                oldest = Oldest(window.oldest, self.boot_id)
        count = accepted - confirmed - dropped
        known = (oldest.at, oldest.boot_id) if oldest and count else (None, "")
        return LaneDepth(count, tally.bytes, accepted, confirmed, dropped, *known)
