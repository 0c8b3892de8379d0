"""A Session on aiomqtt, with what it leaves out: reason codes, the broker's window, losing the link at once.

aiomqtt 2.5 reports success for a refused PUBACK, ignores Receive Maximum, and lets a publish on a reset link
hang for ten seconds (docs/decisions/0002-mqtt-client.md). AckClient therefore keeps its own futures by packet
id. Every connection gets a new client: a reused one would send again by itself what the outbox sends again.
"""

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Any, cast

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.client import MQTT_ERR_SUCCESS
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.errors import Rejected, UplinkError
from agent.session import Session, SessionRequest, Tls
from agent.uplink.messages import CONTENT_TYPE

log = logging.getLogger(__name__)

REFUSED_FROM = 0x80  # MQTT 5: reason codes from here on are errors; 0x10, no subscribers, is not
DEFAULT_WINDOW = 65535  # MQTT 5, 3.2.2.3.3: no Receive Maximum means this
GOODBYE_S = 2.0


class AckClient(aiomqtt.Client):
    """aiomqtt's client that knows what became of each publish."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._acks: dict[int, asyncio.Future[None]] = {}
        self.window = DEFAULT_WINDOW

    async def send(self, topic: str, payload: bytes, retain: bool, properties: Properties | None) -> None:
        """Publish with QoS 1 and wait for that very PUBACK; raises Rejected or UplinkError."""
        if self._disconnected.done():
            raise UplinkError("the link is lost")
        info = self._client.publish(topic, payload, 1, retain, properties)
        if info.rc != MQTT_ERR_SUCCESS:
            raise UplinkError(f"cannot publish: {info.rc}")
        ack = self._acks[info.mid] = asyncio.get_running_loop().create_future()
        try:
            await ack
        finally:
            self._acks.pop(info.mid, None)

    def watch(self) -> None:
        """From now on, losing the link fails every publish that waits."""
        self._disconnected.add_done_callback(self._fail_all)

    def why_lost(self) -> str:
        """Why the link is gone."""
        error = self._disconnected.exception() if not self._disconnected.cancelled() else None
        return str(error) if error else "closed"

    async def wait_lost(self) -> str:
        """Wait until the link is gone."""
        await asyncio.wait([self._disconnected])
        return self.why_lost()

    def _fail_all(self, _lost: "asyncio.Future[None]") -> None:
        for ack in self._acks.values():
            if not ack.done():
                ack.set_exception(UplinkError(f"the link broke: {self.why_lost()}"))

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason_code: ReasonCode, properties: Properties | None = None
    ) -> None:
        self.window = getattr(properties, "ReceiveMaximum", DEFAULT_WINDOW) or DEFAULT_WINDOW
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_publish(
        self, _client: Any, _userdata: Any, mid: int, reason_code: ReasonCode, _more: Properties
    ) -> None:
        ack = self._acks.get(mid)
        if ack is None or ack.done():
            return
        if reason_code.value >= REFUSED_FROM:
            ack.set_exception(Rejected(reason_code.value, f"the broker refused it: {reason_code}"))
        else:
            ack.set_result(None)


class MqttSession:
    """An open connection."""

    def __init__(self, client: AckClient, version_5: bool) -> None:
        self._client = client
        self._version_5 = version_5
        client.watch()

    @property
    def window(self) -> int:
        """The broker's Receive Maximum."""
        return self._client.window

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with QoS 1; returns when the broker has confirmed it."""
        await self._client.send(topic, payload, retain, _content_type() if self._version_5 else None)

    async def wait_lost(self) -> str:
        """Wait until the link is gone."""
        return await self._client.wait_lost()

    async def aclose(self) -> None:
        """Say goodbye if the link still stands."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._client.__aexit__(None, None, None)
        except (TimeoutError, aiomqtt.MqttError) as error:
            log.info("the broker did not hear our goodbye: %s", error)


async def open_session(request: SessionRequest) -> Session:
    """Connect; raises UplinkError in words, Rejected when the broker refuses the login."""
    client = _client(request)
    try:
        async with asyncio.timeout(request.connect_timeout_s):
            await client.__aenter__()
    except MqttConnectError as error:
        raise _refused(error) from error
    except aiomqtt.MqttError as error:
        raise UplinkError(str(error) or "no answer") from error
    except TimeoutError as error:
        raise UplinkError(f"no answer within {request.connect_timeout_s:g} s") from error
    return cast(Session, MqttSession(client, request.protocol == "5"))


def _client(request: SessionRequest) -> AckClient:
    broker = request.broker
    version_5 = request.protocol == "5"
    properties = _session_properties() if version_5 else None
    try:
        password = Path(broker.password_file).read_text().strip() if broker.password_file else None
        context = tls_context(broker.tls) if broker.tls else None
    except (OSError, ssl.SSLError) as error:
        raise UplinkError(f"cannot use the credentials: {error}") from error
    return AckClient(
        broker.host,
        broker.port,
        identifier=request.client_id,
        username=broker.username,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V5 if version_5 else aiomqtt.ProtocolVersion.V311,
        will=aiomqtt.Will(request.will.topic, request.will.payload, 1, True),
        keepalive=request.keepalive_s,
        timeout=request.connect_timeout_s,
        clean_session=None if version_5 else True,
        clean_start=True,
        properties=properties,
        tls_context=context,
        max_inflight_messages=0,
    )


def tls_context(tls: Tls) -> ssl.SSLContext:
    """Verify the broker, and show our certificate where one is configured."""
    context = ssl.create_default_context(cafile=tls.ca)
    if tls.certificate:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


def _session_properties() -> Properties:
    """No session outlives its connection: the outbox is what remembers."""
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0
    return properties


def _content_type() -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.ContentType = CONTENT_TYPE
    return properties


def _refused(error: MqttConnectError) -> UplinkError:
    code = getattr(error.rc, "value", error.rc)
    return Rejected(code if isinstance(code, int) else 0x80, f"the broker refused the login: {error.rc}")
