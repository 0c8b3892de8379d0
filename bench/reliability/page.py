"""docs/reliability.md: people write the promises, each proof renews its own part with what it found."""

import re
from pathlib import Path

from bench.endurance.page import ROOT, Result, table

PAGE = ROOT / "docs" / "reliability.md"
EXIT_HOLDS, EXIT_BROKEN = 0, 3


class NoPart(LookupError):
    """The page has no place for this proof: add its two marks where it belongs."""


def concluded(found: Result, *, whole: bool) -> int:
    """Show what was found, put it on the page if it is the whole proof, and return the exit code.

    Also what does not hold goes on the page: there it says so.
    """
    print(f"{found.told}\n\n{table(found.claims)}")
    if whole:
        write(found)
    return EXIT_HOLDS if found.holds else EXIT_BROKEN


def write(result: Result, page: Path = PAGE) -> None:
    """Put the part between its marks; the rest of the page stays as people wrote it. Raises NoPart."""
    begin, end = f"<!-- by make {result.name} -->", "<!-- end -->"
    text = page.read_text(encoding="utf-8")
    fenced = re.compile(re.escape(begin) + r"\n.*?" + re.escape(end), re.S)
    if not fenced.search(text):
        raise NoPart(f"{page} has no part {begin} … {end}")
    part = f"{begin}\n\n{_part(result)}\n\n{end}"
    page.write_text(fenced.sub(lambda _found: part, text, count=1), encoding="utf-8")


def _part(result: Result) -> str:
    machine = "; ".join(f"{key} {value}" for key, value in result.machine.items())
    pictures = [f"![{words}](reliability/{name}.svg)" for name, words in result.pictures.items()]
    measured = f"`{result.command}`: {machine}."
    return "\n\n".join([result.told, table(result.claims), *pictures, measured])
