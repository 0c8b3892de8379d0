"""The platform's own word that it has records: counted, and waited for."""

import asyncio


class Answers:
    """`count` grows each time that the platform confirms what it had not confirmed before."""

    def __init__(self) -> None:
        self.count = 0
        self._news = asyncio.Event()

    def note(self) -> None:
        """The platform has said something new."""
        self.count += 1
        self._news.set()

    async def beyond(self, count: int, within_s: float) -> bool:
        """Wait until there are more than so many; False when that takes too long."""
        try:
            async with asyncio.timeout(within_s):
                while self.count <= count:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True
