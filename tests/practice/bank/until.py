"""Answers to lab02-train-until."""

from __future__ import annotations

from tests.practice.bank import right, wrong

_HEAD = "def train_until(x, y, w, b, lr, tolerance, max_steps):"
#: A right program, in which a mistake replaces a piece.
_GRAD = f"""
{_HEAD}
    w = torch.tensor(float(w), requires_grad=True)
    b = torch.tensor(float(b), requires_grad=True)
    rows = []
    for step in range(max_steps + 1):
        loss = criterion(w * x + b, y)
        rows.append((step, loss.item(), w.item(), b.item()))
        if step > 0 and abs(rows[-1][1] - rows[-2][1]) < tolerance:
            break
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
    return rows
"""


def fixed(*changes: tuple[str, str], program: str = _GRAD) -> str:
    """The program with pieces replaced."""
    for old, new in changes:
        assert old in program, old
        program = program.replace(old, new)
    return program


_FORMULA = f"""
{_HEAD}
    loss = float(((w * x + b - y) ** 2).mean())
    rows = [[0, loss, w, b]]
    while len(rows) <= max_steps:
        r = w * x + b - y
        w, b = w - lr * 2 * float((r * x).mean()), b - lr * 2 * float(r.mean())
        before, loss = loss, float(((w * x + b - y) ** 2).mean())
        rows.append([len(rows), loss, w, b])
        if abs(loss - before) < tolerance:
            return rows
    return rows
"""

_IF = "if step > 0 and abs(rows[-1][1] - rows[-2][1]) < tolerance:"
_ROW = "rows.append((step, loss.item(), w.item(), b.item()))"

START_FIRST = """
def train_until(x, y, w, b, lr, tolerance, max_steps):
    rows = [(0, criterion(w * x + b, y).item(), w, b)]
    for k in range(1, max_steps + 1):
        {before}
        w, b = w - 2 * lr * (e * x).mean().item(), b - 2 * lr * e.mean().item()
        rows.append((k, {loss}, w, b))
        if {stop}:
            break
    return rows
"""

TENSORS_IN_ROWS = """
def train_until(x, y, w, b, lr, tolerance, max_steps):
    w = torch.tensor(float(w), requires_grad=True)
    b = torch.tensor(float(b), requires_grad=True)
    loss = criterion(w * x + b, y)
    rows = [(0, loss.item(), w, b)]
    for step in range(1, max_steps + 1):
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad = b.grad = None
        loss = criterion(w * x + b, y)
        rows.append((step, loss.item(), w, b))
        if abs(rows[-1][1] - rows[-2][1]) < tolerance:
            break
    return rows
"""

PROGRAMS = [
    right("autograd", _GRAD),
    right("by formula, lists", _FORMULA),
    right(
        "optimizer",
        f"""
{_HEAD}
    w = torch.nn.Parameter(torch.tensor(float(w))); b = torch.nn.Parameter(torch.tensor(float(b)))
    optimizer = torch.optim.SGD([w, b], lr=lr)
    rows, previous = [], None
    for step in range(max_steps + 1):
        loss = torch.nn.functional.mse_loss(w * x + b, y)
        rows.append([step, loss.item(), w.item(), b.item()])
        if previous is not None and abs(previous - loss.item()) < tolerance:
            break
        previous = loss.item()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    return rows
""",
    ),
    right(
        "numpy table",
        f"""
{_HEAD}
    x, y = np.asarray(x, dtype=float).ravel(), np.asarray(y, dtype=float).ravel()
    rows = np.empty((0, 4))
    change, step, loss = np.inf, 0, np.mean((w * x + b - y) ** 2)
    rows = np.vstack([rows, [0, loss, w, b]])
    while change >= tolerance and step < max_steps:
        r = w * x + b - y
        w, b = w - lr * np.mean(2 * r * x), b - lr * np.mean(2 * r)
        new = np.mean((w * x + b - y) ** 2)
        change, loss, step = abs(new - loss), new, step + 1
        rows = np.vstack([rows, [step, loss, w, b]])
    return rows
""",
    ),
    right(
        "History",
        f"""
{_HEAD}
    from labhelpers import History, LossSurface
    surface = LossSurface(x, y)
    history = History(surface, start=(w, b), lr=lr)
    for step in range(max_steps):
        dw, db = surface.gradient(w, b)
        w, b = w - lr * dw, b - lr * db
        history.step(w, b)
        if abs(history.loss[-1] - history.loss[-2]) < tolerance:
            break
    return list(zip(range(len(history.loss)), history.loss, history.w, history.b))
""",
    ),
    right(
        "tensors in tuples",
        fixed((_ROW, "rows.append((step, loss.detach(), w.detach().clone(), b.detach().clone()))")),
    ),
    right("one tensor", fixed(("return rows", "return torch.tensor(rows)"))),
    right(
        "a generator inside",
        f"""
{_HEAD}
    def run(w, b):
        while True:
            r = w * x + b - y
            yield float((r ** 2).mean()), w, b
            w, b = w - lr * float(2 * (r * x).mean()), b - lr * float(2 * r.mean())
    rows = []
    for step, (loss, slope, cut) in enumerate(run(w, b)):
        rows.append((step, loss, slope, cut))
        if step == max_steps or (step and abs(loss - rows[-2][1]) < tolerance):
            return tuple(rows)
""",
    ),
    right("tolerance met counts", fixed(("< tolerance", "<= tolerance"))),
    right(
        "w as a tensor of shape (1,)",
        fixed(
            ("torch.tensor(float(w), ", "torch.tensor([float(w)], "),
            ("torch.tensor(float(b), ", "torch.tensor([float(b)], "),
        ),
    ),
    wrong(
        "left before the row",
        f"""
{_HEAD}
    rows, previous = [], None
    for step in range(max_steps + 1):
        r = w * x + b - y
        loss = float((r ** 2).mean())
        if previous is not None and abs(loss - previous) < tolerance:
            break
        rows.append((step, loss, w, b)); previous = loss
        w, b = w - lr * 2 * float((r * x).mean()), b - lr * 2 * float(r.mean())
    return rows
""",
        "last row missing",
    ),
    wrong("last row taken off", fixed(("return rows", "return rows[:-1]")), "last row missing"),
    wrong(
        "one row later",
        fixed(
            (_IF, "if step > 1 and abs(rows[-2][1] - rows[-3][1]) < tolerance:"),
        ),
        "one row too many",
    ),
    wrong("max_steps rows", fixed(("max_steps + 1", "max_steps")), "one update too few"),
    wrong("one update more", fixed(("max_steps + 1", "max_steps + 2")), "one update too many"),
    wrong("no start", fixed(("return rows", "return rows[1:]")), "start missing"),
    wrong(
        "row after the update",
        fixed(
            ("        " + _ROW + "\n", ""),
            ("        " + _IF + "\n            break\n", ""),
            (
                "        b.grad.zero_()\n",
                "        b.grad.zero_()\n        "
                + _ROW
                + "\n        "
                + _IF
                + "\n            break\n",
            ),
            ("max_steps + 1", "max_steps"),
        ),
        "loss and parameters of different moments",
    ),
    wrong("steps from 1", fixed(("append((step,", "append((step + 1,")), "steps counted from 1"),
    wrong(
        "loss below the tolerance",
        fixed((_IF, "if loss < tolerance:")),
        "loss compared instead of its change",
    ),
    wrong(
        "new − old",
        fixed((_IF, "if step > 0 and rows[-1][1] - rows[-2][1] < tolerance:")),
        "change without its size",
    ),
    wrong(
        "old − new",
        fixed((_IF, "if step > 0 and rows[-2][1] - rows[-1][1] < tolerance:")),
        "change without its size",
    ),
    wrong(
        "relative",
        fixed((_IF, "if step and abs(rows[-1][1] - rows[-2][1]) / rows[-2][1] < tolerance:")),
        "relative change",
    ),
    wrong(
        "w hardly moves",
        fixed(
            (_IF, "if step and max(abs(rows[-1][k] - rows[-2][k]) for k in (2, 3)) < tolerance:")
        ),
        "change of the parameters",
    ),
    wrong(
        "compared with itself",
        fixed(
            ("    rows = []\n", "    rows, before = [], criterion(w * x + b, y).item()\n"),
            (_IF, "if abs(rows[-1][1] - before) < tolerance:"),
        ),
        "start compared with itself",
    ),
    wrong(
        "compared with the first",
        fixed((_IF, "if step > 0 and abs(rows[-1][1] - rows[0][1]) < tolerance:")),
        "compared with the start",
    ),
    wrong(
        "the tensors themselves",
        fixed((_ROW, "rows.append((step, loss.item(), w, b))")),
        "w and b as they end",
    ),
    wrong(
        "rounded losses",
        fixed((_ROW, "rows.append((step, round(loss.item(), 1), w.item(), b.item()))")),
        "close, not right",
    ),
    wrong("tolerance unused", fixed((_IF, "if False:")), "tolerance ignored"),
    wrong(
        "tolerance of its own",
        fixed(("< tolerance", "< 1e-4")),
        "ignores tolerance",
    ),
    wrong("rate of its own", fixed(("lr *", "0.05 *"))),
    wrong(
        "half the loss",
        fixed(("loss.backward()", "(loss / 2).backward()")),
        "half steps",
    ),
    wrong("uphill", fixed(("-= lr", "+= lr")), "stepping uphill"),
    wrong("b frozen", fixed(("            b -= lr * b.grad\n", "")), "b never updated"),
    wrong("w frozen", fixed(("            w -= lr * w.grad\n", "")), "w never updated"),
    wrong("sum", fixed(("loss.backward()", "(loss * len(x)).backward()")), "sum instead of mean"),
    wrong(
        "b after w",
        fixed(
            (
                "        w, b = w - lr * 2 * float((r * x).mean()), b - lr * 2 * float(r.mean())\n",
                "        w = w - lr * 2 * float((r * x).mean())\n"
                "        b = b - lr * 2 * float((w * x + b - y).mean())\n",
            ),
            program=_FORMULA,
        ),
        "b updated with the moved w",
    ),
    wrong(
        "never zeroed",
        fixed(("        w.grad.zero_()\n        b.grad.zero_()\n", "")),
        "gradients never zeroed",
    ),
    wrong("last row alone", fixed(("return rows", "return rows[-1]")), "only the last row"),
    wrong(
        "w, b, loss",
        fixed(
            (_ROW, "rows.append((step, w.item(), b.item(), loss.item()))"),
            (_IF, "if step > 0 and abs(rows[-1][3] - rows[-2][3]) < tolerance:"),
        ),
        "columns in another order",
    ),
    wrong(
        "transposed", fixed(("return rows", "return list(zip(*rows))")), "columns instead of rows"
    ),
    wrong(
        "one flat list",
        fixed(("return rows", "return [value for row in rows for value in row]")),
        "columns instead of rows",
    ),
    wrong(
        "no step",
        fixed(
            (_ROW, "rows.append((loss.item(), w.item(), b.item()))"),
            (_IF, "if step > 0 and abs(rows[-1][0] - rows[-2][0]) < tolerance:"),
        ),
        "other columns",
    ),
    wrong(
        "list outside",
        "rows = []\n" + fixed(("    rows = []\n", "")),
        "list kept between calls",
    ),
    wrong(
        "list as a default",
        fixed(("max_steps):", "max_steps, rows=[]):"), ("    rows = []\n", "")),
        "list kept between calls",
    ),
    wrong("the lab's data", fixed(("w * x + b, y", "w * X + b, Y"))),
    wrong("rows printed", fixed(("    return rows", "    print(rows)")), "returns None"),
    wrong(
        "dictionaries",
        fixed(
            (_ROW, "rows.append((step, loss.item(), w.item(), b.item()))"),
            ("return rows", "return [dict(zip('slwb', row)) for row in rows]"),
        ),
        "returns something else",
    ),
    wrong("always false loop", fixed(("range(max_steps + 1)", "range(0)")), "empty"),
    *(
        wrong(
            f"loss before the update behind a row of the start, from step {first}",
            START_FIRST.format(
                before="e = w * x + b - y; loss = (e**2).mean().item()",
                loss="loss",
                stop=f"k >= {first} and abs(rows[-1][1] - rows[-2][1]) < tolerance",
            ),
            "loss and parameters of different moments",
        )
        for first in (1, 2)
    ),
    wrong("tensors in the rows", TENSORS_IN_ROWS, "w and b as they end"),
]
