"""The changes that the search for a line tries, as programs that are written out."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from labchecks.engine.edits import changes


class Edit(NamedTuple):
    """A program that differs from another one in one place.

    Attributes
    ----------
    kind : str
        What was changed, a key of :data:`labchecks.engine.edits.KINDS`.
    lines : tuple of int
        First and last line of the original program in which the change lies, from 1.
    source : str
        The program with the change in it, as :func:`ast.unparse` writes it.
    """

    kind: str
    lines: tuple[int, int]
    source: str


def edits(source: str, kinds: Iterable[str] | None = None) -> Iterator[Edit]:
    """Each program that :func:`labchecks.engine.edits.trials` compiles; none comes twice."""
    tree = ast.parse(source)
    seen = {ast.unparse(tree)}
    for kind, lines in changes(tree, kinds):
        made = ast.unparse(tree)
        # A tree can be written out that no program can be: a `return` moved out of its function.
        with suppress(SyntaxError, ValueError):
            compile(made, "<edit>", "exec")
            if made not in seen:
                seen.add(made)
                yield Edit(kind, lines, made)
