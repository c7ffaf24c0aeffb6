"""`DescentExplorer`: the interactive figure, as a lab uses it."""

import math
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np

from labhelpers.explorer.descent import descend, describe_run, format_number
from labhelpers.explorer.page import fragment, page
from labhelpers.explorer.settings import Settings, check_batch_size, read_hide
from labhelpers.figures.inputs import read_points
from labhelpers.figures.run import plot_run
from labhelpers.history import History

_MOST_POINTS = 5000
_STILL_POINTS = 300
_LARGEST_VALUE = 1e12


def _points(dataset) -> tuple[np.ndarray, np.ndarray]:
    """The points in float64, rounded to what a page needs."""
    x, y = read_points(dataset)
    if max(np.abs(x).max(), np.abs(y).max()) > _LARGEST_VALUE:
        raise ValueError(f"dataset may hold numbers up to {_LARGEST_VALUE:g}: scale x and y down")
    if np.ptp(x) == 0:
        raise ValueError("dataset needs at least two different x: otherwise no single line is best")
    if x.size > _MOST_POINTS:
        raise ValueError(
            f"dataset may have up to {_MOST_POINTS} points, got {x.size}: they are all written "
            "into the page, so pass a sample of them"
        )

    def rounded(values: np.ndarray) -> np.ndarray:
        # Four decimals; more where the values themselves are small.
        size = float(np.ptp(values)) or float(np.abs(values).max()) or 1.0
        return np.round(values, max(4, 4 - math.floor(math.log10(size))))

    return rounded(x), rounded(y)


class DescentExplorer:
    """Gradient descent on a line, to be played with: data, loss surface and loss side by side.

    As the last value of a cell it shows itself: alive in a notebook, in a saved notebook without a
    kernel, and in a page that nbconvert makes; as a still picture with a description where scripts
    may not run.

    Parameters
    ----------
    dataset : DataSet or pair (x, y)
        Points, shape (N,) or (N, 1), with at least two different x and up to 5000 points. They are
        rounded to four decimals, in the page and in `history`.
    start : (float, float)
        The parameters (w, b) before the first step, each between −1e9 and 1e9.
    lr : float
        Learning rate η, above 0.
    batch_size : int, optional
        Samples in a batch, up to the number of points; ``None`` means all of them.
    steps : int
        Updates in the run, 1 to 5000.
    momentum : float
        μ of ``torch.optim.SGD``, 0 to 0.99.
    optimizer : str
        ``"sgd"`` or ``"adam"`` (with PyTorch's default β₁, β₂ and ε).
    shuffle : bool
        Whether each epoch visits the samples in a new order (`epoch_order` gives it).
    seed : int
        Seed of that order, 0 to 2³¹ − 1.
    task : str
        What the student is to find; stands above the figure.
    hide : tuple of str
        Controls left out: ``lr``, ``batch_size``, ``shuffle``, ``seed``, ``steps``, ``momentum``
        (and with it the optimizer), ``optimizer``, ``start``; also ``compare`` (keep a run),
        ``marks`` (the stability limit and the fastest rate on the scale, which give the answer to
        some tasks) and ``map`` (steps to the minimum by rate and momentum; it goes with ``lr``,
        ``momentum``, ``optimizer`` and ``marks``).

    Raises
    ------
    TypeError, ValueError
        If a parameter is not as said above; the message names it.

    Examples
    --------
    >>> from labhelpers import data
    >>> explorer = DescentExplorer(data.gentle_line(), start=(-15, -10), lr=0.1, steps=15)
    >>> explorer
    DescentExplorer('gentle line', lr=0.1, batch_size=None, steps=15)
    """

    def __init__(
        self,
        dataset,
        start=(0.0, 0.0),
        *,
        lr: float = 0.1,
        batch_size: int | None = None,
        steps: int = 30,
        momentum: float = 0.0,
        optimizer: str = "sgd",
        shuffle: bool = True,
        seed: int = 0,
        task: str = "",
        hide: tuple[str, ...] = (),
    ) -> None:
        self.x, self.y = _points(dataset)
        self.name = str(getattr(dataset, "name", "") or "data")
        self.settings = Settings(lr, batch_size, shuffle, seed, steps, momentum, optimizer, start)
        check_batch_size(self.settings.batch_size, len(self.x))
        if not isinstance(task, str):
            raise TypeError(f"task must be a sentence, got {task!r}")
        self.task = task
        self.hide = read_hide(hide)

    @cached_property
    def history(self) -> History:
        """The run with the settings given, as a `History`; the widget's follows its controls."""
        return descend(self.x, self.y, self.settings)

    def describe(self) -> str:
        """The figure in words: the run, what happens in it and, unless hidden, the two rates."""
        s, history, number = self.settings, self.history, format_number
        surface, adam = history.surface, s.optimizer == "adam"

        def at(w: float, b: float) -> str:
            return f"w = {number(w)}, b = {number(b)}"

        batch = "all samples in a batch"
        if history.batch_size is not None:
            order = f"shuffled with seed {s.seed}" if s.shuffle else "in the given order"
            batch = f"batches of {history.batch_size}, {order}"
        momentum = f", momentum {number(s.momentum)}" if s.momentum and not adam else ""
        verdict = describe_run(surface, s, history)
        text = (
            f"{'Adam' if adam else 'Gradient descent'} on {self.name} ({surface.n} points) from "
            f"{at(*s.start)} with learning rate {number(s.lr)}{momentum}, {batch}: after {s.steps} "
            f"steps {at(history.w[-1], history.b[-1])}, and the loss has gone from "
            f"{number(history.loss[0])} to {number(history.loss[-1])}. The minimum is at "
            f"{at(*surface.minimum)} with loss {number(surface.minimum_loss)}. "
            f"{verdict.title}: {verdict.text}"
        )
        if adam or "marks" in self.hide:
            return text
        gain = 1 + s.momentum
        return (
            f"{text} With all samples, rates below {number(surface.largest_stable_rate * gain, 3)} "
            f"converge and {number(surface.fastest_rate * gain, 3)} is the fastest."
        )

    def values(self) -> dict:
        """What the figure's JavaScript reads: points, texts, controls and settings."""
        points = {"x": self.x.tolist(), "y": self.y.tolist()}
        names = {"name": self.name, "task": self.task, "hide": self._left_out()}
        return {"figure": {"points": points, **names}, **self.settings.as_dict()}

    def _left_out(self) -> list[str]:
        """What the page leaves out: what is hidden, and what would be of no use beside the rest."""
        left_out = set(self.hide)
        if "batch_size" in left_out and self.settings.batch_size in (None, len(self.x)):
            # Whole batches have no order.
            left_out |= {"shuffle", "seed", "axis"}
        if left_out & {"marks", "lr", "momentum", "optimizer"}:
            left_out.add("map")
        return sorted(left_out)

    @cached_property
    def _still(self) -> str:
        """The run as a figure of the course, which follows the page's theme: HTML, no script."""
        # A run that starts at the minimum of points on a line has no loss for a log axis.
        scale = "log" if (self.history.loss > 0).any() else "linear"
        # Each point costs bytes in every saved notebook: of many, every few say the same.
        few = slice(None, None, -(-len(self.x) // _STILL_POINTS))
        points = self.x[few], self.y[few]
        still = plot_run(points, self.history.surface, self.history, scale=scale)
        return still._repr_mimebundle_()["text/html"]

    def to_html(self, path: str | PathLike[str]) -> Path:
        """Write the figure as one interactive page that needs nothing else.

        Parameters
        ----------
        path : str or path-like
            File to write; its folder must exist.

        Returns
        -------
        Path
            The file.
        """
        target = Path(path)
        body = fragment(self.values(), self._still, self.describe())
        target.write_text(page(f"Gradient descent: {self.name}", body), encoding="utf-8")
        return target

    def widget(self):
        """The same figure as a widget, for Python to set and read while a kernel runs.

        Returns
        -------
        DescentWidget
            With traits ``lr``, ``batch_size``, ``shuffle``, ``seed``, ``steps``, ``momentum``,
            ``optimizer``, ``start`` and ``step``, the present ``.settings``, and the present run as
            ``.history``. Where the package anywidget is missing, the figure itself: it looks the
            same, and its ``.settings`` and ``.history`` stay those that it was made with.
        """
        try:
            from labhelpers.explorer.widget import DescentWidget
        except ModuleNotFoundError as error:
            if error.name in {"anywidget", "ipywidgets"}:
                return self
            raise
        return DescentWidget(self)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        description = self.describe()
        return {
            "text/plain": f"{self!r}\n{description}",
            "text/html": fragment(self.values(), self._still, description),
        }

    def __repr__(self) -> str:
        s = self.settings
        name = f"DescentExplorer({self.name!r}, lr={s.lr:g}"
        return f"{name}, batch_size={s.batch_size}, steps={s.steps})"
