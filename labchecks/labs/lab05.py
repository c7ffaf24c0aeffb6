"""Practices of Lab 5: model, loss, batch and mini-batch descent written from scratch."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any

from labchecks import Curve, Practice
from labchecks.engine.run import points_of
from labchecks.hidden_cases import as_hidden
from labchecks.judges.training import judge_logs
from labchecks.labs.lab05_formulas import LOSS_FUNC, MODEL

__all__ = ["PRACTICES"]

LAB_DATA = ("wide_line", 1)


# Data that a training function is tried on ----------------------------------------------------


def _line(rng: random.Random, n: int, noise: float) -> dict[str, list[float]]:
    """Points about a line whose two curvatures are neither alike nor far apart."""
    centre = rng.choice((-1, 1)) * rng.uniform(0.5, 1.2)
    slope = rng.choice((-1, 1)) * rng.uniform(2.0, 6.0)
    level = rng.choice((-1, 1)) * rng.uniform(4.0, 9.0)
    # Evenly spread with a little jitter: no draw gives a row that dominates all others.
    x = [centre + 3.0 * ((i + 0.5) / n - 0.5) + rng.uniform(-0.3, 0.3) / n for i in range(n)]
    rng.shuffle(x)
    y = [slope * v + level + noise * rng.gauss(0, 1) for v in x]
    return {"x": [round(v, 3) for v in x], "y": [round(v, 3) for v in y]}


def _few_rows(rng: random.Random, n: int) -> dict[str, list[float]]:
    """A few rows, none of them between two others in y: even the best line misses each."""
    x = [rng.uniform(-1.6, -1.0), rng.uniform(0.8, 1.4), rng.uniform(-0.2, 0.3)][:n]
    x += [rng.uniform(1.6, 2.0)] * (n - len(x))
    y = [rng.choice((-1, 1)) * rng.uniform(2.0, 4.0) + sign * 3 for sign in (1, 0.8, -1, 0.3)[:n]]
    return {"x": [round(v, 3) for v in x], "y": [round(v, 3) for v in y]}


def _limit(case: Mapping[str, Any]) -> float:
    """The rate below which no row alone, and so no batch, enlarges its own error."""
    return 1 / (max(v * v for v in case["x"]) + 1)


def _batch_limit(case: Mapping[str, Any]) -> float:
    """2/λ₂: the rate below which batch descent converges."""
    mean = sum(case["x"]) / len(case["x"])
    square = sum(v * v for v in case["x"]) / len(case["x"])
    return 2 / (square + 1 + math.sqrt((square - 1) ** 2 + 4 * mean * mean))


def _rate(rng: random.Random, limit: float, low: float, high: float) -> float:
    return float(f"{rng.uniform(low, high) * limit:.3g}")


def _lab_case(seed: int, **asked: object) -> dict[str, Any]:
    points = points_of(*LAB_DATA)
    x, y = ([round(float(v), 6) for v in values] for values in (points.x, points.y))
    return {"x": x, "y": y, "seed": seed, "lab": True, **asked}


# fit_GD ---------------------------------------------------------------------------------------


def _gd_cases(rng: random.Random, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """For each size a data set, a run at one rate and one from the same start at another."""
    cases = []
    for n in sizes:
        data = _line(rng, n, noise=rng.uniform(0.2, 0.5))
        seed = rng.randrange(1_000_000)
        # Away from half the limit: there the error along the steep direction is gone at once.
        rates = (
            _rate(rng, _batch_limit(data), 0.15, 0.35),
            _rate(rng, _batch_limit(data), 0.65, 0.8),
        )
        # The slow run is long, so that a rate that is lowered on the way is seen.
        epochs = (rng.randint(28, 40), rng.randint(9, 18))
        cases += [
            {**data, "seed": seed, "lr": lr, "num_epochs": k}
            for lr, k in zip(rates, epochs, strict=True)
        ]
    return cases


def fit_gd() -> Practice:
    """`fit_GD`: batch descent from a random start."""

    def visible() -> list[dict[str, Any]]:
        return [_lab_case(11, lr=0.01, num_epochs=20), *_gd_cases(random.Random(5), [12])]

    def hidden(rng: random.Random) -> list[dict[str, Any]]:
        return as_hidden(_gd_cases(rng, [rng.randint(8, 15), rng.randint(20, 40)]))

    return Practice(
        id="lab05-fit-gd",
        title="Batch gradient descent",
        points=30,
        names=("fit_GD",),
        question=("training", "fit_GD"),
        judge=lambda cases, answers: judge_logs("fit_GD", cases, answers, LAB_DATA),
        visible=visible,
        hidden=hidden,
    )


# fit_BGD --------------------------------------------------------------------------------------


def _bgd_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Cases that together tell a right mini-batch descent, shuffled or not (see `free_start`)."""

    def case(data, size: int, epochs: int, low: float, high: float) -> dict[str, Any]:
        lr = _rate(rng, _limit(data), low, high)
        seed = rng.randrange(1_000_000)
        return {**data, "seed": seed, "lr": lr, "num_epochs": epochs, "batch_size": size}

    one_batch = _line(rng, rng.randint(6, 9), 0.4)
    single = _line(rng, 1, 0.4)
    alike = {name: values * 7 for name, values in single.items()}
    # Two of three rows are alike: three batches in an epoch, and yet few orders to try.
    two_alike = _few_rows(rng, 2)
    two_alike = {name: [*values, values[0]] for name, values in two_alike.items()}
    # (rows, batch size) where the last batch is short and dealing evenly would be possible too.
    rows, size = rng.choice(((24, 7), (36, 10), (40, 9), (42, 8), (30, 8)))
    return [
        # Long, so that a rate that is lowered on the way is seen, shuffled or not.
        case(one_batch, len(one_batch["x"]) + rng.randint(1, 5), rng.randint(28, 36), 0.15, 0.4),
        case(alike, 3, rng.randint(5, 6), 0.02, 0.06),
        case(_few_rows(rng, 3), 2, 7, 0.25, 0.6),
        case(_few_rows(rng, 4), 3, 6, 0.25, 0.6),
        case(two_alike, 1, 7, 0.1, 0.25),
        case(_line(rng, rows, 0.5), size, rng.randint(8, 13), 0.25, 0.5),
        case(_line(rng, 11, 0.5), 1, rng.randint(7, 9), 0.1, 0.25),
    ]


def fit_bgd() -> Practice:
    """`fit_BGD`: mini-batch descent from a random start."""

    def visible() -> list[dict[str, Any]]:
        lab = _lab_case(12, lr=0.004, num_epochs=10, batch_size=32)
        return [lab, *_bgd_cases(random.Random(6))]

    return Practice(
        id="lab05-fit-bgd",
        title="Descent in mini-batches",
        points=30,
        names=("fit_BGD",),
        question=("training", "fit_BGD"),
        judge=lambda cases, answers: judge_logs("fit_BGD", cases, answers, LAB_DATA),
        visible=visible,
        hidden=lambda rng: as_hidden(_bgd_cases(rng)),
    )


# The other practices --------------------------------------------------------------------------


def _plot(id_: str, title: str, letters: str) -> Practice:
    held = f"LOSS_{letters}"
    return Practice.figure(
        id_,
        title=title,
        points=5,
        data=LAB_DATA[0],
        axes=f"ax_{letters}",
        praise=f"`ax_{letters}` shows the losses of `{held}`, with labels and a title.",
        curves=[Curve(held, f"`{held}`")],
    )


PRACTICES = (
    MODEL,
    LOSS_FUNC,
    fit_gd(),
    _plot("lab05-plot-gd", "The losses of batch descent", "GD"),
    fit_bgd(),
    _plot("lab05-plot-bgd", "The losses of mini-batch descent", "BGD"),
    Practice("lab05-discussion", "When to use mini-batches", 10, (), manual=True),
)
