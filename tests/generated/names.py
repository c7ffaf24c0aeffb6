"""Whether a named mistake, made on purpose, gives a program's answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from tests.generated import oracle

#: What a mistake changes in `oracle.descend`.
DESCENT: dict[str, dict[str, Any]] = {
    "gradients never zeroed": {"keeps": (1, 1)},
    "gradient of w never zeroed": {"keeps": (1, 0)},
    "gradient of b never zeroed": {"keeps": (0, 1)},
    "stepping uphill": {"moves": (-1, -1)},
    "w steps uphill": {"moves": (-1, 1)},
    "b steps uphill": {"moves": (1, -1)},
    "w never updated": {"moves": (0, 1)},
    "b never updated": {"moves": (1, 0)},
    "nothing moves": {"moves": (0, 0)},
    "half steps": {"moves": (0.5, 0.5)},
    "double steps": {"moves": (2, 2)},
    "recorded after the update": {"after": True},
    "sum recorded": {"record": lambda e: (e**2).sum()},
    "half the loss recorded": {"record": lambda e: (e**2).mean() / 2},
    "root of the mean squared error": {"record": lambda e: (e**2).mean() ** 0.5},
    "logarithm recorded": {"record": lambda e: np.log((e**2).mean())},
    "absolute errors recorded": {"record": lambda e: abs(e).mean()},
    "absolute errors": {"record": lambda e: abs(e).mean(), "absolute": True},
    "sum instead of mean": {"record": lambda e: (e**2).sum(), "factor": None},
    "sum instead of mean in the gradient": {"factor": None},
    "half the mean squared error": {"record": lambda e: (e**2).mean() / 2, "factor": 0.5},
    "losses added up": {"added": True},
    "sign of b in the model": {"sign_of_b": -1},
    "b updated with the moved w": {"moved": "w"},
    "w updated with the moved b": {"moved": "b"},
    "wrong number of epochs": {},
    "wrong rate": {},
    "wrong start": {},
}

Runs = Callable[..., list[float]]


class NotChecked(Exception):
    """Raised where a mistake's own numbers cannot be had."""


def _within_bounds(values: Sequence[float]) -> np.ndarray:
    """The values, with those that have left all bounds at the bounds."""
    return np.clip(np.nan_to_num(values, nan=1e30), -1e30, 1e30)


def _fits(values: Sequence[float], run: Sequence[float]) -> bool:
    values, run = map(_within_bounds, (values, run))
    return len(values) == len(run) and bool(
        (np.abs(values - run) <= 0.03 * np.abs(run) + 2e-3).all()
    )


def _changes(parts: Sequence[str]) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    for part in parts:
        for key, value in DESCENT[part].items():
            if key == "moves" and key in changes:
                value = tuple(a * b for a, b in zip(value, changes[key], strict=True))
            changes[key] = value
    return changes


def _reproduced(parts, values, x, y, start, rate, rows, each=False) -> bool:
    changes = _changes(parts)
    epochs = len(values) if not each else 1

    def run(rate: float, start=start) -> list[float]:
        return oracle.descend(x, y, start, rate, epochs, rows, each=each, **changes)[0]

    if "wrong start" in parts:
        if rows != [slice(None)]:
            raise NotChecked  # its losses are no quadratic of the start
        rates = (rate,) if "wrong rate" not in parts else (rate / 2, 2 * rate)
        if any(_from_some_start(values, lambda at, r=r: run(r, at), x, y, changes) for r in rates):
            return True
        if "wrong rate" in parts:
            raise NotChecked  # any other one may have been typed in
        return False
    if "wrong rate" not in parts:
        return _fits(values, run(rate))

    def off(log: float) -> float:
        with np.errstate(all="ignore"):
            found, said = map(_within_bounds, (run(np.exp(log)), values))
            return float(np.abs(np.arcsinh(found) - np.arcsinh(said)).max())

    step = 0.02
    best = min(np.arange(np.log(1e-5), np.log(3), step), key=off)
    for _ in range(12):
        step /= 2
        best = min((best - step, best, best + step), key=off)
    return _fits(values, run(np.exp(best)))


def _from_some_start(values, run: Runs, x, y, changes) -> bool:
    """Losses are a quadratic of the start: six numbers, of which those of the minimum are known."""
    if "record" in changes or "added" in changes or not np.isfinite(values).all():
        raise NotChecked
    design = np.c_[x, np.ones_like(x)]
    best = np.linalg.lstsq(design, y, rcond=None)[0]
    least = oracle.mean_square(design @ best - y)
    parts = [np.array(run(best + d)) - least for d in ((1, 0), (0, 1), (1, 1))]
    both = parts[2] - parts[0] - parts[1]
    if not all((np.abs(part) < 1e30).all() for part in parts):
        raise NotChecked
    weights = 1 / np.maximum(np.abs(values), 1e-6)
    terms = np.stack([parts[0], parts[1], both], axis=1)
    sizes, *_ = np.linalg.lstsq(
        terms * weights[:, None], (np.asarray(values) - least) * weights, rcond=None
    )
    return _fits(values, least + terms @ sizes)


def _runs(practice_id: str, cases, answers, in_order: bool) -> list[tuple] | None:
    """For each case the values and what `_reproduced` needs; None where a name is not checked."""
    if practice_id == "lab05-fit-gd":
        return [
            (
                a["values"],
                *(np.float32(c[name]).astype(float) for name in ("x", "y")),
                (0.0, 0.0),
                c["lr"],
                [slice(None)],
            )
            for c, a in zip(cases, answers, strict=True)
            if a["kind"] == "numbers" and a["values"]
        ]
    if practice_id in oracle.RUNS and (in_order or practice_id != "lab03-batch-20"):
        name, rate, _, start, size = oracle.RUNS[practice_id]
        rows = oracle.batches(60, size)
        return [
            (a["values"], *oracle.points(name, c["seed"]), start, rate, rows)
            for c, a in zip(cases, answers, strict=True)
            if a["kind"] == "numbers" and a["values"]
        ]
    if practice_id == "lab02-sgd-epoch":
        found = []
        for case, answer in zip(cases, answers, strict=True):
            losses = answer["passes"][0]["losses"] if answer["kind"] == "passes" else {}
            if losses.get("kind") != "numbers" or len(losses["values"]) != len(case["x"]):
                return None
            x, y = (np.float32(case[name]).astype(float) for name in ("x", "y"))
            at = tuple(float(np.float32(case[name])) for name in ("w", "b"))
            rows = [slice(i, i + 1) for i in case["orders"][0]]
            found.append((losses["values"], x, y, at, case["rate"], rows, True))
        return found
    return None


def claims(mistake: str) -> list[list[str]]:
    """A feedback's name as alternatives, each of mistakes that were made together."""
    return [alternative.split(" + ") for alternative in mistake.split(" or ")]


def check(
    practice_id: str,
    mistake: str,
    text: str,
    cases: Sequence[Mapping],
    answers: Sequence[Mapping],
    known: Sequence[tuple[tuple[str, ...], Sequence[Mapping]]],
    in_order: bool,
) -> str:
    """``right``, ``wrong`` or ``unchecked``: whether what is named gives these answers.

    Parameters
    ----------
    known : sequence
        For each wrong program of the bank with a name: its names, and its answers to these cases.
    in_order : bool
        Whether the program takes its samples in the order of the data.
    """
    if mistake == "error":
        kinds = {answer["kind"] for answer in answers}
        return "right" if kinds & {"error", "absent", "calls", "axes"} else "wrong"
    runs = _runs(practice_id, cases, answers, in_order)
    alternatives = claims(mistake)
    if practice_id == "lab05-fit-gd" and mistake == "wrong number of epochs" and "law" not in text:
        # No more is said than how many losses there are.
        counts = [(len(a["values"]), c["num_epochs"]) for c, a in zip(cases, answers, strict=True)]
        return "right" if any(n != epochs for n, epochs in counts) else "wrong"
    checked = all(part in DESCENT for parts in alternatives for part in parts)
    if runs and checked and "first call is right" not in text:
        # A training function starts where it likes.
        free = ["wrong start"] if practice_id == "lab05-fit-gd" else []
        with suppress(NotChecked):
            reproduced = (_reproduced(parts + free, *run) for parts in alternatives for run in runs)
            return "right" if all(reproduced) else "wrong"
    if any(answer["kind"] in ("error", "absent") for answer in answers):
        return "unchecked"
    alike = {name for names, made in known for name in names if oracle.same(made, list(answers))}
    if not alike:
        return "unchecked"
    said = set(re.split(" [+] | or ", mistake)) | {mistake}
    return "right" if said & alike else "wrong"
