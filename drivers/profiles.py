"""Where profiles live, and reading them: every mistake of a file at once, with its line and column."""

import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from drivers.contradictions import contradictions
from drivers.document import START, Loc, Place, Unreadable, place_of, read_document
from drivers.errors import GatewayError
from drivers.profile import DeviceProfile
from drivers.said import explained


class ProfileError(GatewayError):
    """A profile file cannot be used; `mistakes` holds (line, column, text), counted from 1."""

    def __init__(self, file: Path, mistakes: list[tuple[int, int, str]]) -> None:
        super().__init__("\n".join(f"{file}:{line}:{column}: {text}" for line, column, text in mistakes))
        self.file = file
        self.mistakes = mistakes


@cache
def profiles_dir() -> Path:
    """`configs/profiles` beside the packages, or where the wheel installs it."""
    beside = Path(__file__).parent.parent / "configs" / "profiles"
    return beside if beside.is_dir() else Path(sys.prefix) / "share" / "campusgw" / "configs" / "profiles"


def load_profiles(directory: Path) -> dict[str, DeviceProfile]:
    """Every profile of a directory by its id; raises ProfileError."""
    found = (load_profile(path) for path in sorted(directory.glob("*.yaml")))
    return {profile.id: profile for profile in found}


class Shelf(Mapping[str, DeviceProfile]):
    """Every profile of a directory by its id, read when it is first asked for: a school uses a handful of them.

    `shelf[id]` raises ProfileError where that file cannot be used; the others are not concerned.
    """

    def __init__(self, directory: Path) -> None:
        self._files = {path.stem: path for path in sorted(directory.glob("*.yaml"))}
        self._read: dict[str, DeviceProfile] = {}

    def __getitem__(self, name: str) -> DeviceProfile:
        if name not in self._read:
            self._read[name] = load_profile(self._files[name])
        return self._read[name]

    def file(self, name: str) -> Path:
        """Where it stands."""
        return self._files[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def load_profile(path: Path) -> DeviceProfile:
    """One profile; raises ProfileError with every mistake."""
    try:
        document = read_document(path)
    except Unreadable as error:
        raise ProfileError(path, [(*error.place, f"not valid YAML: {error}")]) from error
    except OSError as error:
        raise ProfileError(path, [(*START, f"cannot read the file: {error.strerror}")]) from error
    try:
        profile = DeviceProfile.model_validate(document)
    except ValidationError as error:
        raise ProfileError(path, _sorted(explained(error, document, DeviceProfile))) from error
    mistakes = _sorted(_of_whole(profile, document, path))
    if mistakes:
        raise ProfileError(path, mistakes)
    return profile


def _of_whole(profile: DeviceProfile, document: Any, path: Path) -> Iterator[tuple[Place, str]]:
    if profile.id != path.stem:
        yield place_of(document, ("id",)), f"id: the file is called {path.stem!r}, so is its profile"
    lines = [n for n, line in enumerate(document.get("points", ())) for _ in _numbers(line)]
    for loc, text in contradictions(profile):
        yield place_of(document, _written(loc, lines)), f"{loc[-1]}: {text}"


def _written(loc: Loc, lines: list[int]) -> Loc:
    """Where a point is written: one line may stand for many points, so the numbers differ."""
    if len(loc) < 2 or loc[0] != "points" or not isinstance(loc[1], int):
        return loc
    return ("points", lines[loc[1]], *loc[2:])


def _numbers(line: Any) -> range:
    first, last = line.get("range") or (0, 0)
    return range(first, last + 1)


def _sorted(mistakes: Iterator[tuple[Place, str]]) -> list[tuple[int, int, str]]:
    return sorted({(line, column, text) for (line, column), text in mistakes})
