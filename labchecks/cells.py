"""A student's notebook as plain JSON: its cells, and which of them are answers."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

__all__ = [
    "AnswerError",
    "Cell",
    "Notebook",
    "answers",
    "checksum",
    "grade_id",
    "id_of",
    "is_untouched",
    "read_notebook",
    "stub_of",
    "text_of",
]

Cell = dict[str, Any]
Notebook = dict[str, Any]


class AnswerError(Exception):
    """A notebook cannot be read or written; the message names the file and says why."""


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
    if not isinstance(thing, dict) or thing.get("cell_type") not in ("code", "markdown", "raw"):
        return False
    source = thing.get("source")
    is_text = isinstance(source, str) or (
        isinstance(source, list) and all(isinstance(line, str) for line in source)
    )
    return is_text and isinstance(thing.get("metadata", {}), dict)


def text_of(cell: Cell) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def id_of(cell: Cell) -> str:
    return str(cell.get("id") or cell.get("metadata", {}).get("id") or "")


def marks_of(cell: Cell) -> dict[str, Any]:
    metadata = cell.get("metadata", {}).get("nbgrader")
    return metadata if isinstance(metadata, dict) else {}


def grade_id(cell: Cell, with_checks: bool = False) -> str:
    """The grade id of a cell that a student fills in, ``""`` of any other."""
    marks = marks_of(cell)
    wanted = marks.get("solution") or (with_checks and marks.get("grade"))
    return str(marks.get("grade_id") or "") if wanted else ""


def answers(notebook: Notebook) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for position, cell in enumerate(notebook["cells"]):
        if name := grade_id(cell):
            found.setdefault(name, []).append(position)
    return found


def stub_of(cell: Cell) -> str:
    """The checksum that nbgrader took of the cell as it was released."""
    return str(marks_of(cell).get("checksum") or "")


def is_untouched(cell: Cell, stub: str | None) -> bool:
    """Whether the cell is still as it was released."""
    return text_of(cell) == stub or (stub_of(cell) != "" and stub_of(cell) == checksum(cell))


def checksum(cell: Cell) -> str:
    """The checksum that nbgrader (``nbgrader.utils.compute_checksum``) stores with a cell."""
    marks = marks_of(cell)
    grade, solution = bool(marks.get("grade")), bool(marks.get("solution"))
    locked = not solution and (grade or bool(marks.get("locked")))
    parts = [text_of(cell), cell["cell_type"], str(grade), str(solution), str(locked)]
    parts.append(str(marks.get("grade_id")))
    if grade:
        parts.append(str(float(marks.get("points") or 0)))
    text = "".join(parts).encode("utf-8", errors="replace")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()
