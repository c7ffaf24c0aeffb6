"""Programs drawn by mutation from the right ones of the banks, and what is said of them."""

from __future__ import annotations

import ast
import functools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import torch

from labchecks import find
from labchecks.ask.call import call, same_start, time_limit
from labchecks.engine.edits import KINDS
from labchecks.feedback import Feedback
from labchecks.rerun import CRASHING
from tests.generated import names, oracle
from tests.generated.edits import edits
from tests.practice import bank
from tests.practice.test_bank import PRACTICES as LABS
from tests.practice_models import test_models_bank as models

__all__ = ["PRACTICES", "Drawn", "draw", "right_programs", "verdict_on", "wrong_programs"]

#: Each practice of which a bank has programs.
PRACTICES = (*LABS, *models.PRACTICES)

#: Seconds for a cell or a call: right programs take hundredths.
PATIENCE = 2.0

#: Practices whose programs are slow to run, and whose answers say little of the bank's: there names
#: are not compared with those of the bank, and the oracle is not tried on all of it.
UNLIKE = ("lab02-stable-rate", "lab05-fit-bgd", "lab06-deep-net")

#: Every so many programs have two changes, and every so many are only written in another style.
TWO, RESTYLED = 5, 4

Answers = list[dict[str, Any]]


@dataclass(frozen=True)
class Drawn:
    """A program, what the oracle makes of it, and what the judge says.

    Attributes
    ----------
    verdict : str
        ``right``, ``wrong`` or ``unclear``.
    name : str
        Of the mistake that is named: ``right``, ``wrong``, ``unchecked``, or empty if none is.
    """

    practice_id: str
    base: str
    kinds: tuple[str, ...]
    source: str
    verdict: str
    feedback: Feedback
    name: str

    @property
    def refused(self) -> bool:
        return self.verdict == "right" and self.feedback.outcome != "correct"

    @property
    def accepted(self) -> bool:
        return self.verdict == "wrong" and self.feedback.outcome == "correct"

    def __str__(self) -> str:
        return (
            f"--- {self.practice_id}, from {self.base!r} by {' and '.join(self.kinds)}: "
            f"{self.verdict}, and judged {self.feedback.outcome}, {self.feedback.mistake!r}: "
            f"{self.feedback.text}\n{self.source}"
        )


@functools.cache
def right_programs(practice_id: str) -> dict[str, str]:
    if practice_id in LABS:
        return {p.name: p.source for p in LABS[practice_id][1] if p.mistakes is None}
    return dict(models.bank_of(practice_id).RIGHT)


@functools.cache
def wrong_programs(practice_id: str) -> dict[str, str]:
    if practice_id in LABS:
        return {p.name: p.source for p in LABS[practice_id][1] if p.mistakes is not None}
    return {n: source for n, (source, _) in models.bank_of(practice_id).WRONG.items()}


@functools.cache
def named_programs(practice_id: str) -> list[tuple[tuple[str, ...], str]]:
    """The bank's wrong programs that have a name: all names that may be given, and the source."""
    if practice_id in LABS:
        found = [(p.mistakes, p.source) for p in LABS[practice_id][1] if p.mistakes]
    else:
        found = [
            ((named,) if isinstance(named, str) else tuple(named), source)
            for source, named in models.bank_of(practice_id).WRONG.values()
            if named
        ]
    return found


def _namespace(practice_id: str, source: str, seed: int) -> dict[str, Any] | None:
    """What a notebook holds when the program has run; None if it does not come to an end."""
    if practice_id in LABS:
        namespace = bank.lab_namespace(LABS[practice_id][0], seed)
        run = functools.partial(exec, compile(source, "<ipython-input-1>", "exec"), namespace)
    else:
        namespace = models.namespace_of(practice_id, "")
        if models.PRACTICES[practice_id] == "loss_plots":
            source = source.replace("_GD", "_GD" if practice_id.endswith("-gd") else "_BGD")
            torch.manual_seed(seed)
        run = functools.partial(exec, compile(source, "<ipython-input-1>", "exec"), namespace)
    _, failure = call(run, PATIENCE)
    if failure is not None and failure["kind"] == "timeout":
        return None
    if failure is not None:
        namespace["__error__"] = failure
    return namespace


def answers_of(practice_id: str, source: str, cases: Sequence[Mapping]) -> Answers | None:
    """What a program answers; None if it takes too long."""
    practice = find(practice_id)
    namespaces: dict[int, Any] = {}
    answers: Answers = []
    torch.set_grad_enabled(True)  # a program before may have left it off
    with time_limit(PATIENCE):
        for case in cases:
            # A training function is made once; a lab runs once for each data set.
            seed = case.get("seed", 1) if practice_id in LABS or "plot" in practice_id else 1
            if seed not in namespaces:
                namespaces[seed] = _namespace(practice_id, source, seed)
            if namespaces[seed] is None:
                return None
            answers.append(practice.probe(namespaces[seed], case))
            if answers[-1]["kind"] == "timeout":
                return None
    plt.close("all")
    return answers


def _state() -> tuple:
    return (
        random.getstate(),
        np.random.get_state()[2],
        np.random.get_state()[1].tobytes(),
        torch.get_rng_state().numpy().tobytes(),
    )


@functools.cache
def _twin(practice_id: str, base: str, hidden: bool) -> Answers | None:
    if oracle.ORACLES[practice_id] in oracle.ALONE:
        return []
    with same_start(1):
        return answers_of(
            practice_id, right_programs(practice_id)[base], _cases(practice_id, hidden)
        )


@functools.cache
def _cases(practice_id: str, hidden: bool) -> list[dict[str, Any]]:
    practice = find(practice_id)
    return [*practice.visible(), *(practice.hidden(random.Random(5)) if hidden else [])]


@functools.cache
def _known(practice_id: str, hidden: bool) -> list[tuple[tuple[str, ...], Answers]]:
    found = []
    for mistakes, source in named_programs(practice_id):
        with same_start(1):
            answers = answers_of(practice_id, source, _cases(practice_id, hidden))
        if answers is not None:
            found.append((mistakes, answers))
    return found


@functools.cache
def _edits(source: str, kind: str) -> tuple[str, ...]:
    return tuple(edit.source for edit in edits(source, [kind]))


def _changed(source: str, rng: random.Random) -> tuple[str, str] | None:
    kind = rng.choice(list(KINDS))
    made = _edits(source, kind)
    return (kind, rng.choice(made)) if made else None


class _Style(ast.NodeTransformer):
    """Write some expressions in another way that comes to the same, but for rounding.

    Where it does not, as for lists that are put together, the oracle will say so.
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        left, right = node.left, node.right
        if self.rng.random() < 0.5:
            return node
        match node.op:
            case ast.Add() | ast.Mult():
                return ast.BinOp(right, node.op, left)
            case ast.Sub():
                return ast.BinOp(ast.UnaryOp(ast.USub(), right), ast.Add(), left)
            case ast.Pow() if isinstance(right, ast.Constant) and right.value == 2:
                return ast.BinOp(left, ast.Mult(), left)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        turned = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}
        if len(node.ops) > 1 or type(node.ops[0]) not in turned:
            return node
        return ast.Compare(node.comparators[0], [turned[type(node.ops[0])]()], [node.left])


def _restyled(source: str, rng: random.Random) -> str:
    return ast.unparse(_Style(rng).visit(ast.parse(source)))


def judged(
    practice_id: str, base: str, kinds: Sequence[str], source: str, beside_bank: bool
) -> Drawn | None:
    """Judge a program as a check cell and a grader do; None if it does not come to an end."""
    practice = find(practice_id)
    for hidden in (False, True):
        cases = _cases(practice_id, hidden)
        with same_start(1):
            before = _state()
            answers = answers_of(practice_id, source, cases)
            drew = _state() != before
        if answers is None:
            return None
        feedback = practice.judge(cases, answers)
        if feedback.outcome != "correct":
            break
    twin = _twin(practice_id, base, hidden)
    if twin is None:
        return None  # the right program itself takes too long on a machine this busy
    verdict = oracle.verdict(practice_id, cases, answers, twin, drew)
    name = ""
    if feedback.mistake:
        compared = beside_bank and not hidden and practice_id not in UNLIKE
        known = _known(practice_id, hidden) if compared else ()
        in_order = practice_id == "lab03-batch-20" and oracle.in_order(
            practice_id, cases, twin, drew
        )
        name = names.check(
            practice_id, feedback.mistake, feedback.text, cases, answers, known, in_order
        )
    return Drawn(practice_id, base, tuple(kinds), source, verdict, feedback, name)


def verdict_on(practice_id: str, source: str) -> str | None:
    """What the oracle makes of a program of the bank; None if it does not come to an end."""
    base = next(iter(right_programs(practice_id)))
    cases = _cases(practice_id, True)
    with same_start(1):
        before = _state()
        answers = answers_of(practice_id, source, cases)
        drew = _state() != before
    twin = _twin(practice_id, base, True)
    if answers is None or twin is None:
        return None
    return oracle.verdict(practice_id, cases, answers, twin, drew)


def draw(practice_id: str, count: int, seed: int, beside_bank: bool = True) -> Iterator[Drawn]:
    """So many different programs for a practice, always the same for a seed.

    Names are also compared with the bank's programs of the same answers if they are looked at
    `beside_bank`: all of these have to be run for that.
    """
    rng = random.Random(f"{practice_id} {seed}")
    # Of a matrix that a change has made infinite these do not return.
    programs = {
        name: source
        for name, source in right_programs(practice_id).items()
        if CRASHING.isdisjoint(re.findall(r"\w+", source))
    }
    seen: set[str] = set()
    tries = 0
    while len(seen) < count and tries < 30 * count:
        tries += 1
        base = rng.choice(list(programs))
        source, kinds = programs[base], []
        if tries % RESTYLED == 0:
            source, kinds = _restyled(source, rng), ["style"]
        for _ in range(0 if kinds else 2 if tries % TWO == 0 else 1):
            made = _changed(source, rng)
            if made is not None:
                kinds.append(made[0])
                source = made[1]
        if not kinds or source in seen:
            continue
        drawn = judged(practice_id, base, kinds, source, beside_bank)
        if drawn is not None:
            seen.add(source)
            yield drawn
