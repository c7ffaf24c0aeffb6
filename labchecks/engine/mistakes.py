"""The known mistakes: how each changes the simulated run, and what it is called to the student.

A sentence says what happened and how the student's own numbers show it; a second one says what to
look at. Neither states an expected value or the cure. In the sentences ``{name}`` is the student's
name for the losses, ``{v0}``, ``{v1}`` and ``{last}`` are the student's own values, ``{rise}`` is
the first place where they rise, ``{climb}`` how they show that steps go uphill, and ``{rate}``,
``{start}`` and ``{epochs}`` come from the task.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labchecks.engine.run import Descent

__all__ = ["CATALOGUE", "Mistake", "find", "of_kind", "wrong_rate", "wrong_start"]


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
        "The gradients are never set back to zero, so every step also repeats all earlier ones: "
        "your losses {rise}.",
        "Look at what `w.grad` holds just before each `backward()`.",
    ),
    Mistake(
        "gradient of b never zeroed",
        {"zero_grad": "w only"},
        "The gradient of `b` is never set back to zero, that of `w` is: "
        "`b` repeats all its earlier steps and your losses end at {last}.",
        "Look at what `b.grad` holds just before each `backward()`.",
    ),
    Mistake(
        "gradient of w never zeroed",
        {"zero_grad": "b only"},
        "The gradient of `w` is never set back to zero, that of `b` is: "
        "`w` repeats all its earlier steps and your losses end at {last}.",
        "Look at what `w.grad` holds just before each `backward()`.",
    ),
    Mistake(
        "stepping uphill",
        {"direction": (1, 1)},
        "The steps go uphill: {climb}.",
        "Look at the sign in the two update lines: which way does the gradient point?",
    ),
    Mistake(
        "w steps uphill",
        {"direction": (1, -1)},
        "`w` moves up its slope while `b` moves down: your losses go from {v0} to {last}.",
        "Look at the sign in the update of `w`.",
    ),
    Mistake(
        "b steps uphill",
        {"direction": (-1, 1)},
        "`b` moves up its slope while `w` moves down: your losses go from {v0} to {last}.",
        "Look at the sign in the update of `b`.",
    ),
    Mistake(
        "nothing moves",
        {"direction": (0, 0)},
        "Neither `w` nor `b` moves: your loss is {v0} at the beginning and {last} at the end.",
        "Look at what happens between `backward()` and the next prediction, at what the "
        "gradients hold when the step is made, and at where `w` and `b` are made.",
    ),
    Mistake(
        "b never updated",
        {"direction": (-1, 0)},
        "Only `w` moves; `b` keeps its first value, so your losses get stuck at {last}.",
        "Look at how many parameters each step updates.",
    ),
    Mistake(
        "w never updated",
        {"direction": (0, -1)},
        "Only `b` moves; `w` keeps its first value, so your losses get stuck at {last}.",
        "Look at how many parameters each step updates.",
    ),
    Mistake(
        "b updated with the moved w",
        {"sequential": "w first"},
        "The gradient of `b` is taken after `w` has already moved. The first loss, {v0}, does not "
        "show it; from the second, {v1}, on your losses are those of such a run.",
        "Both gradients belong to the same point (w, b): look at when each is computed.",
    ),
    Mistake(
        "w updated with the moved b",
        {"sequential": "b first"},
        "The gradient of `w` is taken after `b` has already moved. The first loss, {v0}, does not "
        "show it; from the second, {v1}, on your losses are those of such a run.",
        "Both gradients belong to the same point (w, b): look at when each is computed.",
    ),
    Mistake(
        "half steps",
        {"gradient_scale": 0.5},
        "Every step is half as long as it should be: your losses go from {v0} to {v1} and end at "
        "{last}, as with half the rate.",
        "Look at the rate, and at the factor that the square leaves in the derivative.",
    ),
    Mistake(
        "double steps",
        {"gradient_scale": 2.0},
        "Every step is twice as long as it should be: your losses go from {v0} to {v1}, as with "
        "twice the rate.",
        "Look at the rate, at factors in the gradient, and at how often a step is made.",
    ),
    Mistake(
        "sum instead of mean in the gradient",
        {"gradient_sum": True},
        "The steps follow the sum of the squared errors instead of their mean, so each is as many "
        "times too long as there are points: your losses go from {v0} to {v1}.",
        "Look at the line of the loss that you differentiate.",
    ),
    Mistake(
        "sum instead of mean",
        {"gradient_sum": True, "recorded_sum": True},
        "Your first loss is {v0}: that is the sum of the squared errors instead of their mean, and "
        "the steps are as many times too long.",
        "Look at how the errors of all points become one number.",
    ),
    Mistake(
        "absolute errors",
        {"loss": "absolute"},
        "Your first loss is {v0}: that is the mean of the absolute errors, not of the squared "
        "ones.",
        "Look at how an error enters the loss.",
    ),
    Mistake(
        "half the mean squared error",
        {"gradient_scale": 0.5, "recorded_scale": 0.5},
        "Your first loss is {v0}: that is half the mean squared error, and its steps are half as "
        "long too.",
        "Look for a factor ½ in the loss.",
    ),
    Mistake(
        "root of the mean squared error",
        {"recorded_as": "root"},
        "Your first loss is {v0}: that is the square root of the mean squared error.",
        "Look at what you append.",
        "record",
    ),
    Mistake(
        "sign of b in the model",
        {"bias_sign": -1},
        "Your losses are those of the line w·x − b, or of a start with the sign of `b` turned "
        "round: the first is {v0}.",
        "Look at the sign of `b` in the prediction and in the start.",
        "setting",
    ),
    # What is written down.
    Mistake(
        "recorded after the update",
        {"record": "after"},
        "Your first loss, {v0}, already belongs to the parameters after the first update: the loss "
        "at the start is missing.",
        "Look at whether the loss is recorded before or after `w` and `b` move.",
        "record",
    ),
    Mistake(
        "sum recorded",
        {"recorded_sum": True},
        "The steps are right, but your first loss is {v0}: that is the sum of the squared errors, "
        "not their mean.",
        "Look at what you append.",
        "record",
    ),
    Mistake(
        "half the loss recorded",
        {"recorded_scale": 0.5},
        "The steps are right, but each recorded loss is half the mean squared error: the first "
        "is {v0}.",
        "Look at what you append.",
        "record",
    ),
    Mistake(
        "absolute errors recorded",
        {"recorded_as": "absolute"},
        "The steps are right, but your first loss is {v0}: that is the mean of the absolute "
        "errors, not of the squared ones.",
        "Look at what you append.",
        "record",
    ),
    Mistake(
        "logarithm recorded",
        {"recorded_as": "log"},
        "Your first value is {v0}: that is the logarithm of the loss, not the loss.",
        "Record the loss itself; a logarithmic axis is the figure's affair.",
        "record",
    ),
    Mistake(
        "decimal logarithm recorded",
        {"recorded_as": "log10"},
        "Your first value is {v0}: that is the decimal logarithm of the loss, not the loss.",
        "Record the loss itself; a logarithmic axis is the figure's affair.",
        "record",
    ),
    Mistake(
        "losses added up",
        {"recorded_as": "running sum"},
        "Each of your values is the sum of all losses so far: they never fall and end at {last}.",
        "Look at what you append, and at where a running total is set to zero.",
        "record",
    ),
    # Data.
    Mistake(
        "noise-free targets",
        {"train_on": "clean", "measure_on": "clean"},
        "Your losses go down to {last}, below what the noise in `Y` leaves even for the best line: "
        "they were computed with targets without noise.",
        "Look at which targets your prediction is compared with.",
        "setting",
    ),
    Mistake(
        "noise-free targets for the loss",
        {"measure_on": "clean"},
        "The steps are right, but the losses (the last is {last}) are measured against targets "
        "without noise.",
        "Look at which targets the recorded loss is computed with.",
        "setting",
    ),
    Mistake(
        "noise-free targets for the steps",
        {"train_on": "clean"},
        "The losses are measured against the right targets, but the steps follow targets without "
        "noise; your last loss is {last}.",
        "Look at which targets the gradient is computed with.",
        "setting",
    ),
    # Batches.
    Mistake(
        "batch ignored",
        {"batches": "all"},
        "Every update uses all points, though each has a batch of its own: your losses go from "
        "{v0} to {v1} like those of batch descent with several updates in each epoch.",
        "Look at which rows of `X` and `Y` enter the loss that you differentiate.",
        "batch",
    ),
    Mistake(
        "always the first batch",
        {"batches": "first"},
        "Every update uses the same first batch: your losses end at {last}.",
        "Look at where the slice begins on the second update.",
        "batch",
    ),
    Mistake(
        "one update per epoch",
        {"batches": "last only"},
        "Only the last batch of each epoch makes a step: your losses go from {v0} to {v1}, too "
        "slowly for one step per batch.",
        "Look at the indentation: what stands inside the inner loop?",
        "batch",
    ),
    Mistake(
        "batch descent",
        {"batch_size": None},
        "Your losses are those of batch descent, one update per epoch with all points: they go "
        "from {v0} to {v1}.",
        "Look at how many updates an epoch has.",
        "batch",
    ),
    Mistake(
        "last short batch dropped",
        {"drop_last": True},
        "The last, shorter batch of each epoch is left out: your losses go from {v0} to {v1}.",
        "Look at what becomes of the points that do not fill a whole batch.",
        "batch",
    ),
    Mistake(
        "gradients zeroed once per epoch",
        {"zero_grad": "epoch"},
        "Within an epoch the gradients add up, because they are set back to zero once per epoch "
        "instead of once per update: your losses go from {v0} to {v1}.",
        "Look at what `w.grad` holds just before each `backward()`.",
        "batch",
    ),
    Mistake(
        "only the last batch recorded",
        {"series": "last"},
        "Each of your values is the loss of the epoch's last batch alone: the first is {v0}.",
        "Look at which points the recorded loss belongs to.",
        "batch",
    ),
    Mistake(
        "only the first batch recorded",
        {"series": "first"},
        "Each of your values is the loss of the epoch's first batch alone: the first is {v0}.",
        "Look at which points the recorded loss belongs to.",
        "batch",
    ),
    Mistake(
        "divided by the batch size",
        {"series": "over batch size"},
        "Each of your values is the sum of the batch losses divided by the batch size: the first "
        "is {v0}.",
        "Count the numbers that were added up in one epoch.",
        "batch",
    ),
    Mistake(
        "divided by the number of points",
        {"series": "over n"},
        "Each of your values is the sum of the batch losses divided by the number of points: the "
        "first is {v0}.",
        "Count the numbers that were added up in one epoch.",
        "batch",
    ),
    Mistake(
        "batch losses added up",
        {"series": "sum"},
        "Each of your values is the sum of the epoch's batch losses: the first is {v0}.",
        "Look at what one recorded number stands for.",
        "batch",
    ),
    Mistake(
        "mean of the batch losses",
        {"series": "mean"},
        "Each of your values is the mean of the epoch's batch losses, taken while the parameters "
        "move: the first is {v0}.",
        "Look at which points, and which parameters, the recorded loss belongs to.",
        "batch",
    ),
    Mistake(
        "loss of every batch recorded",
        {"series": "every"},
        "You recorded the loss of every batch, {n} values in all.",
        "Look at whether the recording stands inside the inner loop, and at which points the "
        "recorded loss belongs to.",
        "batch",
    ),
    Mistake(
        "recorded at every update",
        {"series": "full every"},
        "You recorded a loss at every update instead of one per epoch, {n} values in all.",
        "Look at whether the recording stands inside the inner loop.",
        "batch",
    ),
    Mistake(
        "one-sample descent",
        {"batch_size": 1},
        "Your losses are those of updates after every single point: they go from {v0} to {v1} and "
        "end at {last}.",
        "Look at which rows of `X` and `Y` enter the loss that you differentiate.",
        "one sample",
    ),
    # Order.
    Mistake(
        "order reversed",
        {"order": "reversed"},
        "The points were taken from the last to the first: your losses go from {v0} to {v1}.",
        "Look at the order in which the loop visits the points.",
        "order",
    ),
    Mistake(
        "order ignored",
        {"order": "given"},
        "The points were taken as they lie in `X`, not in the order that was asked for: your first "
        "value is {v0}.",
        "Look at which index each update uses.",
        "order",
    ),
)


def wrong_rate(rate: float, right: float | None = None) -> Mistake:
    """The run with another learning rate (`right` is the one that was asked for)."""
    look = "Look at the rate that your update lines use"
    if right is not None and abs(2 * rate - right) < 1e-3 * right:
        look += ", and at the factor that the square leaves in the derivative"
    if right is not None and abs(rate - 2 * right) < 1e-3 * right:
        look += ", and at how often a step is made"
    return Mistake(
        "wrong rate",
        {"rate": rate},
        f"Your losses are those of rate {rate:.4g} instead of {{rate}}: the second is {{v1}}.",
        f"{look}.",
        "setting",
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
        )
    return Mistake(
        "wrong start",
        {} if start is None else {"start": start},
        "Your run starts somewhere else than at (w, b) = {start}"
        + (f", {why}" if why else "")
        + ": its first loss is {v0}.",
        "Look at the values of `w` and `b` when your loop begins.",
        "setting",
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
