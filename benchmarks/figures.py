"""Rows: one step figure, the usual new pyplot figure against ours, and how large labs are saved.

Both are measured from the call to the finished picture as the notebook gets it, so that neither
leaves work behind: for the usual way that is what ``plt.show()`` does with the inline backend
(`print_figure`, tight bounding box, 72 dots an inch), for ours the output bundle.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from IPython.core.pylabtools import print_figure

from benchmarks.table import Row
from labhelpers import History, LossSurface, data
from labhelpers.figures import plot_step, plot_steps

SOLUTIONS = Path(__file__).parents[1] / "solutions"
ROUNDS = 15
STEPS = (0, 1, 2, 5)


def rows() -> Iterator[Row]:
    """Measure one step, and the four steps that Lab 1 shows in one figure."""
    dataset = data.gentle_line()
    surface = LossSurface(dataset.x, dataset.y)
    history = _descend(surface)
    heights = _surface_by_loops(dataset)  # once, outside the timing, as the plain labs do

    def plain(step: int, sharp: bool = False) -> int:
        return _usual(dataset, heights, history, step, sharp)

    def one(step: int) -> int:
        return _bytes(plot_step(dataset, surface, history, step))

    yield from _compare("step figure: the usual at 72 dots an inch", plain, one)
    yield from _compare(
        "step figure: the usual at 144 dots an inch", lambda step: plain(step, True), one
    )
    yield from _compare(
        "the four steps of Lab 1: four new figures against one",
        lambda _: sum(plain(step) for step in STEPS),
        lambda _: _bytes(plot_steps(dataset, surface, history, STEPS)),
    )
    sizes = [path.stat().st_size / 1e3 for path in SOLUTIONS.glob("lab*.ipynb")]
    yield Row("a solved lab as it is saved, with all its figures, size", sizes, unit="kB")


def _compare(what: str, plain, ours) -> Iterator[Row]:
    times: dict[str, list[float]] = {"plain": [], "ours": []}
    sizes = {"plain": plain(1), "ours": ours(1)}  # the first of each fills the font caches
    for number in range(ROUNDS):
        for name, work in (("plain", plain), ("ours", ours)):
            gc.collect()
            begin = perf_counter()
            work(number % 10)
            times[name].append(perf_counter() - begin)
    yield Row(what, times["ours"], times["plain"])
    yield Row(f"{what}, size", [sizes["ours"] / 1e3], [sizes["plain"] / 1e3], unit="kB")


def _bytes(drawing) -> int:
    return sum(len(part) for part in drawing._repr_mimebundle_().values())


def _usual(dataset, heights, history: History, step: int, sharp: bool) -> int:
    """A new figure with the data beside the contours, as most tutorials draw each step."""
    ticks, loss = heights
    w, b = history.w[step], history.b[step]
    plt.figure(figsize=(8.3, 3.9))
    plt.subplot(121)
    plt.plot(dataset.x.numpy(), dataset.y.numpy(), "ro", label="training points")
    plt.plot(dataset.x.numpy(), w * dataset.x.numpy() + b, label="estimated line")
    plt.xlabel("x")
    plt.ylabel("y")
    plt.title(f"Data space, iteration {step}")
    plt.legend()
    plt.subplot(122)
    plt.contour(ticks, ticks, loss)
    plt.scatter(history.w[: step + 1], history.b[: step + 1], c="r", marker="x")
    plt.xlabel("w")
    plt.ylabel("b")
    plt.title(f"Loss surface, iteration {step}")
    # "retina" is the inline backend's setting for a sharp picture.
    kind = "retina" if sharp else "png"
    picture = print_figure(plt.gcf(), fmt=kind, bbox_inches="tight", base64=True)
    plt.close()
    return len(picture)


def _descend(surface: LossSurface) -> History:
    theta = np.array([-15.0, -10.0])
    history = History(surface, start=tuple(theta), lr=0.1)
    for _ in range(15):
        theta = theta - 0.1 * surface.gradient(*theta)
        history.step(*theta)
    return history


def _surface_by_loops(dataset) -> tuple[np.ndarray, np.ndarray]:
    from benchmarks.loss_surface import RANGE, by_loops

    x, y = (values.double().numpy().ravel() for values in (dataset.x, dataset.y))
    return np.linspace(*RANGE, 30), by_loops(x, y, 30)
