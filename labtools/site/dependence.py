"""Which given cells show something of an answer.

The outputs of a page come from the solved lab. A given cell that reads a name which a practice
cell has set, or asks for the student's progress, would show what the solution computed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

# Calls that report on the checks so far.
REPORTS = frozenset({"progress"})

_BLOCKS = (
    *(ast.For, ast.AsyncFor, ast.While, ast.If, ast.With, ast.AsyncWith, ast.Try),
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef),
)


def cells_after_answers(cells: Sequence[NotebookNode]) -> set[int]:
    """Return the indices of the given code cells whose output depends on an answer.

    Dependence is followed from name to name: a figure drawn from a list that was made from an
    answer depends on it too. A name that a given cell sets anew is free of it.

    Parameters
    ----------
    cells : sequence of NotebookNode
        All cells of a solved lab, in order, with nbgrader's metadata.
    """
    from_answers: set[str] = set()
    found: set[int] = set()
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        statements = ast.parse(TransformerManager().transform_cell(cell.source)).body
        if "nbgrader" in cell.metadata:
            from_answers.update(name for one in statements for name in _set_by(one))
            continue
        for statement in statements:
            names = set(_set_by(statement))
            # In a block the names that it sets itself, such as a loop's, come first.
            own = names if isinstance(statement, _BLOCKS) else set()
            if from_answers & (set(_read_by(statement)) - own) or _reports(statement):
                found.add(index)
                from_answers |= names
            else:
                from_answers -= names
    return found


def _set_by(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0]


def _read_by(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def _reports(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Name)
        and node.id in REPORTS
        or isinstance(node, ast.Attribute)
        and node.attr in REPORTS
        for node in ast.walk(statement)
    )
