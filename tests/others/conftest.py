"""The other side, written by others: what it needs, and a clear word when it is not here."""

import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.mosquitto import Mosquitto, installed
from tests.others.choice import EVERY, parameters
from tests.others.platform import Platform
from tests.others.process import Gateway
from tests.others.servers import Far, LibmodbusFar, PymodbusFar

HERE = Path(__file__).parent
HEADER = Path("/usr/include/modbus/modbus.h")


@pytest.fixture(scope="session")
def libmodbus_server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """libmodbus_server.c, compiled."""
    if not HEADER.exists() or not shutil.which("cc"):
        pytest.skip("not here: libmodbus (apt install libmodbus-dev gcc)")
    program = tmp_path_factory.mktemp("libmodbus") / "server"
    command = ["cc", "-O1", "-Wall", "-Werror", f"-I{HEADER.parent}", "-o", str(program)]
    subprocess.run([*command, str(HERE / "libmodbus_server.c"), "-lmodbus"], check=True, timeout=60)
    return program


@pytest_asyncio.fixture(params=parameters(EVERY))
async def far(request: pytest.FixtureRequest) -> AsyncIterator[Far]:
    """A server that runs, one after the other of each maker and medium."""
    server = _make(request)
    await server.start()
    try:
        yield server
    finally:
        await server.aclose()


def _make(request: pytest.FixtureRequest) -> Far:
    maker, medium = request.param
    if maker == "pymodbus":
        return PymodbusFar(medium)
    if medium == "rtu_over_tcp" and not shutil.which("socat"):
        pytest.skip("not here: socat (apt install socat)")
    return LibmodbusFar(medium, request.getfixturevalue("libmodbus_server"))


@pytest_asyncio.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """Debian's mosquitto on a port of its own, running."""
    if not installed() or not shutil.which("mosquitto_sub"):
        pytest.skip("not here: mosquitto (apt install mosquitto mosquitto-clients)")
    ours = Mosquitto(tmp_path / "broker")
    await ours.start()
    try:
        yield ours
    finally:
        ours.kill()


@pytest_asyncio.fixture
async def platform(broker: Mosquitto) -> AsyncIterator[Platform]:
    """A mosquitto_sub that hears all that any gateway says."""
    listening = Platform(broker.port)
    await listening.start()
    try:
        yield listening
    finally:
        await listening.stop()


@pytest_asyncio.fixture
async def gateway(broker: Mosquitto, platform: Platform, far: Far, tmp_path: Path) -> AsyncIterator[Gateway]:
    """The whole gateway as its own process, polling the server, publishing to the broker; not started yet."""
    process = Gateway(tmp_path, far, broker.port)
    try:
        yield process
    finally:
        await process.kill()
        print(process.log())  # shown when the test has failed
