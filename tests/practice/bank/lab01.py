"""Answers to the practices of Lab 1."""

from __future__ import annotations

from dataclasses import replace

from tests.practice.bank import right, wrong
from tests.practice.bank.gradients import PROGRAMS as GRADIENTS
from tests.practice.bank.styles import STYLES, descent

PRELUDE = """
import matplotlib.pyplot as plt
import numpy as np
import torch
import labhelpers
from labhelpers import LossSurface

dataset = labhelpers.data.gentle_line(SEED)
X, Y = dataset.x, dataset.y
x, y = X.numpy(), Y.numpy()
surface = LossSurface(X, Y)
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)

def forward(x):
    return w * x + b

def criterion(y_hat, y):
    return torch.mean((y_hat - y) ** 2)

LOSS = []
for iteration in range(15):
    loss = criterion(forward(X), Y)
    LOSS.append(loss.item())
    loss.backward()
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
    w.grad.zero_()
    b.grad.zero_()
"""

#: What a mistake changes in a training cell, and the names it may be given.
MISTAKES = {
    "never zeroed": ({"zero": ""}, ("gradients never zeroed",)),
    "w never zeroed": ({"zero": "b"}, ("gradient of w never zeroed",)),
    "b never zeroed": ({"zero": "w"}, ("gradient of b never zeroed",)),
    "uphill": ({"sign": "+"}, ("stepping uphill",)),
    "recorded after": ({"when": "after"}, ("recorded after the update",)),
    "w frozen": ({"moves": "b"}, ("w never updated",)),
    "b frozen": ({"moves": "w"}, ("b never updated",)),
    "rate 0.1": ({"rate": "0.1"}, ("wrong rate", "half steps")),
    "rate 0.02": ({"rate": "0.02"}, ("wrong rate",)),
    "rate 0.4": ({"rate": "0.4"}, ("wrong rate", "double steps")),
    "start zero": ({"w0": "0.0", "b0": "0.0"}, ("wrong start",)),
    "start swapped": ({"w0": "-10.0", "b0": "-15.0"}, ("wrong start",)),
    "start 15, 10": ({"w0": "15.0", "b0": "10.0"}, ("wrong start",)),
    "any other start": ({"w0": "-7.0", "b0": "4.0"}, ("wrong start",)),
    "14 epochs": ({"epochs": "14"}, ("wrong number of epochs",)),
    "16 epochs": ({"epochs": "16"}, ("wrong number of epochs",)),
    "20 epochs": ({"epochs": "20"}, ("wrong number of epochs",)),
    "sum recorded": ({"record": "loss.item() * len(X)"}, ("sum recorded",)),
    "half recorded": ({"record": "loss.item() / 2"}, ("half the loss recorded",)),
    "root recorded": ({"record": "loss.item() ** 0.5"}, ("root of the mean squared error",)),
    "log recorded": ({"record": "float(torch.log(loss))"}, ("logarithm recorded",)),
    "absolute recorded": (
        {"record": "(y_hat - Y).abs().mean().item()"},
        ("absolute errors recorded",),
    ),
    "clean loss": (
        {"record": "torch.mean((y_hat - (X - 1)) ** 2).item()"},
        ("noise-free targets for the loss",),
    ),
    "noise-free": ({"y": "(X - 1)"}, ("noise-free targets",)),
    "running sum": (
        {"record": "loss.item() + (LOSS2[-1] if LOSS2 else 0)"},
        ("losses added up",),
    ),
}

#: Mistakes in the loss itself: only where the gradient is taken from it.
LOSS_MISTAKES = {
    "sum": ({"loss": "torch.sum((y_hat - {y}) ** 2)"}, ("sum instead of mean",)),
    "half": (
        {"loss": "torch.mean((y_hat - {y}) ** 2) / 2"},
        ("half the mean squared error",),
    ),
    "absolute": ({"loss": "torch.mean(torch.abs(y_hat - {y}))"}, ("absolute errors",)),
    "minus b": ({"model": "w * {x} - b"}, ("sign of b in the model",)),
    "w and b in each other's place": ({"model": "b * {x} + w"}, ("wrong start",)),
}

#: Two mistakes at once.
PAIRS = (
    ("never zeroed", "recorded after"),
    ("uphill", "recorded after"),
    ("b frozen", "sum recorded"),
    ("w frozen", "noise-free"),
    ("rate 0.1", "recorded after"),
    ("14 epochs", "recorded after"),
    ("start zero", "rate 0.1"),
    ("half recorded", "never zeroed"),
    ("16 epochs", "never zeroed"),
)


def _in_styles(mistakes, styles, **settings):
    return [
        wrong(f"{what} ({style})", descent(style, **{**settings, **slots}), *names)
        for what, (slots, names) in mistakes.items()
        for style in styles
    ]


def _pairs(mistakes, pairs, styles, **settings):
    return [
        wrong(
            f"{one} and {two} ({style})",
            descent(style, **{**settings, **mistakes[one][0], **mistakes[two][0]}),
        )
        for one, two in pairs
        for style in styles
    ]


FIFTEEN = "835.276, 61.907, 12.645, 4.173, 1.494, 0.543, 0.201, 0.0773, 0.0328, 0.0168, "
FIFTEEN += "0.011, 0.0089, 0.0081, 0.0079, 0.0078"

RATE_02 = [
    *(right(style, descent(style)) for style in STYLES),
    right("as an array", descent("no_grad", end="LOSS2 = np.array(LOSS2)")),
    right("as a stacked tensor", descent("data", record="loss", end="LOSS2 = torch.stack(LOSS2)")),
    right("0-d tensors with their graphs", descent("no_grad", record="loss")),
    right("0-d tensors detached", descent("optimizer", record="loss.detach()")),
    right("a tuple", descent("functional", end="LOSS2 = tuple(LOSS2)")),
    right("numpy scalars", descent("by hand", record="loss.numpy()")),
    right("column of shape (15, 1)", descent("by hand", end="LOSS2 = np.c_[LOSS2]")),
    right("rounded to four decimals", descent("no_grad", record="round(loss.item(), 4)")),
    right("rounded to three decimals", descent("no_grad", record="round(loss.item(), 3)")),
    right(
        "float64 in numpy",
        """
p = np.array([-15.0, -10.0])
A = np.c_[x.astype(float), np.ones(len(x))]
LOSS2 = []
for _ in range(15):
    r = A @ p - y[:, 0]
    LOSS2.append(r @ r / len(r))
    p = p - 0.2 * 2 * A.T @ r / len(r)
""",
    ),
    right(
        "plain Python floats",
        """
xs, ys, n = X.flatten().tolist(), Y.flatten().tolist(), len(X)
slope, cut, LOSS2 = -15.0, -10.0, []
while len(LOSS2) < 15:
    errors = [slope * u + cut - v for u, v in zip(xs, ys)]
    LOSS2 += [sum(e * e for e in errors) / n]
    slope, cut = (slope - 0.4 * sum(e * u for e, u in zip(errors, xs)) / n,
                  cut - 0.4 * sum(errors) / n)
""",
    ),
    right(
        "a function, MSELoss and a stacked parameter",
        """
def losses(rate, count):
    theta = torch.nn.Parameter(torch.tensor([[-15.0], [-10.0]]))
    design = torch.cat([X, torch.ones_like(X)], dim=1)
    mse = torch.nn.MSELoss()
    for _ in range(count):
        value = mse(design @ theta, Y)
        yield value.item()
        value.backward()
        theta.data.sub_(rate * theta.grad)
        theta.grad = None
LOSS2 = list(losses(0.2, 15))
""",
    ),
    right(
        "nn.Linear with set weights",
        """
net = torch.nn.Linear(1, 1)
with torch.no_grad():
    net.weight.fill_(-15.0); net.bias.fill_(-10.0)
opt = torch.optim.SGD(net.parameters(), 0.2)
LOSS2 = [None] * 15
for k in range(15):
    opt.zero_grad()
    l = torch.nn.functional.mse_loss(net(X), Y)
    LOSS2[k] = l.detach()
    l.backward()
    opt.step()
""",
    ),
    right(
        "the lab's own names, started afresh",
        """
w.data, b.data = torch.tensor(-15.0), torch.tensor(-10.0)
LOSS2 = []
for i in range(15):
    loss = criterion(forward(X), Y)
    LOSS2.append(float(loss))
    loss.backward()
    w.data = w.data - 0.2 * w.grad.data
    b.data = b.data - 0.2 * b.grad.data
    w.grad.data.zero_()
    b.grad.data.zero_()
""",
    ),
    right(
        "by eigenvectors, without a loop over the data",
        """
lam, V = np.linalg.eigh(2 * np.array([[np.mean(x.astype(float)**2), np.mean(x.astype(float))],
                                      [np.mean(x.astype(float)), 1.0]]))
best = np.array([float(v) for v in surface.minimum])
a = V.T @ (np.array([-15.0, -10.0]) - best)
LOSS2 = [float(surface.minimum_loss) + 0.5 * np.sum(lam * (a * (1 - 0.2 * lam) ** k) ** 2)
         for k in range(15)]
""",
    ),
    right(
        "sum of squares divided by hand, scaled gradient",
        descent("no_grad", loss="((y_hat - {y}) ** 2).sum() / len(X)"),
    ),
    *_in_styles(MISTAKES, ("no_grad", "optimizer", "by hand")),
    *_in_styles(
        {k: v for k, v in MISTAKES.items() if k in ("never zeroed", "recorded after", "uphill")},
        ("data", "functional", "module"),
    ),
    *_in_styles(LOSS_MISTAKES, ("no_grad", "data", "optimizer", "functional")),
    *_pairs(MISTAKES, PAIRS, ("no_grad", "data")),
    wrong(
        "never zeroed, kept as tensors in an array",
        descent("data", zero="", end="LOSS2 = np.array(LOSS2)"),
        "gradients never zeroed",
    ),
    wrong(
        "recorded after, 0-d tensors",
        descent("functional", when="after", record="loss"),
        "recorded after the update",
    ),
    wrong(
        "gradient without its factor 2",
        descent("by hand").replace("2 * (res", "(res").replace("2 * residual", "residual"),
        "half steps",
        "wrong rate",
    ),
    wrong(
        "gradient of the sum, loss as mean",
        descent("by hand").replace(".mean()\n", ".sum()\n"),
        "sum instead of mean in the gradient",
    ),
    wrong(
        "b with the moved w",
        descent("by hand")
        .replace("gw = dw", "w = w - 0.2 * dw\n    residual = w * X + b - Y")
        .replace("gb = db", "b = b - 0.2 * 2 * residual.mean()")
        .replace("    w = w - 0.2 * gw\n    b = b - 0.2 * gb\n", ""),
        "b updated with the moved w",
    ),
    wrong(
        "w with the moved b",
        """
w, b, LOSS2 = torch.tensor(-15.0), torch.tensor(-10.0), []
for _ in range(15):
    r = w * X + b - Y
    LOSS2.append(float((r ** 2).mean()))
    b = b - 0.4 * r.mean()
    r = w * X + b - Y
    w = w - 0.4 * (r * X).mean()
""",
        "w updated with the moved b",
    ),
    wrong(
        "goes on where the first run ended",
        descent("no_grad").split("\n", 2)[2],
        "wrong start",
    ),
    wrong(
        "only w starts afresh",
        descent("no_grad").split("\n", 2)[0] + "\n" + descent("no_grad").split("\n", 2)[2],
        "wrong start",
    ),
    wrong(
        "zeroed before the step",
        descent("no_grad").replace(
            "    with torch.no_grad():",
            "    w.grad.zero_(); b.grad.zero_()\n    with torch.no_grad():",
        ),
        "nothing moves",
    ),
    wrong("w uphill only", descent("no_grad").replace("w -=", "w +="), "w steps uphill"),
    wrong("b uphill only", descent("no_grad").replace("b -=", "b +="), "b steps uphill"),
    wrong(
        "steps made twice",
        descent("no_grad").replace(
            "    w.grad.zero_()", "        w -= 0.2 * w.grad; b -= 0.2 * b.grad\n    w.grad.zero_()"
        ),
        "double steps",
        "wrong rate",
    ),
    wrong(
        "data of lab 2",
        "d2 = labhelpers.data.steep_line(SEED); X, Y = d2.x, d2.y\n"
        + descent("no_grad", rate="0.2"),
        "data of another lab",
    ),
    wrong("LOSS again", "LOSS2 = LOSS", "wrong rate", "half steps"),
    wrong("LOSS times two", "LOSS2 = [2 * v for v in LOSS]"),
    wrong("constants with three decimals", f"LOSS2 = [{FIFTEEN}]", "constants typed in"),
    wrong(
        "constants with four digits",
        "LOSS2 = [835.3, 61.91, 12.64, 4.173, 1.494, 0.5429, 0.2007, 0.07729, 0.0328, 0.01676, "
        "0.01097, 0.008885, 0.008132, 0.007861, 0.007763]",
        "constants typed in",
    ),
    wrong(
        "constants in full",
        "LOSS2 = [835.2759951553418, 61.907095537, 12.644746986, 4.172733223, 1.493754837, "
        "0.542933771, 0.200684078, 0.0772939716, 0.0328005848, 0.016756338, 0.0109707943, "
        "0.00888453094, 0.00813222567, 0.00786094486, 0.00776312117]",
        "constants typed in",
    ),
    wrong("last loss alone", descent("no_grad", end="LOSS2 = LOSS2[-1]"), "only the last loss"),
    wrong(
        "list made in the loop",
        descent("no_grad").replace(
            "LOSS2 = []\nfor epoch in range(15):", "for epoch in range(15):\n    LOSS2 = []"
        ),
        "only the last loss",
    ),
    wrong("reversed", descent("no_grad", end="LOSS2 = LOSS2[::-1]")),
    wrong("sorted by size and cut", descent("no_grad", epochs="30", end="LOSS2 = LOSS2[::2]")),
    wrong("fifteen times the first", "LOSS2 = [LOSS[0]] * 15", "nothing moves"),
    wrong("parameters instead of losses", descent("no_grad", record="w.item()")),
    wrong("not numbers", descent("no_grad", record="str(loss.item())"), "wrong type"),
    wrong("a generator", "LOSS2 = (v for v in LOSS)", "wrong type"),
    wrong("a dict", descent("no_grad", end="LOSS2 = dict(enumerate(LOSS2))"), "wrong type"),
    wrong("nan", "LOSS2 = [float('nan')] * 15", "not finite"),
    wrong(
        "never zeroed and float64",
        """
w = torch.tensor(-15.0, dtype=torch.double, requires_grad=True)
b = torch.tensor(-10.0, dtype=torch.double, requires_grad=True)
LOSS2 = []
for i in range(15):
    loss = ((w * X + b - Y) ** 2).mean()
    LOSS2.append(loss.item())
    loss.backward()
    with torch.no_grad():
        w -= 0.2 * w.grad
        b -= 0.2 * b.grad
""",
        "gradients never zeroed",
    ),
    wrong("momentum", descent("optimizer").replace("lr=0.2", "lr=0.2, momentum=0.9")),
    wrong("Adam", descent("optimizer").replace("optim.SGD", "optim.Adam")),
    wrong("weight decay", descent("optimizer").replace("lr=0.2", "lr=0.2, weight_decay=0.01")),
    wrong("rate that decays", descent("no_grad", rate="0.2 * 0.99 ** epoch")),
    wrong("first half of the data", descent("no_grad", x="X[:30]", y="Y[:30]")),
    wrong("broken shapes", descent("no_grad", y="Y.flatten()")),
    wrong("x and y in each other's place", descent("no_grad", x="Y", y="X")),
]


def figure(body: str, before: str = "") -> str:
    """A plotting cell, after a cell that solves the practice before it."""
    return f"{descent('no_grad')}{before}\nax = None\n{body}\n"


_DONE = 'ax.set_xlabel("iteration"); ax.set_ylabel("loss"); ax.legend()'

COMPARE_PLOT = [
    right(
        "figure and axes as a pair",
        figure("""
ax = plt.subplots()
ax[1].plot(LOSS, label="0.1")
ax[1].plot(LOSS2, label="0.2")
ax[1].set(xlabel="iteration", ylabel="loss")
ax[1].legend()"""),
    ),
    right(
        "axes methods",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1")
ax.plot(LOSS2, label="0.2")
{_DONE}"""),
    ),
    right(
        "pyplot and gca",
        figure("""
plt.figure()
plt.plot(range(15), LOSS, "o-", label="rate 0.1")
plt.plot(range(15), LOSS2, "s--", label="rate 0.2")
plt.xlabel("step"); plt.ylabel("MSE"); plt.legend(); plt.title("runs"); plt.yscale("log")
ax = plt.gca()
plt.show()"""),
    ),
    right(
        "semilogy from 1",
        figure("""
fig = plt.figure()
ax = fig.add_subplot(111)
k = np.arange(1, 16)
ax.semilogy(k, LOSS, k, LOSS2)
ax.set(xlabel="update", ylabel="L(w, b)")
ax.legend(["0.1", "0.2"])"""),
    ),
    right(
        "one call with a matrix",
        figure("""
fig, ax = plt.subplots()
ax.plot(np.array([LOSS, LOSS2]).T, label=["0.1", "0.2"])
ax.set(xlabel="k", ylabel="loss"); ax.legend(loc="upper right")"""),
    ),
    right(
        "scatter",
        figure(f"""
fig, ax = plt.subplots()
ax.scatter(range(15), LOSS, label="0.1"); ax.scatter(range(15), LOSS2, marker="x", label="0.2")
{_DONE}"""),
    ),
    right(
        "tensors",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(torch.tensor(LOSS2), "--", label="0.2"); ax.plot(torch.tensor(LOSS), label="0.1")
{_DONE}"""),
    ),
    right(
        "line and points",
        figure(f"""
fig, ax = plt.subplots()
for values, name in ((LOSS, "0.1"), (LOSS2, "0.2")):
    ax.plot(values, label=name); ax.scatter(range(len(values)), values)
{_DONE}"""),
    ),
    right(
        "array of one axes",
        figure(f"""
fig, grid = plt.subplots(1, 1, squeeze=False)
ax = grid[0, 0]
[ax.plot(v, label=n) for v, n in zip((LOSS, LOSS2), "ab")]
{_DONE}"""),
    ),
    right(
        "with a line for the minimum",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); ax.axhline(0.0077, color="gray")
{_DONE}"""),
    ),
    right(
        "the figure itself",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2")
{_DONE}
ax = fig"""),
    ),
    wrong("empty axes", figure("fig, ax = plt.subplots()"), "no curve"),
    wrong(
        "LOSS only",
        figure(f"fig, ax = plt.subplots(); ax.plot(LOSS, label='a'); {_DONE}"),
        "one curve only",
    ),
    wrong(
        "LOSS2 only",
        figure(f"fig, ax = plt.subplots(); ax.plot(LOSS2, label='a'); {_DONE}"),
        "one curve only",
    ),
    wrong(
        "LOSS2 twice",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS2, label="0.1"); ax.plot(LOSS2, label="0.2"); {_DONE}"""),
        "one curve twice",
    ),
    wrong(
        "LOSS twice",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS, label="0.2"); {_DONE}"""),
        "one curve twice",
    ),
    wrong(
        "logarithms",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(np.log(LOSS), label="0.1"); ax.plot(np.log(LOSS2), label="0.2"); {_DONE}"""),
        "logarithm of the losses",
    ),
    wrong(
        "base ten logarithms of one",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(np.log10(LOSS2), label="0.2"); {_DONE}"""),
        "logarithm of the losses",
    ),
    wrong(
        "x and y swapped",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, range(15), label="0.1"); ax.plot(LOSS2, range(15), label="0.2"); {_DONE}"""),
        "x and y swapped",
    ),
    wrong(
        "one against the other",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, LOSS2, label="0.1"); {_DONE}"""),
    ),
    wrong(
        "two axes",
        figure(f"""
fig, (ax, other) = plt.subplots(1, 2)
ax.plot(LOSS, label="0.1"); other.plot(LOSS2, label="0.2"); {_DONE}"""),
        "curves on two axes",
    ),
    wrong(
        "twin axes",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.twinx().plot(LOSS2, label="0.2"); {_DONE}"""),
        "curves on two axes",
    ),
    wrong(
        "the empty one of two axes",
        figure("""
fig, (ax, other) = plt.subplots(1, 2)
other.plot(LOSS); other.plot(LOSS2)"""),
        "no curve",
    ),
    wrong(
        "no labels",
        figure("""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); ax.legend()"""),
        "axes unlabelled",
    ),
    wrong(
        "no y label",
        figure("""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); ax.legend()
ax.set_xlabel("iteration")"""),
        "axes unlabelled",
    ),
    wrong(
        "labels of spaces",
        figure("""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); ax.legend()
ax.set(xlabel=" ", ylabel=" ")"""),
        "axes unlabelled",
    ),
    wrong(
        "title instead of labels",
        figure("""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); ax.legend()
ax.set_title("loss against iteration")"""),
        "axes unlabelled",
    ),
    wrong(
        "labels swapped",
        figure("""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); ax.legend()
ax.set(xlabel="loss", ylabel="iteration")"""),
        "axis labels swapped",
    ),
    wrong(
        "no legend",
        figure("""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2")
ax.set(xlabel="iteration", ylabel="loss")"""),
        "no legend",
    ),
    wrong(
        "legend without entries",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS); ax.plot(LOSS2); {_DONE}"""),
        "wrong number of legend entries",
        "no legend",
    ),
    wrong(
        "legend of one",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2); {_DONE}"""),
        "wrong number of legend entries",
    ),
    wrong(
        "legend of three",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); ax.plot(LOSS2, ":", label="again")
{_DONE}"""),
        "wrong number of legend entries",
    ),
    wrong(
        "legend of equal entries",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="loss"); ax.plot(LOSS2, label="loss"); {_DONE}"""),
        "legend entries alike",
    ),
    wrong(
        "one text as legend",
        figure("""
fig, ax = plt.subplots()
ax.plot(LOSS); ax.plot(LOSS2)
ax.set(xlabel="iteration", ylabel="loss"); ax.legend("loss")"""),
        "legend text taken apart",
    ),
    wrong(
        "first loss cut off",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS[1:], label="0.1"); ax.plot(LOSS2[1:], label="0.2"); {_DONE}"""),
        "curve cut short",
    ),
    wrong(
        "a sixteenth point",
        figure(f"""
fig, ax = plt.subplots()
ax.plot([*LOSS, 0.0], label="0.1"); ax.plot(LOSS2, label="0.2"); {_DONE}"""),
        "curve too long",
    ),
    wrong(
        "both in one curve",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(LOSS + LOSS2, label="0.1"); {_DONE}"""),
        "both runs in one curve",
    ),
    wrong(
        "against the rate",
        figure(f"""
fig, ax = plt.subplots()
ax.plot(np.linspace(0, 1, 15), LOSS, label="0.1")
ax.plot(np.linspace(0, 1, 15), LOSS2, label="0.2"); {_DONE}"""),
        "x is not the iteration",
    ),
    wrong(
        "losses that are wrong",
        figure(
            f"""
fig, ax = plt.subplots()
ax.plot(LOSS, label="0.1"); ax.plot(LOSS2, label="0.2"); {_DONE}""",
            "LOSS2 = [2 * v for v in LOSS]",
        ),
        "losses not right yet",
    ),
    wrong(
        "constants",
        figure(f"""
fig, ax = plt.subplots()
ax.plot([835.3, 175.5, 55.03, 26.09, 15.25, 9.539, 6.074, 3.887, 2.491, 1.598, 1.026, 0.6597,
         0.4251, 0.275, 0.179], label="0.1")
ax.plot([{FIFTEEN}], label="0.2"); {_DONE}"""),
    ),
    wrong("a list of numbers", figure("ax = [1, 2, 3]"), "wrong type"),
    wrong("a string", figure("ax = 'axes'"), "wrong type"),
    wrong(
        "bars",
        figure(f"""
fig, ax = plt.subplots()
ax.bar(range(15), LOSS, label="0.1"); ax.bar(range(15), LOSS2, label="0.2"); {_DONE}"""),
        "no curve",
    ),
]

_LARGEST = [
    right("surface", "largest_rate = 2 / surface.eigenvalues[1]"),
    right(
        "numpy eigvalsh",
        """
H = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
largest_rate = 2 / np.linalg.eigvalsh(H).max()""",
    ),
    right(
        "torch, as a tensor",
        """
A = torch.cat([X, torch.ones_like(X)], 1)
largest_rate = 2 / torch.linalg.eigvalsh(2 * A.T @ A / len(A)).max()""",
    ),
    right(
        "complex eigenvalues of torch",
        """
H = 2 * torch.tensor([[(X ** 2).mean(), X.mean()], [X.mean(), 1.0]])
largest_rate = 2 / max(torch.linalg.eigvals(H), key=abs)""",
    ),
    right(
        "complex numbers of numpy",
        """
H = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]], dtype=complex)
largest_rate = 2 / np.linalg.eigvals(H).max()""",
    ),
    wrong(
        "an imaginary part",
        "largest_rate = 2 / surface.eigenvalues[1] + 0.1j",
        "returns something else",
    ),
    right(
        "autograd's Hessian",
        """
H = torch.autograd.functional.hessian(
    lambda p: ((p[0] * X + p[1] - Y) ** 2).mean(), torch.zeros(2))
largest_rate = (2 / torch.linalg.eigvalsh(H)[-1]).item()""",
    ),
    right(
        "quadratic formula",
        """
m2, m1 = float((X ** 2).mean()), float(X.mean())
tr, det = 2 * (m2 + 1), 4 * (m2 - m1 ** 2)
largest_rate = 2 / ((tr + (tr * tr - 4 * det) ** 0.5) / 2)""",
    ),
    right(
        "bisection on runs",
        """
def grows(rate):
    p, A = np.array([-15.0, -10.0]), np.c_[x, np.ones(len(x))].astype(float)
    first = ((A @ p - y[:, 0]) ** 2).mean()
    for _ in range(3000):
        p = p - rate * 2 * A.T @ (A @ p - y[:, 0]) / len(x)
        if np.abs(p).max() > 1e6: return True
    return False
low, high = 0.1, 1.0
for _ in range(20):
    mid = (low + high) / 2
    low, high = (low, mid) if grows(mid) else (mid, high)
largest_rate = low""",
    ),
    right(
        "power iteration",
        """
v = np.array([1.0, 1.0]); H = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
for _ in range(100): v = H @ v; v /= np.linalg.norm(v)
largest_rate = np.array([2 / (v @ H @ v)])""",
    ),
    wrong(
        "neglecting the mean of x",
        "largest_rate = 1 / float((X ** 2).mean())",
        "mean of x neglected",
    ),
    wrong("1/λ₂", "largest_rate = 1 / surface.eigenvalues[1]", "1/λ₂"),
    wrong("fastest rate", "largest_rate = surface.fastest_rate", "fastest rate"),
    wrong("2/λ₁", "largest_rate = 2 / surface.eigenvalues[0]", "2/λ₁"),
    wrong("1/λ₁", "largest_rate = 1 / surface.eigenvalues[0]", "1/λ₁"),
    wrong(
        "no factor 2 in H",
        "largest_rate = 4 / surface.eigenvalues[1]",
        "Hessian without its factor 2",
    ),
    wrong("0.3", "largest_rate = 0.3", "largest rate tried"),
    wrong("0.34", "largest_rate = 0.34", "smallest rate that diverged"),
    wrong("one-sample limit", "largest_rate = 1 / (float((X ** 2).max()) + 1)", "one-sample limit"),
    wrong(
        "twice the one-sample limit",
        "largest_rate = 2 / (float((X ** 2).max()) + 1)",
        "wrong values",
    ),
    wrong("eigenvalue", "largest_rate = surface.eigenvalues[1]", "eigenvalue"),
    wrong("condition number", "largest_rate = surface.condition_number", "condition number"),
    wrong(
        "both eigenvalues", "largest_rate = 2 / np.array(surface.eigenvalues)", "both directions"
    ),
    wrong("negative", "largest_rate = -2 / surface.eigenvalues[1]", "not a rate"),
    wrong("zero", "largest_rate = 0", "not a rate"),
    wrong("nan", "largest_rate = float('nan')", "not finite"),
    wrong("infinite", "largest_rate = float('inf')", "not finite"),
    wrong("0.2", "largest_rate = 0.2", "ignores its arguments"),
    wrong("0.6", "largest_rate = 0.6", "ignores its arguments"),
    wrong("text", "largest_rate = '0.333'", "returns something else"),
    wrong("true", "largest_rate = True", "returns something else"),
    wrong("complex", "largest_rate = 0.333 + 0j", "returns something else"),
    wrong("a range", "largest_rate = (0.3, 0.34)", "not one number"),
    wrong("2.5 % too small", "largest_rate = 0.975 * 2 / surface.eigenvalues[1]", "wrong values"),
]


def _as_function(program):
    """The program, which works on the lab's names, as the body of the function asked for."""
    lines = program.source.strip().splitlines()
    body = [line.replace("largest_rate = ", "return ", 1) for line in lines]
    return replace(
        program,
        source="\n    ".join(
            [
                "def largest_rate(x):",
                "X = torch.as_tensor(x).float().reshape(-1, 1); x, y = X.numpy(), X.numpy()",
                "surface, Y = LossSurface(X, X), X",
                *body,
            ]
        ),
    )


LARGEST_RATE = [
    wrong(
        "sums in the Hessian",
        "def largest_rate(x):\n    m, s = x.sum().item(), (x**2).sum().item()\n"
        "    return 2 / np.linalg.eigvalsh(2 * np.array([[s, m], [m, len(x)]])).max()",
        "sum instead of mean",
    ),
    *map(_as_function, _LARGEST),
    right("x as it comes", "def largest_rate(x):\n    return 2 / LossSurface(x, x).eigenvalues[1]"),
    right(
        "in place of x a flat copy",
        "def largest_rate(x):\n    z = x.flatten(); m = z.mean(); q = (z * z).mean()\n"
        "    return 2 / (q + 1 + ((q - 1) ** 2 + 4 * m * m) ** 0.5)",
    ),
    wrong("a value", "largest_rate = 2 / surface.eigenvalues[1]", "no function"),
    wrong("no argument", "def largest_rate():\n    return 2 / surface.eigenvalues[1]", "error"),
    wrong(
        "the lab's own data",
        "def largest_rate(x):\n    return 2 / surface.eigenvalues[1]",
        "ignores its arguments",
        "knows the lab's data only",
    ),
    wrong("nothing returned", "def largest_rate(x):\n    2 / x.mean()", "returns None"),
]


BANK = {
    "lab01-gradient": (PRELUDE, GRADIENTS),
    "lab01-rate-02": (PRELUDE, RATE_02),
    "lab01-compare-plot": (PRELUDE, COMPARE_PLOT),
    "lab01-largest-rate": (PRELUDE, LARGEST_RATE),
}
