"""The practice modules as a student gets them: everything but the drawing of hidden cases.

A check cell asks the visible cases only. What a graded practice is asked besides is drawn by the
function that the practice calls ``hidden``; it and whatever serves nothing else is cut out. The
rest of the text stays as it is, comments included: students may read it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import lru_cache

from labhelpers.practice import Practice
from labtools.faults import Fault, LabError

__all__ = ["draws_hidden_cases", "without_hidden_cases"]

_FOLDER = "labhelpers/practice"
_PACKAGE = "labhelpers.practice"
_HIDDEN = re.compile(r"_?hidden(_\w+)?")
_NOTHING = "return []  # drawn by the instructor's copy only"

# How many arguments of a Practice come before its `hidden`.
_BEFORE_HIDDEN = [field.name for field in fields(Practice)].index("hidden")

_Function = ast.FunctionDef | ast.AsyncFunctionDef


def without_hidden_cases(modules: Mapping[str, str]) -> dict[str, str]:
    """Cut the hidden cases out of the practice modules.

    Parameters
    ----------
    modules : mapping of str to str
        Source text by module name, as in ``"lab01"``.

    Returns
    -------
    dict of str to str
        The same modules, cut.

    Raises
    ------
    LabError
        If a practice is written in a way that cannot be cut.
    """
    texts = dict(modules)
    suspects: set[str] = set()
    for name, text in texts.items():
        texts[name], found = _cut_keywords(name, text)
        suspects |= found
    while True:
        before = dict(texts)
        for name in texts:
            texts[name], found = _cut_unused(name, texts, suspects)
            suspects |= found
        if texts == before:
            break
    return {name: _empty_hidden(text) for name, text in texts.items()}


def draws_hidden_cases(text: str) -> Iterator[str]:
    """Say where a module still draws hidden cases; nothing when it does not."""
    for node in ast.walk(ast.parse(text)):
        if _is_practice(node) and any(word.arg == "hidden" for word in node.keywords):
            yield f"line {node.lineno}: a practice with hidden cases"
        if isinstance(node, _Function) and _HIDDEN.fullmatch(node.name) and not _is_empty(node):
            yield f"line {node.lineno}: the function {node.name}"


def _cut_keywords(name: str, text: str) -> tuple[str, set[str]]:
    """Remove ``hidden=…`` from each practice; return the text and the names it used."""
    lines = text.splitlines(keepends=True)
    spans, names = [], set()
    for node in ast.walk(ast.parse(text)):
        if not _is_practice(node):
            continue
        if len(node.args) > _BEFORE_HIDDEN or any(word.arg is None for word in node.keywords):
            _refuse(name, node, "name the argument hidden of Practice")
        for word in node.keywords:
            if word.arg == "hidden":
                first, last = word.lineno, word.value.end_lineno
                alone = lines[first - 1].lstrip().startswith("hidden=")
                if not alone or lines[last - 1].rstrip()[-1] != ",":
                    _refuse(name, word, "write hidden=… on lines of its own, with a comma behind")
                spans.append((first, last))
                names |= _names_in(word.value)
    return _without(lines, spans), names


def _cut_unused(name: str, texts: Mapping[str, str], suspects: set[str]) -> tuple[str, set[str]]:
    """Remove definitions among the suspects that nothing uses any more, and unused imports."""
    text = texts[name]
    if suspects.isdisjoint(re.findall(r"\w+", text)):
        return text, set()
    tree, lines = ast.parse(text), text.splitlines(keepends=True)
    loads = Counter(_loads(tree))
    wanted = _imported_from(name, texts)
    spans, names = [], set()
    for node in ast.walk(tree):
        if isinstance(node, _Function | ast.Assign):
            bound = _bound(node)
            own = Counter(_loads(node))
            if bound & suspects and not any(loads[n] > own[n] or n in wanted for n in bound):
                spans.append(_span(node, lines))
                names |= _names_in(node)
        elif isinstance(node, ast.ImportFrom) and node.module != "__future__":
            kept = [a for a in node.names if _called(a) not in suspects or loads[_called(a)]]
            if len(kept) < len(node.names) and not any(_exported(a, tree) for a in node.names):
                node.names = kept
                lines[node.lineno - 1] = _import_line(node)
                spans.append((node.lineno + 1, node.end_lineno))
    outer = [s for s in spans if not any(s != o and o[0] <= s[0] <= s[1] <= o[1] for o in spans)]
    return _without(lines, outer), names


def _empty_hidden(text: str) -> str:
    """Give what is left of the functions called hidden an empty body."""
    lines = text.splitlines(keepends=True)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, _Function) and _HIDDEN.fullmatch(node.name) and not _is_empty(node):
            first, last = node.body[0], node.body[-1]
            indent = " " * first.col_offset
            lines[first.lineno - 1 : last.end_lineno] = [f"{indent}{_NOTHING}\n"] + [""] * (
                last.end_lineno - first.lineno
            )
    return "".join(lines)


def _is_practice(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Practice"
    )


def _is_empty(node: _Function) -> bool:
    return [ast.unparse(statement) for statement in node.body] == ["return []"]


def _loads(tree: ast.AST) -> list[str]:
    return [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    ]


def _names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _bound(node: ast.AST) -> set[str]:
    if isinstance(node, _Function):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _called(alias: ast.alias) -> str:
    return alias.asname or alias.name


def _exported(alias: ast.alias, tree: ast.Module) -> bool:
    """Whether the module imports a name to hand it on."""
    return any(
        isinstance(node, ast.Assign)
        and "__all__" in _bound(node)
        and _called(alias) in ast.literal_eval(node.value)
        for node in tree.body
    )


def _imported_from(name: str, texts: Mapping[str, str]) -> set[str]:
    """Names that the other modules import from this one."""
    return {
        imported
        for other, text in texts.items()
        if other != name
        for module, imported in _imports(text)
        if module == f"{_PACKAGE}.{name}"
    }


@lru_cache(maxsize=256)
def _imports(text: str) -> frozenset[tuple[str | None, str]]:
    """Module and name of everything that a module imports by name."""
    return frozenset(
        (node.module, alias.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    )


def _import_line(node: ast.ImportFrom) -> str:
    indent = " " * node.col_offset
    if not node.names:
        return ""
    line = f"{indent}{ast.unparse(node)}\n"
    if len(line) <= 101:
        return line
    names = "".join(f"{indent}    {ast.unparse(alias)},\n" for alias in node.names)
    return f"{indent}from {node.module} import (\n{names}{indent})\n"


def _span(node: ast.stmt, lines: list[str]) -> tuple[int, int]:
    """First and last line of a definition with the comment and the blank lines before it."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    while first > 1 and re.match(r"\s*#(?!.*----)", lines[first - 2]):  # not a heading's rule
        first -= 1
    while first > 1 and not lines[first - 2].strip():
        first -= 1
    return first, node.end_lineno


def _without(lines: list[str], spans: list[tuple[int, int]]) -> str:
    dropped = {number for first, last in spans for number in range(first, last + 1)}
    return "".join(line for number, line in enumerate(lines, start=1) if number not in dropped)


def _refuse(name: str, node: ast.expr | ast.keyword, reason: str) -> None:
    raise LabError([Fault(f"{_FOLDER}/{name}.py", f"line {node.lineno}: {reason}")])
