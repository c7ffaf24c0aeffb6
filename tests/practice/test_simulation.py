"""The simulator agrees with PyTorch's autograd on right runs and on runs with a mistake."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from labchecks import find as practice
from labchecks.engine.mistakes import (
    CATALOGUE,
    FUNCTIONS,
    MORE,
    find,
    of_kind,
    read,
    splits,
    summed_gradients,
)
from labchecks.engine.run import Descent, Points, noise_free, points_of, simulate, simulate_many
from labhelpers import data

START = (-15.0, -10.0)


def by_autograd(batch_size, epochs, rate, order=None, zero=True, sign=-1):
    made = data.gentle_line()
    x, y = made.x.double(), made.y.double()
    if order is not None:
        x, y = x[order], y[order]
    w = torch.tensor(START[0], dtype=torch.double, requires_grad=True)
    b = torch.tensor(START[1], dtype=torch.double, requires_grad=True)
    losses = []
    for _ in range(epochs):
        losses.append(((w * x + b - y) ** 2).mean().item())
        for i in range(0, len(x), batch_size):
            rows = slice(i, i + batch_size)
            ((w * x[rows] + b - y[rows]) ** 2).mean().backward()
            with torch.no_grad():
                w += sign * rate * w.grad
                b += sign * rate * b.grad
            if zero:
                w.grad = b.grad = None
    return losses, (w.item(), b.item())


@pytest.mark.parametrize("batch_size", [1, 5, 7, 20, 60])
def test_right_run(batch_size):
    losses, end = by_autograd(batch_size, 6, 0.05)
    trace = simulate(Descent(0.05, 6, START, batch_size), points_of("gentle_line", 1))
    np.testing.assert_allclose(trace.losses, losses, rtol=1e-9)
    np.testing.assert_allclose(trace.end, end, rtol=1e-9)
    assert trace.updates == 6 * -(-60 // batch_size)


def test_order_is_followed():
    order = torch.randperm(60, generator=torch.Generator().manual_seed(0))
    losses, end = by_autograd(7, 4, 0.05, order)
    run = Descent(0.05, 4, START, 7, order=(tuple(order.tolist()),))
    trace = simulate(run, points_of("gentle_line", 1))
    np.testing.assert_allclose(trace.losses, losses, rtol=1e-9)
    np.testing.assert_allclose(trace.end, end, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "changes"),
    [("gradients never zeroed", {"zero": False}), ("stepping uphill", {"sign": 1})],
)
def test_mistakes(name, changes):
    losses, _ = by_autograd(60, 8, 0.1, **changes)
    run = find(name).applied_to(Descent(0.1, 8, START))
    np.testing.assert_allclose(simulate(run, points_of("gentle_line", 1)).losses, losses, rtol=1e-9)


def test_every_mistake_can_be_simulated_and_changes_something():
    points = points_of("gentle_line", 1)
    # 60 points in batches of 7: a short batch is there to be dropped.
    order = (tuple(np.random.default_rng(0).permutation(60).tolist()),)
    right = Descent(0.05, 5, START, 7, order=order)
    expected = simulate(right, points).losses
    for mistake in (*CATALOGUE, *MORE):
        found = simulate(mistake.applied_to(right), points).losses
        assert found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-3), (
            mistake.name
        )


@pytest.mark.parametrize("practice_id", ["lab01-rate-02", "lab03-batch-20"])
def test_the_losses_of_each_row_are_given_its_name(practice_id):
    judge, (case,) = practice(practice_id).judge, practice(practice_id).visible()
    points = points_of(case["data"], case["seed"])
    known = [*of_kind("step", "record", "setting"), *MORE]
    if judge.batch_size is not None:
        known += [*of_kind("batch"), *splits(len(points)), summed_gradients(judge.run, len(points))]
    for mistake in known:
        if judge.batch_size is None and mistake.kind == "batch":
            continue
        losses = simulate(mistake.applied_to(judge.run), points).losses.tolist()
        feedback = judge([case], [{"kind": "numbers", "values": losses}])
        # No batch is short; of steps that are half or twice as long the rate may be said.
        if mistake.name not in ("last short batch dropped", "half steps", "double steps"):
            assert feedback.mistake == mistake.name


def test_a_row_with_a_name_that_there_is_not_is_refused(tmp_path):
    def row(text: str):
        (tmp_path / "rows.toml").write_text(f'[[a.step."it"]]\nsentence = "Is {{so}}."\n{text}\n')
        return read(str(tmp_path / "rows.toml"), FUNCTIONS)["a"]

    assert row('change = { so = "this", rate = 0.3 }')[0].sentence == "Is this."
    for wrong in ('change = { split = "by two" }', "change = { ratee = 0.3 }", 'looks = "At it."'):
        with pytest.raises((KeyError, TypeError)):
            row(wrong)
    with pytest.raises(KeyError, match="no mistake 'it'"):
        find("it")


def test_series_of_an_epoch_hang_together():
    points = points_of("gentle_line", 1)
    run = Descent(0.05, 3, START, 7)

    def series(name):
        return simulate(run.with_(series=name), points).losses

    every = series("every").reshape(3, 9)
    sizes = np.array([7] * 8 + [4])
    np.testing.assert_allclose(series("mean"), every.mean(axis=1))
    np.testing.assert_allclose(series("weighted"), (every * sizes).sum(axis=1) / 60)
    np.testing.assert_allclose(series("sum"), every.sum(axis=1))
    np.testing.assert_allclose(series("first"), every[:, 0])
    np.testing.assert_allclose(series("last"), every[:, -1])
    np.testing.assert_allclose(series("over batch size"), every.sum(axis=1) / 7)
    np.testing.assert_allclose(series("full every")[::9], series("full"))


def test_many_draws_are_runs_of_their_own_and_repeatable():
    points = points_of("gentle_line", 1)
    run = Descent(0.1, 4, START, 20)
    cloud = simulate_many(run, points, 40)
    assert cloud.shape == (40, 4)
    np.testing.assert_allclose(cloud[:, 0], points.loss(*START))
    assert len(np.unique(cloud[:, 1])) == 40
    np.testing.assert_array_equal(cloud, simulate_many(run, points, 40))


def test_a_full_batch_does_not_depend_on_the_shuffle():
    points = points_of("gentle_line", 1)
    cloud = simulate_many(Descent(0.1, 5, START), points, 8)
    exact = simulate(Descent(0.1, 5, START), points).losses
    # The last quarter draws with replacement, so that even a full batch differs.
    np.testing.assert_allclose(cloud[:6], np.broadcast_to(exact, (6, 5)), rtol=1e-9)


def test_least_squares_is_where_descent_ends():
    points = points_of("steep_line", 3)
    end = simulate(Descent(0.1, 2000, (0.0, 0.0)), points).end
    np.testing.assert_allclose(end, points.minimum, rtol=1e-9)
    assert points.least_loss == pytest.approx(points.loss(*end))


def test_clean_targets_need_a_rule():
    points = Points(np.arange(3.0), np.arange(3.0))
    with pytest.raises(ValueError, match="noise-free"):
        simulate(Descent(0.1, 2, START, train_points=noise_free), points)


def test_unknown_order_is_named():
    with pytest.raises(KeyError, match="backwards"):
        simulate(Descent(0.1, 2, START, order="backwards"), points_of("gentle_line", 1))


def test_catalogue_is_complete_sentences():
    fields = dict.fromkeys(
        ("name", "v0", "v1", "last", "n", "rise", "climb", "rate", "start", "epochs", "times"), "x"
    )
    names = [mistake.name for mistake in CATALOGUE]
    assert len(set(names)) == len(names)
    for mistake in CATALOGUE:
        said = f"{mistake.sentence.format(**fields)} {mistake.look}"
        assert said.count(". ") <= 2 and said[-1] in ".?", said
        assert mistake in of_kind(mistake.kind)
    with pytest.raises(KeyError):
        find("no such mistake")
