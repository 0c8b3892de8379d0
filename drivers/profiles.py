"""Where profiles live, and reading them."""

import sys
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from drivers.errors import GatewayError
from drivers.profile import DeviceProfile


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


def load_profile(path: Path) -> DeviceProfile:
    """One profile; raises ProfileError with every mistake."""
    try:
        raw: Any = YAML(typ="safe", pure=True).load(path)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        at = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise ProfileError(path, [(*at, str(error.problem))]) from error
    try:
        profile = DeviceProfile.model_validate(raw)
    except ValidationError as error:
        texts = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors()]
        raise ProfileError(path, [(1, 1, text) for text in texts]) from error
    if profile.id != path.stem:
        raise ProfileError(path, [(1, 1, f"id is {profile.id!r}, the file is called {path.stem!r}")])
    return profile
