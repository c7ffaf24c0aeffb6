"""What Lab 6 says of many random starts holds for them.

All starts are trained at once: each parameter has a first dimension for them.
"""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch

from labhelpers import data

pytestmark = pytest.mark.prove

SIZES = (2, 10, 20, 2, 1)
STARTS = 24


@pytest.fixture(autouse=True)
def one_thread():
    """On so few numbers several threads would only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def parameters() -> list[torch.Tensor]:
    """Weights and biases, layer by layer, of networks as PyTorch makes them from seeds 0, 1, …"""
    stacks: list[list[torch.Tensor]] = [[] for _ in range(2 * (len(SIZES) - 1))]
    for seed in range(STARTS):
        torch.manual_seed(seed)
        layers = [torch.nn.Linear(a, b) for a, b in zip(SIZES, SIZES[1:])]
        for k, layer in enumerate(layers):
            stacks[2 * k].append(layer.weight.detach().T.double())
            stacks[2 * k + 1].append(layer.bias.detach()[None].double())
    return [torch.stack(stack).requires_grad_() for stack in stacks]


def r_squared_by_epoch(activation, lr: float, epochs: int) -> np.ndarray:
    """R² of each network on its training points after each epoch, shape (epochs, STARTS)."""
    points = data.gaussian_line()
    x = torch.cat([torch.ones_like(points.x), points.x], dim=1).double()
    y = points.y.double()
    weights = parameters()
    optimizer = torch.optim.Adam(weights, lr=lr, fused=True)

    def losses(rows, targets):
        h = rows.expand(STARTS, *rows.shape)
        for k in range(0, len(weights), 2):
            h = torch.baddbmm(weights[k + 1], h, weights[k])
            h = activation(h) if k < len(weights) - 2 else h
        return ((h - targets) ** 2).mean(dim=(1, 2))

    found = []
    for _ in range(epochs):
        for rows, targets in zip(x.split(64), y.split(64)):
            optimizer.zero_grad()
            losses(rows, targets).sum().backward()
            optimizer.step()
        with torch.no_grad():
            found.append(1 - losses(x, y) / y.var(correction=0))
    return torch.stack(found).numpy()


def test_the_plateau_of_the_published_network_is_no_accident(course):
    source = (course / "solutions" / "lab06_beyond_the_line.py").read_text(encoding="utf-8")
    prose = " ".join(source.replace("\n#", " ").split())
    first, last = map(
        int,
        re.search(
            r"24 starts the first left .* after (\d+) epochs, the last after (\d+)", prose
        ).groups(),
    )
    r_squared = r_squared_by_epoch(torch.sigmoid, lr=0.001, epochs=1000)
    left = 1 + np.argmax(r_squared > 0.1, axis=0)
    assert (left.min(), left.max()) == pytest.approx((first, last), abs=3)
    assert r_squared[-1].min() > 0.75
    # Before: one constant on its way to the mean.
    assert r_squared[99].max() < -2


def test_what_the_practice_says_of_sigmoids_and_what_it_asks_for():
    assert r_squared_by_epoch(torch.sigmoid, lr=0.01, epochs=40)[-1].max() < 0.1
    assert r_squared_by_epoch(torch.nn.functional.leaky_relu, lr=0.01, epochs=40)[-1].min() > 0.75
