"""Cell marks: how a source says which cell is practised, checked or answered in words.

=================================================  =========================================
in the source                                      in both derived notebooks
=================================================  =========================================
``# %% practice="lab01-rate-02"``                  nbgrader solution cell ``lab01-rate-02``
``# %% check="lab01-rate-02" points=10``           locked graded cell ``lab01-rate-02-check``
``# %% [markdown] answer="lab05-text" points=10``  manually graded answer ``lab05-text``
=================================================  =========================================
"""

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from nbformat import NotebookNode

from labtools.markers import read_regions, without

MARKS = ("practice", "check", "answer")
# Besides its mark and points a cell may carry these, which notebooks and their readers know.
PLAIN_METADATA = ("tags", "jupyter")
TAGS = {
    "allow-stderr": "the cell may write to stderr",
    "hide-input": "readers that fold cells show only the output",
    "raises-exception": "the cell is meant to raise",
    "taught": "the cell may show lines that a solution also has",
}

_SECTION_AFTER_FOLDED = re.compile(r"</details>\s*\n#{1,6} ")
_GRADE_ID = r"lab\d\d-[a-z0-9]+(-[a-z0-9]+)*"


def mark_of(cell: NotebookNode) -> str | None:
    """Return which of the marks a cell carries, None for a plain cell."""
    return next((mark for mark in MARKS if mark in cell.metadata), None)


def nbgrader_metadata(cell: NotebookNode) -> dict[str, Any] | None:
    """Return nbgrader's metadata (schema 3) for a marked cell, None for a plain one."""
    mark = mark_of(cell)
    if mark is None:
        return None
    identity = cell.metadata[mark]
    metadata = {
        "grade": mark != "practice",
        "grade_id": f"{identity}-check" if mark == "check" else identity,
        "locked": mark == "check",
        "schema_version": 3,
        "solution": mark != "check",
        "task": False,
    }
    if mark != "practice":
        metadata["points"] = cell.metadata["points"]
    return metadata


def cell_faults(cell: NotebookNode, lab_number: str) -> Iterator[str]:
    """Say what is wrong with one cell of a lab (as in ``"lab01"``), taken alone."""
    if cell.cell_type not in ("code", "markdown"):
        yield f"a lab has code and Markdown cells, this is a {cell.cell_type} cell"
        return
    yield from _metadata_faults(cell)
    if cell.cell_type == "markdown" and _SECTION_AFTER_FOLDED.search(cell.source):
        yield "a heading follows folded hints or answers: begin a new cell with it"
    mark = mark_of(cell)
    if mark is not None:
        yield from _mark_faults(cell, mark, lab_number)
    reading = read_regions(cell.source, is_code=cell.cell_type == "code")
    yield from reading.faults
    if reading.author and (mark is not None or cell.cell_type != "code"):
        yield "stray marker: the author's region stands only in a code cell without a mark"
    elif reading.author and not without(cell.source):
        yield "the cell holds nothing but the author's region: put that into the cell before"
    if mark in ("practice", "answer"):
        if not reading.regions and not reading.faults:
            yield f"a cell marked {mark} needs a solution region"
    elif reading.regions:
        yield "stray marker: a solution region stands only in a cell marked practice or answer"


def order_faults(cells: Sequence[NotebookNode]) -> Iterator[tuple[int, str]]:
    """Say what is wrong with the marked cells among each other, as (index of the cell, reason)."""
    seen: dict[str, int] = {}
    for index, cell in enumerate(cells):
        mark = mark_of(cell)
        if mark is None:
            continue
        identity = cell.metadata[mark]
        if mark != "check":
            if identity in seen:
                yield index, f"duplicate id '{identity}': cell {seen[identity] + 1} has it already"
            seen.setdefault(identity, index)
        if mark == "practice":
            follower = cells[index + 1] if index + 1 < len(cells) else None
            if follower is None or follower.metadata.get("check") != identity:
                yield index, f'practice "{identity}" needs its check cell right after it'
        if mark == "check":
            leader = cells[index - 1] if index else None
            if leader is None or leader.metadata.get("practice") != identity:
                yield index, f'check "{identity}" needs its practice cell right before it'


def _metadata_faults(cell: NotebookNode) -> Iterator[str]:
    allowed = (*MARKS, "points", *PLAIN_METADATA)
    for key, value in cell.metadata.items():
        if key in allowed:
            continue
        if key in ("title", "incorrectly_encoded_metadata"):  # jupytext's names for the rest
            yield f"the cell mark '{value}' cannot be read: write it as name=\"value\""
            continue
        near = difflib.get_close_matches(key, allowed, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        yield f"unknown cell mark '{key}', allowed are {', '.join(allowed)}{hint}"
    tags = cell.metadata.get("tags", [])
    if not isinstance(tags, list):
        yield f'tags must be a list such as tags=["taught"], got {tags!r}'
        return
    for tag in tags:
        if tag not in TAGS:
            yield f"unknown tag '{tag}', allowed are {', '.join(TAGS)}"


def _mark_faults(cell: NotebookNode, mark: str, lab_number: str) -> Iterator[str]:
    marks = [name for name in MARKS if name in cell.metadata]
    if len(marks) > 1:
        yield f"a cell has one mark, this one has {' and '.join(marks)}"
    kind = "markdown" if mark == "answer" else "code"
    if cell.cell_type != kind:
        yield f"{mark} marks a {kind} cell, this is a {cell.cell_type} cell"

    identity = cell.metadata[mark]
    if not isinstance(identity, str) or not re.fullmatch(_GRADE_ID, identity):
        yield f"id {identity!r}: an id looks like {lab_number}-some-words, in lower case"
    elif not identity.startswith(f"{lab_number}-"):
        yield f"id '{identity}' must begin with its lab's number, {lab_number}-"
    elif identity.endswith("-check"):
        yield f"id '{identity}' must not end in -check: check cells are named so"

    points = cell.metadata.get("points")
    if mark == "practice":
        if points is not None:
            yield "points belong to the check cell, not to the practice cell"
    elif points is None:
        yield f'{mark} "{identity}" has no points: write points=10 after its mark'
    elif isinstance(points, bool) or not isinstance(points, int | float) or not points > 0:
        yield f"points must be a number above 0, got {points!r}"
    if mark == "check":
        yield from _call_faults(cell.source, identity)


def _call_faults(source: str, identity: str) -> Iterator[str]:
    """A check cell ends in ``labhelpers.check("its id")``: the value is what nbgrader reads."""
    expected = f'labhelpers.check("{identity}")'
    try:
        body = ast.parse(source).body
    except SyntaxError:
        yield f"a check cell is plain Python and ends in {expected}"
        return
    last = body[-1].value if body and isinstance(body[-1], ast.Expr) else None
    if not _is_check_call(last):
        yield f"a check cell ends in {expected}, without a semicolon"
        return
    for statement in body:
        for node in ast.walk(statement):
            if not _is_check_call(node):
                continue
            named = next((a.value for a in node.args[:1] if isinstance(a, ast.Constant)), None)
            if named != identity:
                yield f"the check cell of '{identity}' calls check({named!r}): it needs {expected}"


def _is_check_call(node: ast.AST | None) -> bool:
    called = getattr(node, "func", None)  # a name, or an attribute of one
    return "check" in (getattr(called, "id", None), getattr(called, "attr", None))
