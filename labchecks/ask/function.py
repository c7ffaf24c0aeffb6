"""Calls of a student's function: with plain arguments, tensors, or parameters to be moved."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from labchecks.ask.call import Answer, Case, call
from labchecks.ask.values import read_numbers


def ask_function(namespace: Mapping[str, object], case: Case, function: Callable) -> Answer:
    """What the function returns for the case's ``calls``, each a list of arguments.

    An argument is plain, or a dict that :func:`argument` makes a tensor of. Where the case's
    ``autograd`` is false, PyTorch notes no derivatives meanwhile. The answer is of kind
    ``calls``, with ``results``: for each call an answer of its own. Of a call with tensors it also
    holds ``gradients`` (sent back to each tensor, or None) and ``unchanged`` (whether the tensors
    are as they were).
    """
    results: list[Answer] = []

    def every() -> None:
        with torch.set_grad_enabled(case.get("autograd", True)):
            results.extend(_result(function, given) for given in case["calls"])

    _, failure = call(every)
    if failure is not None:
        return {**failure, "call": len(results)}
    return {"kind": "calls", "results": results}


def _result(function, given: Sequence[Any]) -> Answer:
    arguments = [argument(value) for value in given]
    tensors = [value for value in arguments if isinstance(value, torch.Tensor)]
    before = [tensor.detach().clone() for tensor in tensors]
    result = function(*arguments)
    answer = read_numbers(result)
    if not tensors:
        return answer
    unchanged = all(torch.equal(t.detach(), b) for t, b in zip(tensors, before, strict=True))
    # Where nothing flows back from a result, no tensor has a gradient. One that was changed in
    # place is no leaf any more, and holds none either.
    flows = isinstance(result, torch.Tensor) and result.requires_grad
    if flows:
        try:
            back(result)
        except Exception:
            flows = False
    grads = [t.grad if flows and t.is_leaf else None for t in tensors]
    return {
        **answer,
        "gradients": [None if g is None else g.double().flatten().tolist() for g in grads],
        "unchanged": unchanged,
    }


def argument(value: Any, dtype: torch.dtype | None = None) -> Any:
    """The argument as it is handed over; a dict with ``values`` and ``shape`` becomes a tensor.

    Parameters
    ----------
    value : object
        Plain data. A tensor's dict may also hold ``dtype`` (``"float32"`` if it does not) and
        ``grad``, whether it requires a gradient.
    dtype : torch.dtype, optional
        Of the tensor, whatever its dict says.
    """
    if not isinstance(value, Mapping):
        return value
    dtype = dtype or getattr(torch, value.get("dtype", "float32"))
    made = torch.tensor(value["values"], dtype=dtype).reshape(value["shape"])
    return made.requires_grad_(value.get("grad", False))


def back(result: torch.Tensor) -> None:
    """Send back a gradient that differs from entry to entry, so that mixed-up ones show."""
    ramp = torch.linspace(1.0, 2.0, result.numel(), dtype=result.dtype).reshape(result.shape)
    (result * ramp).sum().backward()


def ask_passes(namespace: Mapping[str, object], case: Case, function: Callable) -> Answer:
    """Passes over the data with the function, which moves `w` and `b` in place.

    Of kind ``passes``, with ``passes``: for each of the case's orders the ``losses`` that came back
    (an answer of their own), and where ``w`` and ``b`` are then.
    """

    def passes(as_order) -> list[dict[str, Any]]:
        w = torch.tensor(float(case["w"]), requires_grad=True)
        b = torch.tensor(float(case["b"]), requires_grad=True)
        made = []
        for order in case["orders"]:
            data = [torch.tensor(case[name]).view(-1, 1) for name in ("x", "y")]
            result = function(w, b, *data, case["rate"], as_order(order))
            losses = {"kind": "none"} if result is None else read_numbers(result)
            made.append({"losses": losses, "w": _one_number(w), "b": _one_number(b)})
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
