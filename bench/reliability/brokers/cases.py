"""What can befall a broker or the way to it: how it begins, how it ends, and what `status` must call it."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from bench.reliability.brokers.between import doubled_pubacks, without_pubacks
from bench.reliability.brokers.place import Place
from bench.reliability.buttons import CLIENT_ID

Act = Callable[[Place], Coroutine[Any, Any, None]]

LOSS, DELAY_S = 0.3, 1.0  # each way, so a round trip takes 2 s
BREATH_S = 1.2  # of a session whose packet ids the next one uses again


@dataclass(frozen=True, slots=True)
class Case:
    """One fault. `named` is what `campusgw status` must say of it meanwhile, as a regular expression.

    `begin` returns at once or goes on until the fault has lasted for `lasts_s`; `way` is how the gateway reaches
    the broker. Under `platform_confirms` records leave only by the platform's own word.
    """

    name: str
    done: str
    begin: Act
    end: Act
    named: str
    lasts_s: float = 6.0
    way: str = "loopback"  # or between, two hosts, TLS
    platform_confirms: bool = False


async def _kill(place: Place) -> None:
    place.broker.kill()


async def _kill_and_forget(place: Place) -> None:
    place.broker.kill()
    place.broker.forget()


async def _start(place: Place) -> None:
    await place.broker.start()


async def _freeze(place: Place) -> None:
    place.broker.freeze()


async def _thaw(place: Place) -> None:
    place.broker.thaw()


async def _cut(place: Place) -> None:
    place.relay.cut = True


async def _spoil(place: Place) -> None:
    place.relay.loss, place.relay.delay_s = LOSS, DELAY_S


async def _mend(place: Place) -> None:
    place.relay.cut, place.relay.loss, place.relay.delay_s = False, 0.0, 0.0


async def _swallow(place: Place) -> None:
    place.between.to_gateway = without_pubacks


async def _use_again(place: Place) -> None:
    """Sessions whose confirmations are swallowed, and sessions in which the same packet ids come doubled."""
    while True:
        for answer in (without_pubacks, doubled_pubacks):
            place.between.to_gateway = answer
            await asyncio.sleep(BREATH_S)
            place.between.break_links()


async def _hand_on(place: Place) -> None:
    place.between.to_gateway = lambda packet: [packet]


async def _forbid(place: Place) -> None:
    place.broker.allow("topic write campus/v1/+/+/+/status/#")


async def _allow(place: Place) -> None:
    place.broker.allow("topic readwrite #")


async def _rival(place: Place) -> None:
    """Another gateway with our name, which comes back as often as we do."""
    host, port = place.broker.address
    command = ["mosquitto_sub", "-h", host, "-p", str(port), "-V", "mqttv5", "-i", CLIENT_ID, "-t", "nothing"]
    quiet = asyncio.subprocess.DEVNULL
    while True:
        process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _nothing(_place: Place) -> None:
    await asyncio.sleep(0)


async def _expire(place: Place) -> None:
    place.broker.kill()
    place.certificates.expired()
    await place.broker.start()


async def _renew(place: Place) -> None:
    place.broker.kill()
    place.certificates.valid()
    await place.broker.start()


NO_CONFIRMATION = r"no confirmation within 5 s|no answer within"

CASES: tuple[Case, ...] = (
    Case("killed", "killed with -9, started again with what it had saved", _kill, _start, "refused"),
    Case(
        "killed, forgets all",
        "killed with -9, its files deleted: sessions and what it had confirmed are gone; the platform confirms",
        _kill_and_forget,
        _start,
        "refused",
        platform_confirms=True,
    ),
    Case("hangs", "stopped (SIGSTOP): TCP lives, nobody answers", _freeze, _thaw, NO_CONFIRMATION, lasts_s=12.0),
    Case(
        "half open",
        "nothing passes between the two hosts, and nobody says so",
        _cut,
        _mend,
        NO_CONFIRMATION,
        lasts_s=15.0,
        way="two hosts",
    ),
    Case(
        "bad link",
        f"{LOSS:.0%} of the packets lost, a round trip of {2 * DELAY_S:g} s",
        _spoil,
        _mend,
        "connected to|no confirmation|no answer",
        lasts_s=45.0,
        way="two hosts",
    ),
    Case(
        "no PUBACK",
        "every PUBACK swallowed on its way back",
        _swallow,
        _hand_on,
        NO_CONFIRMATION,
        lasts_s=12.0,
        way="between",
    ),
    Case(
        "packet ids again",
        "links broken every 1.2 s; PUBACKs of one session swallowed, those of the next, with its ids, doubled",
        _use_again,
        _hand_on,
        "connected to",
        lasts_s=15.0,
        way="between",
    ),
    Case("forbidden", "its ACL refuses alarms and events", _forbid, _allow, r"[Nn]ot authori[sz]ed", lasts_s=8.0),
    Case("taken over", "another client has the gateway's name", _rival, _nothing, "taken over", lasts_s=10.0),
    Case(
        "certificate",
        "started again with a certificate that has expired",
        _expire,
        _renew,
        "expired",
        lasts_s=8.0,
        way="TLS",
    ),
)
