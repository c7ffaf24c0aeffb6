"""Small edits of a program, as syntax trees: the changes that make a slip, or undo one.

They serve two readers. The search for the line of a mistake undoes slips in a student's program;
the generated proof of the judges makes slips in right ones. Both want the same changes, since most
of them are their own inverse.

A change is made in the tree, the program is compiled or written out, and the change is taken back:
the tree is never copied, and two changes are composed by making the second while the first stands.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import dataclass
from types import CodeType

__all__ = ["KINDS", "WIDE", "Edit", "Trial", "double_trials", "edits", "trials"]


@dataclass(frozen=True)
class Edit:
    """A program that differs from another one in one place.

    Attributes
    ----------
    kind : str
        What was changed, a key of :data:`KINDS`.
    lines : tuple of int
        First and last line of the original program in which the change lies, from 1.
    source : str
        The program with the change in it, as :func:`ast.unparse` writes it.
    """

    kind: str
    lines: tuple[int, int]
    source: str


@dataclass(frozen=True)
class Trial:
    """An edited program that can be run, but is not written out, which takes longer than a run.

    Attributes
    ----------
    kind, lines
        As of an :class:`Edit`; of two changes, the kind of the second and the lines of both.
    code : code object
        The program with the change in it.
    content : tuple
        What the code does, whatever lines it comes from: equal for equal programs.
    """

    kind: str
    lines: tuple[int, int]
    code: CodeType
    content: tuple[object, ...]


#: A change that is in the tree until the next one is asked for: the lines in which it lies.
Changes = Iterator[tuple[int, int]]


def edits(source: str, kinds: Sequence[str] | None = None) -> Iterator[Edit]:
    """Each program that is one small change away, one kind of change after another.

    Parameters
    ----------
    source : str
        Python, without IPython's commands.
    kinds : sequence of str, optional
        Of which kinds the changes may be, in this order; all of :data:`KINDS` if left out.

    Raises
    ------
    SyntaxError
        If `source` is no Python.
    """
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    with closing(_changes(tree, kinds)) as changes:
        for kind, lines in changes:
            made = ast.unparse(tree)
            if made not in seen and _compiles(made):
                seen.add(made)
                yield Edit(kind, lines, made)


def trials(source: str, kinds: Sequence[str] | None = None) -> Iterator[Trial]:
    """The programs of :func:`edits`, compiled; one that can be made in two ways comes twice."""
    tree = ast.parse(source)
    with closing(_changes(tree, kinds)) as changes:
        yield from _compiled(
            tree, _content(compile(source, FILE, "exec", dont_inherit=True)), changes
        )


def how_many(source: str, kinds: Sequence[str]) -> int:
    """The number of changes of these kinds, which are not compiled for it."""
    with closing(_changes(ast.parse(source), kinds)) as changes:
        return sum(1 for _ in changes)


def double_trials(source: str, kinds: Sequence[str] | None = None) -> Iterator[Trial]:
    """Each program that is two changes away; one that can be made in two ways comes twice.

    N single edits make some N²/2 pairs; these are made one by one, as they are asked for.
    """
    tree = ast.parse(source)
    before = _content(compile(source, FILE, "exec", dont_inherit=True))
    with closing(_changes(tree, kinds)) as firsts:
        for _, one in firsts:
            with closing(_changes(tree, kinds)) as seconds:
                both = ((k, (min(one[0], two[0]), max(one[1], two[1]))) for k, two in seconds)
                yield from _compiled(tree, before, both)


#: What an edited program is called where Python names a file.
FILE = "<a change of your code>"


def _compiled(tree: ast.Module, before: tuple[object, ...], changes) -> Iterator[Trial]:
    """The tree as it stands in each change; not where it is no program, or the one before."""
    for kind, lines in changes:
        with suppress(SyntaxError, ValueError, TypeError):
            code = compile(tree, FILE, "exec", dont_inherit=True)
            if (content := _content(code)) != before:
                yield Trial(kind, lines, code, content)


def _content(code: CodeType) -> tuple[object, ...]:
    """What code does, whatever lines and columns it comes from."""
    constants = tuple(
        _content(one) if isinstance(one, CodeType) else (type(one), repr(one))
        for one in code.co_consts
    )
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars)


def _compiles(source: str) -> bool:
    # A tree can be written out that no program can be: a `return` moved out of its function.
    with suppress(SyntaxError, ValueError):
        compile(source, FILE, "exec")
        return True
    return False


def _changes(tree: ast.Module, kinds) -> Iterator[tuple[str, tuple[int, int]]]:
    program = _Program(tree)
    for kind in KINDS if kinds is None else kinds:
        for lines in (KINDS.get(kind) or WIDE[kind])(program):
            yield kind, lines


@dataclass(frozen=True)
class _Place:
    """Where an expression stands: `parent.field`, or an item of it."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.expr

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


class _Program:
    """A program's expressions and statements, as they are when it is made."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.places = [
            _Place(parent, field, index, node)
            for parent in ast.walk(tree)
            for field, value in ast.iter_fields(parent)
            for index, node in (enumerate(value) if isinstance(value, list) else [(None, value)])
            if isinstance(node, ast.expr)
        ]
        self.bodies = list(_bodies(tree, None))
        functions = [n.args for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        self.arguments = [one.arg for a in functions for one in (*a.args, *a.kwonlyargs)]

    def of(self, *kinds: type) -> Iterator[_Place]:
        """The places in which such an expression is read."""
        for place in self.places:
            if isinstance(place.node, kinds) and not isinstance(
                getattr(place.node, "ctx", None), (ast.Store, ast.Del)
            ):
                yield place

    def counters(self) -> list[ast.Name]:
        """The variables of its loops, to be read."""
        loops = (n for n in ast.walk(self.tree) if isinstance(n, (ast.For, ast.comprehension)))
        names = (n.target.id for n in loops if isinstance(n.target, ast.Name))
        return [_read(name) for name in dict.fromkeys(names)]

    def variables(self) -> list[str]:
        """The names that are read or given a value, but for those of functions and modules."""
        read = (p.node.id for p in self.of(ast.Name) if not _is_called(p))
        stored = (place.node.id for place in self.places if _is_stored(place.node))
        return list(dict.fromkeys((*self.arguments, *read, *stored)))

    def replaced(self, place: _Place, *others: ast.AST) -> Changes:
        """Put each of the others in the place, in turn, and at last what stood there."""
        lines = _lines(place.node)
        try:
            for other in others:
                place.put(_at(other, place.node))
                yield lines
        finally:
            place.put(place.node)

    def rewritten(self, body: list[ast.stmt], new: list[ast.stmt], *moved: ast.stmt) -> Changes:
        """Give a body other statements; `moved` are those in whose lines the change lies."""
        old = body[:]
        try:
            body[:] = [_at(statement, moved[0]) for statement in new] or [_at(ast.Pass(), moved[0])]
            yield _lines(moved[0])[0], _lines(moved[-1])[1]
        finally:
            body[:] = old


@dataclass(frozen=True)
class _Body:
    """The statements of a block; `owner` and `within` say which statement of which block has it."""

    statements: list[ast.stmt]
    owner: ast.stmt | None
    within: _Body | None


def _bodies(owner: ast.AST, within: _Body | None) -> Iterator[_Body]:
    for field in ("body", "orelse", "finalbody"):
        statements = getattr(owner, field, None)
        if isinstance(statements, list) and statements:
            body = _Body(statements, owner if isinstance(owner, ast.stmt) else None, within)
            yield body
            for statement in statements:
                yield from _bodies(statement, body)


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _method(value: ast.expr, name: str) -> ast.Call:
    return ast.Call(ast.Attribute(value, name, ast.Load()), [], [])


def _square(value: ast.expr) -> ast.BinOp:
    return ast.BinOp(value, ast.Pow(), ast.Constant(2))


def _at(node: ast.AST, old: ast.AST) -> ast.AST:
    """The node; if it has just been made, and so has no lines of its own, with those of `old`."""
    if hasattr(node, "lineno"):
        return node
    return ast.fix_missing_locations(ast.copy_location(node, old))


def _lines(node: ast.AST) -> tuple[int, int]:
    """First and last line of a node; of a compound statement, of its head alone."""
    last = node.end_lineno
    if isinstance(body := getattr(node, "body", None), list) and body:
        last = max(node.lineno, body[0].lineno - 1)
    return node.lineno, last


# What can be changed. Each yields while its change stands.


def _signs(program: _Program) -> Changes:
    """`+` for `-` and the reverse, in steps and elsewhere; a minus put before, or taken away."""
    other = {ast.Add: (ast.Sub,), ast.Sub: (ast.Add,)}
    yield from _operators(program, other)
    for place in program.of(ast.UnaryOp):
        if isinstance(place.node.op, ast.USub):
            yield from program.replaced(place, place.node.operand)
    for body in program.bodies:
        for statement in body.statements:
            value = getattr(statement, "value", None)
            if isinstance(statement, (ast.AugAssign, ast.Assign, ast.Return)) and isinstance(
                value, (ast.BinOp, ast.Call, ast.Name, ast.Attribute)
            ):
                place = _Place(statement, "value", None, value)
                yield from program.replaced(place, ast.UnaryOp(ast.USub(), value))


def _operators(program: _Program, other: dict[type, tuple[type, ...]] | None = None) -> Changes:
    """Another operator in its place."""
    other = other or {
        ast.Mult: (ast.Div, ast.Pow),
        ast.Div: (ast.Mult,),
        ast.FloorDiv: (ast.Div,),
        ast.Mod: (ast.FloorDiv,),
        ast.MatMult: (ast.Mult,),
        ast.Pow: (ast.Mult,),
    }
    for node in ast.walk(program.tree):
        if not isinstance(node, (ast.BinOp, ast.AugAssign)):
            continue
        squared = getattr(getattr(node, "right", None), "value", None) == 2
        old = node.op
        try:
            for kind in other.get(type(old), ()):
                if kind is not ast.Pow or squared:
                    node.op = kind()
                    yield _lines(node)
        finally:
            node.op = old


def _comparisons(program: _Program) -> Changes:
    """`<` for `<=`, `>`, `>=`, and so on; `and` for `or`; `not` taken away."""
    sizes = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    other = {kind: tuple(k for k in sizes if k is not kind) for kind in sizes}
    other |= {ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,)}
    for place in program.of(ast.Compare):
        node = place.node
        if len(node.ops) == 1:
            kinds = other.get(type(node.ops[0]), ())
            yield from program.replaced(
                place, *(ast.Compare(node.left, [kind()], node.comparators) for kind in kinds)
            )
    for place in program.of(ast.BoolOp):
        kind = ast.Or if isinstance(place.node.op, ast.And) else ast.And
        yield from program.replaced(
            place, ast.BoolOp(kind(), place.node.values), *place.node.values
        )
    for place in program.of(ast.UnaryOp):
        if isinstance(place.node.op, ast.Not):
            yield from program.replaced(place, place.node.operand)


def _sides(program: _Program) -> Changes:
    """The two sides of an operator exchanged, or one of them left out."""
    for place in program.of(ast.BinOp):
        left, op, right = place.node.left, place.node.op, place.node.right
        if not isinstance(op, (ast.Add, ast.Mult)):
            yield from program.replaced(place, ast.BinOp(right, op, left))
        yield from program.replaced(place, left, right)


def _factors(program: _Program) -> Changes:
    """A factor too many or too few: 2, a half, a factor of another place, an unread argument."""
    read = {place.node.id for place in program.of(ast.Name)}
    known = [
        side
        for place in program.of(ast.BinOp)
        if isinstance(place.node.op, (ast.Mult, ast.Div))
        for side in (place.node.left, place.node.right)
        if isinstance(side, ast.Name) or _is_number(getattr(side, "value", None))
    ]
    unread = [_read(arg) for arg in program.arguments if arg not in read]
    known += unread
    known += [ast.Subscript(a, c, ast.Load()) for a in unread for c in program.counters()]
    factors = {ast.dump(factor): deepcopy(factor) for factor in [ast.Constant(2), *known]}.values()
    counts = [
        place.node
        for place in program.of(ast.Call)
        if isinstance(place.node.func, ast.Name) and place.node.func.id == "len"
    ]
    counts += [
        ast.Call(_read("len"), [_read(arg)], [])
        for arg in program.arguments
        if arg.lower() in ("x", "y", "data", "y_true")
    ]
    counts = list({ast.dump(count): deepcopy(count) for count in counts}.values())
    for place in program.of(ast.BinOp, ast.Call, ast.Attribute, ast.Name):
        node, parent = place.node, place.parent
        inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.Mult, ast.Div))
        value = isinstance(parent, (ast.AugAssign, ast.Assign, ast.Return, ast.Tuple))
        if inside or not (value or isinstance(parent, (ast.BinOp, ast.List, ast.Call))):
            continue
        if isinstance(parent, ast.Call) and (place.field != "args" or isinstance(node, ast.Name)):
            continue
        yield from program.replaced(
            place,
            *(ast.BinOp(node, ast.Mult(), factor) for factor in factors),
            *(ast.BinOp(node, ast.Div(), by) for by in (ast.Constant(2), *counts)),
        )


def _missing(program: _Program) -> Changes:
    """What was computed and is never read, put in; the old value, where a new one leaves it out."""
    loaded = {ast.dump(place.node) for place in program.of(ast.Name, ast.Attribute)}
    counters = {counter.id for counter in program.counters()}
    stored = [place.node.id for place in program.places if _is_stored(place.node)]
    parts = [
        place.node.attr
        for place in program.places
        if isinstance(place.node, ast.Attribute) and ast.unparse(place.node.value) == "self"
        if isinstance(place.node.ctx, ast.Store)
    ]
    # Outside functions a name that is not read there may be read by another cell.
    functions = (node for node in ast.walk(program.tree) if isinstance(node, ast.FunctionDef))
    inside = {node.id for one in functions for node in ast.walk(one) if _is_stored(node)}
    lost_names = [_read(name) for name in sorted(inside - counters)]
    self = _read("self")
    unread = {
        dumped: node
        for node in (*lost_names, *(ast.Attribute(self, part, ast.Load()) for part in parts))
        if (dumped := ast.dump(node)) not in loaded
    }
    for place in _values(program, ast.Name, ast.Call, ast.BinOp, ast.Subscript):
        for lost in unread.values():
            ways = (ast.Sub, ast.Div, ast.Mult) if isinstance(lost, ast.Name) else ()
            whole = (ast.BinOp(lost, way(), place.node) for way in ways)
            yield from program.replaced(place, ast.Call(lost, [place.node], []), *whole)
    sums = [p for p in program.of(ast.BinOp) if isinstance(p.node.op, (ast.Add, ast.Sub))]
    sides = (side for p in sums for side in (p.node.left, p.node.right))
    terms = [_read(name) for name in sorted({getattr(n, "id", "") for n in sides})]
    for place in program.of(ast.BinOp):
        # What stands in a sum, or is multiplied, is no sum of its own that lacks a term.
        inside = isinstance(getattr(place.parent, "op", None), (ast.Add, ast.Sub, ast.Mult))
        for term in () if inside and isinstance(place.parent, ast.BinOp) else terms:
            ways = (ast.BinOp(place.node, way(), term) for way in (ast.Add, ast.Sub) if term.id)
            yield from program.replaced(place, *ways)
    given = [*program.arguments, *stored]
    for target, value in _assigned(program):
        within = list(ast.walk(value))
        if given.count(target.id) < 2 or target.id in (getattr(n, "id", "") for n in within):
            continue
        old = _read(target.id)
        for place in program.of(ast.BinOp):
            if any(place.node is node for node in within):
                yield from program.replaced(place, ast.BinOp(old, ast.Sub(), place.node))
    yield from _as_beside(program)


def _as_beside(program: _Program) -> Changes:
    """A statement as the one beside it has it, for its own name: for `b` what is done for `w`."""
    for body in program.bodies:
        old = body.statements[:]
        for i, statement in enumerate(old):
            for k in (i - 1, i + 1):
                both = k in range(len(old)) and _is_simple(statement) and _is_simple(old[k])
                for names in _twins(program) if both else ():
                    twin = _renamed(statement, names, old[k])
                    if twin is not None:
                        new = [*old[:k], twin, *old[k + 1 :]]
                        yield from program.rewritten(body.statements, new, old[k])


def _is_simple(statement: ast.stmt) -> bool:
    return isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr))


def _assigned(program: _Program) -> Iterator[tuple[ast.Name, ast.expr]]:
    """Each name that is given a value, and the value; of a tuple each item."""
    for node in ast.walk(program.tree):
        if isinstance(node, ast.Assign):
            target, value = node.targets[0], node.value
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=False))
            yield from ((t, v) for t, v in pairs if isinstance(t, ast.Name))


def _constants(program: _Program) -> Changes:
    """Another number in a number's place, or a variable; one more or less than a count."""
    numbers = {
        place.node.value: place.node
        for place in program.of(ast.Constant)
        if _is_number(place.node.value)
    }
    variables = [_read(name) for name in program.variables()]
    for place in program.of(ast.Constant):
        value = place.node.value
        if isinstance(value, bool):
            yield from program.replaced(place, ast.Constant(not value))
        elif _is_number(value):
            near = [value + 1, value - 1, -value, 2 * value, value / 2, 10 * value, value / 10]
            near = [int(v) if isinstance(value, int) and v == int(v) else v for v in near]
            near = dict.fromkeys(v for v in [*near, 0, 0.5, 1, 2, *numbers] if v != value)
            yield from program.replaced(place, *map(ast.Constant, near), *variables)
    for place in program.of(ast.Name, ast.BinOp, ast.Call):
        if _counts(place):
            yield from program.replaced(
                place,
                ast.BinOp(place.node, ast.Add(), ast.Constant(1)),
                ast.BinOp(place.node, ast.Sub(), ast.Constant(1)),
            )


def _counts(place: _Place) -> bool:
    """Whether the place holds a whole number: an index, an end of a slice or of a range."""
    parent = place.parent
    in_range = _called(parent) == "range" and place.field == "args"
    return in_range or isinstance(parent, ast.Slice) or place.field == "slice"


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _called(node: ast.AST) -> str:
    """The name of the function or method that a call calls."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _names(program: _Program) -> Changes:
    """Another variable in a name's place, or a number."""
    numbers = {p.node.value for p in program.of(ast.Constant) if type(p.node.value) is float}
    for place in _values(program, ast.Name):
        parent = place.parent
        others = (_read(name) for name in program.variables() if name != place.node.id)
        yield from program.replaced(place, *others)
        if isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.Mult, ast.Div, ast.Pow)):
            yield from program.replaced(place, *map(ast.Constant, sorted({2, *numbers})))
    stored = [place for place in program.places if _is_stored(place.node)]
    for place in stored:
        others = sorted({p.node.id for p in stored} - {place.node.id})
        yield from program.replaced(place, *(ast.Name(o, ast.Store()) for o in others))


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _is_called(place: _Place) -> bool:
    """Whether the name is that of a function or a module."""
    modules = ("torch", "np", "numpy", "nn", "plt", "math", "random", "optim")
    return place.field == "func" or place.node.id in modules


def _arguments(program: _Program) -> Changes:
    """Arguments of a call exchanged or left out, items of a tuple exchanged or taken alone."""
    for place in program.of(ast.Call):
        call = place.node
        for i in range(len(call.args) - 1):
            args = [*call.args[:i], call.args[i + 1], call.args[i], *call.args[i + 2 :]]
            yield from program.replaced(place, ast.Call(call.func, args, call.keywords))
        for i in range(len(call.args)):
            if len(call.args) + len(call.keywords) > 1:
                args = [*call.args[:i], *call.args[i + 1 :]]
                yield from program.replaced(place, ast.Call(call.func, args, call.keywords))
        for i in range(len(call.keywords)):
            keywords = [*call.keywords[:i], *call.keywords[i + 1 :]]
            yield from program.replaced(place, ast.Call(call.func, call.args, keywords))
    for place in program.of(ast.Tuple):
        items = place.node.elts
        for i in range(len(items) - 1):
            swapped = [*items[:i], items[i + 1], items[i], *items[i + 2 :]]
            yield from program.replaced(place, ast.Tuple(swapped, ast.Load()))
        yield from program.replaced(place, *items)


def _reductions(program: _Program) -> Changes:
    """Mean for sum and the reverse; a square for an absolute value; each put in or left out."""
    other = {"mean": "sum", "sum": "mean", "min": "max", "max": "min", "nanmean": "mean"}
    for place in program.of(ast.Attribute):
        node = place.node
        if node.attr in other:
            exchanged = ast.Attribute(node.value, other[node.attr], node.ctx)
            yield from program.replaced(place, exchanged)
    for place in program.of(ast.Constant):
        if place.node.value in ("mean", "sum"):
            yield from program.replaced(place, ast.Constant(other[place.node.value]))
    for place in program.of(ast.Call):
        call, name = place.node, _called(place.node)
        inner = [call.func.value] if isinstance(call.func, ast.Attribute) else []
        if name in ("abs", "sqrt", "square", "l1_loss", "log", "log10", "L1Loss"):
            values = call.args[:1] or inner
            yield from program.replaced(place, *(_square(v) for v in values))
        if name in ("l1_loss", "L1Loss", "huber_loss", "smooth_l1_loss"):
            better = "mse_loss" if name.endswith("loss") else "MSELoss"
            func = ast.Attribute(inner[0], better, ast.Load()) if inner else _read(better)
            yield from program.replaced(place, ast.Call(func, call.args, call.keywords))
    for place in program.of(ast.BinOp):
        node = place.node
        if isinstance(node.op, ast.Pow):
            yield from program.replaced(place, _method(node.left, "abs"))
        if isinstance(node.op, (ast.Pow, ast.Sub)) and not isinstance(place.parent, ast.BinOp):
            squares = node if isinstance(node.op, ast.Pow) else _square(node)
            means = (_method(squares, name) for name in ("mean", "sum"))
            yield from program.replaced(place, squares, *means)
    for place in program.of(ast.Name):
        parent = place.parent
        if getattr(parent, "attr", _called(parent)) in ("mean", "sum") and not _is_called(place):
            yield from program.replaced(place, _square(place.node))


def _calls(program: _Program) -> Changes:
    """A call left out, of which only the object or the first argument stays; `.item()` put in."""
    for place in program.of(ast.Call):
        call = place.node
        if isinstance(place.parent, ast.Expr):
            continue
        if isinstance(call.func, ast.Attribute) and not call.args:
            yield from program.replaced(place, call.func.value)
        elif call.args and _called(call) not in ("range", "zip", "enumerate"):
            yield from program.replaced(place, call.args[0])
    for place in program.of(ast.Name, ast.Call, ast.BinOp):
        if _called(place.parent) == "append" and place.field == "args":
            yield from program.replaced(place, _method(place.node, "item"))


def _slices(program: _Program) -> Changes:
    """The ends of a slice, another slice, none at all; a slice where a sibling has one."""
    for place in program.of(ast.Slice):
        low, high, step = place.node.lower, place.node.upper, place.node.step
        shorter = ((low, None, step), (None, high, step), (low, high, None))
        others = [ast.Slice(*ends) for ends in shorter]
        if low is not None and high is not None:
            others.append(ast.Slice(low, ast.BinOp(low, ast.Add(), high), step))
            ends = (ast.BinOp(low, ast.Add(), _read(size)) for size in program.arguments)
            others += [ast.Slice(low, end, step) for end in ends]
        yield from program.replaced(place, *others)
    subscripts = list(program.of(ast.Subscript))
    for place in subscripts:
        yield from program.replaced(place, place.node.value)
        if isinstance(place.node.slice, (ast.Constant, ast.UnaryOp, ast.Name)):
            ends = (ast.Constant(0), ast.UnaryOp(ast.USub(), ast.Constant(1)), *program.counters())
            yield from program.replaced(
                place, *(ast.Subscript(place.node.value, end, ast.Load()) for end in ends)
            )
    # Copies: a slice that is put into itself would have no end.
    parts = {ast.dump(place.node.slice): deepcopy(place.node.slice) for place in subscripts}
    parts |= {ast.dump(counter): counter for counter in program.counters()}
    for place in program.of(ast.Name):
        if isinstance(place.parent, ast.Subscript) or _is_called(place):
            continue
        yield from program.replaced(
            place, *(ast.Subscript(place.node, part, ast.Load()) for part in parts.values())
        )


def _ranges(program: _Program) -> Changes:
    """Where a range begins and ends, and its steps."""
    for place in program.of(ast.Call):
        call = place.node
        if _called(call) != "range" or not call.args:
            continue
        start, stop, step = (ast.Constant(0), call.args[0], None)
        if len(call.args) > 1:
            start, stop, step = [*call.args, None][:3]
        begins = [[ast.Constant(k), stop] for k in (0, 1)]
        sizes = [] if step else map(_read, dict.fromkeys(program.arguments))
        steps = [[start, stop, size] for size in sizes] or [[start, stop]]
        up = [
            [ast.UnaryOp(ast.USub(), ast.BinOp(ast.UnaryOp(ast.USub(), b.left), b.op, b.right))]
            for b in call.args[:1]
            if isinstance(b, ast.BinOp) and isinstance(b.op, ast.FloorDiv)
        ]
        yield from program.replaced(
            place, *(ast.Call(call.func, args, []) for args in [*begins, *up, *steps])
        )


def _neighbours(program: _Program) -> Changes:
    """A statement before its neighbour, or farther away in the same block."""
    for distance in (1, 2, 3, 4, 5, 6):
        for body in program.bodies:
            old = body.statements[:]
            for i in range(len(old) - distance):
                down = [*old[:i], *old[i + 1 : i + distance + 1], old[i], *old[i + distance + 1 :]]
                yield from program.rewritten(body.statements, down, old[i])
                if distance > 1:
                    j = i + distance
                    up = [*old[:i], old[j], *old[i:j], *old[j + 1 :]]
                    yield from program.rewritten(body.statements, up, old[j])


def _moved(program: _Program) -> Changes:
    """One or two statements moved out of their loop, or into the loop beside them."""
    for body in program.bodies:
        for count in (1, 2):
            old = body.statements[:]
            for i in range(len(old) - count + 1):
                group, rest = old[i : i + count], [*old[:i], *old[i + count :]]
                if body.owner is not None and body.within is not None and rest:
                    outer = body.within.statements[:]
                    at = outer.index(body.owner)
                    # Whether a condition is the right one is in question with what it holds.
                    head = [body.owner] if isinstance(body.owner, ast.If) else []
                    for k in (at, at + 1):
                        for _ in program.rewritten(body.statements, rest, *group):
                            out = [*outer[:k], *group, *outer[k:]]
                            yield from program.rewritten(body.within.statements, out, *head, *group)
                for k, first in ((i - 1, False), (i + count, True)):
                    loop = old[k] if 0 <= k < len(old) else None
                    if isinstance(loop, (ast.For, ast.While, ast.With, ast.If)):
                        inner = loop.body[:]
                        ways = ([*group, *inner], [*inner, *group])
                        head = [loop] if isinstance(loop, ast.If) else []
                        moved = [*group, *head] if first else [*head, *group]
                        for way in ways if first else ways[::-1]:
                            for _ in program.rewritten(body.statements, rest, *group):
                                yield from program.rewritten(loop.body, way, *moved)


def _dropped(program: _Program) -> Changes:
    """A statement left out; of an `if`, a `with` or a loop its body stays."""
    for body in program.bodies:
        old = body.statements[:]
        for i, statement in enumerate(old):
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)):
                continue
            inner = getattr(statement, "body", [])
            new = [*old[:i], *inner, *old[i + 1 :]]
            yield from program.rewritten(body.statements, new, statement)


def _doubled(program: _Program) -> Changes:
    """A statement twice, or once more for a sibling: what is done for `w`, done for `b`."""
    twins = _twins(program)
    for body in program.bodies:
        old = body.statements[:]
        for i, statement in enumerate(old):
            if not _is_simple(statement):
                continue
            for names in twins:
                twin = _renamed(statement, names, statement)
                if twin is not None:
                    new = [*old[: i + 1], twin, *old[i + 1 :]]
                    yield from program.rewritten(body.statements, new, statement)
            new = [*old[:i], statement, *old[i:]]
            yield from program.rewritten(body.statements, new, statement)


def _twins(program: _Program) -> list[dict[str, str]]:
    """Names, and those for which the same is usually done: `b` for `w`, `db` for `dw`."""
    names = program.variables()
    pairs = (("w", "b"), ("weight", "bias"), ("slope", "intercept"), ("X", "Y"), ("x", "y"))
    found = [
        {name: twin for name in names if (twin := name.replace(one, other, 1)) in names}
        for pair in pairs
        for one, other in (pair, pair[::-1])
    ]
    return [{name: twin for name, twin in twins.items() if name != twin} for twins in found]


def _renamed(statement: ast.stmt, names: dict[str, str], at: ast.AST) -> ast.stmt | None:
    """The statement with other names, in the lines of `at`; None if it has none of them."""
    twin = ast.parse(ast.unparse(statement)).body[0]
    nodes = [n for n in ast.walk(twin) if isinstance(n, ast.Name) and n.id in names]
    for node in nodes:
        node.id = names[node.id]
    _moved_to(twin, at)
    return twin if nodes else None


def _zeroed(program: _Program) -> Changes:
    """Gradients set back to zero before `backward()`, in the words that the program has."""
    grads = {
        ast.unparse(node.value)
        for node in ast.walk(program.tree)
        if isinstance(node, ast.Attribute) and node.attr == "grad"
    }
    clear = [f"{name}.grad = None" for name in sorted(grads)]
    ways = [clear] if clear else []
    ways += [[line] for line in clear] if len(clear) > 1 else []
    ways += [
        [f"{ast.unparse(node.func.value)}.zero_grad()"]
        for node in ast.walk(program.tree)
        if isinstance(node, ast.Call)
        and _called(node) == "step"
        and isinstance(node.func, ast.Attribute)
    ]
    for body in program.bodies:
        old = body.statements[:]
        for i, statement in enumerate(old):
            if not (isinstance(statement, ast.Expr) and _called(statement.value) == "backward"):
                continue
            for way in ways:
                lines = [ast.parse(line).body[0] for line in way]
                for line in lines:
                    _moved_to(line, statement)
                new = [*old[:i], *lines, *old[i:]]
                yield from program.rewritten(body.statements, new, statement)


def _moved_to(node: ast.AST, place: ast.AST) -> None:
    """Give a node and all in it the lines of another one."""
    for part in ast.walk(node):
        if hasattr(part, "lineno"):
            part.lineno, part.end_lineno = place.lineno, place.end_lineno


def _in_place(program: _Program) -> Changes:
    """`w -= step` for `w = w - step` and the reverse, on the values alone, or without gradients."""
    for body in program.bodies:
        old = body.statements[:]
        for i, statement in enumerate(old):
            others: list[ast.stmt] = []
            if isinstance(statement, ast.AugAssign):
                target = ast.unparse(statement.target)
                read = ast.parse(target, mode="eval").body
                whole = ast.BinOp(read, statement.op, statement.value)
                others.append(ast.Assign([statement.target], whole))
                others += _on_values(statement, target)
            elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.BinOp):
                (target, *_), value = statement.targets, statement.value
                if ast.unparse(value.left) == ast.unparse(target):
                    others.append(ast.AugAssign(target, value.op, value.right))
                    others += _on_values(others[0], ast.unparse(target))
            if others:
                guarded = ast.With(
                    [ast.withitem(ast.parse("torch.no_grad()", mode="eval").body)],
                    [_at(others[0] if isinstance(statement, ast.Assign) else statement, statement)],
                )
                others.append(guarded)
            for other in others:
                _at(other, statement)
                new = [*old[:i], other, *old[i + 1 :]]
                yield from program.rewritten(body.statements, new, statement)


def _on_values(statement: ast.AugAssign, target: str) -> list[ast.stmt]:
    if not isinstance(statement.target, ast.Name):
        return []
    data = ast.Attribute(_read(target), "data", ast.Store())
    return [ast.AugAssign(data, statement.op, statement.value)]


def _fresh(program: _Program) -> Changes:
    """A list made where the program, a function or a loop begins; a list that is returned."""
    lists = sorted(
        {
            place.node.value.id
            for place in program.of(ast.Attribute)
            if place.node.attr in ("append", "extend") and isinstance(place.node.value, ast.Name)
        }
    )
    for body in program.bodies:
        loop = isinstance(body.owner, (ast.FunctionDef, ast.For, ast.While)) or body.owner is None
        if not loop:
            continue
        old = body.statements[:]
        for name in lists:
            made = ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load()))
            yield from program.rewritten(body.statements, [made, *old], body.owner or old[0])
            if isinstance(body.owner, ast.FunctionDef):
                back = ast.Return(_read(name))
                yield from program.rewritten(body.statements, [*old, back], old[-1])


def _expressions(program: _Program) -> Changes:
    """Any expression or number of the program in another one's place."""
    kinds = (ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.Constant)
    parts = [ast.Constant(1), *(place.node for place in _values(program, *kinds))]
    parts = {ast.dump(part): deepcopy(part) for part in parts}.values()
    for place in _values(program, ast.Name, *kinds):
        yield from program.replaced(place, *parts)


def _operands(program: _Program) -> Changes:
    """A variable more, on either side of a value."""
    variables = [_read(name) for name in program.variables()]
    for place in _values(program, ast.Name, ast.BinOp, ast.Call, ast.Subscript):
        for other in variables:
            for way in (ast.Add, ast.Sub, ast.Mult, ast.Div):
                ways = [(place.node, other), (other, place.node)]
                yield from program.replaced(place, *(ast.BinOp(a, way(), b) for a, b in ways))


def _values(program: _Program, *kinds: type) -> Iterator[_Place]:
    """The places of such expressions that are no name of a function and hold no text."""
    for place in program.of(*kinds):
        called = isinstance(place.node, ast.Name) and _is_called(place)
        other = isinstance(place.node, ast.Constant) and not _is_number(place.node.value)
        if not (called or other or place.field == "func" or isinstance(place.parent, ast.Expr)):
            yield place


#: What is changed where none of those below helps: so much that it needs a quick program, and that
#: hardly any of it makes a slip that a student makes.
WIDE: dict[str, Callable[[_Program], Changes]] = {
    "expression": _expressions,
    "operand": _operands,
}

#: What is changed, and how: first what students most often get wrong on the banks.
KINDS: dict[str, Callable[[_Program], Changes]] = {
    "sign": _signs,
    "gradients": _zeroed,
    "mean or sum": _reductions,
    "operator": _operators,
    "sides": _sides,
    "comparison": _comparisons,
    "neighbours": _neighbours,
    "moved": _moved,
    "dropped": _dropped,
    "fresh list": _fresh,
    "doubled": _doubled,
    "range": _ranges,
    "slice": _slices,
    "argument": _arguments,
    "call": _calls,
    "in place": _in_place,
    "constant": _constants,
    "name": _names,
    "missing": _missing,
    "factor": _factors,
}
