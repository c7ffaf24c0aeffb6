"""Small edits of a program: what they change, in which lines, and that they are taken back."""

from __future__ import annotations

import ast
import itertools

import pytest

from labchecks.engine import edits as module
from labchecks.engine.edits import KINDS
from tests.generated.drawn import PRACTICES, right_programs
from tests.generated.edits import edits

LOOP = """\
def fit(X, Y, lr, num_epochs, batch_size):
    w = torch.zeros(1, requires_grad=True)
    b = torch.zeros(1, requires_grad=True)
    for epoch in range(num_epochs):
        for i in range(0, len(X), batch_size):
            loss = ((w * X[i : i + batch_size] + b - Y[i : i + batch_size]) ** 2).mean()
            losses.append(loss)
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
        if lr <= 0:
            raise ValueError(lr)
    last = loss.item()
    return losses
"""


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_gives_programs_that_differ_in_the_lines_that_it_names(kind):
    before = ast.parse(LOOP)
    made = list(edits(LOOP, [kind]))
    assert made
    assert len({edit.source for edit in made}) == len(made)
    for edit in made:
        assert edit.kind == kind
        assert edit.source != ast.unparse(before)
        compile(edit.source, "<edit>", "exec")
        first, last = edit.lines
        assert 1 <= first <= last <= len(LOOP.splitlines())


def undone(wrong: str, right: str) -> list[tuple[str, tuple[int, int]]]:
    return [(e.kind, e.lines) for e in edits(wrong) if e.source == ast.unparse(ast.parse(right))]


@pytest.mark.parametrize(
    ("slip", "kind", "line"),
    [
        (("w -= lr", "w += lr"), "sign", 10),
        (("+ b - Y[", "- b - Y["), "sign", 6),
        ((").mean()", ").sum()"), "mean or sum", 6),
        ((" ** 2", ""), "mean or sum", 6),
        (("loss.backward()", "loss.backward() and None"), "comparison", 8),
        (("range(0, len(X), batch_size)", "range(0, len(X))"), "range", 5),
        (("Y[i : i + batch_size]", "Y"), "slice", 6),
        (("Y[i : i + batch_size]", "Y[i : batch_size]"), "slice", 6),
        (("append(loss)", "append((epoch, loss))"), "argument", 7),
        (("append(loss)", "append(round(loss, 2))"), "call", 7),
        (("w -= lr * w.grad", "w = w - lr * w.grad"), "in place", 10),
        (("lr * w.grad", "0.1 * w.grad"), "constant", 10),
        (("X[i : i + batch_size]", "Y[i : i + batch_size]"), "name", 6),
        (("lr * w.grad", "lr * 2 * w.grad"), "sides", 10),
        ((" ** 2", " ** b"), "name", 6),
        (("return losses", "return lr"), "name", 14),
        (("return losses", "return last"), "name", 14),
    ],
)
def test_a_slip_is_undone_in_its_line(slip, kind, line):
    wrong = LOOP.replace(*slip, 1)
    assert wrong != LOOP
    assert (kind, (line, line)) in undone(wrong, LOOP)


def test_a_statement_is_moved_out_of_its_loop_and_into_it():
    out = "for i in r:\n    a()\nb()"
    within = "for i in r:\n    a()\n    b()"
    assert undone(out, within) == [("moved", (3, 3))]
    assert undone(within, out) == [("moved", (3, 3))]


def test_what_is_done_for_w_is_done_for_b():
    assert undone("w -= g(w)\nb", "w -= g(w)\nb -= g(b)\nb") == [("doubled", (1, 1))]


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        ("low = f(x); z = y", "low = f(x); z = low - y", "missing"),
        ("r = g(a * 2) - a", "r = g(a * 2 + a) - a", "missing"),
        ("w = h * u; b = h", "w = h * u; b = h * u", "missing"),
        ("total = f(x); z = len(y)", "total = f(x); z = total / len(y)", "missing"),
        ("one, last = layers; z = one(x)", "one, last = layers; z = last(one(x))", "missing"),
        ("b = f(); b = lr * g", "b = f(); b = b - lr * g", "missing"),
        ("w, b = f(); w, b = w, h * g", "w, b = f(); w, b = w, b - h * g", "missing"),
        ("self.out = f(); y = g(x)", "self.out = f(); y = self.out(g(x))", "missing"),
        ("q = z.mean()", "q = (z ** 2).mean()", "mean or sum"),
        ("for i in r: f(x[i], y[-1])", "for i in r: f(x[i], y[i])", "slice"),
        ("for i in r: g(w + 1)", "for i in r: g(w * a[i] + 1)", "factor"),
    ],
)
def test_what_was_left_out_is_put_in(wrong, right, kind):
    wrong, right = (f"def f(a):\n    {source}" for source in (wrong, right))
    assert [found for found, _ in undone(wrong, right)] == [kind]


@pytest.mark.parametrize(
    ("wrong", "right", "kind"),
    [
        ("s = 1 - a; return s * a * 2", "s = 1 - a; return s * (1 - a) * 2", "expression"),
        ("return b - a ** 2", "return 1 - a ** 2", "expression"),
        ("return (a ** 2).sum()", "return ((b - a) ** 2).sum()", "operand"),
    ],
)
def test_wide_changes_put_in_what_is_more_than_a_slip(wrong, right, kind):
    wrong, right = (f"def f(a, b):\n    {source}" for source in (wrong, right))
    assert not undone(wrong, right)
    made = list(edits(wrong, list(module.WIDE)))
    found = [e.kind for e in made if e.source == ast.unparse(ast.parse(right))]
    assert found == [kind] and len(made) <= module.how_many(wrong, list(module.WIDE))


def test_what_is_read_or_counts_or_stands_outside_is_not_missing():
    assert not list(edits("def f():\n    a = f()\n    for k in r:\n        g(a)", ["missing"]))
    assert not list(edits("b = lr * g", ["missing"]))


def test_the_tree_is_as_before_whenever_no_more_changes_are_asked_for():
    tree = ast.parse(LOOP)
    before = ast.dump(tree, include_attributes=True)
    for _ in itertools.islice(module.changes(tree), 200):
        pass
    assert ast.dump(tree, include_attributes=True) == before


def test_edits_come_in_the_same_order_and_the_likeliest_kinds_first():
    made = list(edits(LOOP))
    assert made == list(edits(LOOP))
    order = [list(KINDS).index(edit.kind) for edit in made]
    assert order == sorted(order)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_compiled_is_what_is_written_out(kind):
    written = {
        module._content(compile(edit.source, module.FILE, "exec")) for edit in edits(LOOP, [kind])
    } - {module._content(compile(LOOP, module.FILE, "exec"))}
    made = list(module.trials(LOOP, [kind]))
    assert {trial.content for trial in made} == written
    assert all(module._content(trial.code) == trial.content for trial in made)


def test_a_program_made_in_two_places_comes_twice():
    twice = list(module.trials("a = f()\nb()\nb()", ["dropped"]))
    lines = {t.lines for t in twice if sum(t.content == o.content for o in twice) == 2}
    assert lines == {(2, 2), (3, 3)}


def test_two_changes_are_compiled_as_they_are_written_out():
    right = module._content(compile("w -= lr * g", module.FILE, "exec"))
    found = [t for t in module.double_trials("w += 2 * lr * g") if t.content == right]
    assert {(trial.kind, trial.lines) for trial in found} >= {("sides", (1, 1))}
    assert not [t for t in module.trials("w += 2 * lr * g") if t.content == right]


def test_what_is_no_python_is_refused():
    with pytest.raises(SyntaxError):
        next(edits("w ="))


#: Kinds that change an expression, and no statement's place.
WITHIN = ("sign", "mean or sum", "operator", "sides", "comparison", "range", "slice", "argument")
WITHIN += ("call", "constant", "missing", "name", "factor")


def statements(source: str) -> list[tuple[str, tuple[int, int]]]:
    """Each statement without those in it, and its lines."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            inner = [f for f in ("body", "orelse", "finalbody", "handlers") if hasattr(node, f)]
            own = {f: v for f, v in ast.iter_fields(node) if f not in inner}
            dumps = [ast.dump(v) if isinstance(v, ast.AST) else _dumped(v) for v in own.values()]
            found.append((" ".join(map(str, dumps)), (node.lineno, node.end_lineno)))
    return found


def _dumped(value):
    return (
        [ast.dump(v) if isinstance(v, ast.AST) else v for v in value]
        if isinstance(value, list)
        else value
    )


@pytest.mark.parametrize("practice_id", PRACTICES)
def test_edits_of_all_right_programs_of_the_banks(practice_id):
    for kind, source in zip(
        itertools.cycle(KINDS), right_programs(practice_id).values(), strict=False
    ):
        tree, last = ast.unparse(ast.parse(source)), len(source.splitlines())
        if made := list(itertools.islice(edits(source, [kind]), 4)):
            assert len({edit.source for edit in made} | {tree}) == len(made) + 1
            for edit in made:
                compile(edit.source, "<edit>", "exec")
                assert 1 <= edit.lines[0] <= edit.lines[1] <= last
                if kind in WITHIN:
                    places = [
                        lines
                        for (old, lines), (new, _) in zip(
                            statements(source), statements(edit.source), strict=True
                        )
                        if old != new
                    ]
                    assert len(places) == 1, (kind, edit)
                    assert places[0][0] <= edit.lines[0] <= edit.lines[1] <= places[0][1]
