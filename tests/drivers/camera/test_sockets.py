"""Against servers on real sockets, without a line of ours: what a probe sends, and that nothing stays open."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from drivers.camera.probe import Camera, Look, look_at
from drivers.open import open_stream

OUR_UTC_S = 1_790_000_000.0  # 2026-09-21 14:13:20
XML = (
    b"<E:Envelope xmlns:E='http://www.w3.org/2003/05/soap-envelope'><E:Body><x><UTCDateTime>"
    b"<Time><Hour>14</Hour><Minute>15</Minute><Second>20</Second></Time>"
    b"<Date><Year>2026</Year><Month>9</Month><Day>21</Day></Date></UTCDateTime></x></E:Body></E:Envelope>"
)
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Notes what it is asked, and how many connections it still has."""

    def __init__(self, answer: Answer) -> None:
        self.answer, self.open, self.taken = answer, 0, 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open, self.taken = self.open + 1, self.taken + 1
        try:
            await self.answer(reader, writer)
            await reader.read()  # until the other side has closed
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[int]:
    async with await asyncio.start_server(server, "127.0.0.1", 0) as listener:
        yield listener.sockets[0].getsockname()[1]


async def rtsp(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    request = await reader.readuntil(b"\r\n\r\n")
    assert request.splitlines()[0] == b"OPTIONS * RTSP/1.0"
    writer.write(b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n")
    await writer.drain()
    writer.write(b"Public: DESCRIBE\r\n\r\n")


async def onvif(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"Content-Length"))
    assert b"GetSystemDateAndTime" in await reader.readexactly(length)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml\r\n\r\n" + XML)
    await writer.drain()
    writer.close()


async def slams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.transport.abort()


async def looked(rtsp_server: Server, onvif_server: Server) -> Look:
    async with listening(rtsp_server) as rtsp_port, listening(onvif_server) as onvif_port:
        camera = Camera("127.0.0.1", {"rtsp": rtsp_port, "onvif": onvif_port}, timeout_s=2.0)
        look = await look_at(camera, open_stream, lambda: OUR_UTC_S)
        async with asyncio.timeout(2):
            while rtsp_server.open or onvif_server.open:
                await asyncio.sleep(0.01)
        return look


def test_a_camera_on_real_sockets_is_seen_with_its_clock_and_left_alone_afterwards() -> None:
    look = asyncio.run(looked(Server(rtsp), Server(onvif)))
    assert look == Look(reachable=True, rtsp=True, onvif=True, clock_offset_s=120.0)


def test_a_camera_that_slams_the_door_is_reachable_and_asked_twice_at_most() -> None:
    first, second = Server(slams), Server(slams)
    look = asyncio.run(looked(first, second))
    assert (look.reachable, look.rtsp, look.onvif) == (True, False, False)
    assert (first.taken, second.taken) == (2, 1)


def test_a_port_where_nobody_listens_refuses_at_once() -> None:
    async def main() -> Look:
        async with listening(Server(rtsp)) as port:
            free = port
        camera = Camera("127.0.0.1", {"rtsp": free, "onvif": free})
        return await look_at(camera, open_stream, lambda: OUR_UTC_S)

    look = asyncio.run(main())
    assert (look.reachable, look.rtsp, look.onvif) == (False, False, False)
    assert "refused" in look.causes["rtsp"]


def test_a_name_that_has_no_address_is_no_camera() -> None:
    camera = Camera("no-such-camera.invalid", {"tcp": 80})
    look = asyncio.run(look_at(camera, open_stream, lambda: OUR_UTC_S))
    assert not look.reachable
