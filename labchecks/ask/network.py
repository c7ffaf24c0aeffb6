"""A student's network with parameters that the question sets: what it gives, and its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from labchecks.ask.call import call, same_start
from labchecks.ask.values import read_callable, read_numbers

__all__ = ["ask_network"]

Case = Mapping[str, Any]
Answer = dict[str, Any]


def ask_network(namespace: Mapping[str, object], case: Case, name: str) -> Answer:
    """What a network of the case's ``sizes`` gives for its ``inputs``, row after row.

    The network is made, and its parameters are set to the numbers in ``parameters``, one after the
    other in its own order. Further keys: ``parameters``, how many numbers can be trained, and
    ``shapes``, in what tensors; ``alone``, the outputs for each row by itself; ``gradients`` of the
    outputs, weighted from 1 to 2, with respect to each tensor, or None.
    """
    make, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing
    with same_start(case["seed"]), torch.enable_grad():
        answer, failure = call(lambda: _look(make, case))
    return answer if failure is None else failure


def _look(make: Any, case: Case) -> Answer:
    inputs = torch.tensor(case["inputs"])
    net = make(*case["sizes"])
    if not isinstance(net, torch.nn.Module):
        return {"kind": "other", "type": type(net).__name__}
    # Lazy layers have no parameters before the first call. Dropout and the like are at rest.
    first = net.eval()(inputs)
    if not isinstance(first, torch.Tensor):
        return {"kind": "other", "type": type(first).__name__}
    parameters = [p for p in net.parameters() if p.requires_grad]
    counted = {
        "parameters": sum(p.numel() for p in parameters),
        "shapes": [list(p.shape) for p in parameters][:50],
    }
    if counted["parameters"] != len(case["parameters"]):
        return {**read_numbers(first), **counted}
    numbers = torch.tensor(case["parameters"]).split([p.numel() for p in parameters])
    with torch.no_grad():
        for parameter, values in zip(parameters, numbers, strict=True):
            parameter.copy_(values.reshape(parameter.shape))
    outputs = net(inputs)
    answer = {**read_numbers(outputs), **counted, "gradients": [], "alone": []}
    if answer["kind"] == "numbers" and answer["shape"] == [len(inputs), case["sizes"][2]]:
        with torch.no_grad():
            # Flat, so that an output that was squeezed can still be asked for.
            alone = torch.cat([net(row[None]).flatten() for row in inputs])
        answer["alone"] = read_numbers(alone)["values"]
        net.zero_grad()
        if outputs.requires_grad:
            weights = torch.linspace(1.0, 2.0, outputs.numel()).reshape(outputs.shape)
            (outputs * weights).sum().backward()
        grads = [p.grad for p in parameters]
        answer["gradients"] = [None if g is None else g.flatten().tolist() for g in grads]
    return answer
