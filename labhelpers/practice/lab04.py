"""Practices of Lab 4: a training loop with Adam, R², and a network with one hidden layer."""

from __future__ import annotations

import random

from labhelpers.practice.hidden_cases import as_hidden
from labhelpers.practice.hidden_net import judge_net, net_cases, probe_net
from labhelpers.practice.lab04_formulas import R_SQUARED, r_squared_cases
from labhelpers.practice.optimizer_loop import judge_training, probe_training, training_cases
from labhelpers.practice.registry import Practice
from labhelpers.practice.tensor_functions import judge_function, probe_function

__all__ = ["PRACTICES"]

PRACTICES = (
    Practice(
        id="lab04-train",
        title="A training loop with Adam",
        points=20,
        names=("train",),
        probe=probe_training,
        judge=judge_training,
        visible=lambda: training_cases(random.Random(41)),
        hidden=lambda rng: as_hidden(training_cases(rng)),
    ),
    Practice(
        id="lab04-r-squared",
        title="R², the right way round",
        points=10,
        names=("r_squared",),
        probe=lambda namespace, case: probe_function("r_squared", namespace, case),
        judge=lambda cases, answers: judge_function(R_SQUARED, cases, answers),
        visible=lambda: r_squared_cases(random.Random(42)),
        hidden=lambda rng: as_hidden(r_squared_cases(rng)),
    ),
    Practice(
        id="lab04-hidden-net",
        title="A network with one hidden layer",
        points=10,
        names=("Net",),
        probe=probe_net,
        judge=judge_net,
        visible=lambda: net_cases(random.Random(43)),
        hidden=lambda rng: as_hidden(net_cases(rng)),
    ),
)
