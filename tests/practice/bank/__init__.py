"""A bank of answers to the practices of labs 1 to 3: right ones in many styles, and wrong ones.

Each program is source text. It is executed in a namespace in which the lab's earlier cells have
run, as a student's cell would be, and judged on the visible and on hidden cases.
"""

from __future__ import annotations

import contextlib
import functools
import io
import linecache
import random
import warnings
from dataclasses import dataclass

import matplotlib
import matplotlib.pyplot as plt
import torch

from labchecks import Practice, find
from labchecks.feedback import Feedback

matplotlib.use("agg")
# Tensors of 60 numbers: more threads only wait for each other.
torch.set_num_threads(1)


@dataclass(frozen=True)
class Program:
    """One answer.

    Attributes
    ----------
    name : str
        What it does, in a few words.
    source : str
        The practice cell.
    mistakes : tuple of str
        Short names of which the feedback must give one; empty for a wrong program that only has to
        be refused. A right program has None.
    """

    name: str
    source: str
    mistakes: tuple[str, ...] | None = None


def right(name: str, source: str) -> Program:
    """A program that has to be accepted."""
    return Program(name, source)


def wrong(name: str, source: str, *mistakes: str) -> Program:
    """A program that has to be refused, with one of these mistakes named if any is given."""
    return Program(name, source, mistakes)


def run_cell(source: str, namespace: dict, name: str = "<ipython-input-1>") -> None:
    """Execute a cell as a notebook does: quietly, and an error in it does not end the lab."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        out, err = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(action="ignore"),
        ):
            exec(compile(source, name, "exec"), namespace)
    except Exception as error:
        namespace["__error__"] = error


@functools.cache
def _compiled(source: str):
    return compile(source, "<lab>", "exec")


#: Long runs of a lab that are the same for every program, by seed.
_KEPT: dict[int, list] = {}


def lab_namespace(prelude: str, seed: int) -> dict:
    """What the lab's earlier cells define, on the data set of that seed."""
    namespace = {"__name__": "__main__", "SEED": seed, "KEPT": _KEPT}
    exec(_compiled(prelude), namespace)
    return namespace


def judge(practice: Practice | str, prelude: str, source: str, hidden_seed: int = 5) -> Feedback:
    """Judge a program on the visible cases and, if there are any, on hidden ones."""
    if isinstance(practice, str):
        practice = find(practice)
    namespaces: dict[int, dict] = {}

    def ask(cases):
        answers = []
        for case in cases:
            seed = case.get("seed", 1)
            if seed not in namespaces:
                namespaces[seed] = lab_namespace(prelude, seed)
                run_cell(source, namespaces[seed])
            answers.append(practice.probe(namespaces[seed], case))
        plt.close("all")
        return answers

    visible = practice.visible()
    answers = ask(visible)
    feedback = practice.judge(visible, answers)
    hidden = practice.hidden(random.Random(hidden_seed))
    if feedback.outcome != "correct" or not hidden:
        return feedback
    return practice.judge([*visible, *hidden], [*answers, *ask(hidden)])
