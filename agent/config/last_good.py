"""The configuration with which the gateway last came up, kept beside the outbox: a bad new one gives way to it.

`config/HASH/` holds the file and the profiles, packs and books that it uses, `config/last-good.json` says which
HASH counts and of which file it is. Each step is durable before the next begins, so a power cut leaves the old
copy or the new one.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from agent.config.load import Loaded, load
from agent.config.models import GatewayModel
from agent.config.source import read_source
from agent.errors import ConfigError, Mistake
from agent.language import tr
from agent.records import ClockState
from agent.site import Identity, Site, StandIn

HOME = "config"
POINTER = "last-good.json"
FILE = "configuration.yaml"
PROFILES = "profiles"
RULES = "rules"
HAZARDS = "hazards"
DEFAULT_DIRECTORY = Path("/var/lib/campusgw")  # StorageModel's


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run; `loaded` is what to keep once it is up, None where the last good one stands in."""

    site: Site
    loaded: Loaded | None


@dataclass(frozen=True, slots=True)
class _Pointer:
    """Which copy counts: of which file, since when it is good, and the digest of all its bytes."""

    file: str
    hash: str
    sha256: str
    since_utc_s: float
    clock: ClockState


def choose(file: Path, directories: Iterable[Path] = ()) -> Choice:
    """The configuration, else the last good one of this file; raises ConfigError with the mistakes of both.

    It is looked for where the file says that records are kept, then in `directories`.
    """
    try:
        loaded = load(file)
    except ConfigError as error:
        document = _document(file)
        return Choice(_last_good(file, document, [*_said(document), *directories], error), None)
    return Choice(loaded.site, loaded)


def service_directories() -> list[Path]:
    """Where a service manager says that records are kept (systemd.exec(5)), and where they are by default."""
    given = os.environ.get("STATE_DIRECTORY", "")
    return [*(Path(one) for one in given.split(":") if one), DEFAULT_DIRECTORY]


def keep(directory: Path, file: Path, loaded: Loaded, now: tuple[float, ClockState]) -> None:
    """This one came up: from now on it is the last good one. Raises OSError."""
    home, files = directory / HOME, _files(loaded)
    name, digest = loaded.site.config_hash, _digest(files)
    before = _read_pointer(home)
    if before is not None and (before.file, before.hash, before.sha256) == (_absolute(file), name, digest):
        return
    home.mkdir(mode=0o700, exist_ok=True)
    _copy(files, home / name, home)
    pointer = _Pointer(_absolute(file), name, digest, *now)
    _write(home / f"{POINTER}.part", json.dumps(asdict(pointer), ensure_ascii=False).encode())
    os.replace(home / f"{POINTER}.part", home / POINTER)
    _sync(home)
    for other in home.iterdir():
        if other.is_dir() and other.name != name:
            shutil.rmtree(other)


# --- to find it again -------------------------------------------------------------------------------


def _last_good(file: Path, document: Any, directories: Iterable[Path], refused: ConfigError) -> Site:
    for directory in dict.fromkeys(directories):
        pointer = _read_pointer(directory / HOME)
        if pointer is not None and pointer.file == _absolute(file):
            break
    else:
        raise _beside(refused, file, tr("and there is no last good configuration of it to go on with"))
    site = _kept_site(file, directory / HOME, pointer, refused)
    if _is_another(document, site.identity):
        what = tr("it is for another gateway than the last good configuration, which is therefore not used")
        raise _beside(refused, file, what)
    mistakes = tuple(str(mistake) for mistake in refused.mistakes)
    return replace(site, stand_in=StandIn(pointer.since_utc_s, pointer.clock, mistakes))


def _kept_site(file: Path, home: Path, pointer: _Pointer, refused: ConfigError) -> Site:
    copy = home / pointer.hash
    if _digest(_stored(copy)) != pointer.sha256:
        raise _beside(refused, file, tr("and the copy of the last good one in {copy} is damaged", copy=copy))
    try:
        return load(copy / FILE, copy / PROFILES, copy / RULES, copy / HAZARDS).site
    except ConfigError as error:
        what = tr("and the last good one in {copy} does not fit this version any more:", copy=copy)
        raise ConfigError([*_beside(refused, file, what).mistakes, *error.mistakes]) from error


def _beside(refused: ConfigError, file: Path, what: str) -> ConfigError:
    return ConfigError([*refused.mistakes, Mistake(str(file), 1, 1, what)])


def _is_another(document: Any, identity: Identity) -> bool:
    """A box that moved to another school must not report in the name of the old one; a typing error is no move."""
    try:
        said = GatewayModel.model_validate(document.get("gateway") if isinstance(document, Mapping) else None)
    except ValidationError:
        return False
    return (said.id, said.site, said.region) != (identity.gateway, identity.site, identity.region)


def _document(file: Path) -> Any:
    """What can be read of it; None where it is no YAML."""
    try:
        return read_source(file).document
    except ConfigError:
        return None


def _said(document: Any) -> list[Path]:
    storage = document.get("storage") if isinstance(document, Mapping) else None
    said = storage.get("directory") if isinstance(storage, Mapping) else None
    return [Path(said)] if isinstance(said, str) and said and "\0" not in said else []


def _read_pointer(home: Path) -> _Pointer | None:
    """Which copy counts; None where there is none that makes sense."""
    try:
        found = _Pointer(**json.loads((home / POINTER).read_bytes()))
        sound = all(isinstance(one, str) for one in (found.file, found.hash, found.sha256))
        return replace(found, since_utc_s=float(found.since_utc_s)) if sound and _is_clock(found.clock) else None
    except (OSError, ValueError, TypeError):
        return None


def _is_clock(word: str) -> bool:
    return word in get_args(ClockState)


# --- to keep it -------------------------------------------------------------------------------------


def _files(loaded: Loaded) -> dict[str, bytes]:
    kept = ((PROFILES, loaded.profiles), (RULES, loaded.rules), (HAZARDS, loaded.hazards))
    return {FILE: loaded.content} | {f"{room}/{name}.yaml": text for room, of in kept for name, text in of.items()}


def _stored(copy: Path) -> dict[str, bytes]:
    """What a copy holds; nothing where it cannot be read."""
    try:
        paths = [
            copy / FILE,
            *(copy / PROFILES).iterdir(),
            *(copy / RULES).glob("*"),  # older copies have neither
            *(copy / HAZARDS).glob("*"),
        ]
        return {str(path.relative_to(copy)): path.read_bytes() for path in paths}
    except OSError:
        return {}


def _digest(files: Mapping[str, bytes]) -> str:
    parts = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _copy(files: Mapping[str, bytes], to: Path, home: Path) -> None:
    part = home / f"{to.name}.part"
    for stale in (part, to):
        if stale.exists():
            shutil.rmtree(stale)
    for directory in (part, *(part / room for room in (PROFILES, RULES, HAZARDS))):
        directory.mkdir(mode=0o700)
    for name, content in files.items():
        _write(part / name, content)
    for directory in (*(part / room for room in (PROFILES, RULES, HAZARDS)), part):
        _sync(directory)
    part.rename(to)
    _sync(home)


def _write(path: Path, content: bytes) -> None:
    """Nobody else's business: it names hosts and people, though no password."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _sync(directory: Path) -> None:
    held = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(held)
    finally:
        os.close(held)


def _absolute(file: Path) -> str:
    return str(file.absolute())
