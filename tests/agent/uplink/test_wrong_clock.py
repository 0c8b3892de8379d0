"""TLS when our clock cannot be believed: the chain and the name count, and the last good time is a floor."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from agent.errors import UplinkError
from agent.session import SessionRequest, Tls, Will
from agent.uplink import tls
from agent.uplink.mqtt import open_session
from tests.agent.uplink.bench import at_port
from tests.mosquitto import Mosquitto

pytestmark = [pytest.mark.asyncio, pytest.mark.mosquitto]

WILL = Will("campus/v1/1/2/3/status/gateway", b"{}")
DAY = timedelta(days=1)
NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made


@pytest.fixture
def start(
    make_broker: Callable[..., Mosquitto], authority: trustme.CA, tmp_path: Path
) -> Callable[..., Mosquitto]:
    """A broker whose certificate is valid from and until then."""

    def make(not_before: datetime | None = None, not_after: datetime | None = None) -> Mosquitto:
        mine = authority.issue_cert("127.0.0.1", not_before=not_before, not_after=not_after)
        mine.private_key_pem.write_to_path(tmp_path / "server.key")
        mine.cert_chain_pems[0].write_to_path(tmp_path / "server.pem")
        return make_broker(listener=[f"certfile {tmp_path}/server.pem", f"keyfile {tmp_path}/server.key"])

    return make


async def connect(broker: Mosquitto, ca: Path, floor: datetime | None, host: str = "127.0.0.1") -> None:
    """In, one message, out."""
    there = at_port(broker.port, tls=Tls(ca=str(ca)))
    there = type(there)(host, there.port, tls=there.tls)
    request = SessionRequest(there, "gw", WILL, floor_utc_s=None if floor is None else floor.timestamp())
    session = await open_session(request)
    await session.publish("campus/v1/x", b"{}")
    await session.aclose()


async def test_a_certificate_that_is_not_yet_valid_by_our_clock_is_taken_only_while_the_clock_is_not_believed(
    start: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    """As after a boot in 1970, when everything begins in the future."""
    broker = start(not_before=NOW + 30 * DAY)
    await broker.start()
    with pytest.raises(UplinkError, match="certificate is not accepted: certificate is not yet valid"):
        await connect(broker, tmp_path / "ca.pem", None)
    await connect(broker, tmp_path / "ca.pem", NOW - 10 * DAY)


async def test_a_certificate_that_has_expired_by_our_clock_is_taken_if_it_had_not_at_the_last_good_time(
    start: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    """As with a clock that is two years ahead."""
    broker = start(not_after=NOW - DAY)
    await broker.start()
    with pytest.raises(UplinkError, match="certificate is not accepted: certificate has expired"):
        await connect(broker, tmp_path / "ca.pem", None)
    await connect(broker, tmp_path / "ca.pem", NOW - 2 * DAY)


async def test_a_certificate_that_had_expired_at_the_last_good_time_is_refused_in_words(
    start: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    broker = start(not_after=NOW - DAY)
    await broker.start()
    with pytest.raises(
        UplinkError, match=r"not accepted: certificate has expired: .*, and it is \d{4}-.* at least"
    ):
        await connect(broker, tmp_path / "ca.pem", NOW)


async def test_an_authority_that_had_expired_is_found_though_the_brokers_own_certificate_is_good(
    start: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    """trustme's authorities end in the year 3000, its certificates too unless told."""
    broker = start()
    await broker.start()
    ends = ssl.cert_time_to_seconds(ssl._ssl._test_decode_cert(str(tmp_path / "ca.pem"))["notAfter"])  # type: ignore[attr-defined]
    with pytest.raises(UplinkError, match="certificate has expired"):
        await connect(broker, tmp_path / "ca.pem", datetime.fromtimestamp(ends + 1, UTC))


async def test_chain_and_name_are_checked_whatever_the_clock(
    start: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    broker = start()
    await broker.start()
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(UplinkError, match=r"not accepted: .*(issuer|self.signed)"):
        await connect(broker, tmp_path / "other.pem", NOW)
    with pytest.raises(UplinkError, match="certificate is not valid for 'localhost'"):
        await connect(broker, tmp_path / "ca.pem", NOW, host="localhost")


async def test_nothing_is_said_to_a_broker_whose_certificate_is_refused(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """The password travels in CONNECT, right after the handshake."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1", not_after=NOW - DAY).configure_cert(context)
    heard: list[bytes] = []
    over = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            heard.append(await reader.read())
        writer.close()
        over.set()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, family=socket.AF_INET, ssl=context)
    async with server:
        (tmp_path / "password").write_text("secret\n")
        port = server.sockets[0].getsockname()[1]
        there = at_port(port, username="gw", password_file=str(tmp_path / "password"))
        there = type(there)(there.host, port, "gw", there.password_file, Tls(ca=str(tmp_path / "ca.pem")))
        with pytest.raises(UplinkError, match="certificate has expired"):
            await open_session(SessionRequest(there, "gw", WILL, floor_utc_s=NOW.timestamp()))
        await asyncio.wait_for(over.wait(), 10)
        assert b"".join(heard) == b""


async def test_the_leaf_alone_is_checked_where_python_does_not_give_the_chain() -> None:
    class Bare:
        _sslobj = None

        def getpeercert(self) -> dict[str, str]:
            return {"notAfter": "Jan  1 00:00:00 2020 GMT"}

    (leaf,) = tls._chain(Bare())  # type: ignore[arg-type]
    with pytest.raises(ssl.SSLCertVerificationError, match="expired: Jan  1"):
        tls._refuse_expired(leaf, NOW.timestamp())
    tls._refuse_expired(leaf, datetime(2019, 1, 1, tzinfo=UTC).timestamp())
