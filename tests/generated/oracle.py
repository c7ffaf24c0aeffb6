"""What is right, and what a named mistake does: in float64, without the judges or their engine.

Each oracle is given a practice's cases, a program's answers and those of the right program that it
was made from, and says ``right``, ``wrong`` or ``unclear``. Unclear is what a person would have to
decide, or what chance cannot tell:

- a value that is off by more than float32 explains and by less than 2 %;
- shuffled losses that lie where those of right runs lie;
- a figure that shows what was asked for and looks different;
- a network that differs from its original and is no usual one.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from labhelpers import data

Answer = Mapping[str, Any]
Case = Mapping[str, Any]

#: Up to here float32 explains a relative difference; beyond the second, nothing does.
EXACT, CLEAR = 1e-3, 0.02

#: Losses that are rounded to three decimals are right.
ROUNDED = 6e-4

#: Data, rate, epochs, start and batch size of the runs whose losses a lab asks for.
RUNS = {
    "lab01-rate-02": ("gentle_line", 0.2, 15, (-15.0, -10.0), None),
    "lab02-batch": ("steep_line", 0.1, 20, (-10.0, -20.0), None),
    "lab03-batch-20": ("gentle_line", 0.1, 10, (-15.0, -10.0), 20),
}


def compared(
    found: Sequence[float], expected: Sequence[float], floor: float = 1e-4, exact: float = EXACT
) -> str:
    """How far numbers are from those expected; `floor` is an absolute difference that is none."""
    found, expected = np.ravel(found).astype(float), np.ravel(expected).astype(float)
    if found.shape != expected.shape or not np.isfinite(found).all():
        return "wrong"
    off = np.maximum(np.abs(found - expected) - floor, 0) / np.maximum(np.abs(expected), 1e-300)
    return "right" if (off <= exact).all() else "wrong" if (off > CLEAR).any() else "unclear"


def worst(verdicts: Sequence[str]) -> str:
    """Wrong if any is wrong, right if all are."""
    return next((v for v in ("wrong", "unclear") if v in verdicts), "right")


def same(one: Any, other: Any) -> bool:
    """Whether two answers are equal but for float32's last digits."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        keys = (set(one) | set(other)) - {"type", "message", "line", "source", "calls", "look"}
        return all(same(one.get(key), other.get(key)) for key in keys)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-5) or (
            one != one and other != other
        )
    return one == other


# Descent on a line.


def points(name: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The inputs and targets of a lab."""
    made = getattr(data, name)(seed)
    return made.x.double().numpy().ravel(), made.y.double().numpy().ravel()


def mean_square(errors: np.ndarray) -> float:
    return float((errors**2).mean())


def descend(
    x: np.ndarray,
    y: np.ndarray,
    start: Sequence[float],
    rate: float,
    epochs: int,
    rows: Sequence[Any] = (slice(None),),
    *,
    moves: tuple[float, float] = (1, 1),
    keeps: tuple[int, int] = (0, 0),
    after: bool = False,
    record: Callable[[np.ndarray], float] = mean_square,
    each: bool = False,
    factor: float | None = 1.0,
    absolute: bool = False,
    sign_of_b: int = 1,
    moved: str = "",
    added: bool = False,
) -> tuple[list[float], tuple[float, float]]:
    """The losses of a run, and where it ends.

    Parameters
    ----------
    rows : sequence
        What each update of an epoch uses.
    moves, keeps : pair
        For w and b: by how many steps it moves, and whether its gradients add up.
    after, each : bool
        Recorded after the updates; at each update, of its own rows.
    record : callable
        What is recorded of the errors.
    factor : float or None
        The gradient's; None for as many as an update has rows.
    absolute, sign_of_b, moved, added
        The error's absolute value is differentiated; the model's sign before b; which parameter has
        moved already when the other's gradient is taken; whether losses are added up.
    """
    w, b = start
    gradients = [0.0, 0.0]
    losses: list[float] = []

    def slopes(part) -> tuple[float, float]:
        errors = w * x[part] + sign_of_b * b - y[part]
        outer = np.sign(errors) if absolute else 2 * errors
        outer = outer * (len(errors) if factor is None else factor)
        return (outer * x[part]).mean(), sign_of_b * outer.mean()

    def note(part) -> None:
        losses.append(record(w * x[part] + sign_of_b * b - y[part]))

    with np.errstate(all="ignore"):
        for _ in range(epochs):
            if not each and not after:
                note(slice(None))
            for part in rows:
                if each and not after:
                    note(part)
                gradients = [k * g + s for k, g, s in zip(keeps, gradients, slopes(part))]
                if moved == "w":
                    w = w - rate * moves[0] * gradients[0]
                    b = b - rate * moves[1] * slopes(part)[1]
                elif moved == "b":
                    b = b - rate * moves[1] * gradients[1]
                    w = w - rate * moves[0] * slopes(part)[0]
                else:
                    w = w - rate * moves[0] * gradients[0]
                    b = b - rate * moves[1] * gradients[1]
                if each and after:
                    note(part)
            if not each and after:
                note(slice(None))
    return (list(np.cumsum(losses)) if added else losses), (float(w), float(b))


def batches(n: int, size: int | None) -> list[Any]:
    return [slice(None)] if size is None else [slice(i, i + size) for i in range(0, n, size)]


@functools.cache
def in_fixed_orders(practice_id: str, seed: int) -> list[list[float]]:
    """The losses of right runs in which every epoch takes the points in one simple order."""
    name, rate, epochs, start, size = RUNS[practice_id]
    x, y = points(name, seed)
    count = -(-len(x) // size)
    ways = [batches(len(x), size), [slice(k, None, count) for k in range(count)]]
    orders = [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    return [
        descend(x, y, start, rate, epochs, [way[k] for k in order])[0]
        for way in ways
        for order in orders
    ]


@functools.cache
def cloud(
    name: str, seed: int, start: tuple, rate: float, epochs: int, size: int, replace: bool = False
) -> np.ndarray:
    """Losses of 600 runs that draw their batches, one run a row."""
    x, y = points(name, seed)
    rng = np.random.default_rng(0)
    many, n = 600, len(x)
    w, b = np.full(many, start[0]), np.full(many, start[1])
    losses = np.empty((many, epochs))
    with np.errstate(all="ignore"):
        for epoch in range(epochs):
            losses[:, epoch] = ((w[:, None] * x + b[:, None] - y) ** 2).mean(axis=1)
            order = rng.permuted(np.tile(np.arange(n), (many, 1)), axis=1)
            if replace:
                order = rng.integers(n, size=(many, n))
            for k in range(0, n, size):
                part = order[:, k : k + size]
                errors = w[:, None] * x[part] + b[:, None] - y[part]
                w, b = (
                    w - rate * 2 * (errors * x[part]).mean(axis=1),
                    b - rate * 2 * errors.mean(axis=1),
                )
    return losses


def outside(values: Sequence[float], runs: np.ndarray) -> bool:
    """Whether a loss is far from that of every run: by half the width of all, in logarithms."""
    logs = np.log(np.clip(values, 1e-12, 1e30))
    all_logs = np.log(np.clip(runs, 1e-12, 1e30))
    low, high = all_logs.min(axis=0), all_logs.max(axis=0)
    room = 0.5 * (high - low) + 0.02
    return bool(((logs < low - room) | (logs > high + room)).any())


def full_batch(practice_id: str, cases, answers, twin, drew: bool) -> str:
    name, rate, epochs, start, _ = RUNS[practice_id]
    return worst(
        [
            compared(
                a["values"], descend(*points(name, c["seed"]), start, rate, epochs)[0], ROUNDED
            )
            if a["kind"] == "numbers"
            else "wrong"
            for c, a in zip(cases, answers, strict=True)
        ]
    )


def in_order(practice_id: str, cases, twin, drew: bool) -> bool:
    """Whether a program used no chance, and was made from one that takes the points as they are."""
    return not drew and all(
        any(compared(a["values"], one, 1e-5) == "right" for one in _fixed(practice_id, c))
        for c, a in zip(cases, twin, strict=True)
    )


def _fixed(practice_id: str, case: Case) -> list[list[float]]:
    return in_fixed_orders(practice_id, case["seed"])


def mini_batch(practice_id: str, cases, answers, twin, drew: bool) -> str:
    name, rate, epochs, start, size = RUNS[practice_id]
    verdicts = []
    for case, answer, right in zip(cases, answers, twin, strict=True):
        if answer["kind"] != "numbers" or len(answer["values"]) != epochs:
            return "wrong"
        values, fixed = answer["values"], _fixed(practice_id, case)
        if not np.isfinite(values).all():
            return "wrong"
        exact = min((compared(values, one, 1e-5) for one in fixed), key=_good.index)
        if exact == "right" or same(answer, right):
            verdicts.append("right")
            continue
        if in_order(practice_id, [case], [right], drew):
            verdicts.append(exact)
            continue
        runs = cloud(name, case["seed"], start, rate, epochs, size)
        far = exact == "wrong" and outside(values, runs)
        verdicts.append("wrong" if far else "unclear")
    return worst(verdicts)


_good = ("right", "unclear", "wrong")


def stable_rate(practice_id: str, cases, answers, twin, drew: bool) -> str:
    verdicts = []
    for case, answer, right in zip(cases, answers, twin, strict=True):
        rate = answer.get("step_size", {})
        if answer["kind"] != "numbers" or rate.get("kind") != "numbers":
            return "wrong"
        values, (rate, *more) = answer["values"], rate["values"] or [math.nan]
        x, y = points("steep_line", case["seed"])
        start = (-10.0, -20.0)
        if len(values) != 20 or more or not rate > 0 or not np.isfinite(values).all():
            return "wrong"
        if compared(values[:1], [mean_square(start[0] * x + start[1] - y)]) == "wrong":
            return "wrong"
        if same(answer, right):
            verdicts.append("right")
            continue
        least = np.linalg.lstsq(np.c_[x, np.ones_like(x)], y, rcond=None)[1][0] / len(x)
        if case["seed"] == 1 and values[-1] > 1.4 * least:
            return "wrong"
        runs = [
            cloud("steep_line", case["seed"], start, round(rate, 6), 20, 1, way)
            for way in (False, True)
        ]
        verdicts.append("wrong" if outside(values, np.concatenate(runs)) else "unclear")
    return worst(verdicts)


def passes(practice_id: str, cases, answers, twin, drew: bool) -> str:
    verdicts = []
    for case, answer in zip(cases, answers, strict=True):
        if answer["kind"] != "passes":
            return "wrong"
        x, y = (np.float32(case[name]).astype(float) for name in ("x", "y"))
        at = tuple(float(np.float32(case[name])) for name in ("w", "b"))
        for order, made in zip(case["orders"], answer["passes"], strict=True):
            rows = [slice(i, i + 1) for i in order]
            losses, at = descend(x, y, at, case["rate"], 1, rows, each=True)
            if made["losses"]["kind"] != "numbers" or None in (made["w"], made["b"]):
                return "wrong"
            verdicts += [
                compared(made["losses"]["values"], losses, 1e-3),
                compared([made["w"], made["b"]], at, 1e-3),
            ]
    return worst(verdicts)


# Functions.


def largest_rate(x):
    mean, square = x.mean(), (x**2).mean()
    return 2 / np.linalg.eigvalsh(2 * np.array([[square, mean], [mean, 1.0]]))[-1]


def r_squared(y_true, y_pred):
    return 1 - np.sum((y_true - y_pred) ** 2) / np.sum((y_true - y_true.mean()) ** 2)


def line_gradient(w, b, x, y):
    errors = w * x + b - y
    return [(2 * errors * x).mean(), (2 * errors).mean()]


def until(x, y, w, b, lr, tolerance, most):
    """Rows (step, loss, w, b) up to the first whose loss has changed by less than a tolerance."""
    at, rows = (w, b), []
    for step in range(most + 1):
        (loss,), after = descend(x.ravel(), y.ravel(), at, lr, 1)
        rows.append([step, loss, *at])
        if step and abs(loss - rows[-2][1]) < tolerance:
            break
        at = after
    return rows


def in_batches(x, y, w, b, lr, size, epochs):
    rows = batches(len(x), size)
    return descend(x.ravel(), y.ravel(), (w, b), lr, epochs, rows)[0]


def least_squares(x, y, lr, epochs):
    """By the normal equations of centred inputs, each divided by its largest value."""
    centre = x.mean(axis=0)
    size = np.abs(x - centre).max(axis=0)
    z = (x - centre) / size
    slopes = np.linalg.solve(z.T @ z, z.T @ (y.ravel() - y.mean())) / size
    return [y.mean() - slopes @ centre, *slopes]


def hidden_unit(x, y, *parameters):
    """The derivatives of one unit's squared error, by differences of complex numbers."""
    step, slopes = 1e-30, []
    for k in range(4):
        w1, b1, w2, b2 = (p + 1j * step * (k == n) for n, p in enumerate(parameters))
        slopes.append(((w2 / (1 + np.exp(-w1 * x - b1)) + b2 - y) ** 2).imag / step)
    return slopes


FUNCTIONS: dict[str, Callable] = {
    "lab01-gradient": line_gradient,
    "lab01-largest-rate": largest_rate,
    "lab02-train-until": until,
    "lab03-find-the-bug": in_batches,
    "lab03-updates": lambda n, size: (n + size - 1) // size,
    "lab04-features": least_squares,
    "lab04-r-squared": r_squared,
    "lab05-model": lambda x, w, b: x * w + b,
    "lab05-loss": lambda pred, true: ((pred - true) ** 2).sum() / pred.numel(),
    "lab06-backward": hidden_unit,
}

#: Up to which relative difference a function's results are right: what every practice allows. The
#: text of `lab04-features` allows 1 %.
ALLOWED = {"lab04-features": 0.01}


def function(practice_id: str, cases, answers, twin, drew: bool) -> str:
    verdicts = []
    for case, answer in zip(cases, answers, strict=True):
        if answer["kind"] != "calls":
            return "wrong"
        for given, result in zip(case["calls"], answer["results"], strict=True):
            verdicts.append(_called(practice_id, given, result))
    return worst(verdicts)


def _called(practice_id: str, given, result) -> str:
    if result["kind"] != "numbers" or not result.get("unchanged", True):
        return "wrong"
    differentiated = practice_id in ("lab05-model", "lab05-loss")
    arguments = [
        torch.tensor(v["values"], dtype=torch.float64).reshape(v["shape"])
        if isinstance(v, Mapping)
        else v
        for v in given
    ]
    if not differentiated:
        plain = [a.numpy() if isinstance(a, torch.Tensor) else a for a in arguments]
        wanted = np.array(FUNCTIONS[practice_id](*plain))
        if wanted.ndim == 2 and list(result["shape"]) != list(wanted.shape):
            return "wrong"
        # Rounded, it may be right or not: each practice says how many digits it asks for.
        return compared(result["values"], wanted, 1e-6, ALLOWED.get(practice_id, 1e-5))
    for value, made in zip(arguments, given, strict=True):
        value.requires_grad_(made.get("grad", False))
    right = FUNCTIONS[practice_id](*arguments)
    verdict = compared(result["values"], right.detach().numpy(), 1e-5)
    if right.ndim and list(result["shape"]) != list(right.shape):
        return "wrong"
    ramp = torch.linspace(1, 2, right.numel(), dtype=torch.float64).reshape(right.shape)
    (right * ramp).sum().backward()
    for value, slope in zip(arguments, result["gradients"], strict=True):
        if value.requires_grad:
            if slope is None:
                return "wrong"
            verdict = worst([verdict, compared(slope, value.grad.numpy(), 1e-4)])
    return verdict


# Networks and training functions.


def adam(case: Case) -> tuple[list[float], list[float]]:
    """Losses and last parameters of an unshuffled run with Adam, as its paper has it."""
    x, y = np.array(case["x"]), np.array(case["y"])
    design = np.c_[x, np.ones(len(x))]
    at = np.array(case["start"], dtype=float)[:, None]
    m = v = np.zeros_like(at)
    count, losses = 0, []
    for _ in range(case["epochs"]):
        total = 0.0
        for part in batches(len(x), case["batch_size"]):
            errors = design[part] @ at - y[part]
            total += (errors**2).sum()
            slope = 2 * design[part].T @ errors / len(errors)
            count += 1
            m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
            at = at - case["lr"] * (m / (1 - 0.9**count)) / (np.sqrt(v / (1 - 0.999**count)) + 1e-8)
        losses.append(total / len(x))
    return losses, at.ravel().tolist()


def training_loop(practice_id: str, cases, answers, twin, drew: bool) -> str:
    verdicts = []
    for case, answer, right in zip(cases, answers, twin, strict=True):
        if answer["kind"] != "numbers" or len(answer["values"]) != case["epochs"]:
            return "wrong"
        if case["shuffle"]:
            design = np.c_[np.array(case["x"]), np.ones(len(case["x"]))]
            best = np.linalg.lstsq(design, np.array(case["y"]), rcond=None)[0]
            reached = np.reshape(answer["end"], best.shape)
            least, found = (mean_square(design @ at - case["y"]) for at in (best, reached))
            if not found < 2 * least:
                return "wrong"  # in any order 25 epochs of Adam arrive
            verdicts.append("right" if same(answer, right) else "unclear")
            continue
        losses, end = adam(case)
        verdicts += [compared(answer["values"], losses, 1e-3), compared(answer["end"], end, 1e-3)]
    return worst(verdicts)


#: Non-linear functions for hidden units that everyone would call right.
USUAL = (
    torch.sigmoid,
    torch.tanh,
    torch.relu,
    torch.sin,
    torch.nn.functional.elu,
    torch.nn.functional.gelu,
    torch.nn.functional.leaky_relu,
    torch.nn.functional.silu,
    torch.nn.functional.softplus,
)


def layered(case: Case, answer: Answer) -> str:
    """Whether a network with the case's parameters gives the outputs and slopes of a usual one.

    With one of the usual functions after the output too, or there alone, it is wrong.
    """
    inputs, hidden, outputs = case["sizes"]
    shapes = [[hidden, inputs], [hidden], [outputs, hidden], [outputs]]
    if answer["shapes"] != shapes:
        return "unclear"  # parameters in another order, perhaps
    sizes = [math.prod(shape) for shape in shapes]
    values = torch.tensor(case["values"], dtype=torch.float64)
    x = torch.tensor(case["inputs"], dtype=torch.float64)

    def agrees(inner: Callable, outer: Callable) -> bool:
        leaves = [
            part.reshape(shape).clone().requires_grad_()
            for part, shape in zip(values.split(sizes), shapes, strict=True)
        ]
        out = outer(inner(x @ leaves[0].T + leaves[1]) @ leaves[2].T + leaves[3])
        if compared(answer["eval"]["outputs"], out.detach().numpy(), 1e-5) != "right":
            return False
        ramp = torch.linspace(1, 2, out.numel(), dtype=torch.float64).reshape(out.shape)
        slopes = torch.autograd.grad((out * ramp).sum(), leaves)
        return all(
            found is not None and compared(found, slope.numpy(), 1e-3) == "right"
            for found, slope in zip(answer["eval"]["gradients"], slopes, strict=True)
        )

    if None in answer["eval"]["gradients"]:
        return "wrong"
    if any(agrees(inner, torch.clone) for inner in USUAL):
        return "right" if same(answer["train"], answer["eval"]) else "unclear"
    changed = (agrees(inner, outer) for inner in (torch.clone, *USUAL) for outer in USUAL)
    return "wrong" if any(changed) else "unclear"


def network(practice_id: str, cases, answers, twin, drew: bool) -> str:
    for case, answer in zip(cases, answers, strict=True):
        inputs, hidden, outputs = case["sizes"]
        wanted = (inputs + 1) * hidden + (hidden + 1) * outputs
        if answer["kind"] != "numbers" or answer["shape"] != [len(case["inputs"]), outputs]:
            return "wrong"
        if sum(math.prod(shape) for shape in answer["shapes"]) != wanted:
            return "wrong"
        given = np.array(answer["eval"]["outputs"])
        if not np.isfinite(given).all() or np.ptp(given) == 0:
            return "wrong"
        x = np.array(case["inputs"])
        flat = given.reshape(len(x), outputs)
        design = np.c_[x, np.ones(len(x))]
        left = flat - design @ np.linalg.lstsq(design, flat, rcond=None)[0]
        if np.abs(left).max() < 1e-4 * np.abs(flat).max():
            return "wrong"  # a straight line: there is no non-linear function
    if same(list(answers), list(twin)):
        return "right"
    return worst([layered(case, answer) for case, answer in zip(cases, answers, strict=True)])


def bend(values: Sequence[float]) -> float:
    """How far predictions at equal distances are from a straight line, as a share of their span."""
    k = np.arange(len(values))
    off = values - np.polyval(np.polyfit(k, values, 1), k)
    return float(np.abs(off).max() / max(np.ptp(values), 1e-6))


def trained(practice_id: str, cases, answers, twin, drew: bool) -> str:
    """Whether a network of the sizes asked for learns the rule from every start, and is no line."""
    sizes = (2, 10, 20, 2, 1)
    layers = sorted(sorted(pair) for pair in zip(sizes, sizes[1:]))
    missed, bends = [], []
    for case, answer in zip(cases, answers, strict=True):
        if answer["kind"] != "numbers" or answer["shape"] != [len(case["held"]), 1]:
            return "wrong"
        if sorted(sorted(shape) for shape in answer["shapes"] if len(shape) > 1) != layers:
            return "wrong"
        rule = 5 + 2 * np.array(case["held"])  # its noise has the variance 1
        before, after = (
            (((np.array(answer[name]) - rule) ** 2).mean() + 1) / (rule.var() + 1)
            for name in ("before", "values")
        )
        if answer["slopes"] is None or before < 0.3:
            return "wrong"
        missed.append(after)
        bends += map(bend, np.split(np.array(answer["wide"]), 2))
    if max(bends) < 1e-5 or not np.nan_to_num(missed, nan=1).max() < 0.35:
        return "wrong"
    # R² above 0.75 is asked for.
    return "right" if max(missed) < 0.24 and max(bends) > 0.01 else "unclear"


def law(case: Case, values: Sequence[float]) -> str:
    """Whether losses are those of batch descent from any start.

    Above the least loss they are the sum of one shrinking part for each direction, of which only
    the two sizes are free.
    """
    x, y = np.float32(case["x"]).astype(float), np.float32(case["y"]).astype(float)
    design = np.c_[x, np.ones_like(x)]
    curvatures = np.linalg.eigvalsh(2 * design.T @ design / len(x))
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    least = mean_square(design @ best - y)
    k = np.arange(len(values))[:, None]
    parts = (1 - case["lr"] * curvatures) ** (2 * k)
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        return "wrong"
    weights = 1 / np.maximum(values, 1e-9)
    sizes, *_ = np.linalg.lstsq(parts * weights[:, None], (values - least) * weights, rcond=None)
    return compared(values, least + parts @ np.maximum(sizes, 0), 1e-4)


def same_rows(case: Case, values: Sequence[float]) -> str:
    """Whether each epoch's loss follows from the one before it, where all rows are the same."""
    x, y = np.array(case["x"]), np.array(case["y"])
    if np.ptp(x) or np.ptp(y):
        return "unclear"
    updates = math.ceil(len(x) / case["batch_size"])
    shrinks = (1 - 2 * case["lr"] * (x[0] ** 2 + 1)) ** (2 * updates)
    return compared(values[1:], shrinks * np.array(values[:-1]), 1e-3)


def batch_descent(practice_id: str, cases, answers, twin, drew: bool) -> str:
    verdicts = []
    for case, answer, right in zip(cases, answers, twin, strict=True):
        if answer["kind"] != "numbers" or len(answer["values"]) != case["num_epochs"]:
            return "wrong"
        whole = case.get("batch_size", math.inf) >= len(case["x"])
        found = law(case, answer["values"]) if whole else same_rows(case, answer["values"])
        if same(answer, right):
            verdicts.append("right")
        else:
            verdicts.append("wrong" if found == "wrong" else "unclear")
    return worst(verdicts)


# Figures.


def figure(practice_id: str, cases, answers, twin, drew: bool) -> str:
    verdicts = []
    for answer, right in zip(answers, twin, strict=True):
        if answer["kind"] != "axes":
            return "wrong"
        drawn = [np.ravel(curve["y"]) for curve in answer["curves"]]
        if len(drawn) < len(answer["lists"]):
            return "wrong"
        for held in answer["lists"].values():
            # A lab's text calls some runs by other names than the list that held them.
            values = np.ravel(held.get("values", []))
            if len(values) and not any(
                len(y) == len(values) and np.allclose(y, values, rtol=1e-3, equal_nan=True)
                for y in drawn
            ):
                return "wrong"
        if not answer["xlabel"].strip() or not answer["ylabel"].strip():
            return "wrong"
        if practice_id.endswith("compare-plot"):
            if len(set(answer["legend"] or ())) < len(answer["lists"]):
                return "wrong"
        elif not answer["title"].strip():
            return "wrong"
        verdicts.append("right" if same(answer, right) else "unclear")
    return worst(verdicts)


ORACLES: dict[str, Callable] = {
    "lab01-rate-02": full_batch,
    "lab02-batch": full_batch,
    "lab02-sgd-epoch": passes,
    "lab02-stable-rate": stable_rate,
    "lab03-batch-20": mini_batch,
    "lab04-train": training_loop,
    "lab05-fit-gd": batch_descent,
    "lab05-fit-bgd": batch_descent,
    "lab06-hidden-net": network,
    "lab06-deep-net": trained,
    **dict.fromkeys(FUNCTIONS, function),
    **dict.fromkeys(
        ("lab01-compare-plot", "lab03-compare-plot", "lab05-plot-gd", "lab05-plot-bgd"), figure
    ),
}

#: Oracles that compare with no right program.
ALONE = (full_batch, passes, function, trained)


def verdict(practice_id: str, cases, answers, twin, drew: bool) -> str:
    """``right``, ``wrong`` or ``unclear``; `drew` says whether the program used chance."""
    return ORACLES[practice_id](practice_id, cases, answers, twin, drew)
