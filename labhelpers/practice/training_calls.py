"""Calling a student's training function: what it is given, and what is read of it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Mapping, Sequence
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
    used, failure = call(lambda: _used(given, known, own))
    if failure is not None:  # an `X` that cannot be compared with anything
        used = {"sizes": [], "rows": [], "foreign": 0}
    return {**answer, "calls": calls, **used}


def _used(given: Sequence[Any], known: Any, own: object) -> dict[str, Any]:
    """What the model was called with: ``sizes``, ``rows`` and ``foreign`` of :func:`probe_fit`."""
    import torch

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
    _seed(seed)

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


def _seed(seed: int) -> None:
    import torch

    built_for = [getattr(torch.version, kind, None) for kind in ("cuda", "hip", "xpu")]
    if any(built_for) or torch.backends.mps.is_built():
        torch.manual_seed(seed)
    else:
        # `torch.manual_seed` writes down where it was called for each kind of device that is not
        # there, which takes longer than some training.
        torch.default_generator.manual_seed(seed)
