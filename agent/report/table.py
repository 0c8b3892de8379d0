"""Tables that stay tables on paper and become stacked rows on a narrow screen."""

from collections.abc import Iterable, Sequence

from agent.provisioning.model import Text
from agent.report.html import Child, Markup, both, tag


def table(heads: Sequence[Text], rows: Iterable[Sequence[Child]], class_: str = "") -> Markup:
    """Each cell carries its column's name for where the heads are not shown."""
    labels = [head.zh if head.zh == head.en else f"{head.zh} {head.en}" for head in heads]
    body = [
        tag("tr", [tag("td", cell, data_label=label) for label, cell in zip(labels, row, strict=True)])
        for row in rows
    ]
    head = tag("thead", tag("tr", [tag("th", both(head), scope="col") for head in heads]))
    return tag("table", head, tag("tbody", body), class_=class_ or None)


def section(title: Text, *children: Child, class_: str = "") -> Markup:
    """A section with its heading; `class_` says how it may break over pages."""
    return tag("section", tag("h2", both(title, "beside")), *children, class_=class_ or None)


def nothing(text: Text) -> Markup:
    """Said where a list is empty: an empty space could be a mistake."""
    return tag("p", both(text, "beside"), class_="nothing")


def facts(pairs: Iterable[tuple[Text, Child]]) -> Markup:
    """Names and values in two columns of a grid."""
    return tag("dl", [tag("div", tag("dt", both(name, "beside")), tag("dd", value)) for name, value in pairs])
