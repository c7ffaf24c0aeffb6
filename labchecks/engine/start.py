"""Following a run of gradient descent from a start that the student's program draws.

The start is asked for. On rows that are all alike, with a rate of zero, one epoch's loss is the
square of one residual: for (x, y) = (0, 0), (0, 1), (1, 0) and (1, 1)

    A = b²,  B = (b − 1)²,  C = (w + b)²,  D = (w + b − 1)²,

so b = (A − B + 1)/2 and w + b = (C − D + 1)/2. Batches and their order have no effect on this. A
program with a mistake records c·b² instead; c is what the mistake makes of b = 1, so each known
mistake leads to a start of its own, or contradicts the four numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

import numpy as np

from labchecks.engine.mistakes import OwnRates, WeightDecay
from labchecks.engine.run import Descent, Points, Trace, simulate

__all__ = [
    "TOO_LARGE",
    "Program",
    "allowed_error",
    "descends",
    "follows",
    "follows_in_some_order",
    "predict",
    "rates_of",
    "solved",
    "traced",
]

#: Relative error that a float32 log may have: a hundred times what right programs show.
RELATIVE = 1e-4

#: Rounding of one prediction in float32, relative to the largest target.
PER_PREDICTION = 4e-6

#: Entries beyond this have left the range where float32 still computes squares.
TOO_LARGE = 1e30

#: Places in the plane of (w, b) that a run in an unknown order may have reached, at most.
MOST_PLACES = 20_000

#: How far the four numbers may contradict each other, relative to their size.
CONSISTENT = 1e-3

_CORNERS = np.array([[0.0, 0.0], [1, 0], [-1, 0], [0, 1], [0, -1], [1, 1]])


class Program(Protocol):
    """An algorithm that :class:`Descent` has no field for; `trace` runs it."""

    epochs: int
    batch_size: int | None
    zero_grad: str

    def with_(self, **fields: object) -> Program:
        """The same program with some fields changed, as :meth:`Descent.with_`."""

    def trace(self, points: Points) -> Trace:
        """Run it, as :func:`simulate` runs a `Descent`."""


def traced(run: Descent | Program, points: Points) -> Trace:
    """The trace of a run, whichever way it is written."""
    return simulate(run, points) if isinstance(run, Descent) else run.trace(points)


def predict(run: Descent | Program, points: Points, start: np.ndarray) -> np.ndarray:
    """The log of `run` from `start`."""
    return traced(run.with_(start=(float(start[0]), float(start[1]))), points).losses


def allowed_error(log: np.ndarray, points: Points, digits: int | None = None) -> np.ndarray:
    """How far each entry of a right float32 log may lie from the exact run, shape (K,).

    A rounding error δ in each prediction changes a mean squared error L by at most 2δ√L + δ².
    With `digits` the log was rounded to so many decimals, which adds half a unit.
    """
    log = np.abs(log)
    delta = PER_PREDICTION * (np.abs(points.y).max() + 1)
    rounding = 0.0 if digits is None else 0.6 * 10.0**-digits
    return RELATIVE * log + 2 * delta * np.sqrt(log) + delta**2 + rounding


def solved(squares: np.ndarray, units: np.ndarray, digits: int | None = None) -> np.ndarray | None:
    """The start that the answers to the four questions lead to; None if they contradict it.

    Parameters
    ----------
    squares : ndarray, shape (4,)
        First losses on rows alike at (0, 0), (0, 1), (1, 0) and (1, 1).
    units : ndarray, shape (2,)
        What the program in question records there for b = 1 and for w + b = 1, with targets of 0.
    digits : int, optional
        Decimals to which the losses were rounded.
    """
    with np.errstate(all="ignore"):
        a, b, c, d = squares / np.repeat(units, 2)
        found = np.array([(a - b + 1) / 2, (c - d + 1) / 2])
        off = np.abs(np.array([a, c]) - found**2)
        rounding = 0.0 if digits is None else 10.0**-digits / np.abs(units)
        # A difference of squares: of a large start few digits are left.
        size = 1 + np.array([a, c])
        known = off <= CONSISTENT * size + rounding * (1 + np.abs(found))
    if not (np.isfinite(found).all() and known.all()):
        return None
    return np.array([found[1] - found[0], found[0]])


def follows(
    run: Descent | Program,
    points: Points,
    log: np.ndarray,
    start: np.ndarray,
    digits: int | None = None,
) -> np.ndarray | None | bool:
    """The start from which `run` gives exactly this log, if `start` is near it.

    Returns
    -------
    ndarray, False or None
        The start, within what the digits of the answers left open; False where the log is another;
        None where too little of it is left before it overflows.
    """
    with np.errstate(all="ignore"):
        near = _uncertainty(start, digits)
        losses = np.array([predict(run, points, start + near * c) for c in _CORNERS])
    if losses.shape[1] != len(log):
        return False
    fine = np.isfinite(log) & (np.abs(log) < TOO_LARGE) & np.isfinite(losses).all(axis=0)
    usable = len(fine) if fine.all() else int(np.argmin(fine))
    if usable < min(4, len(log)):
        both = ~np.isfinite(log[usable]) | (np.abs(log[usable]) >= TOO_LARGE)
        return None if both and not abs(losses[0, usable]) < 1e-6 * TOO_LARGE else False
    log, losses = log[:usable], losses[:, :usable]
    errors = allowed_error(log, points, digits)
    if (np.abs(losses[0] - log) <= errors).all():
        return start
    # Every entry is a quadratic of the start: a few steps lead to the start that fits best.
    coefficients, at = _quadratic(losses), np.zeros(2)
    for _ in range(4):
        one, u, v, uu, vv, uv = coefficients.T
        slope = np.stack([u + 2 * uu * at[0] + uv * at[1], v + 2 * vv * at[1] + uv * at[0]], 1)
        value = one + u * at[0] + v * at[1] + uu * at[0] ** 2 + vv * at[1] ** 2 + uv * at.prod()
        if not np.isfinite(slope).all():
            return False
        step = np.linalg.lstsq(slope / errors[:, None], (log - value) / errors, rcond=1e-9)[0]
        at = np.clip(at + step, -20, 20)
    better = start + near * at
    found = predict(run, points, better)[:usable]
    return better if (np.abs(found - log) <= errors).all() else False


def _uncertainty(start: np.ndarray, digits: int | None) -> float:
    """How exactly the answers tell the start."""
    size = 1 + float(np.abs(start).max())
    # A product: a power of what no square holds would raise an error instead of giving infinity.
    return max(1e-6 * size * size, 0.0 if digits is None else size * 10.0**-digits)


def _quadratic(at: np.ndarray) -> np.ndarray:
    """From values at the six corners, shape (6, K), to coefficients of 1, u, v, u², v², uv."""
    zero, right, left, up, down, both = at
    u, v = (right - left) / 2, (up - down) / 2
    uu, vv = (right + left) / 2 - zero, (up + down) / 2 - zero
    return np.stack([zero, u, v, uu, vv, both - zero - u - v - uu - vv], axis=1)


# Orders ---------------------------------------------------------------------------------------


def follows_in_some_order(
    run: Descent | Program,
    points: Points,
    log: np.ndarray,
    start: np.ndarray,
    digits: int | None = None,
    dealt: str = "short last",
) -> bool | None:
    """Whether `run` gives this log where each epoch may take the rows in any order.

    Parameters
    ----------
    dealt : str
        ``"short last"``: the batch that is not full comes last; ``"short first"``: it comes first;
        ``"batches"``: the rows are dealt once, and each epoch takes the batches in any order;
        ``"replaced"``: each row of a batch is drawn from all of them; ``"unpaired"``: inputs and
        targets come in two different orders.

    Returns
    -------
    bool or None
        None where there are too many orders to tell them apart, or where the algorithm carries
        more than (w, b) from one epoch to the next.
    """
    if len(log) != run.epochs or not (np.isfinite(log).all() and (log < TOO_LARGE).all()):
        return False
    if run.zero_grad not in ("always", "epoch") or not _is_affine(run):
        return None
    unsure = 4 * _uncertainty(start, digits) * (1 + np.abs(points.x).max())
    errors = 2 * allowed_error(log, points, digits)
    errors = errors + 2 * unsure * np.sqrt(np.abs(log)) + unsure**2
    told: bool | None = False
    once = run.with_(start=(0.0, 0.0), epochs=1)
    for orders in _orders(points, run.batch_size or len(points), dealt):
        maps = [_epoch(once, rows, order) for rows, order in orders]
        if not maps:
            continue
        steps, forms = (np.array(part) for part in zip(*maps, strict=True))
        places = np.array([[*start, 1.0]])
        for value, error in zip(log, errors, strict=True):
            losses = np.einsum("pi,oij,pj->op", places, forms, places)
            order, place = np.nonzero(np.abs(losses - value) <= error)
            places = np.einsum("nij,nj->ni", steps[order], places[place])
            places = np.unique(places.round(9), axis=0)
            if not len(places) or len(places) > MOST_PLACES:
                break
        if len(places) > MOST_PLACES:
            told = None
        elif len(places):
            return True
    return told


def _is_affine(run: Descent | Program) -> bool:
    """Whether an epoch is an affine map of (w, b), as it is unless an optimizer remembers steps."""
    optimizer = getattr(run, "optimizer", None)
    return optimizer is None or isinstance(optimizer, (OwnRates, WeightDecay))


@lru_cache(maxsize=4000)
def _epoch(run: Descent | Program, points: Points, order: tuple[int, ...]):
    """The affine map of (w, b, 1) over one epoch, and its entry as a quadratic form."""
    once = run.with_(order=(order,))
    traces = [traced(once.with_(start=tuple(map(float, c))), points) for c in _CORNERS]
    ends = np.array([t.end for t in traces])
    step = np.eye(3)
    step[:2, 2] = ends[0]
    step[:2, 0], step[:2, 1] = ends[1] - ends[0], ends[3] - ends[0]
    one, u, v, uu, vv, uv = _quadratic(np.array([t.losses for t in traces]))[0]
    return step, np.array([[uu, uv / 2, u / 2], [uv / 2, vv, v / 2], [u / 2, v / 2, one]])


def _orders(
    points: Points, size: int, dealt: str
) -> Iterator[list[tuple[Points, tuple[int, ...]]]]:
    """Groups of orders, each with its rows; within a group each epoch may take any of them."""
    last = _dealings(points, size)
    if dealt == "batches":
        first = _dealings(points, size, short_first=True)
        for batches in last:
            if batches in first:
                yield [(points, last[batches]), (points, first[batches])]
        return
    kinds = {"short first": {"short_first": True}, "replaced": {"replaced": True}}
    rows = _pairings(points) if dealt == "unpaired" else (points,)
    yield [
        (one, order)
        for one in rows
        for order in _dealings(one, size, **kinds.get(dealt, {})).values()
    ]


@lru_cache(maxsize=64)
def _pairings(points: Points) -> tuple[Points, ...]:
    """The rows with their targets exchanged in every way."""
    each = dict.fromkeys(itertools.permutations(points.y.tolist()))
    return tuple(Points(points.x, np.array(targets)) for targets in each)


@lru_cache(maxsize=256)
def _dealings(
    points: Points, size: int, short_first: bool = False, replaced: bool = False
) -> dict[tuple, tuple[int, ...]]:
    """For each way to deal the rows into batches, one order that does it.

    Its key is the full batches in their order, and the short one. Rows that are alike count as one.
    """
    rows = list(zip(points.x.tolist(), points.y.tolist(), strict=True))
    kind = [rows.index(row) for row in rows]
    short = len(rows) % size
    different: dict[tuple, tuple[int, ...]] = {}
    if short_first and (not short or size % short):
        return different
    n = range(len(rows))
    for order in itertools.product(n, repeat=len(rows)) if replaced else itertools.permutations(n):
        full, rest = order[: len(order) - short], order[len(order) - short :]
        if short_first:
            full, rest = order[short:], order[:short]
            # A mean does not change when the short batch repeats itself until it is full.
            order = rest * (size // short) + full
        batches = [full[i : i + size] for i in range(0, len(full), size)]
        key = tuple(tuple(sorted(kind[i] for i in batch)) for batch in (*batches, rest))
        different.setdefault(key, order)
    return different


# Without a start ------------------------------------------------------------------------------


def descends(points: Points, rate: float, log: np.ndarray, digits: int | None = None) -> bool:
    """Whether batch descent at this rate gives the log from some start.

    Along the eigenvectors of the Hessian L_k − L* = a₁·ρ₁²ᵏ + a₂·ρ₂²ᵏ with aᵢ ≥ 0, ρᵢ = 1 − η·λᵢ.
    """
    if len(log) < 4 or not (np.isfinite(log).all() and (np.abs(log) < TOO_LARGE).all()):
        return False
    errors = allowed_error(log, points, digits)
    factors = (1 - rate * np.linalg.eigvalsh(points.hessian)) ** 2
    columns = factors[None, :] ** np.arange(len(log))[:, None] / errors[:, None]
    target = (log - points.least_loss) / errors
    sizes = np.linalg.lstsq(columns, target, rcond=1e-12)[0]
    misfit = np.abs(columns @ np.maximum(sizes, 0) - target).max()
    return bool(misfit <= 1)


def rates_of(points: Points, log: np.ndarray, start: np.ndarray) -> list[float]:
    """The rates at which one step with all rows leads from the first loss to the second."""
    if len(log) < 2 or not np.isfinite(log[:2]).all():
        return []
    least = np.array(points.minimum)
    pull = points.hessian @ (start - least)
    first = points.loss(*start)
    roots = np.roots([pull @ points.hessian @ pull / 2, -(pull @ pull), first - log[1]])
    return [float(root.real) for root in roots if abs(root.imag) < 1e-3 * abs(root.real) + 1e-9]
