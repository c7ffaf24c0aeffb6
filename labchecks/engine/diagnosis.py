"""Finding the known mistake whose simulated run gives the numbers that a student got."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

import numpy as np

from labchecks.engine.compare import allowed, mismatch, shown
from labchecks.engine.mistakes import (
    Mistake,
    Momentum,
    OwnRates,
    Rates,
    WeightDecay,
    wrong_rate,
    wrong_start,
)
from labchecks.engine.run import Descent, Points, noise_free, simulate
from labchecks.feedback import Feedback, incorrect

__all__ = ["climb", "describe", "explain", "fitted", "fitted_start", "implied_rates", "matching"]


def matching(
    values: Sequence[float],
    right: Descent,
    points: Points,
    known: Iterable[Mistake],
    pairs: bool = True,
    absolute: float = 0.0,
) -> tuple[Mistake, ...]:
    """The mistake, or the two, whose run gives `values`; empty if none does.

    Parameters
    ----------
    values : sequence of float
        The student's losses.
    right : Descent
        The run that was asked for, with as many epochs as the student's.
    points : Points
        Its data.
    known : iterable of Mistake
        Which mistakes to try, in order of preference.
    pairs : bool
        Whether to try two at once when no single one matches.
    absolute : float
        Absolute difference allowed, for values that were rounded.
    """
    known = [m for m in known if points.clean is not None or noise_free not in m.change.values()]
    single = _closest(values, ((m,) for m in known), right, points, absolute)
    if single or not pairs:
        return single
    two = (pair for pair in itertools.combinations(known, 2) if pair[0].goes_with(pair[1]))
    return _closest(values, two, right, points, absolute)


def _closest(values, combinations, right: Descent, points: Points, absolute: float):
    best, least = (), 1.0
    if not len(values) or not math.isfinite(values[0]):
        return best
    for combination in combinations:
        run = right
        for mistake in combination:
            run = mistake.applied_to(run)
        # One epoch tells most runs apart, at a fraction of the cost of all.
        begin = _first_epoch(run.with_(epochs=1), points)[: len(values)]
        if abs(values[0] - begin[0]) > allowed(begin[0], absolute):
            continue
        if mismatch(values[: len(begin)], begin, absolute) > 1:
            continue
        small = run.batch_size is not None and run.batch_size < len(points)
        off = mismatch(values, simulate(run, points).losses, absolute, chaotic=small)
        # Of two that match equally well the first in the catalogue is the likelier.
        if off <= 1 and (not best or off < 0.5 * least):
            best, least = combination, off
    return best


@lru_cache(maxsize=10_000)
def _first_epoch(run: Descent, points: Points) -> np.ndarray:
    """The losses of one epoch, which are the same whatever answer they are compared with."""
    return simulate(run, points).losses


def fitted(
    values: Sequence[float],
    points: Points,
    run_with: Callable[[np.ndarray], Descent],
    begin: Sequence[float],
) -> np.ndarray | None:
    """The numbers for which ``run_with(numbers)`` gives exactly `values`; None if none are found.

    Levenberg and Marquardt's method on the logarithms of the losses, from `begin`. There have to be
    at least three losses more than numbers, so that only a run of this kind can agree.
    """
    wanted = np.asarray(values, dtype=float)
    if len(wanted) < len(begin) + 4 or not np.isfinite(wanted).all() or (wanted <= 0).any():
        return None
    goal = np.log(wanted)

    def off(numbers: np.ndarray) -> np.ndarray:
        losses = simulate(run_with(numbers), points).losses
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.log(losses) - goal, nan=1e3, posinf=1e3, neginf=-1e3)

    at = np.array(begin, dtype=float)
    miss, damping = off(at), 1e-2
    for _ in range(40):
        step = 1e-6 * np.maximum(np.abs(at), 1e-2)
        slopes = np.array([(off(at + h) - miss) / h.sum() for h in np.diag(step)]).T
        square = slopes.T @ slopes
        change = np.linalg.lstsq(
            square + damping * np.diag(np.diag(square) + 1e-12), -slopes.T @ miss, rcond=None
        )[0]
        new = off(at + change)
        if new @ new < miss @ miss:
            # Where the last step has gained next to nothing, no numbers fit.
            at_rest = new @ new > 0.999 * (miss @ miss)
            at, miss, damping = at + change, new, damping / 5
            if at_rest or np.abs(miss).max() < 1e-6:
                break
        else:
            damping *= 5
            if damping > 1e8:
                break
    # Float32 leaves a few parts in 100,000, and the losses may end at the level of the noise.
    return at if mismatch(values, simulate(run_with(at), points).losses) <= 0.3 else None


def implied_rates(values: Sequence[float], right: Descent, points: Points) -> list[float]:
    """The rates at which the first full-batch step gives the second loss: roots of a quadratic.

    From L(p − η·g) = L(p) − η·|g|² + η²/2 · gᵀHg, with g and H gradient and Hessian at the start p.
    """
    if len(values) < 2 or not all(map(math.isfinite, values[:2])):
        return []
    start = np.array(right.start, dtype=float)
    hessian = points.hessian
    gradient = hessian @ (start - np.array(points.minimum))
    curve = 0.5 * float(gradient @ hessian @ gradient)
    slope = float(gradient @ gradient)
    rest = points.loss(*right.start) - float(values[1])
    if curve == 0:
        return []
    inside = slope**2 - 4 * curve * rest
    # A loss at the very bottom of the parabola may miss it by rounding.
    inside = 0.0 if -1e-6 * slope**2 < inside < 0 else inside
    if inside < 0:
        return []
    roots = {(slope + sign * math.sqrt(inside)) / (2 * curve) for sign in (-1, 1)}
    return sorted(rate for rate in roots if rate > 0)


def fitted_start(
    values: Sequence[float], rate: float, points: Points, absolute: float = 0.0
) -> bool:
    """Whether `values` are those of batch descent at `rate` from some start.

    Along the eigenvectors of the Hessian L_k − L* = Σ aᵢ·ρᵢ^{2k} with ρᵢ = 1 − η·λᵢ and aᵢ ≥ 0: two
    unknowns, found by least squares on relative errors.
    """
    losses = np.asarray(values, dtype=float)
    # No loss of a training is that small, and what it is divided by would overflow.
    if len(losses) < 4 or not np.isfinite(losses).all() or (losses <= 1e-100).any():
        return False
    factors = 1 - rate * np.linalg.eigvalsh(points.hessian)
    with np.errstate(all="ignore"):
        decay = factors[None, :] ** (2 * np.arange(len(losses))[:, None])
    floor = points.least_loss
    if not np.isfinite(decay).all():
        return False
    weight = 1 / losses
    found, *_ = np.linalg.lstsq(decay * weight[:, None], (losses - floor) * weight, rcond=None)
    if (found < -1e-6 * losses[0]).any():
        return False
    return mismatch(values, floor + decay @ np.clip(found, 0, None), absolute) <= 1


def describe(
    found: Sequence[Mistake],
    values: Sequence[float],
    right: Descent,
    name: str = "",
    size: int | None = None,
) -> Feedback:
    """The feedback that names one mistake, or two; `size` is the number of points per update."""
    fields = _fields(values, right, name)
    size = right.batch_size or size
    fields["times"] = f"{size} times" if size else "many times"
    if len(found) == 1:
        (mistake,) = found
        text = f"{mistake.sentence.format(**fields)} {mistake.look}"
        return incorrect(text, mistake.name)
    words = ", and ".join(mistake.words for mistake in found)
    text = (
        f"Two things come together here: {words}. A run with both gives exactly your numbers "
        f"(the first is {fields['v0']}, the last {fields['last']}). {found[0].look}"
    )
    return incorrect(text, " + ".join(mistake.name for mistake in found))


def _fields(values: Sequence[float], right: Descent, name: str) -> dict[str, str]:
    numbers = [shown(value) for value in values]
    return {
        "name": name,
        "v0": numbers[0],
        "v1": numbers[min(1, len(numbers) - 1)],
        "last": numbers[-1],
        "n": str(len(numbers)),
        "rise": _rise(values, numbers),
        "climb": climb(values),
        "rate": f"{right.rate:g}",
        "start": f"({right.start[0]:g}, {right.start[1]:g})".replace("-", "−"),
        "epochs": str(right.epochs),
    }


def climb(values: Sequence[float]) -> str:
    """What shows that steps go uphill: the first one, if the losses before and after it tell."""
    first, second = (shown(value) for value in (values[0], values[min(1, len(values) - 1)]))
    if len(values) > 1 and values[1] > values[0]:
        return f"your second loss, {second}, is larger than the first, {first}"
    # Each may be the loss of another sample.
    return f"your losses go from {first} to {shown(values[-1])}"


def _rise(values: Sequence[float], numbers: Sequence[str]) -> str:
    for k in range(1, len(values)):
        if values[k] > values[k - 1]:
            return f"rise again from {numbers[k - 1]} to {numbers[k]} at step {k}"
    return f"do not fall as they should, from {numbers[0]} to {numbers[-1]}"


def explain(
    values: Sequence[float],
    right: Descent,
    points: Points,
    known: Sequence[Mistake],
    alone: Sequence[Mistake] = (),
    name: str = "",
    absolute: float = 0.0,
) -> Feedback | None:
    """Name the run, in an order that is known, that gives exactly these losses; None if none does.

    Tried in this order: one known mistake, any other rate, any other start, two mistakes at once,
    then steps that differ from the right ones by two or three numbers.

    Parameters
    ----------
    values, right, points, known, absolute
        As for :func:`matching`.
    alone : sequence of Mistake
        Mistakes to try alone but not in pairs.
    name : str
        The student's name for the losses.
    """

    def say(found: Sequence[Mistake]) -> Feedback:
        return describe(found, values, right, name, len(points))

    found = matching(values, right, points, [*known, *alone], pairs=False, absolute=absolute)
    if found:
        return say(found)
    for fit in (_any_rate, _any_start):
        mistake = fit(values, right, points, absolute)
        if mistake is not None:
            return say([mistake])
    found = matching(values, right, points, known, absolute=absolute)
    if found:
        return say(found)
    for mistake in _fits(values, right, points):
        return say([mistake])
    if right.batch_size is None:
        found = _two_of_batch_descent(values, right, points, known, absolute)
    return say(found) if found else None


def _any_rate(values, right: Descent, points: Points, absolute: float) -> Mistake | None:
    if right.batch_size is None:
        rates = implied_rates(values, right, points)
        # The rate was read off the second loss, so its digits are only as good as that.
        allowed = 5.0
    else:
        begins = [(factor * right.rate,) for factor in (1.0, 2.0, 0.3, 0.05)]
        tried = (fitted(values, points, lambda n: right.with_(rate=n[0]), b) for b in begins)
        rates, allowed = [float(found[0]) for found in tried if found is not None][:1], 1.0
    for rate in rates:
        if abs(rate - right.rate) < 0.01 * right.rate and right.batch_size is None:
            continue  # the right rate, read off a second loss that is a little off
        run = right.with_(rate=rate)
        if rate > 0 and mismatch(values, simulate(run, points).losses, absolute) <= allowed:
            return wrong_rate(rate, right.rate)
    return None


def _any_start(values, right: Descent, points: Points, absolute: float) -> Mistake | None:
    if right.batch_size is None:
        return wrong_start(None) if fitted_start(values, right.rate, points, absolute) else None
    if not len(values) or abs(values[0] - points.loss(*right.start)) <= 1e-3 * abs(values[0]):
        return None
    w, b = right.start
    for begin in ((w, b), (-w, -b), (0.0, 20.0), (0.0, -20.0), (w, -b)):
        if fitted(values, points, lambda n: right.with_(start=tuple(n)), begin) is not None:
            return wrong_start(None)
    return None


def _fits(values, right: Descent, points: Points) -> Iterator[Mistake]:
    """Steps of another kind than gradient descent's, whose two or three numbers are fitted."""
    rate, batches = right.rate, -(-len(points) // (right.batch_size or len(points)))
    look = "Look at everything that changes the step, in the loop and in the optimizer."

    def tried(run_with, *begins):
        found = (fitted(values, points, run_with, begin) for begin in begins)
        return next((numbers for numbers in found if numbers is not None), None)

    def stepped(name: str, words: str, optimizer) -> Mistake:
        return Mistake(
            name,
            {"optimizer": optimizer},
            f"Your losses (from {{v0}} to {{last}}) are those of a run in which {words}.",
            look,
            words=words,
        )

    numbers = tried(lambda n: right.with_(optimizer=OwnRates(*n)), (rate, rate))
    if numbers is not None:
        words = f"`w` moves at a rate of about {numbers[0]:.2g} and `b` at about {numbers[1]:.2g}"
        yield stepped("different rates in w and b", words, OwnRates(*numbers))
    numbers = tried(lambda n: right.with_(optimizer=Rates((n[0],) * batches, n[1])), (rate, 1.0))
    if numbers is not None:
        how = "falls" if numbers[1] < 1 else "grows"
        words = f"the rate begins at about {numbers[0]:.2g} and {how} from epoch to epoch"
        yield stepped("rate not constant", words, Rates((numbers[0],) * batches, numbers[1]))
    numbers = tried(
        lambda n: right.with_(rate=n[0], optimizer=WeightDecay(n[1])), (rate, 0.0), (rate, 0.1)
    )
    if numbers is not None:
        words = f"the steps at rate {numbers[0]:.2g} have a weight decay of about {numbers[1]:.2g}"
        yield stepped("weight decay", words, WeightDecay(numbers[1]))
    numbers = tried(
        lambda n: right.with_(rate=n[0], optimizer=Momentum(n[1])), (rate, 0.5), (rate, 0.9)
    )
    if numbers is not None:
        words = f"the steps at rate {numbers[0]:.2g} have a momentum of about {numbers[1]:.2g}"
        yield stepped("momentum", words, Momentum(numbers[1]))
    if 1 < batches <= 3:
        numbers = tried(lambda n: right.with_(optimizer=Rates(tuple(n))), (rate,) * batches)
        if numbers is not None:
            said = ", ".join(f"{number:.2g}" for number in numbers)
            words = f"the rates of an epoch's {batches} updates are about {said}"
            yield stepped("rate not constant", words, Rates(tuple(numbers)))


def _two_of_batch_descent(values, right, points, known, absolute) -> Sequence[Mistake]:
    """Another rate together with one of the known mistakes, or with another start."""
    for rate in implied_rates(values, right, points):
        if abs(rate - right.rate) < 0.01 * right.rate:
            continue
        others = [m for m in known if m.goes_with(wrong_rate(rate))]
        found = matching(values, right.with_(rate=rate), points, others, False, absolute)
        if found:
            return [wrong_rate(rate, right.rate), *found]
    for mistake in known:
        if mistake.name == "wrong rate":
            run = mistake.applied_to(right)
            if fitted_start(values, run.rate, points, absolute):
                return [mistake, wrong_start(None)]
    return ()
