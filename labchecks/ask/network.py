"""A student's network: given parameters and asked for outputs and gradients; or trained."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from labchecks.ask.call import Answer, Case, call, same_start
from labchecks.ask.values import read_numbers


def ask_network(namespace: Mapping[str, object], case: Case, make: Callable) -> Answer:
    """The outputs of a fresh network, its parameters' shapes, and what follows from given ones.

    The case's values are copied into the parameters in their order, whatever their shapes. Further
    keys: ``shapes``; and, where there are as many numbers as the case has, ``eval`` and ``train``,
    what the network gives in these two modes: see :func:`_given`.
    """
    return _answer(_asked, make, case)


def ask_trained(namespace: Mapping[str, object], case: Case, make: Callable) -> Answer:
    """What a fresh network predicts for ``held`` after training on the case's ``x`` and ``y``.

    Its inputs are a column of ones beside x. It is trained with Adam on the mean squared error, in
    batches of rows in their order. Further keys: ``shapes``, those of its parameters; and, where
    the predictions have the shape of the targets, ``before``, those for ``held`` before training;
    ``wide``, those for ``wide`` before training and after it, in one list; and ``slopes``, for each
    parameter the largest entry of the loss's gradient after training. ``slopes`` is None if no
    gradient flows.
    """
    # A first optimizer imports for a second or more: that must not count as the student's time.
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])
    return _answer(_trained, make, case)


def _answer(question: Callable[..., Answer], make: Any, case: Case) -> Answer:
    with same_start(case["seed"]):
        answer, failure = call(lambda: question(make, case))
    return answer if failure is None else failure


def _trained(make, case: Case) -> Answer:
    x, held, wide = (
        torch.tensor([[1.0, value] for value in case[key]]) for key in ("x", "held", "wide")
    )
    y = torch.tensor(case["y"]).view(-1, 1)
    net, answer = _first(make, (), held, 1)
    if net is None:
        return answer
    parameters = [p for p in net.parameters() if p.requires_grad]
    criterion = torch.nn.MSELoss()
    answer["before"] = _predicted(net, held)
    answer["wide"] = _predicted(net, wide)
    net.train()
    if not parameters or not criterion(net(x), y).requires_grad:
        return answer | {"slopes": None, "wide": 2 * answer["wide"]}
    # Fused: the whole step in one call, which takes half the time; for real numbers alone.
    fused = all(p.is_floating_point() for p in parameters)
    optimizer = torch.optim.Adam(parameters, lr=case["lr"], fused=fused)
    for _ in range(case["epochs"]):
        for rows, targets in zip(x.split(case["batch_size"]), y.split(case["batch_size"])):
            loss = criterion(net(rows), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    optimizer.zero_grad()
    criterion(net(x), y).backward()
    slopes = [0.0 if p.grad is None else p.grad.abs().max() for p in net.parameters()]
    answer["slopes"] = _rounded(torch.tensor(slopes))
    answer["wide"] += _predicted(net, wide)
    return answer | {"values": _predicted(net, held)}


def _predicted(net: torch.nn.Module, inputs: torch.Tensor) -> list[float]:
    with torch.no_grad():
        return _rounded(net.eval()(inputs))


def _asked(make, case: Case) -> Answer:
    inputs, values = torch.tensor(case["inputs"]), torch.tensor(case["values"])
    net, answer = _first(make, case["sizes"], inputs, case["sizes"][2])
    if net is None:
        return answer
    parameters = list(net.parameters())
    sizes = [p.numel() for p in parameters]
    if sum(sizes) == len(values):
        with torch.no_grad():
            for p, part in zip(parameters, values.split(sizes), strict=True):
                p.copy_(part.view(p.shape))
        answer["eval"] = _given(net.eval(), parameters, inputs)
        answer["train"] = _given(net.train(), parameters, inputs)
    return answer


def _first(
    make, sizes: Sequence[int], inputs: torch.Tensor, outputs: int
) -> tuple[torch.nn.Module | None, Answer]:
    """A fresh network and the answer with its outputs and shapes; None where these do not fit."""
    net = make(*sizes)
    if not isinstance(net, torch.nn.Module):
        return None, {"kind": "other", "type": type(net).__name__}
    first = net(inputs)
    if not isinstance(first, torch.Tensor):
        return None, {"kind": "other", "type": type(first).__name__}
    answer = read_numbers(first)
    if answer["kind"] != "numbers" or answer["shape"] != [len(inputs), outputs]:
        return None, answer
    # Looked at after the first call: lazy layers have no parameters before it.
    answer["shapes"] = [list(p.shape) for p in net.parameters()]
    return net, answer


def _given(net: torch.nn.Module, parameters: Sequence[Any], inputs: torch.Tensor) -> Answer:
    """``outputs``; ``again``; those for the first ``half`` of the rows alone; and ``gradients``.

    Differentiated is the sum of the outputs, weighted from 1 to 2. A parameter that it does not
    depend on has the gradient None.
    """
    outputs = net(inputs)
    weights = torch.linspace(1.0, 2.0, outputs.numel()).reshape(outputs.shape)
    gradients: list[Any] = [None] * len(parameters)
    leaves = [k for k, p in enumerate(parameters) if p.requires_grad]
    if outputs.requires_grad and leaves:
        chosen = [parameters[k] for k in leaves]
        slopes = torch.autograd.grad((outputs * weights).sum(), chosen, allow_unused=True)
        for k, slope in zip(leaves, slopes, strict=True):
            gradients[k] = None if slope is None else _rounded(slope)
    with torch.no_grad():
        again, half = net(inputs), net(inputs[: len(inputs) // 2])
    told = {"outputs": outputs, "again": again, "half": half}
    return {key: _rounded(tensor) for key, tensor in told.items()} | {"gradients": gradients}


def _rounded(tensor: torch.Tensor) -> list[float]:
    # Seven digits are all that float32 has; an infinity could not be sent.
    values = torch.nan_to_num(tensor.detach().double()).flatten().tolist()
    return [float(f"{value:.7g}") for value in values]
