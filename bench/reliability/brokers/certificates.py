"""The broker's certificate, valid or expired, from an authority of our own."""

from datetime import UTC, datetime
from pathlib import Path

import trustme

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)  # before any gateway was released, whatever its clock says now


class Certificates:
    """The files that mosquitto and the gateway read; the broker's is changed in place."""

    def __init__(self, directory: Path) -> None:
        self.authority = directory / "ca.pem"
        self.certificate = directory / "broker.pem"
        self.key = directory / "broker.key"
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(self.authority))
        self.valid()

    def valid(self) -> None:
        """A good one."""
        self._issue(None)

    def expired(self) -> None:
        """One that ended years ago."""
        self._issue(LONG_AGO)

    @property
    def listener(self) -> list[str]:
        """What mosquitto needs below its listener."""
        return [f"certfile {self.certificate}", f"keyfile {self.key}"]

    def _issue(self, not_after: datetime | None) -> None:
        made = self._authority.issue_cert("127.0.0.1", not_after=not_after)
        made.private_key_pem.write_to_path(str(self.key))
        self.certificate.write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))
