"""Calls of a student's function: with tensors, with plain numbers, with parameters to be moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from labchecks.ask.call import call
from labchecks.ask.values import read_callable, read_numbers

__all__ = ["ask_passes", "ask_with_numbers", "ask_with_tensors", "back", "tensors_of"]

Case = Mapping[str, Any]
Answer = dict[str, Any]


def ask_with_tensors(namespace: Mapping[str, object], case: Case, name: str) -> Answer:
    """The value of the function `name` for the case's tensors, and the gradients sent back.

    Further keys: ``gradients`` (of each argument, or None), ``unchanged`` (whether the arguments
    are as they were) and ``tensor`` (whether the value is one).
    """
    function, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing
    tensors = tensors_of(case)
    before = [tensor.detach().clone() for tensor in tensors]
    with torch.enable_grad():
        result, failure = call(lambda: function(*tensors))
        if failure is not None:
            return failure
        answer, failure = call(lambda: read_numbers(result))
        if failure is not None:
            return failure
        unchanged = all(torch.equal(t.detach(), b) for t, b in zip(tensors, before, strict=True))
        _, broken = call(lambda: back(result))
    # An argument that was changed in place is no leaf any more, and holds no gradient.
    grads = [t.grad if t.is_leaf else None for t in tensors]
    gradients = [None if grad is None else grad.double().flatten().tolist() for grad in grads]
    tensor = isinstance(result, torch.Tensor)
    if broken is not None:
        gradients = [None] * len(tensors)
    return {**answer, "gradients": gradients, "unchanged": unchanged, "tensor": tensor}


def tensors_of(case: Case, dtype: torch.dtype | None = None) -> list[torch.Tensor]:
    return [
        torch.tensor(a["values"], dtype=dtype or getattr(torch, a["dtype"]))
        .reshape(a["shape"])
        .requires_grad_(a["grad"])
        for a in case["arguments"]
    ]


def back(result: torch.Tensor) -> None:
    """Send back a gradient that differs from entry to entry, so that mixed-up ones show."""
    ramp = torch.linspace(1.0, 2.0, result.numel(), dtype=result.dtype).reshape(result.shape)
    (result * ramp).sum().backward()


def ask_with_numbers(
    namespace: Mapping[str, object], case: Case, name: str, *arguments: str
) -> Answer:
    """What the function `name` returns for plain numbers: kind ``counts``, with ``counts``.

    `arguments` are the names in the case of its lists of first, second, … arguments.
    """
    function, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing

    def counts() -> list[dict[str, Any]]:
        made = []
        for given in zip(*(case[argument] for argument in arguments), strict=True):
            result = function(*given)
            made.append({"kind": "none"} if result is None else read_numbers(result))
        return made

    made, failure = call(counts)
    return failure if failure is not None else {"kind": "counts", "counts": made}


def ask_passes(namespace: Mapping[str, object], case: Case, name: str) -> Answer:
    """Passes over the data with the function `name`, which moves `w` and `b` in place.

    Of kind ``passes``, with ``passes``: for each of the case's orders the ``losses`` that came back
    (an answer of their own), and where ``w`` and ``b`` are then.
    """
    function, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing

    def passes(as_order) -> list[dict[str, Any]]:
        w = torch.tensor(float(case["w"]), requires_grad=True)
        b = torch.tensor(float(case["b"]), requires_grad=True)
        made = []
        for order in case["orders"]:
            data = [torch.tensor(case[name]).view(-1, 1) for name in ("x", "y")]
            result = function(w, b, *data, case["rate"], as_order(order))
            made.append(
                {
                    "losses": {"kind": "none"} if result is None else read_numbers(result),
                    "w": _one_number(w),
                    "b": _one_number(b),
                }
            )
        return made

    made, failure = call(lambda: passes(torch.tensor))
    if failure is not None and failure["kind"] == "error":
        # The task lets `order` be a tensor or a list: code that only takes the one is right too.
        again, still = call(lambda: passes(list))
        made, failure = (again, None) if still is None else (None, failure)
    return failure if failure is not None else {"kind": "passes", "passes": made}


def _one_number(tensor) -> float | None:
    values = read_numbers(tensor).get("values", [])
    return values[0] if len(values) == 1 else None
