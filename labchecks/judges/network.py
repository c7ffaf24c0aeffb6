"""Judging a network with one hidden layer by what it computes with given parameters."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple

import numpy as np
import torch

from labchecks.engine.network import UNIT, Network, after_the_output, explain, gradients, is_linear
from labchecks.engine.unusable import unusable_module
from labchecks.feedback import Feedback, correct, not_checked, partial
from labchecks.registry import Answer, Case, Practice

Pairs = Sequence[tuple[Case, Answer]]

#: Rows of inputs in a case.
ROWS = 40

#: Share of the points where the network works but is not the one that was asked for.
WORKS = 0.5

#: Relative difference of two outputs that should be the same: float32, however it adds up.
SAME = 1e-3

#: Relative difference of a gradient from the explained one.
SLOPE = 0.02


def network_practice(id: str, *, name: str = "Net", seed: int = 43, **about: Any) -> Practice:
    """A practice that asks for ``name(n_inputs, n_hidden, n_outputs)`` with one hidden layer.

    The settings are those of :meth:`labchecks.registry.Practice.drawn`.
    """
    return Practice.drawn("network", HiddenLayer(name), network_cases, id=id, seed=seed, **about)


def network_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Four sizes, each with inputs and with values for the parameters."""
    # Never as many inputs as outputs, or as hidden units: shapes then say what is what.
    sizes = [
        (3, rng.randint(5, 8), 2),
        (1, rng.randint(9, 12), 4),
        (2, rng.randint(6, 9), 1),
        (1, rng.randint(6, 8), 2),
    ]
    cases = []
    for i, h, o in sizes:
        # Fewer inputs go further, so that all units are given numbers of about the same size.
        most, n = {1: 4, 2: 2, 3: 1}[i], _wanted(i, h, o)
        inputs = [[2.0 * rng.randint(-most, most) for _ in range(i)] for _ in range(ROWS)]
        values = [round(UNIT * rng.choice((-5, -3, -1, 1, 3, 5)), 2) for _ in range(n)]
        seed = rng.randrange(1_000_000)
        cases.append({"sizes": [i, h, o], "inputs": inputs, "values": values, "seed": seed})
    return cases


def _wanted(inputs: int, hidden: int, outputs: int) -> int:
    return (inputs + 1) * hidden + (hidden + 1) * outputs


def _more_parameters(i: int, h: int, o: int) -> dict[tuple[str, str], int]:
    """How many more a network has that was not asked for, by its short name and what it has."""
    hidden, output, direct = (i + 1) * h, (h + 1) * o, (i + 1) * o
    unused = "there is another path from the inputs to the outputs, or a layer that is not used"
    return {
        ("parameters not registered", "the module knows no layer"): -hidden - output,
        ("parameters not registered", "the output layer's alone"): -hidden,
        ("parameters not registered", "the hidden layer's alone"): -output,
        ("no hidden layer", "those of one layer from the inputs to the outputs"): (
            direct - hidden - output
        ),
        ("bias missing", "no layer has a bias"): -h - o,
        ("bias missing", "the hidden layer has no bias"): -h,
        ("bias missing", "the output layer has no bias"): -o,
        ("two hidden layers", "there is a second hidden layer"): (h + 1) * h,
        ("three hidden layers", "there are three hidden layers"): 2 * (h + 1) * h,
        ("normalisation layer", "a layer between the two has some too"): 2 * h,
        ("activation with parameters", "the non-linear function has one too"): 1,
        ("a layer that is never used", unused): direct,
    }


#: What is said of each mistake.
SAID = {
    "wrong shape": "For {rows} rows {call} returns the shape {shape}. It should have one row for "
    "each row of x and one column for each output.",
    "sizes typed in": "{call} has {count} parameters, and as many for other sizes. Look at which "
    "sizes the layers are made with.",
    "wrong number of parameters": "{call} has {count} parameters, which is not what one hidden "
    "layer of {units} units has. Count: each unit has one weight for each of its inputs and a "
    "bias.",
    "not differentiable": "No gradient flows from the output of `{name}` to its parameters. Look "
    "for a step in `forward` that leaves the tensors.",
    "random outputs": "Called twice with the same rows and parameters, `{name}` gives two "
    "different outputs, even in `eval()` mode. Look for something in `forward` that is drawn at "
    "random and does not ask for the mode.",
    "rows mixed": "The output of `{name}` for a row depends on the rows that come with it: with "
    "half of the rows left out, the others get other outputs. Look for a mean, a sum or a softmax "
    "along the wrong dimension.",
    "no non-linearity": "With given parameters the output of `{name}` is a linear function of x: "
    "it is a line, however many layers it has. Look at what stands between the two layers.",
    "activation at the output": "`{name}` applies {outer} to its second layer's output, but "
    "predictions end with A σ(W x + b) + c. Look at what comes after the second layer.",
    "part of it does not train": "Training can move only a part of the parameters of `{name}`: no "
    "gradient reaches the others. Look in `forward` for a step that leaves the tensors, or whose "
    "slope is zero everywhere.",
    "non-linearity before the hidden layer": "All outputs of `{name}` rise and fall together with "
    "one and the same curve, however many hidden units it has: the units themselves do not bend. "
    "Look at what the non-linear function is applied to.",
    "another function": "`{name}` has as many parameters as one hidden layer. With given "
    "parameters its outputs are not those of A σ(W x + b) + c, whatever function σ is applied to "
    "each hidden unit. Look at what `forward` does besides the two layers and σ.",
    "other gradients": "The outputs of `{name}` are those of one hidden layer, but the gradients "
    "of its parameters are not the slopes of these outputs. Look in `forward` for a step that "
    "leaves the tensors on a part of the way.",
    "other function in training": "`{name}` computes one function in `train()` mode and another in "
    "`eval()` mode, with the same parameters. Look at what asks for the mode.",
}


@dataclass(frozen=True)
class HiddenLayer:
    """The judge: shapes, number of parameters, outputs and gradients for given parameters."""

    #: The student's name for the module.
    name: str

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """Judge the answers of :func:`labchecks.ask.network.ask_network`."""
        pairs = list(zip(cases, answers, strict=True))
        return self._wrong_form(pairs) or self._computed(pairs)

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """A quick look: may a right program answer so, perhaps to the first cases only?"""
        pairs = list(zip(cases, answers, strict=True))
        read = None if self._wrong_form(pairs) else _read(pairs, "eval")
        return read is not None and explain([given.network for given in read]) is not None

    def _wrong(self, mistake: str, share: float = 0.0, **found: object) -> Feedback:
        return partial(share, SAID[mistake].format(name=self.name, **found), mistake)

    def _unreadable(self) -> Feedback:
        return not_checked(
            f"What `{self.name}` gives for the parameters that the check puts in could not be "
            "read. Please tell your instructor."
        )

    def _wrong_form(self, pairs: Pairs) -> Feedback | None:
        """What is wrong before any output is looked at."""
        for _, answer in pairs:
            if nothing := unusable_module(answer, self.name):
                return nothing
        calls = [f"`{self.name}({', '.join(map(str, case['sizes']))})`" for case, _ in pairs]
        for call, (case, answer) in zip(calls, pairs, strict=True):
            rows, shape = len(case["inputs"]), tuple(answer["shape"])
            if shape != (rows, case["sizes"][2]):
                return self._wrong("wrong shape", rows=rows, call=call, shape=shape)
        if not all(are_shapes(answer.get("shapes")) for _, answer in pairs):
            return self._unreadable()
        counts = [sum(map(prod, answer["shapes"])) for _, answer in pairs]
        more = [n - _wanted(*case["sizes"]) for n, (case, _) in zip(counts, pairs, strict=True)]
        if not any(more):
            return None
        found = {"call": calls[0], "count": counts[0], "units": pairs[0][0]["sizes"][1]}
        known = [_more_parameters(*case["sizes"]) for case, _ in pairs]
        for name, why in known[0]:
            if more == [each[name, why] for each in known]:
                text = "{call} has {count} parameters: ".format(**found) + why
                text += ". Look at how the layers are made and stored."
                lost = name in ("parameters not registered", "no hidden layer")
                return partial(0.0 if lost else WORKS, text, name)
        typed = len(set(counts)) == 1
        return self._wrong("sizes typed in" if typed else "wrong number of parameters", **found)

    def _computed(self, pairs: Pairs) -> Feedback:
        """What the outputs and gradients for the given parameters show."""
        found, trained = _read(pairs, "eval"), _read(pairs, "train")
        if found is None or trained is None:
            return self._unreadable()
        if all(slope is None for given in found for slope in given.slopes):
            return self._wrong("not differentiable")
        if not all(given.repeats for given in found):
            return self._wrong("random outputs")
        # Drawn at random in training, such as by dropout, outputs say nothing. Where little is
        # dropped, a single case may give the same outputs twice by chance.
        steady = trained if all(given.repeats for given in trained) else ()
        for given in (*found, *steady):
            if not _same(given.half, given.network.outputs[: len(given.half)]):
                return self._wrong("rows mixed")
        networks = [given.network for given in found]
        if all(map(is_linear, networks)):
            return self._wrong("no non-linearity")
        explanation = explain(networks)
        if explanation is None and (outer := after_the_output(networks)) is not None:
            return self._wrong("activation at the output", WORKS, outer=outer)
        slopes = [slope for given in (*found, *trained) for slope in given.slopes]
        if any(slope is None or not slope.any() for slope in slopes):
            return self._wrong("part of it does not train")
        if explanation is None:
            # With one input, hidden units that bend give outputs that do not all rise and fall
            # together.
            curves = [n.outputs for n in networks if n.sizes[0] == 1 < n.sizes[2]]
            if curves and all(map(_is_one_curve, curves)):
                return self._wrong("non-linearity before the hidden layer")
            return self._wrong("another function")
        if explanation.function is not None and not all(
            _same(slope, right, SLOPE)
            for given in found
            for slope, right in zip(given.slopes, gradients(given.network, explanation))
        ):
            return self._wrong("other gradients")
        if not all(_same(b.network.outputs, a.network.outputs) for a, b in zip(found, steady)):
            return self._wrong("other function in training")
        return correct(
            f"`{self.name}` has the shapes and the parameters of one hidden layer. With given "
            "parameters its outputs and gradients are those of A σ(W x + b) + c."
        )


class _Given(NamedTuple):
    """What a network gives for known parameters in one mode."""

    network: Network
    again: torch.Tensor
    half: torch.Tensor
    slopes: Sequence[torch.Tensor | None]

    @property
    def repeats(self) -> bool:
        return _same(self.again, self.network.outputs)


def _read(pairs: Pairs, mode: str) -> list[_Given] | None:
    """The answers as tensors, beside the given parameters; None if they are no such thing."""
    read = []
    for case, answer in pairs:
        told, shapes = answer.get(mode), answer["shapes"]
        slopes = told.get("gradients") if isinstance(told, Mapping) else None
        if not isinstance(slopes, list) or len(slopes) != len(shapes):
            return None
        rows, outputs = len(case["inputs"]), case["sizes"][2]
        found = [
            _tensor(told.get(key), (n, outputs))
            for key, n in (("outputs", rows), ("again", rows), ("half", rows // 2))
        ]
        # A parameter on which nothing depends has the gradient None.
        none = [slope is None for slope in slopes]
        slopes = list(map(_tensor, slopes, shapes))
        if [part is None for part in (*found, *slopes)] != [False] * len(found) + none:
            return None
        inputs, values = (
            torch.tensor(case[key], dtype=torch.float64) for key in ("inputs", "values")
        )
        parts = values.split([prod(shape) for shape in shapes])
        parameters = [part.view(*shape) for part, shape in zip(parts, shapes, strict=True)]
        network = Network(case["sizes"], parameters, inputs, found[0])
        read.append(_Given(network, found[1], found[2], slopes))
    return read


def are_shapes(shapes: object) -> bool:
    """Whether this is a list of shapes; an answer may say anything."""
    return isinstance(shapes, list) and all(
        isinstance(shape, list) and all(type(n) is int and 0 <= n < 1_000_000 for n in shape)
        for shape in shapes
    )


def are_numbers(values: object, n: int) -> bool:
    """Whether this is a list of `n` numbers; an answer may say anything."""
    return (
        isinstance(values, list)
        and len(values) == n
        and all(type(value) in (int, float) for value in values)
    )


def _tensor(values: object, shape: Sequence[int]) -> torch.Tensor | None:
    """A list of numbers in this shape; None if it is no such list."""
    if not are_numbers(values, prod(shape)) or not all(abs(value) < 1e12 for value in values):
        return None
    return torch.tensor(values, dtype=torch.float64).view(*shape)


def _same(found: torch.Tensor, other: torch.Tensor, allowed: float = SAME) -> bool:
    """Whether two tensors agree, relative to the size of the second one."""
    return bool((found - other).abs().max() <= allowed * (other.abs().max() + 1e-6))


def _is_one_curve(outputs: torch.Tensor) -> bool:
    """Whether the outputs do not vary beside their main direction."""
    sizes = np.linalg.svd(outputs - outputs.mean(dim=0), compute_uv=False)
    return bool(sizes[1] < 1e-4 * sizes[0])
