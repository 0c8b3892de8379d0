"""docs/endurance.md: each tool writes its own part, with what it was measured on and how."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.endurance.claims import Claim

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "endurance.md"
PICTURES = ROOT / "docs" / "endurance"
ORDER = ("long", "soak", "replug")
HEAD = """# Endurance

Does anything grow, get lost or stay away in the long run? Made by `make long`, `make soak` and `make replug`; each
writes its own part of this page. How it is done, and what it does not show, stands in
[bench/endurance/README.md](../bench/endurance/README.md)."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool has found; `pictures` are file names without `.svg`, with what is on them."""

    name: str
    title: str
    command: str
    told: str
    claims: Sequence[Claim]
    machine: Mapping[str, str]
    pictures: Mapping[str, str]

    @property
    def holds(self) -> bool:
        """Everything that was claimed is so."""
        return all(claim.holds for claim in self.claims)


def table(claims: Sequence[Claim]) -> str:
    """The claims as Markdown."""
    rows = ["| what | bound | measured | holds |", "|---|---|---|---|"]
    for claim in claims:
        mark = "yes" if claim.holds else "**no**"
        rows.append(f"| {claim.what} | {claim.bound} | {claim.measured} | {mark} |")
    return "\n".join(rows)


def write(result: Result, page: Path = PAGE) -> None:
    """Put the part into the page, in the place of an earlier one."""
    parts = _parts(page.read_text(encoding="utf-8")) if page.exists() else {}
    parts[result.name] = _part(result)
    found = [_fenced(name, parts[name]) for name in ORDER if name in parts]
    page.write_text("\n\n".join([HEAD, *found]) + "\n", encoding="utf-8")


def _parts(text: str) -> dict[str, str]:
    return {
        name: body.strip() for name, body in re.findall(r"<!-- by make (\w+) -->\n(.*?)<!-- end -->", text, re.S)
    }


def _fenced(name: str, body: str) -> str:
    return f"<!-- by make {name} -->\n\n{body}\n\n<!-- end -->"


def _part(result: Result) -> str:
    pictures = [f"![{words}](endurance/{name}.svg)" for name, words in result.pictures.items()]
    machine = "; ".join(f"{key} {value}" for key, value in result.machine.items())
    measured = f"`{result.command}`: {machine}."
    return "\n\n".join([f"## {result.title}", result.told, table(result.claims), *pictures, measured])
