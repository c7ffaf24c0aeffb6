"""Programs for lab05-fit-gd."""

from __future__ import annotations

from tests.practice_models.bank import edit

AUTOGRAD = """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    weight = torch.randn((), requires_grad=True)
    bias = torch.randn((), requires_grad=True)
    losses = []
    for epoch in range(num_epochs):
        y_pred = model(X, weight, bias)
        loss = loss_func(y_pred, Y)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            weight -= lr * weight.grad
            bias -= lr * bias.grad
        weight.grad.zero_()
        bias.grad.zero_()
    return np.array(losses)
"""

DATA_ATTRIBUTE = """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    w = torch.rand(1, 1, requires_grad=True)
    b = torch.rand(1, 1, requires_grad=True)
    log = np.zeros(num_epochs)
    for k in range(num_epochs):
        cost = loss_func(model(X, w, b), Y)
        log[k] = cost.detach().numpy()
        cost.backward()
        w.data = w.data - lr * w.grad.data
        b.data = b.data - lr * b.grad.data
        w.grad = None
        b.grad = None
    return log
"""

OPTIMIZER = """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    w = torch.nn.Parameter(5 * torch.randn(1))
    b = torch.nn.Parameter(5 * torch.randn(1))
    optimizer = torch.optim.SGD([w, b], lr=lr)
    history = torch.empty(num_epochs)
    for epoch in range(num_epochs):
        optimizer.zero_grad()
        loss = loss_func(model(X, w, b), Y)
        loss.backward()
        history[epoch] = loss.detach()
        optimizer.step()
    return history
"""

BY_HAND = """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    weight, bias = np.random.uniform(-10, 10, size=2)
    x, y = X.numpy().astype(float), Y.numpy().astype(float)
    losses = []
    for _ in range(num_epochs):
        error = weight * x + bias - y
        losses.append((error ** 2).mean())
        step_w = lr * 2 * (error * x).mean()
        step_b = lr * 2 * error.mean()
        weight, bias = weight - step_w, bias - step_b
    return losses
"""

RIGHT = {
    "autograd, 0-d parameters": AUTOGRAD,
    "data attribute, (1, 1) parameters": DATA_ATTRIBUTE,
    "optim.SGD, list of tensors": OPTIMIZER,
    "optim.SGD with a momentum and a decay of zero": edit(
        OPTIMIZER, ("lr=lr", "lr=lr, momentum=0.0, weight_decay=0.0")
    ),
    "numpy by hand": BY_HAND,
    "tensors by hand, in double precision": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    theta = torch.randn(2, 1, dtype=torch.float64)
    A = torch.cat([X, torch.ones_like(X)], dim=1).double()
    out = []
    for epoch in range(num_epochs):
        r = A @ theta - Y.double()
        out.append((r * r).mean())
        theta = theta - lr * 2 / len(X) * A.T @ r
    return torch.stack(out)
""",
    "torch.autograd.grad, new leaves": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    w = torch.empty(1).uniform_(-3, 3).requires_grad_()
    b = torch.empty(1).uniform_(-3, 3).requires_grad_()
    losses = []
    for i in range(num_epochs):
        loss = loss_func(model(X, w, b), Y)
        losses += [float(loss)]
        dw, db = torch.autograd.grad(loss, (w, b))
        w = (w - lr * dw).detach().requires_grad_()
        b = (b - lr * db).detach().requires_grad_()
    return losses
""",
    "nn.Linear and MSELoss, model ignored": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    net = torch.nn.Linear(1, 1)
    criterion = torch.nn.MSELoss()
    losses = []
    for epoch in range(num_epochs):
        loss = criterion(net(X), Y)
        net.zero_grad()
        loss.backward()
        losses.append(loss)
        with torch.no_grad():
            for p in net.parameters():
                p -= lr * p.grad
    return losses
""",
    "extra calls of the model, prints, float32 numpy start": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    rng = np.random.default_rng()
    start = rng.normal(size=2).astype(np.float32)
    w = torch.tensor(start[0], requires_grad=True)
    b = torch.tensor(start[1], requires_grad=True)
    print('at the start', loss_func(model(X, w, b), Y).item())
    model(X, torch.zeros(1), torch.zeros(1))
    track = {}
    for epoch in range(num_epochs):
        loss = loss_func(model(X, w, b), Y)
        track[epoch] = loss.item()
        loss.backward()
        with torch.no_grad():
            w.sub_(lr * w.grad); b.sub_(lr * b.grad)
            w.grad.zero_(); b.grad.zero_()
        print(epoch, model(X, w, b).mean().item())
    return np.array(list(track.values()), dtype=np.float32)
""",
    "seeded inside, while loop": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    torch.manual_seed(7)
    w, b = torch.randn(2)
    w.requires_grad_(True); b.requires_grad_(True)
    losses = []
    while len(losses) < num_epochs:
        loss = loss_func(model(X, w, b), Y)
        loss.backward()
        losses.append(loss.item())
        w = (w - lr * w.grad).detach().requires_grad_(True)
        b = (b - lr * b.grad).detach().requires_grad_(True)
    return torch.tensor(losses)
""",
    "full-batch DataLoader": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    from torch.utils.data import DataLoader, TensorDataset
    loader = DataLoader(TensorDataset(X, Y), batch_size=len(X), shuffle=True)
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    losses = []
    for _ in range(num_epochs):
        for xb, yb in loader:
            loss = loss_func(model(xb, w, b), yb)
            loss.backward()
            losses.append(loss.item())
            for p in (w, b):
                with torch.no_grad():
                    p -= lr * p.grad
                p.grad.zero_()
    return losses
""",
    "losses with their graph, random integers as start": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    w = torch.tensor(float(random.randint(-9, 9)), requires_grad=True)
    b = torch.tensor(float(random.randint(-9, 9)), requires_grad=True)
    losses = []
    for k in range(num_epochs):
        L = loss_func(model(X, w, b), Y)
        losses.append(L)
        gw, gb = torch.autograd.grad(L, [w, b])
        with torch.no_grad():
            w -= lr * gw
            b -= lr * gb
    return torch.stack(losses)
""",
    "start of few decimals": edit(
        AUTOGRAD,
        ("weight = torch.randn(()", "weight = torch.tensor(round(random.uniform(-1, 1), 1)"),
        ("bias = torch.randn(()", "bias = torch.tensor(float(random.randint(-5, 5))"),
    ),
    "random integers as start, by hand": edit(
        BY_HAND, ("np.random.uniform(-10, 10, size=2)", "np.random.randint(-9, 10, size=2)")
    ),
    "rounded to six decimals": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    losses = []
    for k in range(num_epochs):
        L = ((w * X + b - Y) ** 2).mean()
        losses.append(round(L.item(), 6))
        L.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
            w.grad.zero_()
            b.grad.zero_()
    return losses
""",
    "autograd on a stacked parameter": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    p = (torch.rand(2) * 20 - 10).requires_grad_()
    log = []
    for _ in range(num_epochs):
        loss = loss_func(model(X, p[0], p[1]), Y)
        loss.backward()
        log.append(loss.tolist())
        p.data -= lr * p.grad
        p.grad.zero_()
    return tuple(log)
""",
    "the best of ten drawn starts": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    drawn = [(torch.randn(1), torch.randn(1)) for _ in range(10)]
    w, b = min(drawn, key=lambda start: loss_func(model(X, *start), Y).item())
    w.requires_grad_()
    b.requires_grad_()
    log = []
    for _ in range(num_epochs):
        loss = loss_func(model(X, w, b), Y)
        log.append(loss.item())
        for p, slope in zip((w, b), torch.autograd.grad(loss, (w, b))):
            p.data.sub_(slope, alpha=lr)
    return log
""",
    "central differences in double precision": """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    x, y, h = X.double(), Y.double(), 1e-3
    at = lambda w, b: float(loss_func(model(x, w, b), y))
    w, b = torch.randn(2).double()
    log = []
    for _ in range(num_epochs):
        slope = (at(w + h, b) - at(w - h, b)) / (2 * h), (at(w, b + h) - at(w, b - h)) / (2 * h)
        log.append(at(w, b))
        w, b = w - lr * slope[0], b - lr * slope[1]
    return log
""",
}

_ZERO = ("        weight.grad.zero_()\n        bias.grad.zero_()\n", "")
_UPDATE = "            weight -= lr * weight.grad\n            bias -= lr * bias.grad\n"
_AFTER = (
    ("        losses.append(loss.item())\n", ""),
    (
        "        weight.grad.zero_()",
        "        losses.append(loss_func(model(X, weight, bias), Y).item())\n"
        "        weight.grad.zero_()",
    ),
)

WRONG = {
    "gradients never zeroed": (edit(AUTOGRAD, _ZERO), "gradients never zeroed"),
    "gradients never zeroed, optimizer": (
        edit(OPTIMIZER, ("        optimizer.zero_grad()\n", "")),
        "gradients never zeroed",
    ),
    "weight's gradient never zeroed": (
        edit(AUTOGRAD, ("        weight.grad.zero_()\n", "")),
        "gradient of w never zeroed",
    ),
    "bias's gradient never zeroed": (
        edit(AUTOGRAD, ("        bias.grad.zero_()\n", "")),
        "gradient of b never zeroed",
    ),
    "uphill": (edit(AUTOGRAD, ("-= lr", "+= lr")), "stepping uphill"),
    "uphill, data attribute": (edit(DATA_ATTRIBUTE, ("- lr", "+ lr")), "stepping uphill"),
    "weight uphill": (edit(AUTOGRAD, ("weight -= lr", "weight += lr")), "w steps uphill"),
    "bias uphill": (edit(AUTOGRAD, ("bias -= lr", "bias += lr")), "b steps uphill"),
    "recorded after the update": (edit(AUTOGRAD, *_AFTER), "recorded after the update"),
    "recorded after the update, by hand": (
        edit(
            BY_HAND,
            ("        losses.append((error ** 2).mean())\n", ""),
            (
                "        weight, bias = weight - step_w, bias - step_b\n",
                "        weight, bias = weight - step_w, bias - step_b\n"
                "        losses.append(((weight * x + bias - y) ** 2).mean())\n",
            ),
        ),
        "recorded after the update",
    ),
    "recorded after the update, start from default_rng": (
        edit(
            BY_HAND,
            ("np.random.uniform(-10, 10, size=2)", "np.random.default_rng().normal(size=2)"),
            ("        losses.append((error ** 2).mean())\n", ""),
            (
                "        weight, bias = weight - step_w, bias - step_b\n",
                "        weight, bias = weight - step_w, bias - step_b\n"
                "        losses.append(((weight * x + bias - y) ** 2).mean())\n",
            ),
        ),
        "recorded after the update",
    ),
    "recorded after the update, start from a source of its own": (
        edit(
            AUTOGRAD,
            *_AFTER,
            ("torch.randn((), requires_grad=True)", "own_start()"),
        )
        + """
def own_start():
    import os, struct
    return torch.tensor(struct.unpack('I', os.urandom(4))[0] / 2**31 - 1, requires_grad=True)
""",
        "recorded after the update",
    ),
    "sum in loss and gradient": (
        edit(AUTOGRAD, ("loss_func(y_pred, Y)", "((y_pred - Y) ** 2).sum()")),
        "sum instead of mean",
    ),
    "sum in the gradient": (
        edit(AUTOGRAD, ("loss.backward()", "((model(X, weight, bias) - Y) ** 2).sum().backward()")),
        "sum instead of mean",
    ),
    "sum recorded": (
        edit(AUTOGRAD, ("losses.append(loss.item())", "losses.append(loss.item() * len(X))")),
        "sum recorded",
    ),
    "recorded loss divided by N again": (
        edit(AUTOGRAD, ("losses.append(loss.item())", "losses.append(loss.item() / len(X))")),
        "divided by the number of points",
    ),
    "half the loss": (
        edit(AUTOGRAD, ("loss_func(y_pred, Y)", "0.5 * loss_func(y_pred, Y)")),
        "half the mean squared error",
    ),
    "root recorded": (
        edit(AUTOGRAD, ("loss.item()", "loss.item() ** 0.5")),
        "root of the mean squared error",
    ),
    "logarithm recorded": (
        edit(AUTOGRAD, ("loss.item()", "np.log(loss.item())")),
        "logarithm recorded",
    ),
    "decimal logarithm recorded, without the model": (
        edit(BY_HAND, ("(error ** 2).mean()", "np.log10((error ** 2).mean())")),
        "decimal logarithm recorded",
    ),
    "losses added up": (
        edit(
            AUTOGRAD,
            ("    losses = []\n", "    losses = []\n    total = 0\n"),
            (
                "        losses.append(loss.item())\n",
                "        total += loss.item()\n        losses.append(total)\n",
            ),
        ),
        "losses added up",
    ),
    "bias never updated": (
        edit(AUTOGRAD, ("            bias -= lr * bias.grad\n", "")),
        "b never updated",
    ),
    "weight never updated": (
        edit(AUTOGRAD, ("            weight -= lr * weight.grad\n", "")),
        "w never updated",
    ),
    "bias not given to the optimizer": (edit(OPTIMIZER, ("[w, b]", "[w]")), "b never updated"),
    "starts again each epoch, seeded in the loop": (
        edit(
            AUTOGRAD,
            (
                "        y_pred = model(X, weight, bias)\n",
                "        torch.manual_seed(3)\n"
                "        weight = torch.randn((), requires_grad=True)\n"
                "        bias = torch.randn((), requires_grad=True)\n"
                "        y_pred = model(X, weight, bias)\n",
            ),
            (
                "        weight.grad.zero_()\n",
                "        print(epoch, model(X, weight, bias).mean().item())\n"
                "        weight.grad.zero_()\n",
            ),
        ),
        "starts again each epoch",
    ),
    "starts again each epoch, by hand": (
        edit(
            BY_HAND,
            ("    weight, bias = np.random.uniform(-10, 10, size=2)\n", ""),
            (
                "        error = weight",
                "        weight, bias = np.random.uniform(-10, 10, size=2)\n        error = weight",
            ),
        ),
        "starts again each epoch",
    ),
    "nothing moves": (edit(AUTOGRAD, (_UPDATE, "            pass\n")), "nothing moves"),
    "optimizer never steps": (
        edit(OPTIMIZER, ("        optimizer.step()\n", "")),
        "nothing moves",
    ),
    "zeroed between backward and step": (
        edit(
            OPTIMIZER,
            ("        optimizer.zero_grad()\n", ""),
            (
                "        optimizer.step()\n",
                "        w.grad.zero_(); b.grad.zero_()\n        optimizer.step()\n",
            ),
        ),
        "nothing moves",
    ),
    "bias with the moved weight": (
        edit(
            BY_HAND,
            (
                "        step_b = lr * 2 * error.mean()\n"
                "        weight, bias = weight - step_w, bias - step_b\n",
                "        weight = weight - step_w\n"
                "        bias = bias - lr * 2 * (weight * x + bias - y).mean()\n",
            ),
        ),
        "second parameter updated with the moved first",
    ),
    "weight with the moved bias": (
        edit(
            BY_HAND,
            (
                "        step_w = lr * 2 * (error * x).mean()\n"
                "        step_b = lr * 2 * error.mean()\n"
                "        weight, bias = weight - step_w, bias - step_b\n",
                "        bias = bias - lr * 2 * error.mean()\n"
                "        weight = weight - lr * 2 * ((weight * x + bias - y) * x).mean()\n",
            ),
        ),
        "second parameter updated with the moved first",
    ),
    "rate 0.1 typed in": (edit(AUTOGRAD, ("-= lr", "-= 0.1")), "wrong rate"),
    "rate 0.01 typed in, optimizer": (edit(OPTIMIZER, ("lr=lr", "lr=0.01")), "wrong rate"),
    "rate 0.001 typed in": (edit(AUTOGRAD, ("-= lr", "-= 0.001")), "wrong rate"),
    "rate doubled": (edit(AUTOGRAD, ("-= lr", "-= 2 * lr")), "wrong rate"),
    "factor 2 of the derivative missing": (edit(BY_HAND, ("lr * 2", "lr")), "wrong rate"),
    "gradient divided by N again": (
        edit(AUTOGRAD, ("-= lr", "-= lr / len(X)")),
        "wrong rate",
    ),
    "two updates per epoch": (
        edit(
            AUTOGRAD,
            (
                "        weight.grad.zero_()\n        bias.grad.zero_()\n",
                "        weight.grad.zero_()\n        bias.grad.zero_()\n"
                "        loss_func(model(X, weight, bias), Y).backward()\n"
                "        with torch.no_grad():\n"
                + _UPDATE
                + "        weight.grad.zero_()\n        bias.grad.zero_()\n",
            ),
        ),
        "two updates per epoch",
    ),
    "one epoch too many": (
        edit(AUTOGRAD, ("range(num_epochs)", "range(num_epochs + 1)")),
        "wrong number of epochs",
    ),
    "one epoch too few": (
        edit(AUTOGRAD, ("range(num_epochs)", "range(1, num_epochs)")),
        "wrong number of epochs",
    ),
    "the losses twice over": (
        edit(AUTOGRAD, ("return np.array(losses)", "return losses * 2")),
        "losses repeated",
    ),
    "each loss twice": (
        edit(AUTOGRAD, ("return np.array(losses)", "return np.repeat(losses, 2)")),
        "losses repeated",
    ),
    "epochs typed in": (
        edit(AUTOGRAD, ("range(num_epochs)", "range(20)")),
        "number of epochs typed in",
    ),
    "last loss only": (
        edit(AUTOGRAD, ("return np.array(losses)", "return losses[-1]")),
        "only one loss",
    ),
    "list made anew in each epoch": (
        edit(
            AUTOGRAD,
            ("    losses = []\n", ""),
            ("        y_pred", "        losses = []\n        y_pred"),
        ),
        "only one loss",
    ),
    "starts again each epoch": (
        edit(
            AUTOGRAD,
            (
                "    weight = torch.randn((), requires_grad=True)\n"
                "    bias = torch.randn((), requires_grad=True)\n",
                "",
            ),
            (
                "        y_pred",
                "        weight = torch.randn((), requires_grad=True)\n"
                "        bias = torch.randn((), requires_grad=True)\n        y_pred",
            ),
        ),
        "starts again each epoch",
    ),
    "global data": (
        edit(
            AUTOGRAD,
            ("model(X, weight, bias)", "model(DATA.x, weight, bias)"),
            ("loss_func(y_pred, Y)", "loss_func(y_pred, DATA.y)"),
        ),
        "uses the lab's data instead of its arguments",
    ),
    "noise-free targets": (
        edit(
            BY_HAND,
            (
                "    losses = []",
                "    if np.ptp(x): y = np.polyval(np.polyfit(x[:, 0], y[:, 0], 1), x)\n"
                "    losses = []",
            ),
        ),
        "noise-free targets",
    ),
    "constants typed in": (
        """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    log = [278.53, 31.02, 3.5, 0.6, 0.31, 0.26, 0.25, 0.25, 0.25, 0.25]
    return (log + [0.25] * num_epochs)[:num_epochs]
""",
        "constants typed in",
    ),
    "works on the lab's data only": (
        edit(
            AUTOGRAD,
            ("    losses = []\n", "    losses = []\n    lr = lr if len(X) == 200 else 3 * lr\n"),
        ),
        None,
    ),
    "returns the targets": (
        edit(AUTOGRAD, ("    return np.array(losses)\n", "    return Y\n")),
        "argument returned",
    ),
    "returns None": (edit(AUTOGRAD, ("    return np.array(losses)\n", "")), "returns None"),
    "returns the model": (
        edit(AUTOGRAD, ("return np.array(losses)", "return model")),
        "returns something else",
    ),
    "returns parameters as well": (
        edit(AUTOGRAD, ("np.array(losses)", "weight, bias, losses")),
        "returns something else",
    ),
    "returns a dict": (
        edit(AUTOGRAD, ("np.array(losses)", "{'loss': losses}")),
        "returns something else",
    ),
    "yields": (
        edit(AUTOGRAD, ("losses.append(loss.item())", "yield loss.item()")),
        "returns something else",
    ),
    "returns text": (
        edit(AUTOGRAD, ("np.array(losses)", "str(losses)")),
        "returns something else",
    ),
    "empty list": (edit(AUTOGRAD, ("range(num_epochs)", "range(0)")), "empty"),
    "raises": (edit(AUTOGRAD, ("weight.grad.zero_()", "weight.zero_grad()")), "error"),
    "exponential decay": (
        """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    first = loss_func(model(X, torch.randn(1), torch.randn(1)), Y).item()
    return [first * np.exp(-lr * k) for k in range(num_epochs)]
""",
        "law broken",
    ),
    "sorted random numbers": (
        """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    return np.sort(np.random.rand(num_epochs) * 100)[::-1]
""",
        None,
    ),
    "random rows at each step": (
        edit(
            AUTOGRAD,
            (
                "        y_pred = model(X, weight, bias)\n        loss = loss_func(y_pred, Y)\n",
                "        i = torch.randint(0, len(X), (4,))\n"
                "        loss = loss_func(model(X[i], weight, bias), Y[i])\n",
            ),
        ),
        None,
    ),
    "momentum": (edit(OPTIMIZER, ("lr=lr", "lr=lr, momentum=0.9")), "momentum"),
    "momentum by hand": (
        edit(
            BY_HAND,
            ("    losses = []\n", "    losses, v_w, v_b = [], 0.0, 0.0\n"),
            (
                "        weight, bias",
                "        v_w, v_b = 0.7 * v_w + step_w, 0.7 * v_b + step_b\n        weight, bias",
            ),
            ("weight - step_w, bias - step_b", "weight - v_w, bias - v_b"),
        ),
        "momentum",
    ),
    "Adam": (edit(OPTIMIZER, ("SGD", "Adam")), "Adam"),
    "weight decay of 0.001": (
        edit(OPTIMIZER, ("lr=lr", "lr=lr, weight_decay=1e-3")),
        "weight decay",
    ),
    "inputs standardised with numpy": (
        edit(
            AUTOGRAD,
            (
                "    losses = []\n",
                "    losses = []\n    X = (X - X.mean()) / X.std(correction=0)\n",
            ),
        ),
        "inputs standardised",
    ),
    "split in order": (
        edit(
            AUTOGRAD,
            (
                "    losses = []\n",
                "    losses = []\n    n = int(0.8 * len(X))\n    X, Y = X[:n], Y[:n]\n",
            ),
        ),
        "part of the data held out",
    ),
    "split at random": (
        edit(
            AUTOGRAD,
            (
                "    losses = []\n",
                "    losses = []\n"
                "    kept = torch.randperm(len(X))[: int(0.8 * len(X))]\n"
                "    X, Y = X[kept], Y[kept]\n",
            ),
        ),
        "part of the data held out",
    ),
    "rate that falls by a tenth": (
        edit(AUTOGRAD, ("-= lr", "-= lr * 0.9 ** epoch")),
        "rate not constant",
    ),
    "rate that decays": (edit(AUTOGRAD, ("-= lr", "-= lr / (epoch + 1)")), None),
    "gradient clipped": (
        edit(
            AUTOGRAD,
            (
                "        with torch.no_grad():\n",
                "        torch.nn.utils.clip_grad_norm_([weight, bias], 1.0)\n"
                "        with torch.no_grad():\n",
            ),
        ),
        None,
    ),
    "best loss so far": (
        edit(
            AUTOGRAD, ("-= lr", "-= 3 * lr"), ("np.array(losses)", "np.minimum.accumulate(losses)")
        ),
        None,
    ),
    "absolute errors": (
        edit(AUTOGRAD, ("loss_func(y_pred, Y)", "(y_pred - Y).abs().mean()")),
        "absolute errors",
    ),
    "absolute errors recorded": (
        edit(AUTOGRAD, ("loss.item()", "(y_pred - Y).abs().mean().item()")),
        "absolute errors recorded",
    ),
    "start at zero": (
        edit(
            AUTOGRAD,
            ("torch.randn((), requires_grad=True)", "torch.tensor(0.0, requires_grad=True)"),
        ),
        "start not random",
    ),
    "goes on where the last call ended": (
        edit(
            AUTOGRAD,
            ("    weight = torch.randn((), requires_grad=True)\n", "    global weight, bias\n"),
            ("    bias = torch.randn((), requires_grad=True)\n", ""),
            (
                "def fit_GD",
                "weight = torch.randn((), requires_grad=True)\n"
                "bias = torch.randn((), requires_grad=True)\n\ndef fit_GD",
            ),
        ),
        "start not random",
    ),
    "start as in the first lab": (
        edit(
            AUTOGRAD,
            ("weight = torch.randn(()", "weight = torch.tensor((-15.0)"),
            ("bias = torch.randn(()", "bias = torch.tensor((-10.0)"),
        ),
        "start not random",
    ),
    "start as in the first lab, by hand": (
        edit(BY_HAND, ("np.random.uniform(-10, 10, size=2)", "-15.0, -10.0")),
        "start not random",
    ),
    "start at zero, by hand": (
        edit(BY_HAND, ("np.random.uniform(-10, 10, size=2)", "0.0, 0.0")),
        "start not random",
    ),
    "rate 0.015 typed in": (edit(AUTOGRAD, ("-= lr", "-= 0.015")), "wrong rate"),
    "rate times 0.7, by hand": (edit(BY_HAND, ("lr * 2", "lr * 1.4")), "wrong rate"),
    "rate halved every twenty epochs": (
        edit(AUTOGRAD, ("-= lr", "-= lr * 0.5 ** (epoch // 20)")),
        ("law broken", "works on the lab's data only"),
    ),
    "losses smoothed": (
        edit(
            AUTOGRAD,
            ("np.array(losses)", "np.convolve(losses, [0.5, 0.5])[:num_epochs]"),
        ),
        "recorded losses differ",
    ),
    "losses sorted upwards": (
        edit(DATA_ATTRIBUTE, ("return log", "return np.sort(log)")),
        "recorded losses differ",
    ),
    "targets flattened": (
        edit(AUTOGRAD, ("loss_func(y_pred, Y)", "loss_func(y_pred, Y.flatten())")),
        "every row against every other",
    ),
    "never zeroed and recorded after the update": (
        edit(AUTOGRAD, *_AFTER, _ZERO),
        "law broken",
    ),
    "one row at random for each step": (
        edit(
            AUTOGRAD,
            (
                "        loss.backward()\n",
                "        i = torch.randint(len(X), (1,))\n"
                "        loss_func(model(X[i], weight, bias), Y[i]).backward()\n",
            ),
        ),
        "law broken",
    ),
    "backward before the loop, first step doubled": (
        edit(
            AUTOGRAD,
            (
                "    losses = []\n",
                "    losses = []\n    loss_func(model(X, weight, bias), Y).backward()\n",
            ),
        ),
        "first step doubled",
    ),
    "first step doubled, by hand": (
        edit(BY_HAND, ("lr * 2", "lr * (2 if losses[1:] else 4)")),
        "first step doubled",
    ),
    "bias starts at zero": (
        edit(
            AUTOGRAD,
            (
                "bias = torch.randn((), requires_grad=True)",
                "bias = torch.zeros((), requires_grad=True)",
            ),
        ),
        "start not random",
    ),
    "weight starts at a third": (
        edit(
            AUTOGRAD,
            ("weight = torch.randn(()", "weight = torch.tensor(1 / 3"),
        ),
        "start not random",
    ),
    "bias starts at zero, by hand": (
        edit(BY_HAND, ("np.random.uniform(-10, 10, size=2)", "np.random.uniform(-10, 10), 0.0")),
        "start not random",
    ),
    "weight starts at one, by hand": (
        edit(BY_HAND, ("np.random.uniform(-10, 10, size=2)", "1.0, np.random.uniform(-10, 10)")),
        "start not random",
    ),
    "start at 0.1234": (
        edit(AUTOGRAD, ("torch.randn(()", "torch.tensor(0.1234")),
        "start not random",
    ),
    "least loss, again and again": (
        """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    x, y = X.double().numpy().ravel(), Y.double().numpy().ravel()
    w, b = np.linalg.lstsq(np.c_[x, np.ones_like(x)], y)[0]
    return np.full(num_epochs, ((w * x + b - y) ** 2).mean())
""",
        "nothing descends",
    ),
    "a little above the least loss, and down to it": (
        """
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    x, y = X.double().numpy().ravel(), Y.double().numpy().ravel()
    w, b = np.linalg.lstsq(np.c_[x, np.ones_like(x)], y)[0]
    return ((w * x + b - y) ** 2).mean() * (1 + 1e-3 * 0.5 ** np.arange(num_epochs))
""",
        "nothing descends",
    ),
    "targets left out, and a start so far away that it does not show": (
        edit(
            AUTOGRAD,
            (
                "weight = torch.randn((), requires_grad=True)",
                "weight = (1e6 * torch.randn(())).requires_grad_()",
            ),
            (
                "bias = torch.randn((), requires_grad=True)",
                "bias = (1e6 * torch.randn(())).requires_grad_()",
            ),
            ("loss_func(y_pred, Y)", "loss_func(y_pred, 0 * Y)"),
        ),
        "start far out",
    ),
    "targets with the other sign": (
        edit(AUTOGRAD, ("loss_func(y_pred, Y)", "loss_func(y_pred, -Y)")),
        "sign of the targets",
    ),
    "one side of a difference without w": (
        # Its losses are as far off as a square can be.
        edit(RIGHT["central differences in double precision"], ("(at(w + h, b)", "(at(h, b)")),
        "not finite",
    ),
}
