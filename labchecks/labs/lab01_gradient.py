"""The gradient of a line's loss by its formula (Lab 1), and what students make of it."""

import random
from collections.abc import Callable
from typing import Any

import torch

from labchecks import Practice, slip
from labchecks.engine.run import points_of

Pair = tuple[Any, Any]


def gradient(w: float, b: float, x: torch.Tensor, y: torch.Tensor) -> Pair:
    """The derivatives of the mean squared error of the line w·x + b, in w and in b."""
    r = w * x + b - y
    return 2 * (r * x).mean(), 2 * r.mean()


def _times(factor_w: float, factor_b: float, of_rows: bool = False) -> Callable[..., Pair]:
    """The gradient with its two parts multiplied by numbers, and by how many rows there are."""

    def program(w, b, x, y):
        dw, db = gradient(w, b, x, y)
        rows = len(x) if of_rows else 1
        return factor_w * rows * dw, factor_b * rows * db

    return program


def _every_target(flat: bool) -> Callable[..., Pair]:
    """Every prediction minus every target, where the data are flat, or where they are columns."""

    def program(w, b, x, y):
        if flat == (x.dim() == 1):
            x, y = x.reshape(-1, 1), y.reshape(1, -1)
        return gradient(w, b, x, y)

    return program


def _on_the_labs_data(w, b, x, y) -> Pair:
    points = points_of("gentle_line", 1)
    return gradient(w, b, torch.tensor(points.x), torch.tensor(points.y))


def _calls(rng: random.Random) -> list[list[Any]]:
    """Columns and flat tensors; two calls differ in w alone, two in b alone."""
    calls = []
    for column in (True, False, True):
        n = rng.randint(5, 25)
        centre = rng.choice((-1, 1)) * rng.uniform(0.5, 1.5)
        x = [round(rng.gauss(centre, 2), 3) for _ in range(n)]
        slope, cut = rng.uniform(-4, 4), rng.uniform(-4, 4)
        y = [round(slope * value + cut + rng.gauss(0, 0.5), 3) for value in x]
        shape = [n, 1] if column else [n]
        data = [{"values": values, "shape": shape} for values in (x, y)]
        w, b = (round(rng.choice((-1, 1)) * rng.uniform(4, 12), 2) for _ in range(2))
        calls.append([w, b, *data])
        if len(calls) == 1:
            calls += [[round(0.4 * w, 2), b, *data], [w, round(-0.7 * b, 2), *data]]
    return calls


# fmt: off
SLIPS = [
    slip("factor 2 missing", _times(0.5, 0.5),
         "Both derivatives of {name} are half of what they should be: the first is {value}.",
         "Look at the derivative of a square."),
    slip("factor 2 missing in one", _times(0.5, 1),
         "The derivative in b is right; that in w is half of what it should be.",
         "Look for a factor."),
    slip("factor 2 missing in one", _times(1, 0.5),
         "The derivative in w is right; that in b is half of what it should be.",
         "Look for a factor."),
    slip("factor 2 twice", _times(2, 2),
         "Both derivatives of {name} are twice what they should be: the first is {value}.",
         "Look at how often a factor 2 enters."),
    slip("sign turned round", _times(-1, -1),
         "Both derivatives of {name} have the wrong sign: the first is {value}. With this sign a "
         "step of gradient descent leads uphill.",
         "Look at what is subtracted from what."),
    slip("sign turned round", _times(-0.5, -0.5),
         "Both derivatives of {name} have the wrong sign, and half the size: the first is {value}.",
         "Look at the residual, and at the derivative of a square."),
    slip("sum instead of mean", _times(1, 1, of_rows=True),
         "Both derivatives of {name} grow with the number of points: the first is {value}, as a "
         "sum gives it.",
         "Look at what the loss does with its N squares."),
    slip("sum without its factor 2", _times(0.5, 0.5, of_rows=True),
         "Both derivatives of {name} grow with the number of points: the first is {value}, as a "
         "sum gives it, and a factor is missing too.",
         "Look at what the loss does with its N squares, and at the derivative of a square."),
    slip("divided by the lab's number of points", _times(1 / 60, 1 / 60, of_rows=True),
         "{name} divides by 60, whatever the number of points: the first derivative is {value}.",
         "Look at where the number of points comes from."),
    slip("w and b in each other's place", lambda w, b, x, y: gradient(w, b, x, y)[::-1],
         "Both derivatives are right, but they come back in each other's place: first {value}, "
         "which is ∂L/∂b."),
    slip("x left out", lambda w, b, x, y: (gradient(w, b, x, y)[1],) * 2,
         "{name} returns the same for w and for b: {value}. That is the derivative in b.",
         "Look at what stands before w in each square."),
    slip("x in both", lambda w, b, x, y: (gradient(w, b, x, y)[0],) * 2,
         "{name} returns the same for w and for b. That is the derivative in w.",
         "Look at what stands before b in each square."),
    slip("means multiplied",
         lambda w, b, x, y: (2 * (w * x + b - y).mean() * x.mean(), 2 * (w * x + b - y).mean()),
         "The derivative in w, {value}, is that in b times the mean of x: the mean of a product is "
         "not the product of the means.",
         "Look at what is averaged."),
    slip("sign of b in the model", lambda w, b, x, y: gradient(w, -b, x, y),
         "{name} belongs to the line w·x − b: the first derivative is {value}.",
         "Look at the sign of b in the residual."),
    slip("y added", lambda w, b, x, y: gradient(w, b, x, -y),
         "The residual of {name} is ŷ + y instead of ŷ − y: the first derivative is {value}.",
         "Look at the sign of y."),
    slip("b left out", lambda w, b, x, y: gradient(w, 0 * b, x, y),
         "The residual of {name} does not contain b: the first derivative is {value}.",
         "Look at the prediction."),
    slip("x squared",
         lambda w, b, x, y: (2 * ((w * x + b - y) * x**2).mean(), gradient(w, b, x, y)[1]),
         "The derivative in b is right; in that in w, {value}, x enters twice.",
         "Look at what stands before w in each square."),
    slip("absolute errors",
         lambda w, b, x, y: (((w * x + b - y).sign() * x).mean(), (w * x + b - y).sign().mean()),
         "{name} uses the signs of the residuals alone: that is the gradient of the mean absolute "
         "error.",
         "Look at which loss is differentiated."),
    slip("not averaged", lambda w, b, x, y: (2 * (w * x + b - y) * x, 2 * (w * x + b - y)),
         "{name} returns a number for every point instead of one for w and one for b.",
         "Look at how the numbers of the points become one."),
    slip("one derivative only", lambda w, b, x, y: gradient(w, b, x, y)[0],
         "{name} returns one number, {value}: that is the derivative in w alone.",
         "Look at the last line."),
    slip("one derivative only", lambda w, b, x, y: gradient(w, b, x, y)[1],
         "{name} returns one number, {value}: that is the derivative in b alone.",
         "Look at the last line."),
    slip("the loss itself", lambda w, b, x, y: ((w * x + b - y) ** 2).mean(),
         "{name} returns one number, {value}: that is the loss, not its derivatives.",
         "Look at the two formulas."),
    slip("loss in front", lambda w, b, x, y: (((w * x + b - y) ** 2).mean(), *gradient(w, b, x, y)),
         "{name} returns three numbers, and the first, {value}, is the loss.",
         "Look at the last line."),
    slip("step instead of the derivative", (_times(0.1, 0.1), _times(-0.1, -0.1)),
         "{name} returns {value} first: the derivative times the lab's learning rate. That is a "
         "step.",
         "Look at which of the names the formulas contain."),
    slip("parameters after a step",
         lambda w, b, x, y: tuple(
             p - 0.1 * g for p, g in zip((w, b), gradient(w, b, x, y), strict=True)
         ),
         "{name} returns {value} first: that is w after a step at rate 0.1.",
         "The practice asks for the derivatives themselves."),
    slip("every row against every other", _every_target(flat=False),
         "Right for flat tensors. For columns every prediction is compared with every target, "
         "because a column and a flat tensor broadcast to a square: {value} comes first.",
         "Print the shape of the residuals for a column."),
    slip("every row against every other", _every_target(flat=True),
         "Right for columns. For flat tensors every prediction is compared with every target, "
         "because a column and a flat tensor broadcast to a square: {value} comes first.",
         "Print the shape of the residuals for a flat tensor."),
    slip("works on the lab's data only", _on_the_labs_data,
         "{name} returns the gradient on the lab's own points, whatever it is given: {value} comes "
         "first.",
         "Look at which names it reads."),
]
# fmt: on

GRADIENT = Practice.function(
    "lab01-gradient",
    gradient,
    title="The gradient by its formula",
    points=10,
    wanted="two numbers, ∂L/∂w and ∂L/∂b",
    cases=_calls,
    seed=11,
    autograd=False,
    praise="Both derivatives are right, for columns and for flat tensors.",
    look="Compare both numbers with finite differences of the loss.",
    slips=SLIPS,
)
