"""The record of one run of gradient descent, kept as plain numbers."""

# An older Python comes as far as an ImportError then, which the start page explains.
from __future__ import annotations

import math

import numpy as np

from labhelpers.reading import read_number, read_whole_number
from labhelpers.surface import LossSurface

#: Mini-batch noise alone lifts a loss a little above its start when the start is already good;
#: only a loss this many times the start's counts as diverged for such runs.
NOISY_GROWTH = 10.0


class History:
    """What happened in a run: n steps, n + 1 points.

    Parameters
    ----------
    surface : LossSurface
        The full-data loss surface; it gives the full-data loss at every point at O(1) cost.
    start : (number, number)
        The parameters (w, b) before the first step.
    lr : float
        Learning rate η.
    batch_size : int, optional
        Samples in a batch; ``None`` means all of them (batch gradient descent).
    label : str, optional
        Name of the run in legends; made from the rate and the batch size if left out.

    Raises
    ------
    TypeError
        If `surface` is not a `LossSurface` or a parameter is not a single number.
    ValueError
        If `lr` is not positive and finite, or `batch_size` is not a whole number from 1.

    Examples
    --------
    >>> surface = LossSurface([0.0, 1.0], [0.0, 2.0])
    >>> history = History(surface, (0.0, 0.0), lr=0.5)
    >>> history.step(1.0, 1.0)
    >>> history.w.tolist(), history.steps
    ([0.0, 1.0], 1)
    """

    def __init__(
        self, surface: LossSurface, start, *, lr: float, batch_size=None, label=None
    ) -> None:
        if not isinstance(surface, LossSurface):
            raise TypeError(f"surface must be a LossSurface, got {type(surface).__name__}")
        self.lr = read_number(lr, "lr")
        if not 0 < self.lr < math.inf:
            raise ValueError(f"lr must be positive and finite, got {self.lr}")
        if batch_size is not None:
            batch_size = read_whole_number(batch_size, "batch_size", 1)
        self.surface = surface
        # A batch of all samples is batch gradient descent, however it was asked for.
        whole = batch_size is None or batch_size >= surface.n
        self.batch_size = None if whole else batch_size
        rate = f"η = {self.lr:g}"
        named = rate if whole else f"{rate}, batch size {batch_size}"
        self.label = named if label is None else label
        try:
            w, b = start
        except (TypeError, ValueError) as error:
            raise TypeError(f"start must be two numbers (w, b), got {start!r}") from error
        self._w = [read_number(w, "w")]
        self._b = [read_number(b, "b")]
        self._batch_loss: list[float] = []
        self._epoch: list[int] = []

    def step(self, w, b, *, batch_loss=None, epoch: int | None = None) -> None:
        """Record the parameters after one update.

        Parameters
        ----------
        w, b : number or 0-d Tensor
            Parameters after the update.
        batch_loss : number or 0-d Tensor, optional
            Loss on this update's batch, taken before the update. For a batch of all samples it
            may be left out.
        epoch : int, optional
            The epoch, from 0, that the update belongs to. Left out, it follows from the batch
            size: ceil(N / batch size) updates make an epoch.

        Raises
        ------
        TypeError
            If a value is not a single number.
        ValueError
            If `epoch` is not a whole number from 0, or runs backwards.
        """
        w, b = read_number(w, "w"), read_number(b, "b")
        if batch_loss is not None:
            batch_loss = read_number(batch_loss, "batch_loss")
        elif self.batch_size is None:
            batch_loss = self.surface(self._w[-1], self._b[-1])
        else:
            batch_loss = math.nan
        if epoch is None:
            epoch = self.steps // self.updates_per_epoch
        else:
            epoch = read_whole_number(epoch, "epoch", 0)
        if self._epoch and epoch < self._epoch[-1]:
            raise ValueError(f"epoch {epoch} comes after epoch {self._epoch[-1]} was recorded")
        self._w.append(w)
        self._b.append(b)
        self._batch_loss.append(batch_loss)
        self._epoch.append(epoch)

    @property
    def steps(self) -> int:
        """Number of updates n."""
        return len(self._batch_loss)

    @property
    def updates_per_epoch(self) -> int:
        """ceil(N / batch size)."""
        return 1 if self.batch_size is None else math.ceil(self.surface.n / self.batch_size)

    @property
    def w(self) -> np.ndarray:
        """Slope at every point, shape (n + 1,)."""
        return np.array(self._w)

    @property
    def b(self) -> np.ndarray:
        """Intercept at every point, shape (n + 1,)."""
        return np.array(self._b)

    @property
    def loss(self) -> np.ndarray:
        """Full-data loss at every point, shape (n + 1,)."""
        return self.surface(self.w, self.b)

    @property
    def batch_loss(self) -> np.ndarray:
        """Loss of each step's batch before that step, shape (n,); NaN where none was given."""
        return np.array(self._batch_loss)

    @property
    def epoch(self) -> np.ndarray:
        """Epoch of each step, from 0, shape (n,)."""
        return np.array(self._epoch, dtype=int)

    @property
    def epochs(self) -> int:
        """Number of epochs begun."""
        return self._epoch[-1] + 1 if self._epoch else 0

    @property
    def epoch_starts(self) -> np.ndarray:
        """Index of the point at which each epoch begins, then the last point, shape (epochs + 1,).

        ``history.loss[history.epoch_starts]`` is the full-data loss once per epoch.
        """
        if not self._epoch:
            return np.array([0])
        first = np.flatnonzero(np.diff(self.epoch, prepend=-1))
        return np.append(first, self.steps)

    @property
    def excess(self) -> np.ndarray:
        """Full-data loss above the least-squares loss at every point, shape (n + 1,)."""
        return self.loss - self.surface.minimum_loss

    @property
    def diverged_at(self) -> int | None:
        """The first point from which the loss stays above its bound, or ``None``.

        The bound is the starting loss for batch gradient descent: on a quadratic each part of the
        loss is multiplied by (1 − η·λᵢ)² at every step, so it can pass its start only if a factor
        exceeds 1. For a mini-batch run, whose loss is noisy, the bound is ten times the start. A
        value that is not finite is above every bound. A run that grows too slowly to have passed
        its start is not reported.
        """
        loss = self.loss
        growth = 1.0 if self.batch_size is None else NOISY_GROWTH
        # The relative margin keeps rounding in float32 parameters from counting as growth.
        inside = np.isfinite(loss) & (loss <= growth * loss[0] * (1 + 1e-6))
        if inside[-1]:
            return None
        return int(np.flatnonzero(inside)[-1]) + 1 if inside.any() else 0

    @property
    def diverged(self) -> bool:
        """Whether the run ended above its bound; see `diverged_at`."""
        return self.diverged_at is not None

    def __len__(self) -> int:
        return self.steps

    def __repr__(self) -> str:
        state = f"diverged from step {self.diverged_at}" if self.diverged else "bounded"
        return (
            f"History({self.label!r}: {self.steps} steps, "
            f"loss {self.loss[0]:.4g} -> {self.loss[-1]:.4g}, {state})"
        )
