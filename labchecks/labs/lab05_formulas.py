"""The two formulas of Lab 5, and what each known mistake makes of them."""

from __future__ import annotations

import random
from typing import Any

import torch

from labchecks.judges.function import TensorFunction, tensor_case

__all__ = ["LOSS_FUNC", "MODEL", "loss_cases", "model_cases"]


def model_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Data, weight and bias of several shapes that broadcast."""
    n = rng.randint(4, 9)
    shapes = [
        ((n, 1), (), ()),
        ((n, 1), (1,), (1,)),
        ((n + 1,), (), (1,)),
        ((n, 3), (3,), (3,)),
        ((2, 3, 2), (1,), ()),
    ]
    cases = [
        {"arguments": [tensor_case(rng, shape, grad=k > 0) for k, shape in enumerate(three)]}
        for three in shapes
    ]
    double = [
        tensor_case(rng, s, grad=k > 0, dtype="float64") for k, s in enumerate(((n, 1), (), ()))
    ]
    return [*cases, {"arguments": double}]


def loss_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Predictions and targets of several lengths, as columns and flat."""
    sizes = rng.sample(range(5, 30), 3)
    shapes = [((sizes[0], 1), "float32"), ((sizes[1],), "float32"), ((sizes[2], 1), "float64")]
    return [
        {
            "arguments": [
                tensor_case(rng, shape, grad=True, dtype=dtype),
                tensor_case(rng, shape, grad=False, dtype=dtype),
            ]
        }
        for shape, dtype in shapes
    ]


MODEL = TensorFunction(
    name="model",
    arguments=("data", "weight", "bias"),
    right=lambda d, w, b: d * w + b,
    scalar=False,
    praise="`model` gives weight·data + bias for every shape that was tried, and gradients flow "
    "through it.",
    known=(
        (
            "bias subtracted",
            lambda d, w, b: d * w - b,
            "{name} takes `bias` away instead of adding it: its first value is {value}. Look at "
            "the sign.",
        ),
        (
            "weight and bias swapped",
            lambda d, w, b: d * b + w,
            "{name} multiplies by `bias` and adds `weight`. Look at which of the two is the slope.",
        ),
        (
            "no bias",
            lambda d, w, b: d * w + 0 * b,
            "{name} leaves `bias` out: its first value, {value}, is the product alone.",
        ),
        (
            "no weight",
            lambda d, w, b: d + b + 0 * w,
            "{name} leaves `weight` out: only `bias` is added.",
        ),
        (
            "bias added before the product",
            lambda d, w, b: (d + b) * w,
            "{name} multiplies the bias by the weight too. Look at the brackets: which comes "
            "first, product or sum?",
        ),
        (
            "everything added",
            lambda d, w, b: d + w + b,
            "{name} adds `weight` instead of multiplying by it.",
        ),
        (
            "everything multiplied",
            lambda d, w, b: d * w * b,
            "{name} multiplies by `bias` instead of adding it.",
        ),
        (
            "weight times bias",
            lambda d, w, b: d + w * b,
            "{name} multiplies `weight` by `bias`. Look at what the slope is multiplied by.",
        ),
        (
            "divided by weight",
            lambda d, w, b: d / w + b,
            "{name} divides by `weight` instead of multiplying by it.",
        ),
        (
            "power instead of product",
            lambda d, w, b: d.abs() ** w + b,
            "{name} takes a power: look at the operator between `data` and `weight`.",
        ),
        (
            "data squared",
            lambda d, w, b: d**2 * w + b,
            "{name} squares `data`: the model is a line, not a parabola.",
        ),
        (
            "sign of the slope",
            lambda d, w, b: b - d * w,
            "{name} subtracts the product: look at its sign.",
        ),
        (
            "activation after the line",
            lambda d, w, b: torch.relu(d * w + b),
            "{name} sets negative values to zero: the model is the line itself, with no "
            "activation.",
        ),
        (
            "activation after the line",
            lambda d, w, b: torch.sigmoid(d * w + b),
            "{name} squeezes its values between 0 and 1: the model is the line itself.",
        ),
        (
            "activation after the line",
            lambda d, w, b: torch.tanh(d * w + b),
            "{name} squeezes its values between −1 and 1: the model is the line itself.",
        ),
        (
            "averaged over the rows",
            lambda d, w, b: (d * w + b).mean(),
            "{name} returns the mean over the rows: one prediction for each row is wanted.",
        ),
        (
            "averaged over the rows",
            lambda d, w, b: (d * w + b).sum(),
            "{name} returns the sum over the rows: one prediction for each row is wanted.",
        ),
        (
            "shape lost",
            lambda d, w, b: (d * w + b).flatten(),
            "The values of {name} are right, but the result is flattened: it should keep the shape "
            "that its arguments broadcast to.",
        ),
        (
            "shape lost",
            lambda d, w, b: (d * w + b).squeeze(),
            "The values of {name} are right, but a dimension of length one is squeezed away: the "
            "result should keep the shape that its arguments broadcast to.",
        ),
    ),
)


def _rows(y: torch.Tensor) -> int:
    return y.shape[0]


LOSS_FUNC = TensorFunction(
    name="loss_func",
    arguments=("y_pred", "y_true"),
    right=lambda p, t: ((p - t) ** 2).mean(),
    scalar=True,
    praise="`loss_func` is the mean squared error, and its gradients are right.",
    known=(
        (
            "sum instead of mean",
            lambda p, t: ((p - t) ** 2).sum(),
            "{name} gives {value}: that is the sum of the squared errors instead of their mean, "
            "so it grows with the number of rows.",
        ),
        (
            "half the mean squared error",
            lambda p, t: ((p - t) ** 2).mean() / 2,
            "{name} gives {value}: that is half the mean squared error. Look for a factor ½.",
        ),
        (
            "half the sum",
            lambda p, t: ((p - t) ** 2).sum() / 2,
            "{name} gives {value}: that is half the sum of the squared errors. Look at how they "
            "become a mean.",
        ),
        (
            "absolute errors",
            lambda p, t: (p - t).abs().mean(),
            "{name} gives {value}: that is the mean of the absolute errors. Look at how an error "
            "enters.",
        ),
        (
            "sum of absolute errors",
            lambda p, t: (p - t).abs().sum(),
            "{name} gives {value}: that is the sum of the absolute errors. Look at how an error "
            "enters, and at how the errors become a mean.",
        ),
        (
            "root of the mean squared error",
            lambda p, t: ((p - t) ** 2).mean().sqrt(),
            "{name} gives {value}: that is the root of the mean squared error.",
        ),
        (
            "length of the error vector",
            lambda p, t: ((p - t) ** 2).sum().sqrt(),
            "{name} gives {value}: that is the root of the sum of the squared errors, a length.",
        ),
        (
            "length of the error vector",
            lambda p, t: ((p - t) ** 2).sum().sqrt() / _rows(p),
            "{name} gives {value}: that is a length divided by the number of rows. Look for a "
            "root.",
        ),
        (
            "square of the mean error",
            lambda p, t: (p - t).mean() ** 2,
            "{name} gives {value}: that is the square of the mean error, in which errors of "
            "opposite sign cancel. Look at which comes first, square or mean.",
        ),
        (
            "errors not squared",
            lambda p, t: (p - t).mean(),
            "{name} gives {value}: that is the mean of the errors themselves, in which opposite "
            "signs cancel. Look at how an error enters.",
        ),
        (
            "errors not squared",
            lambda p, t: (t - p).mean(),
            "{name} gives {value}: that is the mean of the errors themselves, in which opposite "
            "signs cancel. Look at how an error enters.",
        ),
        (
            "errors not squared",
            lambda p, t: (p - t).sum(),
            "{name} gives {value}: that is the sum of the errors themselves. Look at how an error "
            "enters.",
        ),
        (
            "square of the summed error",
            lambda p, t: (p - t).sum() ** 2 / _rows(p),
            "{name} gives {value}: the errors are summed before they are squared, so opposite "
            "signs cancel.",
        ),
        (
            "mean not taken",
            lambda p, t: (p - t) ** 2,
            "{name} returns one squared error for each row; the first is {value}. A loss is one "
            "number.",
        ),
        (
            "mean not taken",
            lambda p, t: (p - t).abs(),
            "{name} returns one absolute error for each row. A loss is one number, made of "
            "squares.",
        ),
        (
            "divided by N twice",
            lambda p, t: ((p - t) ** 2).mean() / _rows(p),
            "{name} gives {value}: that is the mean squared error divided by the number of rows "
            "once more.",
        ),
        (
            "divided by N − 1",
            lambda p, t: ((p - t) ** 2).sum() / (_rows(p) - 1),
            "{name} gives {value}: the sum is divided by one less than the number of rows. That "
            "is for estimating a variance, not for a mean.",
        ),
        (
            "divided by 2N twice",
            lambda p, t: ((p - t) ** 2).mean() / 4,
            "{name} gives {value}: that is a quarter of the mean squared error.",
        ),
        (
            "sum of prediction and target",
            lambda p, t: ((p + t) ** 2).mean(),
            "{name} gives {value}: that comes from the sum of prediction and target. Look at the "
            "sign between them.",
        ),
        (
            "difference of the squares",
            lambda p, t: (p**2 - t**2).mean(),
            "{name} gives {value}: that is the mean difference of the squares. Look at the "
            "brackets.",
        ),
        (
            "sign turned round",
            lambda p, t: -((p - t) ** 2).mean(),
            "{name} gives {value}, a negative number: a mean of squares cannot be negative.",
        ),
        (
            "largest error",
            lambda p, t: ((p - t) ** 2).max(),
            "{name} gives {value}: that is the largest squared error instead of the mean.",
        ),
        (
            "median instead of mean",
            lambda p, t: ((p - t) ** 2).median(),
            "{name} gives {value}: that is a median instead of a mean.",
        ),
        (
            "power other than two",
            lambda p, t: (p - t).abs().pow(3).mean(),
            "{name} gives {value}: the errors are raised to another power than two.",
        ),
        (
            "power other than two",
            lambda p, t: (p - t).pow(4).mean(),
            "{name} gives {value}: the errors are raised to another power than two.",
        ),
        (
            "variance of the errors",
            lambda p, t: (p - t).var(),
            "{name} gives {value}: that is the variance of the errors, which their mean is taken "
            "from first.",
        ),
        (
            "variance of the errors",
            lambda p, t: (p - t).var(correction=0),
            "{name} gives {value}: that is the variance of the errors, which their mean is taken "
            "from first.",
        ),
        (
            "smoothed absolute errors",
            torch.nn.functional.smooth_l1_loss,
            "{name} gives {value}: that is the Huber loss, which is linear in large errors.",
        ),
        (
            "every row against every other",
            lambda p, t: ((p.flatten()[:, None] - t.flatten()[None, :]) ** 2).mean(),
            "{name} gives {value}: every prediction is compared with every target, because a "
            "column and a flat tensor broadcast to a square. Look at the two shapes.",
        ),
        (
            "every row against every other",
            lambda p, t: ((p.flatten() - t) ** 2).mean(),
            "{name} gives {value}: every prediction is compared with every target, because a "
            "column and a flat tensor broadcast to a square. Look at the two shapes.",
        ),
        (
            "relative errors",
            lambda p, t: (((p - t) / t) ** 2).mean(),
            "{name} gives {value}: the errors are divided by the targets.",
        ),
        (
            "targets ignored",
            lambda p, t: (p**2).mean(),
            "{name} gives {value}: the targets do not enter.",
        ),
        (
            "R² instead of the loss",
            lambda p, t: 1 - ((p - t) ** 2).sum() / ((t - t.mean()) ** 2).sum(),
            "{name} gives {value}: that is R², which is large where the loss is small.",
        ),
    ),
)
