"""Open a notebook file with tolerance: whatever can be understood of it is graded."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

MOST_CELLS = 2_000
LONGEST_CELL = 1_000_000


#: What begins so, whatever its name.
_OTHER_KINDS = {
    b"%PDF": "a PDF", b"<": "a web page", b"PK\x03\x04": "a zip", b"\x1f\x8b": "a gzip archive",
    b"# ": "a Python script", b"#!": "a Python script", b"import ": "a Python script",
}  # fmt: skip


class Unreadable(Exception):
    """Why the file is no notebook, as a sentence."""


@dataclass(frozen=True)
class Cell:
    """A cell as handed in; `grade_id` is what its nbgrader metadata says, if anything."""

    kind: str
    source: str
    id: str | None = None
    grade_id: str | None = None
    attachments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notebook:
    """The cells of a submission, in order."""

    cells: tuple[Cell, ...]


def read_notebook(content: bytes) -> Notebook:
    """Read a notebook of any nbformat, also where its details break the format.

    Byte order marks, UTF-16, Windows line ends, odd ids, and metadata of the wrong type do not
    matter; outputs are not looked at.

    Raises
    ------
    Unreadable
        If there are no cells to be found.
    """
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Unreadable("The file is empty.")
    for begin, what in _OTHER_KINDS.items():
        if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(begin):
            raise Unreadable(f"The file is {what}, not a notebook: hand in the .ipynb itself.")
    data = _parse(_decode(content))
    if not isinstance(data, dict):
        raise Unreadable("The file is JSON, but not a notebook: it has no cells.")
    cells = data.get("cells")
    if cells is None and isinstance(data.get("worksheets"), list):  # nbformat 3 and older
        cells = [
            cell
            for sheet in data["worksheets"]
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    if not isinstance(cells, list):
        raise Unreadable("The file is JSON, but not a notebook: it has no list of cells.")
    if len(cells) > MOST_CELLS:
        raise Unreadable(f"The notebook has {len(cells)} cells; at most {MOST_CELLS} are graded.")
    read = tuple(_read_cell(cell) for cell in cells if isinstance(cell, dict))
    if not read:
        raise Unreadable("The notebook has no cells.")
    return Notebook(read)


def holds_cells_of(lab: str, content: bytes) -> bool:
    """Whether a notebook holds a practice or check cell of this lab, by grade id or cell id.

    It is looked for without reading the notebook, which may be any file: that takes a moment and
    no memory. What a student wrote cannot look like it, since JSON puts a backslash before each
    quotation mark in a text.

    >>> holds_cells_of("lab05", b'{"grade_id": "lab05-loss"}')
    True
    >>> holds_cells_of("lab05", rb'{"source": "{\\"grade_id\\": \\"lab05-loss\\"}"}')
    False
    """
    if b"\x00" in content[:8]:
        content = content.replace(b"\x00", b"")  # UTF-16, of which these words need half the bytes
    found = re.search(rb'"(?:grade_id|id)"\s*:\s*"' + re.escape(lab.encode()) + rb"-", content)
    return found is not None


def _decode(content: bytes) -> str:
    detected = json.detect_encoding(content)
    for encoding in ("utf-8-sig", "cp1252") if detected.startswith("utf-8") else (detected,):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("The file is not text, so it is not a notebook.")


def _parse(text: str) -> Any:
    try:
        # Numbers are of no interest here, and a long one takes long to read.
        return json.loads(text, parse_int=lambda digits: 0, parse_float=lambda digits: 0.0)
    except RecursionError:
        raise Unreadable("The file is nested too deeply to be a notebook.") from None
    except ValueError as error:
        detail = getattr(error, "msg", str(error))
        line = getattr(error, "lineno", None)
        where = f" in line {line}" if line else ""
        if getattr(error, "pos", 0) >= len(text.rstrip()) or detail.startswith("Unterminated"):
            where += "; it seems to be cut off there"
        if re.search(r"^\s*(<{7}|>{7}) ", text, re.MULTILINE):
            where += "; it holds the marks of a merge that git could not finish"
        raise Unreadable(f"The file is not valid JSON ({detail}{where}).") from None


def _read_cell(cell: dict[str, Any]) -> Cell:
    kind = cell.get("cell_type")
    if kind == "heading":
        kind = "markdown"
    if kind not in ("code", "markdown", "raw"):
        kind = "raw"
    source = cell.get("source", cell.get("input", ""))
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    if not isinstance(source, str):
        source = ""
    # A lone surrogate cannot be written to any file.
    source = source.encode("utf-8", "replace").decode("utf-8")
    source = source.replace("\r\n", "\n").replace("\r", "\n")[:LONGEST_CELL]
    id_ = cell.get("id")
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    attachments = cell.get("attachments")
    return Cell(
        kind,
        source,
        id_ if isinstance(id_, str) else None,
        grade_id if isinstance(grade_id, str) else None,
        attachments if isinstance(attachments, dict) else {},
    )
