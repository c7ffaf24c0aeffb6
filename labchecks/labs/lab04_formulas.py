"""The formula of R² (Lab 4), and what each known mistake makes of it."""

from __future__ import annotations

import random
from typing import Any

import torch

from labchecks.judges.function import TensorFunction

__all__ = ["R_SQUARED", "r_squared_cases"]


def _squares(a: torch.Tensor) -> torch.Tensor:
    return (a**2).sum()


def _centred(a: torch.Tensor) -> torch.Tensor:
    return a - a.mean()


def _right(t: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    return 1 - _squares(t - p) / _squares(_centred(t))


def _correlation(t: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    t, p = _centred(t).flatten(), _centred(p).flatten()
    return (t @ p) / (_squares(t) * _squares(p)).sqrt()


def _adjusted(t: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    n = len(t)
    return 1 - (1 - _right(t, p)) * (n - 1) / (n - 2)


def _against_all(t: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    return 1 - _squares(t.flatten()[:, None] - p.flatten()[None, :]) / _squares(_centred(t))


def r_squared_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Targets with a good, a biased and a hopeless prediction (R² below zero)."""
    cases = []
    kinds = (("good", True), ("biased", True), ("hopeless", False), ("good", False))
    for kind, column in kinds:
        n = rng.randint(8, 30)
        level = rng.choice((-1, 1)) * rng.uniform(3, 6)
        target = [level + rng.gauss(0, 2) for _ in range(n)]
        slope, shift, spread = {
            "good": (rng.uniform(0.75, 0.9), 0.2, 0.5),
            "biased": (rng.uniform(0.6, 0.8), rng.uniform(0.8, 1.2), 0.6),
            "hopeless": (-0.4, 1.0, 1.0),
        }[kind]
        guess = [level + slope * (t - level) + shift + rng.gauss(0, spread) for t in target]
        shape = [n, 1] if column else [n]
        dtype = "float64" if kind == "biased" else "float32"
        cases.append(
            {
                "arguments": [
                    {
                        "values": [round(v, 3) for v in values],
                        "shape": shape,
                        "grad": False,
                        "dtype": dtype,
                    }
                    for values in (target, guess)
                ]
            }
        )
    return cases


R_SQUARED = TensorFunction(
    name="r_squared",
    arguments=("y_true", "y_pred"),
    right=_right,
    scalar=True,
    praise="`r_squared` is right for good predictions, for biased ones and for some worse than the "
    "mean.",
    known=(
        (
            "arguments swapped",
            lambda t, p: _right(p, t),
            "{name} gives {value}: there the spread of the predictions stands where that of the "
            "targets belongs. Look at which argument is which.",
        ),
        (
            "targets not centred",
            lambda t, p: 1 - _squares(t - p) / _squares(t),
            "{name} gives {value}: the targets are squared without their mean being taken off, "
            "which makes every model look good.",
        ),
        (
            "centred at the predictions' mean",
            lambda t, p: 1 - _squares(t - p) / _squares(t - p.mean()),
            "{name} gives {value}: the spread of the targets is measured from the mean of the "
            "predictions. Look at whose mean it is.",
        ),
        (
            "correlation",
            _correlation,
            "{name} gives {value}: that is the correlation, which does not see a shift or a wrong "
            "scale.",
        ),
        (
            "correlation squared",
            lambda t, p: _correlation(t, p) ** 2,
            "{name} gives {value}: that is the squared correlation, which does not see a shift or "
            "a wrong scale of the predictions.",
        ),
        (
            "adjusted R²",
            _adjusted,
            "{name} gives {value}: that is the adjusted R², which also counts parameters.",
        ),
        (
            "one minus left out",
            lambda t, p: _squares(t - p) / _squares(_centred(t)),
            "{name} gives {value}: that is the share that is not explained. Look at what a perfect "
            "prediction should give.",
        ),
        (
            "fraction upside down",
            lambda t, p: 1 - _squares(_centred(t)) / _squares(t - p),
            "{name} gives {value}: the fraction is upside down. Look at which part stands below.",
        ),
        (
            "sign turned round",
            lambda t, p: _squares(t - p) / _squares(_centred(t)) - 1,
            "{name} gives {value}: the sign is turned round. Look at what a perfect prediction "
            "should give.",
        ),
        (
            "explained spread",
            lambda t, p: _squares(p - t.mean()) / _squares(_centred(t)),
            "{name} gives {value}: that is the spread of the predictions relative to that of the "
            "targets, equal to R² for a least-squares fit only.",
        ),
        (
            "explained spread",
            lambda t, p: p.var() / t.var(),
            "{name} gives {value}: that is the spread of the predictions relative to that of the "
            "targets, equal to R² for a least-squares fit only.",
        ),
        (
            "variance of the errors",
            lambda t, p: 1 - (t - p).var() / t.var(),
            "{name} gives {value}: the errors' mean is taken off first, so a shift of all "
            "predictions does not count. Look at the upper part of the fraction.",
        ),
        (
            "mean over sum",
            lambda t, p: 1 - ((t - p) ** 2).mean() / _squares(_centred(t)),
            "{name} gives {value}: a mean is divided by a sum. Look at both parts of the fraction.",
        ),
        (
            "sum over mean",
            lambda t, p: 1 - _squares(t - p) / _centred(t).pow(2).mean(),
            "{name} gives {value}: a sum is divided by a mean. Look at both parts of the fraction.",
        ),
        (
            "sum over mean",
            lambda t, p: 1 - _squares(t - p) / t.var(),
            "{name} gives {value}: a sum is divided by a variance. Look at both parts of the "
            "fraction.",
        ),
        (
            "N and N − 1 mixed",
            lambda t, p: 1 - ((t - p) ** 2).mean() / t.var(),
            "{name} gives {value}: one part of the fraction is divided by N, the other by N − 1 "
            "(`var()` and `std()` do that).",
        ),
        (
            "absolute errors",
            lambda t, p: 1 - (t - p).abs().sum() / _centred(t).abs().sum(),
            "{name} gives {value}: that is made of absolute errors. Look at how an error enters.",
        ),
        (
            "root",
            lambda t, p: 1 - (_squares(t - p) / _squares(_centred(t))).sqrt(),
            "{name} gives {value}: that is made of roots. Look at both parts of the fraction.",
        ),
        (
            "in per cent",
            lambda t, p: 100 * _right(t, p),
            "{name} gives {value}: that is in per cent, and 1 is asked for a perfect prediction.",
        ),
        (
            "not below zero",
            lambda t, p: _right(t, p).clamp(min=0),
            "{name} gives {value} where the predictions are worse than the mean of the targets: a "
            "negative value is right there, and it is cut off.",
        ),
        (
            "not below zero",
            lambda t, p: _right(t, p).abs(),
            "{name} gives {value} where the predictions are worse than the mean of the targets: "
            "R² is negative there, and its sign is lost.",
        ),
        (
            "mean squared error",
            lambda t, p: ((t - p) ** 2).mean(),
            "{name} gives {value}: that is the mean squared error itself.",
        ),
        (
            "every row against every other",
            _against_all,
            "{name} gives {value}: every target is compared with every prediction, because a "
            "column and a flat tensor broadcast to a square. Look at the two shapes.",
        ),
        (
            "every row against every other",
            lambda t, p: 1 - _squares(t - p.flatten()) / _squares(_centred(t)),
            "{name} gives {value}: every target is compared with every prediction, because a "
            "column and a flat tensor broadcast to a square. Look at the two shapes.",
        ),
    ),
)
