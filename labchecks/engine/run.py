"""Gradient descent on a line in float64, with every choice that can go wrong as a parameter.

The judges compare an answer with the right run and, when it differs, with runs that each contain
one known mistake. Both come from :func:`simulate`: the defaults of :class:`Descent` describe the
right algorithm, and a mistake is another value in one of its fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import NamedTuple

import numpy as np

__all__ = [
    "Crossed",
    "Descent",
    "DividedTwice",
    "Points",
    "Sums",
    "Trace",
    "points_of",
    "simulate",
    "simulate_many",
]


@dataclass(frozen=True, eq=False)
class Points:
    """The data that a run is trained and measured on.

    Attributes
    ----------
    x, y : ndarray, shape (N,), float64
        Inputs and noisy targets.
    clean : ndarray, shape (N,), or None
        Targets without their noise, where the rule is known.
    """

    x: np.ndarray
    y: np.ndarray
    clean: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.x)

    @property
    def hessian(self) -> np.ndarray:
        """Second derivative of the mean squared error, 2·[[mean x², x̄], [x̄, 1]], shape (2, 2)."""
        mean = self.x.mean()
        return 2 * np.array([[(self.x**2).mean(), mean], [mean, 1.0]])

    @property
    def minimum(self) -> tuple[float, float]:
        """Slope and intercept of least squares."""
        mean, target = self.x.mean(), self.y.mean()
        slope = float(((self.x - mean) * (self.y - target)).sum() / ((self.x - mean) ** 2).sum())
        return slope, float(target - slope * mean)

    def loss(self, w: float, b: float) -> float:
        """Mean squared error of the line w·x + b."""
        return float(((w * self.x + b - self.y) ** 2).mean())

    @property
    def least_loss(self) -> float:
        """Mean squared error of least squares."""
        return self.loss(*self.minimum)


@lru_cache(maxsize=64)
def points_of(data: str, seed: int) -> Points:
    """The points of one of the course's data sets, such as ``points_of("gentle_line", 1)``."""
    from labhelpers import data as sets

    made = getattr(sets, data)(seed)
    x = made.x.double().numpy().ravel()
    clean = None if made.slope is None else made.slope * x + made.intercept
    return Points(x, made.y.double().numpy().ravel(), clean)


@dataclass(frozen=True)
class Descent:
    """How a run trains and what it records. The defaults are right; a mistake changes a field.

    Attributes
    ----------
    rate : float
        Learning rate.
    epochs : int
        Passes over the data (with one batch: iterations).
    start : tuple of float
        First slope and bias, (w, b).
    batch_size : int or None
        Points per update; None for all of them.
    order : str or tuple of tuple of int
        ``"given"``, ``"sorted"`` (by x), ``"reversed"``, ``"shuffled"`` (again in each epoch), or
        one sequence of indices per epoch (the last serves every epoch after it).
    seed : int
        Of the shuffle.
    batches : str
        Which points an update uses: ``"own"`` (its batch), ``"all"`` (the slice is ignored),
        ``"all in the step"`` (the recorded loss alone belongs to the batch), ``"first"`` (always
        the first batch), ``"last only"`` (one update per epoch, with the last).
    drop_last : bool
        Leave out a last batch that is shorter than the others.
    zero_grad : str
        ``"always"``, ``"never"`` (gradients add up), ``"w only"``, ``"b only"`` (only that
        parameter's gradient is cleared) or ``"epoch"`` (cleared once per epoch).
    direction : tuple of int
        Sign of the step in w and in b; −1 goes downhill, 1 uphill, 0 stays.
    sequential : str
        ``""``; ``"w first"``: b's gradient is taken with the moved w; ``"b first"``: the reverse.
    gradient_scale : float
        Factor on the gradient.
    gradient_sum : bool
        The gradient of the batch's sum instead of its mean.
    loss : str
        Trained on ``"squared"`` or ``"absolute"`` errors.
    bias_sign : int
        The model's sign of b.
    train_on, measure_on : str
        Targets of the updates and of the recorded loss: ``"noisy"`` or ``"clean"``.
    record : str
        ``"before"`` or ``"after"`` the update (of the epoch, when the series is ``"full"``).
    series : str
        ``"full"``: the loss over all points, once per epoch. Of the batch losses: ``"mean"`` over
        batches, ``"weighted"`` (mean over samples), ``"sum"``, ``"first"``, ``"last"``,
        ``"over batch size"`` (sum divided by the batch size), ``"over n"`` (sum divided by N),
        ``"every"`` (all of them), ``"full every"`` (the loss over all points at each update).
    recorded_scale : float
        Factor on the recorded loss.
    recorded_sum : bool
        The recorded loss is the sum over points instead of the mean.
    recorded_as : str
        ``""``, ``"root"``, ``"log"``, ``"log10"``, ``"absolute"`` (mean absolute error) or
        ``"running sum"``.
    split : callable or None
        ``split(order, size)``: the indices of each update of an epoch, where they are not
        consecutive slices of the epoch's order, shape (..., N).
    optimizer : callable or None
        ``optimizer(w, b, grad_w, grad_b, memory, rate) -> (step in w, step in b)``, where the step
        is not the rate times the gradient; `memory` is a dict of its own for each run.
    train_points, measure_points : callable or None
        ``train_points(points) -> Points``: other data for the updates, or for the recorded loss.
    sums : type or None
        What takes the place of :class:`Sums` in the updates and the losses of batches.
    measure_sums : type or None
        The same in the recorded loss over all points.
    paired : bool
        False: a shuffled run draws its inputs and its targets in two different orders.
    held_out : int
        So many points, drawn once, are left out by every epoch of a shuffled run.
    """

    rate: float
    epochs: int
    start: tuple[float, float]
    batch_size: int | None = None
    order: str | tuple[tuple[int, ...], ...] = "given"
    seed: int = 0
    batches: str = "own"
    drop_last: bool = False
    zero_grad: str = "always"
    direction: tuple[int, int] = (-1, -1)
    sequential: str = ""
    gradient_scale: float = 1.0
    gradient_sum: bool = False
    loss: str = "squared"
    bias_sign: int = 1
    train_on: str = "noisy"
    measure_on: str = "noisy"
    record: str = "before"
    series: str = "full"
    recorded_scale: float = 1.0
    recorded_sum: bool = False
    recorded_as: str = ""
    split: Callable | None = None
    optimizer: Callable | None = None
    train_points: Callable[[Points], Points] | None = None
    measure_points: Callable[[Points], Points] | None = None
    sums: type | None = None
    measure_sums: type | None = None
    paired: bool = True
    held_out: int = 0

    def with_(self, **fields: object) -> Descent:
        """The same run with some fields changed."""
        # `dataclasses.replace` sets all fields one by one, which takes as long as a short run.
        if not fields.keys() <= self.__dict__.keys():
            raise TypeError(f"no fields of a run: {sorted(fields.keys() - self.__dict__.keys())}")
        new = object.__new__(Descent)
        new.__dict__.update(self.__dict__, **fields)
        return new


@dataclass(frozen=True, eq=False)
class Trace:
    """What a run leaves behind.

    Attributes
    ----------
    losses : ndarray
        The recorded series.
    end : tuple of float
        Slope and bias after the last update.
    updates : int
        Number of updates made.
    """

    losses: np.ndarray
    end: tuple[float, float]
    updates: int


class Sums:
    """Mean squared error and its gradient over some points, from six sums: O(1) per update.

    `x` and `y` have shape (n,), or (draws, n) when many runs are simulated side by side.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.n = x.shape[-1]
        self.x, self.y = _total(x), _total(y)
        self.xx, self.xy, self.yy = _total(x * x), _total(x * y), _total(y * y)

    def gradient(self, w, b):
        factor = 2.0 / self.n
        return (
            factor * (w * self.xx + b * self.x - self.xy),
            factor * (w * self.x + b * self.n - self.y),
        )

    def loss(self, w, b):
        if self.n == 1:  # the square of the residual keeps the digits that the sums would cancel
            residual = w * self.x + b - self.y
            return residual * residual
        return (
            w * (w * self.xx + 2.0 * b * self.x - 2.0 * self.xy)
            + b * (b * self.n - 2.0 * self.y)
            + self.yy
        ) / self.n


class Crossed(Sums):
    """The mean over all pairs of an input and a target, as (N,) against (N, 1) gives it."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        super().__init__(x, y)
        self.xy = self.x * self.y / self.n


class DividedTwice(Sums):
    """A gradient that is divided by the number of points once more."""

    def gradient(self, w, b):
        grad_w, grad_b = super().gradient(w, b)
        return grad_w / self.n, grad_b / self.n


class _Absolute:
    """Mean absolute error and its gradient over some points, shaped as in :class:`Sums`."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.n, self.x, self.y = x.shape[-1], x, y

    def _residuals(self, w, b) -> np.ndarray:
        return np.expand_dims(w, -1) * self.x + np.expand_dims(b, -1) - self.y

    def gradient(self, w, b):
        side = np.sign(self._residuals(w, b))
        return _total(side * self.x) / self.n, _total(side) / self.n

    def loss(self, w, b):
        return _total(np.abs(self._residuals(w, b))) / self.n


def _total(values: np.ndarray):
    # Python's own float is several times faster than a numpy scalar in the loop below.
    return float(values.sum()) if values.ndim == 1 else values.sum(axis=-1)


def simulate(descent: Descent, points: Points) -> Trace:
    """Run `descent` on `points`.

    Raises
    ------
    ValueError
        If noise-free targets are asked for and `points` has none.
    """
    with np.errstate(all="ignore"):
        return _simulate(descent, points, None)


def simulate_many(descent: Descent, points: Points, draws: int) -> np.ndarray:
    """The losses of `draws` shuffled runs, shape (draws, recorded values).

    All usual ways to shuffle are among them: half are shuffled again in each epoch, a quarter once
    before the first, and a quarter draw their points with replacement.
    """
    with np.errstate(all="ignore"):
        shuffled = descent.with_(order="shuffled")
        return np.atleast_2d(_simulate(shuffled, points, draws).losses.T)


def _simulate(run: Descent, points: Points, draws: int | None) -> Trace:
    if "clean" in (run.train_on, run.measure_on) and points.clean is None:
        raise ValueError("these points have no noise-free targets to train or measure on")
    in_absolute = run.loss == "absolute" or run.recorded_as == "absolute"
    measured = _other(points, run.measure_points)
    kind = _Absolute if in_absolute else run.measure_sums or Sums
    everything = _measure(measured, run.measure_on, kind)
    if draws is not None or run.order == "shuffled":
        rng = np.random.default_rng(run.seed)
        shuffles = _shuffles(len(points), draws or 0, rng, run.held_out)
        targets = _shuffles(len(points), draws or 0, rng) if not run.paired else None
    memory: dict = {}
    w, b = float(run.start[0]), run.bias_sign * float(run.start[1])
    held_w = held_b = 0.0
    toward_w, toward_b = (float(sign) for sign in run.direction)
    step = run.rate * run.gradient_scale
    recorded: list = []
    updates, steps = 0, []
    for epoch in range(run.epochs):
        if draws is not None:
            steps = _steps(run, points, shuffles(epoch), targets(epoch) if targets else None)
        elif run.order == "shuffled":
            steps = _steps(run, points, rng.permutation(len(points)))
        elif epoch == 0:
            steps = _fixed_steps(_Division(*_division_of(run)), points, _order_of(run, 0))
        elif not isinstance(run.order, str):
            steps = _fixed_steps(_Division(*_division_of(run)), points, _order_of(run, epoch))
        if run.series == "full" and run.record == "before":
            recorded.append(everything.loss(w, b))
        if run.zero_grad == "epoch":
            held_w = held_b = 0.0
        seen: list = []
        for trained, own in steps:
            measure = everything if run.series == "full every" else own
            if run.record == "before":
                seen.append(measure.loss(w, b))
            grad_w, grad_b = trained.gradient(w, b)
            if run.gradient_sum:
                grad_w, grad_b = grad_w * trained.n, grad_b * trained.n
            held_w = grad_w if run.zero_grad in ("always", "w only") else held_w + grad_w
            held_b = grad_b if run.zero_grad in ("always", "b only") else held_b + grad_b
            if run.optimizer is not None:
                held_w, held_b = run.optimizer(w, b, held_w, held_b, memory, step)
                w, b = w + toward_w * held_w, b + toward_b * held_b
            elif run.sequential == "w first":
                w += toward_w * step * held_w
                held_b = trained.gradient(w, b)[1]
                b += toward_b * step * held_b
            elif run.sequential == "b first":
                b += toward_b * step * held_b
                held_w = trained.gradient(w, b)[0]
                w += toward_w * step * held_w
            else:
                w += toward_w * step * held_w
                b += toward_b * step * held_b
            updates += 1
            if run.record == "after":
                seen.append(measure.loss(w, b))
        if run.series != "full":
            recorded += _epoch_record(run, seen, [own.n for _, own in steps], len(points))
        elif run.record == "after":
            recorded.append(everything.loss(w, b))
    losses = _as_recorded(run, _stacked(recorded, draws), len(points))
    return Trace(losses, (w, run.bias_sign * b), updates)


def _stacked(recorded: list, draws: int | None) -> np.ndarray:
    if draws is None:
        return np.array(recorded, dtype=float)
    # What is recorded before the first update is one number for all draws.
    return np.array([np.broadcast_to(value, draws) for value in recorded])


def _shuffles(n: int, draws: int, rng: np.random.Generator, held_out: int = 0):
    """For each epoch an array of indices, shape (draws, n), see :func:`simulate_many`."""
    once = rng.random((draws, n)).argsort(axis=1)
    if held_out:
        kept = once[:, held_out:]
        new = draws // 2

        def of_those(epoch: int) -> np.ndarray:
            order = kept.copy()
            order[:new] = rng.permuted(kept[:new], axis=1)
            return order

        return of_those
    new, fixed = draws // 2, draws // 4

    def of_epoch(epoch: int) -> np.ndarray:
        order = once.copy()
        order[:new] = rng.random((new, n)).argsort(axis=1)
        order[new + fixed :] = rng.integers(0, n, (draws - new - fixed, n))
        return order

    return of_epoch


def _order_of(run: Descent, epoch: int) -> str | tuple[int, ...]:
    if isinstance(run.order, str):
        return run.order
    return run.order[min(epoch, len(run.order) - 1)]


class _Division(NamedTuple):
    """What of a run decides its batches and the sums over them."""

    batch_size: int | None
    batches: str
    drop_last: bool
    loss: str
    train_on: str
    measure_on: str
    recorded_as: str
    split: Callable | None
    train_points: Callable[[Points], Points] | None
    sums: type | None


_division_of = attrgetter(*_Division._fields)


@lru_cache(maxsize=512)
def _fixed_steps(division: _Division, points: Points, order: str | tuple[int, ...]) -> list:
    if not isinstance(order, str):
        indices = np.array(order, dtype=int)
    elif order == "sorted":
        indices = np.argsort(points.x, kind="stable")
    elif order in ("given", "reversed"):
        indices = np.arange(len(points))[:: 1 if order == "given" else -1]
    else:
        raise ValueError(f"order must be given, sorted, reversed or shuffled, got {order!r}")
    return _steps(division, points, indices)


def _slices(order: np.ndarray, size: int) -> list[np.ndarray]:
    return [order[..., i : i + size] for i in range(0, order.shape[-1], size)]


@lru_cache(maxsize=256)
def _other(points: Points, change: Callable[[Points], Points] | None) -> Points:
    return points if change is None else change(points)


def _steps(run: Descent | _Division, points: Points, order: np.ndarray, targets=None) -> list:
    """For each update of an epoch: the loss that is stepped on and the loss that is recorded.

    `targets` is an order of its own for the targets, where they are not paired with the inputs.
    """
    size = run.batch_size or len(points)
    split = run.split or _slices
    own = _other(points, run.train_points)
    if len(own) < len(points):  # of an order that is given; shuffled runs have `held_out`
        order = order[order < len(own)]
    parts = [part for part in split(order, size) if part.shape[-1]] or [order]
    if run.drop_last and len(parts) > 1 and parts[-1].shape[-1] < size:
        parts = parts[:-1]
    if run.batches == "last only":
        parts = parts[-1:]
    used = {"all": [order] * len(parts), "first": [parts[0]] * len(parts)}
    sums = run.sums or Sums
    trained_kind = _Absolute if run.loss == "absolute" else sums
    in_absolute = run.loss == "absolute" or run.recorded_as == "absolute"
    measured_kind = _Absolute if in_absolute else sums
    target = own.clean if run.train_on == "clean" else own.y
    measured = own.clean if run.measure_on == "clean" else own.y
    recorded = used.get(run.batches, parts)
    trained = used["all"] if run.batches == "all in the step" else recorded
    others = trained if targets is None else split(targets, size)
    return [
        (trained_kind(own.x[i], target[j]), measured_kind(own.x[k], measured[k]))
        for i, j, k in zip(trained, others, recorded, strict=True)
    ]


@lru_cache(maxsize=512)
def _measure(points: Points, measure_on: str, kind: type) -> Sums | _Absolute:
    return kind(points.x, points.clean if measure_on == "clean" else points.y)


def _epoch_record(run: Descent, seen: Sequence, sizes: Sequence[int], n: int) -> list:
    if run.series in ("every", "full every"):
        return list(seen)
    total = sum(seen)
    weighted = [loss * size for loss, size in zip(seen, sizes, strict=True)]
    value = {
        "mean": total / len(seen),
        "weighted": sum(weighted) / sum(sizes),
        "sum": total,
        "first": seen[0],
        "last": seen[-1],
        "over batch size": total / (run.batch_size or n),
        "over n": total / n,
    }
    return [value[run.series]]


def _as_recorded(run: Descent, recorded: np.ndarray, n: int) -> np.ndarray:
    losses = recorded * run.recorded_scale
    if run.recorded_sum:
        losses = losses * (n if run.series == "full" else (run.batch_size or n))
    if run.recorded_as == "root":
        return np.sqrt(losses)
    if run.recorded_as == "log":
        return np.log(losses)
    if run.recorded_as == "log10":
        return np.log10(losses)
    if run.recorded_as == "running sum":
        return np.cumsum(losses, axis=0)
    return losses
