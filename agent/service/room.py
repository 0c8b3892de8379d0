"""What a room of the agent adds to the running gateway: parts, requests, commands, and its word in heartbeats."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.records import Along
from agent.uplink.orders import Ordered

Part = Callable[[], Awaitable[None]]
"""Runs until cancelled; the supervisor starts it again when it fails."""

Request = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
"""Answers a request at the control socket; raises ValidationError, OrderRefused or StorageError."""

Answer = Callable[[str, Mapping[str, object]], Along]
"""An order's result, in words and fields, and the mark that it is answered: to be stored with what it changes."""

Doer = Callable[[Any, Answer], Awaitable[None]]
"""Carries out a command, in one transaction with its answer; raises OrderRefused or StorageError."""


@dataclass(frozen=True, slots=True)
class Room:
    """Everything by name; `beat` gives fields of the heartbeat."""

    parts: Mapping[str, Part] = field(default_factory=dict)
    requests: Mapping[str, Request] = field(default_factory=dict)
    commands: Mapping[type[Ordered], Doer] = field(default_factory=dict)
    beat: Callable[[], Mapping[str, Any]] = dict
