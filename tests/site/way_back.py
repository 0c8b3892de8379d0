"""How the platform's word comes to the gateway in a storm: or not, or twice, or late."""

import asyncio
import random
from collections.abc import Callable

LATE_S = 8.0


class WayBack:
    """`bad`: of ten messages two are lost, two come twice and three late. The dice make it the same each time."""

    def __init__(self, say: Callable[[str, bytes], None], dice: random.Random) -> None:
        self.bad = False
        self._say, self._dice = say, dice

    async def publish(self, topic: str, payload: bytes) -> None:
        """As any client would."""
        fate = self._dice.random() if self.bad else 1.0
        if fate < 0.2:
            return
        self._say(topic, payload) if fate >= 0.5 else self._later(topic, payload)
        if 0.4 <= fate < 0.6:
            self._later(topic, payload)

    def _later(self, topic: str, payload: bytes) -> None:
        asyncio.get_running_loop().call_later(LATE_S * self._dice.random(), self._say, topic, payload)
