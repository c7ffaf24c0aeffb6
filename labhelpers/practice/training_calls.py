"""Calling a student's training function: what it is given, and what is read of it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from labhelpers.practice.probe import call, read, read_numbers

__all__ = ["probe_fit", "same_start"]

#: Up to so many rows it is kept which of them each call had.
FEW_ROWS = 4

#: Calls of the model whose parameters are kept.
MOST_CALLS = 400


def probe_fit(
    name: str, namespace: Mapping[str, object], case: Mapping[str, Any]
) -> dict[str, Any]:
    """Call the student's training function on a case and read the log that it returns.

    It is given a model and a loss of the probe's own, so that an earlier practice costs no points
    twice. The answer also holds ``calls``, the parameters that the model was called with;
    ``sizes``, how many rows each of these calls had; ``rows``, which ones, where the case has only
    a few; and ``foreign``, how many calls had rows of the lab's own ``X`` that are not in the case.
    """
    import torch

    nothing = read(namespace, name)
    if nothing is not None:
        return nothing
    function = namespace[name]
    if not callable(function):
        return {"kind": "other", "type": type(function).__name__, "what": "name"}
    x = torch.tensor(case["x"], dtype=torch.float32).view(-1, 1)
    y = torch.tensor(case["y"], dtype=torch.float32).view(-1, 1)
    known, own = x.clone(), namespace.get("X")
    calls: list[list[float]] = []
    sizes: list[int] = []
    rows: list[list[int]] = []
    foreign = 0

    def model(data, weight, bias):
        nonlocal foreign
        if len(calls) < MOST_CALLS:
            with contextlib.suppress(Exception):
                calls.append([float(weight), float(bias)])
                data_read = torch.as_tensor(data).detach().float().flatten()
                sizes.append(len(data_read))
                if not torch.isin(data_read, known).all():
                    foreign += isinstance(own, torch.Tensor) and bool(
                        torch.isin(data_read, own).all()
                    )
                elif len(known) <= FEW_ROWS:
                    rows.append([int((known == v).flatten().nonzero()[0]) for v in data_read])
        return data * weight + bias

    def loss_func(y_pred, y_true):
        residuals = y_pred - y_true
        return (residuals**2).mean()

    arguments = [model, loss_func, x, y, case["lr"], case["num_epochs"]]
    if "batch_size" in case:
        arguments.append(case["batch_size"])
    with same_start(case["seed"]):
        result, failure = call(lambda: function(*arguments))
        if failure is not None:
            return failure
        answer, failure = call(lambda: read_numbers(result))
    if failure is not None:
        return failure
    return {**answer, "calls": calls, "sizes": sizes, "rows": rows, "foreign": foreign}


@contextlib.contextmanager
def same_start(seed: int) -> Iterator[None]:
    """Give PyTorch, NumPy and Python the same random state each time, and put theirs back after.

    PyTorch works with one thread meanwhile: on so few rows several would only wait for each other.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)

    before = random.getstate(), np.random.get_state(), torch.get_rng_state()
    own_generator = np.random.default_rng
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)

    def seeded(wish=None):
        return own_generator(seed if wish is None else wish)

    np.random.default_rng = seeded
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        np.random.default_rng = own_generator
        random.setstate(before[0])
        np.random.set_state(before[1])
        torch.set_rng_state(before[2])
