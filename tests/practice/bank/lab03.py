"""Answers to the practices of Lab 3."""

from __future__ import annotations

from tests.practice.bank import right, wrong
from tests.practice.bank.bug import PROGRAMS as BUG
from tests.practice.bank.lab01 import LOSS_MISTAKES
from tests.practice.bank.styles import STYLES, descent

PRELUDE = """
import math
import random
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset
import labhelpers

torch.manual_seed(11)
random.seed(11)
data = labhelpers.data.gentle_line(SEED)
X, Y = data.x, data.y

class Points(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __len__(self):
        return len(self.x)
    def __getitem__(self, index):
        return self.x[index], self.y[index]

dataset = Points(X, Y)

def criterion(y_hat, y):
    return torch.mean((y_hat - y) ** 2)

def train(batch_size, shuffle, epochs=10, lr=0.1):
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    losses = []
    for epoch in range(epochs):
        losses.append(criterion(w * X + b, Y).item())
        for x, y in DataLoader(dataset, batch_size=batch_size, shuffle=shuffle):
            loss = criterion(w * x + b, y)
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad; b -= lr * b.grad
            w.grad.zero_(); b.grad.zero_()
    return losses

SHUFFLE = bool(SEED % 2)
if SEED not in KEPT:  # the same for every program, and the longest part of the lab
    KEPT[SEED] = [train(size, SHUFFLE) for size in (60, 1, 5, 10)]
LOSS_BATCH, LOSS_ONE, LOSS5, LOSS10 = map(list, KEPT[SEED])
torch.manual_seed(12)
"""

SETTINGS = {"name": "LOSS20", "rate": "0.1", "epochs": "10"}
LOOPS = {
    "in order": {
        "inner": "for xb, yb in zip(torch.split(X, 20), torch.split(Y, 20)):",
        "batch_x": "xb",
        "batch_y": "yb",
    },
    "slices": {
        "inner": "for i in range(0, len(X), 20):",
        "batch_x": "X[i:i + 20]",
        "batch_y": "Y[i:i + 20]",
    },
    "shuffled": {
        "inner": "for xb, yb in DataLoader(dataset, batch_size=20, shuffle=True):",
        "batch_x": "xb",
        "batch_y": "yb",
    },
    "permuted": {
        "inner": "for rows in torch.randperm(len(X)).split(20):",
        "batch_x": "X[rows]",
        "batch_y": "Y[rows]",
    },
}


def twenty(style: str = "no_grad", loop: str = "in order", **slots: str) -> str:
    """The source of a run with batches of 20."""
    return descent(style, **{**SETTINGS, **LOOPS[loop], **slots})


def fixed(old: str, new: str, loop: str = "in order", style: str = "no_grad", **slots: str) -> str:
    """The same with one piece of text replaced, which must be there."""
    source = twenty(style, loop, **slots)
    assert old in source, (old, source)
    return source.replace(old, new)


BATCH_MISTAKES = {
    "never zeroed": ({"zero": ""}, ("gradients never zeroed",)),
    "recorded after": ({"when": "after"}, ("recorded after the update",)),
    "w frozen": ({"moves": "b"}, ("w never updated",)),
    "b frozen": ({"moves": "w"}, ("b never updated",)),
    "uphill": ({"sign": "+"}, ("stepping uphill",)),
    "batch ignored": ({"batch_x": "X", "batch_y": "Y"}, ("batch ignored",)),
}

#: Told apart exactly where the order is known; a shuffled run hides them.
ORDER_ONLY = {
    "rate 0.2": ({"rate": "0.2"}, ("wrong rate", "double steps")),
    "rate 0.01": ({"rate": "0.01"}, ("wrong rate",)),
    "start zero": ({"w0": "0.0", "b0": "0.0"}, ("wrong start",)),
    "start swapped": ({"w0": "-10.0", "b0": "-15.0"}, ("wrong start",)),
    "9 epochs": ({"epochs": "9"}, ("wrong number of epochs",)),
    "11 epochs": ({"epochs": "11"}, ("wrong number of epochs",)),
    "20 epochs": ({"epochs": "20"}, ("wrong number of epochs",)),
    "noise-free": (
        {"batch_y": "(xb - 1)", "full": "torch.mean((w * X + b - (X - 1)) ** 2).item()"},
        ("noise-free targets",),
    ),
    "noise-free steps": ({"batch_y": "(xb - 1)"}, ("noise-free targets for the steps",)),
    "sum recorded": ({"full": "((w * X + b - Y) ** 2).sum().item()"}, ("sum recorded",)),
    "half recorded": (
        {"full": "torch.mean((w * X + b - Y) ** 2).item() / 2"},
        ("half the loss recorded",),
    ),
    "absolute recorded": (
        {"full": "(w * X + b - Y).abs().mean().item()"},
        ("absolute errors recorded",),
    ),
    "log recorded": (
        {"full": "math.log(torch.mean((w * X + b - Y) ** 2).item())"},
        ("logarithm recorded",),
    ),
    "only the last batch recorded": (
        {"when": "after", "full": "loss.item()"},
        ("only the last batch recorded",),
    ),
}

EPOCH_RECORD = """
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
LOSS20 = []
for epoch in range(10):
    seen = []
    for xb, yb in DataLoader(dataset, batch_size=20, shuffle={shuffle}):
        loss = criterion(w * xb + b, yb)
        seen.append(loss.item())
        loss.backward()
        w.data -= 0.1 * w.grad
        b.data -= 0.1 * b.grad
        w.grad = b.grad = None
    LOSS20.{keep}
"""

#: Optimizers and what stands before their step: a wide cloud of shuffles holds almost any losses,
#: so no mistake must be named because some cloud holds these.
OPTIMIZED = """
from torch.utils.data import DataLoader, TensorDataset
w = torch.nn.Parameter(torch.tensor(-15.0))
b = torch.nn.Parameter(torch.tensor(-10.0))
optimizer = torch.optim.{made}
LOSS20 = []
for epoch in range(10):
    LOSS20.append(criterion(w * X + b, Y).item())
    for x, y in DataLoader(TensorDataset(X, Y), batch_size=20, shuffle={shuffle}):
        optimizer.zero_grad()
        criterion(w * x + b, y).backward()
        {before}
        optimizer.step()
"""
_CLIP = "torch.nn.utils.clip_grad_norm_([w, b], 5.0)"
OTHER_STEPS = (
    ("RMSprop, shuffled", "RMSprop([w, b], lr=0.1)", True, "pass", "steps differ"),
    ("Adagrad in order", "Adagrad([w, b], lr=0.1)", False, "pass", "steps differ"),
    ("clipped, shuffled", "SGD([w, b], lr=0.1)", True, _CLIP, "steps differ"),
    ("clipped, in order", "SGD([w, b], lr=0.1)", False, _CLIP, "steps differ"),
    (
        "Nesterov's momentum",
        "SGD([w, b], lr=0.1, momentum=0.9, nesterov=True)",
        False,
        "pass",
        "momentum",
    ),
)

PAIRS = (
    ("never zeroed", "recorded after"),
    ("b frozen", "sum recorded"),
    ("batch ignored", "recorded after"),
    ("9 epochs", "recorded after"),
    ("start zero", "rate 0.2"),
    ("w frozen", "half recorded"),
)
_ALL = {**BATCH_MISTAKES, **ORDER_ONLY}

SLICES = """
w20 = torch.tensor(-15.0, requires_grad=True)
b20 = torch.tensor(-10.0, requires_grad=True)
LOSS20 = []
for epoch in range(10):
    LOSS20.append(criterion(w20 * X + b20, Y).item())
    for i in range(0, 60, {step}):
        loss20 = criterion(w20 * X[i : i + {rows}] + b20, Y[i : i + {rows}])
        slopes = torch.autograd.grad(loss20, (w20, b20))
        with torch.no_grad():
            w20 -= 0.1 * slopes[0]
            b20 -= 0.1 * slopes[1]
"""

BATCH_20 = [
    *(right(f"{style}, {loop}", twenty(style, loop)) for style in STYLES for loop in LOOPS),
    right("as an array", twenty(end="LOSS20 = np.array(LOSS20)")),
    wrong(
        "slices one row short",
        SLICES.format(step=20, rows=19),
        "slices one row short",
    ),
    wrong("slices with gaps", SLICES.format(step=21, rows=20), "slices with gaps"),
    right("tensors", twenty("data", "permuted", full="torch.mean((w * X + b - Y) ** 2)")),
    right("the lab's function", "LOSS20 = train(20, shuffle=False)"),
    right("the lab's function, shuffled", "LOSS20 = train(20, shuffle=True)"),
    right(
        "from the last to the first batch",
        fixed(
            "for xb, yb in zip(torch.split(X, 20), torch.split(Y, 20)):",
            "for xb, yb in list(zip(X.split(20), Y.split(20)))[::-1]:",
        ),
    ),
    right(
        "shuffled once",
        "p = torch.randperm(60)\n"
        + fixed("torch.split(X, 20), torch.split(Y, 20)", "X[p].split(20), Y[p].split(20)"),
    ),
    right(
        "random.shuffle of indices",
        """
idx, u, v, LOSS20 = list(range(60)), -15.0, -10.0, []
xs, ys = X.numpy().ravel().astype(float), Y.numpy().ravel().astype(float)
for _ in range(10):
    LOSS20.append(np.mean((u * xs + v - ys) ** 2))
    random.shuffle(idx)
    for part in np.array_split(idx, 3):
        e = u * xs[part] + v - ys[part]
        u, v = u - 0.2 * np.mean(e * xs[part]), v - 0.2 * np.mean(e)
""",
    ),
    *(
        wrong(f"{what} ({style}, {loop})", twenty(style, loop, **slots), *names)
        for what, (slots, names) in BATCH_MISTAKES.items()
        for style in ("no_grad", "optimizer", "by hand")
        for loop in ("in order", "shuffled")
    ),
    *(
        wrong(f"{what} ({style})", twenty(style, **slots), *names)
        for what, (slots, names) in ORDER_ONLY.items()
        for style in ("no_grad", "optimizer")
    ),
    *(
        wrong(
            f"{what} in the loss",
            twenty("functional", **slots, full="torch.mean((w * X - b - Y) ** 2).item()"),
            *names,
        )
        for what, (slots, names) in LOSS_MISTAKES.items()
        if what in ("minus b",)
    ),
    *(
        wrong(f"{one} and {two}", twenty("data", **{**_ALL[one][0], **_ALL[two][0]}))
        for one, two in PAIRS
    ),
    wrong(
        "sum in the loss",
        twenty(loss="torch.sum((y_hat - {y}) ** 2)"),
        "sum instead of mean in the gradient",
    ),
    wrong(
        "sum in the loss, shuffled", twenty(loop="shuffled", loss="torch.sum((y_hat - {y}) ** 2)")
    ),
    wrong(
        "half in the loss",
        twenty(loss="torch.mean((y_hat - {y}) ** 2) / 2"),
        "half steps",
        "wrong rate",
    ),
    wrong(
        "half in the loss, shuffled",
        twenty(loop="permuted", loss="torch.mean((y_hat - {y}) ** 2) / 2"),
        "half steps",
        "wrong rate",
    ),
    wrong(
        "no factor 2 by hand",
        twenty("by hand").replace("2 * (res", "(res").replace("2 * residual", "residual"),
        "half steps",
        "wrong rate",
    ),
    *(
        wrong(name, OPTIMIZED.format(made=made, shuffle=shuffle, before=before), named)
        for name, made, shuffle, before, named in OTHER_STEPS
    ),
    wrong(
        "last batch recorded, shuffled", EPOCH_RECORD.format(shuffle=True, keep="append(seen[-1])")
    ),
    wrong(
        "last batch recorded",
        EPOCH_RECORD.format(shuffle=False, keep="append(seen[-1])"),
        "only the last batch recorded",
    ),
    wrong(
        "first batch recorded",
        EPOCH_RECORD.format(shuffle=False, keep="append(seen[0])"),
        "only the first batch recorded",
    ),
    wrong(
        "mean of batches",
        EPOCH_RECORD.format(shuffle=False, keep="append(sum(seen) / 3)"),
        "mean of the batch losses",
    ),
    wrong(
        "mean of batches, shuffled", EPOCH_RECORD.format(shuffle=True, keep="append(np.mean(seen))")
    ),
    wrong(
        "sum of batches",
        EPOCH_RECORD.format(shuffle=False, keep="append(sum(seen))"),
        "batch losses added up",
    ),
    wrong(
        "divided by the batch size",
        EPOCH_RECORD.format(shuffle=False, keep="append(sum(seen) / 20)"),
        "divided by the batch size",
    ),
    wrong(
        "divided by the number of points",
        EPOCH_RECORD.format(shuffle=False, keep="append(sum(seen) / len(X))"),
        "divided by the number of points",
    ),
    wrong(
        "every batch",
        EPOCH_RECORD.format(shuffle=False, keep="extend(seen)"),
        "loss of every batch recorded",
    ),
    *(
        wrong(f"11 epochs ({loop})", twenty("data", loop, epochs="11"), "wrong number of epochs")
        for loop in ("shuffled", "permuted")
    ),
    wrong("every batch, shuffled", EPOCH_RECORD.format(shuffle=True, keep="extend(seen)")),
    wrong(
        "always the first slice",
        fixed("X[i:i + 20]", "X[:20]", "slices").replace("Y[i:i + 20]", "Y[:20]"),
        "always the first batch",
    ),
    wrong(
        "slice ends at i",
        fixed("X[i:i + 20]", "X[i - 20:i]", "slices").replace("Y[i:i + 20]", "Y[i - 20:i]"),
    ),
    wrong(
        "step outside the inner loop",
        """
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
LOSS20 = []
for epoch in range(10):
    LOSS20.append(criterion(w * X + b, Y).item())
    for x, y in zip(X.split(20), Y.split(20)):
        loss = criterion(w * x + b, y)
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad; b -= 0.1 * b.grad
    w.grad.zero_(); b.grad.zero_()
""",
        "one update per epoch",
    ),
    wrong(
        "zeroed once per epoch",
        """
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
LOSS20 = []
for epoch in range(10):
    LOSS20.append(criterion(w * X + b, Y).item())
    for x, y in zip(X.split(20), Y.split(20)):
        criterion(w * x + b, y).backward()
        with torch.no_grad():
            w -= 0.1 * w.grad; b -= 0.1 * b.grad
    w.grad.zero_(); b.grad.zero_()
""",
        "gradients zeroed once per epoch",
    ),
    wrong(
        "recorded at every update",
        """
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
LOSS20 = []
for epoch in range(10):
    for x, y in zip(X.split(20), Y.split(20)):
        LOSS20.append(criterion(w * X + b, Y).item())
        criterion(w * x + b, y).backward()
        with torch.no_grad():
            w -= 0.1 * w.grad; b -= 0.1 * b.grad
        w.grad.zero_(); b.grad.zero_()
""",
        "recorded at every update",
    ),
    wrong("batch descent", "LOSS20 = train(60, False)", "batch descent"),
    wrong("one-sample, in order", "LOSS20 = train(1, False)", "one-sample descent"),
    wrong("one-sample, shuffled", "LOSS20 = train(1, True)", "one-sample descent"),
    wrong("batches of 10", "LOSS20 = train(10, False)", "wrong batch size"),
    wrong("batches of 10, shuffled", "LOSS20 = train(10, True)", "wrong batch size"),
    wrong("batches of 5", "LOSS20 = train(5, False)", "wrong batch size"),
    wrong("batches of 5, shuffled", "LOSS20 = train(5, True)", "wrong batch size"),
    wrong("batches of 3", "LOSS20 = train(3, False)", "wrong batch size"),
    wrong("20 batches of 3, shuffled", "LOSS20 = train(3, True)"),
    wrong("batches of 30, shuffled", "LOSS20 = train(30, True)", "wrong batch size"),
    wrong("last batch dropped", "LOSS20 = train(20, False)[:9] + [0.0]"),
    wrong(
        "two batches of three",
        fixed("torch.split(X, 20), torch.split(Y, 20)", "X.split(20)[:2], Y.split(20)[:2]"),
    ),
    wrong("rate 0.05, shuffled", "LOSS20 = train(20, True, lr=0.05)", "wrong rate"),
    wrong("rate 0.2, shuffled", "LOSS20 = train(20, True, lr=0.2)", "wrong rate"),
    wrong(
        "data of lab 2",
        "d2 = labhelpers.data.steep_line(SEED); X, Y = d2.x, d2.y\n" + twenty(),
        "data of another lab",
    ),
    wrong(
        "constants",
        "LOSS20 = [835.3, 85.69, 5.429, 0.3364, 0.0275, 0.008916, 0.007834, 0.00778, "
        "0.007779, 0.00778]",
        "constants typed in",
    ),
    wrong(
        "constants, shuffled look",
        "LOSS20 = [835.3, 30.2, 5.1, 1.2, 0.31, 0.09, 0.03, 0.012, 0.009, 0.0081]",
        "constants typed in",
    ),
    wrong(
        "constants in full",
        "LOSS20 = [835.275995, 85.694612, 5.4290121, 0.33644, 0.0275011, "
        "0.0089162, 0.00783371, 0.00777953, 0.00777912, 0.00777981]",
    ),
    wrong("LOSS10", "LOSS20 = LOSS10", "wrong batch size"),
    wrong("last loss alone", twenty(end="LOSS20 = LOSS20[-1]"), "only the last loss"),
    wrong("text", "LOSS20 = 'batch size 20'", "wrong type"),
    wrong("tuples of epoch and loss", twenty(end="LOSS20 = list(enumerate(LOSS20))")),
]


def figure(body: str, losses: str = "LOSS20 = train(20, SHUFFLE)") -> str:
    """A plotting cell, after a cell that solves the practice before it."""
    return f"{losses}\nax = None\n{body}\n"


_DONE = 'ax.set_xlabel("epoch"); ax.set_ylabel("loss"); ax.legend()'
_ALL_FIVE = "(LOSS_BATCH, LOSS_ONE, LOSS5, LOSS10, LOSS20)"
_LOOP = f"""
fig, ax = plt.subplots()
for name, losses in zip(("60", "1", "5", "10", "20"), {_ALL_FIVE}):
    ax.plot(losses, label=name)
"""

COMPARE_PLOT = [
    right("loop", figure(_LOOP + _DONE)),
    right("log axis", figure(_LOOP + 'ax.set_yscale("log")\n' + _DONE)),
    right("both ways shuffled", figure(_LOOP + _DONE, "LOSS20 = train(20, True)")),
    right(
        "pyplot",
        figure(f"""
plt.figure()
for k, losses in enumerate({_ALL_FIVE}):
    plt.semilogy(range(1, 11), losses, marker="osx^v"[k], label=f"run {{k}}")
plt.xlabel("Epoch"); plt.ylabel("MSE"); plt.legend(loc="best"); plt.grid()
ax = plt.gca()"""),
    ),
    right(
        "matrix",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(np.array({_ALL_FIVE}).T)
ax.legend(["batch", "1", "5", "10", "20"]); ax.set(xlabel="epochs", ylabel="L")"""),
    ),
    right(
        "against updates",
        figure(f"""
fig, ax = plt.subplots()
for size, losses in zip((60, 1, 5, 10, 20), {_ALL_FIVE}):
    ax.plot(np.arange(10) * math.ceil(60 / size), losses, "-o", label=str(size))
ax.set(xlabel="updates", ylabel="loss", xscale="symlog", yscale="log"); ax.legend()"""),
    ),
    right(
        "lines and points",
        figure(f"""
fig, ax = plt.subplots()
for size, losses in zip((60, 1, 5, 10, 20), {_ALL_FIVE}):
    ax.plot(losses, label=str(size)); ax.scatter(range(10), losses)
{_DONE}"""),
    ),
    right(
        "as tensors",
        figure(f"""
fig, ax = plt.subplots()
for size, losses in zip((60, 1, 5, 10, 20), {_ALL_FIVE}):
    ax.plot(torch.tensor(losses), "--", label=f"B = {{size}}")
{_DONE}"""),
    ),
    wrong("empty", figure("fig, ax = plt.subplots()"), "no curve"),
    wrong(
        "four",
        figure(_LOOP.replace(", LOSS20)", ")").replace(', "20"', "") + _DONE),
        "curve missing",
        "wrong number of legend entries",
    ),
    wrong(
        "LOSS20 only",
        figure(f"fig, ax = plt.subplots(); ax.plot(LOSS20, label='20'); {_DONE}"),
        "one curve only",
    ),
    wrong("one twice", figure(_LOOP.replace("LOSS5,", "LOSS10,") + _DONE), "one curve twice"),
    wrong(
        "batch twice", figure(_LOOP.replace("LOSS_ONE", "LOSS_BATCH") + _DONE), "one curve twice"
    ),
    wrong(
        "logarithms",
        figure(_LOOP.replace("plot(losses", "plot(np.log(losses)") + _DONE),
        "logarithm of the losses",
    ),
    wrong(
        "x and y swapped",
        figure(_LOOP.replace("plot(losses", "plot(losses, range(10)") + _DONE),
        "x and y swapped",
    ),
    wrong(
        "five axes",
        figure(f"""
fig, grid = plt.subplots(1, 5)
for a, losses in zip(grid, {_ALL_FIVE}): a.plot(losses, label="x")
ax = grid[0]; {_DONE}"""),
        "curves on two axes",
    ),
    wrong(
        "twin axes",
        figure(
            _LOOP.replace(", LOSS20)", ")").replace(', "20"', "")
            + "ax.twinx().plot(LOSS20, label='20'); "
            + _DONE
        ),
        "curves on two axes",
    ),
    wrong("no labels", figure(_LOOP + "ax.legend()"), "axes unlabelled"),
    wrong("no x label", figure(_LOOP + "ax.legend(); ax.set_ylabel('loss')"), "axes unlabelled"),
    wrong(
        "labels swapped",
        figure(_LOOP + "ax.legend(); ax.set(xlabel='loss', ylabel='epoch')"),
        "axis labels swapped",
    ),
    wrong("no legend", figure(_LOOP + "ax.set(xlabel='epoch', ylabel='loss')"), "no legend"),
    wrong(
        "legend of four",
        figure(_LOOP.replace('"60"', '"_60"') + _DONE),
        "wrong number of legend entries",
    ),
    wrong(
        "equal entries",
        figure(_LOOP.replace("label=name", "label='loss'") + _DONE),
        "legend entries alike",
    ),
    wrong(
        "one text as legend",
        figure(_LOOP + "ax.set(xlabel='epoch', ylabel='loss'); ax.legend('batch')"),
        "legend text taken apart",
    ),
    wrong(
        "bars",
        figure(_LOOP.replace("ax.plot(losses", "ax.bar(range(len(losses)), losses") + _DONE),
        "no curve",
    ),
    wrong(
        "cut short",
        figure(_LOOP.replace("plot(losses", "plot(losses[1:]") + _DONE),
        "curve cut short",
    ),
    wrong(
        "against a fraction",
        figure(_LOOP.replace("plot(losses", "plot(np.linspace(0, 1, 10), losses") + _DONE),
        "x is not the epoch",
    ),
    wrong(
        "LOSS20 that is wrong",
        figure(_LOOP + _DONE, "LOSS20 = [2 * v for v in LOSS10]"),
        "losses not right yet",
    ),
    wrong("LOSS20 = LOSS10", figure(_LOOP + _DONE, "LOSS20 = LOSS10"), "one curve twice"),
    wrong(
        "bars",
        figure(_LOOP.replace("ax.plot(losses", "ax.bar(range(10), losses") + _DONE),
        "no curve",
    ),
    wrong("a list", figure("ax = [LOSS5, LOSS10]"), "wrong type"),
    wrong("nothing", figure("plt.plot(LOSS20); ax = plt.show"), "wrong type"),
    wrong(
        "all in one curve",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(sum({_ALL_FIVE}, []), label="all"); {_DONE}"""),
    ),
]

COUNT = "def updates_per_epoch(n, batch_size):\n    "

UPDATES = [
    right("ceil", COUNT + "return math.ceil(n / batch_size)"),
    right(
        "calls itself",
        COUNT
        + "return 1 if n <= batch_size else 1 + updates_per_epoch(n - batch_size, batch_size)",
    ),
    right("floor of the negative", COUNT + "return -(-n // batch_size)"),
    right("rounding up", COUNT + "return (n + batch_size - 1) // batch_size"),
    right("numpy", COUNT + "return np.ceil(n / batch_size)"),
    right("torch", COUNT + "return torch.ceil(torch.tensor(n / batch_size))"),
    right("divmod", COUNT + "full, rest = divmod(n, batch_size); return full + (rest > 0)"),
    right("count the range", COUNT + "return len(range(0, n, batch_size))"),
    right("count the splits", COUNT + "return len(torch.arange(n).split(batch_size))"),
    right("a DataLoader's length", COUNT + "return len(DataLoader(range(n), batch_size))"),
    right(
        "a loop",
        COUNT
        + """count = 0
    while n > 0:
        n -= batch_size
        count += 1
    return count""",
    ),
    right(
        "recursion free of depth",
        COUNT
        + """
    if n <= batch_size:
        return 1
    return n // batch_size if n % batch_size == 0 else n // batch_size + 1""",
    ),
    right("a lambda", "updates_per_epoch = lambda n, batch_size: int(math.ceil(n / batch_size))"),
    right(
        "Fraction",
        "from fractions import Fraction\n" + COUNT + "return math.ceil(Fraction(n, batch_size))",
    ),
    wrong("floor", COUNT + "return n // batch_size", "short batch forgotten"),
    wrong("int", COUNT + "return int(n / batch_size)", "short batch forgotten"),
    wrong("floor plus one", COUNT + "return n // batch_size + 1", "one too many"),
    wrong("division", COUNT + "return n / batch_size", "not a whole number"),
    wrong("round", COUNT + "return round(n / batch_size)", "rounded to the nearest"),
    wrong("n", COUNT + "return n", "number of samples"),
    wrong("batch size", COUNT + "return batch_size", "batch size"),
    wrong("swapped", COUNT + "return math.ceil(batch_size / n)", "arguments swapped"),
    wrong("swapped floor", COUNT + "return batch_size // n", "arguments swapped"),
    wrong("product", COUNT + "return n * batch_size", "multiplied"),
    wrong("remainder", COUNT + "return n % batch_size", "remainder"),
    wrong("one", COUNT + "return 1", "always one"),
    wrong("at least one", COUNT + "return max(1, n // batch_size)", "at least one"),
    wrong("n is 60", COUNT + "return math.ceil(60 / batch_size)", "knows one data set only"),
    wrong("len(X)", COUNT + "return math.ceil(len(X) / batch_size)", "knows one data set only"),
    wrong("batch size is 20", COUNT + "return math.ceil(n / 20)", "knows one batch size only"),
    wrong("prints", COUNT + "print(math.ceil(n / batch_size))", "returns None"),
    wrong("text", COUNT + "return str(math.ceil(n / batch_size))", "returns something else"),
    wrong("a pair", COUNT + "return divmod(n, batch_size)", "not one number"),
    wrong("one parameter", "def updates_per_epoch(n):\n    return n", "error"),
    wrong("a number", "updates_per_epoch = 3", "no function"),
    wrong(
        "a table of what the lab shows",
        "table = {60: 1, 1: 60, 20: 3, 7: 9, 59: 2}\n" + COUNT + "return table[batch_size]",
        "error",
    ),
    wrong(
        "a table with a default",
        "table = {(60, 60): 1, (60, 1): 60, (60, 20): 3, (60, 7): 9, "
        "(60, 59): 2, (61, 20): 4, (3, 8): 1}\n"
        + COUNT
        + "return table.get((n, batch_size), n // batch_size)",
        "right for some calls only",
    ),
    wrong("last index", COUNT + "return math.ceil(n / batch_size) - 1", "last index"),
    wrong(
        "never ends for a batch of one",
        COUNT + "assert batch_size > 1; return -(-n // batch_size)",
        "error",
    ),
    wrong("minus", COUNT + "return n - batch_size"),
    wrong("right up to 100", COUNT + "return min(100, -(-n // batch_size))"),
]

BANK = {
    "lab03-find-the-bug": (PRELUDE, BUG),
    "lab03-batch-20": (PRELUDE, BATCH_20),
    "lab03-compare-plot": (PRELUDE, COMPARE_PLOT),
    "lab03-updates": (PRELUDE, UPDATES),
}
