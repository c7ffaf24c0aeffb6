"""Runs for the figures: a converging one, a diverging one, a mini-batch one."""

from __future__ import annotations

import numpy as np
import pytest

from labhelpers import History, LossSurface, data


def descend(surface: LossSurface, start, lr: float, steps: int, **names) -> History:
    """Batch gradient descent on the closed form."""
    history = History(surface, start, lr=lr, **names)
    point = np.array(start, dtype=float)
    for _ in range(steps):
        point = point - lr * surface.gradient(*point)
        history.step(*point)
    return history


@pytest.fixture(scope="session")
def dataset():
    return data.gentle_line()


@pytest.fixture(scope="session")
def surface(dataset):
    return LossSurface(dataset.x, dataset.y)


@pytest.fixture(scope="session")
def run(surface):
    return descend(surface, (-15, -10), 0.1, 15)


@pytest.fixture(scope="session")
def runaway(surface):
    """A rate far above the stable 0.333: the first step already leaves any sensible window."""
    return descend(surface, (-15, -10), 0.6, 400, label="too fast")


@pytest.fixture(scope="session")
def noisy(dataset, surface):
    """Mini-batches of 5 for four epochs."""
    x, y = dataset.x.numpy()[:, 0], dataset.y.numpy()[:, 0]
    history = History(surface, (-15, -10), lr=0.1, batch_size=5)
    w, b = -15.0, -10.0
    rng = np.random.default_rng(0)
    for _ in range(4):
        for rows in rng.permutation(60).reshape(-1, 5):
            error = w * x[rows] + b - y[rows]
            loss = (error**2).mean()
            w, b = w - 0.2 * (error * x[rows]).mean(), b - 0.2 * error.mean()
            history.step(w, b, batch_loss=loss)
    return history


@pytest.fixture
def plots(dataset, surface, run, runaway, noisy):
    """Every plotting function as name -> (call, number of panels); for one it takes the axes."""
    from labhelpers import figures

    curve = {"parabola": (np.linspace(-3, 3, 50), np.linspace(-3, 3, 50) ** 2)}
    return {
        "fit": (lambda ax=None: figures.plot_fit(dataset, run, (1, -1), ax=ax), 1),
        "surface": (lambda ax=None: figures.plot_surface(surface, run, ax=ax), 1),
        "surface_runaway": (lambda ax=None: figures.plot_surface(surface, runaway, ax=ax), 1),
        "contours": (lambda ax=None: figures.plot_contours(surface, run, runaway, ax=ax), 1),
        "losses": (lambda ax=None: figures.plot_losses(run, runaway, ax=ax, scale="log"), 1),
        "step": (lambda: figures.plot_step(dataset, surface, run, 2), 2),
        "steps": (lambda: figures.plot_steps(dataset, surface, run, (0, 3)), 4),
        "run": (lambda: figures.plot_run(dataset, surface, run), 3),
        "noise": (lambda ax=None: figures.plot_gradient_noise([1, 4, 60], [8, 4, 0], ax), 1),
        "clouds": (lambda: figures.plot_clouds(surface, run, noisy), 2),
        "curves": (lambda ax=None: figures.plot_curve_fits(dataset, curve, ax), 1),
    }
