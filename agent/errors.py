"""The agent's errors beside those of the field."""

from dataclasses import dataclass

from drivers.errors import GatewayError


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}"


class ConfigError(GatewayError):
    """The configuration cannot be used: show every mistake at once and exit with 78 (EX_CONFIG)."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(m) for m in mistakes))
        self.mistakes = mistakes


class StorageError(GatewayError):
    """The outbox cannot keep a record: the alarm state does not move; say so upstream."""


class UplinkError(GatewayError):
    """The broker cannot be reached or the link broke: back off; the outbox holds."""


class Rejected(UplinkError):
    """The broker answered and refused this message or login; `code` is its MQTT reason code."""

    def __init__(self, code: int, text: str = "") -> None:
        super().__init__(text or f"refused with reason code 0x{code:02X}")
        self.code = code


class OrderRefused(GatewayError):
    """An operator's order does not fit the alarm's state or rules; the text says why.

    `text` and its `fields` travel apart, so that whoever reads it reads it in their language.
    """

    def __init__(self, text: str, **fields: str) -> None:
        super().__init__(text.format(**fields))
        self.text = text
        self.fields = fields
