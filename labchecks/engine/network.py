"""Whether outputs are those of one hidden layer with the given parameters.

The answer of a probe comes from the student's process and may say anything. A network's outputs
follow from its parameters, so a claim that does not is found out by computing them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import permutations
from math import prod
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional

__all__ = ["Explanation", "Told", "explain"]

Function = Callable[[torch.Tensor], torch.Tensor]
Layer = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

#: Largest misfit of a known function, relative to the spread of the outputs: float32 and rounding.
EXACT = 1e-3

#: Largest misfit of a smooth curve that stands for a function that is not known.
CLOSE = 0.02

#: Knots of that curve: few beside the outputs, so that it cannot follow noise.
KNOTS = 32

#: Non-linear functions, each as the terms whose weighted sum it is: a slope or scale is free.
KNOWN = (
    (functional.relu, lambda z: functional.relu(-z)),  # leaky ReLU and PReLU, of any slope
    (functional.relu, lambda z: torch.expm1(z.clamp(max=0))),  # ELU and SELU
    (functional.gelu,),
    (lambda z: functional.gelu(z, approximate="tanh"),),
    (functional.silu,),
    (functional.mish,),
    (torch.tanh,),
    (torch.sigmoid,),
    (functional.softplus,),
    (functional.logsigmoid,),
    (functional.softsign,),
    (torch.sin,),
    (torch.cos,),
    (torch.square,),
    (torch.abs,),
    (functional.hardtanh,),
    (functional.hardsigmoid,),
    (functional.hardswish,),
    (functional.relu6,),
    (torch.exp,),
    (lambda z: torch.exp(-z * z),),
    (lambda z: torch.exp(-z * z / 2),),
    (torch.atan,),
    (torch.erf,),
    (lambda z: torch.softmax(z, dim=1),),
)


class Told(NamedTuple):
    """A network as it was told; nothing of it but the sizes and the inputs is certain."""

    #: Numbers of inputs, hidden units and outputs.
    sizes: Sequence[int]
    #: ``shape`` and ``values`` of each parameter.
    parameters: object
    #: One row for each row of the outputs.
    inputs: np.ndarray
    #: What the network gave, row after row.
    outputs: object


class Explanation(NamedTuple):
    """How the outputs of networks follow from their parameters."""

    #: Weight (inputs by units), bias, output weight (units by outputs) and bias of each network.
    layers: Sequence[Layer]
    #: What their hidden units do.
    function: Function


def explain(networks: Sequence[Told]) -> Explanation | None:
    """How each network's outputs are those of one hidden layer with its parameters, if they are.

    The parameters may come in any order and the non-linear function may be any, but the same ones
    in all networks: with a function of its own any smooth curve would do for a network of one
    input.
    """
    outputs = []
    for network in networks:
        shape = len(network.inputs), network.sizes[2]
        found = _floats(network.outputs, prod(shape))
        if found is None:
            return None
        outputs.append(found.reshape(shape))
    with np.errstate(all="ignore"):
        for layers in _layers(networks):
            function = _explained(networks, layers, outputs)
            if function is not None:
                return Explanation(layers, function)
    return None


def _floats(values: object, count: int) -> np.ndarray | None:
    if not isinstance(values, list) or len(values) != count:
        return None
    if not all(type(value) in (int, float) for value in values):
        return None
    try:
        numbers = np.array(values, dtype=float)
    except OverflowError:
        return None
    return numbers if (np.abs(numbers) < 1e12).all() else None


def _layers(networks: Sequence[Told]) -> Iterator[list[Layer]]:
    """The ways in which the parameters may be the weights and biases of the two layers."""
    told = []
    for network in networks:
        if not isinstance(network.parameters, list) or len(network.parameters) != 4:
            return
        tensors = [tensor for tensor in map(_tensor, network.parameters) if tensor is not None]
        if len(tensors) != 4:
            return
        told.append(tensors)
    for order in permutations(range(4)):
        layers = [
            _layer(network.sizes, [tensors[k] for k in order])
            for network, tensors in zip(networks, told, strict=True)
        ]
        found = [layer for layer in layers if layer is not None]
        if len(found) == len(networks):
            yield found


def _layer(sizes: Sequence[int], tensors: Sequence[np.ndarray]) -> Layer | None:
    n_inputs, n_hidden, n_outputs = sizes
    wanted = [n_inputs * n_hidden, n_hidden, n_hidden * n_outputs, n_outputs]
    if [tensor.size for tensor in tensors] != wanted:
        return None
    hidden = _matrix(tensors[0], n_inputs, n_hidden)
    output = _matrix(tensors[2], n_hidden, n_outputs)
    if hidden is None or output is None:
        return None
    return hidden, tensors[1].ravel(), output, tensors[3].ravel()


def _tensor(parameter: object) -> np.ndarray | None:
    if not isinstance(parameter, Mapping):
        return None
    shape: Any = parameter.get("shape")
    if not isinstance(shape, list) or not 0 < len(shape) <= 8:
        return None
    if not all(type(size) is int and 0 < size < 10_000 for size in shape):
        return None
    values = _floats(parameter.get("values"), prod(shape))
    return None if values is None else values.reshape(shape)


def _matrix(tensor: np.ndarray, rows: int, columns: int) -> np.ndarray | None:
    """The tensor as a matrix that rows of inputs are multiplied with."""
    if min(rows, columns) == 1:
        return tensor.reshape(rows, columns)
    if tensor.shape == (columns, rows):
        return tensor.T
    return tensor if tensor.shape == (rows, columns) else None


def _explained(
    networks: Sequence[Told], layers: Sequence[Layer], outputs: Sequence[np.ndarray]
) -> Function | None:
    """What the hidden units do, if these are the layers."""
    hidden, last, rests = [], [], []
    for network, layer, found in zip(networks, layers, outputs, strict=True):
        weight, bias, output_weight, output_bias = layer
        spread = found.std() + 1e-6
        hidden.append(torch.from_numpy(network.inputs @ weight + bias))
        last.append(output_weight / spread)
        rests.append((found - output_bias).ravel() / spread)
    for terms in KNOWN:
        misfit, weights = _fitted(terms, hidden, last, rests)
        if misfit <= EXACT:
            return _weighted(terms, weights)
    everywhere = torch.cat([units.flatten() for units in hidden])
    size = float(everywhere.abs().max()) + 1e-30
    knots = np.quantile(everywhere.numpy() / size, np.linspace(0, 1, KNOTS + 2)[1:-1])
    smooth = _smooth(size, knots)
    misfit, weights = _fitted(smooth, hidden, last, rests)
    return _weighted(smooth, weights) if misfit <= CLOSE else None


def _smooth(size: float, knots: Sequence[float]) -> list[Function]:
    """Terms of a cubic spline, and a kink at zero: the same function for all units."""
    powers = [lambda z, k=k: (z / size) ** k for k in range(4)]
    pieces = [lambda z, knot=float(knot): functional.relu(z / size - knot) ** 3 for knot in knots]
    return [*powers, *pieces, lambda z: functional.relu(z / size)]


def _weighted(terms: Sequence[Function], weights: np.ndarray) -> Function:
    # What rounding leaves of a term that is not there would wake units that are asleep.
    least = 1e-4 * np.abs(weights).max()
    pairs = [(t, float(w)) for t, w in zip(terms, weights, strict=True) if abs(w) >= least]
    return lambda z: sum(weight * term(z) for term, weight in pairs)


def _fitted(
    terms: Sequence[Function],
    hidden: Sequence[torch.Tensor],
    last: Sequence[np.ndarray],
    rests: Sequence[np.ndarray],
) -> tuple[float, np.ndarray]:
    """What the best weighted sum of the terms leaves of the outputs in the worst network."""
    designs = [
        np.column_stack([(term(units).numpy() @ weight).ravel() for term in terms])
        for units, weight in zip(hidden, last, strict=True)
    ]
    design = np.concatenate(designs)
    lengths = np.sqrt((design**2).sum(axis=0)) + 1e-30
    if not np.isfinite(lengths).all():
        return np.inf, lengths
    weights = np.linalg.lstsq(design / lengths, np.concatenate(rests), rcond=1e-12)[0] / lengths
    left = [part @ weights - rest for part, rest in zip(designs, rests, strict=True)]
    return max(float(np.sqrt((part**2).mean())) for part in left), weights
