"""Programs for lab06-backward."""

from __future__ import annotations

from tests.practice_models.bank import edit

BY_LINKS = """
import math

def backward(x, y, w1, b1, w2, b2):
    z = w1 * x + b1
    a = 1 / (1 + math.exp(-z))
    y_hat = w2 * a + b2
    d_out = 2 * (y_hat - y)
    d_z = d_out * w2 * a * (1 - a)
    return d_z * x, d_z, d_out * a, d_out
"""

RIGHT = {
    "link by link": BY_LINKS,
    "a list": edit(
        BY_LINKS,
        ("return d_z * x, d_z, d_out * a, d_out", "return [d_z * x, d_z, d_out * a, d_out]"),
    ),
    "numpy, written out": """
def backward(x, y, w1, b1, w2, b2):
    s = 1 / (1 + np.exp(-(w1 * x + b1)))
    r = w2 * s + b2 - y
    return np.array([2*r*w2*s*(1-s)*x, 2*r*w2*s*(1-s), 2*r*s, 2*r])
""",
    "autograd": """
def backward(x, y, w1, b1, w2, b2):
    p = [torch.tensor(float(v), requires_grad=True) for v in (w1, b1, w2, b2)]
    loss = (p[2] * torch.sigmoid(p[0] * x + p[1]) + p[3] - y) ** 2
    loss.backward()
    return tuple(v.grad.item() for v in p)
""",
    "finite differences": """
import math

def backward(x, y, *p, h=1e-6):
    def loss(w1, b1, w2, b2):
        return (w2 / (1 + math.exp(-w1 * x - b1)) + b2 - y) ** 2
    def moved(k, by):
        return loss(*[v + by * (j == k) for j, v in enumerate(p)])
    return [(moved(k, h) - moved(k, -h)) / (2 * h) for k in range(4)]
""",
    "tensors": """
def backward(x, y, w1, b1, w2, b2):
    x, y, w1, b1, w2, b2 = (torch.tensor(float(v)) for v in (x, y, w1, b1, w2, b2))
    a = torch.sigmoid(w1 * x + b1)
    d = 2 * (w2 * a + b2 - y)
    back = d * w2 * a * (1 - a)
    return torch.stack([back * x, back, d * a, d])
""",
    "the slope by its other formula": """
import math

def sigma(z):
    return 1 / (1 + math.exp(-z))

def backward(x, y, w1, b1, w2, b2):
    z = w1 * x + b1
    error = w2 * sigma(z) + b2 - y
    slope = math.exp(-z) / (1 + math.exp(-z)) ** 2
    dw2 = 2 * error * sigma(z)
    db2 = 2 * error
    db1 = db2 * w2 * slope
    return db1 * x, db1, dw2, db2
""",
}


def _changed(*changes: tuple[str, str]) -> str:
    return edit(BY_LINKS, *changes)


_OUT, _BACK = "d_out = 2 * (y_hat - y)", "d_z = d_out * w2 * a * (1 - a)"
_RETURN = "return d_z * x, d_z, d_out * a, d_out"

WRONG = {
    "no factor 2": (_changed((_OUT, "d_out = y_hat - y")), "factor 2 missing"),
    "target minus prediction": (
        _changed((_OUT, "d_out = 2 * (y - y_hat)")),
        "sign of the residual",
    ),
    "of the prediction": (_changed((_OUT, "d_out = 1")), "residual left out"),
    "absolute": (_changed((_OUT, "d_out = 2 * abs(y_hat - y)")), "absolute residual"),
    "no slope": (_changed((_BACK, "d_z = d_out * w2")), "slope of the sigmoid left out"),
    "sigmoid for its slope": (
        _changed((_BACK, "d_z = d_out * w2 * a")),
        "sigmoid instead of its slope",
    ),
    "half of the slope": (
        _changed((_BACK, "d_z = d_out * w2 * (1 - a)")),
        "only one factor of the slope",
    ),
    "slope at a": (
        _changed((_BACK, "s = 1 / (1 + math.exp(-a)); d_z = d_out * w2 * s * (1 - s)")),
        "slope taken at the wrong place",
    ),
    "slope of z": (
        _changed((_BACK, "d_z = d_out * w2 * z * (1 - z)")),
        "slope of the wrong number",
    ),
    "slope of tanh": (_changed((_BACK, "d_z = d_out * w2 * (1 - a**2)")), "slope of tanh"),
    "tanh": (
        _changed(
            ("1 / (1 + math.exp(-z))", "math.tanh(z)"),
            (_BACK, "d_z = d_out * w2 * (1 - a**2)"),
        ),
        "another non-linear function",
    ),
    "without w2": (_changed((_BACK, "d_z = d_out * a * (1 - a)")), "second weight left out"),
    "through w1": (
        _changed((_BACK, "d_z = d_out * w1 * a * (1 - a)")),
        "first weight in place of the second",
    ),
    "without x": (_changed((_RETURN, "return d_z, d_z, d_out * a, d_out")), "input left out"),
    "x at w2": (
        _changed((_RETURN, "return d_z * x, d_z, d_out * x, d_out")),
        "input in the derivative of w2",
    ),
    "z at w2": (
        _changed((_RETURN, "return d_z * x, d_z, d_out * z, d_out")),
        "z in the derivative of w2",
    ),
    "without a": (_changed((_RETURN, "return d_z * x, d_z, d_out, d_out")), "activation left out"),
    "x at b1": (
        _changed((_RETURN, "return d_z * x, d_z * x, d_out * a, d_out")),
        "intercept treated like a weight",
    ),
    "sigmoid twice": (
        _changed(
            ("y_hat = w2 * a + b2", "y_hat = 1 / (1 + math.exp(-(w2 * a + b2)))"),
            (_OUT, "d_out = 2 * (y_hat - y) * y_hat * (1 - y_hat)"),
        ),
        "sigmoid at the output too",
    ),
    "weights first": (
        _changed((_RETURN, "return d_z * x, d_out * a, d_z, d_out")),
        "another order",
    ),
    "output first": (
        _changed((_RETURN, "return d_out * a, d_out, d_z * x, d_z")),
        "from the output back",
    ),
    "a step": (
        _changed((_RETURN, "return w1 - d_z * x, b1 - d_z, w2 - d_out * a, b2 - d_out")),
        "parameters after a step",
    ),
    "only two": (_changed((_RETURN, "return d_z * x, d_out * a")), "wrong number of values"),
    "the loss": (_changed((_RETURN, "return (y_hat - y) ** 2")), "wrong number of values"),
    "no return": (_changed((_RETURN, "grads = d_z * x, d_z, d_out * a, d_out")), None),
    "rounded": (
        _changed((_RETURN, "return [round(v, 2) for v in (d_z * x, d_z, d_out * a, d_out)]")),
        "rounded",
    ),
    "typed in": (_changed((_RETURN, "return 0.3, 0.2, -0.5, -0.9")), "ignores its arguments"),
}
