"""Practices of Lab 6: a backward pass, a hidden layer, and a deep network that trains."""

import math
from collections.abc import Callable
from typing import NamedTuple

from labchecks import Practice, slip, uniform


class _Links(NamedTuple):
    """The factors of the four derivatives, and what else is known when they are computed."""

    loss: float
    w2: float
    slope: float
    x: float
    a: float
    z: float
    w1: float
    out: float
    y: float


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _with(bend: Callable = _sigmoid, **changed: Callable[[_Links], float]) -> Callable:
    """A backward pass in which some links are changed, each by a function of what is known."""

    def program(x, y, w1, b1, w2, b2):
        z = w1 * x + b1
        a = bend(z)
        out = w2 * a + b2
        k = _Links(2 * (out - y), w2, a * (1 - a), x, a, z, w1, out, y)
        k = k._replace(**{name: change(k) for name, change in changed.items()})
        hidden = k.loss * k.w2 * k.slope
        return hidden * k.x, hidden, k.loss * k.a, k.loss

    return program


def backward(x, y, w1, b1, w2, b2):
    """The derivatives of (w2·σ(w1·x + b1) + b2 − y)² with respect to w1, b1, w2 and b2."""
    return _with()(x, y, w1, b1, w2, b2)


def _rearranged(change: Callable) -> Callable:
    """The right derivatives, changed afterwards."""
    return lambda *given: change(*backward(*given))


def _through_a_sigmoid(k: _Links) -> float:
    out = _sigmoid(k.out)
    return 2 * (out - k.y) * out * (1 - out)


OTHERS_RIGHT = "The derivatives of w2 and b2 are right; those of w1 and b1 "
CHAIN = "Write down what stands between the loss and this parameter, link by link."

# fmt: off
SLIPS = [
    slip("factor 2 missing", _with(loss=lambda k: k.loss / 2),
         "All four derivatives are half of the right ones.",
         "Look at what the derivative of a square is."),
    slip("sign of the residual", _with(loss=lambda k: -k.loss),
         "All four derivatives have the wrong sign: descent would climb.",
         "Look at which way round the residual is."),
    slip("residual left out", _with(loss=lambda k: 1),
         "The four are the derivatives of the prediction, not of the loss.",
         "Look at how the loss depends on the prediction."),
    slip("absolute residual", _with(loss=lambda k: abs(k.loss)),
         "The derivatives have the right size, but the sign of the residual is lost.",
         "Look at what the derivative of a square is on either side of 0."),
    slip("slope of the sigmoid left out", _with(slope=lambda k: 1),
         OTHERS_RIGHT + "lack one link.",
         "Look at what the sigmoid does to a small change of z."),
    slip("sigmoid instead of its slope", _with(slope=lambda k: k.a),
         OTHERS_RIGHT + "contain the sigmoid itself instead of its slope.",
         "Look at the formula for the derivative of σ."),
    slip("only one factor of the slope", _with(slope=lambda k: 1 - k.a),
         OTHERS_RIGHT + "have only one of the two factors of the sigmoid's slope.",
         "Look at the formula for the derivative of σ."),
    slip("slope taken at the wrong place",
         _with(slope=lambda k: _sigmoid(k.a) * (1 - _sigmoid(k.a))),
         OTHERS_RIGHT + "use the slope of the sigmoid at a.",
         "Look at which number goes into the sigmoid."),
    slip("slope of the wrong number", _with(slope=lambda k: k.z * (1 - k.z)),
         OTHERS_RIGHT + "use z·(1 − z).",
         "Look at what σ stands for in the formula σ·(1 − σ)."),
    slip("slope of tanh", _with(slope=lambda k: 1 - k.a**2),
         OTHERS_RIGHT + "contain 1 − a².",
         "Look at which function has that derivative."),
    slip("another non-linear function", _with(math.tanh, slope=lambda k: 1 - k.a**2),
         "The derivatives are those of a hidden unit with tanh.",
         "Look at which function this unit applies."),
    slip("second weight left out", _with(w2=lambda k: 1),
         OTHERS_RIGHT + "lack one link.",
         "Look at what a change of a is multiplied by on its way to the prediction."),
    slip("first weight in place of the second", _with(w2=lambda k: k.w1),
         OTHERS_RIGHT + "go back through w1.",
         "Look at which weight lies between a and the prediction."),
    slip("input left out", _with(x=lambda k: 1),
         "The derivative of w1 equals that of b1; the other three are right.",
         "Look at what w1 is multiplied by."),
    slip("input in the derivative of w2", _with(a=lambda k: k.x),
         "Three derivatives are right; that of w2 contains x.",
         "Look at what w2 is multiplied by."),
    slip("z in the derivative of w2", _with(a=lambda k: k.z),
         "Three derivatives are right; that of w2 contains z.",
         "Look at what w2 is multiplied by."),
    slip("activation left out", _with(a=lambda k: 1),
         "The derivative of w2 equals that of b2; the other three are right.",
         "Look at what w2 is multiplied by."),
    slip("intercept treated like a weight", _rearranged(lambda w1, b1, w2, b2: (w1, w1, w2, b2)),
         "The derivative of b1 equals that of w1; the other three are right.",
         "Look at what b1 is multiplied by."),
    slip("sigmoid at the output too", _with(loss=_through_a_sigmoid),
         "The derivatives are those of a network whose output goes through a sigmoid as well.",
         "Look at what happens after the second layer."),
    slip("another order", _rearranged(lambda w1, b1, w2, b2: (w1, w2, b1, b2)),
         "The four derivatives are right, but in another order: the weights come first.",
         "Look at the order that the docstring asks for."),
    slip("from the output back", _rearranged(lambda w1, b1, w2, b2: (w2, b2, w1, b1)),
         "The four derivatives are right, but in another order: the second layer comes first.",
         "Look at the order that the docstring asks for."),
    slip("parameters after a step",
         lambda x, y, *p: tuple(v - g for v, g in zip(p, backward(x, y, *p))),
         "The four numbers are the parameters after a step of rate 1, not the derivatives.",
         "Look at what the function should return."),
]
# fmt: on

BACKWARD = Practice.function(
    "lab06-backward",
    backward,
    title="A backward pass by hand",
    points=10,
    seed=61,
    cases={
        "x": uniform(0.5, 2.5),
        "y": uniform(-3, 3),
        "w1": uniform(-1.5, 1.5),
        "b1": uniform(-1, 1),
        "w2": uniform(0.5, 2.5),
        "b2": uniform(-1, 1),
    },
    wanted="four numbers",
    praise="All four derivatives are right, on numbers that you have not seen.",
    look=CHAIN,
    slips=SLIPS,
)

PRACTICES = (
    BACKWARD,
    Practice.network("lab06-hidden-net", title="A network with one hidden layer", points=10),
    Practice.trained(
        "lab06-deep-net",
        title="A deep network that trains",
        points=10,
        name="DeepNet",
        sizes=(2, 10, 20, 2, 1),
        lr=0.01,
        epochs=40,
        batch_size=64,
    ),
)
