"""When to ask for which answer: found from the notebook's cells before any of them runs."""

from __future__ import annotations

import ast
import contextlib
import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

Cell = Mapping[str, Any]
#: (position, practice id, rank). At position k the practice is asked after k cells have run.
#: Of the moments at which an answer was found, the one with the lowest rank counts.
Moment = tuple[int, str, int]

_LONGEST = 200_000


def plan(cells: Sequence[Cell], practices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Say where each practice's answer is to be read.

    Parameters
    ----------
    cells : sequence of mappings
        ``source``, ``kind`` ("code", "markdown", ...), ``practice`` and ``check`` (grade ids found
        by metadata or cell id, or None), ``own`` (not one of the course's own cells), ``stub``
        (a practice cell exactly as it was released).
    practices : sequence of mappings
        ``id`` and ``names`` of those that are asked; ``calls`` where they are called, as functions
        or classes.

    Returns
    -------
    dict
        ``moments``, sorted; ``copies``: how many filled-in practice cells there are of each
        practice; ``where``: the cell that counts as the practice's own, or None.

    Notes
    -----
    The answer is read where the check cell stands that follows the practice cell. If there is none,
    it is read just before the next practice begins, or before one of the course's own cells uses
    the name for something else. Only if nothing was defined by then, the last cell that defines
    the names decides, wherever it is, and at last the notebook's end.
    """
    bound = [_Names.of(cell).bound for cell in cells]
    moments: list[Moment] = []
    copies: dict[str, int] = {}
    where: dict[str, int | None] = {}
    for practice in practices:
        id_, names = practice["id"], set(practice["names"])
        marked = [k for k, cell in enumerate(cells) if cell["practice"] == id_]
        filled = [k for k in marked if not cells[k]["stub"]]
        definers = [k for k, cell in enumerate(cells) if cell["own"] and bound[k] & names]
        copies[id_] = len(filled)
        home = (filled or marked or _unmarked(cells, definers, practice) or [None])[-1]
        where[id_] = home
        ranks = []
        if home is not None:
            ranks.append(_read_at(cells, bound, home, practice))
        if definers:
            ranks.append(definers[-1] + 1)
        ranks.append(len(cells))
        for rank, position in enumerate(ranks):
            if position not in ranks[:rank]:
                moments.append((position, id_, rank))
    return {"moments": sorted(moments), "copies": copies, "where": where}


def _unmarked(cells: Sequence[Cell], definers: list[int], practice: Mapping) -> list[int]:
    """Cells that may be the practice's own where nothing marks them: those before its check.

    What is called is released as a function or a class. Of several cells one of that form is its
    own: ``model = nn.Linear(1, 1)`` further down is another model.
    """
    checks = [k for k, cell in enumerate(cells) if _checks(cell, practice["id"])]
    before = [k for k in definers if checks and k < checks[-1]] or definers
    return [k for k in before if _is_in_form(cells[k], practice)] or before


def _is_in_form(cell: Cell, practice: Mapping) -> bool:
    return bool(practice.get("calls") and _Names.of(cell).made & set(practice["names"]))


def _read_at(cells: Sequence[Cell], bound: list[set[str]], home: int, practice: Mapping) -> int:
    id_, names = practice["id"], set(practice["names"])
    checks = [k for k in range(home + 1, len(cells)) if _checks(cells[k], id_)]
    if checks:
        return checks[0]
    in_form = _is_in_form(cells[home], practice)
    for k in range(home + 1, len(cells)):
        cell = cells[k]
        if in_form and bound[k] & names and not _is_in_form(cell, practice):
            return k
        other = cell["practice"] not in (None, id_) or cell["check"] not in (None, id_)
        if other or (not cell["own"] and bound[k] & names):
            return k
    return len(cells)


def _checks(cell: Cell, id_: str) -> bool:
    if cell["check"] is not None:
        return cell["check"] == id_
    called = rf"\bcheck\s*\(\s*['\"]{re.escape(id_)}['\"]"
    return cell["kind"] == "code" and re.search(called, cell["source"]) is not None


def translated(source: str) -> str | None:
    """The cell as Python, IPython's own syntax translated; None if it cannot be."""
    return source if _tree(source) is not None else _translate(source)


def parse(source: str) -> ast.Module | None:
    """The cell's Python after IPython's own syntax is translated; None if it is not Python."""
    if len(source) > _LONGEST:
        return None
    # Most cells are Python, and to translate takes much longer than to see that.
    tree = _tree(source)
    code = _translate(source) if tree is None else None
    return tree if code is None else _tree(code)


def _tree(code: str) -> ast.Module | None:
    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.parse(code)


def _translate(source: str) -> str | None:
    from IPython.core.inputtransformer2 import TransformerManager

    with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        return TransformerManager().transform_cell(source)


def get_to_know(sources: Sequence[str]) -> None:
    """Read the course's own cells in advance: every submission has most of them."""
    for source in sources:
        _Names.of({"kind": "code", "source": source})
        _statements(source)


class _Names:
    """What a cell defines or changes at the notebook's level, and what it uses.

    Attributes
    ----------
    bound : set of str
        Names that it defines, in any form.
    made : set of str
        Those of them that it defines as a function or a class.
    changed : set of str
        Names that it defines, and names of which it calls a method or sets a part.
    used : set of str
        Every name that occurs in it, inside functions too.
    imported : set of str
        Names that it binds by importing.
    plain : bool
        Whether it is Python that does nothing beyond its names: no magic, no seed.
    """

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.made: set[str] = set()
        self.changed: set[str] = set()
        self.used: set[str] = set()
        self.imported: set[str] = set()
        self.plain = True

    @classmethod
    def of(cls, cell: Cell) -> _Names:
        return cls._of_code(cell["source"]) if cell["kind"] == "code" else cls()

    @classmethod
    @functools.lru_cache(maxsize=1000)
    def _of_code(cls, source: str) -> _Names:
        names = cls()
        if source.lstrip().startswith("%%"):
            # `%%time` and the like: what stands under the magic is the cell.
            source = source.lstrip().partition("\n")[2]
        tree = parse(source)
        if tree is None:
            names.plain = False
            return names
        names._read(tree.body)
        shell = re.search(r"^\s*[%!]|get_ipython|\bexec\b|\beval\b|globals|locals", source, re.M)
        if shell or re.search(r"^\S.*seed\s*\(", source, re.M):
            names.plain = False
        return names

    @classmethod
    def of_statement(cls, statement: ast.stmt) -> _Names:
        names = cls()
        names._read([statement])
        return names

    def _read(self, body: list[ast.stmt]) -> None:
        todo: list[tuple[ast.AST, bool]] = [(node, True) for node in body]
        while todo:
            node, outside = todo.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                if outside:
                    self.bound.add(node.name)
                    self.made.add(node.name)
                outside = False  # what is defined inside is not the notebook's
            elif isinstance(node, ast.Lambda):
                outside = False
            elif isinstance(node, ast.Global):
                self.bound.update(node.names)
            elif isinstance(node, ast.Name):
                self.used.add(node.id)
                if outside and not isinstance(node.ctx, ast.Load):
                    self.bound.add(node.id)
            elif isinstance(node, ast.alias):
                name = (node.asname or node.name).split(".")[0]
                self.imported.add(name)
                if outside:
                    self.bound.add(name)
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                self.changed.update(_owner(node.func))
            elif isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(
                node.ctx, ast.Load
            ):
                self.changed.update(_owner(node))
            todo.extend((child, outside) for child in ast.iter_child_nodes(node))
        self.changed |= self.bound


def _owner(node: ast.AST) -> set[str]:
    """`a` of ``a.b[c].d``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def replayable(cells: Sequence[Cell]) -> tuple[set[int], dict[int, str]]:
    """The course's own cells that show the same in every submission, and what of them must run.

    A cell shows the same if nothing that a student wrote reaches it through a name. Of such a cell
    only those statements are needed that define or change what other cells, or needed statements,
    use.

    Returns
    -------
    same : set of int
        Those cells.
    needed : dict of int to str
        For each of them what is left to run; often nothing.
    """
    names = [_Names.of(cell) for cell in cells]
    modules = set().union(*(n.imported for n in names)) if names else set()
    code = {k for k, c in enumerate(cells) if c["kind"] == "code" and c["source"].strip()}
    students = {k for k in code if cells[k]["own"] or cells[k]["practice"] is not None}
    reached = set().union(*(names[k].bound for k in students)) if students else set()
    theirs = set(students)
    while True:
        more = {k for k in code - theirs if not names[k].plain or names[k].used & reached}
        if not more:
            break
        theirs |= more
        reached |= set().union(*(names[k].bound for k in more))
    same = {k for k in code - theirs if not names[k].imported}
    wanted = set().union(*(names[k].used for k in code - same)) if code - same else set()
    statements = [(k, *one) for k in sorted(same) for one in _statements(cells[k]["source"])]
    kept: set[int] = set()
    while True:
        more = {
            i
            for i, (_, _, n) in enumerate(statements)
            if i not in kept and (n.changed - modules) & wanted
        }
        if not more:
            break
        kept |= more
        wanted |= set().union(*(statements[i][2].used for i in more))
    needed: dict[int, list[str]] = {k: [] for k in same}
    for i in sorted(kept):
        needed[statements[i][0]].append(statements[i][1])
    return same, {k: "\n".join(texts) for k, texts in needed.items()}


@functools.lru_cache(maxsize=1000)
def _statements(source: str) -> tuple[tuple[str, _Names], ...]:
    """A cell's statements, each as text and what it does to names; none if it is not Python."""
    tree = parse(source)
    body = tree.body if tree is not None else ()
    return tuple((_text(node, source), _Names.of_statement(node)) for node in body)


def what_is_left(source: str, line: int | None = None) -> str:
    """What is run of a cell that had to be stopped.

    Parameters
    ----------
    line : int, optional
        The line in which its time was over: then what stands before the statement of this line.
        Left out, its imports, functions and classes.
    """
    if source.lstrip().startswith("%%"):
        # Lines are counted in another way under a magic.
        source, line = source.lstrip().partition("\n")[2], None
    tree = parse(source)
    if tree is None:
        return ""
    kept = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if line is None:
        tree.body = [node for node in tree.body if isinstance(node, kept)]
    else:
        tree.body = [node for node in tree.body if node.end_lineno < line]
    try:
        return ast.unparse(tree)
    except RecursionError:
        return "\n".join(_text(node, source) for node in tree.body)


def _text(node: ast.stmt, source: str) -> str:
    """A statement of a cell as text."""
    try:
        return ast.unparse(node)
    except RecursionError:
        # Deeper than can be written anew, though not than can be read: as it stands there.
        return ast.get_source_segment(source, node) or ""
