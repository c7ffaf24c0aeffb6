"""Whether a log of losses obeys an algorithm's law although its start is not known.

Every update of gradient descent on a line is an affine map of (w, b), and every recorded loss is a
quadratic of (w, b). So each entry of a log is a quadratic of the start,

    log_k(w₀, b₀) = c_k + g_k·θ₀ + θ₀ᵀ·H_k·θ₀,

and six simulated runs determine all its coefficients. Two numbers, the start, are then fitted to
the whole log. A log that the algorithm made is met to the precision of float32; another is not.
For batch descent this is L_k − L* = Σᵢ aᵢ·ρᵢ²ᵏ with aᵢ ≥ 0 and ρᵢ = 1 − η·λᵢ, in other words.

Where the order of the rows is drawn at random, the same fit is made for every order that there is;
that is possible on a few rows only (:func:`fit_any_order`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from labchecks.engine.run import Descent, Points, Trace, simulate

__all__ = [
    "Fit",
    "Program",
    "allowed_error",
    "find_rate",
    "fit_any_order",
    "fit_start",
    "predict",
]

#: Relative error that a float32 log may have: a hundred times what right programs show.
RELATIVE = 1e-4

#: Rounding of one prediction in float32, relative to the largest target.
PER_PREDICTION = 4e-6

#: Entries beyond this have left the range where float32 still computes squares.
TOO_LARGE = 1e30

#: Orders of the rows (over all epochs) that are tried at most.
MAX_ORDERS = 5000

#: Orders for which a start is computed from the log rather than searched for.
MAX_DIRECT = 50

#: Starts, of all orders together, that are looked at more closely.
MAX_GUESSES = 12_000

#: Epochs that are followed at least: fewer entries would fit by chance.
FEWEST = 4

#: The start of runs of which all starts are asked for.
_ANY = (0.0, 0.0)

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


@dataclass(frozen=True)
class Fit:
    """The start that fits a log best.

    Attributes
    ----------
    start : tuple of float
        Fitted (w, b).
    misfit : float
        Largest distance between law and log, in units of what rounding explains.
    """

    start: tuple[float, float]
    misfit: float

    @property
    def agrees(self) -> bool:
        """Whether the log obeys the law."""
        return self.misfit <= 1.0

    @property
    def tells(self) -> bool:
        """Whether the fit decides anything."""
        return not np.isnan(self.misfit)

    @classmethod
    def none(cls) -> Fit:
        """No start fits."""
        return cls((float("nan"), float("nan")), float("inf"))

    @classmethod
    def untold(cls) -> Fit:
        """The log is too short, or overflows too soon, to decide."""
        return cls((float("nan"), float("nan")), float("nan"))


def allowed_error(log: np.ndarray, points: Points, digits: int | None = None) -> np.ndarray:
    """How far each entry of a right float32 log may lie from the exact law, shape (K,).

    A rounding error δ in each prediction changes a mean squared error L by at most 2δ√L + δ².
    With `digits` the log was rounded to so many decimals, which adds half a unit.
    """
    log = np.abs(log)
    delta = PER_PREDICTION * (np.abs(points.y).max() + 1)
    rounding = 0.0 if digits is None else 0.6 * 10.0**-digits
    return RELATIVE * log + 2 * delta * np.sqrt(log) + delta**2 + rounding


def fit_start(
    runs: Sequence[tuple[Descent | Program, Points, np.ndarray]], digits: int | None = None
) -> Fit:
    """Fit one common start to the logs of one or more runs.

    Parameters
    ----------
    runs : sequence of (Descent or Program, Points, ndarray)
        The algorithm (its `start` is ignored), its data and the log, which must be as long as the
        algorithm's.
    digits : int, optional
        Decimals that the logs were rounded to.

    Returns
    -------
    Fit
        With infinite misfit where a log's length differs or it overflows where the algorithm does
        not; one that does not tell where both overflow before the fourth entry.
    """
    first_run, points, first_log = runs[0]
    frame = _Frame.around(points, first_log)
    parts, logs, errors = [], [], []
    for run, its_points, log in runs:
        coefficients = frame.expand(run, its_points)
        if len(coefficients) != len(log):
            return Fit.none()
        usable = _usable(log, coefficients)
        if usable < min(4, len(log)):
            size = np.nan_to_num(np.abs(coefficients[usable]).max(), nan=np.inf)
            return Fit.untold() if size > 1e-6 * TOO_LARGE else Fit.none()
        parts.append(coefficients[:usable])
        logs.append(log[:usable])
        errors.append(allowed_error(log[:usable], its_points, digits))
    return frame.fit(np.concatenate(parts)[None], np.concatenate(logs), np.concatenate(errors))


def predict(run: Descent | Program, points: Points, start: tuple[float, float]) -> np.ndarray:
    """The log of `run` from `start`."""
    return _trace(run.with_(start=start), points).losses


def _trace(run: Descent | Program, points: Points) -> Trace:
    return simulate(run, points) if isinstance(run, Descent) else run.trace(points)


def fit_any_order(
    run: Descent | Program,
    points: Points,
    log: np.ndarray,
    digits: int | None = None,
    dealt: str = "short last",
    shorten: bool = False,
) -> Fit:
    """Fit the start where each epoch may take the rows in any order.

    Parameters
    ----------
    run : Descent or Program
        The algorithm.
    dealt : str
        ``"short last"``: the batch that is not full comes last; ``"short first"``: it comes first;
        ``"batches"``: the rows are dealt once, and each epoch takes the batches in any order.
    shorten : bool
        Where there are too many orders over all epochs, follow the first epochs only, if at least
        :data:`FEWEST` can be followed: enough to recognise a mistake, not to accept a program.

    Returns
    -------
    Fit
        One that does not tell where there are too many orders to try them all, or where the
        algorithm carries more than (w, b) from one epoch to the next.
    """
    groups = [g for g in _orders(points, run.batch_size or len(points), dealt) if g]
    lasting = run.zero_grad not in ("always", "epoch")
    if len(log) != run.epochs or not (np.isfinite(log).all() and (log < TOO_LARGE).all()):
        return Fit.none()
    fewest = FEWEST if shorten else run.epochs
    epochs = next(
        (k for k in range(run.epochs, fewest - 1, -1) if _paths(groups, k) <= MAX_ORDERS), None
    )
    if lasting or epochs is None:
        return Fit.untold()
    run, log = run.with_(epochs=epochs), log[:epochs]
    frame = _Frame.around(points, log)
    rows = [frame.every_path(run, points, group) for group in groups]
    if not rows:
        return Fit.none()
    return frame.fit(np.concatenate(rows), log, allowed_error(log, points, digits), angles=120)


def _paths(groups: Sequence[Sequence], epochs: int) -> int:
    return sum(len(group) ** epochs for group in groups)


def _orders(points: Points, size: int, dealt: str) -> list[list[tuple[int, ...]]]:
    """Groups of orders; within a group each epoch may take any of them."""
    last, first = _dealings(points, size), _dealings(points, size, short_first=True)
    if dealt == "batches":
        return [[last[batches], first[batches]] for batches in last if batches in first]
    return [list((first if dealt == "short first" else last).values())]


def _dealings(points: Points, size: int, short_first: bool = False) -> dict[tuple, tuple[int, ...]]:
    """For each way to deal the rows into batches, one order that does it.

    Its key is the full batches in their order, and the short one. Rows that are alike count as one.
    """
    rows = list(zip(points.x.tolist(), points.y.tolist(), strict=True))
    kind = [rows.index(row) for row in rows]
    short = len(rows) % size
    different: dict[tuple, tuple[int, ...]] = {}
    if short_first and (not short or size % short):
        return different
    for order in itertools.permutations(range(len(rows))):
        full, rest = order[: len(order) - short], order[len(order) - short :]
        if short_first:
            full, rest = order[short:], order[:short]
            # A mean does not change when the short batch repeats itself until it is full.
            order = rest * (size // short) + full
        batches = [full[i : i + size] for i in range(0, len(full), size)]
        key = tuple(tuple(sorted(kind[i] for i in batch)) for batch in (*batches, rest))
        different.setdefault(key, order)
    return different


def find_rate(points: Points, log: np.ndarray, digits: int | None = None) -> float:
    """The constant rate at which batch descent gives a log, from whatever start; nan if none does.

    In L_k = L* + a₁·ρ₁²ᵏ + a₂·ρ₂²ᵏ both factors ρᵢ = 1 − η·λᵢ follow from the rate η, and the two
    amplitudes by linear least squares. So rates are tried on a grid that is made finer about the
    best one.
    """
    if len(log) < 5 or not (np.isfinite(log).all() and (np.abs(log) < TOO_LARGE).all()):
        return float("nan")
    curvatures = np.linalg.eigvalsh(points.hessian)
    errors = allowed_error(log, points, digits)
    target = (log - points.least_loss) / errors
    steps = np.arange(len(log))
    grid = np.geomspace(1e-4, 1e2, 4000) / curvatures[1]
    misfit = np.inf
    for _ in range(5):
        with np.errstate(all="ignore"):
            powers = np.abs(1 - grid[:, None] * curvatures)[:, None, :] ** (2 * steps[:, None])
            columns = powers / errors[:, None]
            size = np.linalg.norm(columns, axis=1, keepdims=True)
            columns = np.nan_to_num(columns / size, posinf=0.0, neginf=0.0)
            normal = np.einsum("rki,rkj->rij", columns, columns) + 1e-15 * np.eye(2)
            pull = columns.swapaxes(1, 2) @ target
            fitted = np.einsum("rki,ri->rk", columns, _solve_two(normal, pull))
            misfits = np.nan_to_num(np.abs(fitted - target).max(axis=1), nan=np.inf)
        best = int(np.argmin(misfits))
        rate, misfit = float(grid[best]), float(misfits[best])
        grid = np.linspace(grid[max(0, best - 2)], grid[min(len(grid) - 1, best + 2)], 400)
    return rate if misfit <= 1 else float("nan")


def _usable(log: np.ndarray, coefficients: np.ndarray) -> int:
    """How many entries come before the log or the law overflows."""
    fine = np.isfinite(log) & (np.abs(log) < TOO_LARGE)
    fine &= np.isfinite(coefficients).all(axis=1) & (np.abs(coefficients).max(axis=1) < 1e120)
    return len(fine) if fine.all() else int(np.argmin(fine))


def _six(matrix: np.ndarray) -> np.ndarray:
    """Coefficients of 1, u, v, u², v², uv in (u, v, 1)·matrix·(u, v, 1)ᵀ."""
    m = matrix + np.swapaxes(matrix, -1, -2)
    return np.stack(
        [
            m[..., 2, 2] / 2,
            m[..., 0, 2],
            m[..., 1, 2],
            m[..., 0, 0] / 2,
            m[..., 1, 1] / 2,
            m[..., 0, 1],
        ],
        axis=-1,
    )


@dataclass(frozen=True, eq=False)
class _Axes:
    """Coordinates (u, v) = ((w, b) − centre)/radius, which depend on the data alone.

    So what an algorithm does in them is computed once for all logs of a case, however many students
    hand one in.
    """

    centre: np.ndarray
    radius: float

    def start(self, corner: np.ndarray) -> tuple[float, float]:
        w, b = self.centre + self.radius * corner
        return float(w), float(b)

    def one_epoch(
        self, run: Descent | Program, points: Points, order: tuple[int, ...]
    ) -> tuple[np.ndarray, np.ndarray]:
        """The affine map of (u, v, 1) over one epoch, and its entry as a quadratic form."""
        once = run.with_(epochs=1, order=(order,))
        traces = [_trace(once.with_(start=self.start(c)), points) for c in _CORNERS]
        ends = (np.array([t.end for t in traces]) - self.centre) / self.radius
        step = np.eye(3)
        step[:2, 2] = ends[0]
        step[:2, 0] = ends[1] - ends[0]
        step[:2, 1] = ends[3] - ends[0]
        one, u, v, uu, vv, uv = _quadratic(np.array([t.losses for t in traces]))[0]
        return step, np.array([[uu, uv / 2, u / 2], [uv / 2, vv, v / 2], [u / 2, v / 2, one]])


@lru_cache(maxsize=256)
def _axes_of(points: Points) -> _Axes:
    design = np.stack([points.x, np.ones_like(points.x)], axis=1)
    centre = np.linalg.lstsq(design, points.y, rcond=None)[0]
    return _Axes(centre, float(np.sqrt(2 / np.trace(points.hessian))))


@lru_cache(maxsize=2000)
def _expanded(axes: _Axes, run: Descent | Program, points: Points) -> np.ndarray:
    at = [predict(run, points, axes.start(c)) for c in _CORNERS]
    return _quadratic(np.array(at))


@lru_cache(maxsize=16)  # up to 2 MB each
def _every_path(
    axes: _Axes, run: Descent | Program, points: Points, orders: tuple[tuple[int, ...], ...]
) -> np.ndarray:
    steps, forms = zip(*(axes.one_epoch(run, points, o) for o in orders), strict=True)
    steps, forms = np.array(steps), np.array(forms)
    if not (np.isfinite(steps).all() and np.isfinite(forms).all()):
        return np.full((1, run.epochs, 6), np.nan)
    state = np.eye(3)[None]  # (paths, 3, 3): the affine map from the start to this epoch
    rows = np.empty((1, 0, 6))
    for _ in range(run.epochs):
        entry = np.einsum("pia,oij,pjb->opab", state, forms, state)
        kept = np.broadcast_to(rows, (len(orders), *rows.shape))
        rows = np.concatenate([kept, _six(entry)[:, :, None, :]], axis=2)
        rows = rows.reshape(-1, *rows.shape[2:])
        state = np.einsum("oij,pjk->opik", steps, state).reshape(-1, 3, 3)
    return rows


@dataclass(frozen=True, eq=False)
class _Frame:
    """Those coordinates on a scale on which a log's start has size about one."""

    axes: _Axes
    scale: float

    @classmethod
    def around(cls, points: Points, log: np.ndarray) -> _Frame:
        first = float(np.abs(log[0])) if len(log) and np.isfinite(log[0]) else 1.0
        return cls(_axes_of(points), float(np.sqrt(np.clip(first, 1e-6, 1e12))))

    def start(self, at: np.ndarray) -> tuple[float, float]:
        return self.axes.start(self.scale * at)

    def expand(self, run: Descent | Program, points: Points) -> np.ndarray:
        """Coefficients of 1, u, v, u², v², uv of every entry of the run's log, shape (K, 6)."""
        return self._scaled(_expanded(self.axes, run.with_(start=_ANY), points))

    def every_path(
        self, run: Descent | Program, points: Points, orders: Sequence[tuple[int, ...]]
    ) -> np.ndarray:
        """Coefficients for every sequence of orders, shape (paths, K, 6)."""
        run = run.with_(start=_ANY)
        return self._scaled(_every_path(self.axes, run, points, tuple(orders)))

    def _scaled(self, coefficients: np.ndarray) -> np.ndarray:
        side = self.scale
        with np.errstate(all="ignore"):
            return coefficients * np.array([1.0, side, side, side**2, side**2, side**2])

    def fit(
        self, coefficients: np.ndarray, log: np.ndarray, errors: np.ndarray, angles: int = 240
    ) -> Fit:
        """Best start over all paths; `coefficients` has shape (paths, K, 6)."""
        if not np.isfinite(coefficients).all():
            return Fit.none()
        coefficients = coefficients[_possible(coefficients, log, errors)]
        if not len(coefficients):
            return Fit.none()
        points, misfits = _direct(coefficients[:MAX_DIRECT], log, errors)
        if not misfits.min() <= 1:
            path, guesses = _scan(coefficients, log, angles)
            points, misfits = _polish(coefficients[path], guesses, log, errors)
        best = int(np.argmin(misfits))
        if not np.isfinite(misfits[best]):
            return Fit.none()
        return Fit(self.start(points[best]), float(misfits[best]))


def _possible(coefficients: np.ndarray, log: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Which paths may fit, shape (paths,): a linear question that is answered at once.

    The monomials u, v, u², v², uv are five numbers. If no five numbers, tied to each other or not,
    come within the errors of the log, no start does. With five entries or fewer all may fit.
    """
    if len(log) <= 5:
        return np.ones(len(coefficients), dtype=bool)
    columns, _, rest = _linear_system(coefficients, log, errors)
    basis = _orthonormal(columns)
    rest = rest - np.einsum("pkm,pm->pk", basis, np.einsum("pkm,pk->pm", basis, rest))
    # Rounding in the elimination itself counts for a little; every entry may be off by one unit.
    return np.linalg.norm(rest, axis=1) <= 1.1 * np.sqrt(len(log))


def _linear_system(
    coefficients: np.ndarray, log: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What u, v, u², v², uv do to the log, in units of its errors.

    Returns
    -------
    columns : ndarray, shape (paths, K, 5)
        Of length one, or zero.
    size : ndarray, shape (paths, 5)
        Their lengths before; 1 for zero.
    target : ndarray, shape (paths, K)
        What they have to add up to.
    """
    scaled = coefficients[:, :, 1:] / errors[None, :, None]
    size = np.linalg.norm(scaled, axis=1)
    size = np.where(size > 0, size, 1)
    return scaled / size[:, None], size, (log - coefficients[:, :, 0]) / errors


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """Orthonormal bases of the spaces that unit or zero columns span, shape (paths, K, m).

    Of many at once by Gram and Schmidt, each column twice, as LAPACK takes them one by one.
    """
    if len(columns) < 20:
        return np.linalg.qr(columns)[0]
    basis = np.ascontiguousarray(columns.T)  # (m, K, paths)
    for k, column in enumerate(basis):
        for _ in range(2 if k else 0):
            shares = np.einsum("mkp,kp->mp", basis[:k], column)
            column -= np.einsum("mkp,mp->kp", basis[:k], shares)
        left = np.sqrt(np.einsum("kp,kp->p", column, column))
        # What rounding leaves of a column that says nothing new is no direction.
        column *= np.where(left > 1e-10, 1 / np.where(left > 0, left, 1), 0)
    return basis.T


def _direct(
    coefficients: np.ndarray, log: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Starts that follow from the log by linear least squares, and their misfits.

    The log determines u², v² and uv as far as it depends on them, and in the axes of the first
    entry the squares of the start's two coordinates; their signs are tried. A log of the law is
    met from one of them, so that nothing need be searched for; of another log this says nothing.
    """
    columns, size, rest = _linear_system(coefficients, log, errors)
    solved = np.einsum("pmk,pk->pm", np.linalg.pinv(columns, rcond=1e-9), rest) / size
    _, _, uu, vv, uv = solved.T
    squares = np.stack([np.stack([uu, uv], -1), np.stack([uv, vv], -1)], -2)
    _, axes = np.linalg.eigh(_curvature(coefficients))
    local = np.sqrt(np.maximum(np.einsum("pia,pij,pja->pa", axes, squares, axes), 0))
    signs = np.array([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    guesses = np.einsum("pia,psa->psi", axes, local[:, None, :] * signs)
    path = np.repeat(np.arange(len(coefficients)), len(signs))
    coefficients, guesses = coefficients[path], guesses.reshape(-1, 2)
    points, _ = _descend(coefficients, guesses, log, 1 / errors, rounds=6)
    return points, _misfits(coefficients, points, log, errors)


def _curvature(coefficients: np.ndarray) -> np.ndarray:
    """The first entry's quadratic form of each path, shape (paths, 2, 2)."""
    uu, vv, uv = np.moveaxis(coefficients[:, 0, 3:], -1, 0)
    return np.stack([np.stack([uu, uv / 2], -1), np.stack([uv / 2, vv], -1)], -2)


def _quadratic(at: np.ndarray) -> np.ndarray:
    """From values at the six corners, shape (6, K), to coefficients, shape (K, 6)."""
    with np.errstate(all="ignore"):
        zero, right, left, up, down, both = at
        u, v = (right - left) / 2, (up - down) / 2
        uu, vv = (right + left) / 2 - zero, (up + down) / 2 - zero
        return np.stack([zero, u, v, uu, vv, both - zero - u - v - uu - vv], axis=1)


def _monomials(at: np.ndarray) -> np.ndarray:
    u, v = at[..., 0], at[..., 1]
    return np.stack([np.ones_like(u), u, v, u * u, v * v, u * v], axis=-1)


def _scan(coefficients: np.ndarray, log: np.ndarray, angles: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts on the ellipse where the first entry is met, the most promising ones of all paths.

    Along an ellipse, (u, v) = m + p·cos t + q·sin t, an entry is a wave of at most two periods. So
    all entries of all paths at all angles are one product of matrices.
    """
    paths, entries = coefficients.shape[:2]
    middle, cosine, sine = _ellipse(coefficients, log[0])
    turn = np.linspace(0, 2 * np.pi, angles, endpoint=False)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    waves = _waves(coefficients, middle, cosine, sine).reshape(-1, 5)
    with np.errstate(all="ignore"):
        # Single precision is enough to see where to look more closely.
        losses = waves @ np.vstack([np.ones(angles), circle, np.cos(2 * turn), np.sin(2 * turn)])
        losses = losses.reshape(paths, entries, angles).astype(np.float32)
        floor = np.float32(1e-12 * max(1.0, float(log.max())))
        gaps = np.log(np.maximum(losses, floor))
        gaps -= np.log(np.maximum(log, floor)).astype(np.float32)[:, None]
        score = np.nan_to_num(np.einsum("pka,pka->pa", gaps, gaps), nan=np.inf)
    each = 24 if paths == 1 else 8
    best = np.argpartition(score, each, axis=1)[:, :each]
    path = np.repeat(np.arange(paths), each)
    best = best.ravel()
    if len(best) > MAX_GUESSES:
        chosen = np.argpartition(score[path, best], MAX_GUESSES)[:MAX_GUESSES]
        path, best = path[chosen], best[chosen]
    at = middle[path] + cosine[path] * circle[0, best, None] + sine[path] * circle[1, best, None]
    return path, at


def _ellipse(coefficients: np.ndarray, first: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middle and half-axes of the ellipse on which the first entry has its value, (paths, 2)."""
    one, u, v = np.moveaxis(coefficients[:, 0, :3], -1, 0)
    values, vectors = np.linalg.eigh(_curvature(coefficients))
    top = np.maximum(values[:, 1:], 1e-300)
    # A direction that the first entry does not see gets a long but finite half-axis.
    values = np.maximum(values, 1e-4 * top)
    slope = np.einsum("pij,pi->pj", vectors, np.stack([u, v], -1))
    middle = -slope / (2 * values)
    height = first - one + (slope**2 / (4 * values)).sum(axis=1)
    half = np.sqrt(np.maximum(height, 0)[:, None] / values)
    axes = vectors * half[:, None, :]
    return np.einsum("pij,pj->pi", vectors, middle), axes[:, :, 0], axes[:, :, 1]


def _waves(
    coefficients: np.ndarray, middle: np.ndarray, cosine: np.ndarray, sine: np.ndarray
) -> np.ndarray:
    """Each entry along the ellipse, as shares of 1, cos t, sin t, cos 2t, sin 2t: (paths, K, 5)."""
    one, u, v, uu, vv, uv = np.moveaxis(coefficients, -1, 0)

    def form(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        (ax, ay), (bx, by) = a.T[:, :, None], b.T[:, :, None]
        return uu * ax * bx + vv * ay * by + uv * (ax * by + ay * bx) / 2

    def line(a: np.ndarray) -> np.ndarray:
        return u * a[:, :1] + v * a[:, 1:]

    with np.errstate(all="ignore"):
        both = form(cosine, cosine), form(sine, sine)
        return np.stack(
            [
                one + line(middle) + form(middle, middle) + (both[0] + both[1]) / 2,
                line(cosine) + 2 * form(middle, cosine),
                line(sine) + 2 * form(middle, sine),
                (both[0] - both[1]) / 2,
                form(cosine, sine),
            ],
            axis=-1,
        )


def _polish(
    coefficients: np.ndarray, guesses: np.ndarray, log: np.ndarray, errors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Damped Gauss–Newton on all guesses at once; returns the starts and their misfits.

    The many guesses of the beginning are thinned out as the better ones show. Residuals are taken
    relative to the entries at first, which is smooth from afar, then in units of the rounding. An
    entry of which rounding leaves few digits counts for less: it must not decide what is kept.
    """
    relative = 1 / np.maximum(log, 1000 * errors)
    coefficients, at, _ = _thinned(coefficients, guesses, log, relative, rounds=8, kept=200)
    # The log of a right program is met by now.
    if _misfits(coefficients, at, log, errors).min() > 1:
        coefficients, at, cost = _thinned(coefficients, at, log, relative, rounds=22, kept=20)
        # A tenth off in each entry is no rounding: nothing will come of it.
        if cost > 0.01 * len(log):
            return at, _misfits(coefficients, at, log, errors)
    coefficients, at, _ = _thinned(coefficients, at, log, 1 / errors, rounds=20, kept=1)
    return at, _misfits(coefficients, at, log, errors)


def _thinned(
    coefficients: np.ndarray,
    at: np.ndarray,
    log: np.ndarray,
    weights: np.ndarray,
    *,
    rounds: int,
    kept: int,
) -> tuple[np.ndarray, np.ndarray, float]:
    """The best guesses after some rounds, with their coefficients, and the cost of the best."""
    at, cost = _descend(coefficients, at, log, weights, rounds)
    best = np.argsort(cost)[:kept]
    return coefficients[best], at[best], cost[best[0]]


def _misfits(
    coefficients: np.ndarray, at: np.ndarray, log: np.ndarray, errors: np.ndarray
) -> np.ndarray:
    with np.errstate(all="ignore"):
        misfits = np.abs(_residual(coefficients, at, log) / errors).max(axis=1)
    return np.nan_to_num(misfits, nan=np.inf)


def _descend(
    coefficients: np.ndarray, at: np.ndarray, log: np.ndarray, weights: np.ndarray, rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    damping = np.full(len(at), 1e-3)
    with np.errstate(all="ignore"):
        residual = _residual(coefficients, at, log) * weights
        cost = np.nan_to_num((residual**2).sum(axis=1), nan=np.inf)
        for _ in range(rounds):
            jacobian = _slope(coefficients, at) * weights[None, :, None]
            normal = np.einsum("cki,ckj->cij", jacobian, jacobian)
            scale = np.einsum("cii->ci", normal) + 1e-300
            pull = np.einsum("cki,ck->ci", jacobian, residual)
            damped = normal + (damping[:, None] * scale)[:, :, None] * np.eye(2)
            new = at - _solve_two(damped, pull)
            new_residual = _residual(coefficients, new, log) * weights
            new_cost = (new_residual**2).sum(axis=1)
            better = new_cost < cost
            at = np.where(better[:, None], new, at)
            residual = np.where(better[:, None], new_residual, residual)
            cost = np.where(better, new_cost, cost)
            damping = np.clip(np.where(better, damping / 5, damping * 8), 1e-12, 1e12)
    return at, cost


def _solve_two(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    a, b, d = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 1]
    with np.errstate(all="ignore"):
        det = a * d - b * b
        first = (d * vector[:, 0] - b * vector[:, 1]) / det
        second = (a * vector[:, 1] - b * vector[:, 0]) / det
    return np.nan_to_num(np.stack([first, second], axis=1), posinf=0, neginf=0)


def _residual(coefficients: np.ndarray, at: np.ndarray, log: np.ndarray) -> np.ndarray:
    return np.einsum("ckm,cm->ck", coefficients, _monomials(at)) - log


def _slope(coefficients: np.ndarray, at: np.ndarray) -> np.ndarray:
    _, u, v, uu, vv, uv = np.moveaxis(coefficients, -1, 0)
    x, y = at[:, :1], at[:, 1:]
    return np.stack([u + 2 * uu * x + uv * y, v + 2 * vv * y + uv * x], axis=-1)
