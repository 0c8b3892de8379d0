"""Which broker may a demo start where nothing but pip is? Features and costs, tried with paho.

About 15 s: python -m bench.decisions.demo_brokers; prints the table of docs/decisions/0006-demo-broker.md.
mosquitto and amqtt are tried where they are installed.
"""

import contextlib
import getpass
import importlib.util
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.decisions.broker_client import V5, V311, WAIT_S, Broker, Client

ROOT = Path(__file__).parent.parent.parent

MESSAGES = 1000

IOTCORE_V311 = """
[v4.1]
name = "mqtt-3.1.1"
listen = "127.0.0.1:{v311}"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 5000
max_payload_size = 262144
max_inflight_count = 200
"""
MOSQUITTO = "listener {v5} 127.0.0.1\nallow_anonymous true\nuser {user}\n"
AMQTT = """\
listeners:
  default: {{type: tcp, bind: 127.0.0.1:{v5}}}
plugins:
  amqtt.plugins.authentication.AnonymousAuthPlugin: {{allow_anonymous: true}}
"""


def brokers(directory: Path) -> Iterator[Broker]:
    """Those that are here, configured in `directory`."""
    v5, v311 = unused_port(), unused_port()
    toml = (ROOT / "configs/broker/demo.toml").read_text()
    config = directory / "iotcore.toml"
    config.write_text(toml.replace(":18830", f":{v5}") + IOTCORE_V311.format(v311=v311))
    yield Broker(
        "iotcore", [sys.executable, "-m", "simulators.broker", str(config), str(directory / "mark")], v5, v311
    )
    if found := shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin"):
        port = unused_port()
        config = directory / "mosquitto.conf"
        config.write_text(MOSQUITTO.format(v5=port, user=getpass.getuser()))
        yield Broker("mosquitto", [found, "-c", str(config)], port, port)
    if importlib.util.find_spec("amqtt"):
        port = unused_port()
        config = directory / "amqtt.yaml"
        config.write_text(AMQTT.format(v5=port))
        run = "import sys; from amqtt.scripts.broker_script import app; app()"
        yield Broker("amqtt", [sys.executable, "-c", run, "-c", str(config)], port, port)


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def passes(broker: Broker, version: MQTTProtocolVersion) -> None:
    """QoS 1 from one to another."""
    listener, speaker = Client(broker, "l", version).subscribe("a/#"), Client(broker, "s", version)
    speaker.publish("a/b", b"x")
    listener.expect(b"x")
    listener.close()
    speaker.close()


def retained(broker: Broker, version: MQTTProtocolVersion) -> None:
    """A state is there for who comes later."""
    speaker = Client(broker, "s", version)
    speaker.publish("r/b", b"kept", retain=True)
    listener = Client(broker, "l", version).subscribe("r/#")
    listener.expect(b"kept")
    listener.close()
    speaker.close()


def will(broker: Broker, version: MQTTProtocolVersion) -> None:
    """The death of a gateway is told."""
    listener = Client(broker, "l", version).subscribe("w/#")
    Client(broker, "s", version, will=("w/b", b"died")).drop()
    listener.expect(b"died")
    listener.close()


def session(broker: Broker, version: MQTTProtocolVersion) -> None:
    """What is said while a platform is away waits for it."""
    away = Client(broker, "p", version, clean=False).subscribe("s/#")
    away.close()
    speaker = Client(broker, "s", version)
    speaker.publish("s/b", b"waited")
    back = Client(broker, "p", version, clean=False)
    back.expect(b"waited")
    back.close()
    speaker.close()


def takeover(broker: Broker, version: MQTTProtocolVersion) -> None:
    """The same client id a second time ends the first."""
    first = Client(broker, "t", version)
    second = Client(broker, "t", version)
    first.taken_over()
    first.paho.loop_stop()
    second.publish("t/b", b"x")
    second.close()


def large(broker: Broker, version: MQTTProtocolVersion) -> None:
    """A busy panel's state of 100 kB."""
    listener, speaker = Client(broker, "l", version).subscribe("b/#"), Client(broker, "s", version)
    speaker.publish("b/b", bytes(100_000))
    listener.expect(bytes(100_000))
    listener.close()
    speaker.close()


def from_5(broker: Broker, version: MQTTProtocolVersion) -> None:
    """What somebody says with MQTT 5, naming its content type as the gateway does."""
    listener, speaker = Client(broker, "l", version).subscribe("m/#"), Client(broker, "s", V5)
    properties = Properties(PacketTypes.PUBLISH)
    properties.ContentType = "application/cloudevents+json"
    speaker.publish("m/b", b"x", properties=properties)
    listener.expect(b"x")
    listener.close()
    speaker.close()


CHECKS: tuple[Callable[[Broker, MQTTProtocolVersion], None], ...] = (
    passes,
    retained,
    will,
    session,
    takeover,
    large,
    from_5,
)


def rate(broker: Broker, version: MQTTProtocolVersion) -> float:
    """QoS 1 messages a second into the broker, up to 20 of them unconfirmed."""
    speaker = Client(broker, "q", version)
    started_s = time.perf_counter()
    messages = [speaker.paho.publish("q/b", bytes(256), 1) for _ in range(MESSAGES)]
    messages[-1].wait_for_publish(WAIT_S * 3)
    taken_s = time.perf_counter() - started_s
    speaker.close()
    return MESSAGES / taken_s


def start(broker: Broker) -> tuple[subprocess.Popen[bytes], float]:
    """Start it; returns it and the ms until it listens."""
    started_s = time.perf_counter()
    process = subprocess.Popen(
        broker.command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while time.perf_counter() < started_s + 10:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", broker.v5)):
            return process, 1000 * (time.perf_counter() - started_s)
        time.sleep(0.005)
    process.kill()
    raise TimeoutError(broker.name)


def rss_mib(process: subprocess.Popen[bytes]) -> float:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def row(broker: Broker) -> str:
    """One broker's line of the table."""
    process, start_ms = start(broker)
    idle_mib = rss_mib(process)
    try:
        speed = statistics.median(rate(broker, V311) for _ in range(3))
        cells = []
        for version in (V5, V311):  # a listener that panics in the last check is not asked again
            failed = []
            for check in CHECKS:
                try:
                    check(broker, version)
                except (OSError, ValueError):  # TimeoutError is an OSError
                    failed.append(check.__name__)
            good = len(CHECKS) - len(failed)
            cells.append(f"{good} of {len(CHECKS)}" + (f" (not: {', '.join(failed)})" if failed else ""))
        return f"| {broker.name} | {' | '.join(reversed(cells))} | {start_ms:.0f} | {idle_mib:.0f} | {speed:.0f} |"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def main() -> None:
    print(f"checks: {', '.join(check.__name__ for check in CHECKS)}\n")
    print("| broker | MQTT 3.1.1 | MQTT 5 | start ms | idle MiB | QoS 1 msgs/s |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as directory:
        for broker in brokers(Path(directory)):
            print(row(broker), flush=True)


if __name__ == "__main__":
    main()
