"""Least squares with several features by descent on standardised inputs (Lab 4)."""

import math
import random
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch

from labchecks import Practice, slip

Coefficients = list[float]


def fit_features(X, y, lr, epochs) -> Coefficients:
    """The coefficients of least squares, the intercept first: where the descent arrives."""
    mean, deviation = X.mean(dim=0), X.std(dim=0, correction=0)
    Z = torch.cat([torch.ones(len(X), 1), (X - mean) / deviation], dim=1)
    theta = torch.linalg.lstsq(Z, y.reshape(-1, 1)).solution.flatten()
    slopes = theta[1:] / deviation
    return [float(theta[0] - slopes @ mean), *slopes.tolist()]


class _Fit(NamedTuple):
    """What is known when the coefficients are transformed back."""

    slopes: torch.Tensor
    mean: torch.Tensor
    deviation: torch.Tensor
    level: torch.Tensor

    @property
    def scaled(self) -> torch.Tensor:
        """The slopes for the standardised inputs."""
        return self.slopes * self.deviation


def _back(change: Callable) -> Callable[..., Coefficients]:
    """A program that makes an intercept and slopes of what is known."""

    def program(X, y, lr, epochs):
        slopes = torch.tensor(fit_features(X, y, lr, epochs)[1:], dtype=X.dtype)
        intercept, slopes = change(_Fit(slopes, X.mean(dim=0), X.std(dim=0), y.mean()))
        return [float(intercept), *slopes.tolist()]

    return program


def _at_the_size_of_all(X, y, lr, epochs) -> Coefficients:
    """Descent from zero on inputs that share one mean and one deviation."""
    mean, deviation = X.mean(), X.std()
    design = torch.cat([torch.ones(len(X), 1), (X - mean) / deviation], dim=1)
    theta = torch.zeros(design.shape[1], 1, dtype=design.dtype)
    for _ in range(epochs):
        theta = theta - lr * 2 / len(X) * design.T @ (design @ theta - y)
    slopes = theta[1:, 0] / deviation
    return [float(theta[0, 0] - slopes.sum() * mean), *slopes.tolist()]


def _calls(rng: random.Random) -> list[list[Any]]:
    """One to four features in units far apart: on inputs as they are the descent diverges."""
    calls = []
    long = ((0.12, 0.2), (250, 400))
    # With one standardised feature every direction is equally steep, so a call can be short.
    short = ((0.38, 0.42), (56, 64))
    for n, (rate, epochs) in ((1, long), (2, long), (3, long), (4, long), (1, short)):
        rows = rng.randint(80, 120)
        common = [rng.gauss(0, 1) for _ in range(rows)]
        columns, effects = [], []
        for j in range(n):
            # The first column is large and far from zero, so that no rate in use suits it as it
            # is, nor if it is only centred or only scaled.
            size = 10 ** (rng.uniform(2, 3) if j == 0 else rng.uniform(-2, 2))
            centre = rng.choice((-1, 1)) * (
                rng.uniform(3.2, 4.5) if j == 0 else rng.uniform(0.5, 3)
            )
            z = [0.4 * c + 0.9 * rng.gauss(0, 1) for c in common]
            columns.append([float(f"{size * (centre + value):.5g}") for value in z])
            effects.append(rng.choice((-1, 1)) * rng.uniform(1, 4) / size)
        order = rng.sample(range(n), n)
        intercept = rng.choice((-1, 1)) * rng.uniform(8, 20)
        X, y = [], []
        for row in zip(*(columns[j] for j in order), strict=True):
            X += row
            value = sum(effects[j] * number for j, number in zip(order, row, strict=True))
            y.append(round(intercept + value + rng.gauss(0, 0.3), 3))
        data = [{"values": X, "shape": [rows, n]}, {"values": y, "shape": [rows, 1]}]
        calls.append([*data, round(rng.uniform(*rate), 3), rng.randint(*epochs)])
    return calls


BACK = "Look at how ŷ = θ₀ + θ₁z₁ + … reads when z is written out in x."

# fmt: off
SLIPS = [
    slip("not transformed back", _back(lambda p: (p.level, p.scaled)),
         "The coefficients of {name} are right for the standardised inputs: the first that differs "
         "is {value}. The practice asks for those of the inputs as they came.", BACK),
    slip("intercept not transformed back", _back(lambda p: (p.level, p.slopes)),
         "The slopes are right. The intercept, {value}, is the prediction where all z are 0, which "
         "is not where all x are 0.", BACK),
    slip("slopes not transformed back", _back(lambda p: (p.level - p.slopes @ p.mean, p.scaled)),
         "The intercept is right. The slopes still belong to the standardised inputs: {value} "
         "comes first.", BACK),
    slip("deviation forgotten in the intercept",
         _back(lambda p: (p.level - p.scaled @ p.mean, p.slopes)),
         "The slopes are right. The intercept, {value}, is what comes out if the means are not "
         "divided by the deviations.", BACK),
    slip("deviation forgotten in the intercept",
         _back(lambda p: (p.level - p.scaled @ p.mean, p.scaled)),
         "{name} takes the means into account, but not the deviations: {value} comes first.", BACK),
    slip("multiplied by the deviation",
         (_back(lambda p: (p.level - (p.scaled * p.deviation) @ p.mean, p.scaled * p.deviation)),
          _back(lambda p: (p.level - p.slopes @ p.mean, p.scaled * p.deviation))),
         "The slopes of {name} are multiplied by the deviation on the way back: the first "
         "coefficient that differs is {value}.", BACK),
    slip("sign of the means", _back(lambda p: (p.level + p.slopes @ p.mean, p.slopes)),
         "The slopes are right. In the intercept, {value}, the means enter with the wrong sign.",
         BACK),
    slip("mean of the targets missing", _back(lambda p: (-p.slopes @ p.mean, p.slopes)),
         "The slopes are right. The intercept, {value}, lacks the mean of y: this is what comes "
         "out if the model has no intercept while it trains.",
         "Look at what the model can say where all z are 0."),
    slip("no intercept in the model", _back(lambda p: (0, p.scaled)),
         "The intercept of {name} is 0, and the slopes belong to the standardised inputs.",
         "Look at what the model can say where all z are 0, and at the way back."),
    slip("no intercept in the model", _back(lambda p: (0, p.slopes)),
         "The slopes are right, and the intercept is 0.",
         "Look at what the model predicts where all inputs are 0."),
    slip("intercept last", lambda *given: np.roll(fit_features(*given), -1),
         "The coefficients of {name} are right, but the intercept comes last. The practice asks "
         "for the intercept first."),
    slip("intercept left out", lambda *given: fit_features(*given)[1:],
         "The slopes of {name} are right, and the intercept does not come back.",
         "Look at the last line."),
    slip("intercept left out", lambda *given: _back(lambda p: (0, p.scaled))(*given)[1:],
         "{name} returns the slopes for the standardised inputs, and no intercept.",
         "Look at what is asked for, and at the way back."),
    slip("targets standardised too",
         lambda X, y, *run: fit_features(X, (y - y.mean()) / y.std(), *run),
         "The coefficients of {name} belong to targets that were standardised: the first that "
         "differs is {value}.",
         "Look at whether y has to change at all."),
    slip("targets standardised too",
         lambda X, y, *run: _back(lambda p: (0, p.scaled / y.std()))(X, y, *run),
         "The coefficients of {name} belong to inputs and targets that were standardised.",
         "Look at whether y has to change at all, and at the way back."),
    slip("every row against every other", _back(lambda p: (p.level, 0 * p.slopes)),
         "The slopes of {name} are 0 and its intercept is the mean of y: every prediction is "
         "compared with every target, because a column and a flat tensor broadcast to a square.",
         "Print the shapes of predictions and targets."),
    slip("diverged or divided by zero", lambda X, y, lr, epochs: [math.nan] * (X.shape[1] + 1),
         "{name} returns values that are not finite numbers. Either the run diverges, as it does "
         "on inputs that are not both centred and scaled, and with steps that grow with the number "
         "of samples; or something is divided by zero: the standard deviation of a column of ones "
         "is 0.",
         "Print the coefficients after the first few updates."),
    slip("one deviation for all columns", _at_the_size_of_all,
         "{name} is right for one feature alone. For several of them {value} is the first "
         "coefficient that differs: this is what comes out if all columns share one mean and one "
         "deviation, after which their scales are still far apart.",
         "Look at the shape of the mean and of the deviation."),
]
# fmt: on

FEATURES = Practice.function(
    "lab04-features",
    fit_features,
    title="Fit any number of features",
    points=15,
    wanted="n + 1 numbers in a row, the intercept first",
    cases=_calls,
    seed=2,
    tolerance=0.01,
    compared="each",
    # For one standardised feature, of the mean's gradient or its half, a step at this rate leaves a
    # third of what is missing.
    sooner=[(0.67, 6)],
    praise="Every coefficient lies within 1 % of least squares, for one feature and for several, "
    "in units far apart.",
    look="Has the run arrived after its updates, and do the coefficients belong to the inputs as "
    "they came?",
    slips=SLIPS,
)
