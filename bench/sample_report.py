"""Four sheets of a sample report as a picture: `make pictures` writes docs/pictures/report.png again."""

import argparse
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from agent.report import provision_page
from tests.report import sample
from tests.report.browser import Browser

INTO = Path(__file__).parents[1] / "docs" / "pictures" / "report.png"
SHOWN = ("总览", "设备分布", "近 30 天", "联动矩阵")  # the sheets on which these headings stand
DPI, GAP, BEHIND = 72, 16, "#aab4be"
COLOURS = 240  # it is drawn, not photographed; fewer lose what is rare, such as a risk colour
BYTES_MOST = 200_000


def main() -> None:
    """Make the sample, print it as a browser would, and lay its sheets side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=INTO)
    into: Path = parser.parse_args().into
    with tempfile.TemporaryDirectory() as made:
        sheets = _printed(Path(made))
        picture = _side_by_side([_drawn(sheets, number) for number in _wanted(sheets)])
    into.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(into, optimize=True)
    assert into.stat().st_size <= BYTES_MOST, "too large for a page of documentation"
    print(f"{into}: {into.stat().st_size} bytes")


def _printed(directory: Path) -> Path:
    linkage = sample.linkage("smoke-3f-east.alarm", "smoke-3f-west.alarm")
    page, sheets = directory / "report.html", directory / "report.pdf"
    page.write_text(provision_page(sample.answer(), sample.hazards(), linkage), encoding="utf-8")
    with Browser() as browser:
        browser.open(page, 1024)
        browser.print(sheets)
    return sheets


def _wanted(sheets: Path) -> list[int]:
    said = subprocess.run(["pdftotext", sheets, "-"], capture_output=True, text=True, check=True).stdout
    texts = said.split("\f")
    return [next(n for n, text in enumerate(texts, 1) if heading in text) for heading in SHOWN]


def _drawn(sheets: Path, number: int) -> Image.Image:
    into = sheets.with_name(f"sheet-{number}")
    one = ["-f", str(number), "-l", str(number), "-singlefile"]
    subprocess.run(["pdftoppm", "-r", str(DPI), "-png", *one, sheets, into], check=True)
    return Image.open(into.with_suffix(".png")).convert("RGB")


def _side_by_side(sheets: list[Image.Image]) -> Image.Image:
    wide, high = sheets[0].size
    board = Image.new("RGB", (GAP + (wide + GAP) * len(sheets), high + 2 * GAP), BEHIND)
    for n, sheet in enumerate(sheets):
        board.paste(sheet, (GAP + n * (wide + GAP), GAP))
    return board


if __name__ == "__main__":
    main()
