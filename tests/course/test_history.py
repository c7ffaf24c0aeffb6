"""A run's record: n + 1 points, plain numbers, and an honest word on divergence."""

import gc
import math
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from labhelpers import History, LossSurface, data


@pytest.fixture(scope="module")
def surface():
    dataset = data.gentle_line()
    return LossSurface(dataset.x, dataset.y)


def descend(surface, lr, steps, start=(-15.0, -10.0)):
    history = History(surface, start, lr=lr)
    theta = np.array(start)
    for _ in range(steps):
        theta = theta - lr * surface.gradient(*theta)
        history.step(*theta)
    return history


def test_n_steps_make_n_plus_one_points(surface):
    history = descend(surface, 0.1, 7)
    assert history.steps == len(history) == 7
    assert len(history.w) == len(history.b) == len(history.loss) == 8
    assert len(history.batch_loss) == len(history.epoch) == 7
    assert (history.w[0], history.b[0]) == (-15, -10)


def test_full_and_batch_loss_are_two_series(surface):
    history = History(surface, (0.0, 0.0), lr=0.1, batch_size=5)
    history.step(0.5, -0.5, batch_loss=3.0)
    history.step(0.7, -0.6)
    assert history.batch_loss[0] == 3.0 and math.isnan(history.batch_loss[1])
    assert history.loss == pytest.approx(
        [surface(0, 0), surface(0.5, -0.5), surface(0.7, -0.6)], rel=1e-12
    )


def test_batch_loss_of_a_whole_batch_is_the_full_loss_before_the_step(surface):
    history = descend(surface, 0.1, 3)
    np.testing.assert_array_equal(history.batch_loss, history.loss[:-1])


def test_tensors_are_read_and_let_go(surface):
    w = torch.tensor(1.0, requires_grad=True)
    loss = (w * 2) ** 2
    history = History(surface, (w, w), lr=torch.tensor(0.1))
    history.step(w, w, batch_loss=loss)
    graph = weakref.ref(loss)
    del loss
    gc.collect()
    assert graph() is None
    assert history.batch_loss[0] == 4.0


@pytest.mark.parametrize("batch_size", [1, 7, 59])
def test_epochs_follow_from_the_batch_size(surface, batch_size):
    history = History(surface, (0, 0), lr=0.1, batch_size=batch_size)
    per_epoch = math.ceil(60 / batch_size)
    for _ in range(2 * per_epoch + 1):
        history.step(0, 0)
    assert history.updates_per_epoch == per_epoch
    assert history.epochs == 3
    assert history.epoch_starts.tolist() == [0, per_epoch, 2 * per_epoch, 2 * per_epoch + 1]


@pytest.mark.parametrize("batch_size", [None, 60, 1000])
def test_a_batch_of_everything_is_batch_descent(surface, batch_size):
    history = History(surface, (0, 0), lr=0.1, batch_size=batch_size)
    assert history.batch_size is None and history.updates_per_epoch == 1


@settings(deadline=None)
@given(st.floats(0.01, 0.99))
def test_a_stable_rate_is_never_called_diverged(surface, ratio):
    history = descend(surface, ratio * surface.largest_stable_rate, 40)
    assert not history.diverged and history.diverged_at is None


@settings(deadline=None)
@given(st.floats(1.05, 50.0))
def test_an_unstable_rate_is_called_diverged(surface, ratio):
    history = descend(surface, ratio * surface.largest_stable_rate, 60)
    step = history.diverged_at
    assert history.diverged
    assert (history.loss[step:] > history.loss[0]).all()
    assert history.loss[step - 1] <= history.loss[0] * (1 + 1e-6)


def test_overflow_and_nan_count_as_diverged(surface):
    history = History(surface, (0.0, 0.0), lr=1.0)
    history.step(1e200, 0.0)
    history.step(float("nan"), float("nan"))
    assert history.diverged_at == 1


def test_a_run_that_comes_back_has_not_diverged(surface):
    history = History(surface, (0.0, 0.0), lr=0.1)
    history.step(100, 0)
    history.step(*surface.minimum)
    assert not history.diverged


def test_mini_batch_noise_near_the_minimum_is_not_divergence(surface):
    w, b = surface.minimum
    history = History(surface, (w, b), lr=0.1, batch_size=1)
    history.step(w + 0.05, b)
    assert history.loss[-1] > history.loss[0] and not history.diverged


def test_label_says_rate_and_batch_size(surface):
    assert History(surface, (0, 0), lr=0.1).label == "η = 0.1"
    assert History(surface, (0, 0), lr=0.1, batch_size=5).label == "η = 0.1, batch size 5"
    assert History(surface, (0, 0), lr=0.1, label="mine").label == "mine"


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"lr": 0}, ValueError, "lr must be positive"),
        ({"lr": "fast"}, TypeError, "lr must be a single number"),
        ({"batch_size": 0}, ValueError, "batch_size must be"),
        ({"lr": math.inf}, ValueError, "lr must be positive and finite"),
        ({"batch_size": 2.5}, ValueError, "batch_size must be"),
        ({"batch_size": math.inf}, ValueError, "batch_size must be"),
        ({"batch_size": "all"}, TypeError, "batch_size must be"),
        ({"start": 3}, TypeError, "start must be two numbers"),
        ({"start": (torch.ones(2), 0)}, TypeError, "w must be a single number"),
    ],
)
def test_bad_arguments_are_named(surface, arguments, error, message):
    arguments = {"start": (0, 0), "lr": 0.1, **arguments}
    with pytest.raises(error, match=message):
        History(surface, arguments.pop("start"), **arguments)


def test_epochs_do_not_run_backwards(surface):
    history = History(surface, (0, 0), lr=0.1, batch_size=30)
    history.step(0, 0, epoch=1)
    with pytest.raises(ValueError, match="epoch 0 comes after epoch 1"):
        history.step(0, 0, epoch=0)


@pytest.mark.parametrize(
    ("epoch", "error"), [(-1, ValueError), (1.5, ValueError), ("a", TypeError), ([1], TypeError)]
)
def test_an_epoch_is_a_whole_number(surface, epoch, error):
    history = History(surface, (0, 0), lr=0.1)
    with pytest.raises(error, match="^epoch must be"):
        history.step(0, 0, epoch=epoch)
    assert history.steps == 0


def test_the_surface_is_checked():
    with pytest.raises(TypeError, match="surface must be a LossSurface, got DataSet"):
        History(data.gentle_line(), (0, 0), lr=0.1)
