"""The law of a shuffled run: its losses lie in the cloud of simulated shuffles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from labchecks.engine.run import Descent, Points, simulate_many

__all__ = ["evidence", "likelihood", "plausible", "reach"]

#: Simulated shuffles. A thousand more would widen the cloud by a few percent.
DRAWS = 200


@lru_cache(maxsize=128)
def _logs(run: Descent, points: Points, draws: int) -> np.ndarray:
    """Logarithms of the simulated losses, shape (draws, values); kept for the next answer."""
    with np.errstate(all="ignore"):
        logs = np.log(simulate_many(run, points, draws))
    return np.where(np.isnan(logs), np.inf, logs)


def reach(
    run: Descent, points: Points, draws: int = DRAWS, margin: float = 0.25
) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest logarithm of each recorded loss, widened on both sides.

    `margin` times the cloud's width, and 5 %, cover the shuffles that were not drawn.
    """
    logs = _logs(run, points, draws)
    low, high = logs.min(axis=0), logs.max(axis=0)
    with np.errstate(all="ignore"):
        more = margin * (high - low) + 0.05
    return low - np.where(np.isfinite(more), more, 0.0), high + more


def plausible(
    values: Sequence[float],
    run: Descent,
    points: Points,
    draws: int = DRAWS,
    margin: float = 0.25,
) -> tuple[bool, int]:
    """Whether shuffled `run` can have given `values`, and the first position that says no.

    Returns
    -------
    fits, position
        The position is −1 if `values` fit.
    """
    losses = np.asarray(values, dtype=float)
    low, high = reach(run, points, draws, margin)
    if len(losses) != len(low) or not np.isfinite(losses).all() or (losses <= 0).any():
        return False, 0
    logs = np.log(losses)
    with np.errstate(all="ignore"):
        off = ~((logs >= low) & (logs <= high))
    # No line has a loss below that of least squares.
    if run.measure_on == "noisy" and not run.recorded_as and run.series == "full":
        off |= losses < points.least_loss * run.recorded_scale * (1 - 1e-3)
    return (not off.any()), int(off.argmax()) if off.any() else -1


def likelihood(values: Sequence[float], run: Descent, points: Points, draws: int = DRAWS) -> float:
    """How well `values` sit in the cloud of shuffled `run`: a Gaussian log-likelihood.

    Of two clouds that both hold the values the narrower explains them better. Minus infinity where
    the values are outside the cloud.
    """
    # Most clouds are ruled out by their beginning, at a fraction of the cost.
    for part in (run.with_(epochs=2), run):
        if not plausible(values[: part.epochs], part, points, draws)[0]:
            return -np.inf
    logs = _logs(run, points, draws)
    if not np.isfinite(logs).all():
        return -np.inf
    spread = logs.std(axis=0) + 0.01
    off = (np.log(np.asarray(values, dtype=float)) - logs.mean(axis=0)) / spread
    return float(-0.5 * (off**2).sum() - np.log(spread).sum())


#: Simulated shuffles for :func:`evidence`, which needs their covariance too.
MANY = 480

#: Squared distance from a cloud, in standard deviations, beyond which losses are not of that run.
FAR = 80.0


def evidence(values: Sequence[float], run: Descent, points: Points, farthest: float = FAR) -> float:
    """How well `values` fit shuffled `run`: the logarithm of a density, up to a constant.

    Unlike :func:`likelihood` it knows how the losses of one run hang together: an early stroke of
    luck shows in all later epochs, a wrong rate does not look like one. The three ways to shuffle
    have a density each, and the best one counts. Differences between two runs are what has a
    meaning: for losses of `run` itself, another run is seldom ahead by more than a few units.
    Minus infinity where the values are `farthest` or more from every shuffle of the run.
    """
    losses = np.asarray(values, dtype=float)
    if not np.isfinite(losses).all() or (losses <= 0).any():
        return -np.inf
    best = -np.inf
    # Most runs are ruled out by their beginning, at a fraction of the cost.
    if farthest < np.inf:
        begin = run.with_(epochs=min(3, run.epochs))
        if not plausible(losses[: begin.epochs], begin, points, 60, margin=1.0)[0]:
            return best
    for centre, inverse, volume in _densities(run, points):
        off = np.log(losses) - centre
        distance = float(off @ inverse @ off)
        if distance < farthest:
            # Student's t with eight degrees of freedom: the clouds have longer tails than a Gauss.
            best = max(best, -volume - 0.5 * (8 + len(off)) * float(np.log1p(distance / 8)))
    return best


@lru_cache(maxsize=128)
def _densities(run: Descent, points: Points) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Centre, inverse covariance and logarithm of the volume, for each way to shuffle."""
    logs = _logs(run, points, MANY)
    made = []
    for part in np.split(logs, [MANY // 2, 3 * MANY // 4]):
        if not np.isfinite(part).all():
            continue
        covariance = np.cov(part.T)
        # Float32, and the shuffles that were not drawn.
        covariance += np.diag(0.02 * np.diag(covariance) + 1e-4)
        made.append(
            (
                np.median(part, axis=0),
                np.linalg.inv(covariance),
                0.5 * float(np.linalg.slogdet(covariance)[1]),
            )
        )
    return made
