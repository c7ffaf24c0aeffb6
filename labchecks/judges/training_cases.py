"""Data that a training function is tried on: what each case can tell, see `judges.training`."""

import math
import random
from collections.abc import Sequence
from typing import Any

Data = dict[str, list[float]]


def _line(rng: random.Random, n: int, noise: float) -> Data:
    """Points about a line whose two curvatures are neither alike nor far apart."""
    centre, slope, level = (
        rng.choice((-1, 1)) * rng.uniform(low, high) for low, high in ((0.5, 1.2), (2, 6), (4, 9))
    )
    # Evenly spread with a little jitter: no draw gives a row that dominates all others.
    x = [centre + 3.0 * ((i + 0.5) / n - 0.5) + rng.uniform(-0.3, 0.3) / n for i in range(n)]
    rng.shuffle(x)
    y = [slope * v + level + noise * rng.gauss(0, 1) for v in x]
    return {"x": [round(v, 3) for v in x], "y": [round(v, 3) for v in y]}


def _few_rows(rng: random.Random, n: int) -> Data:
    """A few rows, none of them between two others in y: even the best line misses each."""
    x = [rng.uniform(-1.6, -1.0), rng.uniform(0.8, 1.4), rng.uniform(-0.2, 0.3)][:n]
    x += [rng.uniform(1.6, 2.0)] * (n - len(x))
    y = [rng.choice((-1, 1)) * rng.uniform(2.0, 4.0) + sign * 3 for sign in (1, 0.8, -1, 0.3)[:n]]
    return {"x": [round(v, 3) for v in x], "y": [round(v, 3) for v in y]}


def _batch_limit(data: Data) -> float:
    """2/λ₂: the rate below which batch descent converges."""
    n = len(data["x"])
    mean, square = sum(data["x"]) / n, sum(v * v for v in data["x"]) / n
    return 2 / (square + 1 + math.sqrt((square - 1) ** 2 + 4 * mean * mean))


def _rate(rng: random.Random, limit: float, low: float, high: float) -> float:
    return float(f"{rng.uniform(low, high) * limit:.3g}")


def batch_cases(rng: random.Random, sizes: Sequence[int]) -> list[dict[str, Any]]:
    """For each size a data set, a run at one rate and one from the same start at another."""
    cases = []
    for n in sizes:
        data = _line(rng, n, noise=rng.uniform(0.2, 0.5))
        seed = rng.randrange(1_000_000)
        # Away from half the limit: there the error along the steep direction is gone at once.
        shares = ((0.15, 0.35), (0.65, 0.8))
        rates = [_rate(rng, _batch_limit(data), *share) for share in shares]
        # The slow run is long, so that a rate that is lowered on the way is seen.
        for lr, epochs in zip(rates, ((28, 40), (9, 18)), strict=True):
            cases.append({**data, "seed": seed, "lr": lr, "num_epochs": rng.randint(*epochs)})
    return cases


def mini_batch_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Cases that together tell a right mini-batch descent, shuffled or not."""

    def case(data: Data, size: int, epochs: int, low: float, high: float) -> dict[str, Any]:
        # Below this rate no row alone, and so no batch, enlarges its own error.
        lr = _rate(rng, 1 / (max(v * v for v in data["x"]) + 1), low, high)
        seed = rng.randrange(1_000_000)
        return {**data, "seed": seed, "lr": lr, "num_epochs": epochs, "batch_size": size}

    one_batch = _line(rng, rng.randint(6, 9), 0.4)
    alike = {name: values * 7 for name, values in _line(rng, 1, 0.4).items()}
    # Two of three rows are alike: three batches in an epoch, and yet few orders to try.
    two_alike = {name: [*values, values[0]] for name, values in _few_rows(rng, 2).items()}
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
