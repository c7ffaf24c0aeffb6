"""What one hidden layer with given parameters computes, whatever its non-linear function is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import prod

import numpy as np
import torch
from torch.nn import functional

__all__ = ["FLAT", "KNOWN", "LINEAR", "Layers", "Network", "fitted", "layers_of", "smooth"]

Function = Callable[[torch.Tensor], torch.Tensor]
Terms = Sequence[Function]

#: Largest misfit of a known function, relative to the spread of the outputs: float32 and rounding.
EXACT = 1e-3

#: Largest misfit of a smooth curve that stands for a function that is not known.
CLOSE = 0.02

#: Non-linear functions, each as the terms whose weighted sum it is: a slope or scale is free.
KNOWN: Sequence[Terms] = (
    (functional.relu, lambda z: functional.relu(-z)),  # leaky ReLU and PReLU, of any slope
    (functional.relu, lambda z: torch.expm1(z.clamp(max=0))),  # ELU and SELU
    *(
        (function,)
        for function in (
            functional.gelu,
            lambda z: functional.gelu(z, approximate="tanh"),
            functional.silu,
            functional.mish,
            torch.tanh,
            torch.sigmoid,
            functional.softplus,
            functional.logsigmoid,
            functional.softsign,
            torch.sin,
            torch.cos,
            torch.square,
            torch.abs,
            functional.hardtanh,
            functional.hardsigmoid,
            functional.hardswish,
            functional.relu6,
            torch.exp,
            lambda z: torch.exp(-z * z),
            lambda z: torch.exp(-z * z / 2),
            torch.atan,
            torch.erf,
            lambda z: torch.softmax(z, dim=1),
        )
    ),
)

#: No function at all.
LINEAR: Sequence[Terms] = ((lambda z: z,),)

#: Functions whose slope is zero wherever they have one.
FLAT: Sequence[Terms] = tuple(
    (function,) for function in (torch.sign, torch.round, torch.floor, lambda z: (z > 0) + 0.0 * z)
)


@dataclass(frozen=True)
class Network:
    """What is known of a network, and what it gave.

    Attributes
    ----------
    sizes : sequence of int
        Numbers of inputs, hidden units and outputs.
    numbers : ndarray, shape (P,)
        All parameters, one after the other.
    shapes : sequence of sequence of int
        The tensors that they fill.
    inputs : ndarray, shape (N, inputs)
        Rows of inputs.
    outputs : ndarray, shape (N, outputs)
        What the network gave for them.
    """

    sizes: Sequence[int]
    numbers: np.ndarray
    shapes: Sequence[Sequence[int]]
    inputs: np.ndarray
    outputs: np.ndarray


@dataclass(frozen=True)
class Layers:
    """The tensors as two layers: weight (inputs, units), bias, weight (units, outputs), bias.

    `order` says which of the network's tensors these are.
    """

    order: Sequence[int]
    tensors: Sequence[torch.Tensor]

    def units(self, inputs: torch.Tensor) -> torch.Tensor:
        """What reaches the hidden units."""
        weight, bias, *_ = self.tensors
        return inputs @ weight + bias

    def outputs(self, inputs: torch.Tensor, function: Function) -> torch.Tensor:
        """The outputs if the units compute `function`."""
        *_, weight, bias = self.tensors
        return function(self.units(inputs)) @ weight + bias


def layers_of(network: Network) -> Iterator[Layers]:
    """The ways in which four tensors may be the weights and biases of the two layers."""
    n_inputs, n_hidden, n_outputs = network.sizes
    sizes = [prod(shape) for shape in network.shapes]
    if len(sizes) != 4 or sum(sizes) != len(network.numbers):
        return
    tensors = torch.from_numpy(network.numbers).split(sizes)
    wanted = [n_inputs * n_hidden, n_hidden, n_hidden * n_outputs, n_outputs]
    for order in permutations(range(4)):
        if [sizes[k] for k in order] != wanted:
            continue
        first, bias, last, end = (tensors[k] for k in order)
        first = _matrix(first, network.shapes[order[0]], n_inputs, n_hidden)
        last = _matrix(last, network.shapes[order[2]], n_hidden, n_outputs)
        if first is not None and last is not None:
            yield Layers(order, (first, bias, last, end))


def _matrix(numbers: torch.Tensor, shape, rows: int, columns: int) -> torch.Tensor | None:
    """The tensor as a matrix that rows of inputs are multiplied with."""
    if min(rows, columns) == 1:
        return numbers.reshape(rows, columns)
    if list(shape) == [columns, rows]:
        return numbers.reshape(columns, rows).T
    return numbers.reshape(rows, columns) if list(shape) == [rows, columns] else None


def fitted(
    networks: Sequence[Network],
    layers: Sequence[Layers],
    candidates: Sequence[Terms],
    before: bool = False,
) -> Function | None:
    """The function with which all networks' outputs are those of their layers, if there is one.

    Parameters
    ----------
    candidates : sequence of terms
        The function is a weighted sum of the terms of one of them.
    before : bool
        Whether it is applied to the inputs instead of the hidden units.
    """
    units, last, rests = [], [], []
    for network, layer in zip(networks, layers, strict=True):
        inputs, outputs = torch.from_numpy(network.inputs), torch.from_numpy(network.outputs)
        first, bias, weight, end = layer.tensors
        spread = float(outputs.std()) + 1e-6
        units.append(inputs if before else layer.units(inputs))
        last.append(((first @ weight) if before else weight) / spread)
        rests.append((outputs - end - (bias @ weight if before else 0)) / spread)
    for terms in candidates:
        designs = [
            torch.stack([(term(u) @ w).flatten() for term in terms], dim=1).numpy()
            for u, w in zip(units, last, strict=True)
        ]
        design, rest = np.concatenate(designs), np.concatenate([r.flatten() for r in rests])
        lengths = np.sqrt((design**2).sum(axis=0)) + 1e-30
        if not np.isfinite(lengths).all():
            continue
        weights = np.linalg.lstsq(design / lengths, rest, rcond=1e-12)[0] / lengths
        left = np.split(design @ weights - rest, np.cumsum([len(d) for d in designs])[:-1])
        allowed = EXACT if len(terms) <= 2 else CLOSE
        if max(float(np.sqrt((part**2).mean())) for part in left) <= allowed:
            return _weighted(terms, weights)
    return None


def smooth(networks: Sequence[Network], layers: Sequence[Layers], knots: int = 32) -> Terms:
    """Terms of a cubic spline and a kink at zero, the same for all units: any smooth function."""
    every = torch.cat(
        [
            layer.units(torch.from_numpy(network.inputs)).flatten()
            for network, layer in zip(networks, layers, strict=True)
        ]
    )
    size = float(every.abs().max()) + 1e-30
    places = np.quantile(every.numpy() / size, np.linspace(0, 1, knots + 2)[1:-1])
    powers = [lambda z, k=k: (z / size) ** k for k in range(4)]
    pieces = [lambda z, at=float(at): functional.relu(z / size - at) ** 3 for at in places]
    return [*powers, *pieces, lambda z: functional.relu(z / size)]


def _weighted(terms: Terms, weights: np.ndarray) -> Function:
    # What rounding leaves of a term that is not there would wake units that are asleep.
    least = 1e-4 * np.abs(weights).max()
    pairs = [(t, float(w)) for t, w in zip(terms, weights, strict=True) if abs(w) >= least]
    return lambda z: sum((weight * term(z) for term, weight in pairs), 0.0 * z)
