"""The demo's broker goes and comes, and whoever takes its port meanwhile is not mistaken for it."""

import asyncio
from pathlib import Path

from simulators.broker import HOST, OwnBroker, free_port
from simulators.broker_gate import BrokerGate
from simulators.demo.subscriber import Subscriber
from simulators.platform import Platform
from simulators.scenario_file import configs_dir

CONFIG = configs_dir() / "broker" / "demo.toml"
PATIENCE_S = 20.0


def broker(directory: Path, name: str) -> OwnBroker:
    """A broker with a directory of its own."""
    (directory / name).mkdir()
    return OwnBroker(CONFIG, directory / name)


def test_a_platform_whose_broker_is_gone_does_not_listen_to_a_stranger_at_its_port(tmp_path: Path) -> None:
    asked = 0

    async def main() -> None:
        nonlocal asked
        ours, stranger = broker(tmp_path, "ours"), broker(tmp_path, "stranger")

        def address() -> tuple[str, int] | None:
            nonlocal asked
            asked += 1
            return ours.address

        subscriber = Subscriber(address, "campus/v1/#", Platform(), lambda _arrival: None)
        listening = asyncio.create_task(subscriber.run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                await ours.start()
                await subscriber.there.wait()
                await ours.stop()
                subscriber.there.clear()
                await stranger.start()
                asked = 0
                while asked < 5:
                    assert not subscriber.there.is_set()
                    await asyncio.sleep(0.01)
                await ours.start()
                await subscriber.there.wait()
            assert ours.port != stranger.port
            assert await subscriber.catch_up(PATIENCE_S)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await ours.stop()
            await stranger.stop()

    asyncio.run(main())


def test_of_many_brokers_that_start_at_once_no_two_take_the_same_port(tmp_path: Path) -> None:
    async def main() -> None:
        brokers = [broker(tmp_path, f"broker-{n}") for n in range(4)]
        try:
            async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as group:
                for one in brokers:
                    group.create_task(one.start())
            assert len({one.port for one in brokers}) == len(brokers)
        finally:
            for one in brokers:
                await one.stop()

    asyncio.run(main())


def test_a_port_that_is_claimed_is_free_again_when_its_broker_has_stopped(tmp_path: Path) -> None:
    async def main() -> None:
        first, second = broker(tmp_path, "first"), broker(tmp_path, "second")
        await first.start()
        await first.stop()
        await second.start()
        await second.stop()
        assert first.port == second.port

    asyncio.run(main())


def test_a_closed_gate_cuts_what_passes_and_refuses_what_comes_and_opens_at_the_same_port(tmp_path: Path) -> None:
    async def main() -> None:
        behind = await asyncio.start_server(echo, HOST, free_port(0))
        address = behind.sockets[0].getsockname()
        gate = BrokerGate(HOST, lambda: (address[0], address[1]))
        async with asyncio.timeout(PATIENCE_S):
            await gate.open()
            port = gate.port
            reader, writer = await asyncio.open_connection(HOST, port)
            writer.write(b"ping")
            assert await reader.readexactly(4) == b"ping"
            await gate.close()
            assert await reader.read() == b""
            writer.close()
            assert not await taken_at(port)
            await gate.open()
            assert gate.port == port
            assert await taken_at(port)
            await gate.close()
        behind.close()

    asyncio.run(main())


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Say what is heard."""
    while chunk := await reader.read(100):
        writer.write(chunk)
    writer.close()


async def taken_at(port: int) -> bool:
    """Somebody takes a connection there."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True
