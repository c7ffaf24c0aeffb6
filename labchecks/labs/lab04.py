"""Practices of Lab 4: several features, a training loop with Adam, R²."""

import random
from typing import Any

import torch

from labchecks import Practice, slip
from labchecks.labs.lab04_features import FEATURES


def _squares(a: torch.Tensor) -> torch.Tensor:
    return (a**2).sum()


def _centred(a: torch.Tensor) -> torch.Tensor:
    return a - a.mean()


def r_squared(y_true: torch.Tensor, y_pred: torch.Tensor) -> torch.Tensor:
    """The share of the targets' spread that the predictions explain."""
    return 1 - _squares(y_true - y_pred) / _squares(_centred(y_true))


def _correlation(t: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
    return torch.corrcoef(torch.stack([t.flatten(), p.flatten()]))[0, 1]


def _calls(rng: random.Random) -> list[list[Any]]:
    """Targets with a good, a biased and a hopeless prediction (R² below zero)."""
    calls = []
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
        both = [[round(value, 3) for value in values] for values in (target, guess)]
        form = {"shape": [n, 1] if column else [n]}
        form["dtype"] = "float64" if kind == "biased" else "float32"
        calls.append([{"values": values, **form} for values in both])
    return calls


# fmt: off
SLIPS = [
    slip("targets and predictions swapped", lambda t, p: r_squared(p, t),
         ": there the spread of the predictions stands where that of the targets belongs. Look at "
         "which argument is which."),
    slip("targets not centred", lambda t, p: 1 - _squares(t - p) / _squares(t),
         ": the targets are squared without their mean being subtracted, which makes every model "
         "look good."),
    slip("centred at the predictions' mean",
         lambda t, p: 1 - _squares(t - p) / _squares(t - p.mean()),
         ": the spread of the targets is measured from the mean of the predictions. Look at whose "
         "mean it is."),
    slip("correlation", _correlation,
         ": that is the correlation, which does not see a shift or a wrong scale."),
    slip("correlation squared", lambda t, p: _correlation(t, p) ** 2,
         ": that is the squared correlation, which does not see a shift or a wrong scale of the "
         "predictions."),
    slip("adjusted R²", lambda t, p: 1 - (1 - r_squared(t, p)) * (len(t) - 1) / (len(t) - 2),
         ": that is the adjusted R², which also counts parameters."),
    slip("one minus left out", lambda t, p: _squares(t - p) / _squares(_centred(t)),
         ": that is the share that is not explained. Look at what a perfect prediction should "
         "give."),
    slip("fraction upside down", lambda t, p: 1 - _squares(_centred(t)) / _squares(t - p),
         ": the fraction is upside down. Look at which part stands below."),
    slip("sign turned round", lambda t, p: _squares(t - p) / _squares(_centred(t)) - 1,
         ": the sign is reversed. Look at what a perfect prediction should give."),
    slip("explained spread",
         (lambda t, p: _squares(p - t.mean()) / _squares(_centred(t)),
          lambda t, p: p.var() / t.var()),
         ": that is the spread of the predictions relative to that of the targets, equal to R² for "
         "a least-squares fit only."),
    slip("variance of the errors", lambda t, p: 1 - (t - p).var() / t.var(),
         ": the errors' mean is subtracted first, so a shift of all predictions does not count. "
         "Look at the upper part of the fraction."),
    slip("mean over sum", lambda t, p: 1 - ((t - p) ** 2).mean() / _squares(_centred(t)),
         ": a mean is divided by a sum. Look at both parts of the fraction."),
    slip("sum over mean", lambda t, p: 1 - _squares(t - p) / _centred(t).pow(2).mean(),
         ": a sum is divided by a mean. Look at both parts of the fraction."),
    slip("sum over mean", lambda t, p: 1 - _squares(t - p) / t.var(),
         ": a sum is divided by a variance. Look at both parts of the fraction."),
    slip("N and N − 1 mixed", lambda t, p: 1 - ((t - p) ** 2).mean() / t.var(),
         ": one part of the fraction is divided by N, the other by N − 1 (`var()` and `std()` do "
         "that)."),
    slip("absolute errors", lambda t, p: 1 - (t - p).abs().sum() / _centred(t).abs().sum(),
         ": that is made of absolute errors. Look at how an error enters."),
    slip("root", lambda t, p: 1 - (_squares(t - p) / _squares(_centred(t))).sqrt(),
         ": that is made of roots. Look at both parts of the fraction."),
    slip("in per cent", lambda t, p: 100 * r_squared(t, p),
         ": that is in per cent, and 1 is asked for a perfect prediction."),
    slip("not below zero", lambda t, p: r_squared(t, p).clamp(min=0),
         "{name} gives {value} where the predictions are worse than the mean of the targets: a "
         "negative value is right there, and it is cut off."),
    slip("not below zero", lambda t, p: r_squared(t, p).abs(),
         "{name} gives {value} where the predictions are worse than the mean of the targets: R² is "
         "negative there, and its sign is lost."),
    slip("mean squared error", lambda t, p: ((t - p) ** 2).mean(),
         ": that is the mean squared error itself."),
    slip("every row against every other",
         (lambda t, p: 1 - _squares(t.reshape(-1, 1) - p.flatten()) / _squares(_centred(t)),
          lambda t, p: 1 - _squares(t - p.flatten()) / _squares(_centred(t))),
         ": every target is compared with every prediction, because a column and a flat tensor "
         "broadcast to a square. Look at the two shapes."),
]
# fmt: on

R_SQUARED = Practice.function(
    "lab04-r-squared",
    r_squared,
    title="R², the right way round",
    points=10,
    seed=42,
    cases=_calls,
    praise="`r_squared` is right for good predictions, for biased ones and for some worse than the "
    "mean.",
    slips=SLIPS,
)

PRACTICES = (
    FEATURES,
    Practice.optimizer("lab04-train", title="A training loop with Adam", points=20),
    R_SQUARED,
)
