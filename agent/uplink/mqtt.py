"""A Session on MQTT: connects, logs in, publishes with QoS 1, and says in words what went wrong.

Every connection gets a new client: a reused one would send again by itself what the outbox sends again.
"""

import asyncio
import logging
import ssl
from functools import cache
from pathlib import Path

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.errors import Rejected, UplinkError
from agent.session import Incoming, Session, SessionRequest
from agent.uplink.ack_client import TIMED_OUT, AckClient
from agent.uplink.envelope import CONTENT_TYPE
from agent.uplink.tls import tls_context

log = logging.getLogger(__name__)

GOODBYE_S = 2.0
PACKET_MOST = 256 * 1024  # what is larger a broker of MQTT 5 throws away, and spares us the way
UNSPECIFIED_CODE = 0x80


class MqttSession:
    """An open connection, with no more unconfirmed messages than the broker's Receive Maximum allows."""

    def __init__(self, client: AckClient, version_5: bool) -> None:
        self._client = client
        self._version_5 = version_5
        self._free = asyncio.Semaphore(client.window)
        self._sound = True
        client.watch()

    @property
    def window(self) -> int:
        """The broker's Receive Maximum."""
        return self._client.window

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1; returns when the broker has confirmed it."""
        properties = _content_type() if self._version_5 else None
        answered = False
        try:
            async with self._free:
                await self._client.send(topic, payload, retain, properties)
            answered = True
        except Rejected:
            answered = True
            raise
        finally:
            self._sound = answered

    async def receive(self) -> Incoming:
        """The next message on the topics that were asked for."""
        return await self._client.receive()

    async def wait_lost(self) -> str:
        """Wait until the link is gone."""
        return await self._client.wait_lost()

    async def aclose(self) -> None:
        """Say goodbye, unless the last word was never confirmed: then the broker shall publish our will."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                if self._sound:
                    await self._client.__aexit__(None, None, None)
                else:
                    await self._client.drop()
        except (OSError, aiomqtt.MqttError) as error:  # a TimeoutError is an OSError
            log.info("the broker did not hear our goodbye: %s", error)


async def open_session(request: SessionRequest) -> Session:
    """Connect; raises UplinkError in words, Rejected when the broker refuses the login."""
    password, context = await asyncio.to_thread(_credentials, request)
    client = _client(request, password, context)
    if request.interface is not None:
        client.go_out_by(request.interface)
    opened = False
    try:
        async with asyncio.timeout(request.connect_timeout_s + GOODBYE_S):  # aiomqtt's own timeout comes first
            await client.__aenter__()
            if request.listen:
                await client.listen(request.listen, _as_published() if request.protocol == "5" else None)
        opened = True
    except MqttConnectError as error:
        raise _refused(error) from error
    except aiomqtt.MqttError as error:
        raise UplinkError(_words(str(error), request)) from error
    except TimeoutError as error:
        raise UplinkError(f"no answer within {request.connect_timeout_s:g} s") from error
    finally:
        if not opened:
            client.give_up()
    return MqttSession(client, request.protocol == "5")


def _credentials(request: SessionRequest) -> tuple[str | None, ssl.SSLContext | None]:
    """Read from disk; reading a system's trust store takes tens of milliseconds."""
    broker = request.broker
    try:
        password = Path(broker.password_file).read_text().strip() if broker.password_file else None
        return password, tls_context(broker.tls, request.floor_utc_s) if broker.tls else None
    except (OSError, ValueError) as error:
        raise UplinkError(f"cannot use the credentials: {error}") from error


def _client(request: SessionRequest, password: str | None, context: ssl.SSLContext | None) -> AckClient:
    version_5 = request.protocol == "5"
    return AckClient(
        request.broker.host,
        request.broker.port,
        identifier=request.client_id,
        username=request.broker.username,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V5 if version_5 else aiomqtt.ProtocolVersion.V311,
        will=aiomqtt.Will(request.will.topic, request.will.payload, 1, True),
        keepalive=request.keepalive_s,
        timeout=request.connect_timeout_s,
        clean_session=None if version_5 else True,
        clean_start=True if version_5 else MQTT_CLEAN_START_FIRST_ONLY,
        properties=_session_properties() if version_5 else None,
        tls_context=context,
        max_inflight_messages=0,
    )


def _session_properties() -> Properties:
    """No session outlives its connection: the outbox is what remembers."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0
    properties.MaximumPacketSize = PACKET_MOST
    return properties


@cache
def _content_type() -> Properties:
    """The same for every message, and paho takes its time to make one."""
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = CONTENT_TYPE
    return properties


def _as_published() -> SubscribeOptions:
    """A message that is retained is to be known as such also when it comes at once."""
    return SubscribeOptions(qos=1, retainAsPublished=True)


def _words(error: str, request: SessionRequest) -> str:
    if error == TIMED_OUT:
        return f"no answer within {request.connect_timeout_s:g} s"
    if "before it let us in" in error and request.broker.tls is not None and not request.broker.tls.certificate:
        return f"{error}; does it want a client certificate?"
    return error or "no answer"


def _refused(error: MqttConnectError) -> UplinkError:
    code = getattr(error.rc, "value", error.rc)
    return Rejected(
        code if isinstance(code, int) else UNSPECIFIED_CODE, f"the broker refused the login: {error.rc}"
    )
