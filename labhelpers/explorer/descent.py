"""One run of gradient descent on a line and what is said of it, as the figure's JavaScript has it.

All of it mirrors ``descent.js``, number for number and word for word, so that a run seen in the
figure can be repeated in Python. The tests hold both to ``torch.optim.SGD``.
"""

import math
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np

from labhelpers.explorer.settings import Settings
from labhelpers.figures.wording import rounded
from labhelpers.history import History
from labhelpers.surface import LossSurface

_WORD = 0xFFFFFFFF


def epoch_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """Order in which one epoch visits the samples.

    A Fisher-Yates shuffle driven by the generator mulberry32 (Tommy Ettinger, public domain). It
    needs 32-bit arithmetic alone, so Python and JavaScript give the same order.

    Parameters
    ----------
    n : int
        Number of samples.
    seed : int
        The figure's seed, 0 to 2³¹ − 1.
    epoch : int
        Epoch, from 0. Each has its own order and can be had without those before it.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    order = list(range(n))
    state = ((seed ^ ((epoch + 1) * 0x9E3779B1 & _WORD)) * 0x85EBCA6B) & _WORD
    for i in range(n - 1, 0, -1):
        state = (state + 0x6D2B79F5) & _WORD
        mixed = ((state ^ (state >> 15)) * (state | 1)) & _WORD
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & _WORD)) & _WORD
        j = ((mixed ^ (mixed >> 14)) * (i + 1)) >> 32
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)


def batches(n: int, settings: Settings) -> Iterator[np.ndarray]:
    """The samples of each step's batch, without end: epoch after epoch."""
    size = min(settings.batch_size or n, n)
    for epoch in count():
        shuffled = settings.shuffle and size < n
        order = epoch_order(n, settings.seed, epoch) if shuffled else np.arange(n)
        for first in range(0, n, size):
            yield order[first : first + size]


def descend(x: np.ndarray, y: np.ndarray, settings: Settings) -> History:
    """Run gradient descent and record it.

    Momentum follows ``torch.optim.SGD`` without dampening: v ← μ·v + g, p ← p − η·v. Adam follows
    ``torch.optim.Adam`` with its default β₁, β₂ and ε. The points have shape (N,).
    """
    surface = LossSurface(x, y)
    history = History(surface, settings.start, lr=settings.lr, batch_size=settings.batch_size)
    w, b = settings.start
    velocity, mean, square = np.zeros((3, 2))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, batch in zip(range(1, settings.steps + 1), batches(len(x), settings)):
            if history.batch_size is None:
                gradient = surface.gradient(w, b)
                batch_loss = None
            else:
                error = w * x[batch] + b - y[batch]
                gradient = 2 * np.array([np.mean(error * x[batch]), np.mean(error)])
                batch_loss = float(np.mean(error**2))
            if settings.optimizer == "adam":
                mean = 0.9 * mean + 0.1 * gradient
                square = 0.999 * square + 0.001 * gradient**2
                size = np.sqrt(square / (1 - 0.999**k)) + 1e-8
                step = mean / (1 - 0.9**k) / size
            else:
                step = velocity = settings.momentum * velocity + gradient
            w, b = (float(p - settings.lr * v) for p, v in zip((w, b), step))
            history.step(w, b, batch_loss=batch_loss)
    return history


class Verdict(NamedTuple):
    """How a run behaves: a short title, and a sentence that begins with a small letter."""

    title: str
    text: str


class Factor(NamedTuple):
    """What one step multiplies an error by; `turns` when the error swings about 0."""

    value: float
    turns: bool


def format_number(value: float, digits: int = 4) -> str:
    """A number for reading, such as ``835.3`` or ``−1.23 × 10²⁹``.

    It has `digits` significant digits, the very large and small (with a power of ten) one less.
    """
    return rounded(value, digits, digits - 1, least=0)


def factor(lr: float, curvature: float, momentum: float) -> Factor:
    """What one step does, in the long run, to the error along a direction of curvature λ.

    With v ← μ·v + λ·e and e ← e − η·v the error obeys e₊₂ = (1 + μ − η·λ)·e₊₁ − μ·e, whose
    characteristic roots solve z² − (1 + μ − η·λ)·z + μ = 0. Without momentum that is 1 − η·λ.
    """
    trace = 1 + momentum - lr * curvature
    # Products overflow to infinity, as JavaScript's do; a power would raise an error.
    square = trace * trace - 4 * momentum
    if square < 0:
        return Factor(math.sqrt(momentum), True)
    sign = math.copysign(1, trace)
    return Factor((trace + sign * math.sqrt(square)) / 2, False)


def describe_run(surface: LossSurface, settings: Settings, history: History) -> Verdict:
    """The verdict on a run of `settings` that is recorded in `history`."""
    if history.batch_size is not None:
        return _describe_noisy(surface, settings, history)
    if settings.optimizer == "adam":
        return _describe_adam(surface, settings, history)
    return _describe_batch(surface, settings)


def _describe_batch(surface: LossSurface, settings: Settings) -> Verdict:
    curvatures = surface.eigenvalues.tolist()
    shallow, steep = (factor(settings.lr, one, settings.momentum) for one in curvatures)

    def along(name: str, one: Factor) -> str:
        swings = " (it swings about 0)" if one.turns else ""
        return f"along the {name} direction by {format_number(one.value, 3)}{swings}"

    text = f"each step multiplies the error {along('steep', steep)}"
    other = along("shallow", shallow)
    if abs(abs(steep.value) - 1) < 1e-9:
        return Verdict("On the limit", f"{text}: it neither grows nor shrinks.")
    if abs(steep.value) > 1:
        both = f" and {other}" if abs(shallow.value) > 1 else ""
        return Verdict("Diverging", f"{text}{both}. That is above 1 in size, so the error grows.")
    jumps = " (it jumps across the valley)" if not steep.turns and steep.value < 0 else ""
    worst = max(abs(steep.value), abs(shallow.value))
    if worst <= 0.97:
        return Verdict("Converging", f"{text}{jumps}, {other}.")
    # In a valley so shallow that a step leaves the error as it is, to the last digit.
    steps = math.ceil(math.log(0.5) / math.log(worst)) if worst < 1 else math.inf
    left = f"half of the larger part is left after about {format_number(steps, 3)} steps"
    return Verdict("Converging slowly", f"{text}{jumps}, {other}; {left}.")


def _describe_adam(surface: LossSurface, settings: Settings, history: History) -> Verdict:
    # Adam divides by the size of the gradients, so that no factor tells how it goes.
    first, last = history.loss[0], history.loss[-1]
    text = (
        f"at first a step moves w and b by about η = {format_number(settings.lr)} each, however "
        f"large the gradient is; the loss goes from {format_number(first)} to "
        f"{format_number(last)} (least squares: {format_number(surface.minimum_loss)})."
    )
    return Verdict("Approaching" if last <= first else "Overshooting", text)


def _describe_noisy(surface: LossSurface, settings: Settings, history: History) -> Verdict:
    loss = history.loss
    one = history.batch_size == 1
    if history.diverged:
        with np.errstate(over="ignore"):
            growth = loss[-1] / loss[0]
        far = f"{format_number(growth, 3)} times its start"
        text = f"the loss ends {far if np.isfinite(growth) else 'beyond every number'}."
        limit = surface.largest_stable_rate * (1 + settings.momentum)
        if settings.optimizer == "sgd" and settings.lr < limit:
            which = "a single sample" if one else "one batch"
            text += f" With all samples this rate converges; {which} can be steeper than the whole."
        return Verdict("Diverging", text)
    tail = loss[3 * history.steps // 4 + 1 :]
    text = (
        f"each {'sample' if one else 'batch'} pulls towards its own best line; in the last quarter "
        f"the loss is {format_number(tail.mean())} on average "
        f"(least squares: {format_number(surface.minimum_loss)})."
    )
    return Verdict("Bounded, with noise", text)
