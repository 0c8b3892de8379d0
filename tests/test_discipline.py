"""Rules of the house that a linter does not know."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(p for room in ("agent", "drivers", "simulators") for p in (ROOT / room).rglob("*.py"))
EDGE = {"agent/service/real_host.py"}  # the real Host is where the world comes in
AT_A_TERMINAL = ("agent/cli/", "simulators/demo", "simulators/command")  # people's tools may look at the clock
FORBIDDEN = {
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "perf_counter"),
    ("time", "sleep"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("random", "random"),
    ("random", "randint"),
    ("random", "uniform"),
    ("random", "choice"),
    ("random", "seed"),
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            yield node.lineno, (owner.id if isinstance(owner, ast.Name) else "", node.func.attr)


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_time_and_chance_come_from_the_loop_and_the_host_only(path: Path) -> None:
    if name(path) in EDGE or name(path).startswith(AT_A_TERMINAL):
        return
    found = [f"{name(path)}:{line}: {'.'.join(call)}" for line, call in calls(path) if call in FORBIDDEN]
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_only_the_supervisor_catches_everything(path: Path) -> None:
    if name(path) == "agent/service/supervisor.py":
        return
    found = [
        f"{name(path)}:{node.lineno}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
    ]
    assert not found


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_module_class_and_public_function_says_what_it_is_for(path: Path) -> None:
    tree = ast.parse(path.read_text())
    if not tree.body:
        return
    missing = [] if ast.get_docstring(tree) else [f"{name(path)}:1"]
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith(
            "_"
        ):
            missing += [] if ast.get_docstring(node) else [f"{name(path)}:{node.lineno} {node.name}"]
    assert not missing


def test_no_file_has_unfinished_business() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK|NotImplementedError)\b")
    found = [
        f"{name(path)}:{n}"
        for path in SOURCES
        for n, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert not found
