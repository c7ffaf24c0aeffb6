"""A lab as a page: the student's cells, and below the given ones what they show when run."""

import copy
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from labtools.build import REMEDY, SOURCES, STUDENTS
from labtools.faults import Fault, LabError
from labtools.leaks import surviving_lines
from labtools.markers import without
from labtools.site.dependence import cells_after_answers
from labtools.site.disclosure import output_text
from labtools.source import LabSource

AFTER_ANSWER = "*What this cell shows depends on your answer: run it in the notebook.*"

# What the site calls the cells that nbgrader marks; its style sheet frames them.
_KINDS = {(True, False): "practice", (False, True): "check", (True, True): "answer"}


@dataclass(frozen=True)
class Entry:
    """How the list of labs introduces one: its name, title, task and minutes."""

    name: str
    title: str
    summary: str = ""
    minutes: str = ""


def read_derived(source: LabSource, root: Path) -> tuple[NotebookNode, NotebookNode]:
    """Read a lab's student notebook and its executed solution.

    Raises
    ------
    LabError
        When one is missing, is no notebook, or differs from the source in a cell.
    """
    names = [f"{folder}/{source.name}.ipynb" for folder in (STUDENTS, SOURCES)]
    notebooks = []
    for name in names:
        try:
            notebooks.append(nbformat.read(root / name, as_version=4))
        except FileNotFoundError:
            raise LabError([Fault(name, f"missing: {REMEDY}")]) from None
        except (ValueError, AttributeError, nbformat.ValidationError):
            raise LabError([Fault(name, f"is not a notebook: {REMEDY}")]) from None
    student, solution = notebooks
    expected = [(cell.id, cell.cell_type, cell.source) for cell in source.notebook.cells]
    if [(cell.id, cell.cell_type, cell.source) for cell in solution.cells] != expected:
        raise LabError([Fault(names[1], f"is not what {source.file} gives: {REMEDY}")])
    if [cell.id for cell in student.cells] != [cell.id for cell in solution.cells] or any(
        ours.source != (without(theirs.source) if theirs.cell_type == "code" else theirs.source)
        for ours, theirs in zip(student.cells, solution.cells, strict=True)
        if "nbgrader" not in ours.metadata
    ):
        raise LabError([Fault(names[0], f"is not what {source.file} gives: {REMEDY}")])
    return student, solution


def lab_page(
    source: LabSource, student: NotebookNode, solution: NotebookNode, entry: Entry
) -> NotebookNode:
    """Make the page of a lab.

    Practice and check cells stand as a student finds them, without an output; so does each given
    cell whose output depends on an answer. Marked cells have the tags ``practice``, ``check`` and
    ``answer``.

    Raises
    ------
    LabError
        When a line of a solution would be on the page, in a cell or in an output.
    """
    hidden = cells_after_answers(solution.cells)
    page = nbformat.v4.new_notebook(metadata=copy.deepcopy(solution.metadata))
    for index, (ours, solved) in enumerate(zip(student.cells, solution.cells, strict=True)):
        marks = ours.metadata.get("nbgrader")
        tags = list(ours.metadata.get("tags", []))
        if marks:
            tags.append(_KINDS[marks["solution"], marks["grade"]])
        if ours.cell_type == "markdown":
            text = _introduced(ours.source, entry) if index == 0 else ours.source
            page.cells.append(nbformat.v4.new_markdown_cell(text, metadata={"tags": tags}))
            continue
        cell = nbformat.v4.new_code_cell(ours.source, metadata={"tags": tags})
        page.cells.append(cell)
        if index in hidden:
            page.cells.append(nbformat.v4.new_markdown_cell(AFTER_ANSWER))
        elif not marks:
            cell.outputs = copy.deepcopy(solved.outputs)
    _refuse_solutions(source, page)
    return page


def _refuse_solutions(source: LabSource, page: NotebookNode) -> None:
    faults = []
    outputs = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(output_text(cell)) for cell in page.cells]
    )
    for part, shown in (("cell", page), ("the output of cell", outputs)):
        faults += [
            Fault(source.file, f"on the site, {part} {index + 1} of the page: {reason}")
            for index, reason in surviving_lines(source, shown)
        ]
    if faults:
        raise LabError(faults)


def _introduced(first_cell: str, entry: Entry) -> str:
    """Put the download and the time under the title."""
    title, _, rest = first_cell.partition("\n")
    minutes = f'<span class="lab-minutes">{entry.minutes} minutes</span>' if entry.minutes else ""
    bar = (
        f'<div class="lab-bar">{minutes}<a class="lab-download" download '
        f'href="../downloads/{entry.name}.ipynb">Download the notebook</a>'
        "<span>This page is for reading. Solve the practices in the notebook: only there the "
        "checks can answer.</span></div>"
    )
    return f"{title}\n\n{bar}\n\n{rest.lstrip()}"


def read_entries(readme: str) -> dict[str, Entry]:
    """Read the list of labs in the README: name of the notebook, title, what you do, minutes."""
    rows = re.findall(
        r"^\| \[(.+?)\]\(notebooks/(\w+)\.ipynb\) \| (.+?) \| (\d+) \|$", readme, re.MULTILINE
    )
    return {name: Entry(name, title, summary, minutes) for title, name, summary, minutes in rows}


def entry_of(source: LabSource, entries: dict[str, Entry]) -> Entry:
    """Return how the list introduces a lab; one not in the README is shown by its title."""
    title = source.notebook.cells[0].source.partition("\n")[0].lstrip("# ")
    return entries.get(source.name) or Entry(source.name, title)
