"""Judging a function of tensors: its values, their shape, and the gradients that flow through it.

A case holds the arguments; what is right, and what each known mistake would give, is computed by
the judge in float64 from the same arguments.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from labchecks.ask.function import back, tensors_of
from labchecks.engine.compare import rounded_to, shown
from labchecks.engine.unusable import nothing_returned
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial

__all__ = [
    "TensorFunction",
    "judge_function",
    "tensor_case",
]

Case = Mapping[str, Any]
Answer = Mapping[str, Any]
Formula = Callable[..., torch.Tensor]

#: Relative difference that float32 may leave; right answers stay far below it.
TOLERANCE = 2e-5

#: Share of the points where the values are right and the gradient, or an argument, is lost.
VALUES_ONLY = 0.5

#: Values with so many decimals are as good as the formula's; the labs quote three of them.
ENOUGH_DECIMALS = 4

#: Share of the points where the values are right and were rounded to fewer decimals.
ROUNDED = 0.5


@dataclass(frozen=True)
class TensorFunction:
    """What a practice asks for.

    Attributes
    ----------
    name : str
        The function's name.
    arguments : tuple of str
        What its arguments are called.
    right : callable
        The function.
    known : tuple of (str, callable, str)
        Known mistakes: short name, what it computes, what to say.
    scalar : bool
        Whether the value is one number, whatever its shape.
    praise : str
        What is said of a right answer.
    """

    name: str
    arguments: tuple[str, ...]
    right: Formula
    known: tuple[tuple[str, Formula, str], ...]
    scalar: bool
    praise: str


def _outcome(formula: Formula, case: Case) -> tuple[np.ndarray, list[np.ndarray | None]]:
    tensors = tensors_of(case, torch.float64)
    result = formula(*tensors)
    if result.requires_grad:
        back(result)
    gradients = [None if t.grad is None else t.grad.flatten().numpy() for t in tensors]
    return result.detach().numpy(), gradients


def judge_function(
    asked: TensorFunction, cases: Sequence[Case], answers: Sequence[Answer]
) -> Feedback:
    """Judge the values, shapes and gradients of all cases."""
    if not cases or len(cases) != len(answers):
        return not_checked(f"No answer for `{asked.name}` reached the check.")
    for case, answer in zip(cases, answers, strict=True):
        nothing = _unreadable(asked, case, answer)
        if nothing is not None:
            return nothing
    wrong = [
        k for k in range(len(cases)) if not _has_values(asked, asked.right, cases[k], answers[k])
    ]
    if not wrong:
        return _judge_gradients(asked, cases, answers)
    for name, formula, text in asked.known:
        # It need not show in every case, but it must explain them all.
        if all(_has_values(asked, formula, c, a) for c, a in zip(cases, answers, strict=True)):
            return incorrect(text.format(**_shown(asked, cases[wrong[0]], answers[wrong[0]])), name)
    return _rounded(asked, cases, answers) or _unknown(asked, cases, answers, wrong)


def _has_values(
    asked: TensorFunction, formula: Formula, case: Case, answer: Answer, rounding: float = 0.0
) -> bool:
    try:
        expected, _ = _outcome(formula, case)
    except (RuntimeError, ValueError, IndexError):  # a mistake that these shapes do not allow
        return False
    if answer["kind"] != "numbers":
        return False
    if asked.scalar and expected.size == 1:
        if len(answer["values"]) != 1:
            return False
    elif list(expected.shape) != list(answer["shape"]):
        return False
    scale = (
        TOLERANCE * (np.abs(expected) + 0.1 * np.abs(expected).max(initial=0.0)) + 1e-6 + rounding
    )
    return bool((np.abs(np.array(answer["values"]) - expected.ravel()) <= scale.ravel()).all())


def _rounded(asked: TensorFunction, cases, answers) -> Feedback | None:
    """Feedback for the right values, rounded to two or more decimals; None if they are not that."""
    decimals = rounded_to([v for a in answers for v in a["values"]], fewest=2, error=1e-7)
    if decimals is None or not all(
        _has_values(asked, asked.right, c, a, 0.5 * 10.0**-decimals)
        for c, a in zip(cases, answers, strict=True)
    ):
        return None
    found = f"`{asked.name}` has the right values, but rounds them to {decimals} decimals"
    if any(argument["grad"] for case in cases for argument in case["arguments"]):
        return incorrect(
            f"{found}: no gradient flows through that. Look for what rounds, and leave it to where "
            "a number is printed.",
            "rounded",
        )
    if decimals < ENOUGH_DECIMALS:
        return partial(
            ROUNDED,
            f"{found}: whoever works on with them has no more digits than that. Look for what "
            "rounds, and leave it to where a number is printed.",
            "rounded",
        )
    return _judge_gradients(asked, cases, answers)


def _judge_gradients(asked: TensorFunction, cases, answers) -> Feedback:
    for case, answer in zip(cases, answers, strict=True):
        if not answer["unchanged"]:
            return partial(
                VALUES_ONLY,
                f"The values are right, but `{asked.name}` changes one of its arguments while it "
                "computes: whoever calls it again gets something else. Look for an assignment "
                "that works in place.",
                "changes its arguments",
            )
        _, expected = _outcome(asked.right, case)
        for name, right, found in zip(asked.arguments, expected, answer["gradients"], strict=True):
            if right is None:
                continue
            if found is None:
                return partial(
                    VALUES_ONLY,
                    f"The values are right, but no gradient flows back to `{name}`: PyTorch can no "
                    "longer tell how the result came about. Look for a step that leaves the "
                    "tensors, such as turning them into plain numbers.",
                    "not differentiable",
                )
            allowed = 10 * TOLERANCE * np.abs(right).max() + 1e-6
            if not (np.abs(np.array(found) - right) <= allowed).all():
                return partial(
                    VALUES_ONLY,
                    f"The values are right, but the gradient with respect to `{name}` is not. Look "
                    "for a part of the formula that PyTorch takes for a constant.",
                    "wrong gradient",
                )
    return correct(asked.praise)


def _shown(asked: TensorFunction, case: Case, answer: Answer) -> dict[str, str]:
    return {"name": f"`{asked.name}`", "value": shown(answer["values"][0])}


def _unreadable(asked: TensorFunction, case: Case, answer: Answer) -> Feedback | None:
    shapes = ", ".join(
        f"`{name}` {tuple(a['shape'])}"
        for name, a in zip(asked.arguments, case["arguments"], strict=True)
    )
    wanted = "one number" if asked.scalar else "a tensor"
    circumstance = "" if case.get("hidden") else f"The shapes were {shapes}."
    return nothing_returned(asked.name, answer, wanted, circumstance)


def _unknown(asked: TensorFunction, cases, answers, wrong: Sequence[int]) -> Feedback:
    case, answer = cases[wrong[0]], answers[wrong[0]]
    expected, _ = _outcome(asked.right, case)
    values = np.array(answer["values"])
    if not np.isfinite(values).all():
        return incorrect(
            f"`{asked.name}` returns values that are not finite numbers.", "not finite"
        )
    if asked.scalar and values.size > 1:
        return incorrect(
            f"`{asked.name}` returns {values.size} numbers instead of one. Look at how the errors "
            "of all rows become one number.",
            "not one number",
        )
    if not asked.scalar and list(expected.shape) != list(answer["shape"]):
        where = "another shape than the one to which its arguments broadcast"
        if not case.get("hidden"):
            shape = tuple(answer["shape"])
            where = f"the shape {shape} where they broadcast to {tuple(expected.shape)}"
        return incorrect(
            f"`{asked.name}` returns {where}.",
            "wrong shape",
        )
    texts = {str(a["values"]) for a in answers}
    if len(texts) == 1 and len(cases) > 1:
        return incorrect(
            f"`{asked.name}` returns the same whatever it is given. Look at which names in it are "
            "its arguments.",
            "ignores its arguments",
        )
    if len(wrong) < len(cases):
        return incorrect(
            f"`{asked.name}` is right for some tensors and wrong for others. Look for a shape, a "
            "number or a name from outside the function that it relies on.",
            "right for some tensors only",
        )
    return incorrect(
        f"`{asked.name}` has the right shape but other values than the formula: the first is "
        f"{shown(values[0])}. Compute one row by hand and compare.",
        "wrong values",
    )


def tensor_case(
    rng: random.Random, shape: Sequence[int], grad: bool, dtype: str = "float32"
) -> dict[str, Any]:
    """One argument of a case: random values of moderate size, none of them near zero."""
    values = [
        round(rng.choice((-1, 1)) * rng.uniform(0.3, 4.0), 3) for _ in range(int(np.prod(shape)))
    ]
    return {"values": values, "shape": list(shape), "grad": grad, "dtype": dtype}
