"""From an endpoint to an open stream of bytes."""

from drivers.serial_port import open_serial
from drivers.stream import ByteStream, Endpoint, SerialPort
from drivers.tcp_socket import open_tcp


async def open_stream(endpoint: Endpoint) -> ByteStream:
    """Open a serial port or a TCP connection; raises LineError saying what a person can do about it."""
    if isinstance(endpoint, SerialPort):
        return open_serial(endpoint)
    return await open_tcp(endpoint)
