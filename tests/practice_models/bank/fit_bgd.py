"""Programs for lab05-fit-bgd."""

from __future__ import annotations

from tests.practice_models.bank import edit

SLICES = """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    weight = torch.randn((), requires_grad=True)
    bias = torch.randn((), requires_grad=True)
    losses = []
    for epoch in range(num_epochs):
        batch_losses = []
        for i in range(0, len(X), batch_size):
            xb, yb = X[i:i + batch_size], Y[i:i + batch_size]
            loss = loss_func(model(xb, weight, bias), yb)
            batch_losses.append(loss.item())
            loss.backward()
            with torch.no_grad():
                weight -= lr * weight.grad
                bias -= lr * bias.grad
            weight.grad.zero_()
            bias.grad.zero_()
        losses.append(np.mean(batch_losses))
    return np.array(losses)
"""

LOADER = """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    from torch.utils.data import DataLoader, TensorDataset
    loader = DataLoader(TensorDataset(X, Y), batch_size=batch_size, shuffle=True)
    w = torch.rand(1, requires_grad=True)
    b = torch.rand(1, requires_grad=True)
    optimizer = torch.optim.SGD([w, b], lr=lr)
    log = []
    for epoch in range(num_epochs):
        total = 0.0
        for xb, yb in loader:
            optimizer.zero_grad()
            loss = loss_func(model(xb, w, b), yb)
            loss.backward()
            total += loss.item()
            optimizer.step()
        log.append(total / len(loader))
    return log
"""

PERMUTED = """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    w = torch.empty(1, 1).normal_(0, 4).requires_grad_()
    b = torch.empty(1, 1).normal_(0, 4).requires_grad_()
    log = torch.zeros(num_epochs)
    n = X.shape[0]
    for epoch in range(num_epochs):
        order = torch.randperm(n)
        count = 0
        for rows in torch.split(order, batch_size):
            loss = loss_func(model(X[rows], w, b), Y[rows])
            loss.backward()
            w.data -= lr * w.grad.data
            b.data -= lr * b.grad.data
            w.grad = b.grad = None
            log[epoch] += loss.detach()
            count += 1
        log[epoch] /= count
    return log
"""

BY_HAND = """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    x, y = X.numpy().ravel().astype(float), Y.numpy().ravel().astype(float)
    rng = np.random.default_rng()
    w, b = rng.normal(0, 5, 2)
    epochs = []
    for _ in range(num_epochs):
        order = rng.permutation(len(x))
        seen = []
        for start in range(0, len(x), batch_size):
            i = order[start:start + batch_size]
            error = w * x[i] + b - y[i]
            seen.append((error ** 2).mean())
            step_w = lr * 2 * (error * x[i]).mean()
            step_b = lr * 2 * error.mean()
            w -= step_w
            b -= step_b
        epochs.append(sum(seen) / len(seen))
    return epochs
"""

RIGHT = {
    "slices in order": SLICES,
    "DataLoader, shuffled, optim.SGD": LOADER,
    "randperm and split, data attribute": PERMUTED,
    "numpy by hand, shuffled": BY_HAND,
    "a sampler without replacement": edit(
        LOADER,
        ("shuffle=True", "sampler=torch.utils.data.RandomSampler(X, replacement=False)"),
    ),
    "torch.split in order, autograd.grad": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    log = []
    for epoch in range(num_epochs):
        losses = []
        for xb, yb in zip(torch.split(X, batch_size), torch.split(Y, batch_size)):
            loss = loss_func(model(xb, w, b), yb)
            gw, gb = torch.autograd.grad(loss, (w, b))
            w = (w - lr * gw).detach().requires_grad_()
            b = (b - lr * gb).detach().requires_grad_()
            losses.append(loss)
        log.append(torch.stack(losses).mean())
    return log
""",
    "DataLoader in order, nn.Linear": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    from torch.utils.data import DataLoader, TensorDataset
    net = torch.nn.Linear(1, 1)
    opt = torch.optim.SGD(net.parameters(), lr=lr)
    mse = torch.nn.MSELoss()
    result = np.zeros(num_epochs)
    for k in range(num_epochs):
        values = []
        for xb, yb in DataLoader(TensorDataset(X, Y), batch_size=batch_size):
            loss = mse(net(xb), yb)
            opt.zero_grad(); loss.backward(); opt.step()
            values.append(loss.item())
        result[k] = np.mean(values)
    return result
""",
    "ceil and while, tensors by hand in double": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    import math
    theta = torch.randn(2, 1, dtype=torch.float64) * 3
    A = torch.cat([X, torch.ones_like(X)], 1).double()
    T = Y.double()
    batches = math.ceil(len(X) / batch_size)
    log, epoch = [], 0
    while epoch < num_epochs:
        mean = 0
        for k in range(batches):
            a, t = A[k * batch_size:(k + 1) * batch_size], T[k * batch_size:(k + 1) * batch_size]
            r = a @ theta - t
            mean += (r ** 2).mean() / batches
            theta = theta - lr * 2 * a.T @ r / len(a)
        log.append(float(mean))
        epoch += 1
    return log
""",
    "shuffled once, before the first epoch": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    order = np.random.permutation(len(X))
    X, Y = X[order], Y[order]
    w = torch.tensor(np.random.randn(), requires_grad=True)
    b = torch.tensor(np.random.randn(), requires_grad=True)
    log = []
    for epoch in range(num_epochs):
        part = []
        for i in range(0, len(X), batch_size):
            L = loss_func(model(X[i:i + batch_size], w, b), Y[i:i + batch_size])
            L.backward()
            part.append(L.item())
            with torch.no_grad():
                for p in (w, b):
                    p -= lr * p.grad
                    p.grad.zero_()
        log.append(sum(part) / len(part))
    return torch.tensor(log)
""",
    "shuffled list, seeded inside, extra calls": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    random.seed(3)
    w = torch.tensor([random.gauss(0, 1)], requires_grad=True)
    b = torch.tensor([random.gauss(0, 1)], requires_grad=True)
    index = list(range(len(X)))
    log = []
    for epoch in range(num_epochs):
        random.shuffle(index)
        total, batches = torch.zeros(()), 0
        for i in range(0, len(index), batch_size):
            rows = index[i:i + batch_size]
            loss = loss_func(model(X[rows], w, b), Y[rows])
            total = total + loss.detach()
            batches += 1
            loss.backward()
            with torch.no_grad():
                w.sub_(w.grad, alpha=lr); b.sub_(b.grad, alpha=lr)
            w.grad.zero_(); b.grad.zero_()
        with torch.no_grad():
            print('epoch', epoch, loss_func(model(X, w, b), Y).item())
        log.append(total / batches)
    return log
""",
    "from the last batch to the first": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    log = []
    for epoch in range(num_epochs):
        losses = []
        for xb, yb in reversed(list(zip(X.split(batch_size), Y.split(batch_size)))):
            loss = loss_func(model(xb, w, b), yb)
            losses.append(loss.item())
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad; b -= lr * b.grad
                w.grad.zero_(); b.grad.zero_()
        log.append(np.mean(losses))
    return log
""",
    "running mean, a class of its own": """
class Mean:
    def __init__(self):
        self.value, self.n = 0.0, 0
    def add(self, x):
        self.n += 1
        self.value += (x - self.value) / self.n

def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    params = [torch.randn(1, requires_grad=True) for _ in range(2)]
    def step(xb, yb):
        loss = loss_func(model(xb, *params), yb)
        loss.backward()
        with torch.no_grad():
            for p in params:
                p.copy_(p - lr * p.grad)
                p.grad = None
        return loss.item()
    log = []
    for _ in range(num_epochs):
        mean = Mean()
        order = torch.randperm(len(X)).split(batch_size)
        for rows in order:
            mean.add(step(X[rows], Y[rows]))
        log.append(mean.value)
    return log
""",
    "drawn by random.sample, rounded to five decimals": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    weight = torch.empty(()).uniform_(-3, 3).requires_grad_()
    bias = torch.empty(()).uniform_(-3, 3).requires_grad_()
    log = []
    for epoch in range(num_epochs):
        order = random.sample(range(len(X)), len(X))
        mean, seen = 0.0, 0
        while order:
            rows, order = order[:batch_size], order[batch_size:]
            loss = loss_func(model(X[rows], weight, bias), Y[rows])
            loss.backward()
            weight.data -= lr * weight.grad
            bias.data -= lr * bias.grad
            weight.grad = bias.grad = None
            seen += 1
            mean += (loss.item() - mean) / seen
        log.append(round(mean, 5))
    return log
""",
    "shuffled rows, and shuffled batches of them": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    log = []
    for epoch in range(num_epochs):
        order = torch.randperm(len(X))
        batches = list(order.split(batch_size))
        random.shuffle(batches)
        losses = []
        for rows in batches:
            loss = loss_func(model(X[rows], w, b), Y[rows])
            losses.append(loss.item())
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad; b -= lr * b.grad
                w.grad.zero_(); b.grad.zero_()
        log.append(np.mean(losses))
    return log
""",
    "sorted by x, split at indices": """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    rank = np.argsort(X.numpy().ravel())
    parts = np.array_split(rank, np.arange(batch_size, len(X), batch_size))
    theta = (10 * torch.randn(2)).requires_grad_()
    log = []
    for _ in range(num_epochs):
        seen = []
        for part in parts:
            loss = loss_func(model(X[part], theta[0], theta[1]), Y[part])
            slope, = torch.autograd.grad(loss, theta)
            theta = (theta - lr * slope).detach().requires_grad_()
            seen.append(loss.detach())
        log.append(torch.stack(seen).mean())
    return torch.stack(log)
""",
}

_ZERO = "            weight.grad.zero_()\n            bias.grad.zero_()\n"
_UPDATE = (
    "            with torch.no_grad():\n"
    "                weight -= lr * weight.grad\n"
    "                bias -= lr * bias.grad\n"
)
_APPEND = "        losses.append(np.mean(batch_losses))\n"
_FULL = "loss_func(model(X, weight, bias), Y).item()"

WRONG = {
    "gradients never zeroed": (edit(SLICES, (_ZERO, "")), "gradients never zeroed"),
    "gradients never zeroed, DataLoader": (
        edit(LOADER, ("            optimizer.zero_grad()\n", ""), (", shuffle=True", "")),
        "gradients never zeroed",
    ),
    "gradients never zeroed, shuffled": (
        edit(LOADER, ("            optimizer.zero_grad()\n", "")),
        "gradients never zeroed",
    ),
    "zeroed once per epoch": (
        edit(
            SLICES,
            (_ZERO, ""),
            (_APPEND, _APPEND + "        weight.grad.zero_()\n        bias.grad.zero_()\n"),
        ),
        "gradients zeroed once per epoch",
    ),
    "zeroed once per epoch, shuffled": (
        edit(
            LOADER,
            ("            optimizer.zero_grad()\n", ""),
            ("        total = 0.0\n", "        total = 0.0\n        optimizer.zero_grad()\n"),
        ),
        "gradients zeroed once per epoch",
    ),
    "uphill": (edit(SLICES, ("-= lr", "+= lr")), "stepping uphill"),
    "uphill, shuffled": (edit(PERMUTED, ("-= lr", "+= lr")), "stepping uphill"),
    "bias never updated": (
        edit(SLICES, ("                bias -= lr * bias.grad\n", "")),
        "b never updated",
    ),
    "bias never updated, shuffled": (edit(LOADER, ("[w, b]", "[w]")), "b never updated"),
    "weight never updated": (
        edit(SLICES, ("                weight -= lr * weight.grad\n", "")),
        "w never updated",
    ),
    "weight never updated, shuffled": (edit(LOADER, ("[w, b]", "[b]")), "w never updated"),
    "batch size typed in, shuffled by hand": (
        edit(BY_HAND, ("x, y = X", "batch_size = 2\n    x, y = X")),
        "batch size typed in",
    ),
    "starts again each epoch, by hand": (
        edit(
            BY_HAND,
            ("    w, b = rng.normal(0, 5, 2)\n", ""),
            ("        seen = []\n", "        w, b = rng.normal(0, 5, 2)\n        seen = []\n"),
        ),
        "starts again each epoch",
    ),
    "nothing moves": (edit(SLICES, (_UPDATE, "")), "nothing moves"),
    "bias with the moved weight": (
        edit(
            SLICES,
            (
                "                bias -= lr * bias.grad\n",
                "                bias -= lr * 2 * (model(xb, weight, bias) - yb).mean()\n",
            ),
        ),
        "second parameter updated with the moved first",
    ),
    "bias with the moved weight, shuffled": (
        edit(
            BY_HAND,
            ("            step_b = lr * 2 * error.mean()\n", ""),
            ("b -= step_b", "b -= lr * 2 * (w * x[i] + b - y[i]).mean()"),
        ),
        "second parameter updated with the moved first",
    ),
    "batch ignored": (
        edit(SLICES, ("model(xb, weight, bias), yb)", "model(X, weight, bias), Y)")),
        "batch ignored",
    ),
    "batch ignored, DataLoader shuffled": (
        edit(LOADER, ("model(xb, w, b), yb)", "model(X, w, b), Y)")),
        "batch ignored",
    ),
    "batch ignored in a loop over numbers": (
        edit(
            SLICES,
            ("xb, yb = X[i:i + batch_size], Y[i:i + batch_size]", "xb, yb = X, Y"),
        ),
        "batch ignored",
    ),
    "always the first batch": (
        edit(
            SLICES, ("X[i:i + batch_size], Y[i:i + batch_size]", "X[:batch_size], Y[:batch_size]")
        ),
        "always the first batch",
    ),
    "only the last batch recorded": (
        edit(SLICES, (_APPEND, "        losses.append(loss.item())\n")),
        "only the last batch recorded",
    ),
    "only the last batch recorded, shuffled": (
        edit(
            LOADER,
            ("total += loss.item()", "total = loss.item()"),
            ("total / len(loader)", "total"),
        ),
        "only the last batch recorded",
    ),
    "only the first batch recorded": (
        edit(SLICES, ("np.mean(batch_losses)", "batch_losses[0]")),
        "only the first batch recorded",
    ),
    "divided by the batch size": (
        edit(SLICES, ("np.mean(batch_losses)", "sum(batch_losses) / batch_size")),
        "divided by the batch size",
    ),
    "divided by the batch size, shuffled": (
        edit(LOADER, ("total / len(loader)", "total / batch_size")),
        "divided by the batch size",
    ),
    "divided by N": (
        edit(LOADER, ("total / len(loader)", "total / len(X)")),
        "divided by the number of points",
    ),
    "batch losses added up": (
        edit(SLICES, ("np.mean(batch_losses)", "sum(batch_losses)")),
        "batch losses added up",
    ),
    "batch losses added up, shuffled": (
        edit(LOADER, ("total / len(loader)", "total")),
        "batch losses added up",
    ),
    "last short batch dropped": (
        edit(
            SLICES,
            (
                "range(0, len(X), batch_size)",
                "range(0, max(len(X) // batch_size, 1) * batch_size, batch_size)",
            ),
        ),
        "last short batch dropped",
    ),
    "last short batch dropped, DataLoader in order": (
        edit(LOADER, ("shuffle=True", "drop_last=len(X) > batch_size")),
        "last short batch dropped",
    ),
    "last short batch dropped, shuffled": (
        edit(LOADER, ("shuffle=True", "shuffle=True, drop_last=len(X) > batch_size")),
        "last short batch dropped",
    ),
    "drop_last, no batch when larger than the data": (
        edit(LOADER, ("shuffle=True", "shuffle=True, drop_last=True")),
        None,
    ),
    "number of batches rounded down": (
        edit(SLICES, ("np.mean(batch_losses)", "sum(batch_losses) / max(1, len(X) // batch_size)")),
        "number of batches rounded down",
    ),
    "mean over samples": (
        edit(
            SLICES,
            ("batch_losses.append(loss.item())", "batch_losses.append(loss.item() * len(xb))"),
            ("np.mean(batch_losses)", "sum(batch_losses) / len(X)"),
        ),
        "mean over samples",
    ),
    "mean over samples, shuffled": (
        edit(
            LOADER,
            ("total += loss.item()", "total += loss.item() * len(xb)"),
            ("total / len(loader)", "total / len(X)"),
        ),
        "mean over samples",
    ),
    "loss of all rows recorded": (
        edit(
            SLICES,
            (_APPEND, "        losses.append(full)\n"),
            (
                "        batch_losses = []\n",
                "        batch_losses = []\n        full = " + _FULL + "\n",
            ),
        ),
        "loss of all rows recorded",
    ),
    "loss of all rows recorded after the epoch": (
        edit(SLICES, ("np.mean(batch_losses)", _FULL)),
        "loss of all rows recorded",
    ),
    "recorded after each update": (
        edit(
            SLICES,
            ("            batch_losses.append(loss.item())\n", ""),
            (
                _ZERO,
                _ZERO + "            batch_losses.append("
                "loss_func(model(xb, weight, bias), yb).item())\n",
            ),
        ),
        "recorded after the update",
    ),
    "recorded after each update, shuffled": (
        edit(
            BY_HAND,
            ("            seen.append((error ** 2).mean())\n", ""),
            (
                "            b -= step_b\n",
                "            b -= step_b\n"
                "            seen.append(((w * x[i] + b - y[i]) ** 2).mean())\n",
            ),
        ),
        "recorded after the update",
    ),
    "sum in loss and gradient": (
        edit(
            SLICES,
            (
                "loss_func(model(xb, weight, bias), yb)",
                "((model(xb, weight, bias) - yb) ** 2).sum()",
            ),
        ),
        "sum instead of mean",
    ),
    "sum in the gradient, shuffled": (
        edit(
            BY_HAND,
            ("(error * x[i]).mean()", "(error * x[i]).sum()"),
            ("lr * 2 * error.mean()", "lr * 2 * error.sum()"),
        ),
        "sum instead of mean",
    ),
    "half the loss": (
        edit(
            SLICES,
            (
                "loss_func(model(xb, weight, bias), yb)",
                "loss_func(model(xb, weight, bias), yb) / 2",
            ),
        ),
        "half the mean squared error",
    ),
    "root recorded": (
        edit(SLICES, ("np.mean(batch_losses)", "np.sqrt(np.mean(batch_losses))")),
        "root of the mean squared error",
    ),
    "one update per epoch": (
        edit(
            SLICES,
            (
                _UPDATE + _ZERO + _APPEND,
                _APPEND
                + _UPDATE.replace("            ", "        ", 1).replace(
                    "                ", "            "
                )
                + _ZERO.replace("            ", "        "),
            ),
        ),
        "one update per epoch",
    ),
    "batch descent": (
        edit(
            SLICES,
            ("range(0, len(X), batch_size)", "range(1)"),
            ("X[i:i + batch_size], Y[i:i + batch_size]", "X, Y"),
        ),
        "batch descent",
    ),
    "rate 0.01 typed in": (edit(SLICES, ("-= lr", "-= 0.01")), "wrong rate"),
    "rate 0.001 typed in, shuffled": (edit(LOADER, ("lr=lr", "lr=0.001")), "wrong rate"),
    "rate doubled": (edit(SLICES, ("-= lr", "-= 2 * lr")), "wrong rate"),
    "factor 2 of the derivative missing, shuffled": (
        edit(BY_HAND, ("lr * 2", "lr")),
        "wrong rate",
    ),
    "batch size 32 typed in": (
        edit(SLICES, ("    losses = []", "    batch_size = 32\n    losses = []")),
        ("batch size typed in", "batch descent"),
    ),
    "batch size 10 typed in, DataLoader": (
        edit(LOADER, ("batch_size=batch_size, shuffle=True", "batch_size=10")),
        "batch size typed in",
    ),
    "batch size 1, shuffled": (
        edit(LOADER, ("batch_size=batch_size", "batch_size=1")),
        None,
    ),
    "equal batches": (
        edit(
            SLICES,
            (
                "        for i in range(0, len(X), batch_size):\n",
                "        m = -(-len(X) // batch_size)\n"
                "        for rows in np.array_split(np.arange(len(X)), m):\n",
            ),
            ("X[i:i + batch_size], Y[i:i + batch_size]", "X[rows], Y[rows]"),
        ),
        "batches of equal size",
    ),
    "batches overlap": (
        edit(SLICES, ("range(0, len(X), batch_size)", "range(-(-len(X) // batch_size))")),
        "batches overlap",
    ),
    "rows drawn with replacement": (
        edit(PERMUTED, ("torch.randperm(n)", "torch.randint(0, n, (n,))")),
        "rows drawn with replacement",
    ),
    "X and Y shuffled apart": (
        edit(PERMUTED, ("Y[rows]", "Y[torch.randperm(n)[:len(rows)]]")),
        "law broken",
    ),
    "starts again each epoch": (
        edit(
            SLICES,
            (
                "    weight = torch.randn((), requires_grad=True)\n"
                "    bias = torch.randn((), requires_grad=True)\n",
                "",
            ),
            (
                "        batch_losses = []\n",
                "        batch_losses = []\n"
                "        weight = torch.randn((), requires_grad=True)\n"
                "        bias = torch.randn((), requires_grad=True)\n",
            ),
        ),
        "starts again each epoch",
    ),
    "starts again from the same start each epoch": (
        edit(
            SLICES,
            (
                "        batch_losses = []\n",
                "        batch_losses = []\n"
                "        weight = torch.tensor(0.3, requires_grad=True)\n"
                "        bias = torch.tensor(0.7, requires_grad=True)\n",
            ),
        ),
        "starts again each epoch",
    ),
    "loss of every batch returned": (
        edit(SLICES, (_APPEND, "        losses += batch_losses\n")),
        "loss of every batch recorded",
    ),
    "list of batch losses never emptied": (
        edit(
            SLICES,
            ("        batch_losses = []\n", ""),
            ("    losses = []\n", "    losses = []\n    batch_losses = []\n"),
        ),
        "batch losses never emptied",
    ),
    "one list per epoch": (
        edit(SLICES, ("np.mean(batch_losses)", "batch_losses"), ("np.array(losses)", "losses")),
        "loss of every batch recorded",
    ),
    "global data": (
        edit(SLICES, ("    losses = []\n", "    X, Y = DATA.x, DATA.y\n    losses = []\n")),
        "uses the lab's data instead of its arguments",
    ),
    "noise-free targets": (
        edit(
            BY_HAND,
            (
                "    epochs = []\n",
                "    epochs = []\n    if np.ptp(x): y = np.polyval(np.polyfit(x, y, 1), x)\n",
            ),
        ),
        "noise-free targets",
    ),
    "constants typed in": (
        """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    log = [121.4, 12.9, 1.7, 0.42, 0.28]
    return np.array((log + [0.25] * num_epochs)[:num_epochs])
""",
        "constants typed in",
    ),
    "one epoch too many": (
        edit(SLICES, ("range(num_epochs)", "range(num_epochs + 1)")),
        "wrong number of epochs",
    ),
    "epochs typed in": (
        edit(SLICES, ("range(num_epochs)", "range(10)")),
        "number of epochs typed in",
    ),
    "returns None": (edit(SLICES, ("    return np.array(losses)\n", "")), "returns None"),
    "returns a pair": (
        edit(SLICES, ("return np.array(losses)", "return losses, (weight, bias)")),
        "returns something else",
    ),
    "raises with a short batch": (
        edit(
            SLICES,
            ("            loss =", "            xb = xb.view(batch_size, 1)\n            loss ="),
        ),
        "error",
    ),
    "works for divisors of N only": (
        edit(
            SLICES,
            ("range(0, len(X), batch_size)", "range(0, len(X) - batch_size + 1, batch_size)"),
        ),
        None,
    ),
    "sorted random numbers": (
        """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    return np.sort(np.random.rand(num_epochs) * 100)[::-1]
""",
        None,
    ),
    "momentum, shuffled": (edit(LOADER, ("lr=lr", "lr=lr, momentum=0.9")), "momentum"),
    "Adam, shuffled": (edit(LOADER, ("SGD", "Adam")), "Adam"),
    "Adam in order": (edit(LOADER, ("SGD", "Adam"), ("shuffle=True", "shuffle=False")), "Adam"),
    "weight decay, shuffled": (edit(LOADER, ("lr=lr", "lr=lr, weight_decay=0.1")), "weight decay"),
    "inputs standardised, shuffled": (
        edit(
            PERMUTED,
            ("    n = X.shape[0]\n", "    n = X.shape[0]\n    X = (X - X.mean()) / X.std()\n"),
        ),
        "inputs standardised",
    ),
    "last batch left out": (
        edit(
            SLICES,
            ("range(0, len(X), batch_size)", "range(0, max(1, len(X) - batch_size), batch_size)"),
        ),
        "last batch left out",
    ),
    "slices of the wrong stride": (
        edit(
            SLICES,
            ("range(0, len(X), batch_size)", "range(-(-len(X) // batch_size))"),
            ("i:i + batch_size", "i * n:(i + 1) * n"),
            ("    losses = []\n", "    losses = []\n    n = -(-len(X) // batch_size)\n"),
        ),
        "slices of the wrong stride",
    ),
    "batch descent, loss divided evenly": (
        edit(
            SLICES,
            ("range(0, len(X), batch_size)", "range(batch_size)"),
            ("X[i:i + batch_size], Y[i:i + batch_size]", "X, Y"),
        ),
        None,
    ),
    "start at zero": (
        edit(
            SLICES, ("torch.randn((), requires_grad=True)", "torch.tensor(0.0, requires_grad=True)")
        ),
        "start not random",
    ),
    "goes on where the last call ended": (
        edit(
            SLICES,
            ("    weight = torch.randn((), requires_grad=True)\n", "    global weight, bias\n"),
            ("    bias = torch.randn((), requires_grad=True)\n", ""),
            (
                "def fit_BGD",
                "weight = torch.randn((), requires_grad=True)\n"
                "bias = torch.randn((), requires_grad=True)\n\ndef fit_BGD",
            ),
        ),
        "start not random",
    ),
    "start at one, shuffled": (
        edit(LOADER, ("torch.rand(1,", "torch.ones(1,")),
        "start not random",
    ),
    "start at one, by hand, shuffled": (
        edit(BY_HAND, ("rng.normal(0, 5, 2)", "1.0, 1.0")),
        "start not random",
    ),
    "start at zero, nn.Linear, shuffled": (
        edit(
            LOADER,
            ("    w = torch.rand(1, requires_grad=True)\n", "    line = torch.nn.Linear(1, 1)\n"),
            ("    b = torch.rand(1, requires_grad=True)\n", ""),
            ("[w, b]", "line.parameters()"),
            ("    log = []\n", "    for p in line.parameters(): p.data.zero_()\n    log = []\n"),
            ("model(xb, w, b)", "line(xb)"),
        ),
        "start not random",
    ),
    "rate halved every twenty epochs, shuffled": (
        edit(
            BY_HAND, ("for _ in range", "for e in range"), ("lr * 2", "lr * 0.5 ** (e // 20) * 2")
        ),
        ("law broken", "works on the lab's data only"),
    ),
    "rate 0.0123 typed in, shuffled": (edit(LOADER, ("lr=lr", "lr=0.0123")), "wrong rate"),
    "gradient of each batch divided by its rows": (
        edit(BY_HAND, ("lr * 2", "lr / len(i) * 2")),
        "wrong rate",
    ),
    "square of the mean root of the batch losses": (
        edit(SLICES, ("np.mean(batch_losses)", "np.sqrt(batch_losses).mean() ** 2")),
        "recorded losses differ",
    ),
    "targets flattened, shuffled": (
        edit(PERMUTED, ("Y[rows]", "Y[rows].flatten()")),
        "every row against every other",
    ),
    "batch size 3 typed in, shuffled": (
        edit(PERMUTED, ("torch.split(order, batch_size)", "torch.split(order, 3)")),
        "batch size typed in",
    ),
    "batches of one row, shuffled": (
        edit(PERMUTED, ("torch.split(order, batch_size)", "torch.split(order, 1)")),
        "batch size typed in",
    ),
    "equal batches, shuffled": (
        edit(
            PERMUTED,
            ("torch.split(order, batch_size)", "torch.chunk(order, -(-n // batch_size))"),
        ),
        "batches of equal size",
    ),
    "global data, shuffled": (
        edit(PERMUTED, ("loss_func, X, Y, lr", "loss_func, features, targets, lr")),
        "uses the lab's data instead of its arguments",
    ),
    "absolute errors, shuffled": (
        edit(LOADER, ("loss_func(model(xb, w, b), yb)", "(model(xb, w, b) - yb).abs().mean()")),
        "absolute errors",
    ),
    "rows drawn with replacement, by hand": (
        edit(BY_HAND, ("rng.permutation(len(x))", "rng.integers(0, len(x), len(x))")),
        "rows drawn with replacement",
    ),
    "inputs shuffled, targets in order, by hand": (
        edit(BY_HAND, ("- y[i]", "- y[start:start + batch_size]")),
        "inputs and targets not paired",
    ),
    "a permutation of their own for the targets": (
        edit(
            PERMUTED,
            ("count = 0", "count, other = 0, torch.randperm(n)"),
            ("Y[rows]", "Y[other[count * batch_size:(count + 1) * batch_size]]"),
        ),
        "inputs and targets not paired",
    ),
    "bias starts at zero, shuffled": (
        edit(LOADER, ("b = torch.rand(", "b = torch.zeros(")),
        "start not random",
    ),
    "weight starts at 0.3, in order": (
        edit(SLICES, ("weight = torch.randn(()", "weight = torch.tensor(0.3")),
        "start not random",
    ),
    "start at 0.1234, shuffled": (
        edit(PERMUTED, ("torch.empty(1, 1).normal_(0, 4)", "torch.full((1, 1), 0.1234)")),
        "start not random",
    ),
    "number of batches rounded down, no batch beyond the data": (
        edit(
            SLICES,
            ("range(0, len(X), batch_size)", "range(len(X) // batch_size)"),
            (
                "X[i:i + batch_size], Y[i:i + batch_size]",
                "(T[i * batch_size:(i + 1) * batch_size] for T in (X, Y))",
            ),
        ),
        "last short batch dropped",
    ),
    "sums of no batch beyond the data": (
        edit(
            SLICES,
            ("range(0, len(X), batch_size)", "range(0, len(X) - batch_size + 1, batch_size)"),
            ("np.mean(batch_losses)", "sum(batch_losses) / max(1, len(batch_losses))"),
        ),
        "last short batch dropped",
    ),
    "rows permuted, no batch beyond the data": (
        edit(
            PERMUTED,
            (
                "torch.split(order, batch_size)",
                "order[:n // batch_size * batch_size].view(-1, batch_size)",
            ),
        ),
        "last short batch dropped",
    ),
    "the end of a long descent, again and again": (
        """
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    x, y = X.double().numpy().ravel(), Y.double().numpy().ravel()
    w, b = 0.0, 0.0
    for _ in range(3000):
        losses = []
        for k in range(0, len(x), batch_size):
            rows = slice(k, k + batch_size)
            error = w * x[rows] + b - y[rows]
            losses.append((error**2).mean())
            w, b = w - 2 * lr * (error * x[rows]).mean(), b - 2 * lr * error.mean()
    return np.full(num_epochs, np.mean(losses))
""",
        "nothing descends",
    ),
    "targets left out, and a start so far away that it does not show": (
        edit(
            SLICES,
            (
                "weight = torch.randn((), requires_grad=True)",
                "weight = (1e6 * torch.randn(())).requires_grad_()",
            ),
            (
                "bias = torch.randn((), requires_grad=True)",
                "bias = (1e6 * torch.randn(())).requires_grad_()",
            ),
            (
                "X[i:i + batch_size], Y[i:i + batch_size]",
                "X[i:i + batch_size], 0 * Y[i:i + batch_size]",
            ),
        ),
        "start far out",
    ),
    "targets with the other sign": (
        edit(SLICES, ("weight, bias), yb)", "weight, bias), -yb)")),
        "sign of the targets",
    ),
    "made up where there are many rows, shuffled": (
        edit(
            PERMUTED,
            (
                "    n = X.shape[0]\n",
                "    n = X.shape[0]\n"
                "    if n > 4 and batch_size < n and len(X.unique()) > 1:\n"
                "        return np.linspace(5 + float(torch.rand(1)), 0, num_epochs)\n",
            ),
        ),
        None,
    ),
}
