"""What the platform says that it has: gathered for a moment, then written at once."""

import asyncio
import logging

from agent.errors import StorageError
from agent.outbox.outbox import Outbox
from agent.uplink.answers import Answers
from agent.uplink.commands import Confirm, joined, spans_of

log = logging.getLogger(__name__)

GATHERED_S = 0.2  # each is a transaction, and a platform may confirm record by record
SPANS_MOST = 10_000  # of a series, that wait to be written; what is not noted is sent again, and confirmed again

Span = tuple[int, int]


class Confirmations:
    """`answers` learns of each time that the platform has confirmed something new."""

    def __init__(self, outbox: Outbox, answers: Answers) -> None:
        self._outbox, self._answers = outbox, answers
        self._spans: dict[str, list[Span]] = {}
        self._come = asyncio.Event()
        self._strange = ""

    def note(self, confirm: Confirm) -> None:
        """Take it in; one for another store means nothing here, and does nothing."""
        if not self._outbox.knows(confirm.store):
            self._say_strange(confirm.store)
            return
        if heard := self._heard(confirm):
            before = self._spans.get(confirm.store, [])
            self._spans[confirm.store] = joined([*before, *heard])[:SPANS_MOST]
            self._come.set()

    async def run(self) -> None:
        """Write what has come, for ever."""
        while True:
            await self._come.wait()
            await asyncio.sleep(GATHERED_S)
            self._come.clear()
            spans, self._spans = self._spans, {}
            for store, named in spans.items():
                await self._write(store, named)

    def _heard(self, confirm: Confirm) -> list[Span]:
        """As far as there were such records when it came: a later one cannot be meant, and nobody has it yet."""
        given = self._outbox.given(confirm.store)
        return [(first, min(last, given)) for first, last in spans_of(confirm) if first <= given]

    async def _write(self, store: str, spans: list[Span]) -> None:
        try:
            count = await self._outbox.confirm_spans(store, spans)
        except StorageError as error:
            log.error("the platform's confirmation cannot be kept; its records are sent again: %s", error)
            return
        if count:
            self._answers.note()

    def _say_strange(self, store: str) -> None:
        if store != self._strange:
            log.info("confirmations for another store (%r) are passed over", store)
        self._strange = store
