"""Finding the known mistake whose simulated run gives the numbers that a student got."""

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

import numpy as np

from labchecks.engine.compare import allowed, mismatch, shown
from labchecks.engine.mistakes import (
    Mistake,
    Momentum,
    OwnRates,
    Rates,
    WeightDecay,
    find,
    wrong_rate,
    wrong_start,
)
from labchecks.engine.run import Descent, Points, noise_free, simulate
from labchecks.engine.start import descends, rates_of
from labchecks.feedback import Feedback, incorrect


def matching(
    values: Sequence[float],
    right: Descent,
    points: Points,
    known: Iterable[Mistake],
    absolute: float = 0.0,
    together: int = 1,
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
    absolute : float
        Absolute difference allowed, for values that were rounded.
    together : int
        How many are made in one run: 1 or 2.
    """
    best, least = (), 1.0
    if not len(values) or not math.isfinite(values[0]):
        return best
    known = [m for m in known if points.clean is not None or noise_free not in m.change.values()]
    for mistakes in itertools.combinations(known, together):
        if together == 2 and not mistakes[0].goes_with(mistakes[1]):
            continue
        run = right
        for mistake in mistakes:
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
            best, least = mistakes, off
    return best


@lru_cache(maxsize=10_000)
def _first_epoch(run: Descent, points: Points) -> np.ndarray:
    """The losses of one epoch, which are the same whatever answer they are compared with."""
    return simulate(run, points).losses


def fitted(
    values: Sequence[float],
    points: Points,
    run_with: Callable[[list[float]], Descent],
    *begins: Sequence[float],
) -> list[float] | None:
    """The numbers for which ``run_with(numbers)`` gives exactly `values`; None if none are found.

    Levenberg and Marquardt's method on the logarithms of the losses, from each of `begins` in turn.
    There have to be at least four losses more than numbers, so that only a run of this kind can
    agree.
    """
    wanted = np.asarray(values, dtype=float)
    if len(wanted) < len(begins[0]) + 4 or not np.isfinite(wanted).all() or (wanted <= 0).any():
        return None
    goal = np.log(wanted)

    def off(numbers: np.ndarray) -> np.ndarray:
        losses = simulate(run_with(numbers.tolist()), points).losses
        with np.errstate(all="ignore"):
            return np.nan_to_num(np.log(losses) - goal, nan=1e3, posinf=1e3, neginf=-1e3)

    for begin in begins:
        at = np.array(begin, dtype=float)
        miss, damping = off(at), 1e-2
        for _ in range(40):
            step = 1e-6 * np.maximum(np.abs(at), 1e-2)
            slopes = np.array([(off(at + h) - miss) / h.sum() for h in np.diag(step)]).T
            square = slopes.T @ slopes
            damped = square + damping * np.diag(np.diag(square) + 1e-12)
            change = np.linalg.lstsq(damped, -slopes.T @ miss, rcond=None)[0]
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
        found = at.tolist()
        # Float32 leaves a few parts in 100,000, and the losses may end at the level of the noise.
        if mismatch(values, simulate(run_with(found), points).losses) <= 0.3:
            return found
    return None


def describe(
    found: Sequence[Mistake],
    values: Sequence[float],
    right: Descent,
    name: str = "",
    size: int | None = None,
    rate: str = "",
) -> Feedback:
    """The feedback that names one mistake, or two.

    `size` is the number of points per update, `rate` what the rate is called if not by its number.
    """
    numbers = [shown(value) for value in values]
    size = right.batch_size or size
    fields = {
        "name": name,
        "v0": numbers[0],
        "v1": numbers[:2][-1],
        "last": numbers[-1],
        "n": str(len(numbers)),
        "rise": _rise(values, numbers, right),
        "climb": climb(values),
        "rate": rate or f"{right.rate:g}",
        "start": f"({right.start[0]:g}, {right.start[1]:g})".replace("-", "−"),
        "epochs": str(right.epochs),
        "times": f"{size} times" if size else "many times",
    }
    if len(found) == 1:
        (mistake,) = found
        return incorrect(f"{mistake.sentence.format(**fields)} {mistake.look}", mistake.name)
    return incorrect(
        f"Two things come together here: {', and '.join(mistake.words for mistake in found)}. A "
        f"run with both gives exactly your numbers (the first is {numbers[0]}, the last "
        f"{numbers[-1]}). {found[0].look}",
        " + ".join(mistake.name for mistake in found),
    )


def climb(values: Sequence[float]) -> str:
    """What shows that steps go uphill: the first one, if the losses before and after it tell."""
    first, *later = values
    if later and later[0] > first:
        return f"your second loss, {shown(later[0])}, is larger than the first, {shown(first)}"
    # Each may be the loss of another sample.
    return f"your losses go from {shown(first)} to {shown(values[-1])}"


def _rise(values: Sequence[float], numbers: Sequence[str], right: Descent) -> str:
    each = right.batch_size is None or right.series == "every"
    for k in range(1, len(values)):
        if values[k] > values[k - 1]:
            where = f"at step {k}" if each else f"in epoch {k + 1}"
            return f"rise again from {numbers[k - 1]} to {numbers[k]} {where}"
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
    found = matching(values, right, points, [*known, *alone], absolute)
    if right.batch_size is None:
        found = found or _whole_batches(values, right, points, known, absolute)
    else:
        found = (
            found
            or _rate_in_batches(values, right, points)
            or _start_in_batches(values, right, points)
            or matching(values, right, points, known, absolute, together=2)
            or _other_steps(values, right, points)
        )
    return describe(found, values, right, name, len(points)) if found else None


def _whole_batches(values, right, points, known, absolute) -> Sequence[Mistake]:
    """Other rates and starts of batch descent, for which there are formulas."""
    rates = [
        wrong_rate(rate, right.rate)
        for rate in sorted(rates_of(points, values, np.array(right.start)))
        # Not the right rate, read off a second loss that is a little off.
        if rate > 0 and abs(rate - right.rate) >= 0.01 * right.rate
    ]
    for mistake in rates:
        # The rate was read off the second loss, so its digits are only as good as that.
        if mismatch(values, simulate(mistake.applied_to(right), points).losses, absolute) <= 5:
            return [mistake]
    digits = round(-math.log10(2 * absolute)) if absolute else None

    def from_some_start(run: Descent) -> bool:
        return descends(points, run.rate, np.array(values), digits)

    if from_some_start(right):
        return [wrong_start(None)]
    if found := matching(values, right, points, [*rates, *known], absolute, together=2):
        return found
    if found := _other_steps(values, right, points):
        return found
    for mistake in known:
        if mistake.name == "wrong rate" and from_some_start(mistake.applied_to(right)):
            return [mistake, wrong_start(None)]
    return ()


def _rate_in_batches(values, right: Descent, points: Points) -> Sequence[Mistake]:
    begins = [(factor * right.rate,) for factor in (1.0, 2.0, 0.3, 0.05)]
    found = fitted(values, points, lambda n: right.with_(rate=n[0]), *begins)
    return [wrong_rate(found[0], right.rate)] if found and found[0] > 0 else ()


def _start_in_batches(values, right: Descent, points: Points) -> Sequence[Mistake]:
    if not len(values) or abs(values[0] - points.loss(*right.start)) <= 1e-3 * abs(values[0]):
        return ()
    w, b = right.start
    begins = ((w, b), (-w, -b), (0.0, 20.0), (0.0, -20.0), (w, -b))
    found = fitted(values, points, lambda n: right.with_(start=tuple(n)), *begins)
    return [wrong_start(None)] if found else ()


def _other_steps(values, right: Descent, points: Points) -> Sequence[Mistake]:
    """Steps of another kind than gradient descent's, whose two or three numbers are fitted."""
    rate, batches = right.rate, -(-len(points) // (right.batch_size or len(points)))
    kinds = [
        (
            "different rates in w and b",
            "`w` moves at a rate of about {0:.2g} and `b` at about {1:.2g}",
            lambda n: {"optimizer": OwnRates(*n)},
            [(rate, rate)],
        ),
        (
            "rate not constant",
            "the rate begins at about {0:.2g} and {how} from epoch to epoch",
            lambda n: {"optimizer": Rates((n[0],) * batches, n[1])},
            [(rate, 1.0)],
        ),
        (
            "weight decay",
            "the steps at rate {0:.2g} have a weight decay of about {1:.2g}",
            lambda n: {"rate": n[0], "optimizer": WeightDecay(n[1])},
            [(rate, 0.0), (rate, 0.1)],
        ),
        (
            "momentum",
            "the steps at rate {0:.2g} have a momentum of about {1:.2g}",
            lambda n: {"rate": n[0], "optimizer": Momentum(n[1])},
            [(rate, 0.5), (rate, 0.9)],
        ),
    ]
    if 1 < batches <= 3:
        kinds.append(
            (
                "rate not constant",
                f"the rates of an epoch's {batches} updates are about {{all}}",
                lambda n: {"optimizer": Rates(tuple(n))},
                [(rate,) * batches],
            )
        )
    for name, words, change, begins in kinds:
        found = fitted(values, points, lambda n, change=change: right.with_(**change(n)), *begins)
        if found:
            words = words.format(
                *found,
                how="falls" if found[1] < 1 else "grows",
                all=", ".join(f"{number:.2g}" for number in found),
            )
            return [find("{step}", "form").filled(change(found), step=name, words=words)]
    return ()
