"""What the gateway accepted, by its own word, against what the platform has."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from simulators.platform import Arrival


@dataclass(frozen=True, slots=True)
class Kept:
    """One record: which it is, and which it was; a sequence that is used again is not the same record."""

    series: str
    sequence: int
    boot: str
    monotonic: str
    subject: str

    def __str__(self) -> str:
        return f"{self.subject} at {self.monotonic} s, {self.series[:8]}-{self.sequence}"


@dataclass(slots=True)
class Account:
    """Over all boots of one disk."""

    accepted: set[Kept] = field(default_factory=set)
    here: Counter[Kept] = field(default_factory=Counter)

    def heard(self, arrival: Arrival) -> None:
        """The platform has this; what is not kept does not count."""
        if arrival.sequence is None or arrival.channel == "telemetry":
            return
        event = arrival.event
        series = event.id.rpartition("-")[0]
        self.here[Kept(series, arrival.sequence, event.bootid, event.monotonic, event.subject)] += 1

    def missing(self) -> list[Kept]:
        """Accepted, and not here (yet)."""
        return sorted(self.accepted - self.here.keys(), key=lambda kept: (kept.series, kept.sequence))

    def twice(self) -> list[str]:
        """Sequences under which there is more than one record."""
        numbers = Counter((kept.series, kept.sequence) for kept in self.here)
        return [f"{series[:8]}-{sequence}" for (series, sequence), count in numbers.items() if count > 1]


@dataclass(slots=True)
class Words:
    """What a machine says of itself, read as it comes."""

    file: Path
    checked: int | None = None
    careless: bool = False
    ended: str = ""
    accepted: int = 0
    _read_to: int = 0

    def listen(self, account: Account) -> None:
        """Take in what was said since."""
        for line in self._lines():
            word, _, rest = line.partition(" ")
            match word.rstrip(":"):
                case "accepted":
                    series, sequence, boot, monotonic, subject = rest.split(" ")
                    account.accepted.add(Kept(series, int(sequence), boot, monotonic, subject))
                    self.accepted += 1
                case "checked":
                    self.checked = int(rest)
                case "careless":
                    self.careless = True
                case "ended":
                    self.ended = rest

    def _lines(self) -> Iterator[str]:
        """Whole lines only: the power may go in the middle of one."""
        if not self.file.exists():
            return
        with self.file.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read_to += len(whole)
        yield from whole.decode().splitlines()
