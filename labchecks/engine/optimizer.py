"""Training a linear model with an optimizer, with every choice that can go wrong as a parameter.

The start is known here, so a run can be repeated step by step in float64. PyTorch's own optimizers
do the steps: what is judged is how they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

__all__ = ["Training", "repeat"]


@dataclass(frozen=True)
class Training:
    """How a run trains and what it records. The defaults are right; a mistake changes a field.

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
    loss : callable
        ``loss(prediction, target)`` that is differentiated and recorded.
    record : str
        One value per epoch: ``"samples"`` (mean over samples), ``"batches"`` (mean of the batch
        means), ``"sum"`` (of the batch means), ``"weighted sum"``, ``"last"``, ``"first"``,
        ``"over batch size"``, ``"as if full"`` (each batch mean times the batch size, divided by
        N), ``"over samples"`` (sum of the batch means divided by N), ``"over batches"`` (weighted
        sum divided by the number of batches), ``"after"`` (on all data, after the epoch),
        ``"before"`` (on all data, before it), ``"after each"`` (each batch after its update) or
        ``"running"`` (mean over samples since the first epoch).
    root : bool
        Record square roots of the values.
    """

    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    rate: float | None = None
    factor: float = 1.0
    made: str = "once"
    zero: str = "batch"
    step: str = "batch"
    batches: str = "all"
    loss: Callable[..., torch.Tensor] = torch.nn.functional.mse_loss
    record: str = "samples"
    root: bool = False


def repeat(training: Training, case: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Losses and final parameters (weights, then bias) of `training` on a case."""
    x = torch.tensor(case["x"], dtype=torch.float32).double()
    y = torch.tensor(case["y"], dtype=torch.float32).double()
    start = torch.tensor(case["start"], dtype=torch.float32).double()
    weight = start[:-1].view(1, -1).clone().requires_grad_()
    bias = start[-1:].clone().requires_grad_()
    parameters = [weight, bias]
    lr = training.factor * (case["lr"] if training.rate is None else training.rate)
    size = case["batch_size"]
    batches = [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]
    batches = {
        "all": batches,
        "first": batches[:1],
        "full only": [b for b in batches if len(b[0]) == size] or batches,
    }[training.batches]

    def predict(rows: torch.Tensor) -> torch.Tensor:
        return rows @ weight.T + bias

    def clear() -> None:
        weight.grad, bias.grad = torch.zeros_like(weight), torch.zeros_like(bias)

    optimizer = training.optimizer(parameters, lr=lr)
    clear()
    everything: list[tuple[float, int]] = []
    log = []
    for _ in range(case["epochs"]):
        if training.made == "epoch":
            optimizer = training.optimizer(parameters, lr=lr)
        if training.zero == "epoch":
            clear()
        seen = []
        before = training.loss(predict(x), y).item()
        for rows, targets in batches:
            if training.made == "batch":
                optimizer = training.optimizer(parameters, lr=lr)
            if training.zero == "batch":
                clear()
            loss = training.loss(predict(rows), targets)
            loss.backward()
            if training.zero == "before step":
                clear()
            if training.step == "batch":
                optimizer.step()
            if training.record == "after each":
                loss = training.loss(predict(rows), targets)
            seen.append((loss.item(), len(rows)))
        if training.step == "epoch":
            optimizer.step()
        everything += seen
        after = training.loss(predict(x), y).item()
        log.append(_value(training.record, seen, everything, size, before, after))
    end = torch.cat([weight.detach().flatten(), bias.detach()]).numpy()
    losses = np.array(log)
    return (np.sqrt(losses) if training.root else losses), end


def _value(
    record: str,
    seen: Sequence[tuple[float, int]],
    everything: Sequence[tuple[float, int]],
    size: int,
    before: float,
    after: float,
) -> float:
    losses, counts = np.array(seen).T
    weighted = losses @ counts
    if record == "running":
        all_losses, all_counts = np.array(everything).T
        return float(all_losses @ all_counts / all_counts.sum())
    return float(
        {
            "samples": weighted / counts.sum(),
            "after each": weighted / counts.sum(),
            "batches": losses.mean(),
            "sum": losses.sum(),
            "weighted sum": weighted,
            "last": losses[-1],
            "first": losses[0],
            "over batch size": losses.sum() / size,
            "as if full": losses.sum() * size / counts.sum(),
            "over samples": losses.sum() / counts.sum(),
            "over batches": weighted / len(losses),
            "after": after,
            "before": before,
        }[record]
    )
