"""Gradient descent on a line in float64, with every choice that can go wrong as a field.

The judges compare an answer with the right run and, when it differs, with runs that each contain
one known mistake. Both come from :func:`simulate`: the defaults of :class:`Descent` describe the
right algorithm, and a mistake is another value in one of its fields. A run is three functions that
these fields shape: which batches an epoch has, how updates move the parameters, what is recorded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import attrgetter
from typing import NamedTuple

import numpy as np


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


def noise_free(points: Points) -> Points:
    """The points with their targets on the line; a ValueError where that is not known."""
    if points.clean is None:
        raise ValueError("these points have no noise-free targets to train or measure on")
    return Points(points.x, points.clean, points.clean)


class Sums:
    """Mean squared error and its gradient over some points, from six sums: O(1) per update.

    `x` and `y` have shape (n,), or (draws, n) when many runs are simulated side by side.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.n = x.shape[-1]
        self.factor = 2.0 / self.n
        self.x, self.y = _total(x), _total(y)
        self.xx, self.xy, self.yy = _total(x * x), _total(x * y), _total(y * y)

    def gradient(self, w, b):
        return (
            self.factor * (w * self.xx + b * self.x - self.xy),
            self.factor * (w * self.x + b * self.n - self.y),
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


class Absolute:
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
    # Of one value it is the value: by that, most of a run with one sample an update is quicker.
    total = values[..., 0] if values.shape[-1] == 1 else values.sum(axis=-1)
    # Python's own float is several times faster than a numpy scalar in the loop below.
    return float(total) if values.ndim == 1 else total


@dataclass(frozen=True)
class Descent:
    """How a run trains and what it records. The defaults are right; a mistake changes a field.

    Two mistakes can be in one run if they change different fields.
    """

    #: Learning rate.
    rate: float
    #: Passes over the data (with one batch: iterations).
    epochs: int
    #: First slope and bias, (w, b).
    start: tuple[float, float]

    # Which points an update uses.

    #: Points per update; None for all of them.
    batch_size: int | None = None
    #: ``"given"``, ``"reversed"``, ``"shuffled"`` (again in each epoch), or one sequence of indices
    #: per epoch (the last serves every epoch after it).
    order: str | tuple[tuple[int, ...], ...] = "given"
    #: Of the shuffle.
    seed: int = 0
    #: False: a shuffled run draws its inputs and its targets in two different orders.
    paired: bool = True
    #: So many points, drawn once, are left out by every epoch of a shuffled run.
    held_out: int = 0
    #: ``split(order, size)``: the indices of each update of an epoch, where they are not
    #: consecutive slices of the epoch's order, shape (..., N).
    split: Callable | None = None
    #: Which of these an epoch uses, see `BATCHES`; ``"all in the step"``: each update uses all
    #: points, and the recorded loss alone belongs to its batch.
    batches: str = "own"
    #: ``train_points(points) -> Points``: other data for the updates.
    train_points: Callable[[Points], Points] | None = None

    # How w and b move.

    #: The loss whose gradient is taken.
    sums: type = Sums
    #: The gradient of the batch's sum instead of its mean.
    gradient_sum: bool = False
    #: ``"always"``, ``"never"`` (gradients add up), ``"w only"``, ``"b only"`` (only that
    #: parameter's gradient is cleared) or ``"epoch"`` (cleared once per epoch).
    zero_grad: str = "always"
    #: Factor on the gradient.
    gradient_scale: float = 1.0
    #: ``optimizer(w, b, grad_w, grad_b, memory, rate) -> (step in w, step in b)``, where the step
    #: is not the rate times the gradient; `memory` is a dict of its own for each run.
    optimizer: Callable | None = None
    #: Sign of the step in w and in b; −1 goes downhill, 1 uphill, 0 stays.
    direction: tuple[int, int] = (-1, -1)
    #: ``"w first"``: b's gradient is taken with the moved w; ``"b first"``: the reverse.
    sequential: str = ""
    #: The model's sign of b.
    bias_sign: int = 1

    # What is written down.

    #: ``"before"`` or ``"after"`` the update (of the epoch, when the series is ``"full"``).
    record: str = "before"
    #: ``"full"``: the loss over all points, once per epoch; ``"full every"``: at each update.
    #: ``"every"``: the loss of each batch; or one number made of these, see `SERIES`.
    series: str = "full"
    #: ``measure_points(points) -> Points``: other data for the recorded loss.
    measure_points: Callable[[Points], Points] | None = None
    #: The loss that is recorded.
    measure_sums: type = Sums
    #: The recorded loss is the sum over points instead of the mean.
    recorded_sum: bool = False
    #: Factor on the recorded loss.
    recorded_scale: float = 1.0
    #: What is made of the recorded losses, see `RECORDED_AS`.
    recorded_as: str = ""

    def with_(self, **fields: object) -> "Descent":
        """The same run with some fields changed."""
        # `dataclasses.replace` sets all fields one by one, which takes as long as a short run.
        if not fields.keys() <= self.__dict__.keys():
            raise TypeError(f"no fields of a run: {sorted(fields.keys() - self.__dict__.keys())}")
        new = object.__new__(Descent)
        new.__dict__.update(self.__dict__, **fields)
        return new


#: Steps through the points in an order that has a name.
DIRECTIONS = {"given": 1, "reversed": -1}

#: The batches that an epoch uses, of its slices and of all its points.
BATCHES = {
    "own": lambda parts, order: parts,
    "all": lambda parts, order: [order] * len(parts),
    "first": lambda parts, order: parts[:1] * len(parts),
    "last only": lambda parts, order: parts[-1:],
    "full only": lambda parts, order: [p for p in parts if p.shape[-1] == parts[0].shape[-1]],
}

#: One number for an epoch, of the losses and sizes of its batches, the batch size and N.
SERIES = {
    "mean": lambda losses, sizes, size, n: sum(losses) / len(losses),
    "weighted": lambda losses, sizes, size, n: (
        sum(loss * k for loss, k in zip(losses, sizes, strict=True)) / sum(sizes)
    ),
    "sum": lambda losses, sizes, size, n: sum(losses),
    "first": lambda losses, sizes, size, n: losses[0],
    "last": lambda losses, sizes, size, n: losses[-1],
    "over batch size": lambda losses, sizes, size, n: sum(losses) / size,
    "over n": lambda losses, sizes, size, n: sum(losses) / n,
}

#: Functions of an array whose first axis is time.
RECORDED_AS = {
    "": lambda losses: losses,
    "root": np.sqrt,
    "log": np.log,
    "log10": np.log10,
    "running sum": partial(np.cumsum, axis=0),
}


class Trace(NamedTuple):
    """What a run leaves behind."""

    #: The recorded series.
    losses: np.ndarray
    #: Slope and bias after the last update.
    end: tuple[float, float]
    #: Number of updates made.
    updates: int


def simulate(run: Descent, points: Points) -> Trace:
    """Follow `run` on `points`."""
    start = float(run.start[0]), run.bias_sign * float(run.start[1])
    with np.errstate(all="ignore"):
        if run.order == "shuffled":
            rng = np.random.default_rng(run.seed)
            return _follow(run, points, start, lambda: (rng.permutation(len(points)), None))
        return _follow(run, points, start)


def simulate_many(run: Descent, points: Points, draws: int) -> np.ndarray:
    """The losses of `draws` shuffled runs, shape (draws, recorded values).

    All usual ways to shuffle are among them: half are shuffled again in each epoch, a quarter once
    before the first, and a quarter draw their points with replacement.
    """
    rng = np.random.default_rng(run.seed)
    inputs = _shuffles(len(points), draws, rng, run.held_out)
    targets = (lambda: None) if run.paired else _shuffles(len(points), draws, rng)
    start = np.full(draws, float(run.start[0])), np.full(draws, run.bias_sign * float(run.start[1]))
    with np.errstate(all="ignore"):
        return _follow(run, points, start, lambda: (inputs(), targets())).losses.T


def _follow(run: Descent, points: Points, place, shuffle: Callable | None = None) -> Trace:
    """Run from `place`; `shuffle()` draws an epoch's orders of the inputs and of the targets."""
    batches, walk, record = _batches(run, points, shuffle), _walk(run), _record(run, points)
    recorded: list = []
    updates = 0
    for epoch in range(run.epochs):
        steps = batches(epoch)
        path = walk(*place, steps)
        recorded += record(path, steps)
        place = path[-1]
        updates += len(steps)
    losses = np.array(recorded, dtype=float) * run.recorded_scale
    if run.recorded_sum:
        losses *= len(points) if run.series == "full" else run.batch_size or len(points)
    w, b = place
    return Trace(RECORDED_AS[run.recorded_as](losses), (w, run.bias_sign * b), updates)


def _batches(run: Descent, points: Points, shuffle: Callable | None) -> Callable:
    """``batches(epoch)``: for each update what it steps on and what it records, see `_steps`."""
    division = _division_of(run)
    if shuffle is not None:
        return lambda epoch: _steps(points, *shuffle(), *division)
    orders = (run.order,) if isinstance(run.order, str) else run.order[: run.epochs]
    fixed = [_fixed_steps(points, order, *division) for order in orders]
    return lambda epoch: fixed[min(epoch, len(fixed) - 1)]


def _walk(run: Descent) -> Callable:
    """``walk(w, b, steps)``: where each update of an epoch starts, and where the last ends."""
    toward_w, toward_b = map(float, run.direction)
    rate, optimizer, sequential = run.rate * run.gradient_scale, run.optimizer, run.sequential
    cleared_w, cleared_b = (run.zero_grad in ("always", only) for only in ("w only", "b only"))
    memory: dict = {}
    held_w = held_b = 0.0

    def walk(w, b, steps: list) -> list:
        nonlocal held_w, held_b
        if run.zero_grad == "epoch":
            held_w = held_b = 0.0
        path = [(w, b)]
        for trained, _ in steps:
            grad_w, grad_b = trained.gradient(w, b)
            if run.gradient_sum:
                grad_w, grad_b = grad_w * trained.n, grad_b * trained.n
            held_w = grad_w if cleared_w else held_w + grad_w
            held_b = grad_b if cleared_b else held_b + grad_b
            if optimizer is None:
                step_w, step_b = rate * held_w, rate * held_b
            else:
                step_w, step_b = optimizer(w, b, held_w, held_b, memory, rate)
            if sequential == "w first":
                step_b = rate * trained.gradient(w + toward_w * step_w, b)[1]
            elif sequential == "b first":
                step_w = rate * trained.gradient(w, b + toward_b * step_b)[0]
            w, b = w + toward_w * step_w, b + toward_b * step_b
            path.append((w, b))
        return path

    return walk


def _record(run: Descent, points: Points) -> Callable:
    """``record(path, steps)``: what an epoch writes down."""
    everything = _everything(points, run.measure_points, run.measure_sums)
    before, n = run.record == "before", len(points)
    if run.series == "full":
        return lambda path, steps: [everything.loss(*path[0 if before else -1])]

    def record(path: list, steps: list) -> list:
        places = path[:-1] if before else path[1:]
        if run.series == "full every":
            return [everything.loss(*place) for place in places]
        losses = [own.loss(*place) for (_, own), place in zip(steps, places)]
        if run.series == "every":
            return losses
        sizes = [own.n for _, own in steps]
        return [SERIES[run.series](losses, sizes, run.batch_size or n, n)]

    return record


def _shuffles(n: int, draws: int, rng: np.random.Generator, held_out: int = 0) -> Callable:
    """``shuffle()``: an epoch's indices, shape (draws, n), see :func:`simulate_many`."""
    once = rng.random((draws, n)).argsort(axis=1)[:, held_out:]
    new, replaced = draws // 2, draws - draws // 2 - draws // 4

    def shuffle() -> np.ndarray:
        order = once.copy()
        if held_out:
            order[:new] = rng.permuted(once[:new], axis=1)
        else:
            order[:new] = rng.random((new, n)).argsort(axis=1)
            order[-replaced:] = rng.integers(0, n, (replaced, n))
        return order

    return shuffle


#: The fields that decide what an epoch's updates step on and record: arguments of `_steps`.
_division_of = attrgetter(
    "batch_size", "split", "batches", "sums", "measure_sums", "train_points", "measure_points"
)


@lru_cache(maxsize=512)
def _fixed_steps(points: Points, order: str | tuple[int, ...], *division) -> list:
    if isinstance(order, str):
        return _steps(points, np.arange(len(points))[:: DIRECTIONS[order]], None, *division)
    return _steps(points, np.array(order, dtype=int), None, *division)


def _steps(
    points: Points, order, targets, size, split, batches, sums, measure_sums, train, measure
) -> list:
    """For each update of an epoch: the loss that is stepped on and the loss that is recorded.

    `targets` is an order of its own for the targets, where they are not paired with the inputs.
    """
    size = size or len(points)
    own, measured = _other(points, train), _other(points, measure)
    if len(own) < len(points):  # of an order that is given; shuffled runs have `held_out`
        order = order[order < len(own)]

    def slices(order: np.ndarray) -> list[np.ndarray]:
        if split is not None:
            return [part for part in split(order, size) if part.shape[-1]] or [order]
        return [order[..., i : i + size] for i in range(0, order.shape[-1], size)]

    parts = slices(order)
    every = batches == "all in the step"
    recorded = BATCHES["own" if every else batches](parts, order)
    trained = BATCHES["all"](parts, order) if every else recorded
    paired = trained if targets is None else slices(targets)
    stepped = [sums(own.x[i], own.y[j]) for i, j in zip(trained, paired, strict=True)]
    if (sums, own) == (measure_sums, measured) and trained is recorded is paired:
        return [(one, one) for one in stepped]
    noted = [measure_sums(measured.x[k], measured.y[k]) for k in recorded]
    return list(zip(stepped, noted, strict=True))


@lru_cache(maxsize=256)
def _other(points: Points, change: Callable[[Points], Points] | None) -> Points:
    return points if change is None else change(points)


@lru_cache(maxsize=512)
def _everything(points: Points, change, sums: type) -> Sums | Absolute:
    measured = _other(points, change)
    return sums(measured.x, measured.y)
