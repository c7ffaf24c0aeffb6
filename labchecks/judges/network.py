"""Asking for and judging a network with one hidden layer, by what it does."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labchecks.ask.network import (
    FAR_BELOW,
    RATE,
    UPDATES,
    line_loss_of,
    loss_of,
    points_of,
)
from labchecks.engine.compare import shown
from labchecks.engine.network import Told, explain
from labchecks.engine.network_training import agreement
from labchecks.engine.unusable import nothing_returned
from labchecks.feedback import Feedback, correct, incorrect, not_checked, partial

__all__ = ["judge_net", "net_cases"]

Case = Mapping[str, Any]
Answer = Mapping[str, Any]


#: Updates of a training that was cut short, at least: of fewer it cannot be told where they lead.
FEWEST = 100

#: How well the way from the first parameters to the last agrees with that of the training.
SAME_WAY = 0.5


#: Smallest loss after training, relative to the best parabola's: below it, noise is copied.
NOISE = 0.4

#: Share of the points where the network works but is not the one that was asked for.
WORKS = 0.5


def net_cases(rng: random.Random) -> list[dict[str, Any]]:
    """Three sizes to look at, and curved data to train on."""
    sizes = [(rng.randint(2, 3), rng.randint(5, 8), 2), (1, rng.randint(9, 12), rng.randint(3, 4))]
    cases = [
        {"sizes": [i, h, o], "rows": rng.randint(6, 9), "seed": rng.randrange(1_000_000)}
        for i, h, o in sizes
    ]
    centre = rng.uniform(1.5, 2.5)
    x = [round(rng.gauss(centre, 1.0), 3) for _ in range(150)]
    y = [round((v - centre) ** 2 + 0.5 * rng.gauss(0, 1), 3) for v in x]
    curved = {"sizes": [1, 16, 1], "rows": 5, "x": x, "y": y, "seed": rng.randrange(1_000_000)}
    return [*cases, curved]


def judge_net(cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
    """Judge shapes, parameters, non-linearity and training."""
    if not cases or len(cases) != len(answers):
        return not_checked("No answer for `Net` reached the check.")
    for answer in answers:
        nothing = _nothing(answer)
        if nothing is not None:
            return nothing
    pairs = list(zip(cases, answers, strict=True))
    for question in (_shape, _count, _output, _straight, _rows_apart, _trained, _computed):
        found = question(pairs)
        if found is not None:
            return found
    return correct(
        "`Net` has the shapes and the parameters of one hidden layer, bends, and follows the "
        "curved target far better than a line."
    )


def _nothing(answer: Answer) -> Feedback | None:
    message = str(answer.get("message", ""))
    if answer.get("kind") == "error":
        if "before Module.__init__() call" in message or "super().__init__" in message:
            return incorrect(
                "`Net` stopped: a layer was stored before `nn.Module` was prepared for it. Look at "
                "the first line that an `__init__` of a module needs.",
                "super().__init__ left out",
            )
        if "forward" in message and "NotImplemented" in str(answer.get("error", "")):
            return incorrect("`Net` has no `forward` that computes a prediction yet.", "no forward")
        if "is missing the required" in message and "forward" in message:
            return incorrect("`Net` has no `forward` that computes a prediction yet.", "no forward")
    if answer.get("kind") == "other" and answer.get("what") != "name":
        described = str(answer.get("type", "something else")).replace("`", "")
        if described == "NoneType":
            return incorrect(
                "`forward` of `Net` returns `None`. Look at its last line: what should it give "
                "back?",
                "returns None",
            )
        return incorrect(
            f"`Net(...)` should be a module whose call returns one tensor, and it gives "
            f"`{described}`.",
            "wrong type",
        )
    return nothing_returned("Net", answer, "a tensor of predictions")


def _wanted(case: Case) -> int:
    inputs, hidden, outputs = case["sizes"]
    return (inputs + 1) * hidden + (hidden + 1) * outputs


def _shape(pairs: Sequence[tuple[Case, Answer]]) -> Feedback | None:
    for case, answer in pairs:
        wanted = [case["rows"], case["sizes"][2]]
        if answer["shape"] != wanted:
            sizes = "`Net` returns a tensor of another shape."
            if not case.get("hidden"):
                sizes = f"For {case['rows']} rows `Net({', '.join(map(str, case['sizes']))})` "
                sizes += f"returns the shape {tuple(answer['shape'])}."
            return incorrect(
                f"{sizes} It should have one row for each row of x and one column for each output.",
                "wrong shape",
            )
    return None


def _count(pairs: Sequence[tuple[Case, Answer]]) -> Feedback | None:
    if all(answer["parameters"] == _wanted(case) for case, answer in pairs):
        return None

    def everywhere(count) -> bool:
        return all(a["parameters"] == count(*c["sizes"]) for c, a in pairs)

    case, answer = pairs[0]
    i, h, o = case["sizes"]
    found = f"`Net({i}, {h}, {o})` has {answer['parameters']} parameters"
    wanted = f"one hidden layer of {h} units has another number"
    if case.get("hidden"):
        found = "`Net` has another number of parameters than one hidden layer has"
        wanted = "it depends on the sizes in another way"
    if answer["parameters"] == 0:
        return incorrect(
            f"{found}: the module does not know of its layers, so an optimizer finds nothing to "
            "train. Look at how they are stored: a plain list or dict hides them.",
            "parameters not registered",
        )
    known = (
        (
            "no hidden layer",
            lambda i, h, o: (i + 1) * o,
            0.0,
            "those of one layer from the inputs to the outputs. Look at where the hidden units "
            "are.",
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
    for name, count, share, text in known:
        if everywhere(count):
            said = f"{found}: {text}"
            return partial(share, said, name) if share else incorrect(said, name)
    if len({a["parameters"] for _, a in pairs}) == 1:
        return incorrect(
            f"{found}, and as many for other sizes. Look at which sizes the layers are made with.",
            "sizes typed in",
        )
    return incorrect(
        f"{found}, and {wanted}. Count: each unit has one "
        "weight for each of its inputs and a bias.",
        "wrong number of parameters",
    )


def _straight(pairs: Sequence[tuple[Case, Answer]]) -> Feedback | None:
    if not all(answer["tied"] for _, answer in pairs):
        return incorrect(
            "No gradient flows from the output of `Net` to its parameters. Look for a step in "
            "`forward` that leaves the tensors.",
            "not differentiable",
        )
    if all(answer["bend"] > 1e-3 for _, answer in pairs):
        return None
    return incorrect(
        "Half-way between two inputs `Net` gives the mean of its two outputs, everywhere: it is a "
        "line, however many layers it has. Look at what stands between the two layers.",
        "no non-linearity",
    )


def _rows_apart(pairs: Sequence[tuple[Case, Answer]]) -> Feedback | None:
    if any(not answer["mixed"] <= 1e-3 for _, answer in pairs):
        return incorrect(
            "The output of `Net` for a row depends on the rows that come with it: alone, the same "
            "row gives another output. Look for a mean, a sum or a softmax along the wrong "
            "dimension.",
            "rows mixed",
        )
    # With one input, hidden units that bend give outputs that do not all rise and fall together.
    one_input = [answer for case, answer in pairs if case["sizes"][0] == 1 < case["sizes"][2]]
    if any(answer["second"] < 1e-4 for answer in one_input):
        return incorrect(
            "All outputs of `Net` rise and fall together with one and the same curve, however many "
            "hidden units it has: the units themselves do not bend. Look at what the non-linear "
            "function is applied to.",
            "non-linearity before the hidden layer",
        )
    return None


def _output(pairs: Sequence[tuple[Case, Answer]]) -> Feedback | None:
    low = min(answer["far"][0] for _, answer in pairs)
    high = max(answer["far"][1] for _, answer in pairs)
    if low >= 0 and high <= 1 + 1e-6:
        bounds = "between 0 and 1"
    elif low >= 0:
        bounds = "0 or above"
    elif low >= -1 - 1e-6 and high <= 1 + 1e-6:
        bounds = "between −1 and 1"
    elif high <= 0:
        bounds = "0 or below"
    else:
        return None
    return partial(
        WORKS,
        f"Whatever its parameters are, the outputs of `Net` are {bounds}, so it cannot predict "
        "other numbers. Look at what comes after the second layer.",
        "activation at the output",
    )


def _trained(pairs: Sequence[tuple[Case, Answer]]) -> Feedback | None:
    for case, answer in pairs:
        if "x" not in case:
            continue
        trained = answer.get("trained", {})
        if trained.get("kind") == "timeout":
            return _cut_short()  # the network answered before: it is the machine that is slow
        nothing = _nothing(trained)
        if nothing is not None:
            return nothing
        if trained.get("unmoved"):
            return incorrect(
                "Training moves only a part of the parameters of `Net`: no gradient reaches the "
                "others. Look in `forward` for a step that leaves the tensors, or whose slope is "
                "zero everywhere.",
                "part of it does not train",
            )
        loss, line = loss_of(case, trained), line_loss_of(case)
        if trained["updates"] < 3 * UPDATES and np.isfinite(loss) and loss > FAR_BELOW * line:
            return _cut_short()
        if not loss <= FAR_BELOW * line:
            return incorrect(
                f"After training on a curved target the loss of `Net` is {shown(loss)}, and the "
                f"best line has {shown(line)}. Look at whether all hidden units take part, and at "
                "whether the non-linear function lets the gradient through.",
                "does not train",
            )
    return None


def _cut_short() -> Feedback:
    return not_checked(
        "`Net` has the shapes and the parameters of one hidden layer. Its training did not come "
        "to an end in the time that the check has, so whether it learns could not be seen. Run "
        "the check again."
    )


def _computed(pairs: Sequence[tuple[Case, Answer]]) -> Feedback | None:
    """Compute the outputs and the training again: no claim counts that does not follow."""
    if _told_truly(pairs):
        return None
    return not_checked(
        "`Net` could not be checked to its end: its outputs, or where its training led, were not "
        "found again when they were computed from its parameters, as those of one hidden layer. "
        "Two `torch.nn.Linear` with one non-linear function between them can be checked."
    )


def _told_truly(pairs: Sequence[tuple[Case, Answer]]) -> bool:
    told = []
    for case, answer in pairs:
        told.append((case, answer.get("network")))
        if "x" in case:
            told += [(case, answer["trained"].get(when)) for when in ("before", "after")]
    if not all(isinstance(network, Mapping) for _, network in told):
        return False
    networks = [
        Told(case["sizes"], network.get("parameters"), points_of(case), network.get("outputs"))
        for case, network in told
    ]
    found = explain(networks)
    if found is None:
        return False
    layers = iter(found.layers)
    for case, answer in pairs:
        next(layers)
        if "x" not in case:
            continue
        before, after = next(layers), next(layers)
        trained = answer["trained"]
        if not _learned(case, trained):
            return False
        steps = trained.get("steps")
        if type(steps) is not int or not FEWEST <= steps <= UPDATES:
            return False
        y = np.array(case["y"]).reshape(-1, 1)
        way = agreement(before, after, found.function, points_of(case), y, steps, RATE)
        if not way >= SAME_WAY:
            return False
    return True


def _learned(case: Case, trained: Answer) -> bool:
    """Whether every parameter moved, and the loss that they give is one of a fit, not a copy."""
    before, after = (trained[when]["parameters"] for when in ("before", "after"))
    if any(old == new for old, new in zip(before, after, strict=True)):
        return False
    loss = loss_of(case, {"values": trained["after"]["outputs"]})
    return NOISE * line_loss_of(case, degree=2) <= loss <= FAR_BELOW * line_loss_of(case)
