"""Answers to lab01-gradient."""

from __future__ import annotations

from tests.practice.bank import right, wrong


def _function(*lines: str) -> str:
    return "def gradient(w, b, x, y):\n" + "".join(f"    {line}\n" for line in lines)


_R = "r = w * x + b - y"


def _returns(pair: str, residual: str = _R) -> str:
    return _function(residual, f"return {pair}")


PROGRAMS = [
    right("means", _returns("2 * torch.mean(r * x), 2 * torch.mean(r)")),
    right("methods, floats", _returns("(2 * (r * x).mean()).item(), (2 * r.mean()).item()")),
    right("sums over N", _returns("[2 / len(x) * (r * x).sum(), 2 / len(x) * r.sum()]")),
    right(
        "numpy",
        _function(
            "x, y = np.asarray(x).ravel(), np.asarray(y).ravel()",
            "r = w * x + b - y",
            "return np.array([np.mean(2 * r * x), np.mean(2 * r)])",
        ),
    ),
    right(
        "a loop",
        _function(
            "dw = db = 0.0",
            "for xi, yi in zip(x.flatten().tolist(), y.flatten().tolist()):",
            "    dw += 2 * (w * xi + b - yi) * xi",
            "    db += 2 * (w * xi + b - yi)",
            "return dw / len(x), db / len(x)",
        ),
    ),
    right(
        "five means",
        _function(
            "mx, my, mxx, mxy = x.mean(), y.mean(), (x * x).mean(), (x * y).mean()",
            "return 2 * (w * mxx + b * mx - mxy), 2 * (w * mx + b - my)",
        ),
    ),
    right(
        "matrices",
        _function(
            "A = torch.stack([x.flatten(), torch.ones(x.numel())], dim=1)",
            "return 2 / len(A) * A.T @ (A @ torch.tensor([w, b]) - y.flatten())",
        ),
    ),
    right("y − ŷ with a minus", _returns("-2 * ((y - w*x - b) * x).mean(), -2 * (y-w*x-b).mean()")),
    right(
        "a helper beside it",
        "def residual(w, b, x, y):\n    return w * x + b - y\n\n"
        + _returns("2 * (r * x).mean(), 2 * r.mean()", "r = residual(w, b, x, y)"),
    ),
    right(
        "a stacked column", _returns("torch.stack([2 * (r * x).mean(), 2 * r.mean()]).view(2, 1)")
    ),
    wrong("no factor 2", _returns("(r * x).mean(), r.mean()"), "factor 2 missing"),
    wrong(
        "factor 2 in b only", _returns("(r * x).mean(), 2 * r.mean()"), "factor 2 missing in one"
    ),
    wrong(
        "factor 2 in w only", _returns("2 * (r * x).mean(), r.mean()"), "factor 2 missing in one"
    ),
    wrong("factor 4", _returns("4 * (r * x).mean(), 4 * r.mean()"), "factor 2 twice"),
    wrong(
        "y − ŷ",
        _returns("2 * (r * x).mean(), 2 * r.mean()", "r = y - (w * x + b)"),
        "sign turned round",
    ),
    wrong(
        "y − ŷ without 2",
        _returns("(r * x).mean(), r.mean()", "r = y - (w * x + b)"),
        "sign turned round",
    ),
    wrong("sums", _returns("2 * (r * x).sum(), 2 * r.sum()"), "sum instead of mean"),
    wrong("sums without 2", _returns("(r * x).sum(), r.sum()"), "sum without its factor 2"),
    wrong(
        "over 60",
        _returns("2 * (r * x).sum() / 60, 2 * r.sum() / 60"),
        "divided by the lab's number of points",
    ),
    wrong("b first", _returns("2 * r.mean(), 2 * (r * x).mean()"), "w and b in each other's place"),
    wrong("x left out", _returns("2 * r.mean(), 2 * r.mean()"), "x left out"),
    wrong("x in both", _returns("2 * (r * x).mean(), 2 * (r * x).mean()"), "x in both"),
    wrong(
        "product of means", _returns("2 * r.mean() * x.mean(), 2 * r.mean()"), "means multiplied"
    ),
    wrong(
        "minus b",
        _returns("2 * (r * x).mean(), 2 * r.mean()", "r = w * x - b - y"),
        "sign of b in the model",
    ),
    wrong("plus y", _returns("2 * (r * x).mean(), 2 * r.mean()", "r = w * x + b + y"), "y added"),
    wrong("no b", _returns("2 * (r * x).mean(), 2 * r.mean()", "r = w * x - y"), "b left out"),
    wrong("x squared", _returns("2 * (r * x * x).mean(), 2 * r.mean()"), "x squared"),
    wrong("signs", _returns("(r.sign() * x).mean(), r.sign().mean()"), "absolute errors"),
    wrong("one for each point", _returns("2 * r * x, 2 * r"), "not averaged"),
    wrong("w alone", _returns("2 * (r * x).mean()"), "one derivative only"),
    wrong("b alone", _returns("2 * r.mean()"), "one derivative only"),
    wrong("the loss", _returns("(r ** 2).mean()"), "the loss itself"),
    wrong("loss too", _returns("(r**2).mean(), 2*(r*x).mean(), 2*r.mean()"), "loss in front"),
    wrong(
        "a step",
        _returns("0.1 * 2 * (r * x).mean(), 0.1 * 2 * r.mean()"),
        "step instead of the derivative",
    ),
    wrong(
        "stepped",
        _returns("w - 0.2 * (r * x).mean(), b - 0.2 * r.mean()"),
        "parameters after a step",
    ),
    wrong(
        "x flattened",
        _returns("2 * (r * x).mean(), 2 * r.mean()", "x = x.flatten(); r = w * x + b - y"),
        "every row against every other",
    ),
    wrong(
        "x made a column",
        _returns("2 * (r * x).mean(), 2 * r.mean()", "x = x.view(-1, 1); r = w * x + b - y"),
        "every row against every other",
    ),
    wrong(
        "the lab's data",
        _returns("2 * (r * X).mean(), 2 * r.mean()", "r = w * X + b - Y"),
        "works on the lab's data only",
    ),
    wrong(
        "the lab's w",
        "slope = -15.0\n" + _returns("2 * (r * x).mean(), 2 * r.mean()", "r = slope * x + b - y"),
        "ignores w",
    ),
    wrong("the lab's forward", _returns("2 * (r*x).mean(), 2 * r.mean()", "r = forward(x) - y")),
    wrong(
        "backward",
        _function(
            "w = torch.tensor(w, requires_grad=True)",
            "b = torch.tensor(b, requires_grad=True)",
            "((w * x + b - y) ** 2).mean().backward()",
            "return w.grad, b.grad",
        ),
        "error",
    ),
    wrong("nothing returned", _function(_R, "2 * (r * x).mean(), 2 * r.mean()"), "returns None"),
    wrong("constants", _function("return -96.6, -17.9")),
    wrong(
        "a dictionary",
        _returns("{'w': 2 * (r * x).mean(), 'b': 2 * r.mean()}"),
        "returns something else",
    ),
    wrong(
        "difference quotient",
        _function(
            "h, x, y = 0.001, x.double(), y.double()",
            "loss = lambda w, b: ((w * x + b - y) ** 2).mean()",
            "return (loss(w + h, b) - loss(w, b)) / h, (loss(w, b + h) - loss(w, b)) / h",
        ),
        "close, not right",
    ),
    wrong("rounded", _returns("round(float(2*(r*x).mean()), 2), round(float(2*r.mean()), 2)")),
]
