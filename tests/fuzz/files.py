"""Targets that somebody writes with an editor: the gateway's configuration and a device's profile."""

import atexit
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.config.load import load_site
from agent.errors import ConfigError
from drivers.profiles import ProfileError, load_profile, profiles_dir
from tests.fuzz.target import Target

GATEWAYS = profiles_dir().parent / "gateways"
SMALL_BYTES = 1200
OWN_ID = re.compile(rb"^id: .*", re.M)


@cache
def _directory() -> Path:
    kept = TemporaryDirectory(prefix="campusgw-fuzz-")
    atexit.register(kept.cleanup)
    return Path(kept.name)


def _gateway(given: bytes) -> None:
    path = _directory() / "gateway.yaml"
    path.write_bytes(given)
    try:
        load_site(path)
    except ConfigError as error:
        for mistake in error.mistakes:
            assert mistake.what
            assert mistake.line >= 1
            assert mistake.column >= 1
        raise


def _gateways() -> Iterator[bytes]:
    yield (GATEWAYS / "minimal.yaml").read_bytes()
    yield b"gateway: {id: g, site: '1', region: '430102', name: n}\nuplink: {brokers: [{host: b}]}\n" + (
        b"lines:\n  - id: l\n    type: modbus_tcp\n    host: h\n    units: [{id: u, profile: moxa_e1210_e1212}]\n"
        b"devices:\n  - {id: d, kind: one_key_alarm, name: n, location: x, points: {pressed: u.di1}}\n"
    )


def _profile(given: bytes) -> None:
    path = _directory() / "profile.yaml"
    path.write_bytes(given)
    load_profile(path)


def _profiles() -> Iterator[bytes]:
    for path in sorted(profiles_dir().glob("*.yaml")):
        if path.stat().st_size <= SMALL_BYTES:
            yield OWN_ID.sub(b"id: profile", path.read_bytes())  # as the file is called here


TARGETS = (
    Target("gateway_yaml", _gateway, _gateways, errors=(ConfigError,), longest=700, share=0.02),
    Target("profile_yaml", _profile, _profiles, errors=(ProfileError,), longest=1200, share=0.05),
)
