"""What a program claims of its network counts only as far as it follows from the parameters set."""

from __future__ import annotations

import copy
import functools
import json

import numpy as np
import pytest

from labchecks import find
from tests.practice_models.bank.hidden_net import TWO_LAYERS
from tests.practice_models.test_models_bank import cases_of, namespace_of

ID = "lab04-hidden-net"


@functools.cache
def honest():
    cases = cases_of(ID, 1)
    return cases, find(ID).ask(namespace_of(ID, TWO_LAYERS), cases)


def test_honest_answers_are_accepted():
    assert find(ID).judge(*honest()).outcome == "correct"


def noise(cases, answers):
    for answer in answers:
        drawn = np.random.default_rng(1).normal(size=len(answer["values"]))
        answer["values"] = answer["alone"] = drawn.tolist()


def of_one_network_scaled(cases, answers):
    answers[0]["values"] = answers[0]["alone"] = [1.01 * v for v in answers[0]["values"]]


def outputs_shifted(cases, answers):
    for answer in answers:
        answer["values"] = answer["alone"] = [v + 0.1 for v in answer["values"]]


def of_other_parameters(cases, answers):
    for case in cases:
        case["parameters"] = [v + 0.3 for v in case["parameters"]]


def other_tensors(cases, answers):
    for answer in answers:
        answer["shapes"] = answer["shapes"][::-1]


def gradients_of_another_function(cases, answers):
    for answer in answers:
        answer["gradients"] = [[2 * v for v in values] for values in answer["gradients"]]


def no_gradient_in_one_network(cases, answers):
    answers[1]["gradients"][0] = None


def fewer_gradients(cases, answers):
    for answer in answers:
        answer["gradients"] = answer["gradients"][:3]


def one_parabola_for_all(cases, answers):
    for case, answer in zip(cases, answers):
        squares = (np.array(case["inputs"]) ** 2).sum(axis=1)
        many = np.repeat(squares[:, None] - 1, case["sizes"][2], axis=1)
        answer["values"] = answer["alone"] = many.ravel().tolist()


LIES = (
    noise,
    of_one_network_scaled,
    outputs_shifted,
    of_other_parameters,
    other_tensors,
    gradients_of_another_function,
    no_gradient_in_one_network,
    fewer_gradients,
    one_parabola_for_all,
)


@pytest.mark.parametrize("lie", LIES)
def test_a_claim_that_does_not_follow_is_not_paid(lie):
    cases, answers = copy.deepcopy(honest())
    lie(cases, answers)
    assert find(ID).judge(cases, answers).share < 1


def test_visible_and_hidden_cases_draw_other_parameters():
    practice = find(ID)
    drawn = [json.dumps(case["parameters"]) for draw in (0, 1, 2) for case in cases_of(ID, draw)]
    assert len(set(drawn)) == len(drawn) and practice.visible() == practice.visible()
