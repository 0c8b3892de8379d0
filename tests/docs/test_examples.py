"""Every YAML example of the documents is loaded, and every command line shown there parses."""

import argparse
import importlib
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from agent.cli.main import COMMANDS
from agent.config import load_pack, load_site
from agent.config.models import ConfigModel
from agent.hazards.rules import RuleBook
from drivers.profile import DeviceProfile

ROOT = Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").glob("**/*.md"), *ROOT.glob("README*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
INLINE = re.compile(r"`(campusgw [^`]*)`")
OPTIONS = {"--help", "--version", "-h"}


@dataclass(frozen=True)
class Example:
    """A piece of a page."""

    page: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(*languages: str) -> Iterator[Example]:
    for page in PAGES:
        text = page.read_text()
        for found in BLOCK.finditer(text):
            if found[1] in languages:
                yield Example(page.relative_to(ROOT).as_posix(), text[: found.start()].count("\n") + 1, found[2])


def parsed(text: str) -> Any:
    """The example; a line with nothing but an ellipsis stands for what is left out."""
    return YAML(typ="safe", pure=True).load(re.sub(r"^\s*…\s*$", "", text, flags=re.M))


YAMLS = list(blocks("yaml", "yml"))


@pytest.mark.parametrize("example", YAMLS, ids=str)
def test_every_yaml_example_is_good(example: Example, tmp_path: Path) -> None:
    document = parsed(example.text)
    if document is None:
        return  # a remark alone, such as the modeline
    assert isinstance(document, dict), "an example without keys"
    keys = set(document)
    if "points" in keys and "vendor" in keys:
        DeviceProfile.model_validate(document)
    elif keys <= set(ConfigModel.model_fields) | {"units"}:
        path = tmp_path / "gateway.yaml"
        with path.open("w") as out:
            YAML(typ="safe", pure=True).dump(completed(document), out)
        load_site(path)
    elif "unmet_after_s" in keys:
        RuleBook.model_validate(document)
    elif "indicators" in keys:
        path = tmp_path / f"{document['id']}.yaml"
        path.write_text(example.text)
        load_pack(path)
    elif "steps" in keys:
        scenarios = importlib.import_module("simulators.scenario")
        scenarios.Scenario.model_validate(document)
    else:
        pytest.fail(f"{example}: what is this an example of? {sorted(keys)}")


def completed(fragment: dict[str, Any]) -> dict[str, Any]:
    """A piece of a configuration with what it leaves out, from the smallest one that is shipped."""
    whole = YAML(typ="safe", pure=True).load(ROOT / "configs" / "gateways" / "minimal.yaml")
    if "units" in fragment:
        fragment = dict(fragment)
        whole["lines"][0]["units"] = fragment.pop("units")
    return {**whole, **fragment}


def command_lines() -> Iterator[Example]:
    for example in blocks("sh", "console", "bash"):
        for n, line in enumerate(example.text.splitlines(), 1):
            if found := re.match(r"\s*(?:\$ )?(?:sudo )?(campusgw .*)", line):
                yield Example(example.page, example.line + n, found[1])
    for page in PAGES:
        for n, line in enumerate(page.read_text().splitlines(), 1):
            for text in INLINE.findall(line):
                if "…" not in text and "COMMAND" not in text:
                    yield Example(page.relative_to(ROOT).as_posix(), n, text)


LINES = list(command_lines())


@pytest.mark.parametrize("example", LINES, ids=str)
def test_every_command_line_parses(example: Example, capsys: pytest.CaptureFixture[str]) -> None:
    words = shlex.split(re.split(r"\s[|>&]", example.text)[0], comments=True)[1:]
    if words[0] in OPTIONS:
        return
    assert words[0] in COMMANDS, f"{example}: no command {words[0]}"
    if len(words) == 1:
        return  # the command is spoken of, not typed
    parser = argparse.ArgumentParser(words[0])
    parser.add_argument("--lang")
    importlib.import_module(COMMANDS[words[0]][0]).add_arguments(parser)
    try:
        parser.parse_args(words[1:])
    except SystemExit as ended:
        if ended.code:
            pytest.fail(f"{example}: {example.text}\n{capsys.readouterr().err}")


def test_there_are_examples_of_both_sorts() -> None:
    assert len(YAMLS) >= 10
    assert len(LINES) >= 20


def test_every_page_that_a_page_links_to_is_there() -> None:
    missing = [
        f"{page.relative_to(ROOT)}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / link).exists()
    ]
    assert not missing
