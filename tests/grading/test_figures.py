"""Figures of submissions: quicker to draw than in a kernel, and the same pixels."""

import io

import matplotlib.dates as dates
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from labtools.grading.inside.drawing import picture

X = np.linspace(0.1, 9.7, 40)


def curve(axes):
    axes.plot(X, 1e3 * np.exp(-X), "-o", label="loss")
    axes.set(xlabel="epoch", ylabel="loss", yscale="log", title="Batch gradient descent")
    axes.legend()


def twin(axes):
    axes.plot(X, X**2)
    axes.twinx().plot(X, -X, "r")
    axes.secondary_xaxis("top", functions=(lambda v: 2 * v + 1, lambda v: (v - 1) / 2))


def surface(axes):
    drawn = axes.contourf(X, X, np.outer(X, X), levels=12)
    axes.get_figure().colorbar(drawn, ax=axes, label="loss")
    axes.set_aspect("equal")


def calendar(axes):
    axes.plot(dates.num2date(18_000 + 30 * X), X)
    axes.get_figure().autofmt_xdate()


def symmetric(axes):
    axes.plot(X, 1e4 * np.sin(X))
    axes.set_yscale("symlog")
    axes.minorticks_on()
    axes.invert_xaxis()


def categories(axes):
    axes.bar(["batch", "stochastic", "mini-batch of thirty-two"], [3, 2, 1])
    axes.tick_params(axis="x", rotation=40)


def far(axes):
    axes.plot(1e7 + X, 1e-9 * X)
    axes.xaxis.set_major_formatter(lambda value, place: f"{place}: {value:.6g}")


@pytest.mark.parametrize("layout", [None, "constrained", "tight"])
@pytest.mark.parametrize("content", [curve, twin, surface, calendar, symmetric, categories, far])
def test_a_figure_has_the_pixels_of_a_kernel(content, layout):
    def make() -> Figure:
        figure, (left, right) = plt.subplots(1, 2, layout=layout, sharey=content is curve)
        content(left)
        curve(right)
        return figure

    usual = io.BytesIO()
    make().savefig(usual, format="png")
    ours = picture(make())
    plt.close("all")
    np.testing.assert_array_equal(
        plt.imread(io.BytesIO(ours), format="png"), plt.imread(io.BytesIO(usual.getvalue()))
    )


def test_ticks_are_placed_a_third_as_often_at_most(monkeypatch):
    from matplotlib.axis import Axis

    placed = []
    usual = Axis._update_ticks
    monkeypatch.setattr(Axis, "_update_ticks", lambda axis: placed.append(axis) or usual(axis))

    def count(draw) -> int:
        placed.clear()
        figure, axes = plt.subplots(layout="constrained")
        curve(axes)
        draw(figure)
        plt.close(figure)
        return len(placed)

    assert count(picture) <= count(lambda figure: figure.canvas.draw()) / 3
