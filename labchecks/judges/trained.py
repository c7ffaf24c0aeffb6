"""Judging a network by whether it trains: its layers, and what it predicts after a training."""

import functools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations
from statistics import NormalDist
from typing import Any

import numpy as np

from labchecks.engine.unusable import unusable_module
from labchecks.feedback import Feedback, correct, not_checked, partial
from labchecks.judges.network import are_numbers, are_shapes
from labchecks.registry import Answer, Case, Practice

#: Random starts, each with data of its own; each is worth the same share of the points.
STARTS = 5

#: The data: y = INTERCEPT + SLOPE·x + noise of variance 1, with x normal around 2.
INTERCEPT, SLOPE, MEAN = 5.0, 2.0, 2.0

#: R² that a trained network has to exceed. The rule itself reaches 0.8, and good networks 0.76 or
#: more: a start that chance makes a little worse must not cost points.
GOAL = 0.7

#: R² that nothing but chance gives before training.
UNTRAINED = 0.5

#: Predictions that spread less than this, in units of the noise, are one constant.
CONSTANT = 0.05


def trained_practice(
    id: str, *, name: str, sizes: Sequence[int], seed: int = 44, **settings: Any
) -> Practice:
    """A practice that asks for ``name()``, a network with layers of given sizes that trains.

    The points are in proportion to the starts that reach the goal.

    Parameters
    ----------
    sizes : sequence of int
        Numbers of inputs, 2 (a column of ones and x), hidden units of each layer, and outputs, 1.
    **settings
        ``lr``, ``epochs`` and ``batch_size`` of the training; the others are those of
        :meth:`labchecks.registry.Practice.drawn`.
    """
    training = {key: settings.pop(key) for key in ("lr", "epochs", "batch_size")}
    judge = TrainedNetwork(name, tuple(sizes))
    cases = functools.partial(trained_cases, **training)
    return Practice.drawn("trained", judge, cases, id=id, seed=seed, **settings)


def trained_cases(rng: random.Random, **training: Any) -> list[dict[str, Any]]:
    """For each start its data, the inputs for which predictions are wanted, and far-away ones."""
    # Evenly spread over the distribution of x: their mean and variance are not left to chance.
    held = [round(NormalDist(MEAN, 1).inv_cdf((k + 0.5) / 200), 4) for k in range(200)]
    wide = [float(value) for value in range(-100, 101, 10)]
    cases = []
    for _ in range(STARTS):
        x = [round(rng.gauss(MEAN, 1), 3) for _ in range(1000)]
        y = [round(INTERCEPT + SLOPE * value + rng.gauss(0, 1), 3) for value in x]
        seed = rng.randrange(1_000_000)
        cases.append({"x": x, "y": y, "held": held, "wide": wide, "seed": seed, **training})
    return cases


#: What is said of each mistake.
SAID = {
    "wrong shape": "For {rows} rows `{name}` returns the shape {shape}. It should have one row for "
    "each row of the inputs and one column.",
    "parameters not registered": "`{name}` knows the weights of {count} of its {layers} layers: "
    "the others would never be trained. Look at how the layers are stored: a module finds those on "
    "`self`, in an `nn.Sequential` or in an `nn.ModuleList`.",
    "wrong sizes": "The weights of `{name}` have the shapes {has}. Those of {chain} connect "
    "{connect}. Look at the two numbers of each layer.",
    "not differentiable": "No gradient flows from the output of `{name}` to its parameters, so "
    "nothing can be trained. Look for a step in `forward` that leaves the tensors.",
    "no non-linear function": "`{name}` computes a straight line, before training and after: "
    "layers without a non-linear function between them are one line. Look at what happens to the "
    "output of each hidden layer.",
    "starts at the answer": "`{name}` already predicts the targets before it is trained: its "
    "parameters do not start at random. Look at how they are made.",
    "nothing moves": "{worst} the predictions after training are those before it. Look at what the "
    "output depends on.",
    "activation after the output": "{worst} every prediction lies between {least} and 1, and the "
    "targets do not. Look at what stands after the last layer.",
    "too slow": "{worst} its predictions depend on x, but R² is only {score:.2f} after this "
    "training. Look at how far the output has to travel from where it starts, and how fast it can.",
    "dead units": "{worst} it predicts {level:.2g} for all x, and the gradient of every hidden "
    "weight is exactly 0: the units of a whole layer give 0 for every row, and they stay there. "
    "Look at what the non-linear function does left of 0, and at how far the output has to travel.",
    "still on the plateau": "{worst} it predicts {level:.2g} for all x: nothing of x gets through "
    "the layers. Look at how much of a difference each non-linear function lets through.",
}


@dataclass(frozen=True)
class TrainedNetwork:
    """The judge: sizes of the layers, a non-linear function, R² after the training.

    R² is the one to be expected on fresh data at the inputs ``held``: the rule and the variance of
    its noise are known, so none need be drawn, and the student's process is sent no target of them.
    """

    #: The student's name for the module.
    name: str
    #: Numbers of inputs, hidden units of each layer, and outputs.
    sizes: Sequence[int]

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """Judge the answers of :func:`labchecks.ask.network.ask_trained`."""
        for answer in answers:
            if nothing := unusable_module(answer, self.name):
                return nothing
        for case, answer in zip(cases, answers, strict=True):
            rows, shape = len(case["held"]), tuple(answer["shape"])
            if shape != (rows, 1):
                return self._wrong("wrong shape", rows=rows, shape=shape)
            if not _is_readable(case, answer):
                return not_checked(
                    f"What `{self.name}` predicts could not be read. Please tell your instructor."
                )
        return (
            self._layers(answers[0]["shapes"])
            or self._function(cases, answers)
            or self._trained(cases, answers)
        )

    def _wrong(self, mistake: str, share: float = 0.0, **found: object) -> Feedback:
        return partial(share, SAID[mistake].format(name=self.name, **found), mistake)

    def _layers(self, shapes: Sequence[Sequence[int]]) -> Feedback | None:
        """What is wrong with the layers; biases and one-dimensional parameters are left free."""
        shapes, wanted = [shape for shape in shapes if len(shape) > 1], _pairs(self.sizes)
        found = [tuple(sorted(shape)) for shape in shapes]
        # The layers may be stored in any order, but not as the chain of other hidden sizes.
        first, *hidden, last = self.sizes
        others = (_pairs((first, *other, last)) for other in permutations(hidden))
        if found == wanted or (sorted(found) == sorted(wanted) and found not in others):
            return None
        if len(found) < len(wanted) and not Counter(found) - Counter(wanted):
            return self._wrong("parameters not registered", count=len(found), layers=len(wanted))
        return self._wrong(
            "wrong sizes",
            has=", ".join(" by ".join(map(str, shape)) for shape in shapes),
            chain="-".join(map(str, self.sizes)),
            connect=", ".join(f"{a} to {b}" for a, b in zip(self.sizes, self.sizes[1:])),
        )

    def _function(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback | None:
        """What is wrong with the function that an untrained network computes."""
        if any(answer["slopes"] is None for answer in answers):
            return self._wrong("not differentiable")
        # Before training and after. One constant says nothing: units may be dead, weights 0.
        lines = [part for answer in answers for part in np.split(np.array(answer["wide"]), 2)]
        if all(map(_is_straight, lines)) and max(map(np.ptp, lines)) > CONSTANT:
            return self._wrong("no non-linear function")
        if any(_r_squared(c, a["before"]) > UNTRAINED for c, a in zip(cases, answers)):
            return self._wrong("starts at the answer")
        return None

    def _trained(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        scores = [_r_squared(c, a["values"]) for c, a in zip(cases, answers, strict=True)]
        reached = sum(score > GOAL for score in scores)
        if reached == len(scores):
            return correct(
                f"Trained from {len(scores)} random starts, `{self.name}` reaches R² "
                f"{min(scores):.2f} or more on held-out data from every one of them."
            )
        k = int(np.argmin(np.nan_to_num(scores, nan=-np.inf)))
        answer, values = answers[k], np.array(answers[k]["values"])
        everything = np.concatenate([values, answer["before"], answer["wide"]])
        if answer["values"] == answer["before"]:
            mistake = "nothing moves"
        elif np.abs(everything).max() <= 1:
            mistake = "activation after the output"
        elif not values.std() < CONSTANT:
            mistake = "too slow"
        else:
            mistake = "dead units" if self._is_dead(answer) else "still on the plateau"
        return self._wrong(
            mistake,
            reached / len(scores),
            worst=f"`{self.name}` reaches R² above {GOAL} from {reached or 'none'} of "
            f"{len(scores)} random starts. In the worst case",
            least="−1" if everything.min() < 0 else "0",
            score=scores[k],
            level=values.mean(),
        )

    def _is_dead(self, answer: Answer) -> bool:
        """Whether no hidden weight has a gradient any more."""
        last = sorted(self.sizes[-2:])
        slopes = zip(answer["shapes"], answer["slopes"], strict=True)
        return all(s == 0 for shape, s in slopes if len(shape) > 1 and sorted(shape) != last)


def _pairs(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """The two sizes that each layer connects, the smaller one first."""
    return [tuple(sorted(pair)) for pair in zip(sizes, sizes[1:])]


def _r_squared(case: Case, values: Sequence[float]) -> float:
    """R² of predictions for ``held``, as expected on data with noise of variance 1."""
    rule = INTERCEPT + SLOPE * np.array(case["held"])
    with np.errstate(all="ignore"):
        return float(1 - (np.mean((np.array(values) - rule) ** 2) + 1) / (rule.var() + 1))


def _is_straight(values: np.ndarray) -> bool:
    """Whether predictions for inputs at equal distances lie on a line."""
    with np.errstate(all="ignore"):  # a run that left all bounds predicts no numbers
        return bool(np.abs(np.diff(values, 2)).max() <= 1e-4 * np.ptp(values) + 1e-6)


def _is_readable(case: Case, answer: Answer) -> bool:
    """Whether the answer has the form of one; it comes from the student's process."""
    n, shapes, slopes = len(case["held"]), answer.get("shapes"), answer.get("slopes")
    lengths = {"values": n, "before": n, "wide": 2 * len(case["wide"])}
    return (
        all(are_numbers(answer.get(key), length) for key, length in lengths.items())
        and are_shapes(shapes)
        and (slopes is None or (isinstance(slopes, list) and len(slopes) == len(shapes)))
    )
