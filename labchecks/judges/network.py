"""Judging a network with one hidden layer, by what it computes with given parameters."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch

from labchecks.engine.compare import shown
from labchecks.engine.network import FLAT, KNOWN, LINEAR, Layers, Network, fitted, layers_of, smooth
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial
from labchecks.registry import Practice

__all__ = ["NetworkJudge", "network_practice"]

Case = Mapping[str, Any]
Answer = Mapping[str, Any]

#: Share of the points where the network works but is not the one that was asked for.
WORKS = 0.5

#: Rows of inputs in a case.
ROWS = 60

#: Largest difference of a gradient, relative to the length of the right one.
SAME_GRADIENT = 0.05

#: Ways to have another number of parameters: name, how many for (inputs, hidden, outputs), share of
#: the points, sentence.
COUNTS = (
    (
        "no hidden layer",
        lambda i, h, o: (i + 1) * o,
        0.0,
        "those of one layer from the inputs to the outputs. Look at where the hidden units are.",
    ),
    (
        "bias missing",
        lambda i, h, o: i * h + h * o,
        WORKS,
        "no layer has a bias. Look at the arguments of the layers.",
    ),
    (
        "bias missing",
        lambda i, h, o: i * h + (h + 1) * o,
        WORKS,
        "the hidden layer has no bias. Look at the arguments of the layers.",
    ),
    (
        "bias missing",
        lambda i, h, o: (i + 1) * h + h * o,
        WORKS,
        "the output layer has no bias. Look at the arguments of the layers.",
    ),
    (
        "two hidden layers",
        lambda i, h, o: (i + 1) * h + (h + 1) * h + (h + 1) * o,
        WORKS,
        "there is a second hidden layer. Count the layers with hidden units.",
    ),
    (
        "three hidden layers",
        lambda i, h, o: (i + 1) * h + 2 * (h + 1) * h + (h + 1) * o,
        WORKS,
        "there are three hidden layers. Count the layers with hidden units.",
    ),
    (
        "parameters not registered",
        lambda i, h, o: (h + 1) * o,
        0.0,
        "those of the output layer alone. Look at how the hidden layer is stored.",
    ),
    (
        "parameters not registered",
        lambda i, h, o: (i + 1) * h,
        0.0,
        "those of the hidden layer alone. Look at how the output layer is stored.",
    ),
    (
        "normalisation layer",
        lambda i, h, o: (i + 1) * h + 2 * h + (h + 1) * o,
        WORKS,
        "another layer with parameters stands between the two. Only the two linear layers are "
        "asked for.",
    ),
    (
        "activation with parameters",
        lambda i, h, o: (i + 1) * h + 1 + (h + 1) * o,
        WORKS,
        "the non-linear function has a parameter of its own.",
    ),
    (
        "a layer that is never used",
        lambda i, h, o: (i + 1) * h + (h + 1) * o + (i + 1) * o,
        WORKS,
        "there is another path from the inputs to the outputs, or a layer that is not used.",
    ),
)


@dataclass(frozen=True)
class NetworkJudge:
    """Judges what a network of each size gives with the parameters that were set in it.

    Attributes
    ----------
    name : str
        What the student's class is called.
    """

    name: str

    @classmethod
    def of(cls, **settings: Any) -> NetworkJudge:
        """The judge of settings that were `recorded`."""
        return cls(**settings)

    def recorded(self, cases: Sequence[Case]) -> dict[str, Any]:
        """The settings as plain data."""
        return asdict(self)

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """The verdict on the networks of all sizes."""
        name = f"`{self.name}`"
        if not cases or len(cases) != len(answers):
            return not_checked(f"No answer for {name} reached the check.")
        for answer in answers:
            nothing = self._nothing(answer)
            if nothing is not None:
                return nothing
        pairs = list(zip(cases, answers, strict=True))
        for question in (_shape, _count, _rows_apart, _output, _computed):
            found = question(pairs, name)
            if found is not None:
                return found
        return correct(
            f"{name} computes what one hidden layer with its parameters computes, and gradients "
            "reach each of them."
        )

    def _nothing(self, answer: Answer) -> Feedback | None:
        message, name = str(answer.get("message", "")), f"`{self.name}`"
        if answer.get("kind") == "error":
            if "before Module.__init__() call" in message or "super().__init__" in message:
                return incorrect(
                    f"{name} stopped: a layer was stored before `nn.Module` was prepared for it. "
                    "Look at the first line that an `__init__` of a module needs.",
                    "super().__init__ left out",
                )
            unwritten = "NotImplemented" in str(answer.get("error", ""))
            if "forward" in message and (unwritten or "is missing the required" in message):
                return incorrect(f"{name} has no `forward` that predicts yet.", "no forward")
        if answer.get("kind") == "other" and answer.get("what") != "name":
            described = str(answer.get("type", "something else")).replace("`", "")
            if described != "NoneType":
                return incorrect(
                    f"`{self.name}(...)` should be a module whose call returns one tensor, and it "
                    f"gives `{described}`.",
                    "wrong type",
                )
        return unusable(answer, self.name, "a tensor of predictions", function=True)


def _shape(pairs: Sequence[tuple[Case, Answer]], name: str) -> Feedback | None:
    for case, answer in pairs:
        rows = len(case["inputs"])
        if answer["shape"] != [rows, case["sizes"][2]]:
            sizes = f"{name} returns a tensor of another shape."
            if not case.get("hidden"):
                made = f"`{name[1:-1]}({', '.join(map(str, case['sizes']))})`"
                sizes = f"For {rows} rows {made} returns the shape {tuple(answer['shape'])}."
            return incorrect(
                f"{sizes} It should have one row for each row of x and one column for each output.",
                "wrong shape",
            )
    return None


def _count(pairs: Sequence[tuple[Case, Answer]], name: str) -> Feedback | None:
    if all(answer["parameters"] == _wanted(*case["sizes"]) for case, answer in pairs):
        return None
    case, answer = pairs[0]
    i, h, o = case["sizes"]
    found = f"`{name[1:-1]}({i}, {h}, {o})` has {answer['parameters']} parameters"
    wanted = f"one hidden layer of {h} units has another number"
    if case.get("hidden"):
        found = f"{name} has another number of parameters than one hidden layer has"
        wanted = "it depends on the sizes in another way"
    if answer["parameters"] == 0:
        return incorrect(
            f"{found}: the module does not know of its layers, so an optimizer finds nothing to "
            "train. Look at how they are stored: a plain list or dict hides them.",
            "parameters not registered",
        )
    for mistake, count, share, text in COUNTS:
        if all(a["parameters"] == count(*c["sizes"]) for c, a in pairs):
            said = f"{found}: {text}"
            return partial(share, said, mistake) if share else incorrect(said, mistake)
    if len({a["parameters"] for _, a in pairs}) == 1:
        return incorrect(
            f"{found}, and as many for other sizes. Look at which sizes the layers are made with.",
            "sizes typed in",
        )
    return incorrect(
        f"{found}, and {wanted}. Count: each unit has one weight for each of its inputs and a "
        "bias.",
        "wrong number of parameters",
    )


def _wanted(inputs: int, hidden: int, outputs: int) -> int:
    return (inputs + 1) * hidden + (hidden + 1) * outputs


def _rows_apart(pairs: Sequence[tuple[Case, Answer]], name: str) -> Feedback | None:
    for _, answer in pairs:
        together, alone = (np.asarray(answer[key], dtype=float) for key in ("values", "alone"))
        size = np.abs(together).max() + 1e-12
        if together.shape != alone.shape or not np.abs(together - alone).max() <= 1e-3 * size:
            return incorrect(
                f"The output of {name} for a row depends on the rows that come with it: alone, the "
                "same row gives another output. Look for a mean, a sum or a softmax along the "
                "wrong dimension.",
                "rows mixed",
            )
    return None


def _output(pairs: Sequence[tuple[Case, Answer]], name: str) -> Feedback | None:
    """Whether something squeezes the outputs: the parameters are drawn so that both signs occur."""
    low = min(min(answer["values"]) for _, answer in pairs)
    high = max(max(answer["values"]) for _, answer in pairs)
    if low >= 0:
        bounds = "between 0 and 1" if high <= 1 + 1e-6 else "0 or above"
    elif high <= 0:
        bounds = "0 or below"
    elif max(-low, high) <= 1 + 1e-6:
        bounds = "between −1 and 1"
    else:
        return None
    return partial(
        WORKS,
        f"With parameters of either sign the outputs of {name} are {bounds}, so it cannot predict "
        "other numbers. Look at what comes after the second layer.",
        "activation at the output",
    )


def _computed(pairs: Sequence[tuple[Case, Answer]], name: str) -> Feedback | None:
    """Feedback where outputs and gradients do not follow from the parameters; None if they do."""
    networks = [_network(case, answer) for case, answer in pairs]
    for layers in zip(*map(layers_of, networks)):
        if fitted(networks, layers, LINEAR):
            return incorrect(
                f"The outputs of {name} are those of its two layers with nothing between them: it "
                "is a line, however many layers it has. Look at what stands between the two.",
                "no non-linearity",
            )
        if fitted(networks, layers, (*KNOWN, *FLAT, *LINEAR), before=True):
            return incorrect(
                f"The outputs of {name} are those of two layers behind a non-linear function of "
                "the inputs: the units themselves do not bend. Look at what the function is "
                "applied to.",
                "non-linearity before the hidden layer",
            )
        function = fitted(networks, layers, (*KNOWN, smooth(networks, layers)))
        if function is not None:
            return _gradients(pairs, networks, layers, function, name)
        if fitted(networks, layers, FLAT):
            return _does_not_train(name)
    if any(g is None for _, answer in pairs for g in answer["gradients"]):
        return _does_not_train(name)
    return not_checked(
        f"{name} could not be checked to its end: with the parameters that the check set, its "
        f"first output is {shown(pairs[0][1]['values'][0])}, which one hidden layer of them does "
        "not give with any function that is known here. Two `torch.nn.Linear` with one non-linear "
        "function between them can be checked."
    )


def _network(case: Case, answer: Answer) -> Network:
    return Network(
        case["sizes"],
        np.asarray(case["parameters"], dtype=float),
        answer["shapes"],
        np.asarray(case["inputs"], dtype=float),
        np.asarray(answer["values"], dtype=float).reshape(answer["shape"]),
    )


def _gradients(
    pairs: Sequence[tuple[Case, Answer]],
    networks: Sequence[Network],
    layers: Sequence[Layers],
    function: Callable[[torch.Tensor], torch.Tensor],
    name: str,
) -> Feedback | None:
    """Feedback where the gradients are not those of the outputs; None if they are."""
    missing = wrong = 0
    for (_, answer), network, layer in zip(pairs, networks, layers, strict=True):
        found = answer["gradients"]
        if len(found) != 4:
            missing += 4
            continue
        for tensor in layer.tensors:
            tensor.requires_grad_().retain_grad()
        outputs = layer.outputs(torch.from_numpy(network.inputs), function)
        weights = torch.linspace(1.0, 2.0, outputs.numel(), dtype=outputs.dtype)
        (outputs.flatten() * weights).sum().backward()
        for k, tensor in zip(layer.order, layer.tensors, strict=True):
            if found[k] is None or not any(found[k]):
                missing += 1
                continue
            # Sorted, as a tensor may be the transpose of its layer's matrix.
            right = np.sort(tensor.grad.numpy().ravel())
            off = np.linalg.norm(np.sort(np.asarray(found[k], dtype=float)) - right)
            wrong += not off <= SAME_GRADIENT * np.linalg.norm(right) + 1e-6
    if missing == 4 * len(pairs):
        return incorrect(
            f"No gradient flows from the output of {name} to its parameters. Look for a step in "
            "`forward` that leaves the tensors.",
            "not differentiable",
        )
    return _does_not_train(name) if missing or wrong else None


def _does_not_train(name: str) -> Feedback:
    return incorrect(
        f"No gradient, or a wrong one, reaches a part of the parameters of {name}, so training "
        "would not move them as it should. Look in `forward` for a step that leaves the tensors, "
        "or whose slope is zero everywhere.",
        "part of it does not train",
    )


# The short form of a practice -----------------------------------------------------------------


def network_practice(
    id: str, *, title: str, points: float, name: str = "Net", seed: int = 0
) -> Practice:
    """A practice that asks for a network class ``name(n_inputs, n_hidden, n_outputs)``."""
    return Practice(
        id=id,
        title=title,
        points=points,
        names=(name,),
        question=("network", name),
        judge=NetworkJudge(name),
        visible=lambda: _cases(random.Random(seed)),
        hidden=lambda rng: [{**case, "hidden": True} for case in _cases(rng)],
    )


def _cases(rng: random.Random) -> list[Case]:
    """Three sizes, each with numbers for all parameters and rows of inputs."""
    cases = []
    for sizes in (
        (rng.randint(2, 3), rng.randint(5, 8), 2),
        (1, rng.randint(9, 12), rng.randint(3, 4)),
        (1, 16, 1),
    ):
        cases.append(
            {
                "sizes": list(sizes),
                "seed": rng.randrange(1_000_000),
                "parameters": [round(rng.gauss(0, 1), 3) for _ in range(_wanted(*sizes))],
                "inputs": [
                    [round(rng.gauss(0, 1.5), 3) for _ in range(sizes[0])] for _ in range(ROWS)
                ],
            }
        )
    return cases
