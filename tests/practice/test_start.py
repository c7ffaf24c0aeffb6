"""Runs are followed from the start that is asked for; and what is noted of a training function."""

import numpy as np
import pytest
import torch

from labchecks.ask import ask
from labchecks.ask.training import ALIKE
from labchecks.engine import start as starts
from labchecks.engine.run import Descent, Points, simulate

RNG = np.random.default_rng(3)
X = np.linspace(-1, 2, 12).astype(np.float32).astype(float)
POINTS = Points(X, (3 * X - 5 + RNG.normal(0, 0.4, 12)).astype(np.float32).astype(float))
FEW = Points(X[[0, 4, 11]], POINTS.y[[0, 4, 11]])


def trained(points: Points, start, rate: float, epochs: int, order=None, size=None) -> np.ndarray:
    """Losses of a right program in single precision."""
    x, y = (torch.tensor(v, dtype=torch.float32) for v in (points.x, points.y))
    theta = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    log = []
    for epoch in range(epochs):
        rows = torch.arange(len(x)) if order is None else torch.tensor(order[epoch])
        seen = []
        for batch in torch.split(rows, size or len(x)):
            loss = ((theta[0] * x[batch] + theta[1] - y[batch]) ** 2).mean()
            (gradient,) = torch.autograd.grad(loss, theta)
            theta = (theta - rate * gradient).detach().requires_grad_()
            seen.append(loss.item())
        log.append(np.mean(seen))
    return np.array(log)


ONCE = np.ones(2)


@pytest.mark.parametrize("start", [(0.3, -0.7), (0.0, 0.0), (30.0, -20.0), (-250.0, 400.0)])
def test_the_start_follows_from_four_losses(start):
    w, b = start
    squares = np.array([(w * x + b - y) ** 2 for x, y in ALIKE], dtype=np.float32).astype(float)
    found = starts.solved(squares, ONCE)
    np.testing.assert_allclose(found, start, atol=1e-6 * (1 + np.abs(start).max()))
    # A program that records a multiple leads to the same start if the multiple is known.
    np.testing.assert_allclose(starts.solved(7 * squares, 7 * ONCE), found)
    assert starts.solved(7 * squares + 1, ONCE) is None
    assert starts.solved(np.array([np.nan, 1, 1, 1]), ONCE) is None


def asked_for(start) -> np.ndarray:
    """The start as a right program in single precision tells it."""
    w, b = np.array(start, dtype=np.float32)
    return starts.solved(np.array([(w * x + b - y) ** 2 for x, y in ALIKE], dtype=float), ONCE)


@pytest.mark.parametrize("far", [1.0, 30.0, 300.0, 3000.0])
def test_a_right_log_is_followed_from_its_start_and_no_other_is(far):
    w, b = POINTS.minimum
    start = np.array([w + far, b - 0.7 * far])
    log = trained(POINTS, start, 0.1, 15)
    descent = Descent(0.1, 15, (0, 0))
    assert starts.follows(descent, POINTS, log, asked_for(start))
    assert starts.follows(descent.with_(rate=0.11), POINTS, log, start) is False
    assert starts.follows(descent, POINTS, log, start + 0.1 * (1 + far)) is False
    log[6] *= 1.02
    assert starts.follows(descent, POINTS, log, start) is False


@pytest.mark.parametrize("digits", [3, 4, 5])
@pytest.mark.parametrize("start", [(0.02, -0.4), (3.0, -7.0), (-40.0, 25.0)])
def test_a_log_that_was_rounded_is_followed(start, digits):
    log = trained(POINTS, start, 0.1, 15).round(digits)
    w, b = start
    squares = np.array([(w * x + b - y) ** 2 for x, y in ALIKE]).round(digits)
    found = starts.solved(squares, ONCE, digits)
    descent = Descent(0.1, 15, (0, 0))
    assert starts.follows(descent, POINTS, log, found, digits)
    assert starts.follows(descent.with_(rate=0.105), POINTS, log, found, digits) is False


def test_a_log_that_overflows_at_once_tells_nothing():
    log = np.array([1.0, np.inf, np.inf, np.inf, np.inf])
    assert starts.follows(Descent(1e30, 5, (0, 0)), POINTS, log, np.array([1.0, 1.0])) in (
        None,
        False,
    )


def test_a_start_that_is_too_far_away_to_be_squared_is_refused():
    log = np.array([1e300, 1.0, 1.0, 1.0])
    assert starts.follows(Descent(0.1, 4, (0, 0)), POINTS, log, np.array([1e200, 1.0])) in (
        None,
        False,
    )


@pytest.mark.parametrize("far", [1.0, 100.0])
def test_a_shuffled_log_of_a_few_rows_is_followed_in_some_order(far):
    order = [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0], [0, 2, 1], [1, 0, 2]]
    start = np.array([far, -far])
    log = trained(FEW, start, 0.1, 6, order, size=2)
    descent = Descent(0.1, 6, (0, 0), batch_size=2, series="mean")
    assert starts.follows(descent, FEW, log, start) is False
    assert starts.follows(descent, FEW, log, start, dealt="short last")
    assert starts.follows(descent.with_(rate=0.12), FEW, log, start, dealt="short last") is False
    assert starts.follows(descent, FEW, log, 1.1 * start, dealt="short last") is False


def test_a_batch_that_is_not_full_may_come_first_in_some_epochs():
    short_first = [[[2], [0, 1]], [[0, 2], [1]], [[1], [2, 0]], [[0], [1, 2]]]
    start = np.array([1.3, -0.4])
    log, at = [], start
    for epoch in short_first:
        seen = []
        for rows in epoch:
            once = Descent(0.1, 1, tuple(at))
            trace = simulate(once, Points(FEW.x[rows], FEW.y[rows]))
            seen.append(trace.losses[0])
            at = trace.end
        log.append(np.mean(seen))
    descent = Descent(0.1, 4, (0, 0), batch_size=2, series="mean")
    assert starts.follows(descent, FEW, np.array(log), start, dealt="any")
    assert starts.follows(descent, FEW, np.array(log), start, dealt="short last") is False


@pytest.mark.parametrize("rate", [0.05, 0.9, 8.0])
def test_a_shuffled_log_is_followed_that_converges_or_explodes(rate):
    order = [[2, 0, 1], [0, 1, 2], [1, 0, 2], [2, 1, 0]]
    descent = Descent(rate, 4, (0, 0), batch_size=1, series="mean")
    start = np.array([1.3, -0.4])
    log = starts.predict(descent.with_(order=tuple(map(tuple, order))), FEW, start)
    assert starts.follows(descent, FEW, log, start, dealt="short last")
    summed = descent.with_(zero_grad="epoch")
    assert starts.follows(summed, FEW, log, start, dealt="short last") is False
    assert (
        starts.follows(descent.with_(zero_grad="never"), FEW, log, start, dealt="short last")
        is None
    )


def test_without_a_start_a_descent_is_known_by_its_two_factors():
    log = trained(POINTS, (4.0, 1.0), 0.1, 15)
    assert starts.descends(POINTS, 0.1, log)
    assert not starts.descends(POINTS, 0.11, log)
    assert not starts.descends(POINTS, 0.1, log[::-1])


def test_the_rate_follows_from_the_second_loss():
    start = np.array([4.0, 1.0])
    log = trained(POINTS, start, 0.07, 9)
    assert min(abs(rate - 0.07) for rate in starts.rates_of(POINTS, log, start)) < 1e-4


@pytest.mark.filterwarnings("error")
def test_numbers_without_bounds_have_no_rate_and_no_start(capfd):
    log = np.array([5.0, 4.0, 3.0, 2.0, 1.0])
    assert starts.rates_of(POINTS, log, np.array([1e200, 0.0])) == []
    for second in (1e308, np.inf, np.nan):
        assert starts.rates_of(POINTS, np.array([5.0, second]), np.array([1.0, 0.0])) == []
    # A thousand steps at such a rate leave even the range of float64.
    assert not starts.descends(POINTS, 50.0, np.full(1000, 5.0))
    assert capfd.readouterr() == ("", "")  # LAPACK complains in its own way


# What a probe notes of the calls of the model ------------------------------------------------

ROWS = {"x": [1.0, 2.0, 4.0], "y": [0.0, 1.0, 5.0], "lr": 0.1, "num_epochs": 2, "seed": 5}


def asked(function, case=ROWS, **names):
    return ask(("training", "fit"), {"fit": function, **names}, case)


def test_it_notes_which_rows_each_call_had():
    def fit(model, loss_func, X, Y, lr, num_epochs, batch_size):
        w = torch.tensor([0.5], requires_grad=True)
        b = torch.tensor([-1.5], requires_grad=True)
        model(X[:2], w, b)
        model(X[[2]], w + 1, b)
        model(X * 3, w, b)
        return [1.0, 2.0]

    answer = asked(fit, {**ROWS, "batch_size": 2})
    assert answer["values"] == [1.0, 2.0]
    assert answer["calls"] == [[0.5, -1.5], [1.5, -1.5], [0.5, -1.5]]
    assert answer["sizes"] == [2, 1, 3]
    assert answer["rows"] == [[0, 1], [2]]  # the third had others
    assert answer["foreign"] == 0


@pytest.mark.parametrize("own", [torch.tensor([[7.0], [8.0]]), torch.tensor([7.0, 8.0, 9.0])])
def test_it_notes_calls_with_the_lab_s_own_rows(own):
    def fit(model, loss_func, X, Y, lr, num_epochs):
        one = torch.ones(1)
        model(own, one, one)
        model(X, one, one)
        model(own[:1] + 100, one, one)
        return [1.0]

    answer = asked(fit, X=own)
    assert answer["foreign"] == 1
    assert answer["rows"] == [[0, 1, 2]]


def test_it_asks_for_the_start_at_rate_zero_and_for_several_epochs_of_it():
    def fit(model, loss_func, X, Y, lr, num_epochs):
        w, b = torch.randn(2)
        return [float((w * X + b - Y).square().mean()) for _ in range(num_epochs)]

    answer = asked(fit)
    w, b = starts.solved(np.array(answer["asked"]), ONCE)
    np.testing.assert_allclose(answer["again"], 4 * [b**2], rtol=1e-5)
    assert answer["asked"][2] == pytest.approx((w + b) ** 2)

    def anew(model, loss_func, X, Y, lr, num_epochs):
        return [float((torch.randn(1) - Y).square().mean()) for _ in range(num_epochs)]

    assert len(set(asked(anew)["again"])) == 4
    assert asked(anew, {**ROWS, "alike": False})["again"] == []


def test_what_it_notes_is_of_the_time_of_the_call():
    def fit(model, loss_func, X, Y, lr, num_epochs):
        one = torch.ones(1)
        model(X, one, one)
        X.zero_()
        return [1.0]

    assert asked(fit)["rows"] == [[0, 1, 2]]


@pytest.mark.parametrize("own", [None, "X", torch.tensor([1 + 2j]), torch.tensor([True])])
def test_an_x_of_another_kind_costs_nothing(own):
    def fit(model, loss_func, X, Y, lr, num_epochs):
        model(X + 1, torch.ones(1), torch.ones(1))
        model(torch.zeros(0, 1), torch.ones(1), torch.ones(1))
        return [3.0]

    assert asked(fit, X=own)["values"] == [3.0]
    assert asked(lambda *given: [4.0], X=own)["sizes"] == []


def test_the_same_seed_gives_the_same_draws_and_leaves_the_generators_as_they_were():
    def fit(model, loss_func, X, Y, lr, num_epochs):
        return [float(torch.randn(1)), float(np.random.rand()), float(torch.rand(1))]

    before = torch.get_rng_state()
    first = asked(fit)["values"]
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    assert asked(fit)["values"] == first
    assert asked(fit, {**ROWS, "seed": 6})["values"] != first
    torch.manual_seed(ROWS["seed"])
    assert float(torch.randn(1)) == first[0]
