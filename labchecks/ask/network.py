"""A student's network: made, given parameters, and asked for outputs and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from labchecks.ask.call import call, same_start
from labchecks.ask.values import read_callable, read_numbers

__all__ = ["ask_network"]

Case = Mapping[str, Any]
Answer = dict[str, Any]


def ask_network(namespace: Mapping[str, object], case: Case, name: str) -> Answer:
    """The outputs of a fresh network, its parameters' shapes, and what follows from given ones.

    The case's values are copied into the parameters in their order, whatever their shapes. Further
    keys: ``shapes``; and, where there are as many numbers as the case has, ``eval`` and ``train``,
    what the network gives in these two modes: see :func:`_given`.
    """
    make, nothing = read_callable(namespace, name)
    if nothing is not None:
        return nothing
    with same_start(case["seed"]), torch.enable_grad():
        answer, failure = call(lambda: _asked(make, case))
    return answer if failure is None else failure


def _asked(make, case: Case) -> Answer:
    inputs, values = torch.tensor(case["inputs"]), torch.tensor(case["values"])
    net = make(*case["sizes"])
    if not isinstance(net, torch.nn.Module):
        return {"kind": "other", "type": type(net).__name__}
    first = net(inputs)
    if not isinstance(first, torch.Tensor):
        return {"kind": "other", "type": type(first).__name__}
    answer = read_numbers(first)
    if answer["kind"] != "numbers" or answer["shape"] != [len(inputs), case["sizes"][2]]:
        return answer
    # Looked at after the first call: lazy layers have no parameters before it.
    parameters = list(net.parameters())
    sizes = [p.numel() for p in parameters]
    answer["shapes"] = [list(p.shape) for p in parameters]
    if sum(sizes) == len(values):
        with torch.no_grad():
            for p, part in zip(parameters, values.split(sizes), strict=True):
                p.copy_(part.view(p.shape))
        answer["eval"] = _given(net.eval(), parameters, inputs)
        answer["train"] = _given(net.train(), parameters, inputs)
    return answer


def _given(net: torch.nn.Module, parameters: Sequence[Any], inputs: torch.Tensor) -> dict[str, Any]:
    """``outputs``; ``again``; those for the first ``half`` of the rows alone; and ``gradients``.

    Differentiated is the sum of the outputs, weighted from 1 to 2. A parameter that it does not
    depend on has the gradient None.
    """
    outputs = net(inputs)
    weights = torch.linspace(1.0, 2.0, outputs.numel()).reshape(outputs.shape)
    leaves = [p for p in parameters if p.requires_grad]
    found = dict.fromkeys(map(id, parameters))
    if outputs.requires_grad and leaves:
        slopes = torch.autograd.grad((outputs * weights).sum(), leaves, allow_unused=True)
        found |= {id(p): slope for p, slope in zip(leaves, slopes, strict=True)}
    with torch.no_grad():
        again, half = net(inputs), net(inputs[: len(inputs) // 2])
    return {
        "outputs": _rounded(outputs),
        "again": _rounded(again),
        "half": _rounded(half),
        "gradients": [None if found[id(p)] is None else _rounded(found[id(p)]) for p in parameters],
    }


def _rounded(tensor: torch.Tensor) -> list[float]:
    # Seven digits are all that float32 has; an infinity could not be sent.
    values = torch.nan_to_num(tensor.detach().double()).flatten().tolist()
    return [float(f"{value:.7g}") for value in values]
