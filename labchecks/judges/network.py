"""Judging a network with one hidden layer by what it computes with given parameters."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import torch

from labchecks.engine.network import (
    UNIT,
    Network,
    after_the_output,
    explain,
    gradients,
    is_linear,
)
from labchecks.engine.unusable import unusable_module
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial
from labchecks.judges.drawn import drawn_practice
from labchecks.registry import Practice

__all__ = ["HiddenLayer", "network_cases", "network_practice"]

Case = Mapping[str, Any]
Answer = Mapping[str, Any]
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

    The settings are those of :func:`labchecks.judges.drawn.drawn_practice`.
    """
    return drawn_practice("network", HiddenLayer(name), network_cases, id=id, seed=seed, **about)


def network_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Four sizes, each with inputs and with values for the parameters."""
    # Never as many inputs as outputs, or as hidden units: shapes then say what is what.
    sizes = [
        (3, rng.randint(5, 8), 2),
        (1, rng.randint(9, 12), 4),
        (2, rng.randint(6, 9), 1),
        (1, rng.randint(6, 8), 2),
    ]
    # Fewer inputs go further, so that all units are given numbers of about the same size.
    furthest = {1: 8, 2: 4, 3: 2}
    return [
        {
            "sizes": [i, h, o],
            "inputs": [
                [2.0 * rng.randint(-furthest[i] // 2, furthest[i] // 2) for _ in range(i)]
                for _ in range(ROWS)
            ],
            "values": [
                round(UNIT * rng.choice((-5, -3, -1, 1, 3, 5)), 2) for _ in range(_wanted(i, h, o))
            ],
            "seed": rng.randrange(1_000_000),
        }
        for i, h, o in sizes
    ]


def _wanted(inputs: int, hidden: int, outputs: int) -> int:
    return (inputs + 1) * hidden + (hidden + 1) * outputs


@dataclass(frozen=True)
class HiddenLayer:
    """The judge: shapes, number of parameters, outputs and gradients for given parameters.

    Attributes
    ----------
    name : str
        The student's name for the module.
    """

    name: str = "Net"

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """Judge the answers of :func:`labchecks.ask.network.ask_network`."""
        if not cases or len(cases) != len(answers):
            return not_checked(f"No answer for `{self.name}` reached the check.")
        pairs = list(zip(cases, answers, strict=True))
        for answer in answers:
            nothing = unusable_module(answer, self.name)
            if nothing is not None:
                return nothing
        wrong = self._shape(pairs)
        if wrong is None and not all(_are_shapes(answer.get("shapes")) for answer in answers):
            return self._unreadable()
        return wrong or self._count(pairs) or self._computed(pairs)

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """Whether these answers, perhaps to the first cases only, can be a right program's.

        A quick look that does not ask what went wrong.
        """
        pairs = list(zip(cases, answers, strict=True))
        if any(unusable_module(answer, self.name) for answer in answers) or self._shape(pairs):
            return False
        if not all(_are_shapes(answer.get("shapes")) for answer in answers) or self._count(pairs):
            return False
        read = [_read(case, answer["shapes"], answer.get("eval")) for case, answer in pairs]
        return None not in read and explain([given.network for given in read]) is not None

    def _unreadable(self) -> Feedback:
        return not_checked(
            f"What `{self.name}` gives for the parameters that the check puts in could not be "
            "read. Please tell your instructor."
        )

    def _shape(self, pairs: Pairs) -> Feedback | None:
        for case, answer in pairs:
            rows = len(case["inputs"])
            if answer["shape"] != [rows, case["sizes"][2]]:
                sizes = ", ".join(map(str, case["sizes"]))
                return incorrect(
                    f"For {rows} rows `{self.name}({sizes})` returns the shape "
                    f"{tuple(answer['shape'])}. It should have one row for each row of x and one "
                    "column for each output.",
                    "wrong shape",
                )
        return None

    def _count(self, pairs: Pairs) -> Feedback | None:
        counts = [sum(map(prod, answer["shapes"])) for _, answer in pairs]
        more = [n - _wanted(*case["sizes"]) for n, (case, _) in zip(counts, pairs, strict=True)]
        if not any(more):
            return None
        i, h, o = pairs[0][0]["sizes"]
        found = f"`{self.name}({i}, {h}, {o})` has {counts[0]} parameters"
        for name, share, count, why in COUNTS:
            if more == [count(*case["sizes"]) for case, _ in pairs]:
                said = f"{found}: {why}. Look at how the layers are made and stored."
                return partial(share, said, name) if share else incorrect(said, name)
        if len(set(counts)) == 1:
            return incorrect(
                f"{found}, and as many for other sizes. Look at which sizes the layers are made "
                "with.",
                "sizes typed in",
            )
        return incorrect(
            f"{found}, which is not what one hidden layer of {h} units has. Count: each unit has "
            "one weight for each of its inputs and a bias.",
            "wrong number of parameters",
        )

    def _computed(self, pairs: Pairs) -> Feedback:
        """What the outputs and gradients for the given parameters show."""
        modes = {
            mode: [_read(case, answer["shapes"], answer.get(mode)) for case, answer in pairs]
            for mode in ("eval", "train")
        }
        if any(given is None for read in modes.values() for given in read):
            return self._unreadable()
        found, trained = modes["eval"], modes["train"]
        if all(slope is None for given in found for slope in given.slopes):
            return incorrect(
                f"No gradient flows from the output of `{self.name}` to its parameters. Look for a "
                "step in `forward` that leaves the tensors.",
                "not differentiable",
            )
        if not all(_same(given.again, given.network.outputs) for given in found):
            return incorrect(
                f"Called twice with the same rows and parameters, `{self.name}` gives two "
                "different outputs, even in `eval()` mode. Look for something in `forward` that "
                "is drawn at random and does not ask for the mode.",
                "random outputs",
            )
        # Drawn at random in training, such as by dropout, outputs say nothing. Where little is
        # dropped, a single case may give the same outputs twice by chance.
        steady = all(_same(given.again, given.network.outputs) for given in trained)
        for given in (*found, *(trained if steady else ())):
            if not _same(given.half, given.network.outputs[: len(given.half)]):
                return incorrect(
                    f"The output of `{self.name}` for a row depends on the rows that come with it: "
                    "with half of the rows left out, the others get other outputs. Look for a "
                    "mean, a sum or a softmax along the wrong dimension.",
                    "rows mixed",
                )
        return self._explained(found, trained, steady)

    def _explained(
        self, found: Sequence[_Given], trained: Sequence[_Given], steady: bool
    ) -> Feedback:
        networks = [given.network for given in found]
        if all(map(is_linear, networks)):
            return incorrect(
                f"With given parameters the output of `{self.name}` is a linear function of x: it "
                "is a line, however many layers it has. Look at what stands between the two "
                "layers.",
                "no non-linearity",
            )
        explanation = explain(networks)
        outer = after_the_output(networks) if explanation is None else None
        if outer is not None:
            return partial(
                WORKS,
                f"`{self.name}` applies {outer} to its second layer's output, but predictions end "
                "with A σ(W x + b) + c. Look at what comes after the second layer.",
                "activation at the output",
            )
        slopes = [slope for given in (*found, *trained) for slope in given.slopes]
        if any(slope is None or not slope.any() for slope in slopes):
            return incorrect(
                f"Training can move only a part of the parameters of `{self.name}`: no gradient "
                "reaches the others. Look in `forward` for a step that leaves the tensors, or "
                "whose slope is zero everywhere.",
                "part of it does not train",
            )
        if explanation is None:
            return self._unexplained(networks)
        for given in found if explanation.function is not None else ():
            wanted = gradients(given.network, explanation)
            for slope, right in zip(given.slopes, wanted, strict=True):
                if not _same(slope, right, SLOPE):
                    return incorrect(
                        f"The outputs of `{self.name}` are those of one hidden layer, but the "
                        "gradients of its parameters are not the slopes of these outputs. Look in "
                        "`forward` for a step that leaves the tensors on a part of the way.",
                        "other gradients",
                    )
        if steady and not all(
            _same(other.network.outputs, given.network.outputs)
            for given, other in zip(found, trained, strict=True)
        ):
            return incorrect(
                f"`{self.name}` computes one function in `train()` mode and another in `eval()` "
                "mode, with the same parameters. Look at what asks for the mode.",
                "other function in training",
            )
        return correct(
            f"`{self.name}` has the shapes and the parameters of one hidden layer. With given "
            "parameters its outputs and gradients are those of A σ(W x + b) + c."
        )

    def _unexplained(self, networks: Sequence[Network]) -> Feedback:
        # With one input, hidden units that bend give outputs that do not all rise and fall together
        curves = [n.outputs for n in networks if n.sizes[0] == 1 < n.sizes[2]]
        if curves and all(_is_one_curve(outputs) for outputs in curves):
            return incorrect(
                f"All outputs of `{self.name}` rise and fall together with one and the same curve, "
                "however many hidden units it has: the units themselves do not bend. Look at what "
                "the non-linear function is applied to.",
                "non-linearity before the hidden layer",
            )
        return incorrect(
            f"`{self.name}` has as many parameters as one hidden layer. With given parameters its "
            "outputs are not those of A σ(W x + b) + c, whatever function σ is applied to each "
            "hidden unit. Look at what `forward` does besides the two layers and σ.",
            "another function",
        )


@dataclass(frozen=True)
class _Given:
    """What a network gives for known parameters in one mode."""

    network: Network
    again: torch.Tensor
    half: torch.Tensor
    slopes: Sequence[torch.Tensor | None]


def _read(case: Case, shapes: Sequence[Sequence[int]], told: object) -> _Given | None:
    """The answer as tensors, beside the parameters that were given; None if it is no such thing."""
    if not isinstance(told, Mapping) or not isinstance(told.get("gradients"), list):
        return None
    outputs, rows = case["sizes"][2], len(case["inputs"])
    found = [
        _tensor(told.get(key), (n, outputs))
        for key, n in (("outputs", rows), ("again", rows), ("half", rows // 2))
    ]
    slopes = [
        None if part is None else _tensor(part, shape)
        for part, shape in zip(told["gradients"], shapes)
    ]
    absent = told["gradients"].count(None)
    if any(part is None for part in found) or slopes.count(None) > absent:
        return None
    parts = torch.tensor(case["values"], dtype=torch.float64).split([prod(s) for s in shapes])
    parameters = [part.view(*shape) for part, shape in zip(parts, shapes, strict=True)]
    inputs = torch.tensor(case["inputs"], dtype=torch.float64)
    network = Network(case["sizes"], parameters, inputs, found[0])
    return _Given(network, found[1], found[2], slopes) if len(slopes) == len(shapes) else None


def _are_shapes(shapes: object) -> bool:
    return isinstance(shapes, list) and all(
        isinstance(shape, list) and all(type(n) is int and 0 <= n < 10_000 for n in shape)
        for shape in shapes
    )


def _tensor(values: object, shape: Sequence[int]) -> torch.Tensor | None:
    """A list of numbers in this shape; None if it is no such list."""
    if not isinstance(values, list) or len(values) != prod(shape):
        return None
    if not all(type(value) in (int, float) and abs(value) < 1e12 for value in values):
        return None
    return torch.tensor(values, dtype=torch.float64).view(*shape)


def _same(found: torch.Tensor, other: torch.Tensor, allowed: float = SAME) -> bool:
    """Whether two tensors agree, relative to the size of the second one."""
    return bool((found - other).abs().max() <= allowed * (other.abs().max() + 1e-6))


def _is_one_curve(outputs: torch.Tensor) -> bool:
    """Whether the outputs do not vary beside their main direction."""
    sizes = np.linalg.svd(outputs - outputs.mean(dim=0), compute_uv=False)
    return bool(sizes[1] < 1e-4 * sizes[0])


#: How many parameters more a network has that was not asked for: short name, share, how many, why.
COUNTS: tuple[tuple[str, float, Callable[[int, int, int], int], str], ...] = (
    (
        "parameters not registered",
        0,
        lambda i, h, o: -_wanted(i, h, o),
        "the module knows no layer",
    ),
    ("parameters not registered", 0, lambda i, h, o: -(i + 1) * h, "the output layer's alone"),
    ("parameters not registered", 0, lambda i, h, o: -(h + 1) * o, "the hidden layer's alone"),
    (
        "no hidden layer",
        0,
        lambda i, h, o: (i + 1) * o - _wanted(i, h, o),
        "those of one layer from the inputs to the outputs",
    ),
    ("bias missing", WORKS, lambda i, h, o: -h - o, "no layer has a bias"),
    ("bias missing", WORKS, lambda i, h, o: -h, "the hidden layer has no bias"),
    ("bias missing", WORKS, lambda i, h, o: -o, "the output layer has no bias"),
    ("two hidden layers", WORKS, lambda i, h, o: (h + 1) * h, "there is a second hidden layer"),
    (
        "three hidden layers",
        WORKS,
        lambda i, h, o: 2 * (h + 1) * h,
        "there are three hidden layers",
    ),
    ("normalisation layer", WORKS, lambda i, h, o: 2 * h, "a layer between the two has some too"),
    ("activation with parameters", WORKS, lambda i, h, o: 1, "the non-linear function has one too"),
    (
        "a layer that is never used",
        WORKS,
        lambda i, h, o: (i + 1) * o,
        "there is another path from the inputs to the outputs, or a layer that is not used",
    ),
)
