"""A copy of `labhelpers` without what would answer the practices.

A student's code can read everything that is in its process. So what runs there is a copy of the
package in which the judges, the reference simulations and the drawing of hidden cases are left out:
of the practice modules only what the probes use is kept.
"""

from __future__ import annotations

import ast
import shutil
import threading
from collections import Counter
from pathlib import Path

from labtools.grading.sandbox.places import LABHELPERS

__all__ = ["SealError", "write_sealed_copy"]

PACKAGE = "labhelpers.practice"
#: Kept as they are: they know nothing of any one practice.
_WHOLE = ("__init__", "checking", "feedback", "probe", "registry")
#: What a `Practice` needs in order to be asked.
_ASKING = ("id", "title", "points", "names", "probe", "manual")
_FIELDS = ("id", "title", "points", "names", "probe", "judge", "visible", "hidden", "manual")


class SealError(Exception):
    """A practice module is written in a way that this module cannot take apart."""


def write_sealed_copy(target: Path, lab: str) -> None:
    """Write ``target/labhelpers``: the package as a graded notebook finds it.

    Raises
    ------
    SealError
        If a practice module cannot be taken apart.
    """
    copy = target / "labhelpers"
    shutil.copytree(LABHELPERS, copy, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    practice = copy / "practice"
    originals = {path.stem: path.read_text(encoding="utf-8") for path in practice.glob("*.py")}
    for name in originals:
        if name not in _WHOLE:
            (practice / f"{name}.py").unlink()
    for name, text in _kept(originals, lab).items():
        (practice / f"{name}.py").write_text(text, encoding="utf-8")


def _kept(originals: dict[str, str], lab: str) -> dict[str, str]:
    """The modules that the lab's probes reach, cut down to what they reach in them."""
    wanted: dict[str, set[str]] = {lab: {"PRACTICES"}}
    while True:
        texts: dict[str, str] = {}
        more = {name: set(names) for name, names in wanted.items()}
        for name, roots in wanted.items():
            tree = _cut(_parse(originals, name), roots)
            texts[name] = ast.unparse(tree)
            for module, names in _imports(tree):
                if module in originals and module not in _WHOLE:
                    more.setdefault(module, set()).update(names)
        if more == wanted:
            return texts
        wanted = more


# Python 3.11 miscounts its depth when two threads parse at once and one of them is interrupted.
_parsing = threading.Lock()


def _parse(originals: dict[str, str], name: str) -> ast.Module:
    if name not in originals:
        raise SealError(f"there is no module {PACKAGE}.{name}")
    with _parsing:
        return ast.parse(originals[name], f"{name}.py")


def _imports(tree: ast.Module) -> list[tuple[str, set[str]]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith(PACKAGE):
                    raise SealError(f"line {node.lineno}: write `from {PACKAGE} import ...`")
        if not isinstance(node, ast.ImportFrom) or node.level:
            continue
        if node.module == PACKAGE:
            # A module as a whole: what of it is used is said by the attributes.
            for alias in node.names:
                called = alias.asname or alias.name
                found.append((alias.name, _attributes(tree, called)))
        elif node.module and node.module.startswith(f"{PACKAGE}."):
            module = node.module[len(PACKAGE) + 1 :]
            found.append((module, {alias.name for alias in node.names}))
    return found


def _attributes(tree: ast.Module, name: str) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    }


def _cut(tree: ast.Module, roots: set[str]) -> ast.Module:
    _AskOnly().visit(tree)
    while _prune(tree, roots):
        pass
    return tree


class _AskOnly(ast.NodeTransformer):
    """`Practice(...)` without its judge and its cases."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Name) and node.func.id == "Practice"):
            return node
        if any(isinstance(a, ast.Starred) for a in node.args) or any(
            k.arg is None for k in node.keywords
        ):
            raise SealError(f"line {node.lineno}: name the arguments of Practice one by one")
        given = dict(zip(_FIELDS, node.args, strict=False))
        given.update({k.arg: k.value for k in node.keywords})
        node.args = []
        node.keywords = [
            ast.keyword(arg=name, value=given[name]) for name in _ASKING if name in given
        ]
        return node


def _prune(tree: ast.Module, roots: set[str]) -> bool:
    """Drop definitions and imports that nothing else uses; return whether there were any."""
    everywhere = _loads(tree)
    dropped = False
    for scope in [n for n in ast.walk(tree) if isinstance(n, (ast.Module, ast.FunctionDef))]:
        kept = []
        for statement in scope.body:
            bound = _bound(statement)
            if bound is None or _is_future(statement):
                kept.append(statement)
                continue
            inside = _loads(statement)
            used = {name for name in bound if everywhere[name] > inside[name]}
            if isinstance(scope, ast.Module):
                used |= bound & roots
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                names = [a for a in statement.names if _called(a) in used]
                dropped = dropped or len(names) < len(statement.names)
                statement.names = names
                if names:
                    kept.append(statement)
            elif used:
                kept.append(statement)
            else:
                dropped = True
        scope.body = kept or [ast.Pass()]
    return dropped


def _loads(tree: ast.AST) -> Counter[str]:
    return Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _called(alias: ast.alias) -> str:
    return (alias.asname or alias.name).split(".")[0]


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _bound(statement: ast.stmt) -> set[str] | None:
    """Names that the statement does nothing but define; None if it may do something else."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {_called(a) for a in statement.names}
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return None
    names: set[str] = set()
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, (ast.Attribute, ast.Subscript)):
                return None
            if isinstance(node, ast.Name):
                names.add(node.id)
    return names
