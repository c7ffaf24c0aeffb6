"""Programs for lab04-train."""

from __future__ import annotations

from tests.practice_models.bank import edit

PLAIN = """
def train(model, loader, epochs, lr):
    criterion = torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        total, count = 0.0, 0
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += len(x) * loss.item()
            count += len(x)
        losses.append(total / count)
    return losses
"""

TENSORS = """
def train(model, loader, epochs, lr):
    opt = torch.optim.Adam(model.parameters(), lr)
    history = torch.zeros(epochs)
    model.train()
    for k in range(epochs):
        for xb, yb in loader:
            squares = (model(xb) - yb) ** 2
            history[k] += squares.detach().sum()
            squares.mean().backward()
            opt.step()
            opt.zero_grad(set_to_none=False)
    return history / len(loader.dataset)
"""

#: Keep the state after the epoch of least loss; put it back in the end.
_BEST = (
    ("    losses = []\n", "    import copy\n    losses, least = [], float('inf')\n"),
    (
        "        losses.append(total / count)\n",
        "        losses.append(total / count)\n        if losses[-1] < least:\n"
        "            least, kept = losses[-1], copy.deepcopy(model.state_dict())\n",
    ),
    ("    return losses", "    model.load_state_dict(kept)\n    return losses"),
)

RIGHT = {
    "plain": PLAIN,
    "tensors": TENSORS,
    "lists of batch losses, numpy": """
def train(model, loader, epochs, lr):
    optim = torch.optim.Adam(params=model.parameters(), lr=lr, betas=(0.9, 0.999))
    result = []
    for _ in range(epochs):
        losses, sizes = [], []
        for inputs, targets in loader:
            optim.zero_grad()
            out = model(inputs)
            loss = torch.nn.functional.mse_loss(out, targets)
            loss.backward()
            optim.step()
            losses.append(loss.item())
            sizes.append(inputs.shape[0])
        result.append(np.average(losses, weights=sizes))
    return np.array(result)
""",
    "Adam written by hand": """
def train(model, loader, epochs, lr):
    parameters = list(model.parameters())
    m = [torch.zeros_like(p) for p in parameters]
    v = [torch.zeros_like(p) for p in parameters]
    t, log = 0, []
    for epoch in range(epochs):
        total, n = 0.0, 0
        for x, y in loader:
            loss = ((model(x) - y) ** 2).mean()
            gradients = torch.autograd.grad(loss, parameters)
            t += 1
            with torch.no_grad():
                for i, (p, g) in enumerate(zip(parameters, gradients)):
                    m[i] = 0.9 * m[i] + 0.1 * g
                    v[i] = 0.999 * v[i] + 0.001 * g * g
                    step = (m[i] / (1 - 0.9 ** t)) / ((v[i] / (1 - 0.999 ** t)).sqrt() + 1e-8)
                    p -= lr * step
            total += loss.item() * len(y)
            n += len(y)
        log.append(total / n)
    return log
""",
    "a loop over an iterator, 0-d tensors, prints": """
def train(model, loader, epochs, lr):
    adam = torch.optim.Adam([{'params': model.parameters()}], lr=lr)
    means = []
    epoch = 0
    while epoch < epochs:
        epoch += 1
        weighted, samples = torch.tensor(0.0), 0
        batches = iter(loader)
        while True:
            try:
                x, y = next(batches)
            except StopIteration:
                break
            adam.zero_grad()
            loss = torch.nn.MSELoss(reduction='mean')(model(x), y)
            loss.backward()
            adam.step()
            weighted = weighted + loss.detach() * x.size(0)
            samples += x.size(0)
        means.append(weighted / samples)
        print(f'epoch {epoch}: {means[-1]:.3f}')
    return means
""",
    "closure, capturable names, eval at the end": """
def train(model, loader, epochs, lr):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, foreach=False)
    n = len(loader.dataset)

    def one_batch(x, y):
        def closure():
            optimizer.zero_grad()
            loss = torch.mean(torch.square(y - model(x)))
            loss.backward()
            return loss
        return optimizer.step(closure).item() * len(x)

    losses = [sum(one_batch(x, y) for x, y in loader) / n for _ in range(epochs)]
    model.eval()
    return losses
""",
    "device, extra evaluation that is not recorded": """
def train(model, loader, epochs, lr):
    device = next(model.parameters()).device
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for epoch in range(epochs):
        running = []
        for i, batch in enumerate(loader):
            x, y = (part.to(device) for part in batch)
            loss = torch.nn.functional.mse_loss(model(x), y)
            optimizer.zero_grad(); loss.backward(); optimizer.step()
            running += [loss.item()] * len(x)
        with torch.no_grad():
            for x, y in loader:
                model(x)
        losses.append(sum(running) / len(running))
    return tuple(losses)
""",
}

RIGHT |= {
    "eval mode": edit(PLAIN, ("    losses = []\n", "    losses = []\n    model.eval()\n")),
    "best state kept and not put back": edit(PLAIN, *_BEST[:2]),
    "one list, cleared at the call": edit(
        "losses = []\n" + PLAIN, ("    losses = []\n", "    losses.clear()\n")
    ),
    "rounded to four decimals": edit(
        PLAIN, ("append(total / count)", "append(round(total / count, 4))")
    ),
    "amsgrad off, eps as a number": edit(PLAIN, ("lr=lr", "lr=lr, amsgrad=False, eps=1e-8")),
}

_ZERO = ("            optimizer.zero_grad()\n", "")
_RECORD = "            total += len(x) * loss.item()\n            count += len(x)\n"

WRONG = {
    "never zeroed": (edit(PLAIN, _ZERO), "gradients never zeroed"),
    "never zeroed, mean of batches": (
        edit(PLAIN, _ZERO, ("len(x) * loss", "loss"), ("count += len(x)", "count += 1")),
        "gradients never zeroed",
    ),
    "zeroed once per epoch": (
        edit(
            PLAIN,
            _ZERO,
            ("        total, count", "        optimizer.zero_grad()\n        total, count"),
        ),
        "gradients zeroed once per epoch",
    ),
    "SGD": (edit(PLAIN, ("optim.Adam", "optim.SGD")), "another optimizer than Adam"),
    "SGD, tensors": (edit(TENSORS, ("optim.Adam", "optim.SGD")), "another optimizer than Adam"),
    "momentum": (
        edit(
            PLAIN,
            (
                "optim.Adam(model.parameters(), lr=lr",
                "optim.SGD(model.parameters(), lr=lr, momentum=0.9",
            ),
        ),
        "another optimizer than Adam",
    ),
    "RMSprop": (edit(PLAIN, ("optim.Adam", "optim.RMSprop")), "another optimizer than Adam"),
    "Adagrad": (edit(PLAIN, ("optim.Adam", "optim.Adagrad")), "another optimizer than Adam"),
    "AdamW": (edit(PLAIN, ("optim.Adam", "optim.AdamW")), "another optimizer than Adam"),
    "by hand without Adam": (
        edit(
            PLAIN,
            (
                "            optimizer.step()\n",
                "            with torch.no_grad():\n                for p in model.parameters():\n"
                "                    p -= lr * p.grad\n",
            ),
        ),
        "another optimizer than Adam",
    ),
    "Adam anew in each epoch": (
        edit(
            PLAIN,
            (
                "        total, count",
                "        optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n"
                "        total, count",
            ),
        ),
        "new optimizer in each epoch",
    ),
    "Adam anew for each batch": (
        edit(
            PLAIN,
            (
                "            optimizer.zero_grad()\n",
                "            optimizer = torch.optim.Adam(model.parameters(), lr=lr)\n"
                "            optimizer.zero_grad()\n",
            ),
        ),
        "new optimizer for each batch",
    ),
    "rate not passed": (edit(PLAIN, (", lr=lr", "")), "wrong rate"),
    "rate typed in": (edit(PLAIN, ("lr=lr", "lr=0.01")), "wrong rate"),
    "rate doubled": (edit(PLAIN, ("lr=lr", "lr=2 * lr")), "wrong rate"),
    "never steps": (edit(PLAIN, ("            optimizer.step()\n", "")), "nothing moves"),
    "steps before backward": (
        edit(
            PLAIN,
            (
                "            loss.backward()\n            optimizer.step()\n",
                "            optimizer.step()\n            loss.backward()\n",
            ),
        ),
        "nothing moves",
    ),
    "zeroed before the step": (
        edit(
            PLAIN,
            _ZERO,
            (
                "            optimizer.step()\n",
                "            optimizer.zero_grad()\n            optimizer.step()\n",
            ),
        ),
        None,
    ),
    "uphill": (edit(PLAIN, ("loss.backward()", "(-loss).backward()")), "stepping uphill"),
    "mean of the batch means": (
        edit(PLAIN, ("len(x) * loss", "loss"), ("count += len(x)", "count += 1")),
        "mean of the batch means",
    ),
    "mean of the batch means, len(loader)": (
        edit(PLAIN, ("len(x) * loss", "loss"), ("total / count", "total / len(loader)")),
        "mean of the batch means",
    ),
    "last batch only": (
        edit(PLAIN, ("losses.append(total / count)", "losses.append(loss.item())")),
        "only the last batch recorded",
    ),
    "batch losses added up": (
        edit(PLAIN, ("len(x) * loss", "loss"), ("total / count", "total")),
        "batch losses added up",
    ),
    "sum over samples": (edit(PLAIN, ("total / count", "total")), "sum over samples"),
    "divided by the batch size": (
        edit(PLAIN, ("len(x) * loss", "loss"), ("total / count", "total / loader.batch_size")),
        "divided by the batch size",
    ),
    "divided by N": (
        edit(PLAIN, ("len(x) * loss", "loss")),
        "divided by the number of samples",
    ),
    "divided by the number of batches": (
        edit(PLAIN, ("total / count", "total / len(loader)")),
        "divided by the number of batches",
    ),
    "totals never reset": (
        edit(
            PLAIN,
            ("        total, count = 0.0, 0\n", ""),
            ("    losses = []\n", "    losses = []\n    total, count = 0.0, 0\n"),
        ),
        "total never reset",
    ),
    "loss after the epoch": (
        edit(
            PLAIN,
            (
                "losses.append(total / count)",
                "losses.append(sum(((model(x) - y) ** 2).sum().item() for x, y in loader) / count)",
            ),
        ),
        "loss after the epoch",
    ),
    "each batch after its update": (
        edit(PLAIN, ("len(x) * loss.item()", "((model(x) - y) ** 2).sum().item()")),
        "recorded after each update",
    ),
    "roots": (
        edit(PLAIN, ("losses.append(total / count)", "losses.append((total / count) ** 0.5)")),
        "root of the mean squared error",
    ),
    "L1": (edit(PLAIN, ("MSELoss", "L1Loss")), "absolute errors"),
    "sum of squares": (
        edit(PLAIN, ("MSELoss()", "MSELoss(reduction='sum')")),
        "sum instead of mean",
    ),
    "sum of squares, the right mean recorded": (
        edit(
            PLAIN,
            ("MSELoss()", "MSELoss(reduction='sum')"),
            ("len(x) * loss.item()", "loss.item()"),
        ),
        "sum instead of mean in the gradient",
    ),
    "sum of squares in the gradient alone": (
        edit(PLAIN, ("loss.backward()", "((model(x) - y) ** 2).sum().backward()")),
        "sum instead of mean in the gradient",
    ),
    "half": (
        edit(PLAIN, ("criterion(model(x), y)", "criterion(model(x), y) / 2")),
        "half the mean squared error",
    ),
    "broadcast": (
        edit(PLAIN, ("criterion(model(x), y)", "criterion(model(x).squeeze(1), y)")),
        "every row against every other",
    ),
    "step in the outer loop": (
        edit(
            PLAIN,
            ("            optimizer.step()\n", ""),
            ("        losses.append", "        optimizer.step()\n        losses.append"),
        ),
        "one update per epoch",
    ),
    "short batch skipped": (
        edit(
            PLAIN,
            (
                "        for x, y in loader:\n",
                "        for x, y in loader:\n"
                "            if len(x) < loader.batch_size and count:\n"
                "                continue\n",
            ),
        ),
        "last short batch dropped",
    ),
    "first batch only": (
        edit(PLAIN, (_RECORD, _RECORD + "            break\n")),
        "only the first batch used",
    ),
    "returns inside the loop": (
        edit(PLAIN, ("    return losses", "        return losses")),
        None,
    ),
    "one loss per batch": (
        edit(
            PLAIN,
            (_RECORD, "            losses.append(loss.item())\n"),
            ("        losses.append(total / count)\n", ""),
        ),
        "loss of every batch recorded",
    ),
    "trains a copy": (
        edit(
            PLAIN,
            ("    criterion", "    import copy\n    model = copy.deepcopy(model)\n    criterion"),
        ),
        "trains a copy",
    ),
    "trains its own model": (
        edit(
            PLAIN,
            (
                "    criterion",
                "    model = torch.nn.Linear(next(iter(loader))[0].shape[1], 1)\n    criterion",
            ),
        ),
        "nothing moves",
    ),
    "epochs typed in": (edit(PLAIN, ("range(epochs)", "range(30)")), "number of epochs typed in"),
    "one epoch too many": (
        edit(PLAIN, ("range(epochs)", "range(epochs + 1)")),
        "wrong number of epochs",
    ),
    "global data": (
        edit(PLAIN, ("criterion(model(x), y)", "criterion(model(X), Y)")),
        None,
    ),
    "typed in": (
        "def train(model, loader, epochs, lr):\n    return [5.0] + [1.0] * (epochs - 1)\n",
        "nothing moves",
    ),
    "least squares directly": (
        """
def train(model, loader, epochs, lr):
    x = torch.cat([x for x, _ in loader]); y = torch.cat([y for _, y in loader])
    A = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    theta = torch.linalg.lstsq(A, y).solution
    with torch.no_grad():
        for p, value in zip(model.parameters(), (theta[:-1].T, theta[-1])):
            p.copy_(value)
    return [float(((model(x) - y) ** 2).mean())] * epochs
""",
        None,
    ),
    "frozen": (
        edit(
            PLAIN,
            (
                "loss = criterion(model(x), y)",
                "with torch.no_grad():\n                loss = criterion(model(x), y)",
            ),
        ),
        "error",
    ),
    "returns None": (edit(PLAIN, ("    return losses\n", "")), "returns None"),
    "returns the model": (edit(PLAIN, ("return losses", "return model")), "returns something else"),
    "returns both": (
        edit(PLAIN, ("return losses", "return model, losses")),
        "returns something else",
    ),
    "gradient clipped": (
        edit(
            PLAIN,
            (
                "            optimizer.step()\n",
                "            torch.nn.utils.clip_grad_value_(model.parameters(), 0.1)\n"
                "            optimizer.step()\n",
            ),
        ),
        None,
    ),
    "rate decays": (
        edit(
            PLAIN,
            (
                "        losses.append(total / count)\n",
                "        losses.append(total / count)\n"
                "        for group in optimizer.param_groups: group['lr'] *= 0.5\n",
            ),
        ),
        None,
    ),
    "weight only": (
        edit(PLAIN, ("model.parameters()", "[next(model.parameters())]")),
        None,
    ),
    "rate 0.033 typed in": (edit(PLAIN, ("lr=lr", "lr=0.033")), "wrong rate"),
    "three times the rate": (edit(PLAIN, ("lr=lr", "lr=3 * lr")), "wrong rate"),
    "list made outside": (
        edit("losses = []\n" + PLAIN, ("    losses = []\n", "")),
        "list not empty at the call",
    ),
    "list made outside, used before": (
        edit("losses = [3.0, 2.5, 2.0]\n" + PLAIN, ("    losses = []\n", "")),
        "list not empty at the call",
    ),
    "list that begins with a zero": (
        edit(PLAIN, ("losses = []", "losses = [0.0]")),
        "list not empty at the call",
    ),
    "the losses three times over": (
        edit(PLAIN, ("    return losses", "    return 3 * losses")),
        "losses repeated",
    ),
    "mutable default": (
        edit(PLAIN, ("epochs, lr):", "epochs, lr, losses=[]):"), ("    losses = []\n", "")),
        "list not empty at the call",
    ),
    "pairs appended": (
        edit(PLAIN, ("append(total / count)", "append((epoch, total / count))")),
        "pairs instead of numbers",
    ),
    "rounded to two decimals": (
        edit(PLAIN, ("append(total / count)", "append(round(total / count, 2))")),
        "rounded losses",
    ),
    "whole numbers": (
        edit(PLAIN, ("append(total / count)", "append(round(total / count))")),
        "rounded losses",
    ),
    "best state restored": (edit(PLAIN, *_BEST), "best state restored"),
    "best state restored, mean of the batch means": (
        edit(PLAIN, *_BEST, ("total / count", "total / len(loader)"), ("len(x) * loss", "loss")),
        "mean of the batch means",
    ),
    "trains a copy, mean of the batch means": (
        edit(
            PLAIN,
            ("    criterion", "    import copy\n    model = copy.deepcopy(model)\n    criterion"),
            ("len(x) * loss", "loss"),
            ("total / count", "total / len(loader)"),
        ),
        "mean of the batch means",
    ),
    "weight decay": (edit(PLAIN, ("lr=lr", "lr=lr, weight_decay=0.01")), "weight decay"),
    "Nesterov momentum": (
        edit(PLAIN, ("Adam(", "SGD("), ("lr=lr", "lr=lr, momentum=0.9, nesterov=True")),
        "another optimizer than Adam",
    ),
    "momentum of another size": (
        edit(PLAIN, ("Adam(", "SGD("), ("lr=lr", "lr=lr, momentum=0.8")),
        None,
    ),
    "RAdam": (edit(PLAIN, ("optim.Adam", "optim.RAdam")), "another optimizer than Adam"),
    "inputs of each batch standardised": (
        edit(PLAIN, ("model(x)", "model((x - x.mean(dim=0)) / x.std(dim=0))")),
        "inputs standardised",
    ),
    "inputs standardised": (
        edit(
            PLAIN,
            (
                "    losses = []\n",
                "    losses = []\n    rows = torch.cat([x for x, _ in loader])\n",
            ),
            ("model(x)", "model((x - rows.mean(dim=0)) / rows.std(dim=0, correction=0))"),
        ),
        "inputs standardised",
    ),
    "SGD, mean of the batch means": (
        edit(
            PLAIN,
            ("optim.Adam", "optim.SGD"),
            ("len(x) * loss", "loss"),
            ("total / count", "total / len(loader)"),
        ),
        "another optimizer than Adam",
    ),
    "sum of batch losses never reset": (
        edit(
            PLAIN,
            ("        total, count = 0.0, 0\n", "        count = 0\n"),
            ("    losses = []\n", "    losses = []\n    total = 0.0\n"),
        ),
        "total never reset",
    ),
    "Adam by hand without its correction": (
        edit(RIGHT["Adam written by hand"], (" / (1 - 0.9 ** t)", ""), (" / (1 - 0.999 ** t)", "")),
        "not Adam",
    ),
    "targets centred": (edit(PLAIN, ("model(x), y", "model(x), y - y.mean()")), "steps differ"),
    "part of the rows held out": (
        edit(
            PLAIN,
            (
                "        for x, y in loader:\n",
                "        for x, y in loader:\n"
                "            x, y = x[len(x) // 3 :], y[len(y) // 3 :]\n",
            ),
        ),
        None,
    ),
}
