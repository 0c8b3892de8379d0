"""Mosquitto for tests: a broker that remembers, on a port and in a directory of its own."""

from pathlib import Path
from typing import Any

from bench import mosquitto

installed = mosquitto.installed


class Mosquitto(mosquitto.Mosquitto):
    """Saves sessions and retained messages when it is stopped, and not when it is killed."""

    def __init__(self, directory: Path, *settings: str, **more: Any) -> None:
        super().__init__(directory, "persistence true", *settings, **more)
