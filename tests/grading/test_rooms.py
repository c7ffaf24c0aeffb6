"""Which room of `labtools.grading` may import which."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import labtools.grading

HOME = Path(labtools.grading.__file__).parent
PACKAGE = "labtools.grading"

#: What each room may import; besides, all but `inside` may import what they meet in at the root.
MAY_IMPORT = {
    "inside": set(),
    "handed_in": set(),
    "sandbox": {"inside"},
    "judging": {"handed_in", "inside", "sandbox"},
    "results": {"handed_in", "judging"},
    "running": {"handed_in", "inside", "judging", "results", "sandbox"},
    "records": set(),
    "journal": set(),
    "command": {"running"},
}
MEETING_PLACES = {"records", "journal"}


def room_of(path: Path) -> str:
    return path.relative_to(HOME).with_suffix("").parts[0]


def imported_rooms(tree: ast.AST) -> set[str]:
    """The rooms that a module imports when it runs: what is there for a type alone is left out."""
    found = set()
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            todo.extend(node.orelse)
            continue
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        found |= {n.split(".")[2] for n in names if n.startswith(f"{PACKAGE}.")}
        todo.extend(ast.iter_child_nodes(node))
    return found


MODULES = sorted(p for p in HOME.rglob("*.py") if p != HOME / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(HOME)))
def test_a_room_imports_only_what_it_may(path):
    room = room_of(path)
    allowed = MAY_IMPORT[room] | {room}
    if room != "inside":
        allowed |= MEETING_PLACES
    assert imported_rooms(ast.parse(path.read_text(encoding="utf-8"))) <= allowed


def test_no_rooms_import_each_other():
    """The rooms can be put in an order in which each imports only those before it."""
    done: set[str] = set()
    while len(done) < len(MAY_IMPORT):
        more = {room for room, others in MAY_IMPORT.items() if others <= done} - done
        assert more, f"a circle among {set(MAY_IMPORT) - done}"
        done |= more
    assert {room_of(path) for path in MODULES} == set(MAY_IMPORT)


def test_an_import_that_is_not_allowed_is_seen():
    tree = ast.parse(
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from labtools.grading.judging.assignment import Assignment\n"
        "def later():\n    from labtools.grading import running\n"
        "import labtools.grading.results.page\n"
    )
    assert imported_rooms(tree) == {"running", "results"}
