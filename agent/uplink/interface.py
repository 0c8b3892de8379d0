"""A connection that goes out by one network interface, whatever the routes prefer."""

import errno
import socket


def connect_by(interface: str, host: str, port: int, timeout_s: float) -> socket.socket:
    """Try every address of the host by that interface; raises OSError in words."""
    error = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        link = socket.socket(family, kind, protocol)
        try:
            _bind(link, interface)
            link.settimeout(timeout_s)
            link.connect(address)
        except OSError as failure:
            link.close()
            error = failure
        else:
            return link
    raise error


def _bind(link: socket.socket, interface: str) -> None:
    """Linux lets everybody do this since 5.7; before that it takes CAP_NET_RAW."""
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
    except OSError as error:
        if error.errno == errno.ENODEV:
            raise OSError(f"there is no network interface {interface} here") from error
        if error.errno == errno.EPERM:
            why = "this kernel lets only CAP_NET_RAW choose an interface"
            raise OSError(f"cannot go out by {interface}: {why}") from error
        raise OSError(f"cannot go out by {interface}: {error.strerror}") from error
