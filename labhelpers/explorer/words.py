"""What is happening in a run, in words: the same sentences as ``descent.js`` shows."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

import numpy as np

from labhelpers.explorer.settings import Settings
from labhelpers.figures.wording import power_of_ten
from labhelpers.history import History
from labhelpers.surface import LossSurface


class Verdict(NamedTuple):
    """How a run behaves: a short title, and a sentence that begins with a small letter."""

    kind: str
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
    if math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    size = abs(value)
    plain = size == 0 or 1e-3 <= size < 1e5
    context = Context(prec=digits if plain else digits - 1, rounding=ROUND_HALF_UP)
    rounded = context.create_decimal(Decimal(size))
    if plain:
        text = f"{rounded:f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    else:
        mantissa, exponent = f"{rounded:e}".split("e")
        if "." in mantissa:
            mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa} × {power_of_ten(int(exponent))}"
    return ("−" if value < 0 else "") + text


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
    if history.batch_size is None:
        if settings.optimizer == "adam":
            return _describe_adam(surface, settings, history)
        return _describe_batch(surface, settings)
    return _describe_noisy(surface, settings, history)


def _describe_batch(surface: LossSurface, settings: Settings) -> Verdict:
    low, high = (float(value) for value in surface.eigenvalues)
    steep = factor(settings.lr, high, settings.momentum)
    shallow = factor(settings.lr, low, settings.momentum)
    worst = max(abs(steep.value), abs(shallow.value))
    along_steep = (
        f"each step multiplies the error along the steep direction by "
        f"{format_number(steep.value, 3)}"
    )
    along_shallow = f"along the shallow direction by {format_number(shallow.value, 3)}"
    if abs(abs(steep.value) - 1) < 1e-9:
        return Verdict("edge", "On the limit", f"{along_steep}: it neither grows nor shrinks.")
    if abs(steep.value) > 1:
        both = f" and {along_shallow}" if abs(shallow.value) > 1 else ""
        why = "That is above 1 in size, so the error grows."
        return Verdict("diverging", "Diverging", f"{along_steep}{both}. {why}")
    swings = [" (it swings about 0)" if one.turns else "" for one in (steep, shallow)]
    jumps = " (it jumps across the valley)" if not steep.turns and steep.value < 0 else ""
    both = f"{along_steep}{swings[0]}{jumps}, {along_shallow}{swings[1]}"
    if worst <= 0.97:
        return Verdict("converging", "Converging", f"{both}.")
    # In a valley so shallow that a step leaves the error as it is, to the last digit.
    steps = math.ceil(math.log(0.5) / math.log(worst)) if worst < 1 else math.inf
    half = format_number(steps, 3)
    text = f"{both}; half of the larger part is left after about {half} steps."
    return Verdict("slow", "Converging slowly", text)


def _describe_adam(surface: LossSurface, settings: Settings, history: History) -> Verdict:
    # Adam divides by the size of the gradients, so that no factor tells how it goes.
    first, last = history.loss[0], history.loss[-1]
    text = (
        f"at first a step moves w and b by about η = {format_number(settings.lr)} each, however "
        f"large the gradient is; the loss goes from {format_number(first)} to "
        f"{format_number(last)} (least squares: {format_number(surface.minimum_loss)})."
    )
    if last <= first:
        return Verdict("approaching", "Approaching", text)
    return Verdict("overshooting", "Overshooting", text)


def _describe_noisy(surface: LossSurface, settings: Settings, history: History) -> Verdict:
    loss = history.loss
    one = history.batch_size == 1
    if history.diverged:
        with np.errstate(over="ignore"):
            growth = loss[-1] / loss[0]
        end = "beyond every number"
        if np.isfinite(growth):
            end = f"{format_number(growth, 3)} times its start"
        why = ""
        limit = surface.largest_stable_rate * (1 + settings.momentum)
        if settings.optimizer == "sgd" and settings.lr < limit:
            which = "a single sample" if one else "one batch"
            why = f" With all samples this rate converges; {which} can be steeper than the whole."
        return Verdict("diverging", "Diverging", f"the loss ends {end}.{why}")
    tail = loss[3 * history.steps // 4 + 1 :]
    text = (
        f"each {'sample' if one else 'batch'} pulls towards its own best line; in the last quarter "
        f"the loss is {format_number(tail.mean())} on average "
        f"(least squares: {format_number(surface.minimum_loss)})."
    )
    return Verdict("noisy", "Bounded, with noise", text)
