"""Brokers for the uplink's tests, ended whatever happens."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.mosquitto import Mosquitto, installed

StartBroker = Callable[..., Awaitable[Mosquitto]]


@pytest.fixture
def make_broker(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """Brokers that are not started yet."""
    if installed() is None:
        pytest.skip("mosquitto is not here (apt install mosquitto)")
    made: list[Mosquitto] = []

    def make(*settings: str, **more: Any) -> Mosquitto:
        made.append(Mosquitto(tmp_path / f"broker-{len(made)}", *settings, **more))
        return made[-1]

    yield make
    for broker in made:
        broker.kill()


@pytest_asyncio.fixture
async def broker(make_broker: Callable[..., Mosquitto]) -> AsyncIterator[Mosquitto]:
    """A plain broker that everybody may use."""
    broker = make_broker()
    await broker.start()
    yield broker
