"""Statements that fail here and that no answer needs: what stands after them is run."""

import ast
from typing import NamedTuple

from . import plan

#: Functions that change how figures look or where they are shown.
_DISPLAY = frozenset(("use", "switch_backend", "set_matplotlib_formats"))


class Failed(NamedTuple):
    """The statement of a cell that failed, and what follows it, in which lines count as before."""

    statement: ast.stmt
    text: str
    rest: str


def failed_statement(source: str, line: int | None) -> Failed | None:
    """The statement in this line of a cell; None if it is the last, or if none can be told."""
    if line is None or source.lstrip().startswith("%%"):
        return None
    code = plan.translated(source)
    tree = None if code is None else plan.parse(code)
    for node in tree.body if tree is not None else ():
        if node.lineno <= line <= node.end_lineno:
            lines = code.split("\n")
            rest = "\n".join(lines[node.end_lineno :])
            if not rest.strip():
                return None
            shown = source.split("\n")
            text = (shown if len(shown) >= line else lines)[line - 1].strip()
            return Failed(node, text, "#\n" * node.end_lineno + rest)
    return None


def is_cosmetic(statement: ast.stmt, error: BaseException, missing: set[str]) -> bool:
    """Whether the cell can do without a statement that has failed.

    That is an import of what is not installed here, a magic of a front end, a change of how
    figures are shown, or a call of what could not be imported. What it would have defined is
    missed where it is used. Names that a failed import would have bound are added to `missing`.
    """
    if isinstance(statement, (ast.Import, ast.ImportFrom)) and isinstance(error, ImportError):
        missing.update((a.asname or a.name).split(".")[0] for a in statement.names)
        return True
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    called = statement.value.func
    if isinstance(error, NameError) and getattr(error, "name", None) in missing:
        return True
    if not isinstance(called, ast.Attribute):
        return False
    return called.attr in _DISPLAY or (
        called.attr == "run_line_magic" and ast.unparse(called.value) == "get_ipython()"
    )
