"""Whatever people type stays text: in an element, in an attribute, in a style sheet's string."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.provisioning.model import Text
from agent.report.html import Markup, both, css_string, joined, number, readable, tag
from agent.report.page import document

TRICKS = (
    "</script>", "</style><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "<!--",
    "]]>", "&lt;b&gt;", "\\3c/style\\3e ", "</title>", "\u202e", "\0", "\ud800", "*/", '"',
    "url(http://x.example)",
)  # fmt: skip
typed = st.lists(st.one_of(st.sampled_from(TRICKS), st.text(max_size=12)), max_size=5).map("".join)


class Elements(HTMLParser):
    """Which elements there are, with the names of their attributes; and what stands between them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        self.values += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.shape.append((f"/{tag}", ()))

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.shape.append(("comment", ()))


def read(page: str) -> Elements:
    found = Elements()
    found.feed(page)
    found.close()
    return found


@given(typed, typed)
def test_a_typed_text_comes_out_as_text_and_as_its_attribute(text: str, value: str) -> None:
    found = read(tag("p", text, title=value))
    assert found.shape == [("p", ("title",)), ("/p", ())]
    assert found.text == readable(text)
    assert found.values == [readable(value)]


@given(typed)
def test_a_sheets_string_ends_where_it_ends(text: str) -> None:
    string = css_string(text)
    assert not set(string[1:-1]) & set("<>\"'\n\r\f;{}()/*")
    unescaped = re.sub(r"\\([0-9a-f]+) ", lambda found: chr(int(found[1], 16)), string[1:-1])
    assert unescaped == readable(text)


@given(typed, typed, typed)
def test_a_document_has_the_same_elements_whatever_is_typed(title: str, running: str, foot: str) -> None:
    plain, odd = document("x", "x", "x", tag("p", "x")), document(title, running, foot, tag("p", foot))
    assert read(odd).shape == read(plain).shape
    odd.encode()


def test_what_is_markup_is_kept_and_what_is_built_of_it_is_text_again() -> None:
    bold = tag("b", "x")
    assert tag("p", bold) == "<p><b>x</b></p>"
    assert tag("p", f"{bold}") == "<p>&lt;b&gt;x&lt;/b&gt;</p>"
    assert isinstance(joined(bold, "<"), Markup)


@pytest.mark.parametrize("odd", ["\u202e", "\u2066", "\0", "\x1b", "\ud800"])
def test_what_would_turn_or_break_its_surroundings_is_replaced(odd: str) -> None:
    assert readable(f"a{odd}b\nc") == "a\ufffdb\nc"


def test_attributes_that_are_not_there_leave_nothing_behind() -> None:
    assert tag("p", class_=None, hidden=True, data_label="a") == '<p hidden data-label="a"></p>'
    assert tag("br") == "<br>"


def test_a_text_that_is_the_same_in_both_languages_stands_once() -> None:
    assert both(Text("UPS", "UPS")).count("UPS") == 1
    assert both(Text("gate", "门")).index("门") < both(Text("gate", "门")).index("gate")


@pytest.mark.parametrize(
    ("value", "said"), [(0.0, "0"), (2.0, "2"), (2.504, "2.5"), (10.0, "10"), (-1.25, "-1.25")]
)
def test_coordinates_are_short(value: float, said: str) -> None:
    assert number(value) == said
