"""Training a linear model with an optimizer, with every choice that can go wrong as a parameter.

The start is known here, so a run can be repeated step by step in float64. PyTorch's own optimizers
do the steps: what is judged is how they are used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch


@dataclass(frozen=True)
class Training:
    """How a run trains. The defaults are right; a mistake changes a field."""

    #: ``optimizer(parameters, lr=...)`` for weight and bias.
    optimizer: Callable[..., torch.optim.Optimizer] = torch.optim.Adam
    #: When the optimizer is made: ``"once"``, in each ``"epoch"`` or for each ``"batch"``.
    made: str = "once"
    #: When gradients are set to zero: for each ``"batch"``, in each ``"epoch"`` or ``"never"``.
    zero: str = "batch"
    #: When it steps: per ``"batch"`` or per ``"epoch"``.
    step: str = "batch"
    #: Which of an epoch's batches are used.
    batches: Callable[[list], list] = lambda batches: batches
    #: ``loss(prediction, target)`` that is differentiated and recorded.
    loss: Callable[..., torch.Tensor] = torch.nn.functional.mse_loss
    #: ``inputs(rows, all_rows)``: what the model is called with.
    inputs: Callable[..., torch.Tensor] = lambda rows, all_rows: rows


class Run(NamedTuple):
    """What a run gives: every list of losses that it could return, and where the model could be."""

    #: One value for each epoch, by what each value is.
    records: dict[str, np.ndarray]
    #: Weights, then bias: ``"last"``, ``"best"`` (after the epoch of least loss) and ``"start"``.
    ends: dict[str, np.ndarray]


def repeat(training: Training, case: Mapping[str, Any]) -> Run:
    """The losses and parameters of `training` on a case."""
    x, y, start = (
        torch.tensor(case[name], dtype=torch.float32).double() for name in ("x", "y", "start")
    )
    parameters = [part.clone().requires_grad_() for part in (start[:-1].view(1, -1), start[-1:])]
    size = case["batch_size"]
    batches = training.batches(list(zip(x.split(size), y.split(size), strict=True)))

    def loss_on(rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        weight, bias = parameters
        return training.loss(training.inputs(rows, x) @ weight.T + bias, targets)

    def place() -> np.ndarray:
        return torch.cat([p.detach().flatten() for p in parameters]).numpy()

    optimizer = training.optimizer(parameters, lr=case["lr"])
    seen, moved, levels, places = [], [], [loss_on(x, y).item()], [place()]
    for _ in range(case["epochs"]):
        for k, (rows, targets) in enumerate(batches):
            now = ("batch",) if k else ("epoch", "batch")
            if training.made in now:
                optimizer = training.optimizer(parameters, lr=case["lr"])
            if training.zero in now:
                for parameter in parameters:
                    parameter.grad = None
            loss = loss_on(rows, targets)
            loss.backward()
            if training.step == "batch":
                optimizer.step()
            seen.append(loss.item())
            moved.append(loss_on(rows, targets).item())
        if training.step == "epoch":
            optimizer.step()
        levels.append(loss_on(x, y).item())
        places.append(place())
    counts = np.array([len(rows) for rows, _ in batches])
    losses, late = (np.reshape(part, (-1, len(batches))) for part in (seen, moved))
    n, weighted, added = counts.sum(), losses @ counts, losses.sum(axis=1)
    mean, so_far = weighted / n, np.cumsum(weighted) / n
    records = {
        "the mean over samples": mean,
        "a mean in which a short batch counts as a full one": losses.mean(axis=1),
        "the loss of the epoch's last batch alone": losses[:, -1],
        "the loss of the epoch's first batch alone": losses[:, 0],
        "the sum of the epoch's batch losses": added,
        "a sum in which a short batch counts as a full one": added * size / n,
        "a sum over all samples, not their mean": weighted,
        "a sum divided by the batch size": added / size,
        "a sum of batch means divided by N": added / n,
        "a sum divided by the number of batches": weighted / len(counts),
        "the loss on all data after the epoch": np.array(levels[1:]),
        "the loss on all data before the epoch": np.array(levels[:-1]),
        "a mean of losses after each batch's update": late @ counts / n,
        "a mean over all epochs so far": so_far / np.arange(1, len(losses) + 1),
        "a sum over all epochs so far": so_far,
        "the lowest loss of all epochs so far": np.minimum.accumulate(mean),
        "a square root": np.sqrt(mean),
    }
    best = places[int(np.argmin(mean)) + 1]
    return Run(records, {"last": places[-1], "best": best, "start": places[0]})
