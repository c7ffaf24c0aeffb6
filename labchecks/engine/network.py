"""Which function a network computes, found from its outputs for known parameters.

The outputs come from the student's process and may say anything. A network's outputs follow from
its parameters, so outputs that do not are found out by computing them.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional

Function = Callable[[torch.Tensor], torch.Tensor]

#: Largest misfit of a known function, relative to the spread of the outputs: float32 and rounding.
EXACT = 1e-3

#: With even inputs and odd multiples of this as parameters, what comes to the hidden units is an
#: odd multiple too: never zero, where functions have a kink, and the same number at many units.
#: So a function that is not known has few unknown values.
UNIT = 0.21

_ONE = (
    "gelu silu mish tanh sigmoid softplus logsigmoid softsign hardtanh hardsigmoid hardswish relu6 "
    "softshrink hardshrink tanhshrink"
)

#: Functions of all units together.
MIXING: tuple[tuple[Function, ...], ...] = (
    (lambda z: torch.softmax(z, dim=1),),
    (lambda z: torch.softmax(-z, dim=1),),
    (lambda z: torch.log_softmax(z, dim=1),),
)

#: Non-linear functions, each as the terms whose weighted sum it is: a slope or scale is free.
KNOWN: tuple[tuple[Function, ...], ...] = (
    (functional.relu, lambda z: functional.relu(-z)),  # leaky ReLU and PReLU, of any slope
    (functional.relu, lambda z: torch.expm1(z.clamp(max=0))),  # ELU and SELU
    *((getattr(functional, name),) for name in _ONE.split()),
    *((getattr(torch, name),) for name in "sin cos square abs exp atan erf".split()),
    (lambda z: functional.gelu(z, approximate="tanh"),),
    (lambda z: torch.exp(-z * z),),
    *MIXING,
)

#: What may stand after the second layer, by name.
OUTER: dict[str, Function] = {
    "a ReLU": torch.relu,
    "a leaky ReLU": functional.leaky_relu,
    "a sigmoid": torch.sigmoid,
    "a tanh": torch.tanh,
    "a softmax": lambda z: torch.softmax(z, dim=1),
    "a logarithm of a softmax": lambda z: torch.log_softmax(z, dim=1),
    "a softplus": functional.softplus,
    "an ELU": functional.elu,
    "an absolute value": torch.abs,
    "a square": torch.square,
    "an exponential function": torch.exp,
}


class Network(NamedTuple):
    """A network's known parameters and inputs, and the outputs that it is said to give."""

    #: Numbers of inputs, hidden units and outputs.
    sizes: Sequence[int]
    #: The parameters, in their order and with the shapes that they are said to have.
    parameters: Sequence[torch.Tensor]
    #: Shape (rows, inputs).
    inputs: torch.Tensor
    #: Shape (rows, outputs).
    outputs: torch.Tensor


class Explanation(NamedTuple):
    """How the outputs of networks follow from their parameters."""

    #: Which of the parameters are the hidden layer's weight and bias and the output layer's.
    order: Sequence[int]
    #: What the hidden units do; None if it is no known function.
    function: Function | None


def is_linear(network: Network) -> bool:
    """Whether the outputs are a linear function of the inputs, with a constant."""
    design = np.column_stack([network.inputs, np.ones(len(network.inputs))])
    outputs = network.outputs.numpy()
    left = outputs - design @ np.linalg.lstsq(design, outputs, rcond=None)[0]
    return bool(np.abs(left).max() <= 1e-4 * (outputs.std() + 1e-12))


def explain(networks: Sequence[Network]) -> Explanation | None:
    """How each network's outputs are those of one hidden layer with its parameters, if they are.

    The parameters may come in any order and the non-linear function may be any, but the same ones
    in all networks.

    Parameters
    ----------
    networks : sequence of Network
        With even inputs, and odd multiples of :data:`UNIT` as parameters.
    """
    for order in _orders(networks):
        hidden, last, rests = [], [], []
        for network in networks:
            weight, bias, output_weight, output_bias = _layers(network, order)
            spread = float(network.outputs.std()) + 1e-6
            hidden.append(network.inputs @ weight + bias)
            last.append(output_weight / spread)
            rests.append((network.outputs - output_bias).numpy().ravel() / spread)
        points = [(units / UNIT).round().long() for units in hidden]
        levels = torch.cat([part.flatten() for part in points]).unique()
        designs = [
            torch.einsum("rhk,ho->rok", (part[..., None] == levels).double(), weight).flatten(0, 1)
            for part, weight in zip(points, last, strict=True)
        ]
        # Where no function of each unit alone does, only those that mix them are left.
        of_each = _fitted(designs, rests) is not None
        for terms in KNOWN if of_each else MIXING:
            designs = [
                torch.stack([term(units) @ weight for term in terms], dim=-1).flatten(0, 1)
                for units, weight in zip(hidden, last, strict=True)
            ]
            weights = _fitted(designs, rests)
            if weights is not None:
                pairs = list(zip(terms, weights.tolist(), strict=True))
                return Explanation(order, lambda z, p=pairs: sum(w * term(z) for term, w in p))
        if of_each:
            return Explanation(order, None)
    return None


def after_the_output(networks: Sequence[Network]) -> str | None:
    """What the networks apply to the output of a right or a linear hidden layer, if it is known."""
    usual = (lambda z: z), functional.relu, functional.leaky_relu, functional.elu
    functions = [*usual, *(terms[0] for terms in KNOWN if len(terms) == 1)]
    for order in _orders(networks):
        for function in functions:
            last = [_outputs(network, order, function) for network in networks]
            for name, outer in OUTER.items():
                if all(
                    (outer(z) - n.outputs).abs().max() <= EXACT * (n.outputs.std() + 1e-6)
                    for z, n in zip(last, networks, strict=True)
                ):
                    return name
    return None


def gradients(network: Network, found: Explanation) -> list[torch.Tensor]:
    """The gradients of the outputs' sum, weighted from 1 to 2, in the order of the parameters."""
    leaves = [p.clone().requires_grad_() for p in network.parameters]
    outputs = _outputs(network._replace(parameters=leaves), found.order, found.function)
    weights = torch.linspace(1, 2, outputs.numel(), dtype=outputs.dtype).view(outputs.shape)
    return list(torch.autograd.grad((outputs * weights).sum(), leaves))


def _outputs(network: Network, order: Sequence[int], function: Function) -> torch.Tensor:
    weight, bias, output_weight, output_bias = _layers(network, order)
    return function(network.inputs @ weight + bias) @ output_weight + output_bias


def _orders(networks: Sequence[Network]) -> Iterator[Sequence[int]]:
    """The orders in which the parameters may be the weights and biases of the two layers."""
    for order in permutations(range(4)):
        if all(
            len(n.parameters) == 4 and all(m is not None for m in _layers(n, order))
            for n in networks
        ):
            yield order


def _layers(network: Network, order: Sequence[int]) -> list[torch.Tensor | None]:
    """Weight (inputs by units), bias, output weight (units by outputs), bias; None if misshapen."""
    n_inputs, n_hidden, n_outputs = network.sizes
    sizes = ((n_inputs, n_hidden), (1, n_hidden), (n_hidden, n_outputs), (1, n_outputs))
    return [_matrix(network.parameters[k], *size) for k, size in zip(order, sizes, strict=True)]


def _matrix(tensor: torch.Tensor, rows: int, columns: int) -> torch.Tensor | None:
    """The tensor in this shape, or turned to it; None where it has other sizes."""
    if tensor.numel() == rows * columns and min(rows, columns) == 1:
        return tensor.reshape(rows, columns)
    if tensor.shape == (columns, rows):
        return tensor.T
    return tensor if tensor.shape == (rows, columns) else None


def _fitted(designs: Sequence[torch.Tensor], rests: Sequence[np.ndarray]) -> np.ndarray | None:
    """The weights with which the columns give the outputs of all networks; None if none do."""
    design = np.concatenate([part.numpy() for part in designs])
    lengths = np.sqrt((design**2).sum(axis=0)) + 1e-30
    if not np.isfinite(lengths).all():
        return None
    weights = np.linalg.lstsq(design / lengths, np.concatenate(rests), rcond=1e-9)[0] / lengths
    left = [part.numpy() @ weights - rest for part, rest in zip(designs, rests, strict=True)]
    return weights if max(np.sqrt((part**2).mean()) for part in left) <= EXACT else None
