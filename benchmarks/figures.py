"""Rows: each kind of figure, the usual pyplot figure against ours, and how large labs are saved.

Both are measured from the call to the finished picture as the notebook gets it, so that neither
leaves work behind: for the usual way that is what ``plt.show()`` does with the inline backend
(`print_figure`, tight bounding box), for ours the output bundle. Ours is as sharp as the screen is;
the usual picture is made for twice the pixels of a plain one, the backend's "retina".
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from IPython.core.pylabtools import print_figure

from benchmarks.loss_surface import RANGE, by_loops
from benchmarks.table import Row
from labhelpers import History, LossSurface, data, figures
from labhelpers.figures.plain import themed

SOLUTIONS = Path(__file__).parents[1] / "solutions"
ROUNDS = 9
STEPS = (0, 1, 2, 5)
SIZES, SPREADS = (1, 2, 5, 10, 20, 30), (0.33, 0.25, 0.15, 0.1, 0.07, 0.05)


def rows() -> Iterator[Row]:
    """Measure each kind of figure that the labs show."""
    kinds = _Kinds()
    for what, (usual, ours) in kinds.table().items():
        yield from _compare(what, usual, ours)
    four = [kinds.usual_step(step) for step in STEPS]
    yield from _compare(
        "the four steps of Lab 1: four new figures against one",
        lambda: sum(usual() for usual in four),
        lambda: figures.plot_steps(kinds.dataset, kinds.surface, kinds.run, STEPS),
    )
    yield from _compare(
        "one step, the usual picture not as sharp", kinds.usual_step(1, "png"), kinds.our_step
    )
    sizes = [path.stat().st_size / 1e3 for path in SOLUTIONS.glob("lab*.ipynb")]
    yield Row("a solved lab as it is saved, with all its figures, size", sizes, unit="kB")


def _compare(what: str, usual: Callable[[], int], draw: Callable) -> Iterator[Row]:
    times: dict[str, list[float]] = {"plain": [], "ours": []}

    def ours() -> int:
        made = draw()
        if isinstance(made, int):
            return made
        return sum(len(part) for part in made._repr_mimebundle_().values())

    sizes = {"plain": usual(), "ours": ours()}  # the first of each fills the font caches
    for _ in range(ROUNDS):
        for name, work in (("plain", usual), ("ours", ours)):
            gc.collect()
            begin = perf_counter()
            work()
            times[name].append(perf_counter() - begin)
    yield Row(f"figure of {what}", times["ours"], times["plain"])
    size = [[sizes[name] / 1e3] for name in ("ours", "plain")]
    yield Row(f"figure of {what}, size", *size, unit="kB")


def _usual(*draws: Callable, size=(6.4, 4.8), kind="retina", **subplots) -> Callable[[], int]:
    """A new figure with a panel for each of `draws`, as most tutorials make it; how large it is."""

    def picture() -> int:
        figure, axes = plt.subplots(1, len(draws), figsize=size, squeeze=False, **subplots)
        for ax, draw in zip(axes.flat, draws, strict=True):
            draw(ax)
            if ax.get_legend_handles_labels()[0]:
                ax.legend()
        if kind == "a lab's":
            made = themed(figure)
        else:
            made = print_figure(figure, fmt=kind, bbox_inches="tight", base64=True)
        plt.close(figure)
        # The retina picture comes with its size on the screen.
        return len(made if isinstance(made, str) else made[0])

    return picture


class _Kinds:
    """One run, and each kind of figure of it in both ways."""

    def __init__(self) -> None:
        self.dataset = data.gentle_line()
        self.surface = LossSurface(self.dataset.x, self.dataset.y)
        self.x, self.y = (one.double().numpy().ravel() for one in (self.dataset.x, self.dataset.y))
        # Once, outside the timing, as the plain labs do.
        self.ticks, self.heights = np.linspace(*RANGE, 30), by_loops(self.x, self.y, 30)
        self.run, self.slow = self._descend(0.1), self._descend(0.05)

    def _descend(self, lr: float) -> History:
        theta = np.array([-15.0, -10.0])
        history = History(self.surface, start=tuple(theta), lr=lr)
        for _ in range(15):
            theta = theta - lr * self.surface.gradient(*theta)
            history.step(*theta)
        return history

    def table(self) -> dict[str, tuple[Callable[[], int], Callable]]:
        """By its name, each kind in the usual way and in ours."""
        x, surface, run, slow = self.x, self.surface, self.run, self.slow
        curves = {name: (x, np.polyval(np.polyfit(x, self.y, k), x)) for name, k in _DEGREES}
        wide = {"size": (8.3, 3.9)}
        return {
            "a fit": (
                _usual(self._data),
                lambda: figures.plot_fit(self.dataset, run),
            ),
            "several fits": (
                _usual(lambda ax: [self._points(ax), *_lines(ax, curves)]),
                lambda: figures.plot_curve_fits(self.dataset, curves),
            ),
            "contours with two paths": (
                _usual(lambda ax: [self._contours(ax, one) for one in (run, slow)]),
                lambda: figures.plot_contours(surface, run, slow),
            ),
            "the surface": (
                _usual(self._bowl, subplot_kw={"projection": "3d"}),
                lambda: figures.plot_surface(surface, run),
            ),
            "two losses": (
                _usual(lambda ax: [self._losses(ax, one) for one in (run, slow)]),
                lambda: figures.plot_losses(run, slow, scale="log"),
            ),
            "two losses by pyplot, as a lab shows them": tuple(
                _usual(lambda ax: [self._losses(ax, one) for one in (run, slow)], kind=kind)
                for kind in ("retina", "a lab's")
            ),
            "one step": (self.usual_step(1), self.our_step),
            "a whole run": (
                _usual(self._data, self._contours, self._losses, size=(11, 3.5)),
                lambda: figures.plot_run(self.dataset, surface, run),
            ),
            "two clouds": (
                _usual(*[lambda ax, one=one: self._cloud(ax, one) for one in (run, slow)], **wide),
                lambda: figures.plot_clouds(surface, run, slow),
            ),
            "the gradient's noise": (
                _usual(lambda ax: ax.loglog(SIZES, SPREADS, "o-", label="spread")),
                lambda: figures.plot_gradient_noise(SIZES, SPREADS),
            ),
        }

    def our_step(self):
        return figures.plot_step(self.dataset, self.surface, self.run, 1)

    def usual_step(self, step: int, kind: str = "retina") -> Callable[[], int]:
        """The data beside the contours."""
        return _usual(
            lambda ax: self._data(ax, step),
            lambda ax: self._contours(ax, self.run, step),
            size=(8.3, 3.9),
            kind=kind,
        )

    def _points(self, ax) -> None:
        ax.plot(self.x, self.y, "ro", label="training points")
        ax.set(xlabel="x", ylabel="y")

    def _data(self, ax, step: int = -1) -> None:
        self._points(ax)
        ax.plot(self.x, self.run.w[step] * self.x + self.run.b[step], label="estimated line")
        ax.set(title="Data space")

    def _contours(self, ax, run: History | None = None, step: int = -1) -> None:
        run = run or self.run
        end = step % len(run.w) + 1
        ax.contour(self.ticks, self.ticks, self.heights)
        ax.plot(run.w[:end], run.b[:end], "x-", label=run.label)
        ax.set(xlabel="w", ylabel="b", title="Loss surface")

    def _bowl(self, ax) -> None:
        ax.plot_surface(*np.meshgrid(self.ticks, self.ticks), self.heights, cmap="viridis")
        ax.plot(self.run.w, self.run.b, self.run.loss, "ro-", label=self.run.label)
        ax.set(xlabel="w", ylabel="b", zlabel="loss")

    def _losses(self, ax, run: History | None = None) -> None:
        run = run or self.run
        ax.semilogy(run.loss, "o-", label=run.label)
        ax.set(xlabel="iteration", ylabel="loss")

    def _cloud(self, ax, run: History) -> None:
        ax.contour(self.ticks, self.ticks, self.heights)
        ax.scatter(run.w[7:], run.b[7:], label=run.label)
        ax.set(xlabel="w", ylabel="b")


_DEGREES = (("a line", 1), ("a cubic", 3))


def _lines(ax, curves) -> list:
    return [ax.plot(x, y, label=name) for name, (x, y) in curves.items()]
