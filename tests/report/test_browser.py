"""In a real browser: quiet, fetching nothing, fitting every width, readable, and on sheets of A4."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest

from agent.report import drill_page, provision_page
from tests.report import sample
from tests.report.browser import CHROMIUM, Browser

MISSING = [name for name in ("chromium", "pdfinfo", "pdftotext") if which(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not here: {MISSING} (chromium, poppler-utils)")
WIDTHS = (360, 1024)
A4_PT = (595, 842)
LEAST_CONTRAST = 4.5  # WCAG 2 AA for texts of ordinary size
ONE_LONG_WORD = "一二三四五六七八九十" * 6 + "x" * 120

CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()


def pages() -> dict[str, str]:
    linkage = sample.linkage("smoke-3f-east.alarm", "smoke-3f-west=unknown", "barrier-north=unknown")
    devices = [
        one | {"name": ONE_LONG_WORD} if one["device"] == "ups" else one for one in sample.answer()["devices"]
    ]
    answer = sample.answer("estimated") | {"devices": devices}
    reason = sample.drill(reason=ONE_LONG_WORD)
    return {
        "provision": provision_page(answer, sample.hazards(), linkage), "drill": drill_page(reason, sample.PLACE)
    }  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert CHROMIUM
    with Browser() as one:
        yield one


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("pages")
    for name, text in pages().items():
        (directory / f"{name}.html").write_text(text, encoding="utf-8")
    return {path.stem: path for path in directory.glob("*.html")}


@pytest.mark.parametrize("page", ["provision", "drill"])
def test_a_page_fetches_nothing_but_itself_and_the_console_is_quiet(
    page: str, browser: Browser, files: dict[str, Path]
) -> None:
    browser.open(files[page], 1024)
    assert browser.requests() == [files[page].as_uri()]
    assert not browser.complaints()


def test_a_script_that_got_in_would_not_run(browser: Browser, tmp_path: Path) -> None:
    """The policy holds by itself, should the escaping ever fail; and the console says so."""
    spoiled = tmp_path / "spoiled.html"
    text = pages()["drill"].replace(
        "</main>", "<script>document.title='ran'</script><p style='color:red'></p></main>"
    )
    spoiled.write_text(text, encoding="utf-8")
    browser.open(spoiled, 1024)
    assert browser.evaluate("document.title") != "ran"
    assert len(browser.complaints()) == 2


@pytest.mark.parametrize("page", ["provision", "drill"])
@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window(page: str, width: int, browser: Browser, files: dict[str, Path]) -> None:
    browser.open(files[page], width)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    wide = "[...document.querySelectorAll('main *')].filter(e => !e.closest('.wide') && !e.closest('svg') && "
    wide += f"e.getBoundingClientRect().right > {width}).map(e => e.outerHTML.slice(0, 120))"
    assert browser.evaluate(wide) == []


@pytest.mark.parametrize("page", ["provision", "drill"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_text_stands_out_from_what_is_behind_it(
    page: str, width: int, browser: Browser, files: dict[str, Path]
) -> None:
    browser.open(files[page], width)
    browser.resize(width, int(browser.evaluate("document.documentElement.scrollHeight")))
    found = browser.evaluate(CONTRASTS)
    assert len(found) > 60
    assert not [(round(ratio, 2), text) for ratio, text in found if ratio < LEAST_CONTRAST]


@pytest.mark.parametrize(("page", "most"), [("provision", 16), ("drill", 3)])
def test_a_page_prints_on_a4_in_both_languages_with_its_edges(
    page: str, most: int, browser: Browser, files: dict[str, Path], tmp_path: Path
) -> None:
    browser.open(files[page], 1024)
    sheets = tmp_path / "page.pdf"
    browser.print(sheets)
    about = subprocess.run(["pdfinfo", sheets], capture_output=True, text=True, check=True).stdout
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+)", about)
    assert size is not None
    assert all(abs(float(one) - other) < 1.5 for one, other in zip(size.groups(), A4_PT, strict=True))
    printed = subprocess.run(
        ["pdftotext", "-layout", sheets, "-"], capture_output=True, text=True, check=True
    ).stdout
    texts = printed.split("\f")[:-1]
    assert 1 < len(texts) <= most
    for n, text in enumerate(texts, 1):
        assert re.search(rf"\b{n} ?/ ?{len(texts)}\b", text), "the sheet's number"
        assert "示例中学门卫室" in text, "the school at its head"
        assert "UTC+08:00" in text, "the time at its foot"
        assert len(text.split()) > 12, "no sheet is empty but for its edges"
    for word in {"provision": ("达标", "not met", "签字", "Signatures"), "drill": ("未成功", "What failed")}[page]:
        assert word in printed
