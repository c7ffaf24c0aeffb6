"""Practices of Lab 4: a training loop with Adam, R², and a network with one hidden layer."""

from __future__ import annotations

import random

from labchecks.hidden_cases import as_hidden
from labchecks.judges.function import judge_function
from labchecks.judges.network import network_practice
from labchecks.judges.optimizer import optimizer_practice
from labchecks.labs.lab04_formulas import R_SQUARED, r_squared_cases
from labchecks.registry import Practice

__all__ = ["PRACTICES"]

PRACTICES = (
    optimizer_practice("lab04-train", title="A training loop with Adam", points=20),
    Practice(
        id="lab04-r-squared",
        title="R², the right way round",
        points=10,
        names=("r_squared",),
        question=("tensors", "r_squared"),
        judge=lambda cases, answers: judge_function(R_SQUARED, cases, answers),
        visible=lambda: r_squared_cases(random.Random(42)),
        hidden=lambda rng: as_hidden(r_squared_cases(rng)),
    ),
    network_practice("lab04-hidden-net", title="A network with one hidden layer", points=10),
)
