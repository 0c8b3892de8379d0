"""Reports that people take along: one self-contained bilingual page each. Pure: answers in, HTML text out.

    answers (agent.service, agent.linkage, agent.drills)
       │  read.py      validated into model.py's views
       ▼
    provision.py  drill.py      what stands on a page, section by section
       │  rings  items  places  strip  log  ledger  matrix  doubts  signing  bars
       ▼
    html.py  svg.py  words.py  times.py      escaping, drawing, both languages, the school's clock
    page.py  style.py                        the document around it: policy, style, A4

A page needs no script and fetches nothing, and says so itself (Content-Security-Policy). What people typed is
escaped by construction: a plain string becomes markup only through `html.tag`.
"""

from collections.abc import Iterable, Mapping
from typing import Any


def provision_page(
    answer: Mapping[str, Any], hazards: Iterable[Mapping[str, Any]] = (), linkage: Mapping[str, Any] | None = None
) -> str:
    """The page of the answers to `provision`, `hazard.list` (its rows) and `linkage`; raises ValidationError."""
    from agent.report.provision import page
    from agent.report.read import provision_view

    return page(provision_view(answer, hazards, linkage))


def drill_page(report: Mapping[str, Any], place: Mapping[str, str] | None = None) -> str:
    """The page of a drill's report; `place`: the gateway's `gateway`, `name` and `time_zone`."""
    from agent.report.drill import page
    from agent.report.read import drill_view

    return page(drill_view(report, place or {}))
