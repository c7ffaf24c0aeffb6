"""Calling a student's training function: what it is given, and what is read of it."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.utils.data import DataLoader, TensorDataset

from labchecks.ask.call import Answer, Case, call, same_start
from labchecks.ask.values import read_numbers

#: Up to so many rows it is kept which of them each call had.
FEW_ROWS = 4

#: Rows (x, y) on which the start is asked for, see :mod:`labchecks.engine.start`.
ALIKE = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))

#: So many rows are enough, or as many as make a batch.
ENOUGH = 12

#: Epochs for which the first of them is asked for again: at rate 0 each loss is that of the start.
AGAIN = 4

#: Calls of the model whose parameters are kept.
MOST_CALLS = 400


def ask_training(namespace: Mapping[str, object], case: Case, function: Callable) -> Answer:
    """The log that a training function returns on a case.

    It is given a model and a loss of our own, so that an earlier practice costs no points twice.
    The answer also holds ``asked``, the losses of one epoch at rate 0 on rows that are all alike,
    None where there is not one; ``again``, those of several epochs on the first of these rows;
    ``calls``, the parameters that the model was called with; ``sizes``, how many rows each of these
    calls had; ``rows``, which ones, where the case has only a few; and ``foreign``, how many calls
    had rows of the lab's own ``X`` that are not in the case. A case whose ``alike`` is False goes
    without the questions for the start.
    """
    calls: list[list[float]] = []
    given: list[list[float]] = []

    def model(data, weight, bias):
        # Nothing more than a note here: this is in the student's innermost loop.
        if len(calls) < MOST_CALLS:
            with contextlib.suppress(Exception):
                calls.append([float(weight), float(bias)])
                given.append(_flat(data))
        return data * weight + bias

    def loss_func(y_pred, y_true):
        residuals = y_pred - y_true
        return (residuals**2).mean()

    def train(x: torch.Tensor, y: torch.Tensor, lr: float, num_epochs: int) -> Answer:
        arguments = [model, loss_func, x, y, lr, num_epochs]
        if "batch_size" in case:
            arguments.append(case["batch_size"])
        with same_start(case["seed"]):
            answer, failure = call(lambda: read_numbers(function(*arguments)))
        return answer if failure is None else failure

    x, y = (torch.tensor(case[k], dtype=torch.float32).view(-1, 1) for k in ("x", "y"))
    known = _flat(x)
    answer = train(x, y, case["lr"], case["num_epochs"])
    if answer["kind"] in ("error", "timeout"):
        return answer
    notes = _notes(given, known, namespace.get("X"))
    answer |= {"calls": list(calls), "asked": [], "again": [], **notes}
    for at in (*ALIKE, ALIKE[0]) if case.get("alike", True) else ():
        last = len(answer["asked"]) == len(ALIKE)
        rows = [torch.full((alike_rows(case), 1), value) for value in at]
        told = train(*rows, 0.0, AGAIN if last else 1)
        if told["kind"] == "timeout":
            break
        values = told.get("values", [])
        if last:
            answer["again"] = values[:AGAIN]
        else:
            answer["asked"].append(values[0] if values else None)
    return answer


def alike_rows(case: Case) -> int:
    """How many rows that are alike a case's start is asked for with."""
    return min(len(case["x"]), max(ENOUGH, case.get("batch_size", 0)))


def _flat(data: Any) -> list[float]:
    return torch.as_tensor(data).detach().float().flatten().tolist()


def _notes(given: list[list[float]], known: list[float], own: object) -> Answer:
    """What the model was called with: the answer's ``sizes``, ``rows`` and ``foreign``."""
    lab = call(lambda: set(_flat(own)))[0] or set()  # an `X` may be anything
    fits = [set(known).issuperset(data) for data in given]
    rows = [[known.index(v) for v in data] for data, fit in zip(given, fits) if fit]
    return {
        "sizes": [len(data) for data in given],
        "rows": rows if len(known) <= FEW_ROWS else [],
        "foreign": sum(lab.issuperset(data) and not fit for data, fit in zip(given, fits)),
    }


def ask_optimizer(namespace: Mapping[str, object], case: Case, function: Callable) -> Answer:
    """The losses that a function returns for a fresh linear model; ``end``: its last parameters."""
    x, y = (torch.tensor(case[name], dtype=torch.float32) for name in ("x", "y"))
    with same_start(case["seed"]):
        model = torch.nn.Sequential(torch.nn.Linear(x.shape[1], 1))
        with torch.no_grad():
            model[0].weight.copy_(torch.tensor([case["start"][:-1]]))
            model[0].bias.copy_(torch.tensor(case["start"][-1:]))
        loader = DataLoader(
            TensorDataset(x, y), batch_size=case["batch_size"], shuffle=case["shuffle"]
        )
        # The first optimizer takes a second or more, which must not count as the student's.
        torch.optim.Adam([torch.zeros(1, requires_grad=True)])

        def trained() -> Answer:
            answer = read_numbers(function(model, loader, case["epochs"], case["lr"]))
            end = [float(v) for p in model.parameters() for v in p.detach().cpu().reshape(-1)]
            return {**answer, "end": end[:100]}

        answer, failure = call(trained)
    return answer if failure is None else failure
