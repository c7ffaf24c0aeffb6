"""The loss surface: two Python loops over numpy.mean against the closed form.

Both are timed in turn in the same run, and the ratio of each pair is kept; what is printed is
the median of the ratios with the smallest and the largest. Run with

    python benchmarks/loss_surface.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from labhelpers import LossSurface, data

RANGE = (-15.0, 15.0)


def by_loops(x: np.ndarray, y: np.ndarray, resolution: int) -> np.ndarray:
    """The plain way: the mean over all points again at every grid point."""
    ticks = np.linspace(*RANGE, resolution)
    heights = np.empty((resolution, resolution))
    for j, b in enumerate(ticks):
        for i, w in enumerate(ticks):
            heights[j, i] = np.mean((w * x + b - y) ** 2)
    return heights


def in_closed_form(x: np.ndarray, y: np.ndarray, resolution: int) -> np.ndarray:
    """Ours, the means of the data included."""
    ticks = np.linspace(*RANGE, resolution)
    return LossSurface(x, y)(ticks, ticks[:, None])


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """Mean time of one call over `times` calls in a row."""
    begin = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begin) / times


def compare(n: int, resolution: int, rounds: int) -> str:
    """One row: the plain way beside ours at `n` points, after checking that they agree."""
    if n == 60:
        dataset = data.gentle_line()
        x, y = dataset.x.numpy().ravel(), dataset.y.numpy().ravel()
    else:
        rng = np.random.default_rng(0)
        x = rng.normal(size=n)
        y = 2 * x + 1 + rng.normal(size=n)
    x, y = x.astype(float), y.astype(float)
    np.testing.assert_allclose(by_loops(x, y, 5), in_closed_form(x, y, 5), rtol=1e-9)
    plain, ours = [], []
    for _ in range(rounds):
        plain.append(seconds(lambda: by_loops(x, y, resolution)))
        # One call is shorter than the clock's jitter; the loops repeat theirs 900 times as well.
        ours.append(seconds(lambda: in_closed_form(x, y, resolution), times=20))
    ratios = [p / o for p, o in zip(plain, ours)]
    return (
        f"| {n:,} | {resolution} × {resolution} | {statistics.median(plain) * 1e3:,.2f} ms "
        f"| {statistics.median(ours) * 1e3:,.3f} ms | {statistics.median(ratios):,.0f} "
        f"({min(ratios):,.0f} to {max(ratios):,.0f}) |"
    )


def growth(n: int, resolution: int) -> str:
    """One row where the plain way would take minutes to hours, so only ours is timed."""
    x = np.random.default_rng(0).normal(size=n)
    taken = statistics.median(seconds(lambda: in_closed_form(x, x, resolution)) for _ in range(5))
    return f"| {n:,} | {resolution} × {resolution} | not run | {taken * 1e3:,.1f} ms | |"


def main() -> None:
    """Print the table."""
    print("| points | grid | two loops | closed form | ratio: median (range) |")
    print("|---|---|---|---|---|")
    print(compare(60, 30, rounds=21))
    print(compare(60, 100, rounds=5))
    print(compare(10_000, 30, rounds=5))
    print(growth(1_000_000, 200))
    print(growth(1_000_000, 500))


if __name__ == "__main__":
    main()
