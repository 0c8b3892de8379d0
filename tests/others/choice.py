"""Which servers a test runs against."""

import pytest

MAKERS, MEDIA = ("pymodbus", "libmodbus"), ("tcp", "rtu", "rtu_over_tcp")
Server = tuple[str, str]
EVERY: tuple[Server, ...] = tuple((maker, medium) for maker in MAKERS for medium in MEDIA)


def parameters(servers: tuple[Server, ...]) -> list[object]:
    """As pytest wants them, marked with what they need."""
    return [
        pytest.param(server, id="-".join(server), marks=[pytest.mark.libmodbus] * (server[0] == "libmodbus"))
        for server in servers
    ]


def against(*servers: Server) -> pytest.MarkDecorator:
    """Only these servers: where the others would show nothing new, or cannot."""
    return pytest.mark.parametrize("far", parameters(servers), indirect=True)
