"""The judge of a trained network reads predictions only: here they are made without training."""

from __future__ import annotations

import copy
import functools
import random

import numpy as np
import pytest

from labchecks import find

ID = "lab06-deep-net"
SHAPES = [[10, 2], [10], [20, 10], [20], [2, 20], [2], [1, 2], [1]]


@functools.cache
def honest():
    """Cases and the answers of a network that finds the rule from every start."""
    cases = find(ID).hidden(random.Random(3))
    answers = []
    for case in cases:
        held = np.array(case["held"])
        answers.append(
            {
                "kind": "numbers",
                "type": "Tensor",
                "shape": [len(held), 1],
                "shapes": SHAPES,
                "values": (5 + 2 * held).tolist(),
                "before": (0.1 * np.tanh(held)).tolist(),
                "wide": 2 * np.maximum(case["wide"], 0).tolist(),
                "slopes": [0.1] * len(SHAPES),
            }
        )
    return cases, answers


def after(change):
    """The verdict on the honest answers with a change to them."""
    cases, answers = honest()
    answers = copy.deepcopy(answers)
    change(answers)
    return find(ID).judge(cases, answers)


def constant(level: float, slope: float = 0.1):
    def change(answers):
        for answer in answers:
            answer["values"] = [level] * len(answer["values"])
            answer["slopes"] = [slope] * 6 + [0.0, 0.2]

    return change


def test_the_rule_from_every_start_is_right():
    assert after(lambda answers: None).outcome == "correct"


def test_points_are_in_proportion_to_the_starts_that_arrive():
    feedback = after(lambda answers: constant(9.0)(answers[:2]))
    assert (feedback.outcome, feedback.share) == ("partial", 0.6)
    assert "from 3 of 5" in feedback.text


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        (constant(9.0), "still on the plateau"),
        (constant(4.0, slope=0.0), "dead units"),
        (constant(1.0), "still on the plateau"),
        (lambda answers: [a.update(before=a["values"]) for a in answers], "starts at the answer"),
        (lambda answers: [a.update(values=a["before"]) for a in answers], "nothing moves"),
        (lambda answers: [a.update(slopes=None) for a in answers], "not differentiable"),
        (lambda answers: [a.update(wide=[*range(42)]) for a in answers], "no non-linear function"),
        (lambda answers: [a.update(shapes=SHAPES[2:]) for a in answers], ""),
        (lambda answers: answers[1].update(values=[1.0]), ""),
        (lambda answers: answers[1].update(wide="all of them"), ""),
        (lambda answers: answers[4].pop("before"), ""),
    ],
)
def test_what_the_answers_show_is_named(change, mistake):
    feedback = after(change)
    assert feedback.share == 0 and feedback.mistake == mistake
    assert feedback.outcome == ("incorrect" if mistake else "not checked")


def test_a_network_that_starts_at_one_constant_is_not_taken_for_a_line():
    def change(answers):
        for answer in answers:
            answer["wide"][:21] = [0.0] * 21
            answer["before"] = [0.0] * len(answer["before"])

    assert after(change).outcome == "correct"


def test_predictions_that_are_not_finite_are_refused():
    feedback = after(lambda answers: answers[0]["values"].__setitem__(3, 1e30))
    assert feedback.share == 0.8


def test_no_target_of_the_held_out_rows_is_sent():
    for case in honest()[0]:
        assert set(case) == {*("x", "y", "held", "wide", "seed", "lr", "epochs", "batch_size")}


def test_the_expected_r_squared_is_that_of_drawn_noise():
    from labchecks.judges.trained import _r_squared

    case = honest()[0][0]
    held, rng = np.array(case["held"]), np.random.default_rng(1)
    guess = 4.5 + 2.2 * held
    drawn = []
    for _ in range(4000):
        y = 5 + 2 * held + rng.normal(size=len(held))
        drawn.append(1 - ((y - guess) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    assert _r_squared(case, guess.tolist()) == pytest.approx(np.mean(drawn), abs=0.005)
