"""Pages that hold code: run at build time, so that every number on them was computed."""

import tempfile
from collections.abc import Mapping

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbformat import NotebookNode

from labtools.execution import with_joined_streams
from labtools.faults import Fault, LabError

CELL_TIMEOUT = 60


def holds_code(text: str) -> bool:
    """Whether a page in MyST Markdown has a cell to run."""
    return "```{code-cell}" in text


def run_pages(pages: Mapping[str, str]) -> dict[str, NotebookNode]:
    """Run the cells of all pages in one kernel and return each page with its outputs.

    A kernel takes seconds to import PyTorch, and there are dozens of pages. Between two pages all
    names are cleared, so that each stands alone. Pages are in MyST Markdown.

    Raises
    ------
    LabError
        When a cell raises, takes too long or writes to stderr.
    """
    notebooks = {name: jupytext.reads(text, fmt="md:myst") for name, text in pages.items()}
    places = []
    together = nbformat.v4.new_notebook()
    for name, notebook in notebooks.items():
        together.cells.append(nbformat.v4.new_code_cell("%reset -f"))
        places.append((name, together.cells[-1]))
        for cell in notebook.cells:
            together.cells.append(cell)
            places.append((name, cell))
    at = 0

    def note_start(cell_index: int, **_: object) -> None:
        nonlocal at
        at = cell_index

    with tempfile.TemporaryDirectory(prefix="labs-site-") as folder:
        client = NotebookClient(
            together,
            timeout=CELL_TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            extra_arguments=["--log-level=ERROR"],
            shutdown_kernel="immediate",
            resources={"metadata": {"path": folder}},
            on_cell_start=note_start,
        )
        try:
            client.execute()
        except CellExecutionError as error:
            reason = f"a cell raises {error.ename}: {error.evalue}"
            raise LabError([_fault(places[at], reason)]) from None
        except (CellTimeoutError, DeadKernelError) as error:
            raise LabError([_fault(places[at], str(error).partition("\n")[0])]) from None
    faults = [
        _fault(place, f"a cell writes to stderr: {output.text.strip()[:200]}")
        for place in places
        for output in place[1].get("outputs", [])
        if output.output_type == "stream" and output.name == "stderr"
    ]
    if faults:
        raise LabError(faults)
    return {name: _finish(notebook) for name, notebook in notebooks.items()}


def _fault(place: tuple[str, NotebookNode], reason: str) -> Fault:
    name, cell = place
    line = cell.source.strip().partition("\n")[0]
    return Fault(name, f"{reason} (in the cell '{line}')")


def _finish(notebook: NotebookNode) -> NotebookNode:
    # What stands at the head of a page is for the theme.
    head = {k: v for k, v in notebook.metadata.items() if k not in ("jupytext", "kernelspec")}
    notebook.metadata = {
        **head,
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = with_joined_streams(cell.outputs)
        cell.metadata = {k: v for k, v in cell.metadata.items() if k == "tags"}
        cell.setdefault("id", nbformat.v4.new_raw_cell().id)
    return notebook
