"""TLS to a broker: whom we believe, also when our clock cannot be believed, and how we show who we are.

A board without a battery clock wakes up in 1970, when no certificate is valid yet. OpenSSL's look at the clock is
then off, chain and host name are checked all the same, and we ask of every certificate that it had not expired
when the time was last known: before CONNECT, which carries the password.
"""

import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from agent.session import Tls

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h); Python's ssl has no name for it


def tls_context(tls: Tls, floor_utc_s: float | None = None) -> ssl.SSLContext:
    """Verify the broker, and show our certificate where one is configured.

    `floor_utc_s` None: our clock is right, OpenSSL checks by it. Else it is surely later than that.
    """
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
    if floor_utc_s is not None:
        context.verify_flags |= NO_CHECK_TIME
        context.sslsocket_class = _checking(floor_utc_s)
    return context


def _checking(floor_utc_s: float) -> type[ssl.SSLSocket]:
    """Sockets whose handshake fails on a certificate that had expired by then."""

    class CheckingSocket(ssl.SSLSocket):
        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            try:
                for certificate in _chain(self):
                    _refuse_expired(certificate, floor_utc_s)
            except ssl.SSLCertVerificationError:
                self.close()  # paho does not: the broker would wait, and we would say no more
                raise

    return CheckingSocket


def _chain(link: ssl.SSLSocket) -> Iterator[Mapping[str, Any]]:
    """What the broker's identity rests on, decoded; the leaf alone where Python does not give the chain.

    Public from Python 3.13 on, but as bytes only, and ssl has nothing that reads these.
    """
    if (verified := getattr(getattr(link, "_sslobj", None), "get_verified_chain", None)) is not None:
        yield from (certificate.get_info() for certificate in verified())
    else:
        yield link.getpeercert() or {}


def _refuse_expired(certificate: Mapping[str, Any], floor_utc_s: float) -> None:
    """As OpenSSL refuses; a certificate without an end has none to be checked."""
    ends = certificate.get("notAfter")
    if ends is None or ssl.cert_time_to_seconds(ends) >= floor_utc_s:
        return
    known = datetime.fromtimestamp(floor_utc_s, UTC).date().isoformat()
    said = f"certificate has expired: {ends}, and it is {known} at least"
    error = ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, said)
    error.verify_message = said
    raise error
