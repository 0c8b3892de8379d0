"""HTML and SVG as nested calls: whatever is not Markup already is escaped, so nothing typed gets out."""

import unicodedata
from collections.abc import Iterable

from agent.provisioning.model import Text

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# What turns the direction of the text around it, so that a name could make its neighbours read differently.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
EMPTY = frozenset({"meta", "br"})
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


class Markup(str):
    """Markup that this room has made; as soon as it is joined or formatted it is a plain string again."""

    __slots__ = ()


Child = str | None | Iterable["Child"]
Attribute = str | float | bool | None


def readable(text: str) -> str:
    """The text without what cannot be shown, written down, or would turn its surroundings."""
    return "".join(
        REPLACEMENT
        if char in TURNING or (unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t")
        else char
        for char in text
    )


def escaped(text: str) -> Markup:
    """The text as text, between tags or in an attribute's quotes."""
    return Markup("".join(ESCAPES.get(char, char) for char in readable(text)))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """An element; `class_` and `data_label` stand for `class` and `data-label`; None leaves an attribute out."""
    opening = f"<{name}{''.join(_attribute(key, value) for key, value in attributes.items())}>"
    return Markup(opening if name in EMPTY else f"{opening}{joined(*children)}</{name}>")


def joined(*children: Child) -> Markup:
    """One behind the other; a string that is not Markup is escaped."""
    return Markup("".join(_rendered(child) for child in children))


def _rendered(child: Child) -> str:
    match child:
        case None:
            return ""
        case Markup():
            return child
        case str():
            return escaped(child)
    return "".join(_rendered(one) for one in child)


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    return f' {name}="{escaped(number(value) if isinstance(value, int | float) else value)}"'


def number(value: float) -> str:
    """A coordinate, no more exact than anybody sees."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if value else "0"


def both(text: Text, class_: str = "both") -> Markup:
    """In both languages, Chinese first; once where they are the same."""
    chinese = tag("span", text.zh, class_="zh", lang="zh")
    if text.zh == text.en:
        return tag("span", chinese, class_=class_)
    return tag("span", chinese, " ", tag("span", text.en, class_="en", lang="en"), class_=class_)


def beside(text: Text) -> Markup:
    """In both languages on one line."""
    return both(text, "beside")


def css_string(text: str) -> str:
    """The text as a string of a style sheet, which cannot end that string or the sheet."""
    return '"' + "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in readable(text)) + '"'
