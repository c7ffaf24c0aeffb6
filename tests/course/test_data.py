"""The data sets are the ones that the labs announce."""

import pytest
import torch

from labhelpers import LossSurface, data

#: name -> (N, λ₁, λ₂, 2/λ₂, η*, 1/(max x² + 1)), as the course plan states them.
TABLE = {
    "gentle_line": (60, 1.998, 6.006, 0.333, 0.250, 0.100),
    "steep_line": (100, 1.999, 16.67, 0.120, 0.107, 0.038),
    "gaussian_line": (1000, 0.33, 11.7, 0.17, 0.166, 0.040),
    "wide_line": (200, 2.000, 66.67, 0.030, 0.029, 0.0099),
}


def _decimals(value: float) -> int:
    return len(str(value).split(".")[1])


@pytest.mark.parametrize("name", TABLE)
def test_curvatures_and_rates_are_the_announced_ones(name):
    dataset = getattr(data, name)()
    surface = LossSurface(dataset.x, dataset.y)
    low, high = surface.eigenvalues
    n, *announced = TABLE[name]
    computed = [
        low,
        high,
        surface.largest_stable_rate,
        surface.fastest_rate,
        surface.largest_sample_rate,
    ]
    assert len(dataset) == n
    for value, stated in zip(computed, announced, strict=True):
        assert value == pytest.approx(stated, abs=0.51 * 10 ** -_decimals(stated))


@pytest.mark.parametrize("name", [*TABLE, "curve"])
def test_points_are_columns_and_the_same_every_time(name):
    make = getattr(data, name)
    first, second = make(), make()
    assert first.x.shape == first.y.shape == (len(first), 1)
    assert first.x.dtype == first.y.dtype == torch.float32
    assert torch.equal(first.x, second.x) and torch.equal(first.y, second.y)
    assert not torch.equal(first.y, make(seed=99).y)


@pytest.mark.parametrize("name", [*TABLE, "curve"])
def test_points_do_not_depend_on_torchs_default_type(name):
    usual = getattr(data, name)()
    torch.set_default_dtype(torch.float64)
    try:
        made = getattr(data, name)()
    finally:
        torch.set_default_dtype(torch.float32)
    assert made.x.dtype == made.y.dtype == torch.float32
    assert torch.equal(made.x, usual.x) and torch.equal(made.y, usual.y)


@pytest.mark.parametrize("name", TABLE)
def test_noise_is_added_once(name):
    dataset = getattr(data, name)(seed=3)
    noise = dataset.y - dataset.slope * dataset.x - dataset.intercept
    # Four standard errors of a sample's standard deviation.
    tolerance = 4 * dataset.noise / (2 * len(dataset)) ** 0.5
    assert noise.std().item() == pytest.approx(dataset.noise, abs=tolerance)


def test_global_random_state_is_neither_read_nor_moved():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    points = data.gentle_line().y
    assert torch.equal(torch.rand(1), expected)
    torch.manual_seed(123)
    assert torch.equal(data.gentle_line().y, points)


def test_a_data_set_cannot_be_reassigned():
    with pytest.raises(AttributeError):
        data.gentle_line().noise = 0.0


def test_no_line_explains_the_curve():
    dataset = data.curve()
    surface = LossSurface(dataset.x, dataset.y)
    assert surface.minimum_loss > 0.95 * dataset.y.var(correction=0).item()


def test_repr_states_the_rule():
    assert "y = 1·x − 1" in repr(data.gentle_line())
    assert "y = −5·x," in repr(data.steep_line())
    assert "(x − 2)²" in repr(data.curve())


@pytest.mark.parametrize("seed", ["a", 1.5, None, -1])
def test_a_bad_seed_is_named(seed):
    with pytest.raises((TypeError, ValueError), match="^seed must be"):
        data.gentle_line(seed=seed)


@pytest.mark.parametrize("n", [0, -1, 2.5, "many"])
def test_a_bad_number_of_points_is_named(n):
    for make in (data.gaussian_line, data.curve):
        with pytest.raises((TypeError, ValueError), match="^n must be"):
            make(n=n)
