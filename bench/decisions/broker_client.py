"""A paho client with the waiting that a script needs."""

import threading
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

WAIT_S = 3.0
V5, V311 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311


@dataclass(frozen=True, slots=True)
class Broker:
    """How one is started; `v5` and `v311` are its ports."""

    name: str
    command: list[str]
    v5: int
    v311: int

    def port(self, version: MQTTProtocolVersion) -> int:
        return self.v5 if version == V5 else self.v311


class Client:
    """A client at a broker; what takes longer than WAIT_S raises TimeoutError."""

    def __init__(self, broker: Broker, name: str, version: MQTTProtocolVersion, **options: Any) -> None:
        clean = options.pop("clean", True)
        will = options.pop("will", None)
        more = {} if version == V5 else {"clean_session": clean}
        self.got: list[tuple[str, bytes]] = []
        self._new = threading.Condition()
        self._up, self._down = threading.Event(), threading.Event()
        self.paho = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=version, **more)
        self.paho.on_message = self._take
        self.paho.on_connect = lambda *_: self._up.set()
        self.paho.on_disconnect = lambda *_: self._down.set()
        self.paho.on_subscribe = lambda *_: self._up.set()
        if will:
            self.paho.will_set(will[0], will[1], qos=1)
        start: dict[str, Any] = {}
        if version == V5:
            properties = Properties(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = 0 if clean else 300
            start = {"clean_start": clean, "properties": properties}
        self.paho.connect("127.0.0.1", broker.port(version), 30, **start)
        self.paho.loop_start()
        self._wait(self._up)

    def subscribe(self, topic: str) -> "Client":
        self._up.clear()
        self.paho.subscribe(topic, 1)
        self._wait(self._up)
        return self

    def publish(self, topic: str, payload: bytes, **options: Any) -> None:
        message = self.paho.publish(topic, payload, 1, **options)
        message.wait_for_publish(WAIT_S)
        if not message.is_published():
            raise TimeoutError

    def expect(self, payload: bytes) -> None:
        """Wait until this has come."""
        with self._new:
            if not self._new.wait_for(lambda: payload in [p for _, p in self.got], WAIT_S):
                raise TimeoutError

    def taken_over(self) -> None:
        self._wait(self._down)

    def drop(self) -> None:
        """The link breaks without a goodbye."""
        self.paho.loop_stop()
        wire = self.paho.socket()
        if wire is not None:
            wire.close()

    def close(self) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def _wait(self, event: threading.Event) -> None:
        if not event.wait(WAIT_S):
            raise TimeoutError

    def _take(self, _client: mqtt.Client, _user: object, message: mqtt.MQTTMessage) -> None:
        with self._new:
            self.got.append((message.topic, bytes(message.payload)))
            self._new.notify_all()
