"""The figure's JavaScript, run under Node, against PyTorch and against its Python mirror."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from labhelpers import History, LossSurface, data
from labhelpers.explorer import DescentExplorer, epoch_order
from labhelpers.explorer.descent import descend, describe_run, factor, format_number
from labhelpers.explorer.settings import Settings

DRIVER = Path(__file__).with_name("run_descent.mjs")
#: Beyond this size a run has left every bound, and relative agreement is no longer asked for.
BOUND = 1e9
#: The minimum counts as reached when the loss is so little above the least.
GOAL = 1e-3


def node(runs=(), numbers=()):
    program = shutil.which("node")
    if program is None:
        pytest.skip("node is not installed, so the JavaScript cannot be run outside a browser")
    cases = json.dumps({"runs": list(runs), "numbers": list(numbers)})
    done = subprocess.run(
        [program, str(DRIVER)], input=cases, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def floats(texts) -> np.ndarray:
    return np.array([float(text.replace("Infinity", "inf")) for text in texts])


def random_case(seed: int) -> tuple[np.ndarray, np.ndarray, Settings]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 90))
    x = rng.normal(rng.uniform(-3, 3), rng.uniform(0.3, 4), n).round(4)
    y = (rng.uniform(-5, 5) * x + rng.uniform(-5, 5) + rng.normal(0, 0.5, n)).round(4)
    batch_size = [None, 1, 5, int(rng.integers(1, n + 1)), n][seed % 5]
    momentum = [0.0, 0.0, 0.3, 0.9][seed % 4]
    optimizer = "adam" if seed % 3 == 0 else "sgd"
    limit = LossSurface(x, y).largest_stable_rate * (1 + momentum)
    # From far below to far above the limit, but never so near it that rounding decides.
    share = rng.choice([0.02, 0.2, 0.5, 0.8, 0.97, 1.03, 1.3, 2.5])
    settings = Settings(
        lr=float(limit * share * rng.uniform(0.99, 1.01)),
        batch_size=batch_size,
        shuffle=bool(rng.random() < 0.7),
        seed=int(rng.integers(0, 2**31)),
        steps=int(rng.integers(1, 160)),
        momentum=momentum,
        optimizer=optimizer,
        start=tuple(rng.uniform(-20, 20, 2)),
    )
    return x, y, settings


CASES = [random_case(seed) for seed in range(120)]
# No random rate is so large that Adam ends above its start.
CASES += [(x, y, replace(one, optimizer="adam", lr=1e3, steps=20)) for x, y, one in CASES[:5]]


def torch_run(x, y, settings: Settings, dtype=torch.float64, steps=None) -> History:
    """The same training, written with torch.optim as a student would."""
    inputs, targets = (torch.tensor(values, dtype=dtype) for values in (x, y))
    w, b = (torch.tensor(value, dtype=dtype, requires_grad=True) for value in settings.start)
    if settings.optimizer == "adam":
        optimizer = torch.optim.Adam([w, b], lr=settings.lr)
    else:
        optimizer = torch.optim.SGD([w, b], lr=settings.lr, momentum=settings.momentum)
    n = len(x)
    size = min(settings.batch_size or n, n)
    history = History(LossSurface(x, y), settings.start, lr=settings.lr, batch_size=size)
    epoch, order = 0, []
    for _ in range(steps or settings.steps):
        if len(order) == 0:
            order = epoch_order(n, settings.seed, epoch) if settings.shuffle else np.arange(n)
            epoch += 1
        batch, order = order[:size], order[size:]
        loss = torch.mean((w * inputs[batch] + b - targets[batch]) ** 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.step(w, b, batch_loss=loss)
    return history


@cache
def reference(index: int) -> History:
    return torch_run(*CASES[index])


@pytest.fixture(scope="module")
def answers():
    runs = [
        {"x": x.tolist(), "y": y.tolist(), "settings": settings.as_dict()}
        for x, y, settings in CASES
    ]
    return node(runs)["results"]


def assert_close_while_bounded(found: np.ndarray, expected: np.ndarray, rtol: float) -> int:
    """Compare up to the first value beyond the bound; how many values were compared."""
    assert found.shape == expected.shape
    beyond = np.flatnonzero(~(np.abs(expected) < BOUND))
    end = int(beyond[0]) if len(beyond) else len(expected)
    # Relative to the size of the values in the run: a value that passes 0 has no relative error.
    scale = np.maximum(np.abs(expected[:end]), 1e-3 * np.abs(expected[:end]).max(initial=1))
    assert np.all(np.abs(found[:end] - expected[:end]) <= rtol * scale)
    return end


@pytest.mark.parametrize("index", range(len(CASES)))
def test_the_run_is_that_of_torch_optim(answers, index):
    answer, expected = answers[index], reference(index)
    compared = assert_close_while_bounded(floats(answer["w"]), expected.w, 1e-5)
    assert compared >= 1
    assert_close_while_bounded(floats(answer["b"]), expected.b, 1e-5)
    assert_close_while_bounded(floats(answer["loss"]), expected.loss, 1e-5)
    assert_close_while_bounded(floats(answer["batchLoss"]), expected.batch_loss, 1e-5)


@pytest.mark.parametrize("index", range(len(CASES)))
def test_the_verdict_on_divergence_is_that_of_pytorch(answers, index):
    x, y, settings = CASES[index]
    said = answers[index]["verdict"]["kind"] == "diverging"
    if settings.optimizer == "adam" and reference(index).batch_size is None:
        assert answers[index]["verdict"]["title"] in {"Approaching", "Overshooting"}
    elif settings.batch_size is None or settings.batch_size >= len(x):
        # The words are about the setting: let PyTorch run until it has come to a verdict itself.
        error = torch_run(x, y, settings, steps=400).excess
        late = error[-1]
        assert said == (not late < error[0])
    else:
        assert said == reference(index).diverged


def test_runs_of_every_kind_were_compared(answers):
    kinds = {answer["verdict"]["kind"] for answer in answers}
    assert kinds >= {"diverging", "converging", "slow", "noisy", "approaching", "overshooting"}


def steps_needed(history: History) -> int:
    """The definition of the labs: after so many steps the loss is within the goal for good."""
    late = np.flatnonzero(~(history.excess <= GOAL))
    return int(late[-1]) + 1 if len(late) else 0


@pytest.mark.parametrize("index", range(len(CASES)))
def test_the_step_that_reaches_the_minimum_is_that_of_pytorch(answers, index):
    assert answers[index]["reached"] == steps_needed(reference(index))


def test_the_map_counts_the_steps_of_runs_with_all_samples(answers):
    counts = {"finite": 0, "NaN": 0, "Infinity": 0}
    for (x, y, settings), answer in zip(CASES, answers):
        whole = replace(settings, batch_size=None, steps=150)
        history = torch_run(x, y, whole)
        needed = steps_needed(history)
        if needed <= 150:
            assert answer["needed"] == str(needed)
            counts["finite"] += 1
        else:
            grows = not history.excess[-1] < history.excess[0]
            assert answer["needed"] == ("Infinity" if grows else "NaN")
            counts[answer["needed"]] += 1
    assert min(counts.values()) >= 5


@pytest.mark.parametrize("index", range(len(CASES)))
def test_python_mirrors_the_run_and_the_words(answers, index):
    x, y, settings = CASES[index]
    answer = answers[index]
    history = descend(x, y, settings)
    assert_close_while_bounded(floats(answer["w"]), history.w, 1e-9)
    assert_close_while_bounded(floats(answer["b"]), history.b, 1e-9)
    verdict = describe_run(history.surface, settings, history)
    words = {name: answer["verdict"][name] for name in ("title", "text")}
    assert words == verdict._asdict()


@pytest.mark.parametrize("index", range(0, len(CASES), 7))
def test_the_order_of_the_samples_is_the_same(answers, index):
    x, _, settings = CASES[index]
    n, size = len(x), settings.batch_size
    if size is None or size >= n:
        assert answers[index]["orders"][0] == []
        return
    per_epoch = math.ceil(n / size)
    for step, found in zip((0, 1, 2, 3, settings.steps - 1), answers[index]["orders"]):
        epoch, place = divmod(step, per_epoch)
        order = epoch_order(n, settings.seed, epoch) if settings.shuffle else np.arange(n)
        assert found == order[place * size : (place + 1) * size].tolist()


def test_an_order_holds_each_sample_once_and_differs_by_epoch_and_seed():
    orders = {tuple(epoch_order(50, seed, epoch)) for seed in range(20) for epoch in range(20)}
    assert len(orders) == 400
    assert all(sorted(order) == list(range(50)) for order in orders)


def test_an_order_favours_no_place():
    first = np.bincount([epoch_order(5, seed, 0)[0] for seed in range(5000)], minlength=5)
    # Five standard deviations of a fair count.
    assert np.all(np.abs(first - 1000) < 5 * math.sqrt(5000 * 0.2 * 0.8))


def test_the_marks_are_the_limit_and_the_fastest_rate(answers):
    for (x, y, settings), answer in zip(CASES, answers):
        surface = LossSurface(x, y)
        gain = 1 + settings.momentum
        assert answer["marks"]["limit"] == pytest.approx(surface.largest_stable_rate * gain)
        assert answer["marks"]["fastest"] == pytest.approx(surface.fastest_rate * gain)


def test_one_sample_mark_is_the_rate_at_which_no_sample_overshoots():
    explorer = DescentExplorer(data.steep_line(), batch_size=1, steps=100)
    case = {**explorer.values()["figure"]["points"], "settings": explorer.values()}
    [answer] = node([case])["results"]
    expected = explorer.history.surface.largest_sample_rate
    assert float(answer["batchLimit"]) == pytest.approx(expected)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("share", [0.05, 0.4, 0.9, 1.1])
def test_factor_is_the_growth_of_a_long_run(momentum, share):
    curvature = 3.0
    lr = share * 2 * (1 + momentum) / curvature
    error, velocity, sizes = 1.0, 0.0, []
    for _ in range(400):
        velocity = momentum * velocity + curvature * error
        error -= lr * velocity
        sizes.append(math.hypot(error, lr * velocity))
    growth = (sizes[399] / sizes[199]) ** (1 / 200) if sizes[399] else 0.0
    assert abs(factor(lr, curvature, momentum).value) == pytest.approx(growth, rel=0.03)


def test_numbers_are_written_alike():
    rng = np.random.default_rng(0)
    values = [0.0, 1.0, -1.0, 0.125, 835.3, 99999.6, 1e-3, 9.9996e-4, 1e5, math.inf, -math.inf]
    values += list(rng.normal(size=400) * 10 ** rng.uniform(-12, 12, 400))
    pairs = [(value, digits) for value in values for digits in (3, 4, 6)]
    written = node(numbers=[(str(value).replace("inf", "Infinity"), d) for value, d in pairs])
    assert written["written"] == [format_number(value, digits) for value, digits in pairs]


def test_a_float32_run_of_a_lab_agrees():
    points = data.gentle_line()
    explorer = DescentExplorer(points, start=(-15, -10), lr=0.1, steps=15)
    x, y = points.x[:, 0].numpy(), points.y[:, 0].numpy()
    lab = torch_run(x, y, explorer.settings, dtype=torch.float32)
    np.testing.assert_allclose(explorer.history.loss, lab.loss, rtol=1e-3)
    assert explorer.history.loss[0] == pytest.approx(835.3, abs=0.05)
