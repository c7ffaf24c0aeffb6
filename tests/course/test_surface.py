"""The closed form agrees with PyTorch, with numpy.linalg and with brute force."""

import itertools
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labhelpers import LossSurface, data

finite = st.floats(-100, 100)
points = st.lists(st.tuples(finite, finite), min_size=1, max_size=40)


def brute_force(x, y, w, b):
    return float(np.mean((w * np.asarray(x) + b - np.asarray(y)) ** 2))


@given(points, finite, finite)
def test_value_is_the_mean_squared_error(pairs, w, b):
    x, y = np.array(pairs).T
    expected = brute_force(x, y, w, b)
    scale = 1 + np.mean((np.abs(w * x) + np.abs(b) + np.abs(y)) ** 2)
    assert LossSurface(x, y)(w, b) == pytest.approx(expected, abs=1e-12 * scale)


@given(points, finite, finite)
def test_gradient_is_autograds(pairs, w, b):
    x, y = (torch.tensor(column, dtype=torch.float64) for column in zip(*pairs))
    parameters = torch.tensor([w, b], dtype=torch.float64, requires_grad=True)
    torch.mean((parameters[0] * x + parameters[1] - y) ** 2).backward()
    scale = 1 + float(x.abs().max() + 1) ** 2 * (abs(w) + abs(b) + float(y.abs().max()))
    np.testing.assert_allclose(
        LossSurface(x, y).gradient(w, b), parameters.grad.numpy(), atol=1e-12 * scale
    )


@given(points)
def test_curvature_is_autograds_and_linalgs(pairs):
    x, y = (torch.tensor(column, dtype=torch.float64) for column in zip(*pairs))
    surface = LossSurface(x, y)

    def loss(parameters):
        return torch.mean((parameters[0] * x + parameters[1] - y) ** 2)

    hessian = torch.autograd.functional.hessian(loss, torch.zeros(2, dtype=torch.float64)).numpy()
    scale = np.abs(hessian).max()
    np.testing.assert_allclose(surface.hessian, hessian, atol=1e-12 * scale)
    np.testing.assert_allclose(surface.eigenvalues, np.linalg.eigvalsh(hessian), atol=1e-11 * scale)
    vectors = surface.eigenvectors
    np.testing.assert_allclose(hessian @ vectors, vectors * surface.eigenvalues, atol=1e-10 * scale)


@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=40))
def test_minimum_is_least_squares(pairs):
    x, y = np.array(pairs).T
    surface = LossSurface(x, y)
    if np.std(x) < 1e-3:
        return
    # Centred on the mean, which keeps the reference itself well conditioned.
    slope, level = np.linalg.lstsq(np.stack([x - x.mean(), np.ones_like(x)], 1), y, rcond=None)[0]
    w, b = surface.minimum
    assert w == pytest.approx(slope, rel=1e-6, abs=1e-6)
    assert b == pytest.approx(level - slope * x.mean(), rel=1e-6, abs=1e-3)
    assert surface(w, b) == pytest.approx(surface.minimum_loss)
    assert surface.gradient(w, b) == pytest.approx([0, 0], abs=1e-6)


@settings(deadline=None)
@given(st.sampled_from(["gentle_line", "steep_line", "wide_line"]), st.floats(0.02, 2.0))
def test_batch_descent_converges_exactly_below_the_stated_limit(name, ratio):
    if abs(ratio - 1) < 0.02:
        return  # so close to the limit that 2,000 steps cannot tell
    dataset = getattr(data, name)()
    surface = LossSurface(dataset.x, dataset.y)
    rate = ratio * surface.largest_stable_rate
    theta = np.array(surface.minimum) + 1.0
    start = surface(*theta)
    for _ in range(2000):
        theta = theta - rate * surface.gradient(*theta)
        if not np.isfinite(surface(*theta)) or surface(*theta) > 1e6 * start:
            break
    assert (surface(*theta) < start) == (ratio < 1)


def test_factors_describe_one_step():
    dataset = data.gaussian_line()
    surface = LossSurface(dataset.x, dataset.y)
    best = np.array(surface.minimum)
    for i, direction in enumerate(surface.eigenvectors.T):
        start = best + direction
        after = start - 0.1 * surface.gradient(*start)
        np.testing.assert_allclose(after - best, surface.factors(0.1)[i] * direction, atol=1e-12)


def test_fastest_rate_is_the_best_constant_rate():
    dataset = data.gentle_line()
    surface = LossSurface(dataset.x, dataset.y)
    worst = [np.abs(surface.factors(rate)).max() for rate in np.linspace(0.01, 0.33, 321)]
    assert np.abs(surface.factors(surface.fastest_rate)).max() <= min(worst) + 1e-12


def test_no_sample_enlarges_its_own_error_up_to_the_sample_rate():
    dataset = data.steep_line()
    surface = LossSurface(dataset.x, dataset.y)
    factor = 1 - 2 * surface.largest_sample_rate * (dataset.x.double() ** 2 + 1)
    assert factor.abs().max() <= 1 + 1e-12
    assert (1 - 2.02 * surface.largest_sample_rate * (dataset.x.double() ** 2 + 1)).abs().max() > 1


def test_a_grid_holds_the_loss_at_its_points():
    dataset = data.gentle_line()
    w, b = np.linspace(-2, 5, 7), np.linspace(-3, 1, 13)
    losses = LossSurface(dataset.x, dataset.y)(w, b[:, None])
    assert losses.shape == (13, 7)
    for j, i in itertools.product((0, 5, 12), (0, 3, 6)):
        expected = brute_force(dataset.x, dataset.y, w[i], b[j])
        assert losses[j, i] == pytest.approx(expected, rel=1e-6)


def test_cost_grows_with_points_plus_grid_not_with_their_product():
    # The plain way needs 8e10 operations here, hours; a wrong order of growth cannot hide in 5 s.
    x = np.random.default_rng(0).normal(size=1_000_000)
    begin = time.process_time()
    ticks = np.linspace(-1, 3, 200)
    LossSurface(x, 2 * x + 1)(ticks, ticks[:, None])
    assert time.process_time() - begin < 5


def test_large_offsets_lose_no_digits():
    # With raw means of x², xy and y² this loses every digit (1e16 against 1).
    x = 1e8 + np.array([-1.0, 0.0, 1.0])
    y = 1e8 + np.array([-2.0, 0.5, 2.0])
    surface = LossSurface(x, y)
    assert surface.minimum[0] == pytest.approx(2.0, rel=1e-6)
    assert surface.minimum_loss == pytest.approx(1 / 18, rel=1e-6)


def test_same_x_everywhere_has_no_single_best_line():
    surface = LossSurface([2.0, 2.0], [1.0, 3.0])
    assert surface.condition_number == float("inf")
    assert surface(0.0, 2.0) == 1.0
    with pytest.raises(ValueError, match="every x is the same"):
        _ = surface.minimum


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([], [], "x is empty"),
        ([1.0, 2.0], [1.0], "same length, got 2 and 1"),
        ([[1.0, 2.0]], [1.0], r"x must have shape .*got \(1, 2\)"),
        ([1.0, float("nan")], [1.0, 1.0], "x contains NaN"),
        ([1.0], [float("inf")], "y contains NaN"),
        ([1e200, 2e200], [1.0, 2.0], "x or y are too large"),
    ],
)
def test_bad_data_is_named(x, y, message):
    with pytest.raises(ValueError, match=message):
        LossSurface(x, y)


@pytest.mark.parametrize("x", ["text", {"x": 1}, [[1.0], [1.0, 2.0]], [1j, 2j], [1.0, "a"]])
def test_data_that_are_no_numbers_are_named(x):
    with pytest.raises((TypeError, ValueError), match="^x must"):
        LossSurface(x, [1.0, 2.0])
    with pytest.raises((TypeError, ValueError), match="^y must"):
        LossSurface([1.0, 2.0], x)


def test_tensors_with_a_gradient_are_read_everywhere():
    w, b = torch.tensor(2.0, requires_grad=True), torch.tensor(0.0, requires_grad=True)
    surface = LossSurface([w * 0, w * 0.5, w], [1.0, 3.0, 5.0])
    assert surface(w, b) == 1.0
    assert surface.gradient(w, b).tolist() == surface.gradient(2, 0).tolist()


@pytest.mark.parametrize("value", [None, "a", {}])
def test_parameters_that_are_no_numbers_are_named(value):
    surface = LossSurface([0.0, 1.0], [0.0, 1.0])
    for call in (surface, surface.gradient):
        with pytest.raises(TypeError, match="^w must be a number"):
            call(value, 0)
        with pytest.raises(TypeError, match="^b must be a number"):
            call(0, value)
