"""The last good configuration: kept once it came up, used where a new one cannot be, and only there."""

import json
import os
from pathlib import Path
from unittest.mock import patch

import pytest

from agent.config import last_good, load
from agent.config.last_good import HOME, POINTER, Choice, choose, keep
from agent.errors import ConfigError

NOW = (1.8e9, "synchronised")
ROOT = Path(__file__).parents[3]
MINIMAL = (ROOT / "configs" / "gateways" / "minimal.yaml").read_text(encoding="utf-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A good configuration whose records go to `state`."""
    path = tmp_path / "gateway.yaml"
    (tmp_path / "state").mkdir()
    write(path, MINIMAL)
    return path


def write(path: Path, text: str) -> None:
    path.write_text(f"{text}\nstorage: {{directory: {path.parent}/state}}\n", encoding="utf-8")


def state(file: Path) -> Path:
    return file.parent / "state"


def came_up(file: Path, now: tuple[float, str] = NOW) -> Choice:
    choice = choose(file)
    assert choice.loaded is not None
    keep(state(file), file, choice.loaded, now)  # type: ignore[arg-type]
    return choice


def refused(file: Path, *directories: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        choose(file, directories)
    return [mistake.what for mistake in caught.value.mistakes]


MISTAKES = {
    "a misspelt profile": MINIMAL.replace("profile: ", "profile: no-"),
    "no YAML": "gateway: {id: [",
    "empty": "",
    "a region of five digits": MINIMAL.replace('region: "', 'region: "1'),
}


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
def test_a_bad_new_one_gives_way_to_the_last_good_one_and_its_mistakes_are_known(file: Path, text: str) -> None:
    good = came_up(file)
    file.write_text(text, encoding="utf-8")
    choice = choose(file, [state(file)])
    assert choice.loaded is None
    assert choice.site.stand_in is not None
    assert choice.site.stand_in.since_utc_s == NOW[0]
    assert choice.site.stand_in.mistakes[0].startswith(f"{file}:")
    assert choice.site.lines == good.site.lines
    assert (choice.site.identity, choice.site.config_hash) == (good.site.identity, good.site.config_hash)


def test_a_missing_or_unreadable_file_is_no_reason_to_stop_watching(file: Path) -> None:
    came_up(file)
    file.unlink()
    assert choose(file, [state(file)]).site.stand_in is not None
    file.mkdir()
    assert choose(file, [state(file)]).site.stand_in is not None


def test_the_profiles_are_those_with_which_it_came_up(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade or a site's own change of a profile is part of what may be wrong."""
    site = came_up(file).site
    copy = state(file) / HOME / site.config_hash
    assert [p.stem for p in (copy / "profiles").iterdir()] == [site.lines[0].units[0].profile.id]
    monkeypatch.setattr(load, "profiles_dir", lambda: file.parent / "nothing here")
    assert choose(file, [state(file)]).site.lines == site.lines


def test_it_is_looked_for_where_the_bad_one_says_that_records_are_kept(file: Path) -> None:
    came_up(file)
    write(file, MISTAKES["a misspelt profile"])
    assert choose(file).site.stand_in is not None


def test_without_one_the_mistakes_are_told_and_that_there_is_none(file: Path) -> None:
    file.write_text("", encoding="utf-8")
    assert "there is no last good configuration" in refused(file, state(file))[-1]


def test_that_of_another_file_is_none(file: Path) -> None:
    """Somebody who tries a file of his own must not start the school's gateway."""
    came_up(file)
    other = file.with_name("mine.yaml")
    other.write_text("", encoding="utf-8")
    assert "there is no last good configuration" in refused(other, state(file))[-1]


def test_a_box_that_moved_does_not_report_in_the_name_of_its_old_school(file: Path) -> None:
    came_up(file)
    moved = MISTAKES["a misspelt profile"].replace("gw-", "gateway-").replace("id: gateway-", "id: other-", 1)
    assert "id: other-" in moved
    file.write_text(moved, encoding="utf-8")
    assert "another gateway" in refused(file, state(file))[-1]


def test_a_copy_that_was_damaged_is_not_used(file: Path) -> None:
    site = came_up(file).site
    copy = state(file) / HOME / site.config_hash / "configuration.yaml"
    copy.write_bytes(copy.read_bytes().replace(b"unit", b"unjt", 1))
    file.write_text("", encoding="utf-8")
    assert "is damaged" in refused(file, state(file))[-1]


def test_one_that_fits_this_version_no_more_is_told_with_both_files_mistakes(file: Path) -> None:
    came_up(file)
    write(file, MISTAKES["a misspelt profile"])
    fields = {"extra": "not known any more"}
    with patch.object(last_good, "load", side_effect=[failing(file), failing(state(file), **fields)]):
        said = refused(file)
    assert said == ["bad", said[1], "not known any more"]
    assert "does not fit this version" in said[1]


def failing(file: Path, extra: str = "bad") -> ConfigError:
    return ConfigError([last_good.Mistake(str(file), 1, 1, extra)])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"file": 1, "hash": 2, "sha256": 3, "since_utc_s": 4, "clock": 5}']
)
def test_a_pointer_that_makes_no_sense_is_none(file: Path, text: str) -> None:
    came_up(file)
    (state(file) / HOME / POINTER).write_text(text)
    file.write_text("", encoding="utf-8")
    assert "there is no last good configuration" in refused(file, state(file))[-1]


def test_what_came_up_again_unchanged_is_not_written_again(file: Path) -> None:
    def on_disk() -> dict[Path, tuple[int, int]]:
        home = state(file) / HOME
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in (home, *home.rglob("*"))}

    came_up(file)
    before = on_disk()
    came_up(file, (1.9e9, "synchronised"))
    assert on_disk() == before, "flash wears out"
    assert len(before) > 2, "there was something to write again"


def test_nobody_else_may_read_it_and_only_the_last_one_stays(file: Path) -> None:
    came_up(file)
    write(file, MINIMAL + "\n# another")
    site = came_up(file).site
    kept = list((state(file) / HOME).rglob("*"))
    assert {path.name for path in kept if path.is_dir()} == {site.config_hash, "profiles", "rules", "hazards"}
    assert {path.stat().st_mode & 0o077 for path in [state(file) / HOME, *kept]} == {0}


def test_a_power_cut_at_any_step_leaves_the_old_one_or_the_new_one(file: Path) -> None:
    """Broken off at the n-th call that touches the disk, n = 1, 2, 3 … until it runs through."""
    old = came_up(file).site.config_hash
    write(file, MINIMAL + "\n# another")
    new = choose(file)
    good = file.read_bytes()
    for n in range(1, 60):
        assert new.loaded is not None
        done = broken_off(n, lambda: keep(state(file), file, new.loaded, NOW))  # type: ignore[arg-type]
        file.write_bytes(b"")
        assert choose(file, [state(file)]).site.config_hash in (
            {new.site.config_hash} if done else {old, new.site.config_hash}
        )
        file.write_bytes(good)
        if done:
            break
    assert done
    assert n > 10


class Cut(BaseException):
    """The power is gone."""


def broken_off(n: int, call: object) -> bool:
    """Whether it ran through before the n-th fsync, replacement or opening."""
    count = 0

    def counted(real: object) -> object:
        def step(*args: object, **named: object) -> object:
            nonlocal count
            count += 1
            if count == n:
                raise Cut
            return real(*args, **named)  # type: ignore[operator]

        return step

    with patch.multiple(os, fsync=counted(os.fsync), replace=counted(os.replace), open=counted(os.open)):
        try:
            call()  # type: ignore[operator]
        except Cut:
            return False
    return True


def test_a_pointer_holds_no_more_than_it_needs(file: Path) -> None:
    came_up(file)
    said = json.loads((state(file) / HOME / POINTER).read_text())
    assert set(said) == {"file", "hash", "sha256", "since_utc_s", "clock"}
