"""A failed assertion that says which values it was about.

A lab's prose is held by bare ``assert`` statements. In the kernel that builds a lab each of them
gets a message, worked out only when it fails.
"""

import ast
from collections.abc import Iterator

#: Run in a kernel before a lab's first cell; leaves no name behind.
SET_UP = "__import__('labtools.asserts', fromlist=['explain']).explain(get_ipython())"

#: Characters that a value may take.
LONGEST = 120


def explain(shell) -> None:
    """Have a shell explain every assertion without a message that fails from now on."""
    shell.ast_transformers.append(_Explainer())


class _Explainer(ast.NodeTransformer):
    def visit_Assert(self, node: ast.Assert) -> ast.Assert:
        if node.msg is not None:
            return node
        parts: list[ast.expr] = [ast.Constant(ast.unparse(node.test))]
        for part in _compared(node.test):
            parts.append(ast.Constant(f"; {ast.unparse(part)} is "))
            shortened = f"(lambda text: text[:{LONGEST}])(repr(None))"
            call = ast.parse(shortened, mode="eval").body
            call.args[0].args[0] = part
            parts.append(ast.FormattedValue(call, -1))
        node.msg = ast.JoinedStr(parts)
        return ast.fix_missing_locations(node)


def _compared(test: ast.expr) -> Iterator[ast.expr]:
    """The parts of a test whose values say why it failed."""
    if isinstance(test, ast.Compare):
        parts = [test.left, *test.comparators]
    elif isinstance(test, ast.BoolOp):
        for value in test.values:
            yield from _compared(value)
        return
    elif isinstance(test, ast.UnaryOp):
        parts = [test.operand]
    elif isinstance(test, ast.Call):
        parts = [*test.args, *(keyword.value for keyword in test.keywords)]
    else:
        parts = [test]
    for part in parts:
        # A starred argument has no value of its own.
        if not isinstance(part, (ast.Constant, ast.Starred)):
            yield part
