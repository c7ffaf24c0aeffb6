"""Training a linear model with an optimizer, with every choice that can go wrong as a parameter.

The start is known here, so a run can be repeated step by step in float64. PyTorch's own optimizers
do the steps: what is judged is how they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch

__all__ = ["Run", "Training", "repeat"]


@dataclass(frozen=True)
class Training:
    """How a run trains. The defaults are right; a mistake changes a field.

    Attributes
    ----------
    optimizer : callable
        ``optimizer(parameters, lr=...)``.
    rate : float or None
        Rate that is used whatever was asked for; None for the one that was asked for.
    factor : float
        Factor on the rate.
    made : str
        When the optimizer is made: ``"once"``, in each ``"epoch"`` or for each ``"batch"``.
    zero : str
        When gradients are set to zero: ``"batch"``, ``"epoch"``, ``"never"`` or ``"before step"``.
    step : str
        When it steps: per ``"batch"``, per ``"epoch"`` or ``"never"``.
    batches : str
        ``"all"``, ``"first"`` (of each epoch) or ``"full only"`` (the short one is left out).
    moved : int
        How many of weight and bias the optimizer is given.
    loss : callable
        ``loss(prediction, target)`` that is differentiated and recorded.
    inputs : callable
        ``inputs(rows, all_rows)``: what the model is called with.
    """

    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    rate: float | None = None
    factor: float = 1.0
    made: str = "once"
    zero: str = "batch"
    step: str = "batch"
    batches: str = "all"
    moved: int = 2
    loss: Callable[..., torch.Tensor] = torch.nn.functional.mse_loss
    inputs: Callable[..., torch.Tensor] = lambda rows, all_rows: rows


class Run(NamedTuple):
    """What a run gives: every list of losses that it could return, and where the model could be."""

    #: One value for each epoch, by how it is recorded.
    records: dict[str, np.ndarray]
    #: Weights, then bias: ``"last"``, ``"best"`` (after the epoch of least loss) and ``"start"``.
    ends: dict[str, np.ndarray]


def repeat(training: Training, case: Mapping[str, Any]) -> Run:
    """The losses and parameters of `training` on a case."""
    x, y, start = (
        torch.tensor(case[name], dtype=torch.float32).double() for name in ("x", "y", "start")
    )
    parameters = [part.clone().requires_grad_() for part in (start[:-1].view(1, -1), start[-1:])]
    size, lr = case["batch_size"], case["lr"] if training.rate is None else training.rate
    batches = [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]
    batches = {
        "all": batches,
        "first": batches[:1],
        "full only": [b for b in batches if len(b[0]) == size] or batches,
    }[training.batches]

    def loss_on(rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        weight, bias = parameters
        return training.loss(training.inputs(rows, x) @ weight.T + bias, targets)

    def clear() -> None:
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)

    def made() -> torch.optim.Optimizer:
        return training.optimizer(parameters[: training.moved], lr=training.factor * lr)

    def place() -> np.ndarray:
        return torch.cat([p.detach().flatten() for p in parameters]).numpy().copy()

    optimizer, places = made(), [place()]
    clear()
    seen, before, after, moved = [], [], [], []
    for _ in range(case["epochs"]):
        if training.made == "epoch":
            optimizer = made()
        if training.zero == "epoch":
            clear()
        before.append(loss_on(x, y).item())
        for rows, targets in batches:
            if training.made == "batch":
                optimizer = made()
            if training.zero == "batch":
                clear()
            loss = loss_on(rows, targets)
            loss.backward()
            if training.zero == "before step":
                clear()
            if training.step == "batch":
                optimizer.step()
            seen.append(loss.item())
            moved.append(loss_on(rows, targets).item())
        if training.step == "epoch":
            optimizer.step()
        after.append(loss_on(x, y).item())
        places.append(place())
    counts = np.array([len(rows) for rows, _ in batches])
    losses, late = (np.reshape(part, (-1, len(batches))) for part in (seen, moved))
    records = _records(losses, late, counts, size) | {"before": before, "after": after}
    best = int(np.argmin(records["samples"]))
    ends = {"last": places[-1], "best": places[best + 1], "start": places[0]}
    return Run({name: np.array(values) for name, values in records.items()}, ends)


def _records(losses: np.ndarray, late: np.ndarray, counts: np.ndarray, size: int) -> dict[str, Any]:
    """What can be made of the batches' losses, before and after (`late`) their updates."""
    n, weighted, added = counts.sum(), losses @ counts, losses.sum(axis=1)
    passes = np.arange(1, len(losses) + 1)
    return {
        "samples": weighted / n,
        "batches": losses.mean(axis=1),
        "last": losses[:, -1],
        "first": losses[:, 0],
        "sum": added,
        "as if full": added * size / n,
        "weighted sum": weighted,
        "over batch size": added / size,
        "over samples": added / n,
        "over batches": weighted / len(counts),
        "after each": late @ counts / n,
        "running": np.cumsum(weighted) / (n * passes),
        "running sum": np.cumsum(weighted) / n,
        "lowest": np.minimum.accumulate(weighted / n),
        "root": np.sqrt(weighted / n),
    }
