"""One run of gradient descent on a line, as the figure's JavaScript computes it.

`epoch_order` and `descend` mirror ``descent.js`` number for number, so that a run seen in the
figure can be repeated in Python. The tests hold both to ``torch.optim.SGD``.
"""

from collections.abc import Iterator
from itertools import count

import numpy as np

from labhelpers.explorer.settings import Settings
from labhelpers.history import History
from labhelpers.surface import LossSurface

_WORD = 0xFFFFFFFF


def epoch_order(n: int, seed: int, epoch: int) -> np.ndarray:
    """Order in which one epoch visits the samples.

    A Fisher-Yates shuffle driven by the generator mulberry32 (Tommy Ettinger, public domain). It
    needs 32-bit arithmetic alone, so Python and JavaScript give the same order.

    Parameters
    ----------
    n : int
        Number of samples.
    seed : int
        The figure's seed, 0 to 2³¹ − 1.
    epoch : int
        Epoch, from 0. Each has its own order and can be had without those before it.

    Returns
    -------
    ndarray of int, shape (n,)

    Examples
    --------
    >>> epoch_order(5, seed=0, epoch=0).tolist() == epoch_order(5, seed=0, epoch=0).tolist()
    True
    """
    order = list(range(n))
    state = ((seed ^ ((epoch + 1) * 0x9E3779B1 & _WORD)) * 0x85EBCA6B) & _WORD
    for i in range(n - 1, 0, -1):
        state = (state + 0x6D2B79F5) & _WORD
        mixed = ((state ^ (state >> 15)) * (state | 1)) & _WORD
        mixed ^= (mixed + (((mixed ^ (mixed >> 7)) * (mixed | 61)) & _WORD)) & _WORD
        j = ((mixed ^ (mixed >> 14)) * (i + 1)) >> 32
        order[i], order[j] = order[j], order[i]
    return np.array(order, dtype=np.int64)


def batches(n: int, settings: Settings) -> Iterator[np.ndarray]:
    """The samples of each step's batch, without end: epoch after epoch."""
    size = min(settings.batch_size or n, n)
    for epoch in count():
        shuffled = settings.shuffle and size < n
        order = epoch_order(n, settings.seed, epoch) if shuffled else np.arange(n)
        for first in range(0, n, size):
            yield order[first : first + size]


def descend(x: np.ndarray, y: np.ndarray, settings: Settings) -> History:
    """Run gradient descent and record it.

    Momentum follows ``torch.optim.SGD`` without dampening: v ← μ·v + g, p ← p − η·v. Adam follows
    ``torch.optim.Adam`` with its default β₁, β₂ and ε. The points have shape (N,).
    """
    surface = LossSurface(x, y)
    history = History(surface, settings.start, lr=settings.lr, batch_size=settings.batch_size)
    w, b = settings.start
    velocity, mean, square = np.zeros((3, 2))
    with np.errstate(over="ignore", invalid="ignore"):
        for k, batch in zip(range(1, settings.steps + 1), batches(len(x), settings)):
            if history.batch_size is None:
                gradient = surface.gradient(w, b)
                batch_loss = None
            else:
                error = w * x[batch] + b - y[batch]
                gradient = 2 * np.array([np.mean(error * x[batch]), np.mean(error)])
                batch_loss = float(np.mean(error**2))
            if settings.optimizer == "adam":
                mean = 0.9 * mean + 0.1 * gradient
                square = 0.999 * square + 0.001 * gradient**2
                size = np.sqrt(square / (1 - 0.999**k)) + 1e-8
                step = mean / (1 - 0.9**k) / size
            else:
                step = velocity = settings.momentum * velocity + gradient
            w, b = (float(p - settings.lr * v) for p, v in zip((w, b), step))
            history.step(w, b, batch_loss=batch_loss)
    return history
