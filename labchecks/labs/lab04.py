"""Practices of Lab 4: a training loop with Adam, R², and a network with one hidden layer."""

from __future__ import annotations

import random

from labchecks.hidden_cases import as_hidden
from labchecks.judges.optimizer import judge_training, training_cases
from labchecks.labs.lab04_formulas import R_SQUARED
from labchecks.registry import Practice

__all__ = ["PRACTICES"]

PRACTICES = (
    Practice(
        id="lab04-train",
        title="A training loop with Adam",
        points=20,
        names=("train",),
        question=("optimizer", "train"),
        judge=judge_training,
        visible=lambda: training_cases(random.Random(41)),
        hidden=lambda rng: as_hidden(training_cases(rng)),
    ),
    R_SQUARED,
    Practice.network(
        "lab04-hidden-net", title="A network with one hidden layer", points=10, seed=43
    ),
)
