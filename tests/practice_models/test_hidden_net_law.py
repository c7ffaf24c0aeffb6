"""What a program claims about its network counts only as far as it follows from the parameters."""

from __future__ import annotations

import copy
import functools
import random

import numpy as np
import pytest
import torch

from labchecks import find
from labchecks.judges.network import network_cases, network_practice
from tests.practice_models.bank.hidden_net import TWO_LAYERS
from tests.practice_models.test_models_bank import cases_of, namespace_of

ID = "lab06-hidden-net"


@pytest.fixture(autouse=True)
def one_thread():
    """On so few numbers several threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@functools.cache
def honest():
    cases = cases_of(ID, 1)
    return cases, find(ID).ask(namespace_of(ID, TWO_LAYERS), cases)


def after(change):
    """The verdict on the honest answers with a change to them."""
    cases, answers = honest()
    answers = copy.deepcopy(answers)
    change(cases, answers)
    return find(ID).judge(cases, answers)


def test_honest_answers_are_accepted():
    assert after(lambda cases, answers: None).outcome == "correct"


def drawn_outputs(cases, answers):
    for answer in answers:
        for mode in ("eval", "train"):
            told = answer[mode]
            outputs = np.random.default_rng(1).normal(size=len(told["outputs"])).tolist()
            told["outputs"] = told["again"] = outputs
            told["half"] = outputs[: len(told["half"])]


def own_parameters(cases, answers):
    """Outputs of networks with other parameters than the given ones."""
    for answer, other in zip(answers, _answers_to(_others(cases)), strict=True):
        answer.update(eval=other["eval"], train=other["train"])


def last_digit(cases, answers):
    """One output of one network is a hundredth of their spread off."""
    for mode in ("eval", "train"):
        told = answers[0][mode]
        for key in ("outputs", "again", "half"):
            told[key][3] += 0.1 * float(np.std(told["outputs"]))


def own_gradients(cases, answers):
    for answer, other in zip(answers, _answers_to(_others(cases)), strict=True):
        answer["eval"]["gradients"] = other["eval"]["gradients"]


def no_gradient_for_one(cases, answers):
    answers[1]["train"]["gradients"][0] = None


def gradient_of_zeros(cases, answers):
    answers[1]["eval"]["gradients"][0] = [0.0] * len(answers[1]["eval"]["gradients"][0])


def one_mode_only(cases, answers):
    for answer in answers:
        del answer["train"]


def not_numbers(cases, answers):
    answers[0]["eval"]["outputs"][0] = True


def too_few_gradients(cases, answers):
    answers[0]["eval"]["gradients"].pop()


def too_large(cases, answers):
    answers[0]["eval"]["outputs"][0] = 10**400


def other_shape(cases, answers):
    answers[-1]["shapes"][0] = [-6, -1]


def shape_is_text(cases, answers):
    answers[-1]["shapes"] = "4"


def network_of_another_case(cases, answers):
    answers[0]["eval"] = answers[1]["eval"]


def _others(cases):
    return [{**c, "values": c["values"][::-1]} for c in cases]


def _answers_to(cases):
    return find(ID).ask(namespace_of(ID, TWO_LAYERS), cases)


@pytest.mark.parametrize(
    "forge",
    [
        drawn_outputs,
        own_parameters,
        last_digit,
        own_gradients,
        no_gradient_for_one,
        gradient_of_zeros,
        one_mode_only,
        not_numbers,
        too_few_gradients,
        too_large,
        other_shape,
        shape_is_text,
        network_of_another_case,
    ],
)
def test_a_claim_that_does_not_follow_earns_nothing(forge):
    feedback = after(forge)
    assert feedback.outcome in ("incorrect", "not checked")
    assert feedback.share == 0


FUNCTIONS = {
    "celu": lambda z: torch.celu(z, alpha=0.5),
    "squared relu": lambda z: torch.relu(z) ** 2,
    "logarithm": lambda z: torch.log1p(z * z),
    "tanh and a line": lambda z: torch.tanh(z) + 0.1 * z,
    "clamp": lambda z: z.clamp(-2, 2),
    "fast sine": lambda z: torch.sin(30 * z),
    "late relu": lambda z: torch.relu(z - 1),
    "threshold": torch.nn.Threshold(0.1, 20.0),
    "softmin": lambda z: torch.softmax(-z, dim=1),
    "root": lambda z: (z.abs() + 1e-3).sqrt(),
}


def net(function):
    """A right network with the function at its hidden units."""

    class Net(torch.nn.Module):
        def __init__(self, n_inputs, n_hidden, n_outputs):
            super().__init__()
            self.hidden = torch.nn.Linear(n_inputs, n_hidden)
            self.output = torch.nn.Linear(n_hidden, n_outputs)

        def forward(self, x):
            return self.output(function(self.hidden(x)))

    return Net


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_the_hidden_units_is_followed(name):
    practice = network_practice("lab06-hidden-net", title="any", points=1)
    for seed in range(3):
        cases = network_cases(random.Random(seed))
        answers = practice.ask({"Net": net(FUNCTIONS[name])}, cases)
        assert practice.judge(cases, answers).outcome == "correct", seed
        told = answers[-1]["eval"]
        for key in ("outputs", "again", "half"):
            told[key][0] += 0.1 * float(np.std(told["outputs"]))
        assert practice.judge(cases, answers).outcome != "correct", seed


def test_a_function_that_differs_between_units_is_not_followed():
    def function(z):
        return torch.tanh(z) * torch.linspace(1, 2, z.shape[1])

    practice = find(ID)
    for seed in range(5):
        cases = network_cases(random.Random(seed))
        feedback = practice.judge(cases, practice.ask({"Net": net(function)}, cases))
        assert feedback.mistake == "another function", seed


@pytest.mark.prove
def test_the_practice_works_under_another_id_and_name():
    practice = network_practice("lab06-hidden-net", title="any", points=5, name="Small", seed=8)
    cases = practice.visible()
    assert practice.names == ("Small",)
    feedback = practice.judge(cases, practice.ask({"Small": net(torch.tanh)}, cases))
    assert feedback.outcome == "correct"
    assert "`Small`" in feedback.text
    assert practice.judge(cases, practice.ask({}, cases)).outcome == "not attempted"
