"""Rows: the loss surface by two Python loops against the closed form."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.loss_surface import RANGE, by_loops, in_closed_form, seconds
from benchmarks.machine import read_bandwidth
from benchmarks.table import Row
from labhelpers import data

# Grid points of the loops that are timed where all of them would take minutes to hours.
SLICE = 40


def rows() -> Iterator[Row]:
    """Measure the labs' own size, then growth to a million points."""
    bandwidth = read_bandwidth()
    dataset = data.gentle_line()
    x, y = (values.double().numpy().ravel() for values in (dataset.x, dataset.y))
    yield _row(x, y, 30, rounds=21, bandwidth=bandwidth)
    for n, resolution, rounds in ((10_000, 30, 5), (1_000_000, 200, 5), (1_000_000, 500, 5)):
        rng = np.random.default_rng(0)
        x = rng.normal(size=n)
        yield _row(x, 2 * x + 1 + rng.normal(size=n), resolution, rounds, bandwidth)


def _row(x: np.ndarray, y: np.ndarray, resolution: int, rounds: int, bandwidth: float) -> Row:
    np.testing.assert_allclose(by_loops(x, y, 5), in_closed_form(x, y, 5), rtol=1e-9)
    whole = resolution**2
    sliced = x.size * whole > 20_000_000
    plain, ours = [], []
    for _ in range(rounds):
        if sliced:
            plain.append(seconds(lambda: _some_points(x, y)) * whole / SLICE)
        else:
            plain.append(seconds(lambda: by_loops(x, y, resolution)))
        # One call on few points is shorter than the clock's jitter.
        times = 20 if x.size < 100_000 else 1
        ours.append(seconds(lambda: in_closed_form(x, y, resolution), times))
    nbytes = x.nbytes + y.nbytes + 8 * whole
    return Row(
        f"loss surface, {x.size:,} points, {resolution} × {resolution}",
        ours,
        plain,
        limit=nbytes / bandwidth,
        limit_is="points read and grid written once at memory bandwidth",
        note=f"plain: {SLICE} of {whole:,} grid points, extrapolated" if sliced else "",
    )


def _some_points(x: np.ndarray, y: np.ndarray) -> float:
    """The inner statement of the two loops, for a few of the grid points."""
    total = 0.0
    for w in np.linspace(*RANGE, SLICE):
        total += np.mean((w * x + 1.0 - y) ** 2)
    return total
