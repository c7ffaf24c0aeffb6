"""Practices of Lab 5: model, loss, batch and mini-batch descent written from scratch."""

import random
from typing import Any

import torch

from labchecks import Curve, Practice, slip, tensor


def model(data: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """The line."""
    return data * weight + bias


def loss_func(y_pred: torch.Tensor, y_true: torch.Tensor) -> torch.Tensor:
    """The mean squared error."""
    return ((y_pred - y_true) ** 2).mean()


def _model_calls(rng: random.Random) -> list[list[Any]]:
    """Data, weight and bias of several shapes that broadcast."""
    n = rng.randint(4, 9)
    shapes = [
        ((n, 1), (), ()),
        ((n, 1), (1,), (1,)),
        ((n + 1,), (), (1,)),
        ((n, 3), (3,), (3,)),
        ((2, 3, 2), (1,), ()),
    ]
    types = ["float32"] * len(shapes) + ["float64"]
    return [
        [tensor(rng, shape, grad=k > 0, dtype=dtype) for k, shape in enumerate(three)]
        for three, dtype in zip([*shapes, shapes[0]], types, strict=True)
    ]


def _loss_calls(rng: random.Random) -> list[list[Any]]:
    """Predictions and targets of several lengths, columns as the docstring says."""
    types = ("float32", "float32", "float64")
    return [
        [tensor(rng, (n, 1), grad=grad, dtype=dtype) for grad in (True, False)]
        for n, dtype in zip(rng.sample(range(5, 30), 3), types, strict=True)
    ]


# fmt: off
MODEL_SLIPS = [
    slip("bias subtracted", lambda d, w, b: d * w - b,
         "{name} subtracts `bias` instead of adding it: its first value is {value}. Look at the "
         "sign."),
    slip("weight and bias swapped", lambda d, w, b: d * b + w,
         "{name} multiplies by `bias` and adds `weight`. Look at which of the two is the slope."),
    slip("no bias", lambda d, w, b: d * w + 0 * b,
         "{name} leaves `bias` out: its first value, {value}, is the product alone."),
    slip("no weight", lambda d, w, b: d + b + 0 * w,
         "{name} leaves `weight` out: only `bias` is added."),
    slip("bias added before the product", lambda d, w, b: (d + b) * w,
         "{name} multiplies the bias by the weight too. Look at the brackets: which comes first, "
         "product or sum?"),
    slip("everything added", lambda d, w, b: d + w + b,
         "{name} adds `weight` instead of multiplying by it."),
    slip("everything multiplied", lambda d, w, b: d * w * b,
         "{name} multiplies by `bias` instead of adding it."),
    slip("weight times bias", lambda d, w, b: d + w * b,
         "{name} multiplies `weight` by `bias`. Look at what the slope is multiplied by."),
    slip("divided by weight", lambda d, w, b: d / w + b,
         "{name} divides by `weight` instead of multiplying by it."),
    slip("power instead of product", lambda d, w, b: d.abs() ** w + b,
         "{name} takes a power: look at the operator between `data` and `weight`."),
    slip("data squared", lambda d, w, b: d**2 * w + b,
         "{name} squares `data`: the model is a line, not a parabola."),
    slip("sign of the slope", lambda d, w, b: b - d * w,
         "{name} subtracts the product: look at its sign."),
    slip("activation after the line", lambda d, w, b: torch.relu(d * w + b),
         "{name} sets negative values to zero: the model is the line itself, with no activation."),
    slip("activation after the line", lambda d, w, b: torch.sigmoid(d * w + b),
         "{name} squeezes its values between 0 and 1: the model is the line itself."),
    slip("activation after the line", lambda d, w, b: torch.tanh(d * w + b),
         "{name} squeezes its values between −1 and 1: the model is the line itself."),
    slip("averaged over the rows", lambda d, w, b: (d * w + b).mean(),
         "{name} returns the mean over the rows: one prediction for each row is wanted."),
    slip("averaged over the rows", lambda d, w, b: (d * w + b).sum(),
         "{name} returns the sum over the rows: one prediction for each row is wanted."),
    slip("shape lost", lambda d, w, b: (d * w + b).flatten(),
         "The values of {name} are right, but the result is flattened: it should keep the shape "
         "that its arguments broadcast to."),
    slip("shape lost", lambda d, w, b: (d * w + b).squeeze(),
         "The values of {name} are right, but a dimension of length one is squeezed away: the "
         "result should keep the shape that its arguments broadcast to."),
]
# fmt: on

MODEL = Practice.function(
    "lab05-model",
    model,
    title="The model",
    points=10,
    wanted="a tensor",
    seed=3,
    cases=_model_calls,
    praise="`model` gives weight·data + bias for every shape that was tried, and gradients flow "
    "through it.",
    slips=MODEL_SLIPS,
)


# fmt: off
LOSS_FUNC_SLIPS = [
    slip("sum instead of mean", lambda p, t: ((p - t) ** 2).sum(),
         ": that is the sum of the squared errors instead of their mean, so it grows with the "
         "number of rows."),
    slip("half the mean squared error", lambda p, t: ((p - t) ** 2).mean() / 2,
         ": that is half the mean squared error. Look for a factor ½."),
    slip("half the sum", lambda p, t: ((p - t) ** 2).sum() / 2,
         ": that is half the sum of the squared errors. Look at how they become a mean."),
    slip("absolute errors", lambda p, t: (p - t).abs().mean(),
         ": that is the mean of the absolute errors. Look at how an error enters."),
    slip("sum of absolute errors", lambda p, t: (p - t).abs().sum(),
         ": that is the sum of the absolute errors. Look at how an error enters, and at how the "
         "errors become a mean."),
    slip("root of the mean squared error", lambda p, t: ((p - t) ** 2).mean().sqrt(),
         ": that is the root of the mean squared error."),
    slip("length of the error vector", lambda p, t: ((p - t) ** 2).sum().sqrt(),
         ": that is the root of the sum of the squared errors, a length."),
    slip("length of the error vector", lambda p, t: ((p - t) ** 2).sum().sqrt() / len(p),
         ": that is a length divided by the number of rows. Look for a root."),
    slip("square of the mean error", lambda p, t: (p - t).mean() ** 2,
         ": that is the square of the mean error, in which errors of opposite sign cancel. Look at "
         "which comes first, square or mean."),
    slip("errors not squared", (lambda p, t: (p - t).mean(), lambda p, t: (t - p).mean()),
         ": that is the mean of the errors themselves, in which opposite signs cancel. Look at how "
         "an error enters."),
    slip("errors not squared", lambda p, t: (p - t).sum(),
         ": that is the sum of the errors themselves. Look at how an error enters."),
    slip("square of the summed error", lambda p, t: (p - t).sum() ** 2 / len(p),
         ": the errors are summed before they are squared, so opposite signs cancel."),
    slip("mean not taken", lambda p, t: (p - t) ** 2,
         "{name} returns one squared error for each row; the first is {value}. A loss is one "
         "number."),
    slip("mean not taken", lambda p, t: (p - t).abs(),
         "{name} returns one absolute error for each row. A loss is one number, made of squares."),
    slip("divided by N twice", lambda p, t: ((p - t) ** 2).mean() / len(p),
         ": that is the mean squared error divided by the number of rows once more."),
    slip("divided by N − 1", lambda p, t: ((p - t) ** 2).sum() / (len(p) - 1),
         ": the sum is divided by one less than the number of rows. That is for estimating a "
         "variance, not for a mean."),
    slip("divided by 2N twice", lambda p, t: ((p - t) ** 2).mean() / 4,
         ": that is a quarter of the mean squared error."),
    slip("sum of prediction and target", lambda p, t: ((p + t) ** 2).mean(),
         ": that comes from the sum of prediction and target. Look at the sign between them."),
    slip("difference of the squares", lambda p, t: (p**2 - t**2).mean(),
         ": that is the mean difference of the squares. Look at the brackets."),
    slip("sign turned round", lambda p, t: -((p - t) ** 2).mean(),
         ", a negative number: a mean of squares cannot be negative."),
    slip("largest error", lambda p, t: ((p - t) ** 2).max(),
         ": that is the largest squared error instead of the mean."),
    slip("median instead of mean", lambda p, t: ((p - t) ** 2).median(),
         ": that is a median instead of a mean."),
    slip("power other than two",
         (lambda p, t: (p - t).abs().pow(3).mean(), lambda p, t: (p - t).pow(4).mean()),
         ": the errors are raised to another power than two."),
    slip("variance of the errors",
         (lambda p, t: (p - t).var(), lambda p, t: (p - t).var(correction=0)),
         ": that is the variance of the errors: their mean is subtracted first."),
    slip("smoothed absolute errors", torch.nn.functional.smooth_l1_loss,
         ": that is the Huber loss, which is linear in large errors."),
    slip("every row against every other",
         (lambda p, t: ((p.flatten()[:, None] - t.flatten()[None, :]) ** 2).mean(),
          lambda p, t: ((p.flatten() - t) ** 2).mean()),
         ": every prediction is compared with every target, because a column and a flat tensor "
         "broadcast to a square. Look at the two shapes."),
    slip("relative errors", lambda p, t: (((p - t) / t) ** 2).mean(),
         ": the errors are divided by the targets."),
    slip("targets ignored", lambda p, t: (p**2).mean(), ": the targets do not enter."),
    slip("R² instead of the loss",
         lambda p, t: 1 - ((p - t) ** 2).sum() / ((t - t.mean()) ** 2).sum(),
         ": that is R², which is large where the loss is small."),
]
# fmt: on

LOSS_FUNC = Practice.function(
    "lab05-loss",
    loss_func,
    title="The loss",
    points=10,
    seed=4,
    cases=_loss_calls,
    praise="`loss_func` is the mean squared error, and its gradients are right.",
    slips=LOSS_FUNC_SLIPS,
)

DATA = "wide_line"


def _plot(id_: str, title: str, letters: str) -> Practice:
    held = f"LOSS_{letters}"
    return Practice.figure(
        id_,
        title=title,
        points=5,
        data=DATA,
        axes=f"ax_{letters}",
        praise=f"`ax_{letters}` shows the losses of `{held}`, with labels and a title.",
        curves=[Curve(held)],
    )


PRACTICES = (
    MODEL,
    LOSS_FUNC,
    Practice.training(
        "lab05-fit-gd",
        title="Batch gradient descent",
        points=30,
        name="fit_GD",
        data=DATA,
        seed=5,
        run={"seed": 11, "lr": 0.01, "num_epochs": 20},
    ),
    _plot("lab05-plot-gd", "The losses of batch descent", "GD"),
    Practice.training(
        "lab05-fit-bgd",
        title="Descent in mini-batches",
        points=30,
        name="fit_BGD",
        data=DATA,
        seed=6,
        run={"seed": 12, "lr": 0.004, "num_epochs": 10, "batch_size": 32},
    ),
    _plot("lab05-plot-bgd", "The losses of mini-batch descent", "BGD"),
    Practice("lab05-discussion", "When to use mini-batches", 10, (), manual=True),
)
