"""Answers to lab03-find-the-bug."""

from __future__ import annotations

from tests.practice.bank import right, wrong

_GIVEN = """
import math

def train_in_batches(x, y, w, b, lr, batch_size, epochs):
    w = torch.tensor(float(w), requires_grad=True)
    b = torch.tensor(float(b), requires_grad=True)
    losses = []
    for epoch in range(epochs):
        with torch.no_grad():
            losses.append(criterion(w * x + b, y).item())
        for k in range(math.ceil(len(x) / batch_size)):
            rows = slice(k, k + batch_size)
            loss = criterion(w * x[rows] + b, y[rows])
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            w.grad.zero_()
            b.grad.zero_()
    return losses
"""
_COUNT = "range(math.ceil(len(x) / batch_size))"
_ROWS = "slice(k, k + batch_size)"
_LOSS = "loss = criterion(w * x[rows] + b, y[rows])"
_RIGHT = "slice(k * batch_size, (k + 1) * batch_size)"
_RECORD = """        with torch.no_grad():
            losses.append(criterion(w * x + b, y).item())
"""


def fixed(*changes: tuple[str, str]) -> str:
    """The given program with pieces replaced."""
    program = _GIVEN
    for old, new in changes:
        assert old in program, old
        program = program.replace(old, new)
    return program


def batches(rows: str, count: str = _COUNT) -> str:
    """The given program with other rows in its batches."""
    return fixed((_ROWS, rows), (_COUNT, count))


PROGRAMS = [
    right("k times the size", batches(_RIGHT)),
    right("steps of the size", batches(_ROWS, "range(0, len(x), batch_size)")),
    right(
        "split",
        fixed(
            (
                f"for k in {_COUNT}:\n            rows = {_ROWS}",
                "for xb, yb in zip(x.split(batch_size), y.split(batch_size)):",
            ),
            (_LOSS, "loss = criterion(w * xb + b, yb)"),
        ),
    ),
    right(
        "DataLoader",
        fixed(
            (
                f"for k in {_COUNT}:\n            rows = {_ROWS}",
                "for xb, yb in DataLoader(torch.utils.data.TensorDataset(x, y), batch_size):",
            ),
            (_LOSS, "loss = criterion(w * xb + b, yb)"),
        ),
    ),
    right("indices", batches("torch.arange(k * batch_size, min(len(x), (k + 1) * batch_size))")),
    right(
        "a counter",
        fixed(
            (f"for k in {_COUNT}:", "start = 0\n        while start < len(x):"),
            (_ROWS, "slice(start, start + batch_size); start += batch_size"),
        ),
    ),
    right(
        "by formula",
        """
def train_in_batches(x, y, w, b, lr, batch_size, epochs):
    losses = []
    for _ in range(epochs):
        losses.append(((w * x + b - y) ** 2).mean())
        for i in range(0, len(x), batch_size):
            r = w * x[i : i + batch_size] + b - y[i : i + batch_size]
            dw, db = 2 * (r * x[i : i + batch_size]).mean(), 2 * r.mean()
            w, b = w - lr * dw, b - lr * db
    return losses
""",
    ),
    right("an array", fixed((_ROWS, _RIGHT), ("return losses", "return np.array(losses)"))),
    wrong(
        "short batch dropped", batches(_RIGHT, "range(len(x) // batch_size)"), "short batch dropped"
    ),
    wrong(
        "last batch dropped",
        batches(_ROWS, "range(0, len(x) - batch_size, batch_size)"),
        "last batch dropped",
    ),
    wrong(
        "filled up",
        batches("slice(max(0, min(k * batch_size, len(x) - batch_size)), (k + 1) * batch_size)"),
        "last batch filled up",
    ),
    wrong("from every row", batches(_ROWS, "range(len(x))"), "a batch from every row"),
    wrong(
        "from every row to the last full one",
        batches(_ROWS, "range(max(1, len(x) - batch_size + 1))"),
        "a batch from every row",
    ),
    wrong(
        "as long as there are",
        fixed(
            (f"for k in {_COUNT}:", f"m = len({_COUNT})\n        for k in range(m):"),
            (_ROWS, "slice(k * m, (k + 1) * m)\n            if k * m >= len(x): break"),
        ),
        "count and size mixed up",
    ),
    wrong("grows", batches("slice((k + 1) * batch_size)"), "batches grow"),
    wrong(
        "one too many",
        batches("slice(k * batch_size, (k + 1) * batch_size + 1)"),
        "one row too many",
    ),
    wrong(
        "one too few",
        batches("slice(k * batch_size, (k + 1) * batch_size - 1)"),
        "one row too few",
    ),
    wrong("all of them", batches("slice(None)"), "all points in every update"),
    wrong(
        "x and y",
        fixed((_LOSS, "loss = criterion(w * x + b, y)")),
        "all points in every update",
    ),
    wrong("one update", batches("slice(None)", "range(1)"), "one update an epoch"),
    wrong("the first", batches("slice(batch_size)"), "always the first batch"),
    wrong("the first, once", batches("slice(batch_size)", "range(1)"), "one batch an epoch"),
    wrong(
        "backwards",
        batches(_RIGHT, "reversed(" + _COUNT + ")"),
        "batches from the end",
    ),
    wrong(
        "both repairs",
        batches(_RIGHT, "range(0, len(x), batch_size)"),
        "rows skipped",
    ),
    wrong("end of the slice", batches("slice(k * batch_size, k + batch_size)"), "end of the slice"),
    wrong(
        "first one skipped",
        batches("slice((k + 1) * batch_size, (k + 2) * batch_size)"),
        "first batch skipped",
    ),
    wrong(
        "not cleared",
        fixed((_ROWS, _RIGHT), ("            w.grad.zero_()\n            b.grad.zero_()\n", "")),
        "gradients never zeroed",
    ),
    wrong(
        "cleared outside",
        fixed(
            (_ROWS, _RIGHT),
            (
                "            w.grad.zero_()\n            b.grad.zero_()\n",
                "        w.grad.zero_()\n        b.grad.zero_()\n",
            ),
        ),
        "gradients zeroed once per epoch",
    ),
    wrong(
        "recorded later",
        fixed((_ROWS, _RIGHT), (_RECORD, ""), ("    return losses", _RECORD + "    return losses")),
        "recorded at the end",
    ),
    wrong(
        "batch loss",
        fixed(
            (_ROWS, _RIGHT),
            (_RECORD, ""),
            ("    return losses", "        losses.append(loss.item())\n    return losses"),
        ),
        "last batch recorded",
    ),
    wrong(
        "every batch recorded",
        fixed(
            (_ROWS, _RIGHT),
            (_RECORD, ""),
            (
                "            loss.backward()",
                "            losses.append(loss.item())\n            loss.backward()",
            ),
        ),
    ),
    wrong("shuffled", batches("torch.randperm(len(x))[k * batch_size : (k + 1) * batch_size]")),
    wrong(
        "batches of 5",
        batches("slice(k * 5, (k + 1) * 5)", "range(math.ceil(len(x) / 5))"),
        "ignores batch_size",
    ),
    wrong("rate of its own", fixed((_ROWS, _RIGHT), ("lr *", "0.1 *")), "ignores lr"),
    wrong(
        "y as it was",
        fixed((_ROWS, _RIGHT), ("y[rows]", "y[k : k + batch_size]")),
    ),
    wrong("uphill", fixed((_ROWS, _RIGHT), ("-= lr", "+= lr"))),
    wrong("nothing back", fixed((_ROWS, _RIGHT), ("    return losses\n", "")), "returns None"),
]
