"""Who may come in, and by what the uplink knows the broker: passwords and TLS against Debian's mosquitto."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from agent.errors import Rejected, UplinkError
from agent.session import SessionRequest, Tls, Will
from agent.uplink.mqtt import open_session
from tests.agent.uplink.bench import at_port, gateway, platform, settings, until
from tests.mosquitto import Mosquitto

pytestmark = [pytest.mark.asyncio, pytest.mark.mosquitto]

WILL = Will("campus/v1/1/2/3/status/gateway", b"{}")
MakeBroker = Callable[..., Mosquitto]


async def test_a_wrong_password_is_said_in_words_and_the_right_one_works(
    make_broker: MakeBroker, tmp_path: Path
) -> None:
    users = tmp_path / "users"
    # "right" as mosquitto_passwd writes it (PBKDF2), made here so that the clients' package is not needed
    users.write_text(f"gw:{_mosquitto_hash('right')}\n")
    users.chmod(0o600)
    broker = make_broker(f"password_file {users}", anonymous=False)
    await broker.start()
    (tmp_path / "wrong").write_text("wrong\n")
    (tmp_path / "right").write_text("right\n")
    for protocol in ("5", "3.1.1"):
        wrong = at_port(broker.port, username="gw", password_file=str(tmp_path / "wrong"))
        with pytest.raises(Rejected, match=r"refused the login: (Not authori[sz]ed|Bad user)"):
            await open_session(SessionRequest(wrong, "gw", WILL, protocol))  # type: ignore[arg-type]
        right = replace(wrong, password_file=str(tmp_path / "right"))
        session = await open_session(SessionRequest(right, "gw", WILL, protocol))  # type: ignore[arg-type]
        await session.publish("campus/v1/x", b"{}")
        await session.aclose()


async def test_a_missing_password_file_is_an_uplink_error_that_names_it(tmp_path: Path) -> None:
    request = SessionRequest(at_port(1, password_file=str(tmp_path / "none")), "gw", WILL)
    with pytest.raises(UplinkError, match=r"cannot use the credentials.*none"):
        await open_session(request)


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


def tls_broker(
    make_broker: MakeBroker, authority: trustme.CA, tmp_path: Path, *more: str, **cert: object
) -> Mosquitto:
    issued = authority.issue_cert("127.0.0.1", **cert)  # type: ignore[arg-type]
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    issued.private_key_pem.write_to_path(tmp_path / "server.key")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "server.pem")
    certificates = [
        f"cafile {tmp_path}/ca.pem",
        f"certfile {tmp_path}/server.pem",
        f"keyfile {tmp_path}/server.key",
    ]
    return make_broker(listener=[*certificates, *more])


async def test_records_go_over_tls_when_the_brokers_certificate_is_of_our_authority(
    make_broker: MakeBroker, authority: trustme.CA, tmp_path: Path
) -> None:
    broker = tls_broker(make_broker, authority, tmp_path)
    await broker.start()
    context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    how = settings(at_port(broker.port, tls=Tls(ca=str(tmp_path / "ca.pem"))))
    async with gateway(tmp_path, how) as it, platform(broker.port, tls_context=context) as seen:
        it.start()
        await it.alarm(*range(50))
        await it.drained()
        await until(lambda: seen.numbers() == list(range(50)))


async def test_a_certificate_of_another_authority_is_said_in_words(
    make_broker: MakeBroker, authority: trustme.CA, tmp_path: Path
) -> None:
    broker = tls_broker(make_broker, authority, tmp_path)
    await broker.start()
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    for ca in (str(tmp_path / "other.pem"), None):
        with pytest.raises(UplinkError, match=r"certificate is not accepted: .*(issuer|self.signed)"):
            await open_session(SessionRequest(at_port(broker.port, tls=Tls(ca=ca)), "gw", WILL))


async def test_an_expired_certificate_is_said_in_words(
    make_broker: MakeBroker, authority: trustme.CA, tmp_path: Path
) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    broker = tls_broker(make_broker, authority, tmp_path, not_after=yesterday)
    await broker.start()
    with pytest.raises(UplinkError, match="certificate has expired"):
        await open_session(SessionRequest(at_port(broker.port, tls=Tls(ca=str(tmp_path / "ca.pem"))), "gw", WILL))


async def test_a_certificate_for_another_name_is_said_in_words(
    make_broker: MakeBroker, authority: trustme.CA, tmp_path: Path
) -> None:
    broker = tls_broker(make_broker, authority, tmp_path)
    await broker.start()
    wrong_name = replace(at_port(broker.port, tls=Tls(ca=str(tmp_path / "ca.pem"))), host="localhost")
    with pytest.raises(UplinkError, match="certificate is not valid for 'localhost'"):
        await open_session(SessionRequest(wrong_name, "gw", WILL))


async def test_tls_to_a_port_without_tls_is_said_in_words(broker: Mosquitto) -> None:
    request = SessionRequest(at_port(broker.port, tls=Tls()), "gw", WILL, connect_timeout_s=3)
    with pytest.raises(UplinkError, match=r"TLS|closed|reset|EOF"):
        await open_session(request)


async def test_a_client_certificate_lets_in_and_none_keeps_out_with_a_hint(
    make_broker: MakeBroker, authority: trustme.CA, tmp_path: Path
) -> None:
    broker = tls_broker(
        make_broker, authority, tmp_path, "require_certificate true", "use_identity_as_username true"
    )
    await broker.start()
    mine = authority.issue_cert("gw-1.school", common_name="gw-1")
    mine.private_key_pem.write_to_path(tmp_path / "gw.key")
    mine.cert_chain_pems[0].write_to_path(tmp_path / "gw.pem")
    ca = str(tmp_path / "ca.pem")
    session = await open_session(
        SessionRequest(
            at_port(broker.port, tls=Tls(ca, str(tmp_path / "gw.pem"), str(tmp_path / "gw.key"))), "gw", WILL
        )
    )
    await session.publish("campus/v1/x", b"{}")
    await session.aclose()
    with pytest.raises(UplinkError, match="client certificate"):
        await open_session(SessionRequest(at_port(broker.port, tls=Tls(ca)), "gw", WILL, connect_timeout_s=5))


def _mosquitto_hash(password: str) -> str:
    import base64
    import hashlib

    salt = b"campus-salt!"
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(key).decode()}"
