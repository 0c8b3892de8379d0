"""A pytest plugin: each test runs with the bug that is planted for it, and how it ended is written down.

`pytest -p tests.reliability.mutants.plugin NODE …` with CAMPUSGW_PLANTED, which says for each node which mutant,
and CAMPUSGW_PLANTED_REPORT, where to write how each ended: `passed`, or the errors that ended it.
"""

import json
import logging
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.reliability.mutants.table import MUTANTS

PLANTED: dict[str, str] = json.loads(os.environ["CAMPUSGW_PLANTED"])
REPORT = Path(os.environ["CAMPUSGW_PLANTED_REPORT"])
ended: dict[str, list[str]] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """The bug is there from the test's preparation to its end, and for nobody else."""
    name = PLANTED.get(item.nodeid)
    logging.disable(logging.CRITICAL)  # a planted bug makes noise that nobody needs
    with MUTANTS[name].planted() if name else nullcontext():
        ended.setdefault(item.nodeid, ["passed"])
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """By what it ended: an assertion, or something else that proves nothing."""
    if call.excinfo is not None:
        ended[item.nodeid] = sorted(set(_names(call.excinfo.value)))
    return (yield)


def pytest_sessionfinish() -> None:
    """Hand it over."""
    REPORT.write_text(json.dumps(ended))


def _names(error: BaseException) -> Iterator[str]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _names(one)
    elif isinstance(error, pytest.fail.Exception) and str(error).startswith("DID NOT RAISE"):
        yield "AssertionError"
    else:
        yield type(error).__name__
