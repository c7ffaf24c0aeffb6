"""Calling a student's training function: what it is given, and what is read of it."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from labchecks.ask.call import call, same_start
from labchecks.ask.values import read_callable, read_numbers

__all__ = ["ask_optimizer", "ask_training"]

Case = Mapping[str, Any]
Answer = dict[str, Any]

#: Up to so many rows it is kept which of them each call had.
FEW_ROWS = 4

#: Rows (x, y) on which the start is asked for, see :mod:`labchecks.engine.start`.
#: The first once more: does it start where it did?
ALIKE = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))

#: Calls of the model whose parameters are kept.
MOST_CALLS = 400


def ask_training(namespace: Mapping[str, object], case: Case, name: str) -> Answer:
    """The log that the training function `name` returns on a case.

    It is given a model and a loss of our own, so that an earlier practice costs no points twice.
    The answer also holds ``asked``, the losses of one epoch at rate 0 on rows that are all alike,
    None where there is not one; ``calls``, the parameters that the model was called with;
    ``sizes``, how many rows each of these calls had; ``rows``, which ones, where the case has only
    a few; and ``foreign``, how many calls had rows of the lab's own ``X`` that are not in the case.
    A case whose ``alike`` is False goes without the question for the start.
    """
    function, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing
    x = torch.tensor(case["x"], dtype=torch.float32).view(-1, 1)
    y = torch.tensor(case["y"], dtype=torch.float32).view(-1, 1)
    known, own = x.clone().flatten(), namespace.get("X")
    calls: list[list[float]] = []
    given: list[torch.Tensor] = []

    def model(data, weight, bias):
        # Nothing more than a note here: this is in the student's innermost loop.
        if len(calls) < MOST_CALLS:
            with contextlib.suppress(Exception):
                calls.append([float(weight), float(bias)])
                given.append(torch.as_tensor(data).detach().float().flatten().clone())
        return data * weight + bias

    def loss_func(y_pred, y_true):
        residuals = y_pred - y_true
        return (residuals**2).mean()

    def train(x: torch.Tensor, y: torch.Tensor, lr: float, num_epochs: int) -> Answer:
        arguments = [model, loss_func, x, y, lr, num_epochs]
        if "batch_size" in case:
            arguments.append(case["batch_size"])
        with same_start(case["seed"]):
            result, failure = call(lambda: function(*arguments))
            if failure is None:
                result, failure = call(lambda: read_numbers(result))
        return result if failure is None else failure

    answer = train(x, y, case["lr"], case["num_epochs"])
    if answer["kind"] in ("error", "timeout"):
        return answer
    noted, calls_of_run = list(given), list(calls)
    asked = []
    for at in (*ALIKE, ALIKE[0]) if case.get("alike", True) else ():
        alike = [torch.full_like(x, value) for value in at]
        told = train(*alike, 0.0, 1)
        if told["kind"] == "timeout":
            break
        asked.append(told["values"][0] if told.get("values") else None)
    used, failure = call(lambda: _used(noted, known, own))
    if failure is not None:  # an `X` that cannot be compared with anything
        used = {"sizes": [], "rows": [], "foreign": 0}
    return {**answer, "calls": calls_of_run, "asked": asked, **used}


@functools.cache
def _import_optimizers() -> None:
    """Make a first optimizer, which takes a second or more that must not count as the student's."""
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])


def _used(given: Sequence[Any], known: Any, own: object) -> dict[str, Any]:
    """What the model was called with: the answer's ``sizes``, ``rows`` and ``foreign``."""
    sizes = [len(data) for data in given]
    values = torch.cat(given) if given else known[:0]

    def within(pool: torch.Tensor) -> list[bool]:
        found = torch.isin(values, pool.flatten())
        return [bool(part.all()) for part in torch.split(found, sizes)]

    fits = within(known) if given else []
    rows, foreign = [], 0
    if len(known) <= FEW_ROWS:
        each = known.tolist()
        rows = [[each.index(v) for v in d.tolist()] for d, fit in zip(given, fits) if fit]
    if isinstance(own, torch.Tensor) and not all(fits):
        foreign = sum(there and not here for there, here in zip(within(own), fits))
    return {"sizes": sizes, "rows": rows, "foreign": foreign}


def ask_optimizer(namespace: Mapping[str, object], case: Case, name: str) -> Answer:
    """The losses that `name` returns for a fresh linear model; ``end``: its last parameters."""
    function, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing
    x, y = (torch.tensor(case[name], dtype=torch.float32) for name in ("x", "y"))
    with same_start(case["seed"]):
        model = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 1))
        with torch.no_grad():
            model[0].weight.copy_(torch.tensor([case["start"][:-1]]))
            model[0].bias.copy_(torch.tensor(case["start"][-1:]))
        loader = DataLoader(
            TensorDataset(x, y), batch_size=case["batch_size"], shuffle=case["shuffle"]
        )
        _import_optimizers()
        with torch.enable_grad():
            result, failure = call(lambda: function(model, loader, case["epochs"], case["lr"]))
        if failure is not None:
            return failure
        answer, failure = call(lambda: read_numbers(result))
        if failure is not None:
            return failure
        end, failure = call(
            lambda: [float(v) for p in model.parameters() for v in p.detach().cpu().reshape(-1)]
        )
    if failure is not None:
        return failure
    return {**answer, "end": end[:100]}
