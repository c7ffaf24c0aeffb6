"""The source of a lab: one text file in jupytext's percent format."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from labtools.addresses import INSTALL, buttons, opening_lines, read_address
from labtools.faults import Fault, LabError
from labtools.markers import Region, read_regions
from labtools.marks import (
    MARKS,
    PLAIN_METADATA,
    cell_faults,
    mark_of,
    nbgrader_metadata,
    order_faults,
)

SOURCES = "solutions"
STUDENTS = "notebooks"

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
    },
}

# How hints and answers look in JupyterLab, Notebook, VS Code and Colab, which know no style sheet
# of ours: only inline style reaches them all. No fill, so that it suits light and dark.
_FRAME = 'style="border-left: 4px solid #56B4E9; padding: 2px 0 2px 12px; margin: 6px 0"'
FOLDED = f'<details {_FRAME}><summary style="cursor: pointer; font-weight: 600">'
#: Ends the text of a practice.
YOUR_TURN = f"<div {_FRAME}>✎ <strong>Your turn:</strong> the next cell is yours.</div>"


@dataclass(frozen=True)
class LabSource:
    """A lab as its author wrote it, checked.

    Parameters
    ----------
    path : Path
        The source file.
    file : str
        The same, relative to the course, as messages name it.
    notebook : NotebookNode
        Its cells with their final ids and with nbgrader's metadata in place of the marks;
        solutions still in it.
    """

    path: Path
    file: str
    notebook: NotebookNode

    @property
    def name(self) -> str:
        """The lab's name, the file name without its ending."""
        return self.path.stem

    def fault(self, index: int | None, reason: str) -> Fault:
        """Build the fault of the cell at this index, or of the file when it is None."""
        if index is None:
            return Fault(self.file, reason)
        return Fault(self.file, reason, index + 1, first_line(self.notebook.cells[index].source))

    def regions(self) -> list[tuple[int, Region]]:
        """Return each region that students do not get, with the index of its cell."""
        return [
            (index, region)
            for index, cell in enumerate(self.notebook.cells)
            for reading in [read_regions(cell.source, is_code=cell.cell_type == "code")]
            for region in (*reading.regions, *reading.author)
        ]


def read_source(path: Path, root: Path) -> LabSource:
    """Read a lab's source and check everything that can be checked without running it.

    Raises
    ------
    LabError
        With every fault found, not only the first.
    """
    file = path.relative_to(root).as_posix()
    match = re.match(r"lab\d\d(?=_)", path.name)
    if match is None:
        raise LabError([Fault(file, "a source is named labNN_what_it_is_about.py")])
    try:
        text = path.read_text(encoding="utf-8")
        if text.startswith("# ---"):
            reason = "a source has no header: delete the lines up to the second '# ---'"
            raise LabError([Fault(file, reason)])
        notebook = jupytext.reads(text, fmt="py:percent")
    except (UnicodeDecodeError, ValueError) as error:
        raise LabError([Fault(file, f"cannot be read as a percent script: {error}")]) from None
    for cell in notebook.cells:
        for key in [key for key in cell.metadata if key.startswith("lines_to_")]:
            del cell.metadata[key]  # jupytext's own notes about blank lines

    source = LabSource(path, file, notebook)
    faults = [
        source.fault(index, reason)
        for index, cell in enumerate(notebook.cells)
        for reason in cell_faults(cell, match.group())
    ]
    faults += [source.fault(index, reason) for index, reason in order_faults(notebook.cells)]
    faults += _title_faults(source)
    if not any(mark_of(cell) in ("practice", "answer") for cell in notebook.cells) and not faults:
        faults.append(source.fault(None, "no solution region: a lab has at least one practice"))
    if faults:
        raise LabError(sorted(faults, key=lambda fault: fault.cell or 0))

    finished = _finish(notebook)
    _open(finished, path.stem, root)
    return LabSource(path, file, finished)


def _open(notebook: NotebookNode, name: str, root: Path) -> None:
    """Begin a lab with what it needs in a kernel that may lack the course."""
    try:
        address = read_address(root)
    except ValueError as error:
        raise LabError([Fault(INSTALL, str(error))]) from None
    title = notebook.cells[0]
    if line := buttons(address, f"{STUDENTS}/{name}.ipynb"):
        heading, _, rest = title.source.partition("\n")
        title.source = f"{heading}\n\n{line}\n{rest}"
    first = next((cell for cell in notebook.cells if cell.cell_type == "code"), None)
    if first is not None and "nbgrader" not in first.metadata:
        first.source = opening_lines(first.source, address) + first.source


def first_line(text: str) -> str:
    """Return the first line of a cell that says something, cut to 60 characters."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "empty cell")
    return line if len(line) <= 60 else line[:57] + "..."


def _title_faults(source: LabSource) -> list[Fault]:
    titles = [
        (index, heading)
        for index, cell in enumerate(source.notebook.cells)
        if cell.cell_type == "markdown"
        for level, heading in headings(cell.source)
        if level == 1
    ]
    if not titles:
        return [source.fault(None, "no title: a lab opens with one heading of level 1")]
    if titles[0][0] != 0:
        return [source.fault(titles[0][0], "the title belongs in the first cell")]
    return [
        source.fault(index, f"a second title '{heading}': a lab has one heading of level 1")
        for index, heading in titles[1:]
    ]


def headings(text: str) -> list[tuple[int, str]]:
    """Return (level, text) of each heading of a Markdown cell, code blocks left out."""
    found = []
    fence = None
    for line in text.splitlines():
        opening = re.match(r"\s{0,3}(```+|~~~+)", line)
        if opening and fence is None:
            fence = opening.group(1)
        elif fence is not None:
            if line.strip().startswith(fence):
                fence = None
        elif match := re.match(r"(#{1,6})\s+(.+?)\s*#*$", line):
            found.append((len(match.group(1)), match.group(2)))
    return found


def _finish(notebook: NotebookNode) -> NotebookNode:
    """Give each cell its lasting id and nbgrader's metadata, and the notebook a plain header."""
    finished = nbformat.v4.new_notebook(metadata=NOTEBOOK_METADATA)
    finished.nbformat_minor = 5
    taken: set[str] = set()
    section, count = "opening", 0
    for cell, following in zip_longest(notebook.cells, notebook.cells[1:]):
        if cell.cell_type == "markdown":
            titles = [text for level, text in headings(cell.source) if level <= 2]
            if titles:
                section, count = _unused(_slug(titles[0]), taken), 0
                taken.add(section)
        count += 1
        cell = _strip(cell)
        asked = following is not None and mark_of(following) in ("practice", "answer")
        if asked and cell.cell_type == "markdown" and mark_of(cell) is None:
            cell.source += f"\n\n{YOUR_TURN}"
        metadata = nbgrader_metadata(cell)
        cell.id = metadata["grade_id"] if metadata else f"{section}-{count:02d}"
        for key in (*MARKS, "points"):
            cell.metadata.pop(key, None)
        if metadata:
            cell.metadata["nbgrader"] = metadata
        finished.cells.append(cell)
    return finished


def _strip(cell: NotebookNode) -> NotebookNode:
    """Copy a cell, its folded parts framed, without what an editor may have added."""
    make = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
    kept = (*MARKS, "points", *PLAIN_METADATA)
    text = cell.source
    if cell.cell_type == "markdown":
        text = text.replace("<details><summary>", FOLDED)
    return make(text, metadata={k: v for k, v in cell.metadata.items() if k in kept})


def _slug(text: str) -> str:
    """Turn a heading into letters, digits and hyphens, as a cell id allows."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "section"


def _unused(slug: str, taken: set[str]) -> str:
    number, name = 1, slug
    while name in taken or re.match(r"lab\d\d-", name):
        number += 1
        name = f"section-{number}" if slug.startswith("lab") else f"{slug}-{number}"
    return name
