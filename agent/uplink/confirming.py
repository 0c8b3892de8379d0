"""A publish whose confirmation must come in time."""

import asyncio

from agent.errors import UplinkError
from agent.session import Session


async def confirmed(
    session: Session, topic: str, payload: bytes, within_s: float, *, retain: bool = False
) -> None:
    """Publish; raises UplinkError when the confirmation does not come in time: the session is of no more use."""
    try:
        async with asyncio.timeout(within_s):
            await session.publish(topic, payload, retain=retain)
    except TimeoutError:
        raise UplinkError(f"no confirmation within {within_s:g} s") from None
