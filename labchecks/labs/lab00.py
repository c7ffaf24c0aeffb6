"""The one practice of the start page, and the example that shows what a check can say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from labchecks.engine.compare import shown
from labchecks.engine.unusable import unreadable
from labchecks.feedback import Feedback, correct, incorrect, not_attempted, not_checked
from labchecks.registry import Practice

__all__ = ["PRACTICES", "check_double"]

W, SLOPE, RATE = 3.0, 4.0, 0.1

#: (short name, wrong value, sentence): what a slip in the formula gives.
SLIPS = (
    (
        "stepping uphill",
        W + RATE * SLOPE,
        "The step went up the slope: look at the sign in the formula.",
    ),
    (
        "the step alone",
        RATE * SLOPE,
        "That is how long the step is. Where does it start?",
    ),
    (
        "the step alone",
        -RATE * SLOPE,
        "That is the step itself. Where does it start?",
    ),
    (
        "no learning rate",
        W - SLOPE,
        "The whole slope was subtracted: look at where η stands in the formula.",
    ),
    (
        "slope ignored",
        W - RATE,
        "Only η was subtracted: look at what it is multiplied by.",
    ),
    (
        "divided by the rate",
        W - SLOPE / RATE,
        "The slope was divided by η: look at the formula again.",
    ),
    (
        "no step",
        W,
        "That is where w was before the step.",
    ),
    (
        "brackets",
        (W - RATE) * SLOPE,
        "Look at the order: first the product η·slope, then the difference.",
    ),
    (
        "w and slope swapped",
        SLOPE - RATE * W,
        "w and the slope stand in each other's place.",
    ),
)


def one_step() -> Practice:
    """`new_w`: the parameter after one step of gradient descent."""

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        if not answers:
            return not_checked("No answer for `new_w` reached the check.")
        return _judge(answers[0])

    return Practice(
        id="lab00-one-step",
        title="One step, by hand",
        points=1,
        names=("new_w",),
        question=("value", "new_w"),
        judge=judge,
    )


def _judge(answer: Mapping[str, Any]) -> Feedback:
    nothing = unreadable(answer, "new_w", "one number")
    if nothing is not None:
        return nothing
    if len(answer["values"]) != 1:
        return incorrect(
            f"`new_w` should be one number, and it holds {len(answer['values'])}.", "wrong type"
        )
    (value,) = answer["values"]
    if math.isclose(value, W - RATE * SLOPE, rel_tol=1e-5):
        return correct(
            f"From {W:g} the step went down the slope to {shown(value)}. You will do this often."
        )
    for mistake, wrong, look in SLIPS:
        if math.isclose(value, wrong, rel_tol=1e-5):
            return incorrect(f"`new_w` is {shown(value)}. {look}", mistake)
    return incorrect(
        f"`new_w` is {shown(value)}. Put w, the slope and η into the formula, one after the other.",
        "another number",
    )


def check_double(answer: object) -> None:
    """Show what a check says of `answer` to the question "what is the double of 3?".

    An example for the start page, worth no points: ``None`` stands for a cell that nobody filled.
    """
    from IPython.display import display

    feedback, title = _judge_double(answer), "The double of 3"
    pictured = {"text/plain": feedback.to_text(title), "text/html": feedback.to_html(title)}
    display(pictured, raw=True)


def _judge_double(answer: object) -> Feedback:
    if answer is None:
        return not_attempted("`answer` is still empty. It should become one number.")
    if answer == 6:
        return correct("The double of 3 is 6.")
    if answer == 9:
        return incorrect("9 is 3 times 3, the square of 3. Look at the word double.", "squared")
    return incorrect(f"The double of 3 is not {answer!r}.", "another answer")


PRACTICES = (one_step(),)
