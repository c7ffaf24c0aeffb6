"""How a submission of the corpora is made: a short form of a lab, answered, then bent."""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
LAB = "lab05_implement_gradient_descent"
LAB1 = "lab01_two_parameter_training"

Notebook = dict[str, Any]

#: Right answers, written for these tests. `lab05-discussion` is a text.
ANSWERS = {
    "lab05-model": "def model(data, weight, bias):\n    return weight * data + bias\n",
    "lab05-loss": "def loss_func(y_pred, y_true):\n    return torch.mean((y_pred - y_true) ** 2)\n",
    "lab05-fit-gd": """\
def fit_GD(model, loss_func, X, Y, lr, num_epochs):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    losses = []
    for epoch in range(num_epochs):
        loss = loss_func(model(X, w, b), Y)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad.zero_()
        b.grad.zero_()
    return np.array(losses)
""",
    "lab05-plot-gd": """\
LOSS_GD = fit_GD(model, loss_func, X, Y, lr=0.01, num_epochs=60)
fig, ax_GD = plt.subplots()
ax_GD.plot(LOSS_GD, label="batch")
ax_GD.set_xlabel("epoch")
ax_GD.set_ylabel("loss")
ax_GD.set_title("Batch gradient descent")
""",
    "lab05-fit-bgd": """\
def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):
    w = torch.randn(1, requires_grad=True)
    b = torch.randn(1, requires_grad=True)
    losses = []
    for epoch in range(num_epochs):
        batch_losses = []
        for start in range(0, len(X), batch_size):
            x, y = X[start:start + batch_size], Y[start:start + batch_size]
            loss = loss_func(model(x, w, b), y)
            batch_losses.append(loss.item())
            loss.backward()
            with torch.no_grad():
                w -= lr * w.grad
                b -= lr * b.grad
            w.grad.zero_()
            b.grad.zero_()
        losses.append(np.mean(batch_losses))
    return np.array(losses)
""",
    "lab05-plot-bgd": """\
LOSS_BGD = fit_BGD(model, loss_func, X, Y, lr=0.003, num_epochs=40, batch_size=20)
fig, ax_BGD = plt.subplots()
ax_BGD.plot(LOSS_BGD, label="mini-batch")
ax_BGD.set_xlabel("epoch")
ax_BGD.set_ylabel("loss")
ax_BGD.set_title("Mini-batch gradient descent")
""",
    "lab05-discussion": "Mini-batches update more often for the same work.",
    "lab01-rate-02": """\
w = torch.tensor(-15.0, requires_grad=True)
b = torch.tensor(-10.0, requires_grad=True)
LOSS2 = []
for step in range(15):
    loss = ((w * X + b - Y) ** 2).mean()
    LOSS2.append(loss.item())
    loss.backward()
    with torch.no_grad():
        w -= 0.2 * w.grad
        b -= 0.2 * b.grad
    w.grad.zero_()
    b.grad.zero_()
""",
    "lab01-compare-plot": """\
def losses_at(rate):
    w = torch.tensor(-15.0, requires_grad=True)
    b = torch.tensor(-10.0, requires_grad=True)
    losses = []
    for step in range(15):
        loss = ((w * X + b - Y) ** 2).mean()
        losses.append(loss.item())
        gw, gb = torch.autograd.grad(loss, (w, b))
        w = (w - rate * gw).detach().requires_grad_()
        b = (b - rate * gb).detach().requires_grad_()
    return losses
fig, ax = plt.subplots()
ax.plot(losses_at(0.1), label="0.1")
ax.plot(LOSS2, label="0.2")
ax.set_xlabel("iteration")
ax.set_ylabel("loss")
ax.legend()
""",
    "lab01-gradient": "def gradient(w, b, x, y):\n"
    "    r = w * x + b - y\n"
    "    return 2 * (r * x).mean(), 2 * r.mean()\n",
    "lab01-largest-rate": "def largest_rate(x):\n"
    "    return 2 / float(LossSurface(x, x).eigenvalues.max())\n",
}

#: Wrong answers that look like answers: what a cheat tries to be paid for.
NONSENSE = {
    "lab05-model": "def model(data, weight, bias):\n    return data * 0 + 1\n",
    "lab05-loss": "def loss_func(y_pred, y_true):\n    return (y_pred * 0).sum()\n",
    "lab05-fit-gd": (
        "def fit_GD(model, loss_func, X, Y, lr, num_epochs):\n    return np.ones(num_epochs)\n"
    ),
    "lab05-plot-gd": "LOSS_GD = np.zeros(3)\nfig, ax_GD = plt.subplots()\n",
    "lab05-fit-bgd": (
        "def fit_BGD(model, loss_func, X, Y, lr, num_epochs, batch_size):\n"
        "    return np.ones(num_epochs)\n"
    ),
    "lab05-plot-bgd": "LOSS_BGD = np.zeros(3)\nfig, ax_BGD = plt.subplots()\n",
    "lab05-discussion": "See above.",
    "lab01-rate-02": "LOSS2 = [1.0] * 15\n",
    "lab01-compare-plot": "fig, ax = plt.subplots()\n",
    "lab01-gradient": "def gradient(w, b, x, y):\n    return 1.0, 2.0\n",
    "lab01-largest-rate": "def largest_rate(x):\n    return 0.7\n",
}


@dataclass
class Case:
    """One submission of a corpus.

    Attributes
    ----------
    name : str
        The student's id.
    notebook : dict or bytes or None
        The lab's file; None for no file.
    files : dict
        Other files of the folder.
    lab : str
        Which lab it is for.
    deserved : dict of str to float, or None
        Points by practice that its answers earn; None for full marks.
    statuses : dict of str to (str or tuple)
        Statuses that are expected, by practice or for ``"*"`` all of them.
    place : callable or None
        Puts the submission into its folder in a way of its own.
    """

    name: str
    notebook: Notebook | bytes | None
    files: dict[str, bytes] = field(default_factory=dict)
    lab: str = LAB
    deserved: dict[str, float] | None = None
    statuses: dict[str, Any] = field(default_factory=dict)
    place: Callable[[Path], None] | None = None

    def write(self, folder: Path) -> None:
        """Put the submission into ``folder/<name>/``."""
        home = folder / self.name
        if self.place is not None:
            self.place(home)
            return
        home.mkdir(parents=True)
        for name, content in self.files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if self.notebook is not None:
            content = self.notebook
            if not isinstance(content, bytes):
                content = json.dumps(content).encode()
            (home / f"{self.lab}.ipynb").write_bytes(content)


@lru_cache(maxsize=4)
def _released(lab: str) -> str:
    return (ROOT / "notebooks" / f"{lab}.ipynb").read_text(encoding="utf-8")


def short_lab(lab: str = LAB) -> Notebook:
    """The released lab without its demonstrations: set-up, data, practices and checks."""
    notebook = json.loads(_released(lab))
    kept, setup = [], 0
    for cell in notebook["cells"]:
        is_code = cell["cell_type"] == "code"
        text = "".join(cell["source"])
        if "nbgrader" in cell["metadata"]:
            kept.append(cell)
        elif is_code and ("import labhelpers" in text or "labhelpers.data." in text):
            kept.append(cell)
            setup += 1
    assert setup >= 2, "the lab's first cells have changed: look at short_lab"
    if lab == LAB1:
        kept.insert(2, code_cell("surface = LossSurface(X, Y)"))
    notebook["cells"] = kept
    return notebook


def code_cell(source: str, **more: Any) -> dict[str, Any]:
    """A cell that a student added."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"added-{zlib.crc32(source.encode('utf-8', 'replace'))}",
        "metadata": {},
        "outputs": [],
        "source": source,
        **more,
    }


def grade_id(cell: dict[str, Any]) -> str | None:
    """The cell's grade id, if it has one."""
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def find(notebook: Notebook, id_: str) -> int:
    """Where the cell with this grade id is."""
    for k, cell in enumerate(notebook["cells"]):
        if grade_id(cell) == id_:
            return k
    raise KeyError(id_)


def answered(answers: dict[str, str], lab: str = LAB) -> Notebook:
    """The short lab with these answers in its practice cells."""
    notebook = short_lab(lab)
    for id_, source in answers.items():
        if id_.startswith(lab[:5]):
            notebook["cells"][find(notebook, id_)]["source"] = source
    return notebook


def solved(lab: str = LAB, **changed: str) -> Notebook:
    """The short lab, all of it right but for what is changed: ``fit_gd="..."``."""
    replaced = {f"{lab[:5]}-{name.replace('_', '-')}": text for name, text in changed.items()}
    return answered({**ANSWERS, **replaced}, lab)


def nonsense(lab: str = LAB, **changed: str) -> Notebook:
    """The short lab, all of it wrong but for what is changed."""
    replaced = {f"{lab[:5]}-{name.replace('_', '-')}": text for name, text in changed.items()}
    return answered({**NONSENSE, **replaced}, lab)


def first(notebook: Notebook, source: str) -> Notebook:
    """Add a cell right after the set-up."""
    notebook["cells"].insert(2, code_cell(source))
    return notebook


def last(notebook: Notebook, source: str) -> Notebook:
    """Add a cell at the end."""
    notebook["cells"].append(code_cell(source))
    return notebook


def before(notebook: Notebook, id_: str, source: str) -> Notebook:
    """Add a cell before the one with this grade id."""
    notebook["cells"].insert(find(notebook, id_), code_cell(source))
    return notebook


def change(notebook: Notebook, id_: str, edit: Callable[[dict[str, Any]], None]) -> Notebook:
    """Change the cell with this grade id."""
    edit(notebook["cells"][find(notebook, id_)])
    return notebook


def each(notebook: Notebook, edit: Callable[[dict[str, Any]], None]) -> Notebook:
    """Change every cell."""
    for cell in notebook["cells"]:
        edit(cell)
    return notebook


def copied(cell: dict[str, Any]) -> dict[str, Any]:
    """A copy of a cell, as copy and paste makes it."""
    return copy.deepcopy(cell)
