"""Whether a network's parameters are those that its training leads to.

The training is known: Adam on all rows at once, from parameters that were told. So it can be done
again, and parameters that were found in another way, such as by least squares on units drawn at
random, lie in another direction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

__all__ = ["agreement"]

Function = Callable[[torch.Tensor], torch.Tensor]


def agreement(
    before: Sequence[np.ndarray],
    after: Sequence[np.ndarray],
    function: Function,
    x: np.ndarray,
    y: np.ndarray,
    steps: int,
    rate: float,
) -> float:
    """Cosine of the angle between the way that training goes and the way that is told.

    One up to rounding for a network that was trained so, and above 0.7 with a fifth of its units
    dropped at random; near zero for parameters of another origin.

    Parameters
    ----------
    before, after : sequence of ndarray
        Weight (inputs by units), bias, output weight (units by outputs) and output bias.
    function : callable
        What the hidden units do.
    x, y : ndarray, shapes (N, inputs) and (N, outputs)
        The rows of the training.
    steps, rate : int, float
        Updates, and the rate of Adam.
    """
    inputs, targets = torch.tensor(x), torch.tensor(y)
    leaves = [torch.tensor(part, dtype=torch.float64).requires_grad_() for part in before]
    optimizer = torch.optim.Adam(leaves, lr=rate)
    for _ in range(steps):
        weight, bias, output_weight, output_bias = leaves
        units = function(inputs @ weight + bias)
        loss = ((units @ output_weight + output_bias - targets) ** 2).mean()
        for leaf, slope in zip(leaves, torch.autograd.grad(loss, leaves), strict=True):
            leaf.grad = slope
        optimizer.step()
    start, told = (np.concatenate([part.ravel() for part in parts]) for parts in (before, after))
    there = np.concatenate([leaf.detach().numpy().ravel() for leaf in leaves])
    way, claimed = there - start, told - start
    lengths = np.linalg.norm(way) * np.linalg.norm(claimed)
    return float(way @ claimed / lengths) if 0 < lengths < np.inf else 0.0
