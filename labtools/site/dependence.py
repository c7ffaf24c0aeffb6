"""Which given cells show something of an answer.

The outputs of a page come from the solved lab. A given cell that reads a name which a practice
cell has set, or asks for the student's progress, would show what the solution computed.
"""

import ast
import symtable
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
    """Return the indices of the given code cells of a solved lab whose output depends on an answer.

    Dependence is followed from name to name: a figure drawn from a list that was made from an
    answer depends on it too. A name that a given cell sets anew is free of it.
    """
    from_answers: set[str] = set()
    found: set[int] = set()
    for index, cell in enumerate(cells):
        if cell.cell_type != "code":
            continue
        statements = ast.parse(TransformerManager().transform_cell(cell.source)).body
        if "nbgrader" in cell.metadata:
            from_answers.update(*map(_set_by, statements))
            continue
        for statement in statements:
            names = _set_by(statement)
            # In a block the names that it sets itself, such as a loop's, come first.
            own = names if isinstance(statement, _BLOCKS) else set()
            if from_answers & (_read_by(statement) - own) or _reports(statement):
                found.add(index)
                from_answers |= names
            else:
                from_answers -= names
    return found


def _set_by(statement: ast.stmt) -> set[str]:
    """The notebook's names that `statement` sets; what is a function's own is not among them."""
    table = _scopes(statement)
    outer = {
        one.get_name() for one in table.get_symbols() if one.is_assigned() or one.is_imported()
    }
    return outer | {
        one.get_name()
        for scope in _inside(table)
        for one in scope.get_symbols()
        if one.is_declared_global() and one.is_assigned()
    }


def _read_by(statement: ast.stmt) -> set[str]:
    """The notebook's names that `statement` reads, also inside the functions that it defines."""
    table = _scopes(statement)
    outer = {one.get_name() for one in table.get_symbols() if one.is_referenced()}
    # `x += 1` reads x, too.
    outer |= {
        node.target.id
        for node in ast.walk(statement)
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name)
    }
    return outer | {
        one.get_name()
        for scope in _inside(table)
        for one in scope.get_symbols()
        if one.is_global() and one.is_referenced()
    }


def _scopes(statement: ast.stmt) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(statement), "cell", "exec")


def _inside(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """All scopes within that of `table`."""
    for scope in table.get_children():
        yield scope
        yield from _inside(scope)


def _reports(statement: ast.stmt) -> bool:
    nodes = ast.walk(statement)  # a name, or an attribute of one
    return any(REPORTS & {getattr(n, "id", None), getattr(n, "attr", None)} for n in nodes)
