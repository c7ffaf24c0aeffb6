"""Lab 2's stable rate: what the order of the points decides, and what it must not decide."""

from __future__ import annotations

import functools
import random

import numpy as np
import pytest

from labchecks import find
from labchecks.engine.run import points_of
from labchecks.feedback import Feedback

pytestmark = pytest.mark.prove

PRACTICE = find("lab02-stable-rate")
VISIBLE = PRACTICE.visible()
HIDDEN = PRACTICE.hidden(random.Random(5))
RUNS = 12


def answers(rate: float, cases, rng: np.random.Generator) -> list[dict]:
    """What shuffled SGD in float32 gives, without the simulation that judges it."""
    found = []
    for case in cases:
        points = points_of(case["data"], case["seed"])
        x, y = points.x.astype(np.float32), points.y.astype(np.float32)
        w, b, step = np.float32(-10), np.float32(-20), np.float32(2 * rate)
        losses = []
        for _ in range(20):
            losses.append(float(np.mean((w * x + b - y) ** 2)))
            for i in rng.permutation(len(x)):
                error = w * x[i] + b - y[i]
                w, b = w - step * error * x[i], b - step * error
        found += PRACTICE.ask({"step_size": rate, "loss_SGD": losses}, [case])
    return found


@functools.cache
def graded(rate: float, seed: int) -> tuple[Feedback, Feedback]:
    """What the student's check says of a run, and what is said when all is run once more."""
    rng = np.random.default_rng(seed)
    own = answers(rate, VISIBLE, rng)
    cases = [*VISIBLE, *HIDDEN]
    # Grading reads one answer for all: the lab's own data and others.
    return PRACTICE.judge(VISIBLE, own), PRACTICE.judge(cases, answers(rate, cases, rng))


@pytest.mark.parametrize("rate", [0.004, 0.01, 0.015, 0.02, 0.03])
def test_another_order_costs_a_program_nothing(rate):
    refused = [g.text for _, g in (graded(rate, k) for k in range(RUNS)) if g.outcome != "correct"]
    assert not refused


def test_the_student_s_own_run_has_to_meet_the_limit():
    own = [graded(0.02, seed)[0] for seed in range(RUNS)]
    met = [feedback.outcome == "correct" for feedback in own]
    assert any(met) and not all(met)
    told = next(feedback.text for feedback in own if feedback.outcome != "correct")
    assert "about 7 in 10 shuffles meet the limit." in told and "less to chance" not in told


@pytest.mark.parametrize("rate", [0.05, 0.06])
def test_a_rate_that_is_not_stable_is_not_saved_by_the_shuffles(rate):
    said = [graded(rate, seed)[1] for seed in range(RUNS)]
    refused = [feedback for feedback in said if feedback.outcome != "correct"]
    assert len(refused) > RUNS / 2
    assert all("a stable rate leaves less to chance" in f.text for f in refused)


def test_a_rate_too_small_to_arrive_is_not_saved_by_the_shuffles():
    for rate in (0.0005, 0.001):
        own, again = graded(rate, 0)
        assert own.outcome == again.outcome == "incorrect" and "shuffles meet" not in again.text


def test_the_same_answers_get_the_same_grade():
    cases = [*VISIBLE, *HIDDEN]
    found = answers(0.02, cases, np.random.default_rng(3))
    first, second = (PRACTICE.judge(cases, found) for _ in range(2))
    assert first == second
