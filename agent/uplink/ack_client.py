"""aiomqtt's client with what it leaves out: reason codes, the broker's limits, losing the link at once.

aiomqtt 2.5 reports success for a refused PUBACK, ignores Receive Maximum, and lets a publish on a reset link
hang for ten seconds (docs/decisions/0002-mqtt-client.md). AckClient therefore keeps its own futures by packet
id.
"""

import asyncio
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiomqtt
from paho.mqtt.client import MQTT_ERR_SUCCESS, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.errors import Rejected, UplinkError
from agent.session import Incoming
from agent.uplink.interface import connect_by

log = logging.getLogger(__name__)

REFUSED_FROM = 0x80  # MQTT 5: reason codes from here on are errors; 0x10, no subscribers, is not
TOO_LARGE = 0x95
DEFAULT_WINDOW = 65535  # MQTT 5, 3.2.2.3.3: no Receive Maximum means this
PACKET_OVERHEAD = 64  # fixed header, packet id, topic length, our one property
HEARD_MOST = 32 * 1024  # bytes of a message that are kept; it is too long for us then, and refused by its name
CHUNK = 16 * 1024
UNHEARD_MOST = 64  # messages that came and were not received yet; more are not kept
ENDED: Mapping[str, str] = {
    "Unspecified error": "the link broke",  # what paho calls every link that ends without a DISCONNECT
    "Session taken over": "another client has logged in with our client id (session taken over)",
}


TIMED_OUT = "Operation timed out"  # what aiomqtt says of it, so that there is one word
UNREACHABLE: Mapping[int, str] = {
    errno.ECONNREFUSED: "nobody listens there (connection refused)",
    errno.EHOSTUNREACH: "the host does not answer on this network (no route to host)",
    errno.ENETUNREACH: "there is no network in that direction (network is unreachable)",
    errno.ECONNRESET: "the other side reset the connection",
}


class OwnSocketsOnly:
    """The event loop as aiomqtt sees it: file numbers that are no longer its own are left alone.

    aiomqtt attaches a socket by its number, one turn of the loop after paho asked for it. If the broker ends
    the link in that turn, the number may already be another socket's, a field device's: its writer would be
    replaced, and it would hang.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, current: Callable[[], Any]) -> None:
        self._loop = loop
        self._current = current
        self.call_soon_threadsafe = loop.call_soon_threadsafe
        self.create_task = loop.create_task
        self.run_in_executor = loop.run_in_executor

    def add_reader(self, number: int, callback: Callable[[], None]) -> None:
        """Attach, if the number is still ours."""
        if self._is_own(number):
            self._loop.add_reader(number, callback)

    def add_writer(self, number: int, callback: Callable[[], None]) -> None:
        """Attach, if the number is still ours."""
        if self._is_own(number):
            self._loop.add_writer(number, callback)

    def remove_reader(self, number: int) -> None:
        """Detach; paho calls this before it closes, so the number is ours."""
        self._loop.remove_reader(number)

    def remove_writer(self, number: int) -> None:
        """Detach, as above."""
        self._loop.remove_writer(number)

    def _is_own(self, number: int) -> bool:
        current = self._current()
        return current is not None and current.fileno() == number


class AckClient(aiomqtt.Client):
    """aiomqtt's client that knows what became of each publish."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._loop = cast(asyncio.AbstractEventLoop, OwnSocketsOnly(self._loop, self._client.socket))
        setattr(self._client, "_sock_recv", self._bounded(self._client._sock_recv))  # noqa: B010 (mypy: a method)
        self._acks: dict[int, asyncio.Future[None]] = {}
        self._given_up = False
        self.window = DEFAULT_WINDOW
        self.packet_most: int | None = None
        self._heard: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._overheard = False
        self._deaf: Rejected | None = None

    async def send(self, topic: str, payload: bytes, retain: bool, properties: Properties | None) -> None:
        """Publish with QoS 1 and wait for that very PUBACK; raises Rejected or UplinkError."""
        if self._disconnected.done():
            raise UplinkError("the link is lost")
        size = len(topic.encode()) + len(payload) + PACKET_OVERHEAD
        if self.packet_most is not None and size > self.packet_most:
            # Sent all the same, it would cost the link, and again after every reconnect.
            raise Rejected(TOO_LARGE, f"{size} bytes, but the broker takes no more than {self.packet_most}")
        info = self._client.publish(topic, payload, 1, retain, properties)
        if info.rc != MQTT_ERR_SUCCESS:
            raise UplinkError(f"cannot publish: {info.rc}")
        ack = self._acks[info.mid] = asyncio.get_running_loop().create_future()
        try:
            await ack
        finally:
            self._acks.pop(info.mid, None)

    async def listen(self, topics: str, options: SubscribeOptions | None) -> None:
        """Subscribe; a refusal is told to whoever wants to receive."""
        (code,) = await self.subscribe(topics, 0 if options else 1, options)
        refusal = code.value if isinstance(code, ReasonCode) else code
        if refusal >= REFUSED_FROM:
            self._deaf = Rejected(refusal, f"the broker refuses the subscription: {code}")

    async def receive(self) -> Incoming:
        """The next message; raises Rejected or UplinkError."""
        if self._deaf is not None:
            raise self._deaf
        if (message := await self._heard.get()) is None:
            self._heard.put_nowait(None)  # also for the next who asks
            raise UplinkError(self.why_lost())
        return message

    def go_out_by(self, interface: str) -> None:
        """Connect by this network interface only; paho has no option for it."""
        client = self._client
        client._create_socket_connection = lambda: connect_by(  # type: ignore[method-assign]
            interface, client.host, client.port, client.connect_timeout
        )

    def watch(self) -> None:
        """From now on, losing the link fails every publish and receive that waits."""
        self._disconnected.add_done_callback(self._fail_all)

    def give_up(self) -> None:
        """Leave nothing behind that connects later: under our own name it would end our next session."""
        self._given_up = True
        self._client.disconnect()

    async def drop(self) -> None:
        """Close without a DISCONNECT."""
        link = cast(socket.socket | None, self._client.socket())
        if link is not None and not self._disconnected.done():
            link.shutdown(socket.SHUT_RDWR)
            await self.wait_lost()

    def why_lost(self) -> str:
        """Why the link is gone."""
        error = self._disconnected.exception() if not self._disconnected.cancelled() else None
        reason = str(getattr(error, "rc", error or "closed"))
        return ENDED.get(reason) or f"the link ended: {reason}"

    async def wait_lost(self) -> str:
        """Wait until the link is gone."""
        await asyncio.wait([self._disconnected])
        return self.why_lost()

    def _bounded(self, receive: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """MQTT 3.1.1 lets anybody who may write send 256 MB: what is beyond our bound is let go as it comes."""

        def receive_some(size: int) -> bytes:
            del self._client._in_packet["packet"][HEARD_MOST:]
            return receive(min(size, CHUNK))

        return receive_some

    def _fail_all(self, _lost: "asyncio.Future[None]") -> None:
        self._heard.put_nowait(None)
        for ack in self._acks.values():
            if not ack.done():
                ack.set_exception(UplinkError(self.why_lost()))

    # --- what paho and aiomqtt call -------------------------------------------------------------------

    def _client_connect(self) -> None:
        """In a thread: connect and shake hands; says in words what is wrong with a certificate."""
        try:
            super()._client_connect()
        except ssl.SSLCertVerificationError as error:
            raise OSError(f"the broker's certificate is not accepted: {error.verify_message}") from error
        except ssl.SSLError as error:
            raise OSError(f"no TLS with the broker: {error.reason or error}") from error
        except ValueError as error:  # a host name that is none
            raise OSError(str(error)) from error
        except socket.gaierror as error:
            raise OSError(f"the name of the broker cannot be resolved (DNS): {error.strerror}") from error
        except OSError as error:
            raise OSError(_in_words(error)) from error

    def _on_socket_open(self, client: Any, userdata: Any, sock: Any) -> None:
        if self._given_up:
            sock.close()
            raise OSError("given up meanwhile")
        super()._on_socket_open(client, userdata, sock)

    def _on_connect(
        self, client: Any, userdata: Any, flags: Any, reason_code: ReasonCode, properties: Properties | None = None
    ) -> None:
        self.window = getattr(properties, "ReceiveMaximum", DEFAULT_WINDOW) or DEFAULT_WINDOW
        self.packet_most = getattr(properties, "MaximumPacketSize", None)
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason_code: ReasonCode, properties: Properties | None = None
    ) -> None:
        if self._given_up:
            return  # nobody waits any more, and paho closes the socket
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("the broker closed the link before it let us in"))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_message(self, _client: Any, _userdata: Any, message: MQTTMessage) -> None:
        if self._heard.qsize() < UNHEARD_MOST:
            self._heard.put_nowait(Incoming(message.topic, bytes(message.payload), message.retain))
        elif not self._overheard:
            self._overheard = True  # said once a session
            log.error("more than %d messages came at once; those beyond are not kept", UNHEARD_MOST)

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


def _in_words(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return TIMED_OUT
    return UNREACHABLE.get(error.errno or 0) or error.strerror or str(error)
