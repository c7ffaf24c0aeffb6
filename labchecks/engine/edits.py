"""Small edits of a program, as syntax trees: the changes that make a slip, or undo one.

They serve two readers. The search for the line of a mistake undoes slips in a student's program;
the generated proof of the judges makes slips in right ones. Both want the same changes, since most
of them are their own inverse.

A kind of change is a function of a place in the program that yields what may stand there instead.
One loop, :func:`changes`, puts it into the tree, where it is compiled or written out, and takes it
back: the tree is never copied, and two changes are composed by making the second while the first
stands.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from types import CodeType
from typing import Any, NamedTuple

#: What an edited program is called where Python names a file.
FILE = "<a change of your code>"

#: Kind and lines of each change, which is in the tree until the next one is asked for.
Changes = Iterator[tuple[str, tuple[int, int]]]


@dataclass(frozen=True)
class Trial:
    """An edited program that can be run, but is not written out, which takes longer than a run.

    Attributes
    ----------
    kind : str
        What was changed, a key of :data:`KINDS`; of two changes, the second.
    lines : tuple of int
        First and last line of the original program in which the changes lie, from 1.
    code : code object
        The program with the change in it.
    content : tuple
        What the code does, whatever lines it comes from: equal for equal programs.
    """

    kind: str
    lines: tuple[int, int]
    code: CodeType
    content: tuple[object, ...]


def trials(source: str, kinds: Iterable[str] | None = None) -> Iterator[Trial]:
    """Each program that is one small change away; one that can be made in two ways comes twice.

    Parameters
    ----------
    source : str
        Python, without IPython's commands.
    kinds : iterable of str, optional
        Of which kinds the changes may be, in this order; all of :data:`KINDS` if left out.

    Raises
    ------
    SyntaxError
        If `source` is no Python.
    """
    tree = ast.parse(source)
    yield from _compiled(tree, source, changes(tree, kinds))


def how_many(source: str, kinds: Iterable[str]) -> int:
    """The number of changes of these kinds, which are not compiled for it."""
    return sum(1 for _ in changes(ast.parse(source), kinds))


def double_trials(source: str) -> Iterator[Trial]:
    """Each program that is two changes away; one that can be made in two ways comes twice.

    N single edits make some N²/2 pairs; these are made one by one, as they are asked for.
    """
    tree = ast.parse(source)
    for _, one in changes(tree):
        both = ((k, (min(one[0], two[0]), max(one[1], two[1]))) for k, two in changes(tree))
        yield from _compiled(tree, source, both)


def _compiled(tree: ast.Module, source: str, made: Changes) -> Iterator[Trial]:
    """The tree as it stands in each change; not where it is no program, or that of `source`."""
    before = _content(compile(source, FILE, "exec", dont_inherit=True))
    for kind, lines in made:
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


# Places and changes ----------------------------------------------------------------------------


def changes(tree: ast.Module, kinds: Iterable[str] | None = None) -> Changes:
    """The small changes of a program, made in its tree one after another."""
    program = _Program(tree)
    for kind in KINDS if kinds is None else kinds:
        for place in program.places:
            parent, field = place.parent, place.field
            old = getattr(parent, field)
            for other in (KINDS.get(kind) or WIDE[kind])(place, program):
                new, lines = place.changed(other)
                setattr(parent, field, new)
                try:
                    yield kind, lines
                finally:
                    setattr(parent, field, old)


class _Block(NamedTuple):
    """Other statements for a block, and those of the old ones in whose lines the change lies."""

    statements: list[ast.stmt]
    moved: Sequence[ast.stmt]


#: What may stand in a place instead of a node: another one, statements, or its block as another.
Others = Iterator[ast.AST | list[ast.stmt] | _Block]


@dataclass(frozen=True)
class _Place:
    """Where an expression or a statement stands: `parent.field`, or an item of it."""

    parent: ast.AST
    field: str
    index: int | None
    node: ast.AST

    @property
    def items(self) -> list:
        """What the field holds, if that is a list."""
        return getattr(self.parent, self.field)

    def changed(self, other: ast.AST | list[ast.stmt] | _Block) -> tuple[Any, tuple[int, int]]:
        """What the field becomes with `other` in the place, and the lines in which that is."""
        first = last = self.node
        if isinstance(other, _Block):
            first, last = other.moved[0], other.moved[-1]
            new = [_at(one, first) for one in other.statements]
        elif self.index is None:
            new = _at(other, first)
        else:
            others = [_at(one, first) for one in (other if isinstance(other, list) else [other])]
            new = [*self.items[: self.index], *others, *self.items[self.index + 1 :]]
        return new or [_at(ast.Pass(), first)], (_lines(first)[0], _lines(last)[1])


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


class _Program:
    """A program's expressions and statements, as they are when it is made."""

    def __init__(self, tree: ast.Module) -> None:
        self.nodes = list(ast.walk(tree))
        #: Of what is given a value, the names alone.
        self.places = [
            _Place(parent, field, index, node)
            for parent in self.nodes
            for field, value in ast.iter_fields(parent)
            for index, node in (enumerate(value) if isinstance(value, list) else [(None, value)])
            if isinstance(node, (ast.expr, ast.stmt))
            if isinstance(node, ast.Name) or not isinstance(getattr(node, "ctx", None), ast.Store)
        ]
        self.names = [place for place in self.places if isinstance(place.node, ast.Name)]
        self.stored = [p.node.id for p in self.names if isinstance(p.node.ctx, ast.Store)]
        functions = [n.args for n in self.nodes if isinstance(n, ast.FunctionDef)]
        self.arguments = [one.arg for a in functions for one in (*a.args, *a.kwonlyargs)]
        #: Its variables: no names of functions or modules.
        known = (p.node.id for p in self.names if p.field != "func" and p.node.id not in MODULES)
        self.variables = list(dict.fromkeys((*self.arguments, *known)))

    @cached_property
    def counters(self) -> list[ast.expr]:
        """The variables of its loops."""
        loops = (n.target for n in self.nodes if isinstance(n, (ast.For, ast.comprehension)))
        return _distinct(_read(one.id) for one in loops if isinstance(one, ast.Name))

    @cached_property
    def numbers(self) -> list[float]:
        """The numbers in it."""
        constants = (node.value for node in self.nodes if isinstance(node, ast.Constant))
        return list(dict.fromkeys(filter(_is_number, constants)))

    @cached_property
    def slices(self) -> list[ast.expr]:
        """What stands in brackets somewhere, and could."""
        found = (node.slice for node in self.nodes if isinstance(node, ast.Subscript))
        return _distinct([*found, *self.counters])

    @cached_property
    def factors(self) -> list[ast.expr]:
        """2, what is a factor somewhere, and arguments that nothing reads, or their items."""
        read = {place.node.id for place in self.names if isinstance(place.node.ctx, ast.Load)}
        unread = [_read(arg) for arg in self.arguments if arg not in read]
        products = filter(_is_product, self.nodes)
        sides = (side for node in products for side in (node.left, node.right))
        known = [n for n in sides if isinstance(n, ast.Name) or _is_number(getattr(n, "value", ""))]
        items = [ast.Subscript(one, c, ast.Load()) for one in unread for c in self.counters]
        return _distinct([ast.Constant(2), *known, *unread, *items])

    @cached_property
    def counts(self) -> list[ast.expr]:
        """Each `len(…)` that it has, or could have of its data."""
        data = [arg for arg in self.arguments if arg.lower() in ("x", "y", "data", "y_true")]
        made = [ast.Call(_read("len"), [_read(arg)], []) for arg in data]
        return _distinct([*(n for n in self.nodes if _called(n) == "len"), *made])

    @cached_property
    def parts(self) -> list[ast.expr]:
        """Each expression that is a value, and 1."""
        parts = (p.node for p in self.places if isinstance(p.node, PARTS) and _is_value(p))
        return _distinct([ast.Constant(1), *parts])

    @cached_property
    def lists(self) -> list[str]:
        """The names of the lists that it appends to."""
        grown = (n.value for n in self.nodes if getattr(n, "attr", "") in ("append", "extend"))
        return sorted({one.id for one in grown if isinstance(one, ast.Name)})

    @cached_property
    def lost(self) -> list[ast.expr]:
        """What its functions compute and nothing reads, and attributes that nothing reads."""
        read = {ast.dump(place.node) for place in self.places}
        # Outside functions a name that is not read there may be read by another cell.
        functions = [node for node in self.nodes if isinstance(node, ast.FunctionDef)]
        within = [n for one in functions for n in ast.walk(one) if _is_stored(n)]
        inside = {node.id for node in within if isinstance(node, ast.Name)}
        names = map(_read, sorted(inside - {counter.id for counter in self.counters}))
        stored = (n for n in self.nodes if isinstance(n, ast.Attribute) and _is_stored(n))
        parts = (_expression(text) for text in map(ast.unparse, stored) if text[:5] == "self.")
        return [one for one in _distinct([*names, *parts]) if ast.dump(one) not in read]

    @cached_property
    def terms(self) -> list[ast.expr]:
        """The names that are added or subtracted somewhere."""
        sums = [n for n in self.nodes if isinstance(n, ast.BinOp) and _has(n, ast.Add, ast.Sub)]
        sides = (side for node in sums for side in (node.left, node.right))
        return _distinct(side for side in sides if isinstance(side, ast.Name))

    @cached_property
    def old_values(self) -> dict[ast.expr, ast.Name]:
        """The name that an expression is given to, where it had another value before."""
        assigned = [(n.targets[0], n.value) for n in self.nodes if isinstance(n, ast.Assign)]
        for target, value in assigned[:]:
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                assigned += zip(target.elts, value.elts, strict=False)
        given = [*self.arguments, *self.stored]
        return {
            value: _read(target.id)
            for target, value in assigned
            if isinstance(target, ast.Name) and given.count(target.id) > 1
            if target.id not in {getattr(node, "id", "") for node in ast.walk(value)}
        }

    @cached_property
    def twins(self) -> list[dict[str, str]]:
        """Names, and those for which the same is usually done: `b` for `w`, `db` for `dw`."""
        pairs = (("w", "b"), ("weight", "bias"), ("slope", "intercept"), ("X", "Y"), ("x", "y"))
        names = self.variables
        found = [
            {name: twin for name in names if (twin := name.replace(one, other, 1)) in names}
            for pair in pairs
            for one, other in (pair, pair[::-1])
        ]
        return [{name: twin for name, twin in one.items() if name != twin} for one in found]


def _distinct(nodes: Iterable[ast.expr]) -> list[ast.expr]:
    """Copies of those that differ: a node that is put into itself would have no end."""
    return list({ast.dump(node): deepcopy(node) for node in nodes}.values())


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


def _negative(value: ast.expr) -> ast.UnaryOp:
    return ast.UnaryOp(ast.USub(), value)


def _method(value: ast.expr, name: str) -> ast.Call:
    return ast.Call(ast.Attribute(value, name, ast.Load()), [], [])


def _square(value: ast.expr) -> ast.BinOp:
    return ast.BinOp(value, ast.Pow(), ast.Constant(2))


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """The node with other fields."""
    return _at(type(node)(**dict(ast.iter_fields(node)) | fields), node)


def _has(node: ast.AST, *operators: type) -> bool:
    return isinstance(getattr(node, "op", None), operators)


def _is_product(node: ast.AST) -> bool:
    return isinstance(node, ast.BinOp) and _has(node, ast.Mult, ast.Div)


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


#: Expressions that can stand for a number.
PARTS = (ast.BinOp, ast.Call, ast.Subscript, ast.Attribute, ast.Constant)


def _is_stored(node: ast.AST) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _is_simple(statement: ast.AST) -> bool:
    return isinstance(statement, (ast.Assign, ast.AugAssign, ast.Expr))


def _is_value(place: _Place) -> bool:
    """Whether it is an expression, and no function's or module's name, no target and no text."""
    node = place.node
    if isinstance(node, ast.Name) and (_is_stored(node) or node.id in MODULES):
        return False
    if isinstance(node, ast.Constant) and not _is_number(node.value):
        return False
    return place.field != "func" and not isinstance(place.parent, ast.Expr)


#: What the labs' modules are called.
MODULES = frozenset("torch np numpy nn plt math random optim".split())


def _called(node: ast.AST) -> str:
    """The name of the function or method that a call calls."""
    func = getattr(node, "func", None)
    return getattr(func, "attr", getattr(func, "id", ""))


def _renamed(statement: ast.stmt, names: dict[str, str], at: ast.AST) -> list[ast.stmt]:
    """The statement with other names, in the lines of `at`; none if it has none of them."""
    twin = deepcopy(statement)
    nodes = [n for n in ast.walk(twin) if isinstance(n, ast.Name) and n.id in names]
    for node in nodes:
        node.id = names[node.id]
    return [_moved_to(twin, at)] if nodes else []


def _moved_to(node: ast.AST, place: ast.AST) -> ast.AST:
    """Give a node and all in it the lines of another one."""
    for part in ast.walk(node):
        if hasattr(part, "lineno"):
            part.lineno, part.end_lineno = place.lineno, place.end_lineno
    return node


# What may stand in a place ---------------------------------------------------------------------

#: For what an operator is taken, by the kind of the change.
OPERATORS: dict[str, dict[type, list[type]]] = {
    "sign": {ast.Add: [ast.Sub], ast.Sub: [ast.Add]},
    "operator": {
        ast.Mult: [ast.Div, ast.Pow],
        ast.Div: [ast.Mult],
        ast.FloorDiv: [ast.Div],
        ast.Mod: [ast.FloorDiv],
        ast.MatMult: [ast.Mult],
        ast.Pow: [ast.Mult],
    },
    "comparison": {
        ast.Lt: [ast.LtE, ast.Gt, ast.GtE],
        ast.LtE: [ast.Lt, ast.Gt, ast.GtE],
        ast.Gt: [ast.Lt, ast.LtE, ast.GtE],
        ast.GtE: [ast.Lt, ast.LtE, ast.Gt],
        ast.Eq: [ast.NotEq],
        ast.NotEq: [ast.Eq],
        ast.And: [ast.Or],
        ast.Or: [ast.And],
    },
}


def _operators(place: _Place, program: _Program, kind: str = "operator") -> Others:
    """Another operator in its place."""
    node = place.node
    for other in OPERATORS[kind].get(type(getattr(node, "op", None)), ()):
        if other is not ast.Pow or getattr(getattr(node, "right", None), "value", None) == 2:
            yield _with(node, op=other())


def _signs(place: _Place, program: _Program) -> Others:
    """`+` for `-` and the reverse, in steps and elsewhere; a minus put before, or taken away."""
    node, parent = place.node, place.parent
    yield from _operators(place, program, "sign")
    if _has(node, ast.USub):
        yield node.operand
    whole = isinstance(parent, (ast.AugAssign, ast.Assign, ast.Return)) and place.field == "value"
    if whole and isinstance(node, (ast.BinOp, ast.Call, ast.Name, ast.Attribute)):
        yield _negative(node)


def _comparisons(place: _Place, program: _Program) -> Others:
    """`<` for `<=`, `>`, `>=`, and so on; `and` for `or`; `not` or one side taken away."""
    node = place.node
    yield from _operators(place, program, "comparison")
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for other in OPERATORS["comparison"].get(type(node.ops[0]), ()):
            yield _with(node, ops=[other()])
    if isinstance(node, ast.BoolOp):
        yield from node.values
    if _has(node, ast.Not):
        yield node.operand


def _sides(place: _Place, program: _Program) -> Others:
    """The two sides of an operator exchanged, or one of them left out."""
    match place.node:
        case ast.BinOp(left, op, right):
            if not isinstance(op, (ast.Add, ast.Mult)):
                yield ast.BinOp(right, op, left)
            yield from (left, right)


def _factors(place: _Place, program: _Program) -> Others:
    """A factor too many or too few: 2, a half, a factor of another place, an unread argument."""
    node, parent = place.node, place.parent
    if isinstance(parent, ast.Call):
        whole = place.field == "args" and not isinstance(node, ast.Name)
    else:
        kinds = (ast.AugAssign, ast.Assign, ast.Return, ast.Tuple, ast.List, ast.BinOp)
        whole = isinstance(parent, kinds) and not _is_product(parent) and not _is_stored(node)
    if whole and isinstance(node, (ast.BinOp, ast.Call, ast.Attribute, ast.Name)):
        yield from (ast.BinOp(node, ast.Mult(), factor) for factor in program.factors)
        yield from (ast.BinOp(node, ast.Div(), by) for by in (ast.Constant(2), *program.counts))


def _missing(place: _Place, program: _Program) -> Others:
    """What was computed and is never read, put in; the old value, where a new one leaves it out;
    a statement as the one beside it has it, for its own name: for `b` what is done for `w`."""
    node, parent = place.node, place.parent
    whole = isinstance(node, ast.BinOp)
    if isinstance(node, (ast.Name, ast.Call, ast.BinOp, ast.Subscript)) and _is_value(place):
        for lost in program.lost:
            yield ast.Call(lost, [node], [])
            for way in (ast.Sub, ast.Div, ast.Mult) if isinstance(lost, ast.Name) else ():
                yield ast.BinOp(lost, way(), node)
    # What stands in a sum, or is multiplied, is no sum of its own that lacks a term.
    if whole and not (isinstance(parent, ast.BinOp) and _has(parent, ast.Add, ast.Sub, ast.Mult)):
        for term in program.terms:
            yield from (ast.BinOp(node, way(), term) for way in (ast.Add, ast.Sub))
    if whole and node in program.old_values:
        yield ast.BinOp(program.old_values[node], ast.Sub(), node)
    if _is_simple(node):
        for k in (place.index - 1, place.index + 1):
            if k in range(len(place.items)) and _is_simple(place.items[k]):
                for names in program.twins:
                    yield from _renamed(place.items[k], names, node)


def _constants(place: _Place, program: _Program) -> Others:
    """Another number in a number's place, or a variable; one more or less than a count."""
    node, parent = place.node, place.parent
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and _is_number(node.value):
        value = node.value
        near = [value + 1, value - 1, -value, 2 * value, value / 2, 10 * value, value / 10]
        near = [int(v) if isinstance(value, int) and v == int(v) else v for v in near]
        for other in dict.fromkeys([*near, 0, 0.5, 1, 2, *program.numbers]):
            if other != value:
                yield ast.Constant(other)
        yield from map(_read, program.variables)
    counts = isinstance(parent, ast.Slice) or place.field == "slice"
    counts = counts or (_called(parent) == "range" and place.field == "args")
    if counts and isinstance(node, (ast.Name, ast.BinOp, ast.Call)):
        yield from (ast.BinOp(node, way(), ast.Constant(1)) for way in (ast.Add, ast.Sub))


def _names(place: _Place, program: _Program) -> Others:
    """Another variable in a name's place, or a number."""
    node, stored = place.node, _is_stored(place.node)
    if isinstance(node, ast.Name) and (stored or _is_value(place)):
        for other in sorted(set(program.stored)) if stored else program.variables:
            if other != node.id:
                yield ast.Name(other, node.ctx)
        if isinstance(place.parent, ast.BinOp) and _has(place.parent, ast.Mult, ast.Div, ast.Pow):
            floats = (number for number in program.numbers if isinstance(number, float))
            yield from map(ast.Constant, sorted({2, *floats}))


def _arguments(place: _Place, program: _Program) -> Others:
    """Arguments of a call exchanged or left out, items of a tuple exchanged or taken alone."""
    node = place.node
    if isinstance(node, ast.Call):
        args, keywords = node.args, node.keywords
        yield from (_with(node, args=swapped) for swapped in _swapped(args))
        if len(args) + len(keywords) > 1:
            yield from (_with(node, args=fewer) for fewer in _shortened(args))
        yield from (_with(node, keywords=fewer) for fewer in _shortened(keywords))
    elif isinstance(node, ast.Tuple):
        yield from (_with(node, elts=swapped) for swapped in _swapped(node.elts))
        yield from node.elts


def _swapped(items: list) -> Iterator[list]:
    """A list with two neighbours exchanged."""
    for i in range(1, len(items)):
        yield [*items[: i - 1], items[i], items[i - 1], *items[i + 1 :]]


def _shortened(items: list) -> Iterator[list]:
    """A list with one item left out."""
    for i in range(len(items)):
        yield items[:i] + items[i + 1 :]


#: For what a reduction or a loss is taken.
EXCHANGED = {"mean": "sum", "sum": "mean", "min": "max", "max": "min", "nanmean": "mean"}
EXCHANGED |= dict.fromkeys(("l1_loss", "huber_loss", "smooth_l1_loss"), "mse_loss")
EXCHANGED["L1Loss"] = "MSELoss"


def _reductions(place: _Place, program: _Program) -> Others:
    """Mean for sum and the reverse; a square for an absolute value; each put in or left out."""
    node, parent = place.node, place.parent
    match node:
        case ast.Attribute(attr=word) if word in EXCHANGED:
            yield _with(node, attr=EXCHANGED[word])
        case ast.Name(word) if word in EXCHANGED:
            yield _with(node, id=EXCHANGED[word])
        case ast.Constant("mean" | "sum" as word):
            yield ast.Constant(EXCHANGED[word])
        case ast.Call(func, args):
            if _called(node) in ("abs", "sqrt", "square", "l1_loss", "log", "log10", "L1Loss"):
                inner = [func.value] if isinstance(func, ast.Attribute) else []
                yield from map(_square, args[:1] or inner)
        case ast.BinOp(left, ast.Pow() | ast.Sub()):
            powered = isinstance(node.op, ast.Pow)
            if powered:
                yield _method(left, "abs")
            if not isinstance(parent, ast.BinOp):
                squares = node if powered else _square(node)
                yield from (squares, _method(squares, "mean"), _method(squares, "sum"))
    reduced = getattr(parent, "attr", _called(parent)) in ("mean", "sum")
    if reduced and isinstance(node, ast.Name) and _is_value(place):
        yield _square(node)


def _calls(place: _Place, program: _Program) -> Others:
    """A call left out, of which only the object or the first argument stays; `.item()` put in."""
    node, parent = place.node, place.parent
    if isinstance(node, ast.Call) and not isinstance(parent, ast.Expr):
        if isinstance(node.func, ast.Attribute) and not node.args:
            yield node.func.value
        elif node.args and _called(node) not in ("range", "zip", "enumerate"):
            yield node.args[0]
    recorded = _called(parent) == "append" and place.field == "args"
    if recorded and isinstance(node, (ast.Name, ast.Call, ast.BinOp)):
        yield _method(node, "item")


def _slices(place: _Place, program: _Program) -> Others:
    """The ends of a slice, another slice, none at all; a slice where a sibling has one."""
    match place.node:
        case ast.Slice(low, high, step):
            ends = [(low, None), (None, high)]
            if low is not None and high is not None:
                sizes = [high, *map(_read, program.arguments)]
                ends += [(low, ast.BinOp(low, ast.Add(), size)) for size in sizes]
            yield from (ast.Slice(*both, step) for both in ends)
            yield ast.Slice(low, high)
        case ast.Subscript(value, inner):
            yield value
            if isinstance(inner, (ast.Constant, ast.UnaryOp, ast.Name)):
                ends = (ast.Constant(0), _negative(ast.Constant(1)), *program.counters)
                yield from (_with(place.node, slice=end) for end in ends)
        case ast.Name() as node if _is_value(place) and not isinstance(place.parent, ast.Subscript):
            yield from (ast.Subscript(node, part, ast.Load()) for part in program.slices)


def _ranges(place: _Place, program: _Program) -> Others:
    """Where a range begins and ends, and its steps."""
    node = place.node
    if _called(node) != "range" or not node.args:
        return
    args = node.args if len(node.args) > 1 else [ast.Constant(0), *node.args]
    (start, stop), step = args[:2], args[2:]
    begins = [[ast.Constant(0), stop], [ast.Constant(1), stop]]
    sizes = [] if step else [[start, stop, _read(size)] for size in program.arguments]
    up = []
    if _has(node.args[0], ast.FloorDiv):
        up = [[_negative(_with(node.args[0], left=_negative(node.args[0].left)))]]
    for other in [*begins, *up, *(sizes or [[start, stop]])]:
        yield _with(node, args=other)


def _neighbours(place: _Place, program: _Program) -> Others:
    """A statement before its neighbour, or farther away in the same block."""
    if not isinstance(place.node, ast.stmt):
        return
    i, rest = place.index, [one for one in place.items if one is not place.node]
    for k in range(max(i - 6, 0), min(i + 7, len(place.items))):
        if k not in (i - 1, i):
            yield _Block([*rest[:k], place.node, *rest[k:]], [place.node])


def _moved(place: _Place, program: _Program) -> Others:
    """One or two statements moved out of their loop, or into the loop beside them."""
    loop, old, at = place.node, place.items, place.index
    if not isinstance(loop, (ast.For, ast.While, ast.With, ast.If)):
        return
    # Whether a condition is the right one is in question with what it holds.
    head = [loop] if isinstance(loop, ast.If) else []
    for count in (1, 2):
        before, after = max(at - count, 0), at + 1 + count
        for field in ("body", "orelse"):
            inner = getattr(loop, field, [])
            for i in range(len(inner) - count + 1):
                group, rest = inner[i : i + count], [*inner[:i], *inner[i + count :]]
                shorter = _with(loop, **{field: rest})
                for new in ([*group, shorter], [shorter, *group]) if rest else ():
                    yield _Block([*old[:at], *new, *old[at + 1 :]], [*head, *group])
        for group, moved in (
            (old[before:at], [*old[before:at], *head]),
            (old[at + 1 : after], [*head, *old[at + 1 : after]]),
        ):
            rest = [one for one in old if one not in group]
            for body in ([*group, *loop.body], [*loop.body, *group]) if len(group) == count else ():
                yield _Block([_with(loop, body=body) if n is loop else n for n in rest], moved)


def _dropped(place: _Place, program: _Program) -> Others:
    """A statement left out; of an `if`, a `with` or a loop its body stays."""
    kept = (ast.expr, ast.FunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    if not isinstance(place.node, kept):
        yield getattr(place.node, "body", [])


def _doubled(place: _Place, program: _Program) -> Others:
    """A statement twice, or once more for a sibling: what is done for `w`, done for `b`."""
    node = place.node
    if _is_simple(node):
        for names in program.twins:
            yield from ([node, twin] for twin in _renamed(node, names, node))
        yield [node, node]


def _zeroed(place: _Place, program: _Program) -> Others:
    """Gradients set back to zero before `backward()`, in the words that the program has."""
    node = place.node
    if isinstance(node, ast.Expr) and _called(node.value) == "backward":
        attributes = [one for one in program.nodes if isinstance(one, ast.Attribute)]
        none = ast.Constant(None)
        grads = _distinct(one.value for one in attributes if one.attr == "grad")
        each = [ast.Assign([ast.Attribute(one, "grad", ast.Store())], none) for one in grads]
        yield from ([*each, node], *([one, node] for one in each))
        optimizers = _distinct(one.value for one in attributes if one.attr == "step")
        yield from ([ast.Expr(_method(one, "zero_grad")), node] for one in optimizers)


def _in_place(place: _Place, program: _Program) -> Others:
    """`w -= step` for `w = w - step` and the reverse, on the values alone, or without gradients."""
    match node := place.node:
        case ast.AugAssign(target, op, value):
            step = node
            yield ast.Assign([target], ast.BinOp(_expression(ast.unparse(target)), op, value))
        case ast.Assign([target, *_], ast.BinOp(left, op, right)) if ast.unparse(
            left
        ) == ast.unparse(target):
            step = _at(ast.AugAssign(target, op, right), node)
            yield step
        case _:
            return
    if isinstance(target, ast.Name):
        yield _with(step, target=ast.Attribute(_read(target.id), "data", ast.Store()))
    yield ast.With([ast.withitem(_expression("torch.no_grad()"))], [step])


def _fresh(place: _Place, program: _Program) -> Others:
    """A list made where the program, a function or a loop begins; a list that is returned."""
    owner, node = place.parent, place.node
    loops = (ast.Module, ast.FunctionDef, ast.For, ast.While)
    if not (isinstance(owner, loops) and isinstance(node, ast.stmt)):
        return
    for name in program.lists:
        if place.index == 0:
            made = ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load()))
            head = node if isinstance(owner, ast.Module) else owner
            yield _Block([made, *place.items], [head])
        if node is place.items[-1] and isinstance(owner, ast.FunctionDef):
            yield [node, ast.Return(_read(name))]


def _expressions(place: _Place, program: _Program) -> Others:
    """Any expression or number of the program in another one's place."""
    if isinstance(place.node, (ast.Name, *PARTS)) and _is_value(place):
        yield from program.parts


def _operands(place: _Place, program: _Program) -> Others:
    """A variable more, on either side of a value."""
    node = place.node
    if isinstance(node, (ast.Name, ast.BinOp, ast.Call, ast.Subscript)) and _is_value(place):
        for other in map(_read, program.variables):
            for way in (ast.Add, ast.Sub, ast.Mult, ast.Div):
                yield ast.BinOp(node, way(), other)
                yield ast.BinOp(other, way(), node)


#: What is changed where none of those below helps: so much that it needs a quick program, and that
#: hardly any of it makes a slip that a student makes.
WIDE: dict[str, Callable[[_Place, _Program], Others]] = {
    "expression": _expressions,
    "operand": _operands,
}

#: What is changed, and how, in the order in which it is tried: by how many of the programs that no
#: known mistake explains it puts right in a second, and last the many changes that rarely do.
KINDS: dict[str, Callable[[_Place, _Program], Others]] = {
    "sides": _sides,
    "slice": _slices,
    "constant": _constants,
    "comparison": _comparisons,
    "range": _ranges,
    "in place": _in_place,
    "gradients": _zeroed,
    "argument": _arguments,
    "call": _calls,
    "sign": _signs,
    "operator": _operators,
    "mean or sum": _reductions,
    "dropped": _dropped,
    "neighbours": _neighbours,
    "moved": _moved,
    "doubled": _doubled,
    "fresh list": _fresh,
    "name": _names,
    "missing": _missing,
    "factor": _factors,
}
