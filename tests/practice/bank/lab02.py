"""Answers to the practices of Lab 2."""

from __future__ import annotations

from tests.practice.bank import right, wrong
from tests.practice.bank.lab01 import LOSS_MISTAKES, _in_styles, _pairs
from tests.practice.bank.lab01 import MISTAKES as LAB01_MISTAKES
from tests.practice.bank.styles import STYLES, descent
from tests.practice.bank.until import PROGRAMS as UNTIL

PRELUDE = """
import random
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset
import labhelpers

torch.manual_seed(3)
dataset = labhelpers.data.steep_line(SEED)
X, Y = dataset.x, dataset.y
w = torch.tensor(-10.0, requires_grad=True)
b = torch.tensor(-20.0, requires_grad=True)

def forward(x):
    return w * x + b

def criterion(y_hat, y):
    return torch.mean((y_hat - y) ** 2)
"""

SETTINGS = {"name": "loss_BGD", "rate": "0.1", "epochs": "20", "w0": "-10.0", "b0": "-20.0"}

MISTAKES = {
    **{
        name: LAB01_MISTAKES[name]
        for name in LAB01_MISTAKES
        if "rate" not in name and "epochs" not in name and "start" not in name
    },
    "clean loss": (
        {"record": "torch.mean((y_hat - (-5 * X)) ** 2).item()"},
        ("noise-free targets for the loss",),
    ),
    "noise-free": ({"y": "(-5 * X)"}, ("noise-free targets",)),
    "running sum": (
        {"record": "loss.item() + (loss_BGD[-1] if loss_BGD else 0)"},
        ("losses added up",),
    ),
    "absolute recorded": LAB01_MISTAKES["absolute recorded"],
    "rate 0.01": ({"rate": "0.01"}, ("wrong rate",)),
    "rate 0.05": ({"rate": "0.05"}, ("wrong rate", "half steps")),
    "start of lab 1": ({"w0": "-15.0", "b0": "-10.0"}, ("wrong start",)),
    "start zero": ({"w0": "0.0", "b0": "0.0"}, ("wrong start",)),
    "start swapped": ({"w0": "-20.0", "b0": "-10.0"}, ("wrong start",)),
    "15 epochs": ({"epochs": "15"}, ("wrong number of epochs",)),
    "21 epochs": ({"epochs": "21"}, ("wrong number of epochs",)),
}

PAIRS = (
    ("never zeroed", "recorded after"),
    ("b frozen", "sum recorded"),
    ("w frozen", "half recorded"),
    ("rate 0.01", "recorded after"),
    ("15 epochs", "recorded after"),
    ("start zero", "rate 0.01"),
)

SAMPLES = """
w = torch.tensor(-10.0, requires_grad=True)
b = torch.tensor(-20.0, requires_grad=True)
{name} = []
for epoch in range({epochs}):
    {before}
    for {loop}:
        loss = criterion(w * x + b, y)
        loss.backward()
        with torch.no_grad():
            w {sign}= {rate} * w.grad
            b {sign}= {rate} * b.grad
        {zero}
    {after}
"""


def samples(**slots: str) -> str:
    """The source of a one-sample run; the defaults are right for `loss_SGD`."""
    name = slots.get("name", "loss_SGD")
    keep = f"{name}.append(criterion(w * X + b, Y).item())"
    defaults = {
        "name": name,
        "epochs": "20",
        "before": keep,
        "loop": "x, y in ((X[i], Y[i]) for i in torch.randperm(len(X)))",
        "sign": "-",
        "rate": "0.005",
        "zero": "w.grad.zero_(); b.grad.zero_()",
        "after": "pass",
    }
    rate = slots.pop("says", None) or slots.get("rate", defaults["rate"])
    filled = SAMPLES.format(**{**defaults, **slots, "name": name})
    return f"step_size = {rate}\n{filled}"


IN_ORDER = "x, y in zip(X, Y)"

BATCH = [
    *(right(style, descent(style, **SETTINGS)) for style in STYLES),
    right("as an array", descent("no_grad", **SETTINGS, end="loss_BGD = np.array(loss_BGD)")),
    right("tensors with graphs", descent("no_grad", **{**SETTINGS, "record": "loss"})),
    right(
        "DataLoader with all points, shuffled",
        descent(
            "optimizer",
            **SETTINGS,
            inner="for xb, yb in DataLoader(dataset_, batch_size=100, shuffle=True):",
            batch_x="xb",
            batch_y="yb",
        ).replace("loss_BGD = []", "dataset_ = TensorDataset(X, Y)\nloss_BGD = []"),
    ),
    right(
        "numpy, float64",
        """
A, t, p = np.c_[X.numpy(), np.ones(100)].astype(float), Y.numpy().ravel(), np.array([-10., -20.])
loss_BGD = np.empty(20)
for k in range(20):
    r = A @ p - t
    loss_BGD[k] = np.mean(r ** 2)
    p -= 0.1 * 2 / len(r) * (A.T @ r)
""",
    ),
    right(
        "gradient added up sample by sample",
        """
w = torch.tensor(-10.0, requires_grad=True)
b = torch.tensor(-20.0, requires_grad=True)
loss_BGD = []
for epoch in range(20):
    total = 0.0
    for x, y in zip(X, Y):
        loss = ((w * x + b - y) ** 2).squeeze() / len(X)
        loss.backward()
        total += loss.item()
    loss_BGD.append(total)
    with torch.no_grad():
        w -= 0.1 * w.grad
        b -= 0.1 * b.grad
    w.grad = b.grad = None
""",
    ),
    *_in_styles(MISTAKES, ("no_grad", "optimizer", "by hand"), **SETTINGS),
    *_in_styles(LOSS_MISTAKES, ("no_grad", "functional"), **SETTINGS),
    *_pairs(MISTAKES, PAIRS, ("no_grad", "module"), **SETTINGS),
    wrong(
        "one-sample in order",
        samples(name="loss_BGD", rate="0.1", loop=IN_ORDER),
        "one-sample descent",
    ),
    wrong("one-sample shuffled", samples(name="loss_BGD", rate="0.1")),
    wrong("one-sample at a small rate", samples(name="loss_BGD", rate="0.01", loop=IN_ORDER)),
    wrong(
        "data of lab 1",
        "d = labhelpers.data.gentle_line(SEED); X, Y = d.x, d.y\n" + descent("no_grad", **SETTINGS),
        "data of another lab",
    ),
    wrong(
        "constants",
        "loss_BGD = [595.0, 342.5, 202.2, 121.9, 74.68, 46.35, 29.06, 18.35, 11.67, "
        "7.466, 4.807, 3.12, 2.046, 1.362, 0.9254, 0.6464, 0.4681, 0.354, 0.2811, 0.2344]",
        "constants typed in",
    ),
    wrong(
        "constants in full",
        "loss_BGD = [594.95805, 342.481692, 202.188084, 121.87131, "
        "74.6810896, 46.3525836, 29.055092, 18.3547449, 11.6708581, 7.46608694, 4.80734555, "
        "3.1200434, 2.04647484, 1.36216127, 0.925410792, 0.646414575, 0.468080975, 0.354041227, "
        "0.281093724, 0.234421782]",
        "constants typed in",
    ),
    wrong(
        "b with the moved w",
        """
w, b, loss_BGD = torch.tensor(-10.0), torch.tensor(-20.0), []
for _ in range(20):
    r = w * X + b - Y
    loss_BGD.append(float((r ** 2).mean()))
    w = w - 0.2 * (r * X).mean()
    b = b - 0.2 * (w * X + b - Y).mean()
""",
        "b updated with the moved w",
    ),
    wrong("every second point", descent("no_grad", **{**SETTINGS, "x": "X[::2]", "y": "Y[::2]"})),
    wrong(
        "last loss alone",
        descent("data", **SETTINGS, end="loss_BGD = loss_BGD[-1]"),
        "only the last loss",
    ),
    wrong(
        "losses as text",
        descent("data", **{**SETTINGS, "record": "f'{loss.item()}'"}),
        "wrong type",
    ),
]

HEAD = "def sgd_epoch(w, b, X, Y, step_size, order):\n"

EPOCH = """    losses = []
    for i in order:
        {start}loss = {loss}
        {before}
        loss.backward()
        with torch.no_grad():
            {moves}
        {zero}
        {after}
    return {back}
"""


def epoch(**slots: str) -> str:
    """The source of `sgd_epoch`; the defaults are right."""
    defaults = {
        "start": "",
        "loss": "criterion(w * X[i] + b, Y[i])",
        "before": "losses.append(loss.item())",
        "moves": "w -= step_size * w.grad; b -= step_size * b.grad",
        "zero": "w.grad.zero_(); b.grad.zero_()",
        "after": "pass",
        "back": "losses",
    }
    return HEAD + EPOCH.format(**{**defaults, **slots})


SGD_EPOCH = [
    right("no_grad", epoch()),
    right(
        "data", epoch(moves="w.data = w.data - step_size * w.grad; b.data -= step_size * b.grad")
    ),
    right("grad set to None", epoch(zero="w.grad = None; b.grad = None")),
    right("zeroed before", epoch(start="w.grad = b.grad = None; ", zero="pass")),
    right("tensors with graphs", epoch(before="losses.append(loss)")),
    right(
        "detached tensors, stacked",
        epoch(before="losses.append(loss.detach())", back="torch.stack(losses)"),
    ),
    right("an array", epoch(back="np.array(losses)")),
    right("prints on the way", epoch(after="print(i, loss)")),
    right(
        "functional gradient",
        HEAD
        + """    out = []
    for i in order.tolist():
        value = (w * X[i, 0] + b - Y[i, 0]) ** 2
        dw, db = torch.autograd.grad(value, [w, b])
        w.data.sub_(step_size * dw); b.data.sub_(step_size * db)
        out.append(value.detach())
    return out
""",
    ),
    right(
        "optimizer",
        HEAD
        + """    opt = torch.optim.SGD([w, b], lr=step_size)
    losses = []
    for x, y in zip(X[order], Y[order]):
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(w * x + b, y)
        losses.append(loss.item())
        loss.backward()
        opt.step()
    return losses
""",
    ),
    right(
        "DataLoader with the order as sampler",
        HEAD
        + """    loader = DataLoader(
        TensorDataset(X, Y), batch_size=1, sampler=order.tolist())
    seen = []
    for xb, yb in loader:
        loss = ((w * xb + b - yb) ** 2).sum()
        seen.append(loss.item())
        loss.backward()
        for p in (w, b):
            p.data -= step_size * p.grad
            p.grad.zero_()
    return seen
""",
    ),
    right(
        "by hand with floats",
        HEAD
        + """    u, v, out = w.item(), b.item(), []
    for i in order:
        e = u * X[i].item() + v - Y[i].item()
        out.append(e * e)
        u, v = u - 2 * step_size * e * X[i].item(), v - 2 * step_size * e
    with torch.no_grad():
        w.fill_(u); b.fill_(v)
    return out
""",
    ),
    right(
        "copy_ and split",
        HEAD
        + """    result = torch.zeros(len(order))
    for k, (x, y) in enumerate(zip(torch.split(X[order], 1), torch.split(Y[order], 1))):
        with torch.no_grad():
            error = w * x + b - y
            result[k] = error.square().mean()
            gw, gb = (2 * error * x).mean(), (2 * error).mean()
            w.copy_(w - step_size * gw); b.copy_(b - step_size * gb)
    return result
""",
    ),
    right(
        "a tuple, positional names of its own",
        """
def sgd_epoch(slope, cut, inputs, targets, eta, indices):
    def one(i):
        slope.grad = cut.grad = None
        value = (targets[i] - slope * inputs[i] - cut).pow(2).mean()
        value.backward()
        slope.data -= eta * slope.grad
        cut.data -= eta * cut.grad
        return float(value)
    return tuple(one(i) for i in indices)
""",
    ),
    wrong("never zeroed", epoch(zero="pass"), "gradients never zeroed"),
    wrong(
        "divides by the gradient of b, so that b hardly moves at first",
        epoch(moves="w -= step_size * w.grad; b -= step_size / b.grad"),
        "steps differ",
    ),
    wrong(
        "never zeroed, data and arrays",
        epoch(
            zero="pass",
            moves="w.data -= step_size * w.grad; b.data -= step_size * b.grad",
            back="np.array(losses)",
        ),
        "gradients never zeroed",
    ),
    wrong("w never zeroed", epoch(zero="b.grad.zero_()"), "gradient of w never zeroed"),
    wrong("b never zeroed", epoch(zero="w.grad.zero_()"), "gradient of b never zeroed"),
    wrong(
        "uphill", epoch(moves="w += step_size * w.grad; b += step_size * b.grad"), "stepping uphill"
    ),
    wrong(
        "recorded after",
        epoch(before="pass", after="losses.append(criterion(w * X[i] + b, Y[i]).item())"),
        "recorded after the update",
    ),
    wrong(
        "running total",
        epoch(before="losses.append(sum(losses[-1:]) + loss.item())"),
        "losses added up",
    ),
    wrong("w frozen", epoch(moves="b -= step_size * b.grad"), "w never updated"),
    wrong("b frozen", epoch(moves="w -= step_size * w.grad"), "b never updated"),
    wrong(
        "order ignored",
        epoch(start="pass; ").replace("for i in order:", "for i in range(len(X)):"),
        "order ignored",
    ),
    wrong(
        "order reversed",
        epoch().replace("in order:", "in order.flip(0):"),
    ),
    wrong(
        "shuffled on its own",
        epoch().replace("in order:", "in torch.arange(len(X)).flip(0):"),
        "order reversed",
    ),
    wrong(
        "last left out",
        epoch().replace("in order:", "in order[:-1]:"),
        "samples missing",
        "parameters not updated in place",
        "wrong number of values",
    ),
    wrong("first left out", epoch().replace("in order:", "in order[1:]:")),
    wrong(
        "step_size ignored",
        epoch(moves="w -= 0.1 * w.grad; b -= 0.1 * b.grad"),
        "step_size ignored",
    ),
    wrong(
        "rate 0.01 always",
        epoch(moves="w -= 0.01 * w.grad; b -= 0.01 * b.grad"),
        "step_size ignored",
    ),
    wrong(
        "new tensors",
        HEAD
        + """    w = w.detach().clone().requires_grad_()
    b = b.detach().clone().requires_grad_()
"""
        + epoch().split("\n", 1)[1],
        "parameters not updated in place",
    ),
    wrong(
        "rebinds w",
        HEAD
        + """    losses = []
    for i in order:
        loss = criterion(w * X[i] + b, Y[i])
        losses.append(loss.item())
        dw, db = torch.autograd.grad(loss, (w, b))
        w = (w - step_size * dw).detach().requires_grad_()
        b = (b - step_size * db).detach().requires_grad_()
    return losses
""",
        "parameters not updated in place",
    ),
    wrong("returns nothing", epoch(back="None"), "returns nothing"),
    wrong("no return", epoch().replace("    return losses\n", ""), "returns nothing"),
    wrong("prints only", epoch(before="print(loss.item())", back="None"), "returns nothing"),
    wrong("returns the mean", epoch(back="sum(losses) / len(losses)"), "mean loss"),
    wrong("returns the sum", epoch(back="sum(losses)"), "sum of the losses"),
    wrong("returns the last", epoch(back="losses[-1]"), "last loss only"),
    wrong("returns inside the loop", epoch(after="return losses"), "first loss only"),
    wrong("returns three things", epoch(back="losses, w, b"), "returns something else"),
    wrong("batch", epoch(loss="criterion(w * X + b, Y)"), "batch ignored", "loss over all points"),
    wrong(
        "records all points",
        epoch(before="losses.append(criterion(w * X + b, Y).item())"),
        "loss over all points",
    ),
    wrong(
        "always the first sample",
        epoch(loss="criterion(w * X[order[0]] + b, Y[order[0]])"),
        "always the first sample",
    ),
    wrong("half", epoch(loss="criterion(w * X[i] + b, Y[i]) / 2"), "half the mean squared error"),
    wrong("absolute", epoch(loss="(w * X[i] + b - Y[i]).abs().mean()"), "absolute errors"),
    wrong("minus b", epoch(loss="criterion(w * X[i] - b, Y[i])")),
    wrong(
        "no factor two",
        HEAD
        + """    out = []
    for i in order:
        with torch.no_grad():
            e = w * X[i] + b - Y[i]
            out.append((e ** 2).item())
            w -= step_size * (e * X[i]).item(); b -= step_size * e.item()
    return out
""",
        "half steps",
    ),
    wrong(
        "b with the moved w",
        HEAD
        + """    out = []
    for i in order:
        with torch.no_grad():
            e = w * X[i] + b - Y[i]
            out.append((e ** 2).item())
            w -= step_size * 2 * (e * X[i]).item()
            b -= step_size * 2 * (w * X[i] + b - Y[i]).item()
    return out
""",
        "b updated with the moved w",
    ),
    wrong(
        "square root",
        epoch(before="losses.append(loss.item() ** 0.5)"),
        "root of the mean squared error",
    ),
    wrong(
        "list outside",
        "kept = []\n" + epoch(before="kept.append(loss.item())", back="kept"),
        "list kept between calls",
    ),
    wrong(
        "list as a default",
        epoch().replace("order)", "order, losses=[])").replace("    losses = []\n", ""),
        "list kept between calls",
    ),
    wrong(
        "uses the lab's X and Y",
        "LX, LY = X, Y\n" + epoch(loss="criterion(w * LX[i] + b, LY[i])"),
        "works on the lab's data only",
    ),
    wrong("uses the lab's w and b", HEAD.replace("w, b, ", "u, v, ") + epoch().split("\n", 1)[1]),
    wrong(
        "sorted by index",
        HEAD
        + """    losses = [0.0] * len(X)
"""
        + epoch(before="losses[i] = loss.item()").split("\n", 2)[2],
        "losses sorted by index",
    ),
    wrong(
        "zeroed once per call",
        epoch(zero="pass").replace("    losses = []", "    w.grad = b.grad = None; losses = []"),
        "gradients never zeroed",
    ),
    wrong("steps on a batch of all, sums", epoch(loss="((w * X + b - Y) ** 2).sum()")),
    wrong(
        "knows the first trial only",
        "rows = iter([]);\n"
        + HEAD
        + "    if len(X) != 5: return [0.0] * len(X)\n"
        + epoch().split("\n", 1)[1],
    ),
    wrong("raises", epoch(loss="criterion(w * X[i] + b, Z[i])"), "error"),
    wrong(
        "five parameters",
        epoch().replace(", order)", ")").replace("in order", "in range(len(X))"),
        "error",
    ),
    wrong("not a function", "sgd_epoch = 3", "no function"),
    wrong(
        "leaves a gradient behind",
        HEAD
        + """    losses = []
    for k, i in enumerate(order):
        if k > 0: w.grad.zero_(); b.grad.zero_()
        loss = criterion(w * X[i] + b, Y[i])
        losses.append(loss.item())
        loss.backward()
        w.data -= step_size * w.grad; b.data -= step_size * b.grad
    return losses
""",
    ),
]

_ANEW = "w = torch.tensor(-10.0, requires_grad=True); b = torch.tensor(-20.0, requires_grad=True); "

STABLE_RATE = [
    right("no_grad", samples()),
    right("0.002", samples(rate="0.002")),
    right("0.01", samples(rate="0.003")),
    right("random.shuffle", samples(loop="x, y in random.sample(list(zip(X, Y)), len(X))")),
    right(
        "with replacement",
        samples(loop="x, y in ((X[i], Y[i]) for i in torch.randint(100, (100,)))"),
    ),
    right("DataLoader", samples(loop="x, y in DataLoader(TensorDataset(X, Y), shuffle=True)")),
    right(
        "shuffled once",
        "once = torch.randperm(100)\n" + samples(loop="x, y in zip(X[once], Y[once])"),
    ),
    right(
        "numpy",
        """
rng = np.random.default_rng(0)
step_size = 0.004
u, v, xs, ys = -10.0, -20.0, X.numpy().ravel().astype(float), Y.numpy().ravel().astype(float)
loss_SGD = np.zeros(20)
for k in range(20):
    loss_SGD[k] = np.mean((u * xs + v - ys) ** 2)
    for i in rng.permutation(100):
        e = u * xs[i] + v - ys[i]
        u, v = u - step_size * 2 * e * xs[i], v - step_size * 2 * e
""",
    ),
    right(
        "optimizer, tensors",
        """
step_size = torch.tensor(0.003)
net = torch.nn.Linear(1, 1)
net.weight.data.fill_(-10.0); net.bias.data.fill_(-20.0)
optimizer = torch.optim.SGD(net.parameters(), lr=step_size.item())
loss_SGD = []
for epoch in range(20):
    loss_SGD.append(criterion(net(X), Y))
    for x, y in DataLoader(TensorDataset(X, Y), batch_size=1, shuffle=True):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(net(x), y).backward()
        optimizer.step()
""",
    ),
    right(
        "a function of its own",
        """
def sgd_epoch(w, b, X, Y, step_size, order):
    out = []
    for i in order:
        loss = criterion(w * X[i] + b, Y[i])
        out.append(loss.item())
        loss.backward()
        with torch.no_grad():
            w -= step_size * w.grad; b -= step_size * b.grad
        w.grad = b.grad = None
    return out
step_size, loss_SGD = 0.005, []
w = torch.tensor(-10.0, requires_grad=True); b = torch.tensor(-20.0, requires_grad=True)
for _ in range(20):
    with torch.no_grad(): loss_SGD += [criterion(forward(X), Y).item()]
    sgd_epoch(w, b, X, Y, step_size, torch.randperm(len(X)))
""",
    ),
    wrong(
        "parameters made anew in each epoch",
        samples(before=_ANEW + "loss_SGD.append(criterion(w * X + b, Y).item())"),
        "nothing moves",
    ),
    wrong("no step", samples(rate="0 * 0.005", says="0.005"), "nothing moves"),
    wrong("0.2, shuffled: overflows", samples(rate="0.2"), "diverged"),
    wrong("0.5, shuffled: overflows at once", samples(rate="0.5"), "diverged"),
    wrong("0.1, shuffled", samples(rate="0.1"), "diverged", "not converged"),
    wrong("0.1, in order", samples(rate="0.1", loop=IN_ORDER), "points in order"),
    wrong("in order", samples(rate="0.005", loop=IN_ORDER), "points in order"),
    wrong("in order at 0.02", samples(rate="0.02", loop=IN_ORDER), "points in order"),
    wrong(
        "from the last to the first",
        samples(loop="x, y in zip(X.flip(0), Y.flip(0))"),
        "points in order",
    ),
    wrong("0.06", samples(rate="0.06"), "not converged", "diverged"),
    wrong("far too small", samples(rate="0.00005"), "not converged"),
    wrong(
        "recorded after",
        samples(before="pass", after="loss_SGD.append(criterion(w * X + b, Y).item())"),
        "recorded after the update",
    ),
    wrong(
        "every update",
        samples(
            before="pass",
            zero="w.grad.zero_(); b.grad.zero_(); loss_SGD.append(criterion(w * X + b, Y).item())",
        ),
        "recorded at every update",
    ),
    wrong(
        "loss of the last sample",
        samples(before="pass", after="loss_SGD.append(loss.item())"),
        "only the last batch recorded",
        "first loss differs",
        "loss of one sample",
    ),
    wrong("19 epochs", samples(epochs="19"), "wrong number of epochs"),
    wrong("21 epochs", samples(epochs="21"), "wrong number of epochs"),
    wrong("10 epochs", samples(epochs="10"), "wrong number of values"),
    wrong("start zero", samples().replace("-10.0", "0.0").replace("-20.0", "0.0"), "wrong start"),
    wrong(
        "start of lab 1",
        samples().replace("-10.0", "-15.0").replace("-20.0", "-10.0"),
        "wrong start",
    ),
    wrong(
        "no start",
        samples(name="loss_SGD").replace(
            "w = torch.tensor(-10.0, requires_grad=True)\n"
            "b = torch.tensor(-20.0, requires_grad=True)",
            "w.data += 4",
        ),
        "first loss differs",
    ),
    wrong("batch descent", samples(loop="x, y in [(X, Y)]", rate="0.1"), "batch descent"),
    wrong("batch ignored", samples(loop="x, y in [(X, Y)] * 100", rate="0.005"), "batch ignored"),
    wrong(
        "sum recorded",
        samples(before="loss_SGD.append(((w * X + b - Y) ** 2).sum().item())"),
        "sum recorded",
    ),
    wrong(
        "root recorded",
        samples(before="loss_SGD.append(criterion(w * X + b, Y).item() ** 0.5)"),
        "root of the mean squared error",
    ),
    wrong(
        "another step_size", samples(rate="0.005", says="0.02"), "step_size is not the rate used"
    ),
    wrong("a tiny rate", samples(rate="1e-5", says="1e-5"), "not converged"),
    *(
        wrong(
            f"another step_size, at which the losses jump, seed {seed}",
            f"torch.manual_seed({seed})\n" + samples(rate="0.05", says="0.005"),
            "step_size is not the rate used",
        )
        for seed in (1, 2)
    ),
    wrong("never zeroed", samples(zero="pass")),
    wrong("uphill", samples(sign="+"), "steps differ"),
    wrong(
        "mean of the samples' losses",
        samples(
            before="kept = []", zero="w.grad.zero_(); b.grad.zero_(); kept.append(loss.item())"
        ).replace("    pass\n", "    loss_SGD.append(sum(kept) / len(kept))\n"),
        "mean of the batch losses",
    ),
    wrong(
        "Adam at a rate at which the samples' steps diverge",
        "step_size = 0.1\noptimizer = None\n"
        + samples(zero="w.grad.zero_(); b.grad.zero_()")
        .split("\n", 1)[1]
        .replace(
            "loss.backward()",
            "optimizer = optimizer or torch.optim.Adam([w, b], lr=0.1)\n"
            "        loss.backward(); optimizer.step()",
        )
        .replace("0.005 * ", "0 * "),
        "not of this run",
    ),
    wrong("b frozen", samples().replace("            b -= 0.005 * b.grad\n", "")),
    wrong(
        "constants",
        "step_size = 0.005\nloss_SGD = [594.96, 60.2, 8.1, 1.2, 0.3, 0.17, 0.16, 0.155]"
        " + [0.153] * 12",
        "constants typed in",
    ),
    wrong(
        "constants in full",
        "step_size = 0.005\nloss_SGD = [594.9580496, 60.2123456, 8.1654321, "
        "1.2345678, 0.2987654, 0.1723456, 0.1623456, 0.1573456] + [0.1543456] * 12",
    ),
    wrong(
        "first loss and then the floor",
        "step_size = 0.005\nloss_SGD = [criterion(forward(X), Y).item()] + [0.1520123] * 19",
    ),
    wrong("no step_size", samples().replace("step_size = 0.005", "")),
    wrong("negative step_size", samples(says="-0.005"), "not a rate"),
    wrong("a list of rates", samples(says="[0.005, 0.01]"), "wrong type"),
    wrong("loss_SGD is a string", "step_size = 0.005\nloss_SGD = 'falls'", "wrong type"),
    wrong(
        "nan",
        "step_size = 0.005\nloss_SGD = [criterion(forward(X), Y).item()] + [float('nan')] * 19",
        "steps differ",
    ),
]

BANK = {
    "lab02-train-until": (PRELUDE, UNTIL),
    "lab02-batch": (PRELUDE, BATCH),
    "lab02-sgd-epoch": (PRELUDE, SGD_EPOCH),
    "lab02-stable-rate": (PRELUDE, STABLE_RATE),
}
