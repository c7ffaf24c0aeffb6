"""Following a run of gradient descent from a start that the student's program draws.

The start is asked for. On rows that are all alike, with a rate of zero, one epoch's loss is the
square of one residual: for (x, y) = (0, 0), (0, 1), (1, 0) and (1, 1)

    A = b²,  B = (b − 1)²,  C = (w + b)²,  D = (w + b − 1)²,

so b = (A − B + 1)/2 and w + b = (C − D + 1)/2. Batches and their order have no effect on this. A
program with a mistake records c·b² instead; c is what the mistake makes of b = 1, so each known
mistake leads to a start of its own, or contradicts the four numbers.
"""

import itertools
from functools import lru_cache

import numpy as np

from labchecks.engine.mistakes import OncePerEpoch, OwnRates, WeightDecay
from labchecks.engine.run import Descent, Points, simulate

#: Relative error that a float32 log may have: a hundred times what right programs show.
RELATIVE = 1e-4

#: Rounding of one prediction in float32, relative to the largest target and to the start.
PER_PREDICTION = 4e-6

#: Entries beyond this have left the range where float32 still computes squares.
TOO_LARGE = 1e30

#: Places in the plane of (w, b) that a run in an unknown order may have reached, at most.
MOST_PLACES = 20_000

#: How far the four numbers may contradict each other, relative to their size.
CONSISTENT = 1e-3


def predict(run: Descent, points: Points, start: np.ndarray) -> np.ndarray:
    """The log of `run` from `start`."""
    return simulate(run.with_(start=(float(start[0]), float(start[1]))), points).losses


def allowed_error(
    log: np.ndarray, points: Points, digits: int | None = None, start: np.ndarray | None = None
) -> np.ndarray:
    """How far each entry of a right float32 log may lie from the exact run, shape (K,).

    A rounding error δ in each prediction changes a mean squared error L by at most 2δ√L + δ².
    With `digits` the log was rounded to so many decimals, which adds half a unit, and the answers
    that tell the `start` were rounded as well.
    """
    log = np.abs(log)
    delta = PER_PREDICTION * (np.abs(points.y).max() + 1)
    rounding = 0.0 if digits is None else 10.0**-digits
    if start is not None:
        delta += PER_PREDICTION * np.abs(start).max() + rounding * (1 + np.abs(points.x).max())
    return RELATIVE * log + 2 * delta * np.sqrt(log) + delta**2 + 0.6 * rounding


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
        (own, less), scale = (squares / np.repeat(units, 2)).reshape(2, 2).T, np.abs(units)
        found = (own - less + 1) / 2
        rounding = 0.0 if digits is None else 10.0**-digits / scale
        off = np.abs(own - found**2)
        known = off <= CONSISTENT * (1 + own) + rounding * (1 + np.abs(found))
    if not (np.isfinite(found).all() and known.all()):
        return None
    # A difference of squares leaves few digits of a large start; the square itself has them all.
    b, both = np.where(np.abs(found) < 1, found, np.copysign(np.sqrt(np.abs(own)), found))
    return np.array([both - b, b])


def follows(
    run: Descent,
    points: Points,
    log: np.ndarray,
    start: np.ndarray,
    digits: int | None = None,
    dealt: str = "",
) -> bool | None:
    """Whether `run` gives this log from `start`.

    Parameters
    ----------
    dealt : str
        Empty: the rows come in the run's own order. Else each epoch may take them in any:
        ``"short last"``, the batch that is not full comes last; ``"any"``, it may also come first;
        ``"replaced"``, each row of a batch is drawn from all of them; ``"unpaired"``, inputs and
        targets come in two different orders.

    Returns
    -------
    bool or None
        None where the log overflows too soon to tell, where there are too many orders to tell them
        apart, or where the algorithm carries more than (w, b) from one epoch to the next.
    """
    if dealt:
        return _follows_in_some_order(run, points, log, start, digits, dealt)
    with np.errstate(all="ignore"):
        losses = predict(run, points, start)
        if len(losses) != len(log):
            return False
        lost = ~(np.isfinite(losses) & (np.abs(log) < TOO_LARGE))
        usable = int(np.argmax(lost)) if lost.any() else len(log)
        near = np.abs(losses - log) <= allowed_error(log, points, digits, start)
    if usable >= min(4, len(log)) or not near[:usable].all():
        return bool(near[:usable].all())
    stays = abs(log[usable]) < TOO_LARGE or abs(losses[usable]) < 1e-6 * TOO_LARGE
    return False if stays else None


def _follows_in_some_order(run, points, log, start, digits, dealt: str) -> bool | None:
    if len(log) != run.epochs or not (np.abs(log) < TOO_LARGE).all():
        return False
    # Unless gradients or an optimizer remember steps, an epoch is an affine map of (w, b).
    forgetful = OncePerEpoch | OwnRates | WeightDecay | None
    if run.zero_grad not in ("always", "epoch") or not isinstance(run.optimizer, forgetful):
        return None
    once = run.with_(epochs=1)
    pairings = _pairings(points) if dealt == "unpaired" else (points,)
    maps = [
        _epoch(once, rows, order)
        for rows in pairings
        for order in _orders(rows, run.batch_size or len(points), dealt)
    ]
    steps, forms = (np.array(part) for part in zip(*maps, strict=True))
    places = np.array([[*start, 1.0]])
    for value, error in zip(log, 2 * allowed_error(log, points, digits, start), strict=True):
        losses = np.einsum("pi,oij,pj->op", places, forms, places)
        order, place = np.nonzero(np.abs(losses - value) <= error)
        places = np.einsum("nij,nj->ni", steps[order], places[place])
        places = np.unique(places.round(9), axis=0)
        if not len(places):
            return False
        if len(places) > MOST_PLACES:
            return None
    return True


#: Six places (w, b, 1): the values of a quadratic there tell its form.
_PLACES = np.array([[0.0, 0, 1], [1, 0, 1], [0, 1, 1], [-1, 0, 1], [0, -1, 1], [1, 1, 1]])
_UPPER = np.triu_indices(3)
_TO_FORM = np.linalg.inv(_PLACES[:, _UPPER[0]] * _PLACES[:, _UPPER[1]])


@lru_cache(maxsize=4000)
def _epoch(run: Descent, points: Points, order: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The affine map of (w, b, 1) over one epoch, and its entry as a quadratic form."""
    once = [run.with_(order=(order,), start=(w, b)) for w, b, _ in _PLACES.tolist()]
    traces = [simulate(one, points) for one in once]
    zero, one_w, one_b, *_ = (np.array(trace.end) for trace in traces)
    step, form = np.eye(3), np.zeros((3, 3))
    step[:2] = np.stack([one_w - zero, one_b - zero, zero], axis=1)
    form[_UPPER] = _TO_FORM @ [trace.losses[0] for trace in traces]
    return step, form


@lru_cache(maxsize=64)
def _pairings(points: Points) -> tuple[Points, ...]:
    """The rows with their targets exchanged in every way."""
    each = dict.fromkeys(itertools.permutations(points.y.tolist()))
    return tuple(Points(points.x, np.array(targets)) for targets in each)


@lru_cache(maxsize=256)
def _orders(points: Points, size: int, dealt: str) -> list[tuple[int, ...]]:
    """For each way to deal the rows into batches, one order that does it.

    Rows that are alike count as one.
    """
    rows = list(zip(points.x.tolist(), points.y.tolist(), strict=True))
    kind = [rows.index(row) for row in rows]
    n = range(len(rows))
    short = len(rows) % size
    different: dict[tuple, tuple[int, ...]] = {}
    for order in itertools.product(n, repeat=len(n)):
        batches = [sorted(kind[i] for i in order[k : k + size]) for k in n[::size]]
        if dealt == "replaced" or len(set(order)) == len(n):
            different.setdefault(tuple(map(tuple, batches)), order)
    orders = list(different.values())
    if dealt == "any" and short and size % short == 0:
        # A mean does not change when the short batch repeats itself until it is full.
        orders += [o[-short:] * (size // short) + o[:-short] for o in orders]
    return orders


def descends(points: Points, rate: float, log: np.ndarray, digits: int | None = None) -> bool:
    """Whether batch descent at this rate gives the log from some start.

    Along the eigenvectors of the Hessian L_k − L* = a₁·ρ₁²ᵏ + a₂·ρ₂²ᵏ with aᵢ ≥ 0, ρᵢ = 1 − η·λᵢ.
    """
    if len(log) < 4 or not (np.abs(log) < TOO_LARGE).all():
        return False
    errors = allowed_error(log, points, digits)
    factors = (1 - rate * np.linalg.eigvalsh(points.hessian)) ** 2
    with np.errstate(all="ignore"):
        columns = factors ** np.arange(len(log))[:, None] / errors[:, None]
    if not np.isfinite(columns).all():
        return False
    target = (log - points.least_loss) / errors
    sizes = np.linalg.lstsq(columns, target, rcond=1e-12)[0]
    return bool((np.abs(columns @ np.maximum(sizes, 0) - target) <= 1).all())


def rates_of(points: Points, log: np.ndarray, start: np.ndarray) -> list[float]:
    """The rates at which one step with all rows leads from the first loss to the second."""
    if len(log) < 2:
        return []
    with np.errstate(all="ignore"):
        pull = points.hessian @ (start - np.array(points.minimum))
        first = points.loss(*start)
        parts = [pull @ points.hessian @ pull / 2, -(pull @ pull), first - log[1]]
    if not (np.abs(parts) < TOO_LARGE).all():
        return []
    roots = np.roots(parts)
    return [float(root.real) for root in roots if abs(root.imag) < 1e-3 * abs(root.real) + 1e-9]
