"""A student's notebook as plain JSON: its cells, and which of them are answers."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

Cell = dict[str, Any]
Notebook = dict[str, Any]


class AnswerError(Exception):
    """A file cannot be read or written; the message names it and says why."""


def read_notebook(path: Path) -> Notebook:
    """Read a notebook file.

    Raises
    ------
    AnswerError
        If it cannot be read or is no notebook of version 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AnswerError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # neither JSON nor UTF-8
        raise AnswerError(f"{path}: is not a notebook: {error}") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise AnswerError(f"{path}: is not a notebook: it has no list of cells")
    return notebook


def _is_cell(thing: object) -> bool:
    return (
        isinstance(thing, dict)
        and thing.get("cell_type") in ("code", "markdown", "raw")
        and isinstance(thing.get("metadata", {}), dict)
        and isinstance(thing.get("source"), (str, list))
        and all(isinstance(line, str) for line in thing["source"])
    )


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or, after a fault, leave what was there.

    Raises
    ------
    AnswerError
        If it cannot be written.
    """
    draft = path.with_name(f".{path.name[:80]}.{os.getpid()}")
    try:
        try:
            draft.write_bytes(content)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise AnswerError(f"{path}: cannot be written: {error.strerror}") from error


def text_of(cell: Cell) -> str:
    """The text of a cell, which a file holds whole or as a list of its lines."""
    return "".join(cell["source"])


def id_of(cell: Cell) -> str:
    """The cell's own id, ``""`` where a tool has dropped it."""
    return str(cell.get("id") or cell.get("metadata", {}).get("id") or "")


def marks_of(cell: Cell) -> dict[str, Any]:
    """What nbgrader has noted in the cell."""
    marks = cell.get("metadata", {}).get("nbgrader")
    return marks if isinstance(marks, dict) else {}


def grade_id(cell: Cell, with_checks: bool = False) -> str:
    """The grade id of a cell that a student fills in, ``""`` of any other."""
    marks = marks_of(cell)
    wanted = marks.get("solution") or (with_checks and marks.get("grade"))
    return str(marks.get("grade_id") or "") if wanted else ""


def answers(notebook: Notebook) -> dict[str, list[int]]:
    """The positions of the cells that answer a practice, by its grade id."""
    found: dict[str, list[int]] = {}
    for position, cell in enumerate(notebook["cells"]):
        if name := grade_id(cell):
            found.setdefault(name, []).append(position)
    return found


def stub_of(cell: Cell) -> str:
    """The checksum that nbgrader took of the cell as it was released."""
    return str(marks_of(cell).get("checksum") or "")


def is_untouched(cell: Cell, stub: str | None = None) -> bool:
    """Whether the cell is still as it was released, or has the text `stub`."""
    return text_of(cell) == stub or stub_of(cell) == checksum(cell)


def checksum(cell: Cell) -> str:
    """The checksum that nbgrader (``nbgrader.utils.compute_checksum``) stores with a cell."""
    marks = marks_of(cell)
    grade, solution = bool(marks.get("grade")), bool(marks.get("solution"))
    locked = not solution and (grade or bool(marks.get("locked")))
    parts = [text_of(cell), cell["cell_type"], grade, solution, locked, marks.get("grade_id")]
    if grade:
        parts.append(float(marks.get("points") or 0))
    text = "".join(map(str, parts)).encode("utf-8", errors="replace")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()
