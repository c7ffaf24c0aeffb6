"""Programs for lab04-features."""

from __future__ import annotations

#: A right program, in which a mistake replaces a piece.
_GRAD = """
def fit_features(X, y, lr, epochs):
    mean, deviation = X.mean(dim=0), X.std(dim=0)
    design = torch.cat([torch.ones(len(X), 1), (X - mean) / deviation], dim=1)
    theta = torch.zeros(design.shape[1], 1, requires_grad=True)
    for epoch in range(epochs):
        loss = torch.mean((design @ theta - y) ** 2)
        loss.backward()
        with torch.no_grad():
            theta -= lr * theta.grad
        theta.grad.zero_()
    theta = theta.detach().flatten()
    slopes = theta[1:] / deviation
    intercept = theta[0] - (slopes * mean).sum()
    return torch.cat([intercept.view(1), slopes])
"""
_MODULE = """
def fit_features(X, y, lr, epochs):
    torch.manual_seed(0)
    mean, deviation = X.mean(dim=0), X.std(dim=0, correction=0)
    Z = (X - mean) / deviation
    model = torch.nn.Linear(X.shape[1], 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for epoch in range(epochs):
        loss = torch.nn.functional.mse_loss(model(Z), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    slopes = model.weight.detach()[0] / deviation
    intercept = model.bias.detach()[0] - slopes @ mean
    return [intercept.item(), *slopes.tolist()]
"""


def _fixed(*changes: tuple[str, str], program: str = _GRAD) -> str:
    for old, new in changes:
        assert old in program, old
        program = program.replace(old, new)
    return program


_Z = "(X - mean) / deviation"
_SLOPES = "slopes = theta[1:] / deviation"
_INTERCEPT = "intercept = theta[0] - (slopes * mean).sum()"
_RETURN = "return torch.cat([intercept.view(1), slopes])"

RIGHT = {
    "design matrix": _GRAD,
    "module and optimizer": _MODULE,
    "numpy": """
def fit_features(X, y, lr, epochs):
    X, y = X.double().numpy(), y.double().numpy().ravel()
    m, s = X.mean(axis=0), X.std(axis=0)
    Z = np.column_stack([np.ones(len(X)), (X - m) / s])
    theta = np.zeros(Z.shape[1])
    for _ in range(epochs):
        theta -= lr * 2 / len(Z) * Z.T @ (Z @ theta - y)
    slopes = theta[1:] / s
    return np.concatenate([[theta[0] - slopes @ m], slopes])
""",
    "intercept apart": """
def fit_features(X, y, lr, epochs):
    m, s = X.mean(0, keepdim=True), X.std(0, keepdim=True)
    Z, w, c = (X - m) / s, torch.zeros(X.shape[1], 1), torch.zeros(1)
    for _ in range(epochs):
        r = Z @ w + c - y
        w, c = w - lr * 2 * (Z * r).mean(0).view(-1, 1), c - lr * 2 * r.mean()
    w = w / s.T
    return [float(c - m @ w)] + [float(v) for v in w]
""",
    "scikit-learn's scaler": """
from sklearn.preprocessing import StandardScaler

def fit_features(X, y, lr, epochs):
    scaler = StandardScaler().fit(X.numpy())
    Z = torch.tensor(scaler.transform(X.numpy()), dtype=torch.float32)
    model = torch.nn.Linear(Z.shape[1], 1)
    for _ in range(epochs):
        model.zero_grad()
        ((model(Z) - y) ** 2).mean().backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
    w = model.weight.detach().numpy().ravel() / scaler.scale_
    return [model.bias.item() - w @ scaler.mean_, *w]
""",
    "targets standardised and undone": _fixed(
        (
            "    theta = torch.zeros",
            "    level, size = y.mean(), y.std()\n    y = (y - level) / size\n"
            "    theta = torch.zeros",
        ),
        ("theta.detach().flatten()", "theta.detach().flatten() * size"),
        ("intercept = theta[0]", "intercept = level + theta[0]"),
    ),
    "momentum": _fixed(("lr=lr)", "lr=lr, momentum=0.5)"), program=_MODULE),
    "half the loss": _fixed(
        ("torch.mean((design @ theta - y) ** 2)", "torch.mean((design @ theta - y) ** 2) / 2")
    ),
    "a column": _fixed((_RETURN, "return torch.cat([intercept.view(1), slopes]).view(-1, 1)")),
    "two parts in a tuple": _fixed((_RETURN, "return (intercept, *slopes)")),
}

WRONG = {
    "sum of the squares": (
        """
def fit_features(X, y, lr, epochs):
    center, spread = X.mean(0), X.std(0)
    Z = (X - center) / spread
    w, b = torch.zeros(X.shape[1], 1), torch.zeros(1)
    for epoch in range(epochs):
        gaps = Z @ w + b - y
        w, b = w - lr * 2 * Z.T @ gaps, b - lr * 2 * gaps.sum()
    slopes = w[:, 0] / spread
    return [(b - slopes @ center).item(), *slopes.tolist()]
""",
        "diverged or divided by zero",
    ),
    "theta": (_fixed((_RETURN, "return theta")), "not transformed back"),
    "theta of the module": (
        _fixed(
            (
                "    slopes = model.weight.detach()[0] / deviation\n"
                "    intercept = model.bias.detach()[0] - slopes @ mean\n",
                "",
            ),
            (
                "return [intercept.item(), *slopes.tolist()]",
                "return [model.bias.item(), *model.weight.flatten().tolist()]",
            ),
            program=_MODULE,
        ),
        "not transformed back",
    ),
    "intercept of z": (
        _fixed((_INTERCEPT, "intercept = theta[0]")),
        "intercept not transformed back",
    ),
    "slopes of z": (
        _fixed((_RETURN, "return torch.cat([intercept.view(1), theta[1:]])")),
        "slopes not transformed back",
    ),
    "means alone": (
        _fixed((_INTERCEPT, "intercept = theta[0] - (theta[1:] * mean).sum()")),
        "deviation forgotten in the intercept",
    ),
    "means alone, slopes of z": (
        _fixed((_SLOPES, "slopes = theta[1:]")),
        "deviation forgotten in the intercept",
    ),
    "times the deviation": (
        _fixed((_SLOPES, "slopes = theta[1:] * deviation")),
        "multiplied by the deviation",
    ),
    "times the deviation in the slopes": (
        _fixed((_RETURN, "return torch.cat([intercept.view(1), theta[1:] * deviation])")),
        "multiplied by the deviation",
    ),
    "plus the means": (
        _fixed((_INTERCEPT, "intercept = theta[0] + (slopes * mean).sum()")),
        "sign of the means",
    ),
    "no intercept while training": (
        _fixed(
            (
                "    loss = torch.nn.functional.mse_loss(model(Z), y)",
                "    loss = torch.nn.functional.mse_loss(model(Z), y)",
            ),
            ("Linear(X.shape[1], 1)", "Linear(X.shape[1], 1, bias=False)"),
            ("model.bias.detach()[0] - slopes @ mean", "-(slopes @ mean)"),
            program=_MODULE,
        ),
        "mean of the targets missing",
    ),
    "no column of ones": (
        _fixed(
            ("torch.cat([torch.ones(len(X), 1), (X - mean) / deviation], dim=1)", _Z),
            (_SLOPES, "slopes = theta / deviation"),
            (_INTERCEPT, "intercept = torch.zeros(())"),
        ),
        "no intercept in the model",
    ),
    "no column of ones, theta": (
        _fixed(
            ("torch.cat([torch.ones(len(X), 1), (X - mean) / deviation], dim=1)", _Z),
            (_SLOPES, "slopes = theta"),
            (_INTERCEPT, "intercept = torch.zeros(())"),
        ),
        "no intercept in the model",
    ),
    "intercept last": (
        _fixed((_RETURN, "return torch.cat([slopes, intercept.view(1)])")),
        "intercept last",
    ),
    "slopes alone": (_fixed((_RETURN, "return slopes")), "intercept left out"),
    "theta without intercept": (_fixed((_RETURN, "return theta[1:]")), "intercept left out"),
    "targets standardised": (
        _fixed(
            ("    theta = torch.zeros", "    y = (y - y.mean()) / y.std()\n    theta = torch.zeros")
        ),
        "targets standardised too",
    ),
    "targets standardised, theta": (
        _fixed(
            (
                "    theta = torch.zeros",
                "    y = (y - y.mean()) / y.std()\n    theta = torch.zeros",
            ),
            (_RETURN, "return torch.cat([torch.zeros(1), theta[1:]])"),
        ),
        "targets standardised too",
    ),
    "flat predictions": (
        _fixed(("design @ theta - y", "(design @ theta).flatten() - y")),
        "every row against every other",
    ),
    "flat targets": (
        _fixed(("design @ theta - y", "design @ theta - y.flatten()")),
        "every row against every other",
    ),
    "raw inputs": (
        _fixed((_Z, "X"), (_SLOPES, "slopes = theta[1:]"), (_INTERCEPT, "intercept = theta[0]")),
        "diverged or divided by zero",
    ),
    "ones standardised too": (
        """
def fit_features(X, y, lr, epochs):
    design = torch.cat([torch.ones(len(X), 1), X], dim=1)
    mean, deviation = design.mean(dim=0), design.std(dim=0)
    design = (design - mean) / deviation
    theta = torch.zeros(design.shape[1], 1)
    for _ in range(epochs):
        theta = theta - lr * 2 * (design * (design @ theta - y)).mean(0).view(-1, 1)
    slopes = theta.flatten() / deviation
    return [float(slopes[0] - slopes[1:] @ mean[1:]), *slopes[1:].tolist()]
""",
        "diverged or divided by zero",
    ),
    "centred alone": (
        _fixed((_Z, "X - mean"), (_SLOPES, "slopes = theta[1:]")),
        "diverged or divided by zero",
    ),
    "scaled alone": (
        _fixed((_Z, "X / deviation"), (_INTERCEPT, "intercept = theta[0]")),
        "diverged or divided by zero",
    ),
    "sum": (
        _fixed(("torch.mean((design @ theta - y) ** 2)", "torch.sum((design @ theta - y) ** 2)")),
        "diverged or divided by zero",
    ),
    "one deviation": (
        _fixed(("X.mean(dim=0), X.std(dim=0)", "X.mean(), X.std()")),
        "one deviation for all columns",
    ),
    "rows standardised": (
        _fixed(("X.mean(dim=0), X.std(dim=0)", "X.mean(dim=1), X.std(dim=1)")),
        "error",
    ),
    "five updates": (_fixed(("range(epochs)", "range(5)")), None),
    "rate of its own": (_fixed(("lr * theta", "0.001 * theta")), None),
    "never cleared": (_fixed(("        theta.grad.zero_()\n", "")), None),
    "the model itself": (
        _fixed(("return [intercept.item(), *slopes.tolist()]", "return model"), program=_MODULE),
        "returns something else",
    ),
    "nothing back": (_fixed((_RETURN, "print(slopes)")), "returns None"),
    "two features only": (
        _fixed((_RETURN, "return [float(intercept), float(slopes[0]), float(slopes[1])]")),
        "error",
    ),
    "predictions": (_fixed((_RETURN, "return X @ slopes + intercept")), "wrong number of values"),
    "rounded": (
        _fixed((_RETURN, "return [round(float(v), 2) for v in (intercept, *slopes)]")),
        None,
    ),
    "the lab's data": (
        _fixed(
            (
                "def fit_features(X, y, lr, epochs):\n",
                "lab_X, lab_y = X, Y\n"
                "def fit_features(X, y, lr, epochs):\n    X, y = lab_X, lab_y\n",
            )
        ),
        None,
    ),
}
