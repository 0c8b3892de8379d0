"""The seam to a broker: a session publishes, and returns only when the far side has the message."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM; `ca` None means the system's trust store."""

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Broker:
    """One address of a broker and how to log in; `password_file` holds one line."""

    host: str
    port: int = 1883
    username: str | None = None
    password_file: str | None = None
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes, retained, when the session dies without a goodbye."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class SessionRequest:
    """All that is needed to open a session; `listen` is the filter of the topics that it hears, if any."""

    broker: Broker
    client_id: str
    will: Will
    protocol: Literal["5", "3.1.1"] = "5"
    keepalive_s: int = 30
    connect_timeout_s: float = 10.0
    floor_utc_s: float | None = None  # our clock is not right; it is later than that
    listen: str = ""
    interface: str | None = None  # the network interface to go out by; None: as the routes say


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message for us; `retain`: it may have lain at the broker for years."""

    topic: str
    payload: bytes
    retain: bool


class Publisher(Protocol):
    """What a message goes by; raises UplinkError when it is of no more use, Rejected when a message is refused."""

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1; returns when the far side has confirmed this very message."""


class Session(Publisher, Protocol):
    """A live connection; raises UplinkError when it is lost."""

    @property
    def window(self) -> int:
        """How many unconfirmed messages the far side allows at once."""

    async def receive(self) -> Incoming:
        """The next message for us; raises Rejected when the far side does not let us listen."""

    async def wait_lost(self) -> str:
        """Wait until the session is lost; returns why."""

    async def aclose(self) -> None:
        """Say goodbye (no will is published); closing twice is harmless."""


OpenSession = Callable[[SessionRequest], Awaitable[Session]]
"""Returns when the session hears what it wants to `listen` to."""

Inbox = Callable[[Incoming], Awaitable[None]]
"""Takes what came in, and returns soon: the next message waits."""
