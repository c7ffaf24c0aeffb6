"""The known mistakes: how each changes the simulated run, and what it is called to the student.

A sentence says what happened and how the student's own numbers show it; a second one says what to
look at. Neither states an expected value or the cure. In the sentences ``{name}`` is the student's
name for the losses, ``{v0}``, ``{v1}`` and ``{last}`` are the student's own values, ``{rise}`` is
the first place where they rise, ``{climb}`` how they show that steps go uphill, and ``{rate}``,
``{start}`` and ``{epochs}`` come from the task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

import numpy as np

from labchecks.engine.run import Absolute, Crossed, Descent, Points, noise_free

__all__ = [
    "CATALOGUE",
    "APART",
    "MORE",
    "Mistake",
    "FirstStep",
    "Momentum",
    "OncePerEpoch",
    "OwnRates",
    "Rates",
    "WeightDecay",
    "adam",
    "find",
    "near_rate",
    "of_kind",
    "per_epoch",
    "splits",
    "summed_gradients",
    "wrong_rate",
    "wrong_size",
    "wrong_start",
]


@dataclass(frozen=True)
class Mistake:
    """A mistake that a program can make, as a change to the right run.

    Attributes
    ----------
    name : str
        Short name, as in :attr:`Feedback.mistake`.
    change : mapping
        Fields of :class:`Descent` that it replaces.
    sentence : str
        What happened and how the numbers show it (a format template, see the module).
    look : str
        What to look at.
    words : str
        What happens in a run with this mistake: "a run in which …".
    kind : str
        ``"step"`` (how the parameters move), ``"record"`` (what is written down), ``"setting"``
        (rate, start, data), ``"batch"`` (only with batches smaller than the data),
        ``"one sample"`` or ``"order"``.
    """

    name: str
    change: Mapping[str, object] = field(default_factory=dict)
    sentence: str = ""
    look: str = ""
    kind: str = "step"
    words: str = ""

    def applied_to(self, run: Descent) -> Descent:
        """The run with this mistake in it."""
        return run.with_(**self.change)

    def goes_with(self, other: Mistake) -> bool:
        """Whether both can be in one run: they change different fields."""
        return self is not other and not set(self.change) & set(other.change)


CATALOGUE: tuple[Mistake, ...] = (
    # How the parameters move.
    Mistake(
        "gradients never zeroed",
        {"zero_grad": "never"},
        "The gradients are not set back to zero between the steps, so every step also repeats all "
        "earlier ones: "
        "your losses {rise}.",
        "Look at what `w.grad` holds just before each `backward()`.",
        words="the gradients are not set back to zero between the steps",
    ),
    Mistake(
        "gradient of b never zeroed",
        {"zero_grad": "w only"},
        "The gradient of `b` is not set back to zero between the steps, that of `w` is: "
        "`b` repeats all its earlier steps and your losses end at {last}.",
        "Look at what `b.grad` holds just before each `backward()`.",
        words="the gradient of `b` is not set back to zero between the steps",
    ),
    Mistake(
        "gradient of w never zeroed",
        {"zero_grad": "b only"},
        "The gradient of `w` is not set back to zero between the steps, that of `b` is: "
        "`w` repeats all its earlier steps and your losses end at {last}.",
        "Look at what `w.grad` holds just before each `backward()`.",
        words="the gradient of `w` is not set back to zero between the steps",
    ),
    Mistake(
        "stepping uphill",
        {"direction": (1, 1)},
        "The steps go uphill: {climb}.",
        "Look at the sign in the two update lines: which way does the gradient point?",
        words="the steps go uphill",
    ),
    Mistake(
        "w steps uphill",
        {"direction": (1, -1)},
        "`w` moves up its slope while `b` moves down: your losses go from {v0} to {last}.",
        "Look at the sign in the update of `w`.",
        words="`w` moves up its slope",
    ),
    Mistake(
        "b steps uphill",
        {"direction": (-1, 1)},
        "`b` moves up its slope while `w` moves down: your losses go from {v0} to {last}.",
        "Look at the sign in the update of `b`.",
        words="`b` moves up its slope",
    ),
    Mistake(
        "nothing moves",
        {"direction": (0, 0)},
        "Neither `w` nor `b` moves: your loss is {v0} at the beginning and {last} at the end.",
        "Look at what happens between `backward()` and the next prediction, at what the "
        "gradients hold when the step is made, and at where `w` and `b` are made.",
        words="neither `w` nor `b` moves",
    ),
    Mistake(
        "b never updated",
        {"direction": (-1, 0)},
        "Only `w` moves; `b` keeps its first value, so your losses get stuck at {last}.",
        "Look at how many parameters each step updates.",
        words="`b` never moves",
    ),
    Mistake(
        "w never updated",
        {"direction": (0, -1)},
        "Only `b` moves; `w` keeps its first value, so your losses get stuck at {last}.",
        "Look at how many parameters each step updates.",
        words="`w` never moves",
    ),
    Mistake(
        "b updated with the moved w",
        {"sequential": "w first"},
        "The gradient of `b` is taken after `w` has already moved. The first loss, {v0}, does not "
        "show it; from the second, {v1}, on your losses are those of such a run.",
        "Both gradients belong to the same point (w, b): look at when each is computed.",
        words="the gradient of `b` is taken with the moved `w`",
    ),
    Mistake(
        "w updated with the moved b",
        {"sequential": "b first"},
        "The gradient of `w` is taken after `b` has already moved. The first loss, {v0}, does not "
        "show it; from the second, {v1}, on your losses are those of such a run.",
        "Both gradients belong to the same point (w, b): look at when each is computed.",
        words="the gradient of `w` is taken with the moved `b`",
    ),
    Mistake(
        "half steps",
        {"gradient_scale": 0.5},
        "Every step is half as long as it should be: your losses go from {v0} to {v1} and end at "
        "{last}, as with half the rate.",
        "Look at the rate, and at the factor that the square leaves in the derivative.",
        words="every step is half as long",
    ),
    Mistake(
        "double steps",
        {"gradient_scale": 2.0},
        "Every step is twice as long as it should be: your losses go from {v0} to {v1}, as with "
        "twice the rate.",
        "Look at the rate, at factors in the gradient, and at how often a step is made.",
        words="every step is twice as long",
    ),
    Mistake(
        "sum instead of mean in the gradient",
        {"gradient_sum": True},
        "The steps follow the sum of the squared errors instead of their mean, so each is {times} "
        "too long: your losses go from {v0} to {v1}.",
        "Look at the line of the loss that you differentiate.",
        words="the steps follow the sum of the squared errors",
    ),
    Mistake(
        "sum instead of mean",
        {"gradient_sum": True, "recorded_sum": True},
        "Your first loss is {v0}: that is the sum of the squared errors instead of their mean, and "
        "the steps are {times} too long.",
        "Look at how the errors of all points become one number.",
        words="the loss is the sum of the squared errors",
    ),
    Mistake(
        "absolute errors",
        {"sums": Absolute, "measure_sums": Absolute},
        "Your first loss is {v0}: that is the mean of the absolute errors, not of the squared "
        "ones.",
        "Look at how an error enters the loss.",
        words="the loss is the mean of the absolute errors",
    ),
    Mistake(
        "half the mean squared error",
        {"gradient_scale": 0.5, "recorded_scale": 0.5},
        "Your first loss is {v0}: that is half the mean squared error, and its steps are half as "
        "long too.",
        "Look for a factor ½ in the loss.",
        words="the loss is half the mean squared error",
    ),
    Mistake(
        "root of the mean squared error",
        {"recorded_as": "root"},
        "Your first loss is {v0}: that is the square root of the mean squared error.",
        "Look at what you append.",
        "record",
        words="the square root of the loss is recorded",
    ),
    Mistake(
        "sign of b in the model",
        {"bias_sign": -1},
        "Your losses are those of the line w·x − b, or of a start with the sign of `b` "
        "reversed: the first is {v0}.",
        "Look at the sign of `b` in the prediction and in the start.",
        "setting",
        words="`b` has the other sign",
    ),
    # What is written down.
    Mistake(
        "recorded after the update",
        {"record": "after"},
        "Your first loss, {v0}, already belongs to the parameters after the first update: the loss "
        "at the start is missing.",
        "Look at whether the loss is recorded before or after `w` and `b` move.",
        "record",
        words="each loss is recorded after its update",
    ),
    Mistake(
        "sum recorded",
        {"recorded_sum": True},
        "The steps are right, but your first loss is {v0}: that is the sum of the squared errors, "
        "not their mean.",
        "Look at what you append.",
        "record",
        words="the sum of the squared errors is recorded",
    ),
    Mistake(
        "half the loss recorded",
        {"recorded_scale": 0.5},
        "The steps are right, but each recorded loss is half the mean squared error: the first "
        "is {v0}.",
        "Look at what you append.",
        "record",
        words="half the loss is recorded",
    ),
    Mistake(
        "absolute errors recorded",
        {"measure_sums": Absolute},
        "The steps are right, but your first loss is {v0}: that is the mean of the absolute "
        "errors, not of the squared ones.",
        "Look at what you append.",
        "record",
        words="the mean of the absolute errors is recorded",
    ),
    Mistake(
        "logarithm recorded",
        {"recorded_as": "log"},
        "Your first value is {v0}: that is the logarithm of the loss, not the loss.",
        "Record the loss itself, and leave the logarithm to the figure's axis.",
        "record",
        words="the logarithm of the loss is recorded",
    ),
    Mistake(
        "decimal logarithm recorded",
        {"recorded_as": "log10"},
        "Your first value is {v0}: that is the decimal logarithm of the loss, not the loss.",
        "Record the loss itself, and leave the logarithm to the figure's axis.",
        "record",
        words="the decimal logarithm of the loss is recorded",
    ),
    Mistake(
        "losses added up",
        {"recorded_as": "running sum"},
        "Each of your values is the sum of all losses so far: they never fall and end at {last}.",
        "Look at what you append, and at where a running total is set to zero.",
        "record",
        words="each value is the sum of all losses so far",
    ),
    # Data.
    Mistake(
        "noise-free targets",
        {"train_points": noise_free, "measure_points": noise_free},
        "Your losses go down to {last}, below what the noise in `Y` leaves even for the best line: "
        "they were computed with targets without noise.",
        "Look at which targets your prediction is compared with.",
        "setting",
        words="the targets have no noise",
    ),
    Mistake(
        "noise-free targets for the loss",
        {"measure_points": noise_free},
        "The steps are right, but the losses (the last is {last}) are measured against targets "
        "without noise.",
        "Look at which targets the recorded loss is computed with.",
        "setting",
        words="the recorded loss is measured against targets without noise",
    ),
    Mistake(
        "noise-free targets for the steps",
        {"train_points": noise_free},
        "The losses are measured against the right targets, but the steps follow targets without "
        "noise; your last loss is {last}.",
        "Look at which targets the gradient is computed with.",
        "setting",
        words="the steps follow targets without noise",
    ),
    # Batches.
    Mistake(
        "batch ignored",
        {"batches": "all"},
        "Every update uses all points, though each has a batch of its own: your losses go from "
        "{v0} to {v1} like those of batch descent with several updates in each epoch.",
        "Look at which rows of `X` and `Y` enter the loss that you differentiate.",
        "batch",
        words="every update uses all points",
    ),
    Mistake(
        "always the first batch",
        {"batches": "first"},
        "Every update uses the same first batch: your losses end at {last}.",
        "Look at where the slice begins on the second update.",
        "batch",
        words="every update uses the first batch",
    ),
    Mistake(
        "one update per epoch",
        {"batches": "last only"},
        "Only the last batch of each epoch makes a step: your losses go from {v0} to {v1}, too "
        "slowly for one step per batch.",
        "Look at the indentation: what stands inside the inner loop?",
        "batch",
        words="only the last batch of each epoch makes a step",
    ),
    Mistake(
        "batch descent",
        {"batch_size": None},
        "Your losses are those of batch descent, one update per epoch with all points: they go "
        "from {v0} to {v1}.",
        "Look at how many updates an epoch has.",
        "batch",
        words="each epoch has one update, with all points",
    ),
    Mistake(
        "last short batch dropped",
        {"batches": "full only"},
        "The last, shorter batch of each epoch is left out: your losses go from {v0} to {v1}.",
        "Look at what becomes of the points that do not fill a whole batch.",
        "batch",
        words="the last, shorter batch is left out",
    ),
    Mistake(
        "gradients zeroed once per epoch",
        {"zero_grad": "epoch"},
        "Within an epoch the gradients add up, because they are set back to zero once per epoch "
        "instead of once per update: your losses go from {v0} to {v1}.",
        "Look at what `w.grad` holds just before each `backward()`.",
        "batch",
        words="the gradients are set back to zero only once per epoch",
    ),
    Mistake(
        "only the last batch recorded",
        {"series": "last"},
        "Each of your values is the loss of the epoch's last batch alone: the first is {v0}.",
        "Look at which points the recorded loss belongs to.",
        "batch",
        words="the loss of each epoch's last batch is recorded",
    ),
    Mistake(
        "only the first batch recorded",
        {"series": "first"},
        "Each of your values is the loss of the epoch's first batch alone: the first is {v0}.",
        "Look at which points the recorded loss belongs to.",
        "batch",
        words="the loss of each epoch's first batch is recorded",
    ),
    Mistake(
        "divided by the batch size",
        {"series": "over batch size"},
        "Each of your values is the sum of the batch losses divided by the batch size: the first "
        "is {v0}.",
        "Count the numbers that were added up in one epoch.",
        "batch",
        words="the sum of the batch losses is divided by the batch size",
    ),
    Mistake(
        "divided by the number of points",
        {"series": "over n"},
        "Each of your values is the sum of the batch losses divided by the number of points: the "
        "first is {v0}.",
        "Count the numbers that were added up in one epoch.",
        "batch",
        words="the sum of the batch losses is divided by the number of points",
    ),
    Mistake(
        "batch losses added up",
        {"series": "sum"},
        "Each of your values is the sum of the epoch's batch losses: the first is {v0}.",
        "Look at what one recorded number stands for.",
        "batch",
        words="the batch losses of an epoch are added up",
    ),
    Mistake(
        "mean of the batch losses",
        {"series": "mean"},
        "Each of your values is the mean of the epoch's batch losses, taken while the parameters "
        "move: the first is {v0}.",
        "Look at which points, and which parameters, the recorded loss belongs to.",
        "batch",
        words="the mean of the batch losses is recorded",
    ),
    Mistake(
        "loss of every batch recorded",
        {"series": "every"},
        "You recorded the loss of every batch, {n} values in all.",
        "Look at whether the recording stands inside the inner loop, and at which points the "
        "recorded loss belongs to.",
        "batch",
        words="the loss of every batch is recorded",
    ),
    Mistake(
        "recorded at every update",
        {"series": "full every"},
        "You recorded a loss at every update instead of one per epoch, {n} values in all.",
        "Look at whether the recording stands inside the inner loop.",
        "batch",
        words="a loss is recorded at every update",
    ),
    Mistake(
        "one-sample descent",
        {"batch_size": 1},
        "Your losses are those of updates after every single point: they go from {v0} to {v1} and "
        "end at {last}.",
        "Look at which rows of `X` and `Y` enter the loss that you differentiate.",
        "one sample",
        words="each update uses a single point",
    ),
    # Order.
    Mistake(
        "order reversed",
        {"order": "reversed"},
        "The points were taken from the last to the first: your losses go from {v0} to {v1}.",
        "Look at the order in which the loop visits the points.",
        "order",
        words="the points are taken from the last to the first",
    ),
    Mistake(
        "order ignored",
        {"order": "given"},
        "The points were taken in the order of `X`, not in the order that was asked for: your "
        "first value is {v0}.",
        "Look at which index each update uses.",
        "order",
        words="the points are taken in the order of `X`",
    ),
)


def _inputs(points: Points) -> Points:
    return Points(points.x, points.x, points.x)


def _standardised(points: Points, ddof: int) -> Points:
    x = (points.x - points.x.mean()) / points.x.std(ddof=ddof)
    return Points(x, points.y, points.clean)


def _between_0_and_1(points: Points) -> Points:
    x = (points.x - points.x.min()) / np.ptp(points.x)
    return Points(x, points.y, points.clean)


def _four_fifths(points: Points) -> Points:
    n = round(0.8 * len(points))
    clean = None if points.clean is None else points.clean[:n]
    return Points(points.x[:n], points.y[:n], clean)


def _by_count(order: np.ndarray, size: int) -> list[np.ndarray]:
    n = -(-order.shape[-1] // size)
    return [order[..., j * n : (j + 1) * n] for j in range(n)]


def _by_one(order: np.ndarray, size: int) -> list[np.ndarray]:
    return [order[..., j : j + size] for j in range(-(-order.shape[-1] // size))]


def one_row_less(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Slices that end one row before the next one begins."""
    return [order[..., i : i + max(1, size - 1)] for i in range(0, order.shape[-1], size)]


def with_gaps(order: np.ndarray, size: int) -> list[np.ndarray]:
    """Slices that begin one row behind the end of the one before."""
    return [order[..., i : i + size] for i in range(0, order.shape[-1], size + 1)]


def _whole(order: np.ndarray, size: int) -> list[np.ndarray]:
    return [order[..., i : i + size] for i in range(0, order.shape[-1], size)]


def _without_last(order: np.ndarray, size: int) -> list[np.ndarray]:
    return _whole(order, size)[:-1]


def _without_first(order: np.ndarray, size: int) -> list[np.ndarray]:
    return _whole(order, size)[1:]


def _first_alone(order: np.ndarray, size: int) -> list[np.ndarray]:
    return _whole(order, size)[:1]


@dataclass(frozen=True)
class Momentum:
    """Steps of SGD with momentum, as PyTorch takes them."""

    momentum: float = 0.9
    nesterov: bool = False

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        """The step in w and in b."""
        steps = []
        for name, grad in (("w", grad_w), ("b", grad_b)):
            memory[name] = grad + self.momentum * memory.get(name, 0.0)
            steps.append(grad + self.momentum * memory[name] if self.nesterov else memory[name])
        return rate * steps[0], rate * steps[1]


@dataclass(frozen=True)
class WeightDecay:
    """Steps of SGD that also pull both parameters to zero."""

    decay: float

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        """The step in w and in b."""
        return rate * (grad_w + self.decay * w), rate * (grad_b + self.decay * b)


@dataclass(frozen=True)
class Rates:
    """Steps at the rates `rates` in turn, multiplied by `fading` after each round of them."""

    rates: tuple[float, ...]
    fading: float = 1.0

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        """The step in w and in b."""
        k = memory["k"] = memory.get("k", -1) + 1
        own = self.rates[k % len(self.rates)] * self.fading ** (k // len(self.rates))
        return own * grad_w, own * grad_b


@dataclass(frozen=True)
class OwnRates:
    """Steps at one rate in w and another in b."""

    w: float
    b: float

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        """The step in w and in b."""
        return self.w * grad_w, self.b * grad_b


@dataclass(frozen=True)
class FirstStep:
    """Steps of gradient descent, the very first of them `factor` times as long."""

    factor: float

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        """The step in w and in b."""
        rate *= memory.get("factor", self.factor)
        memory["factor"] = 1.0
        return rate * grad_w, rate * grad_b


@dataclass(frozen=True)
class OncePerEpoch:
    """One step after the last of `batches` batches, by its gradient or by the sum of all."""

    batches: int
    summed: bool = False

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        """The step in w and in b."""
        seen = memory.setdefault("seen", [])
        seen.append((grad_w, grad_b))
        if len(seen) < self.batches:
            return 0.0, 0.0
        memory["seen"] = []
        return tuple(rate * sum(grads) for grads in zip(*seen[0 if self.summed else -1 :]))


def adam(w, b, grad_w, grad_b, memory, rate):
    """The steps of Adam with PyTorch's constants."""
    k = memory["k"] = memory.get("k", 0) + 1
    steps = []
    for name, grad in (("w", grad_w), ("b", grad_b)):
        first = memory[name] = 0.9 * memory.get(name, 0.0) + 0.1 * grad
        second = memory[name, 2] = 0.999 * memory.get((name, 2), 0.0) + 0.001 * grad * grad
        steps.append(rate * first / (1 - 0.9**k) / (np.sqrt(second / (1 - 0.999**k)) + 1e-8))
    return tuple(steps)


#: Other data, other optimizers, other slices: alone and together with those of the catalogue.
MORE: tuple[Mistake, ...] = (
    Mistake(
        "inputs in place of targets",
        {"train_points": _inputs, "measure_points": _inputs},
        "Your losses compare the prediction with `X` instead of `Y`: the first is {v0}.",
        "Look at what the prediction is compared with, in the steps and in the record.",
        "setting",
        words="the prediction is compared with `X`",
    ),
    Mistake(
        "inputs in place of targets in the loss",
        {"measure_points": _inputs},
        "The steps are right, but the recorded loss compares the prediction with `X` instead of "
        "`Y`: the first is {v0}.",
        "Look at the line that records.",
        "record",
        words="the recorded loss compares the prediction with `X`",
    ),
    Mistake(
        "inputs in place of targets in the steps",
        {"train_points": _inputs},
        "The steps compare the prediction with `X` instead of `Y`; the record does not: your "
        "losses end at {last}.",
        "Look at the loss that you differentiate.",
        "setting",
        words="the steps compare the prediction with `X`",
    ),
    *(
        Mistake(
            "inputs standardised",
            {"train_points": standardised, "measure_points": standardised},
            "Your first loss, {v0}, is that of inputs with mean 0 and standard deviation 1.",
            "Look at what happens to `X` before a prediction is made of it.",
            "setting",
            words="the inputs are standardised",
        )
        # As PyTorch divides, and as NumPy and scikit-learn do.
        for standardised in (partial(_standardised, ddof=1), partial(_standardised, ddof=0))
    ),
    Mistake(
        "inputs scaled",
        {"train_points": _between_0_and_1, "measure_points": _between_0_and_1},
        "Your first loss, {v0}, is that of inputs scaled to lie between 0 and 1.",
        "Look at what happens to `X` before a prediction is made of it.",
        "setting",
        words="the inputs are scaled to lie between 0 and 1",
    ),
    Mistake(
        "part of the data held out",
        {"train_points": _four_fifths, "measure_points": _four_fifths},
        "Your losses are those of the first four fifths of the points: the first is {v0}.",
        "Look at which rows the run and the record use.",
        "setting",
        words="a fifth of the points is held out",
    ),
    Mistake(
        "part of the data held out of the steps",
        {"train_points": _four_fifths},
        "The steps use only the first four fifths of the points: your losses go from {v0} to {v1}.",
        "Look at which rows the updates use.",
        "setting",
        words="the steps use only the first four fifths of the points",
    ),
    Mistake(
        "every input against every target",
        {"sums": Crossed},
        "The steps compare every prediction with every target of the batch, not with its own: "
        "your losses go from {v0} to {v1} and end at {last}.",
        "Look at the shapes of the two sides of the difference that you square.",
        words="every prediction is compared with every target",
    ),
    Mistake(
        "every input against every target",
        {"sums": Crossed, "measure_sums": Crossed},
        "Every prediction is compared with every target, not with its own, in the steps and in the "
        "record: the first loss is {v0}.",
        "Look at the shapes of the two sides of the difference that you square.",
        words="steps and record compare every prediction with every target",
    ),
    Mistake(
        "every input against every target in the loss",
        {"measure_sums": Crossed},
        "The steps are right, but the recorded loss compares every prediction with every target, "
        "not with its own: the first is {v0}.",
        "Look at the shapes of the two sides of the difference that you square.",
        "record",
        words="the recorded loss compares every prediction with every target",
    ),
    Mistake(
        "momentum",
        {"optimizer": Momentum()},
        "Your losses are those of steps with momentum 0.9: they go from {v0} to {v1}.",
        "Look at what your optimizer does besides the plain step.",
        words="the steps have momentum 0.9",
    ),
    Mistake(
        "momentum",
        {"optimizer": Momentum(nesterov=True)},
        "Your losses are those of steps with Nesterov's momentum, 0.9: they go from {v0} to {v1}.",
        "Look at what your optimizer does besides the plain step.",
        words="the steps have Nesterov's momentum, 0.9",
    ),
    Mistake(
        "Adam",
        {"optimizer": adam},
        "Your losses are those of Adam at rate {rate}: they go from {v0} to {v1}.",
        "Look at which optimizer makes the steps.",
        words="Adam makes the steps",
    ),
    *(
        Mistake(
            "weight decay",
            {"optimizer": WeightDecay(decay)},
            f"Your losses are those of steps with weight decay {decay:g}: they end at {{last}}.",
            "Look at what pulls the parameters besides the gradient.",
            words=f"the steps have weight decay {decay:g}",
        )
        for decay in (0.1, 0.01)
    ),
    Mistake(
        "slices of the wrong stride",
        {"split": _by_count},
        "Each slice begins and ends at a multiple of the number of batches instead of the batch "
        "size, so that most points are never used: your losses go from {v0} to {v1}.",
        "Look at the two ends of the slice on the second update.",
        "batch",
        words="the slices step by the number of batches",
    ),
    Mistake(
        "slices that overlap",
        {"split": _by_one},
        "Each slice begins one point after the one before it, so that the batches overlap: your "
        "losses go from {v0} to {v1}.",
        "Look at where the slice begins on the second update.",
        "batch",
        words="the slices overlap",
    ),
    Mistake(
        "slices one row short",
        {"split": one_row_less},
        "Each slice ends one point before the next one begins, so that some points are never "
        "used: your losses go from {v0} to {v1}.",
        "Look at the two ends of the slice.",
        "batch",
        words="each slice ends one point before the next one begins",
    ),
    Mistake(
        "slices with gaps",
        {"split": with_gaps},
        "Between one slice and the next a point is left out: your losses go from {v0} to {v1}.",
        "Look at the step from the beginning of one slice to that of the next.",
        "batch",
        words="a point is left out between one slice and the next",
    ),
    Mistake(
        "last batch left out",
        {"split": _without_last},
        "The last batch of each epoch makes no step: your losses go from {v0} to {v1}.",
        "Look at where the inner loop ends.",
        "batch",
        words="the last batch of each epoch makes no step",
    ),
    Mistake(
        "first batch left out",
        {"split": _without_first},
        "The first batch of each epoch makes no step: your losses go from {v0} to {v1}.",
        "Look at where the inner loop begins.",
        "batch",
        words="the first batch of each epoch makes no step",
    ),
    Mistake(
        "one update per epoch, with the first batch",
        {"split": _first_alone},
        "Only the first batch of each epoch makes a step: your losses go from {v0} to {v1}.",
        "Look at what ends the inner loop.",
        "batch",
        words="only the first batch of each epoch makes a step",
    ),
)

#: Mistakes that only a shuffled run can have.
APART: tuple[Mistake, ...] = (
    Mistake(
        "inputs and targets not paired",
        {"paired": False},
        "Your losses are those of inputs and targets that were shuffled separately: they end at "
        "{last}.",
        "Look at how many orders are drawn in an epoch, and at what each of them is used for.",
        "batch",
        words="inputs and targets are shuffled in two different orders",
    ),
    Mistake(
        "part of the data held out of the steps",
        {"held_out": 12},
        "Your losses fit steps that use only four fifths of the points: they end at {last}.",
        "Look at which rows the updates use.",
        "batch",
        words="a fifth of the points is held out of the steps",
    ),
)


@lru_cache(maxsize=16)
def splits(n: int) -> tuple[Mistake, ...]:
    """For each usual `random_state`: the `n` points split by scikit-learn, a fifth held out."""
    held = -(-n // 5)
    return tuple(
        Mistake(
            "part of the data held out of the steps",
            {"order": (tuple(np.random.RandomState(seed).permutation(n)[held:].tolist()),)},
            "Your losses are those of steps that use only four fifths of the points: they go from "
            "{v0} to {v1}.",
            "Look at which rows the updates use.",
            "order",
            words="a fifth of the points is held out of the steps",
        )
        for seed in (*range(6), 7, 10, 11, 21, 42, 100, 101, 111, 123, 1234, 2024, 2025, 2026)
    )


def per_epoch(mistake: Mistake) -> Mistake:
    """The mistake in the words of a record that is made once per epoch, of many updates."""
    if mistake.name != "recorded after the update":
        return mistake
    return replace(
        mistake,
        sentence="Your first loss, {v0}, already belongs to the parameters after the first epoch: "
        "the loss at the start is missing.",
        look="Look at whether the loss is recorded before or after the loop over the batches.",
    )


def wrong_size(size: int, near: bool = False) -> Mistake:
    """Batches of another size; `near` where a cloud of shuffles is all that is known."""
    return Mistake(
        "wrong batch size",
        {"batch_size": size},
        f"Your losses {'fit a batch size near' if near else 'are those of batches of'} {size}: "
        "they go from {v0} to {v1}.",
        "Look at where the batch size enters"
        + (", and at the rate that your update lines use." if near else "."),
        "batch",
        words=f"the batch size is {'near ' if near else ''}{size}",
    )


def near_rate(rate: float, right: float) -> Mistake:
    """Another rate, where a cloud of shuffles is all that is known."""
    exact = wrong_rate(rate, right)
    return replace(
        exact,
        sentence=f"Your losses fit a rate near {rate:g}, not {{rate}}: they go from {{v0}} to "
        "{v1}.",
        # Shuffled, smaller batches look much like a larger rate.
        look=f"{exact.look.removesuffix('.')}, and at how many updates an epoch has.",
        words=f"the rate is near {rate:g}",
    )


def summed_gradients(run: Descent, n: int) -> Mistake:
    """One update per epoch, with the sum of the gradients of all batches of `n` points."""
    batches = -(-n // run.batch_size)
    return Mistake(
        "one update per epoch, with summed gradients",
        {"batch_size": None, "gradient_scale": float(batches)},
        f"Each epoch has one update, with the sum of the gradients of its {batches} batches: your "
        "losses go from {v0} to {v1}.",
        "Look at the indentation of the step and of what follows it.",
        "batch",
        words="each epoch makes one update with the summed gradients of all batches",
    )


def wrong_rate(rate: float, right: float | None = None) -> Mistake:
    """The run with another learning rate (`right` is the one that was asked for)."""
    look = "Look at the rate that your update lines use"
    said = f"{rate:.2g}" if abs(rate - float(f"{rate:.2g}")) < 1e-3 * rate else f"about {rate:.2g}"
    if right is not None and abs(2 * rate - right) < 1e-3 * right:
        look += ", and at the factor that the square leaves in the derivative"
    if right is not None and abs(rate - 2 * right) < 1e-3 * right:
        look += ", and at how often a step is made"
    return Mistake(
        "wrong rate",
        {"rate": rate},
        f"Your losses are those of rate {said} instead of {{rate}}: the second is {{v1}}.",
        f"{look}.",
        "setting",
        words=f"the rate is {said}",
    )


def wrong_start(start: tuple[float, float] | None, why: str = "") -> Mistake:
    """The run from another start; `start` None says that only the start is known to differ."""
    if start is None and not why:
        # Other targets give such losses too: what is known is the first loss alone.
        return Mistake(
            "wrong start",
            {},
            "Your losses fall as those of gradient descent at rate {rate} do, but the first is "
            "{v0}: it does not belong to the start (w, b) = {start}.",
            "Look at the values of `w` and `b` when your loop begins, and at what `X` and `Y` "
            "hold.",
            "setting",
            words="the start is another",
        )
    return Mistake(
        "wrong start",
        {} if start is None else {"start": start},
        "Your run starts somewhere else than at (w, b) = {start}"
        + (f", {why}" if why else "")
        + ": its first loss is {v0}.",
        "Look at the values of `w` and `b` when your loop begins.",
        "setting",
        words="the start is another" + (f" ({why})" if why else ""),
    )


def find(name: str) -> Mistake:
    """The mistake of that name.

    Raises
    ------
    KeyError
        If there is none.
    """
    for mistake in CATALOGUE:
        if mistake.name == name:
            return mistake
    raise KeyError(f"no mistake {name!r}")


def of_kind(*kinds: str, without: Iterable[str] = ()) -> tuple[Mistake, ...]:
    """The mistakes of these kinds, in the catalogue's order, without those named."""
    left_out = set(without)
    return tuple(m for m in CATALOGUE if m.kind in kinds and m.name not in left_out)
