"""The start page's practice and its example: no right answer refused, no wrong one accepted."""

import math

import numpy as np
import pytest
import torch

from labchecks import find
from labchecks.checking import _judge_double, check_double

RIGHT = {
    "formula": 3 - 0.1 * 4,
    "typed": 2.6,
    "tensor": torch.tensor(3.0) - 0.1 * torch.tensor(4.0),
    "tensor with a gradient": torch.tensor(3.0, requires_grad=True) - 0.4,
    "array": np.array(3 - 0.1 * 4),
    "numpy number": np.float32(2.6),
    "shape (1,)": torch.tensor([2.6]),
    "list of one": [2.6],
}

WRONG = {
    "uphill": (3 + 0.1 * 4, "stepping uphill"),
    "step": (0.1 * 4, "the step alone"),
    "negative step": (-0.1 * 4, "the step alone"),
    "no rate": (3 - 4, "no learning rate"),
    "no slope": (3 - 0.1, "slope ignored"),
    "division": (3 - 4 / 0.1, "divided by the rate"),
    "unchanged": (3, "no step"),
    "brackets": ((3 - 0.1) * 4, "brackets"),
    "swapped": (4 - 0.1 * 3, "w and slope swapped"),
    "another number": (17, "wrong values"),
    "rounded": (3, "no step"),
    "two numbers": ([2.6, 2.6], "not one number"),
    "text": ("2.6", "wrong type"),
    "truth": (True, "wrong type"),
    "function": (lambda: 2.6, "wrong type"),
    "nan": (math.nan, "not finite"),
    "infinite": (math.inf, "not finite"),
}


def judged(namespace):
    practice = find("lab00-one-step")
    cases = practice.visible()
    return practice.judge(cases, practice.ask(namespace, cases))


@pytest.mark.parametrize("style", RIGHT)
def test_right_answers_pass_in_every_style(style):
    assert judged({"new_w": RIGHT[style]}).outcome == "correct"


@pytest.mark.parametrize("slip", WRONG)
def test_wrong_answers_are_refused_and_the_slip_is_named(slip):
    answer, mistake = WRONG[slip]
    feedback = judged({"new_w": answer})
    assert (feedback.outcome, feedback.mistake) == ("incorrect", mistake)
    assert "2.6" not in feedback.text


@pytest.mark.parametrize("namespace", [{}, {"new_w": None}])
def test_an_untouched_cell_is_not_attempted(namespace):
    assert judged(namespace).outcome == "not attempted"


def test_no_answers_at_all_are_not_checked():
    assert find("lab00-one-step").verdict([{}], []).outcome == "not checked"


@pytest.mark.parametrize(
    ("answer", "outcome"), [(None, "not attempted"), (9, "incorrect"), (6, "correct")]
)
def test_the_example_shows_the_three_outcomes(answer, outcome, capsys):
    assert _judge_double(answer).outcome == outcome
    check_double(answer)  # also where there is no notebook


def test_the_example_never_fails_on_an_odd_answer():
    assert _judge_double("six").outcome == "incorrect"
