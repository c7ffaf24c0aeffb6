"""Practices of Lab 1: the gradient, a run at rate 0.2, two runs in a figure, the largest rate."""

import random
from typing import Any

import torch

from labchecks import Curve, Practice, slip
from labchecks.labs.lab01_gradient import GRADIENT

START = (-15.0, -10.0)
RATES = (0.1, 0.2, 0.25, 0.3, 0.34)

#: The 15 losses at rate 0.2, each before its update.
RATE_02 = Practice.losses(
    "lab01-rate-02",
    title="Train at rate 0.2",
    points=10,
    data="gentle_line",
    name="LOSS2",
    rate=0.2,
    epochs=15,
    start=START,
    rate_before=(0.1, "where the run at rate 0.1 ended"),
    other_rates=RATES,
    other_data=("steep_line", "wide_line"),
)


COMPARE_PLOT = Practice.figure(
    "lab01-compare-plot",
    title="Compare two rates in a figure",
    points=5,
    data="gentle_line",
    step="iteration",
    praise="Both curves are there, the axes are labelled and the legend names both.",
    curves=[
        Curve(
            held,
            {"rate": rate, "epochs": 15, "start": START},
            marks=(rf"(?<!\d)0?\.{rate * 10:g}(?!\d)", rf"\bloss ?{number}\b"),
        )
        for held, rate, number in (("LOSS", 0.1, ""), ("LOSS2", 0.2, "2"))
    ],
)


def _curvatures(x: torch.Tensor) -> torch.Tensor:
    """The eigenvalues of the loss's Hessian for these inputs, the smaller one first."""
    inputs = torch.cat([x, torch.ones_like(x)], dim=1)
    return torch.linalg.eigvalsh(2 / len(x) * inputs.T @ inputs)


def largest_rate(x: torch.Tensor) -> torch.Tensor:
    """The rate below which batch descent on a line converges, for inputs of shape (N, 1)."""
    return 2 / _curvatures(x)[1]


def _inputs(rng: random.Random) -> list[list[Any]]:
    """Inputs about zero and away from it, in few rows and in many."""
    calls = []
    for centre, spread in ((0.0, 2.0), (0.0, 1.4), (1.6, 1.0), (-1.0, 1.6)):
        n, centre = rng.randint(8, 60), centre * rng.uniform(0.7, 1.3)
        values = [round(rng.gauss(centre, spread * rng.uniform(0.8, 1.2)), 3) for _ in range(n)]
        calls.append([{"values": values, "shape": [n, 1]}])
    return calls


ABOUT_ONE_STEP = "Look at which factor 1 − η·λ is the last one before the error grows."
WHICH_DIRECTION = "Look at which direction sets the limit."
READ_OFF = (
    "{name} gives {value} for any data. That is a number read off the runs, or the limit for the "
    "lab's own points alone. Look at whether it follows from the `x` that is given."
)

# fmt: off
SLIPS = [
    slip("1/λ₂", lambda x: 1 / _curvatures(x)[1],
         ": with that rate the error along the steepest direction is gone in one step, and a "
         "larger rate still converges.", ABOUT_ONE_STEP),
    slip("fastest rate", lambda x: 2 / _curvatures(x).sum(),
         ": that is the rate that converges fastest, and a larger one still converges.",
         ABOUT_ONE_STEP),
    slip("2/λ₁", lambda x: 2 / _curvatures(x)[0],
         ": at that rate the error along the shallow direction just keeps its size, but along the "
         "steep one it grows.", WHICH_DIRECTION),
    slip("1/λ₁", lambda x: 1 / _curvatures(x)[0],
         ": at that rate the error along the shallow direction is gone in one step, but along the "
         "steep one it grows.", WHICH_DIRECTION),
    slip("Hessian without its factor 2", lambda x: 4 / _curvatures(x)[1],
         ", twice too large: a matrix without the factor 2 of the second derivative gives this.",
         "Look at the formula of H."),
    slip("sum instead of mean", lambda x: 2 / _curvatures(x)[1] / len(x),
         ", too small by the number of points: a matrix of sums in place of means gives this.",
         "Look at the formula of H."),
    slip("mean of x neglected", lambda x: min(1.0, float(1 / (x**2).mean())),
         ": that is right where the mean of x is zero, and there alone.",
         "Look at the entries of H off its diagonal."),
    slip("mean of x neglected", lambda x: 1 / (x**2).mean(),
         ": that is right where the mean of x is zero and the mean of x² is above 1, and there "
         "alone.",
         "Look at all four entries of H."),
    slip("condition number", lambda x: _curvatures(x)[1] / _curvatures(x)[0],
         ": that is the condition number, not a rate."),
    slip("eigenvalue",
         (lambda x: _curvatures(x)[0], lambda x: _curvatures(x)[0] / 2, lambda x: _curvatures(x)[1],
          lambda x: _curvatures(x)[1] / 2),
         ": that is a curvature, an eigenvalue of H, not yet a rate.",
         "Solve the rule for the factor for η."),
    slip("eigenvalue", _curvatures, "{name} gives both curvatures.", WHICH_DIRECTION),
    slip("both directions", lambda x: 2 / _curvatures(x),
         "{name} gives one rate for each direction.", WHICH_DIRECTION),
    slip("one-sample limit", (lambda x: 1 / (x**2).max(), lambda x: 1 / ((x**2).max() + 1)),
         ": that is a limit for updates with one point at a time, set by the largest x. In batch "
         "descent all points act together, through their means, and a larger rate still "
         "converges."),
    slip("largest rate tried", 0.3, READ_OFF),
    slip("smallest rate that diverged", 0.34, READ_OFF),
    slip("knows the lab's data only", 0.333, READ_OFF),
    slip("not a rate", lambda x: -2 / _curvatures(x)[1],
         ", and a learning rate is a positive number."),
    slip("not a rate", 0.0, "{name} gives zero, and a learning rate is a positive number."),
]
# fmt: on

LARGEST_RATE = Practice.function(
    "lab01-largest-rate",
    largest_rate,
    title="The largest rate that converges",
    points=5,
    cases=_inputs,
    seed=7,
    tolerance=0.005,
    praise="At the rate that it returns the error along the steepest direction just keeps its "
    "size: smaller rates converge.",
    look="Look at how far the factor of the steepest direction may go.",
    slips=SLIPS,
)


PRACTICES = (GRADIENT, RATE_02, COMPARE_PLOT, LARGEST_RATE)
