"""Practices of Lab 4: several features, a loop with Adam, R², a network with a hidden layer."""

from __future__ import annotations

from labchecks import Practice
from labchecks.labs.lab04_features import FEATURES
from labchecks.labs.lab04_formulas import R_SQUARED

__all__ = ["PRACTICES"]

PRACTICES = (
    FEATURES,
    Practice.optimizer("lab04-train", title="A training loop with Adam", points=20),
    R_SQUARED,
    Practice.network("lab04-hidden-net", title="A network with one hidden layer", points=10),
)
