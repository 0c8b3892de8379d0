"""The document around a report: its policy, its style, and what stands at the edge of every sheet."""

import base64
import hashlib

from agent.report.html import Child, Markup, css_string, joined, readable, tag
from agent.report.style import STYLE


def document(title: str, running: str, foot: str, *children: Child) -> str:
    """A whole page; `running` and `foot` are printed at the edge of every sheet, beside the page's number."""
    style = STYLE + _edges(readable(running), readable(foot))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(style)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", title),
        tag("style", Markup(style)),
    )
    body = tag("body", tag("main", *children))
    return "<!DOCTYPE html>\n" + tag("html", joined(head, body), lang="zh") + "\n"


def _policy(style: str) -> str:
    """Nothing is loaded, run or sent; the page's own style is known by its hash."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _edges(running: str, foot: str) -> str:
    """The margins of the printed sheets."""
    font = "font:8pt system-ui,'Noto Sans CJK SC','WenQuanYi Micro Hei',sans-serif;color:#42505f"
    number = "counter(page) ' / ' counter(pages)"
    return (
        f"@page{{@top-left{{content:{css_string(running)};{font};white-space:nowrap}}"
        f"@bottom-left{{content:{css_string(foot)};{font};white-space:nowrap}}"
        f"@bottom-right{{content:{number};{font}}}}}"
    )
