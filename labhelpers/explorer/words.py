"""What is happening in a run, in words: the same sentences as ``descent.js`` shows."""

import math
from typing import NamedTuple

import numpy as np

from labhelpers.explorer.settings import Settings
from labhelpers.figures.wording import rounded
from labhelpers.history import History
from labhelpers.surface import LossSurface


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
