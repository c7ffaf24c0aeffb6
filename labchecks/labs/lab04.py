"""Practices of Lab 4: several features, a training loop with Adam, R²."""

from labchecks import Practice
from labchecks.labs.lab04_features import FEATURES
from labchecks.labs.lab04_formulas import R_SQUARED

PRACTICES = (
    FEATURES,
    Practice.optimizer("lab04-train", title="A training loop with Adam", points=20),
    R_SQUARED,
)
