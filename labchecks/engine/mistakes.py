"""The known mistakes: how each changes the simulated run, and what it is called to the student.

Each is a row of ``mistakes.toml``, which says what its columns are.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from labchecks.engine.run import Absolute, Crossed, Descent, DividedTwice, Points, noise_free


@dataclass(frozen=True)
class Mistake:
    """A mistake that a program can make, as a change to the right run.

    Attributes
    ----------
    name : str
        Short name, as in :attr:`Feedback.mistake`.
    change : mapping
        Fields of :class:`Descent` that it replaces.
    sentence, look, words : str
        What is said of it: templates, see ``mistakes.toml``.
    kind : str
        ``"step"`` (how the parameters move), ``"record"`` (what is written down), ``"setting"``
        (rate, start, data), ``"batch"`` (only with batches smaller than the data),
        ``"one sample"`` or ``"order"``.
    training : bool
        Whether a training function with a start of its own is tried for it as it stands.
    """

    name: str
    change: Mapping[str, object] = field(default_factory=dict)
    sentence: str = ""
    look: str = ""
    kind: str = "step"
    words: str = ""
    training: bool = True

    def applied_to(self, run: Descent) -> Descent:
        """The run with this mistake in it."""
        return run.with_(**self.change)

    def goes_with(self, other: "Mistake") -> bool:
        """Whether both can be in one run: they change different fields."""
        return self is not other and not set(self.change) & set(other.change)

    def filled(self, change: Mapping[str, object], **holes: object) -> "Mistake":
        """The same with another change, and with the holes ``{hole}`` of its texts filled."""
        texts = {name: getattr(self, name) for name in ("name", "sentence", "look", "words")}
        return replace(self, change=change, **_filled(texts, holes))


def _filled(row: Mapping[str, object], holes: Mapping[str, object]) -> dict[str, object]:
    """A row with words in the holes of its texts."""

    def word(hole: re.Match) -> str:
        return str(holes.get(hole[1], hole[0]))

    return {k: re.sub(r"{(\w+)}", word, v) if isinstance(v, str) else v for k, v in row.items()}


# Slices and optimizers ------------------------------------------------------------------------


def _slices(cut=lambda size, batches: (size, size), kept: slice = slice(None), times: int = 1):
    """A `split` of a run: slices of which those kept are gone through several times.

    ``cut(batch size, number of batches)`` says how far they are apart and how long they are.
    """

    def split(order: np.ndarray, size: int) -> list[np.ndarray]:
        rows = order.shape[-1]
        batches = -(-rows // size)
        stride, length = cut(size, batches)
        begins = range(0, rows, stride)[:batches]
        return times * [order[..., i : i + length] for i in begins][kept]

    return split


@dataclass(frozen=True)
class Momentum:
    """Steps of SGD with momentum, as PyTorch takes them."""

    momentum: float = 0.9
    nesterov: bool = False

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        steps = []
        for name, grad in (("w", grad_w), ("b", grad_b)):
            memory[name] = grad + self.momentum * memory.get(name, 0.0)
            steps.append(grad + self.momentum * memory[name] if self.nesterov else memory[name])
        return rate * steps[0], rate * steps[1]


@dataclass(frozen=True)
class WeightDecay:
    """Steps of SGD that also pull both parameters to zero."""

    decay: float

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        return rate * (grad_w + self.decay * w), rate * (grad_b + self.decay * b)


@dataclass(frozen=True)
class Rates:
    """Steps at the rates `rates` in turn, multiplied by `fading` after each round of them."""

    rates: tuple[float, ...]
    fading: float = 1.0

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        k = memory["k"] = memory.get("k", -1) + 1
        own = self.rates[k % len(self.rates)] * self.fading ** (k // len(self.rates))
        return own * grad_w, own * grad_b


@dataclass(frozen=True)
class OwnRates:
    """Steps at one rate in w and another in b."""

    w: float
    b: float

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        return self.w * grad_w, self.b * grad_b


@dataclass(frozen=True)
class OncePerEpoch:
    """One step after the last of `batches` batches, by its gradient or by the sum of all."""

    batches: int
    summed: bool = False

    def __call__(self, w, b, grad_w, grad_b, memory, rate):
        seen = memory.setdefault("seen", [])
        seen.append((grad_w, grad_b))
        if len(seen) < self.batches:
            return 0.0, 0.0
        memory["seen"] = []
        return tuple(rate * sum(grads) for grads in zip(*seen[0 if self.summed else -1 :]))


def _first_step_doubled(w, b, grad_w, grad_b, memory, rate):
    rate *= memory.get("factor", 2.0)
    memory["factor"] = 1.0
    return rate * grad_w, rate * grad_b


def _adam(w, b, grad_w, grad_b, memory, rate):
    """The steps of Adam with PyTorch's constants."""
    k = memory["k"] = memory.get("k", 0) + 1
    steps = []
    for name, grad in (("w", grad_w), ("b", grad_b)):
        first = memory[name] = 0.9 * memory.get(name, 0.0) + 0.1 * grad
        second = memory[name, 2] = 0.999 * memory.get((name, 2), 0.0) + 0.001 * grad * grad
        steps.append(rate * first / (1 - 0.9**k) / (np.sqrt(second / (1 - 0.999**k)) + 1e-8))
    return tuple(steps)


# The catalogue --------------------------------------------------------------------------------


def part_of(points: Points, rows: slice) -> Points:
    """Some of the points."""
    clean = None if points.clean is None else points.clean[rows]
    return Points(points.x[rows], points.y[rows], clean)


def _standardised(points: Points, ddof: int) -> Points:
    return replace(points, x=(points.x - points.x.mean()) / points.x.std(ddof=ddof))


#: What the rows call by a name: values of fields that are no plain ones.
FUNCTIONS: dict[str, object] = {
    "none": None,
    "first step doubled": _first_step_doubled,
    "momentum": Momentum(),
    "Nesterov's momentum": Momentum(nesterov=True),
    "Adam": _adam,
    "weight decay 0.1": WeightDecay(0.1),
    "weight decay 0.01": WeightDecay(0.01),
    "absolute": Absolute,
    "crossed": Crossed,
    "divided twice": DividedTwice,
    "noise-free": noise_free,
    "inputs as targets": lambda points: replace(points, y=points.x, clean=points.x),
    "standardised as in PyTorch": lambda points: _standardised(points, ddof=1),
    "standardised as in NumPy": lambda points: _standardised(points, ddof=0),
    "between 0 and 1": lambda points: replace(
        points, x=(points.x - points.x.min()) / np.ptp(points.x)
    ),
    "first four fifths": lambda points: part_of(points, slice(round(0.8 * len(points)))),
    "by the number of batches": _slices(lambda size, batches: (batches, batches)),
    "by one": _slices(lambda size, batches: (1, size)),
    "one row short": _slices(lambda size, batches: (size, max(1, size - 1))),
    "with gaps": _slices(lambda size, batches: (size + 1, size)),
    "without the last": _slices(kept=slice(None, -1)),
    "without the first": _slices(kept=slice(1, None)),
    "the first alone": _slices(kept=slice(1)),
    "all twice": _slices(times=2),
    "all three times": _slices(times=3),
}

#: The fields of a change, and those that have such values; `by` is one of `suspects`.
_FIELDS = {"by"} | {field.name for field in fields(Descent)}
_NAMED = {"by"} | {
    field.name
    for field in fields(Descent)
    if field.default is None or isinstance(field.default, type)
}


def read(file: str, functions: Mapping[str, object], made: Callable = Mistake) -> dict[str, tuple]:
    """The rows of a file beside this module, by group, each as ``made(name, kind=kind, **row)``.

    Raises
    ------
    KeyError, TypeError
        If a row names a function that is not among `functions`, or has a column that `made` lacks.
    """
    groups = tomllib.loads((Path(__file__).parent / file).read_text(encoding="utf-8"))
    return {group: tuple(_made(kinds, functions, made)) for group, kinds in groups.items()}


def _made(kinds: Mapping, functions: Mapping[str, object], made: Callable) -> Iterator:
    def value(name: str, plain):
        if name in _NAMED and isinstance(plain, str):
            return functions[plain]
        return tuple(plain) if isinstance(plain, list) else plain

    rows = [(n, k, row) for k, names in kinds.items() for n in names for row in names[n]]
    for name, kind, row in rows:
        changes = row.pop("change", {})
        for each in changes if isinstance(changes, list) else [changes]:
            change = {key: value(key, each[key]) for key in each if key in _FIELDS}
            holes = {key: each[key] for key in each if key not in _FIELDS}
            if not all(f"{{{hole}}}" in row["sentence"] for hole in holes):
                raise KeyError(f"{name}: neither fields nor holes: {[*holes]}")
            yield made(**_filled({"name": name, **row}, holes), kind=kind, change=change)


_GROUPS: dict[str, tuple[Mistake, ...]] = read("mistakes.toml", FUNCTIONS)

CATALOGUE = _GROUPS["known"]
#: Other data, other optimizers, other slices: never two of them together.
MORE = _GROUPS["alone"]
#: Mistakes that only a shuffled run can have.
APART = _GROUPS["shuffled"]
#: Runs that should be shuffled and are not, and mistakes in one pass over single samples.
UNSHUFFLED, PASS = _GROUPS["unshuffled"], _GROUPS["pass"]


def find(name: str, group: str = "known") -> Mistake:
    """The first mistake of that name.

    Raises
    ------
    KeyError
        If there is none.
    """
    for mistake in _GROUPS[group]:
        if mistake.name == name:
            return mistake
    raise KeyError(f"no mistake {name!r}")


def of_kind(*kinds: str) -> tuple[Mistake, ...]:
    """The mistakes of these kinds, in the catalogue's order."""
    return tuple(mistake for mistake in CATALOGUE if mistake.kind in kinds)


@lru_cache(maxsize=16)
def splits(n: int) -> tuple[Mistake, ...]:
    """For each usual `random_state`: the `n` points split by scikit-learn, a fifth held out."""
    held, form = -(-n // 5), find("part of the data held out of the steps", "form")
    seeds = (*range(6), 7, 10, 11, 21, 42, 100, 101, 111, 123, 1234, 2024, 2025, 2026)
    orders = (np.random.RandomState(seed).permutation(n)[held:].tolist() for seed in seeds)
    return tuple(replace(form, change={"order": (tuple(order),)}) for order in orders)


def per_epoch(mistake: Mistake) -> Mistake:
    """The mistake in the words of a record that is made once per epoch, of many updates."""
    (reworded,) = _GROUPS["per_epoch"]
    return reworded if mistake.name == reworded.name else mistake


def wrong_size(size: int, near: bool = False) -> Mistake:
    """Batches of another size; `near` where a cloud of shuffles is all that is known."""
    form = find("wrong batch size", "near" if near else "form")
    return form.filled({"batch_size": size}, size=size)


def wrong_rate(rate: float, right: float = np.nan) -> Mistake:
    """The run with another learning rate (`right` is the one that was asked for)."""
    short = f"{rate:.2g}"
    about = "" if abs(rate - float(short)) < 1e-3 * rate else "about "
    return _other_rate("form", rate, right, about + short)


def near_rate(rate: float, right: float) -> Mistake:
    """Another rate, where a cloud of shuffles is all that is known."""
    return _other_rate("near", rate, right, f"{rate:g}")


def _other_rate(group: str, rate: float, right: float, used: str) -> Mistake:
    also = ""
    if abs(2 * rate - right) < 1e-3 * right:
        also = ", and at the factor that the square leaves in the derivative"
    elif abs(rate - 2 * right) < 1e-3 * right:
        also = ", and at how often a step is made"
    return find("wrong rate", group).filled({"rate": rate}, used=used, also=also)


def wrong_start(start: tuple[float, float] | None, why: str = "") -> Mistake:
    """The run from another start; None says that only the start is known to differ."""
    if start is None:
        return find("wrong start", "near")
    return find("wrong start", "form").filled({"start": start}, why=why)


def summed_gradients(run: Descent, n: int) -> Mistake:
    """One update per epoch, with the sum of the gradients of all batches of `n` points."""
    batches = -(-n // run.batch_size)
    form = find("one update per epoch, with summed gradients", "form")
    change = {"batch_size": None, "gradient_scale": float(batches)}
    return form.filled(change, batches=batches)
