"""The law of a shuffled run: its losses lie in the cloud of simulated shuffles."""

import itertools
import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from labchecks.engine.compare import agree
from labchecks.engine.mistakes import Mistake
from labchecks.engine.run import Descent, Points, Sums, simulate, simulate_many

#: Simulated shuffles. A thousand more would widen the cloud by a few percent.
DRAWS = 200

#: Simulated shuffles for :func:`evidence`, which needs their covariance too.
MANY = 480

#: Losses that every shuffle shares, such as the first, are compared exactly: relative difference.
EXACT = 1e-3

#: Losses are of a run only if they are no farther from the middle of its cloud than this many times
#: the farthest of the simulated shuffles.
TYPICAL = 1.3

#: By how much a mistake has to explain losses better than no mistake in particular does.
TELLING = 9.0

#: Standard deviations by which the slope of a log's logarithm may change from epoch to epoch, and
#: that of its first fall.
TURNS, FALL = (0.03, 0.1, 0.3, 1.0), 2.0


@lru_cache(maxsize=512)
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

    The position is −1 if `values` fit; `draws` and `margin` are those of :func:`reach`.
    """
    losses = np.asarray(values, dtype=float)
    low, high = reach(run, points, draws, margin)
    if len(losses) != len(low) or not np.isfinite(losses).all() or (losses <= 0).any():
        return False, 0
    logs = np.log(losses)
    with np.errstate(all="ignore"):
        off = ~((logs >= low) & (logs <= high))
    # No line has a mean squared error below that of least squares.
    squared = run.measure_sums is Sums and run.measure_points is None and not run.recorded_as
    if squared and run.series == "full":
        off |= losses < points.least_loss * run.recorded_scale * (1 - 1e-3)
    return (not off.any()), int(off.argmax()) if off.any() else -1


def evidence(values: Sequence[float], run: Descent, points: Points, typical: bool = True) -> float:
    """How well `values` fit shuffled `run`: the logarithm of a density.

    Unlike :func:`plausible` it knows how the losses of one run hang together: an early stroke of
    luck shows in all later epochs, a wrong rate does not look like one. The three ways to shuffle
    have a density each, and the best one counts. Differences between two runs are what has a
    meaning: for losses of `run` itself, another run is seldom ahead by more than a few units.
    Minus infinity where `typical` is asked for and the values are farther from each cloud than its
    own shuffles are.
    """
    losses, best = np.asarray(values, dtype=float), -math.inf
    if not np.isfinite(losses).all() or (losses <= 0).any():
        return best
    if typical:
        # Most runs are ruled out by their beginning, at a fraction of the cost.
        begin = run.with_(epochs=min(3, run.epochs))
        if not plausible(losses[: begin.epochs], begin, points, 60, margin=1.0)[0]:
            return best
    # Student's t with eight degrees of freedom: the clouds have longer tails than a Gauss.
    half = 4 + len(losses) / 2
    constant = math.lgamma(half) - math.lgamma(4) - len(losses) / 2 * math.log(8 * math.pi)
    for centre, inverse, volume, fixed, farthest in _densities(run, points):
        off = np.log(losses) - centre
        distance = float(off @ inverse @ off)
        near = not typical or distance <= TYPICAL * farthest
        if near and (np.abs(off[fixed]) <= EXACT).all():
            best = max(best, constant - volume - half * float(np.log1p(distance / 8)))
    return best


@lru_cache(maxsize=512)
def _densities(run: Descent, points: Points) -> list[tuple]:
    """For each way to shuffle: centre, inverse covariance, logarithm of the volume, which losses
    all shuffles share, and the squared distance of the farthest shuffle from the centre."""
    made = []
    for part in np.split(_logs(run, points, MANY), [MANY // 2, 3 * MANY // 4]):
        if not np.isfinite(part).all():
            continue
        covariance = np.cov(part.T)
        fixed = np.diag(covariance) < 1e-12
        # Float32, and the shuffles that were not drawn.
        covariance += np.diag(0.02 * np.diag(covariance) + 1e-4)
        inverse, centre = np.linalg.inv(covariance), np.median(part, axis=0)
        away = part - centre
        farthest = float(np.einsum("ki,ij,kj->k", away, inverse, away).max())
        volume = 0.5 * float(np.linalg.slogdet(covariance)[1])
        made.append((centre, inverse, volume, fixed, farthest))
    return made


def any_run(values: Sequence[float]) -> float:
    """How well `values` fit a run of which nothing is known but its first loss.

    The logarithm of a density, as :func:`evidence` gives it: that of a curve that bends more or
    less from epoch to epoch. A wide cloud holds almost any losses, and to lie in it says nothing;
    what it explains no better than this is not explained by it.
    """
    fall, *_ = slopes = np.diff(np.log(values))
    turns = np.diff(slopes)
    fits = [_normal(turns, spread).sum() - math.log(len(TURNS)) for spread in TURNS]
    return float(_normal(0.0, 0.01) + _normal(fall, FALL) + max(fits))


def _normal(off, spread: float):
    return -0.5 * (off / spread) ** 2 - math.log(spread * math.sqrt(2 * math.pi))


def fits(
    runs: Sequence[tuple[Sequence[float], Points]], right: Descent, known: Iterable[Mistake]
) -> list[tuple[float, Mistake]]:
    """How well each mistake explains all these losses of shuffled runs together: the best first.

    Of mistakes with the same words only the one that explains them best is listed.
    """
    best: dict[str, tuple[float, Mistake]] = {}
    for mistake in known:
        changed = mistake.applied_to(right)
        fit = sum(evidence(values, changed, points) for values, points in runs)
        if mistake.words not in best or fit > best[mistake.words][0]:
            best[mistake.words] = fit, mistake
    return sorted(best.values(), key=lambda found: -found[0])


def telling(values, run: Descent, points: Points, known, within: float = TELLING) -> list[Mistake]:
    """The mistakes that explain the losses well, and at most `within` worse than the first does."""
    found = fits([(values, points)], run, known)
    best = found[0][0]
    if best == -math.inf or best < any_run(values) + TELLING:
        return []
    return [mistake for fit, mistake in found if fit > best - within]


def in_blocks(values: Sequence[float], run: Descent, points: Points, absolute: float = 0.0) -> bool:
    """Whether these are exactly the losses of batches that were not shuffled point by point.

    The batches are slices of the data, or every third point (of three batches), and each epoch
    takes them in an order of its own.
    """
    n, size = len(points), run.batch_size
    if n % size or n // size > 4:  # more orders than can be tried
        return False
    slices, strides = np.arange(n).reshape(-1, size), np.arange(n).reshape(size, -1).T
    blocks = [*itertools.permutations(slices), *itertools.permutations(strides)]
    epochs = [run.with_(epochs=1, order=(tuple(np.ravel(rows).tolist()),)) for rows in blocks]
    places = {run.start}
    for value in values:
        near = [at for at in places if agree([value], [points.loss(*at)], absolute)][:100]
        if not near:
            return False
        ends = (simulate(epoch.with_(start=at), points).end for at in near for epoch in epochs)
        places = {(round(w, 9), round(b, 9)) for w, b in ends}
    return True
