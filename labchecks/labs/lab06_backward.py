"""The backward pass through one hidden unit (Lab 6), and what students make of it."""

import math
from collections.abc import Callable
from typing import NamedTuple

from labchecks import Practice, slip, uniform


class _Pass(NamedTuple):
    """What is known when the backward pass begins."""

    x: float
    w1: float
    w2: float
    a: float
    z: float
    residual: float

    @property
    def slope(self) -> float:
        """The derivative of the sigmoid at z."""
        return self.a * (1 - self.a)


def _sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def _forward(x, y, w1, b1, w2, b2, bend: Callable = _sigmoid) -> _Pass:
    z = w1 * x + b1
    a = bend(z)
    return _Pass(x, w1, w2, a, z, w2 * a + b2 - y)


def _back(p: _Pass, slope: float | None = None, factor: float = 2.0, through: float | None = None):
    """The four derivatives, from the output back to the input."""
    output = factor * p.residual
    hidden = output * (p.w2 if through is None else through) * (p.slope if slope is None else slope)
    return hidden * p.x, hidden, output * p.a, output


def backward(x, y, w1, b1, w2, b2):
    """The derivatives of (w2·σ(w1·x + b1) + b2 − y)² with respect to w1, b1, w2 and b2."""
    return _back(_forward(x, y, w1, b1, w2, b2))


def _changed(change: Callable) -> Callable:
    """A backward pass of which one thing is changed: `change` is given what is known."""
    return lambda *given: change(_forward(*given))


def _rearranged(change: Callable) -> Callable:
    """The right derivatives, changed afterwards."""
    return lambda *given: change(*backward(*given))


def _tanh(*given):
    p = _forward(*given, bend=math.tanh)
    return _back(p, slope=1 - p.a**2)


def _bent_output(x, y, w1, b1, w2, b2):
    p = _forward(x, y, w1, b1, w2, b2)
    out = _sigmoid(w2 * p.a + b2)
    return _back(p._replace(residual=(out - y) * out * (1 - out)))


CHAIN = "Write down what stands between the loss and this parameter, link by link."

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
    slips=[
        slip(
            "factor 2 missing",
            _changed(lambda p: _back(p, factor=1)),
            "All four derivatives are half of the right ones.",
            "Look at what the derivative of a square is.",
        ),
        slip(
            "sign of the residual",
            _changed(lambda p: _back(p, factor=-2)),
            "All four derivatives have the wrong sign: descent would climb.",
            "Look at which way round the residual is.",
        ),
        slip(
            "residual left out",
            _changed(lambda p: _back(p._replace(residual=1.0), factor=1)),
            "The four are the derivatives of the prediction, not of the loss.",
            "Look at how the loss depends on the prediction.",
        ),
        slip(
            "absolute residual",
            _changed(lambda p: _back(p._replace(residual=abs(p.residual)))),
            "The derivatives have the right size, but the sign of the residual is lost.",
            "Look at what the derivative of a square is on either side of 0.",
        ),
        slip(
            "slope of the sigmoid left out",
            _changed(lambda p: _back(p, slope=1.0)),
            "The derivatives of w2 and b2 are right; those of w1 and b1 lack one link.",
            "Look at what the sigmoid does to a small change of z.",
        ),
        slip(
            "sigmoid instead of its slope",
            _changed(lambda p: _back(p, slope=p.a)),
            "The derivatives of w2 and b2 are right; those of w1 and b1 contain the sigmoid itself "
            "instead of its slope.",
            "Look at the formula for the derivative of σ.",
        ),
        slip(
            "only one factor of the slope",
            _changed(lambda p: _back(p, slope=1 - p.a)),
            "The derivatives of w2 and b2 are right; in those of w1 and b1 the slope of the "
            "sigmoid has only one of its two factors.",
            "Look at the formula for the derivative of σ.",
        ),
        slip(
            "slope taken at the wrong place",
            _changed(lambda p: _back(p, slope=_sigmoid(p.a) * (1 - _sigmoid(p.a)))),
            "The derivatives of w2 and b2 are right; those of w1 and b1 use the slope of the "
            "sigmoid at a.",
            "Look at which number goes into the sigmoid.",
        ),
        slip(
            "slope of the wrong number",
            _changed(lambda p: _back(p, slope=p.z * (1 - p.z))),
            "The derivatives of w2 and b2 are right; those of w1 and b1 use z·(1 − z).",
            "Look at what σ stands for in the formula σ·(1 − σ).",
        ),
        slip(
            "slope of tanh",
            _changed(lambda p: _back(p, slope=1 - p.a**2)),
            "The derivatives of w2 and b2 are right; those of w1 and b1 contain 1 − a².",
            "Look at which function has that derivative.",
        ),
        slip(
            "another non-linear function",
            _tanh,
            "The derivatives are those of a hidden unit with tanh.",
            "Look at which function this unit applies.",
        ),
        slip(
            "second weight left out",
            _changed(lambda p: _back(p, through=1.0)),
            "The derivatives of w2 and b2 are right; those of w1 and b1 lack one link.",
            "Look at what a change of a is multiplied by on its way to the prediction.",
        ),
        slip(
            "first weight in place of the second",
            _changed(lambda p: _back(p, through=p.w1)),
            "The derivatives of w2 and b2 are right; those of w1 and b1 go back through w1.",
            "Look at which weight lies between a and the prediction.",
        ),
        slip(
            "input left out",
            _rearranged(lambda w1, b1, w2, b2: (b1, b1, w2, b2)),
            "The derivative of w1 equals that of b1; the other three are right.",
            "Look at what w1 is multiplied by.",
        ),
        slip(
            "input in the derivative of w2",
            _changed(lambda p: (*_back(p)[:2], 2 * p.residual * p.x, 2 * p.residual)),
            "Three derivatives are right; that of w2 contains x.",
            "Look at what w2 is multiplied by.",
        ),
        slip(
            "z in the derivative of w2",
            _changed(lambda p: (*_back(p)[:2], 2 * p.residual * p.z, 2 * p.residual)),
            "Three derivatives are right; that of w2 contains z.",
            "Look at what w2 is multiplied by.",
        ),
        slip(
            "activation left out",
            _rearranged(lambda w1, b1, w2, b2: (w1, b1, b2, b2)),
            "The derivative of w2 equals that of b2; the other three are right.",
            "Look at what w2 is multiplied by.",
        ),
        slip(
            "intercept treated like a weight",
            _rearranged(lambda w1, b1, w2, b2: (w1, w1, w2, b2)),
            "The derivative of b1 equals that of w1; the other three are right.",
            "Look at what b1 is multiplied by.",
        ),
        slip(
            "sigmoid at the output too",
            _bent_output,
            "The derivatives are those of a network whose output goes through a sigmoid as well.",
            "Look at what happens after the second layer.",
        ),
        slip(
            "another order",
            _rearranged(lambda w1, b1, w2, b2: (w1, w2, b1, b2)),
            "The four derivatives are right, but in another order: the weights come first.",
            "Look at the order that the docstring asks for.",
        ),
        slip(
            "from the output back",
            _rearranged(lambda w1, b1, w2, b2: (w2, b2, w1, b1)),
            "The four derivatives are right, but in another order: the second layer comes first.",
            "Look at the order that the docstring asks for.",
        ),
        slip(
            "parameters after a step",
            lambda x, y, *p: tuple(v - g for v, g in zip(p, backward(x, y, *p))),
            "The four numbers are the parameters after a step of rate 1, not the derivatives.",
            "Look at what the function should return.",
        ),
    ],
)
