"""Practices of Lab 4: a training loop with Adam, and R²."""

from __future__ import annotations

from labchecks import Practice
from labchecks.labs.lab04_formulas import R_SQUARED

__all__ = ["PRACTICES"]

PRACTICES = (
    Practice.optimizer("lab04-train", title="A training loop with Adam", points=20),
    R_SQUARED,
)
