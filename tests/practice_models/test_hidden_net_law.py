"""What a program claims about its network counts only as far as it follows from the parameters."""

from __future__ import annotations

import copy
import functools

import numpy as np
import pytest
import torch

from labchecks import find
from labchecks.engine.network import Told, explain
from labchecks.engine.network_training import agreement
from tests.practice_models.bank.hidden_net import TWO_LAYERS
from tests.practice_models.test_models_bank import cases_of, namespace_of

ID = "lab04-hidden-net"
SIZES = (1, 16, 1)


def follows(networks):
    return explain(networks) is not None


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


def target(cases, answers):
    """Claim the noisy target as the prediction, everywhere that a prediction is told."""
    trained = answers[-1]["trained"]
    trained["values"] = trained["after"]["outputs"] = list(cases[-1]["y"])


def parabola(cases, answers):
    x, y = cases[-1]["x"], cases[-1]["y"]
    values = np.polyval(np.polyfit(x, y, 2), x).tolist()
    answers[-1]["trained"]["values"] = answers[-1]["trained"]["after"]["outputs"] = values


def other_weights(cases, answers):
    for parameter in answers[-1]["trained"]["after"]["parameters"]:
        parameter["values"] = [value + 0.3 for value in parameter["values"]]


def untrained(cases, answers):
    answers[-1]["trained"]["after"] = answers[-1]["trained"]["before"]


def one_unmoved(cases, answers):
    trained = answers[-1]["trained"]
    trained["before"]["parameters"][0] = trained["after"]["parameters"][0]


def other_start(cases, answers):
    answers[-1]["trained"]["before"]["outputs"] = [(-1.0) ** k for k in range(150)]


def other_look(cases, answers):
    answers[0]["network"]["outputs"] = np.random.default_rng(1).normal(size=120).tolist()


def too_few(cases, answers):
    answers[1]["network"]["parameters"].pop()


def network_of_another_case(cases, answers):
    answers[0]["network"] = answers[1]["network"]


def nothing_told(cases, answers):
    answers[-1]["trained"]["after"] = None


def not_numbers(cases, answers):
    answers[-1]["trained"]["after"]["parameters"][0]["values"][0] = True


def other_shape(cases, answers):
    answers[-1]["trained"]["after"]["parameters"][0]["shape"] = [-16, -1]


def timeout(cases, answers):
    answers[-1]["trained"] = {"kind": "timeout"}


def cut_short(cases, answers):
    answers[-1]["trained"]["updates"] = 1
    answers[-1]["trained"]["values"] = [0.0] * 150


def least_squares(cases, answers):
    """Claim units drawn at random and, on top of them, the output layer that fits best."""
    random = np.random.default_rng(2)
    x, y = np.array(cases[-1]["x"])[:, None], np.array(cases[-1]["y"])
    weight, bias = random.normal(size=(16, 1)), 2 * random.normal(size=16)
    units = np.column_stack([np.maximum(x @ weight.T + bias, 0), np.ones(150)])
    best = np.linalg.solve(units.T @ units + 1e-3 * np.eye(17), units.T @ y)
    parts = weight, bias, best[None, :16], best[16:]
    trained = answers[-1]["trained"]
    trained["values"] = (units @ best).tolist()
    trained["after"] = {
        "outputs": trained["values"],
        "parameters": [{"shape": list(p.shape), "values": p.ravel().tolist()} for p in parts],
    }


def hardly_a_step(cases, answers):
    answers[-1]["trained"]["steps"] = 1


def steps_not_told(cases, answers):
    answers[-1]["trained"]["steps"] = None


@pytest.mark.parametrize(
    "forge",
    [
        least_squares,
        hardly_a_step,
        steps_not_told,
        target,
        parabola,
        other_weights,
        untrained,
        one_unmoved,
        other_start,
        other_look,
        too_few,
        network_of_another_case,
        nothing_told,
        not_numbers,
        other_shape,
        timeout,
        cut_short,
    ],
)
def test_a_claim_that_does_not_follow_earns_nothing(forge):
    feedback = after(forge)
    assert feedback.outcome == "not checked"
    assert feedback.share == 0


def network(function, seed, sizes=SIZES):
    """A network as a probe tells it."""
    random = np.random.default_rng(seed)
    inputs, hidden, outputs = sizes
    shapes = [(hidden, inputs), (hidden,), (outputs, hidden), (outputs,)]
    weight, bias, last, offset = (random.normal(size=shape) for shape in shapes)
    x = random.normal(1.5, 1, size=(150, inputs))
    units = torch.from_numpy(x @ weight.T + bias)
    found = function(units).numpy() @ last.T + offset
    told = [
        {"shape": list(p.shape), "values": p.ravel().tolist()} for p in (weight, bias, last, offset)
    ]
    return Told(sizes, told, x, found.ravel().tolist())


@pytest.mark.parametrize(
    "function",
    [
        lambda z: torch.celu(z, alpha=0.5),
        lambda z: torch.relu(z) ** 2,
        lambda z: torch.log1p(z * z),
        lambda z: torch.tanh(z) + 0.1 * z,
        lambda z: z.clamp(-2, 2),
        lambda z: torch.rsqrt(1 + z * z),
    ],
)
def test_functions_that_are_not_known_are_followed(function):
    for seed in range(5):
        sizes = [(3, 8, 2), (1, 10, 4), SIZES, SIZES, SIZES]
        networks = [network(function, 10 * seed + k, each) for k, each in enumerate(sizes)]
        assert follows(networks), seed
        moved = networks[-1].parameters[0]
        moved["values"] = [value + 0.3 for value in moved["values"]]
        assert not follows(networks), seed


def test_training_done_again_leads_to_the_same_parameters():
    for draw in range(1, 4):
        cases = cases_of(ID, draw)
        trained = find(ID).ask(namespace_of(ID, TWO_LAYERS), cases)[-1]["trained"]
        x = np.array(cases[-1]["x"])[:, None]
        told = [
            Told(SIZES, trained[when]["parameters"], x, trained[when]["outputs"])
            for when in ("before", "after")
        ]
        found = explain(told)
        y = np.array(cases[-1]["y"])[:, None]
        assert agreement(*found.layers, found.function, x, y, trained["steps"], 0.05) > 0.99
        assert agreement(*found.layers, found.function, x, -y, trained["steps"], 0.05) < 0.5


def test_noise_on_the_outputs_is_not_followed():
    for seed in range(20):
        told = network(torch.tanh, seed)
        assert follows([told])
        noise = 0.2 * np.std(told.outputs) * np.random.default_rng(seed).normal(size=150)
        assert not follows([told._replace(outputs=(told.outputs + noise).tolist())]), seed
