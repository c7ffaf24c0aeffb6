"""The student notebook: a lab without solutions, author's assertions and outputs."""

import ast
import copy
import logging

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from labtools.faults import LabError
from labtools.leaks import surviving_lines
from labtools.markers import without
from labtools.source import LabSource

CODE_STUB = "# YOUR CODE HERE"
TEXT_STUB = "*Write your answer here.*"


def derive_student(source: LabSource) -> NotebookNode:
    """Remove the author's assertions, and the solutions with nbgrader's own library; prove it.

    Raises
    ------
    LabError
        When a solution line survives, or when what is left of a cell is not valid Python.
    """
    notebook = copy.deepcopy(source.notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = without(cell.source)
    resources: dict = {}
    for preprocessor in _preprocessors():
        notebook, resources = preprocessor.preprocess(notebook, resources)

    faults = [
        source.fault(index, f"in the student notebook: {reason}")
        for index, reason in surviving_lines(source, notebook)
    ]
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        try:
            ast.parse(TransformerManager().transform_cell(cell.source))
        except SyntaxError as error:
            reason = f"what the student gets is not valid Python ({error.msg}, line {error.lineno})"
            faults.append(source.fault(index, reason))
    if faults:
        raise LabError(faults)
    return notebook


def _preprocessors() -> list:
    """Return the steps of ``nbgrader generate_assignment`` that need no database, in its order."""
    # Imported here: nbgrader takes seconds, and `labs --help` need not wait for it.
    from nbgrader import preprocessors as nbgrader

    log = logging.getLogger("labtools.nbgrader")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    return [
        nbgrader.LockCells(log=log),
        nbgrader.ClearSolutions(log=log, code_stub={"python": CODE_STUB}, text_stub=TEXT_STUB),
        nbgrader.ClearOutput(log=log),
        nbgrader.CheckCellMetadata(log=log),
        nbgrader.ClearHiddenTests(log=log),
        nbgrader.ClearMarkScheme(log=log),
        nbgrader.ComputeChecksums(log=log),
        nbgrader.CheckCellMetadata(log=log),
    ]
