"""Judging a function, or one value: which known program returns what the student's returns.

The reference and the slips are programs. Each is run on the cases, tensors in float64; the first
whose results are the student's, in every call, is the verdict. Where none is, the feedback says
what the results show.
"""

import inspect
import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Self

import numpy as np
import torch

from labchecks.ask.function import argument, back
from labchecks.ask.values import read_numbers
from labchecks.engine.compare import OVERFLOW, rounded_to, shown
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, not_attempted, not_checked, partial
from labchecks.registry import Answer, Case, Practice

Draw = Callable[[random.Random], Any]
#: What a program gives for one call: values, shape, gradients; None where it fails.
Outcome = Mapping[str, Any] | None

#: Relative difference that float32 may leave; right answers stay far below it.
TOLERANCE = 2e-5

#: Relative difference up to which a value that is not right comes close.
NEARLY = 2e-3

#: Relative difference that a reader of two numbers sees.
EYE = 1e-3

#: Share of the points where the values are right, but rounded, or a gradient or argument is lost.
VALUES_ONLY = 0.5

#: Values with so many decimals are as good as the formula's; the labs quote three of them.
ENOUGH_DECIMALS = 4


@dataclass(frozen=True)
class Slip:
    """A program that is wrong in a known way.

    Attributes
    ----------
    name : str
        The mistake, in a few words.
    program : callable or number
        Takes the arguments of the reference; or what it returns whatever it is given. In a table
        of slips also a tuple of programs of which the same is said, in a student's copy of the
        course that of the outcomes in the visible calls.
    says : str
        The sentence: ``{name}``, ``{value}`` (the first value that differs), ``{rows}`` (how many
        rows came back in that call) and ``{call}`` (its arguments) are filled in. One that begins
        with a colon or a comma goes on from ``{name} gives {value}``.
    look : str
        A sentence on what to look at; with no number in it, it can be said of hidden cases.
    given : bool
        Whether the practice cell holds this program before the student has changed it.
    """

    name: str
    program: Any
    says: str = ""
    look: str = ""
    given: bool = False

    def outcomes(self, calls: Sequence[Sequence[Any]], first: int = 0) -> Iterator[Outcome]:
        """What the program gives in each call; it runs only as far as it is asked.

        Of recorded outcomes those from number `first` on.
        """
        if isinstance(self.program, tuple):
            return iter(self.program[first : first + len(calls)])
        return (_outcome(self.program, json.dumps(given)) for given in calls)


def slip(name: str, program: Any, says: str = "", look: str = "", given: bool = False) -> Slip:
    """A row of a practice's table of slips, see :class:`Slip`."""
    begins = "{name} gives {value}" if says.startswith((":", ",")) else ""
    return Slip(name, program, begins + says, look, given)


def _rows(right: Any, slips: Sequence[Slip]) -> tuple[Slip, ...]:
    """The right program, then each wrong one with what is said of it."""
    rows = [Slip("", right)]
    for row in slips:
        several = row.program if isinstance(row.program, tuple) else (row.program,)
        rows += [replace(row, program=program) for program in several]
    return tuple(rows)


@dataclass(frozen=True)
class FunctionJudge:
    """Judges the results of a function's calls, or a value.

    Attributes
    ----------
    name : str
        What the student defines.
    programs : tuple of Slip
        The reference, then the slips.
    wanted : str
        What it should return or be, in words.
    arguments : tuple of str
        What the function's arguments are called; empty for a value.
    tolerance : float
        Relative difference that is allowed.
    praise : str
        What is said of a right answer; ``{value}`` is filled in.
    look : str
        What to look at where no slip explains the results.
    function : bool
        Whether it is a function.
    compared : str
        At which size a value is compared: ``"together"`` (its own, and a tenth of the largest of
        its call), ``"columns"`` (its own, and a tenth of the largest so far in its column of a
        table) or ``"each"`` (its own alone, for values of very different sizes).
    sooner : sequence of sequences
        What numbers may stand for the last arguments of the last call, so that a program takes less
        time: each makes a quick case.
    """

    name: str
    programs: tuple[Slip, ...]
    wanted: str
    arguments: tuple[str, ...] = ()
    tolerance: float = TOLERANCE
    praise: str = ""
    look: str = ""
    function: bool = True
    compared: str = "together"
    sooner: Sequence[Sequence[Any]] = ()

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """The verdict on all calls of all cases."""
        calls = [given for case in cases for given in case["calls"]]
        results: list[Answer] = []
        for case, answer in zip(cases, answers, strict=True):
            parts = [(answer, "calls" if self.function else "numbers")]
            if self.function:
                parts += [(result, "numbers") for result in answer.get("results", ())]
            where = self._circumstance(case, answer)
            for part, kind in parts:
                nothing = unusable(
                    part,
                    self.name,
                    self.wanted,
                    kind=kind,
                    function=self.function,
                    circumstance=where,
                )
                if nothing is not None:
                    return nothing
            results += [part for part, kind in parts if kind == "numbers"]
        if len(results) != len(calls):
            return not_checked(f"Not all answers of `{self.name}` reached the check.")
        right, *slips = self.programs
        expected = list(right.outcomes(calls))
        wrong = [k for k in range(len(calls)) if not self._agrees(expected[k], results[k])]
        if not wrong:
            return self._gradients(expected, results, calls)
        if all(map(self._is_list, expected, results)):
            return self._lost(
                f"`{self.name}` returns a {results[0]['type']}, and one tensor is asked for. Look "
                "at how the parts become one result.",
                "a list in place of a tensor",
            )
        first = wrong[0]
        off = self._off(expected[first], results[first])
        facts = {
            "name": f"`{self.name}`",
            "value": shown(results[first]["values"][off[0] if len(off) else 0]),
            "rows": results[first]["shape"][0] if results[first]["shape"] else 1,
            "call": self._call(calls[first]),
        }
        default = "For {call} {name} gives {value}." if facts["call"] else "{name} is {value}."
        for known in slips:
            # It need not show in every call, but it must explain them all.
            if all(map(self._agrees, known.outcomes(calls), results, expected)):
                says = (known.says or default).format(**facts)
                if known.given:
                    return not_attempted(says)
                return incorrect(f"{says} {known.look}".strip(), known.name)
        return self._rounded(expected, results, calls) or incorrect(
            *self._unknown(expected, results, wrong, calls, facts["call"])
        )

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """A quick look: may a right program answer so, perhaps to the first cases only?"""
        found = [r for a in answers for r in (a.get("results", []) if self.function else [a])]
        calls = [given for case in cases for given in case["calls"]]
        expected = self.programs[0].outcomes(calls, cases[0].get("first", 0))
        rounding = 0.5 * 10.0**-ENOUGH_DECIMALS
        return len(found) == len(calls) and all(
            self._agrees(e, r, rounding=rounding) for e, r in zip(expected, found, strict=True)
        )

    def quick_cases(self, case: Case) -> list[Case]:
        """Cases that a right program passes as well, and that take less time: one call each."""
        calls = self._with_sooner(case["calls"])
        made = [{**case, "calls": [given], "first": k} for k, given in enumerate(calls)]
        usual = len(case["calls"])
        return made[usual:] + made[:usual]

    def _with_sooner(self, calls: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The calls, and after them those that take less time."""
        return [*calls, *([*calls[-1][: -len(last)], *last] for last in self.sooner)]

    def _circumstance(self, case: Case, answer: Answer) -> str:
        """In which call it was that something went wrong."""
        number = answer.get("call", 0)
        if not self.arguments or not isinstance(number, int) or number >= len(case["calls"]):
            return ""
        where = f"The call was with {self._call(case['calls'][number])}."
        if not case.get("autograd", True) and "grad" in str(answer.get("message")):
            where = f"The check calls `{self.name}` while autograd is switched off. {where}"
        return where

    def _call(self, given: Sequence[Any]) -> str:
        """The arguments of a call in words: numbers as they are, tensors by their shape."""
        pieces = []
        for name, value in zip(self.arguments, given, strict=False):
            if isinstance(value, Mapping):
                pieces.append(f"`{name}` of shape {tuple(value['shape'])}")
            elif isinstance(value, (int, float)):
                pieces.append(f"`{name}` = {shown(value)}")
            else:
                pieces.append(f"{len(value)} values in `{name}`")
        return " and ".join(filter(None, [", ".join(pieces[:-1]), *pieces[-1:]]))

    def _agrees(
        self,
        outcome: Outcome,
        result: Answer,
        right: Outcome = None,
        rounding: float = 0.0,
        times: float = 1.0,
    ) -> bool:
        """Whether a result is the outcome up to `rounding`, and so many times what is allowed."""
        if outcome is None or result["kind"] != "numbers":
            return False
        expected, values = (np.asarray(one["values"], dtype=float) for one in (outcome, result))
        if expected.size != values.size:
            return False
        # One number is right in any shape, and so is a plain list of them.
        strict = expected.size > 1 and (outcome["tensor"] or len(outcome["shape"]) > 1)
        if strict and list(outcome["shape"]) != list(result["shape"]):
            return False
        with np.errstate(all="ignore"):
            allowed = times * self._allowed(outcome, right) + rounding
            # What overflows ends in infinity or in nan, in float32 earlier than in float64.
            lost = ~np.isfinite(values) & ~(np.abs(expected) < OVERFLOW)
            return bool((lost | (np.abs(values - expected) <= allowed)).all())

    def _allowed(self, outcome: Mapping[str, Any], right: Outcome = None) -> np.ndarray:
        """The difference allowed from each value; a slip's is compared at the right one's size."""
        sizes = np.abs(np.asarray(outcome["values"], dtype=float))
        if self.compared == "each":
            if right is not None and len(right["values"]) == sizes.size:
                sizes = np.maximum(sizes, np.abs(right["values"]))
            return self.tolerance * sizes + 1e-12
        largest = sizes.max(initial=0.0)
        if self.compared == "columns" and len(outcome["shape"]) == 2:
            table = sizes.reshape(outcome["shape"])
            largest = np.maximum.accumulate(table, axis=0).ravel()
            if right is not None:
                largest = 10 * largest  # a wrong run may swing for ever, and rounding adds up
        return self.tolerance * (sizes + 0.1 * largest) + 1e-6

    def _off(self, outcome: Mapping[str, Any], result: Answer, eye: float = 0.0) -> np.ndarray:
        """Which values are not right, of those that both have; by the relative `eye` or more."""
        both = min(len(outcome["values"]), len(result["values"]))
        values, expected = (np.array(one["values"][:both]) for one in (result, outcome))
        with np.errstate(all="ignore"):
            allowed = np.maximum(self._allowed(outcome)[:both], eye * np.abs(values))
            near = np.abs(values - expected) <= allowed
        return np.flatnonzero(~near)

    def _is_list(self, outcome: Outcome, result: Answer) -> bool:
        """Whether these are the right values in a list of tensors, whatever its shape."""
        return (
            bool(outcome and outcome["tensor"])
            and str(result.get("type")) in ("list of Tensor", "tuple of Tensor")
            and self._agrees({**outcome, "shape": result["shape"]}, result)
        )

    def _lost(self, text: str, mistake: str) -> Feedback:
        return partial(VALUES_ONLY, f"The values are right, but {text}", mistake)

    def _rounded(self, expected, results, calls) -> Feedback | None:
        """Feedback for the right values, rounded to two or more decimals; None if they are not."""
        decimals = rounded_to([v for r in results for v in r["values"]], fewest=2, error=1e-7)
        if decimals is None or not all(
            self._agrees(e, r, rounding=0.5 * 10.0**-decimals) for e, r in zip(expected, results)
        ):
            return None
        found = f"`{self.name}` has the right values, but rounds them to {decimals} decimals"
        look = "Look for what rounds, and leave it to where a number is printed."
        if any(isinstance(v, Mapping) and v.get("grad") for given in calls for v in given):
            return incorrect(f"{found}: no gradient flows through that. {look}", "rounded")
        if decimals < ENOUGH_DECIMALS:
            text = f"{found}: whoever works on with them has no more digits than that. {look}"
            return partial(VALUES_ONLY, text, "rounded")
        return self._gradients(expected, results, calls)

    def _gradients(self, expected, results, calls) -> Feedback:
        """What is said where all values are right: of the gradients that flow through them."""
        for outcome, result, given in zip(expected, results, calls, strict=True):
            if not result.get("unchanged", True):
                return self._lost(
                    f"`{self.name}` changes one of its arguments while it computes: whoever calls "
                    "it again gets something else. Look for an assignment that works in place.",
                    "changes its arguments",
                )
            names = [n for n, v in zip(self.arguments, given) if isinstance(v, Mapping)]
            for name, right, found in zip(
                names, outcome["gradients"], result.get("gradients", []), strict=False
            ):
                if right is None:
                    continue
                if found is None:
                    return self._lost(
                        f"no gradient flows back to `{name}`: PyTorch can no longer tell how the "
                        "result came about. Look for a step that leaves the tensors, such as "
                        "turning them into plain numbers.",
                        "not differentiable",
                    )
                # A sum whose terms cancel keeps their rounding.
                allowed = 10 * TOLERANCE * np.abs(right).max() + 1e-4
                if not (np.abs(np.subtract(found, right)) <= allowed).all():
                    return self._lost(
                        f"the gradient with respect to `{name}` is not. Look for a part of the "
                        "formula that PyTorch treats as a constant.",
                        "wrong gradient",
                    )
        return correct(self.praise.format(value=shown(results[0]["values"][0])))

    def _unknown(self, expected, results, wrong, calls, call: str) -> tuple[str, str]:
        """What the results show where no known program gives them, and what that is called."""
        outcome, result, name = expected[wrong[0]], results[wrong[0]], f"`{self.name}`"
        values, right = result["values"], outcome["values"]
        shape, wanted = list(result["shape"]), list(outcome["shape"])
        verb = "returns" if self.function else "holds"
        off, seen = self._off(outcome, result), self._off(outcome, result, EYE)
        first = int([*seen, *off, 0][0])
        if any(map(self._kept, results, expected[1:], results[1:])):
            return (
                f"What {name} returns begins with what the call before returned. Look at where its "
                "list is made: is it empty when the call begins?",
                "list kept between calls",
            )
        times = NEARLY / self.tolerance
        exact = self.tolerance < TOLERANCE
        if not exact and all(self._agrees(e, r, times=times) for e, r in zip(expected, results)):
            return (
                f"{name} comes close in every call, but is off by more than rounding: a value is "
                f"{values[off[0]]:.7g}, not {right[off[0]]:.7g}. Look for numbers that were "
                "rounded, and for a formula that holds only nearly, such as a difference "
                "quotient.",
                "close, not right",
            )
        ignored = self._ignored(expected, results, calls)
        if len(ignored) == 1:  # of several none may be the reason
            return (
                f"{name} returns the same for two calls that differ in nothing but "
                f"`{ignored[0]}`, where the right answers differ. Look at where `{ignored[0]}` "
                "enters, and at whether something else decides before it does.",
                f"ignores {ignored[0]}",
            )
        if not np.isfinite(values).all():
            return (
                f"{name} {verb} values that are not finite numbers. Look for a division by zero, "
                "and for a run that grows without bound.",
                "not finite",
            )
        instead = f", not {shown(right[first])}" if self.function else ""
        row, column = divmod(first, wanted[-1] if wanted else 1)
        table = self.compared == "columns"
        if len(values) != len(right) and table and len(shape) == 2:
            if shape[1] != wanted[1]:
                return (
                    f"Each row from {name} holds {shape[1]} numbers instead of {wanted[1]}. The "
                    f"practice asks for {self.wanted}.",
                    "other columns",
                )
            more = "too many rows" if shape[0] > wanted[0] else "too few rows"
            # Where the rows themselves are wrong, that they are so many may be a consequence.
            differs = (
                f" The first number that differs is value {column + 1} of row {row + 1}: it is "
                f"{shown(values[first])}{instead}."
            )
            found = f"{name} returns {more}: {shape[0]}, not {wanted[0]}, for {call}."
            return f"{found}{differs if len(seen) else ''} {self.look}", more
        if len(values) != len(right):
            count = "1 number" if len(values) == 1 else f"{len(values)} numbers"
            if len(right) > 1 and outcome["tensor"]:
                look = "Look at the names in it: which of them are its arguments?"
            elif len(right) > 1:
                look = "Look at how they are collected, and at its last line."
            elif self.function:
                look = "Look at how the rows become one number."
            else:
                look = "Look for a comma or a list in it: either makes several numbers of one."
            if len(right) == 1:
                return f"{name} {verb} {count} instead of one. {look}", "not one number"
            return (
                f"{name} {verb} {count} instead of {len(right)}. {look}",
                "wrong number of values",
            )
        if len(right) > 1 and wanted != shape:
            return (
                f"{name} returns the shape {tuple(shape)} where {tuple(wanted)} is right. Look at "
                "which of the names in it are its arguments, and at what broadcasting makes of "
                "them.",
                "wrong shape",
            )
        if len(results) > 1 and len({str(r["values"]) for r in results}) == 1:
            return (
                f"{name} returns the same whatever it is given. Look at which names in it are its "
                "arguments.",
                "ignores its arguments",
            )
        if len(wrong) < len(results):
            where = f" It is wrong with {call}." if self.look and call else ""
            look = self.look or (
                "Look for a shape, a number or a name from outside the function that it relies on."
            )
            return (
                f"{name} is right in some calls and wrong in others.{where} {look}",
                "right for some calls only",
            )
        which = f"Value {first + 1} of {len(right)} from {name}" if len(right) > 1 else name
        if table:
            which = f"In row {row + 1} of those from {name} value {column + 1}"
        given = f" for {call}" if call else ""
        look = self.look or "Compute a small case by hand and compare."
        return f"{which} is {shown(values[first] + 0.0)}{instead}{given}. {look}", "wrong values"

    def _kept(self, before: Answer, outcome: Mapping[str, Any], result: Answer) -> bool:
        """Whether a call's list begins with that of the call before, and is right from there on."""
        old, values = before["values"], result["values"]
        rest = {"kind": "numbers", "values": values[len(old) :], "shape": outcome["shape"]}
        begins = bool(outcome["shape"]) and values[: len(old)] == old
        return begins and self._agrees(outcome, rest)

    def _ignored(self, expected, results, calls) -> list[str]:
        """Arguments that make no difference, though calls differ in one alone and it should."""
        pairs, ignored = list(itertools.combinations(range(len(calls)), 2)), []
        for k, name in enumerate(self.arguments if len(self.arguments) > 1 else ()):
            alone = [
                results[i]["values"] == results[j]["values"]
                for i, j in pairs
                if [*calls[i][:k], *calls[i][k + 1 :]] == [*calls[j][:k], *calls[j][k + 1 :]]
                and not self._agrees(expected[i], {"kind": "numbers", **expected[j]})
            ]
            if alone and all(alone):
                ignored.append(name)
        return ignored

    def recorded(self, cases: Sequence[Case]) -> Self:
        """The judge with plain data in place of each program: what it gives on `cases`.

        To ten digits: the last ones depend on the machine, and what is released must not.
        """
        calls = self._with_sooner([given for case in cases for given in case["calls"]])
        rows = (replace(row, program=_to_ten_digits(row.outcomes(calls))) for row in self.programs)
        return replace(self, programs=tuple(rows))


def _to_ten_digits(outcomes: Iterator[Outcome]) -> tuple[Outcome, ...]:
    text = json.dumps(list(outcomes))
    return tuple(json.loads(text, parse_float=lambda number: float(f"{float(number):.10g}")))


@lru_cache(maxsize=1024)
def _outcome(program: Any, given: str) -> Outcome:
    """What a program gives for a call, and the gradients sent back; None if it fails.

    The arguments are JSON, by which it is known what they gave before.
    """
    arguments = [argument(value, torch.float64) for value in json.loads(given)]
    try:
        with np.errstate(all="ignore"):
            result = program(*arguments) if callable(program) else program
        answer = read_numbers(result)
        if answer["kind"] != "numbers":
            return None
        is_tensor = isinstance(result, torch.Tensor)
        if is_tensor and result.requires_grad:
            back(result)
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError):
        return None  # a mistake that these arguments do not allow
    grads = [value.grad for value in arguments if isinstance(value, torch.Tensor)]
    return {
        "values": answer["values"],
        "shape": answer["shape"],
        "tensor": is_tensor,
        "gradients": [None if grad is None else grad.flatten().tolist() for grad in grads],
    }


# The short forms of a practice ----------------------------------------------------------------


def function_practice(
    id: str,
    reference: Callable,
    *,
    title: str,
    points: float,
    cases: Mapping[str, Draw] | Callable[[random.Random], list[list[Any]]],
    slips: Sequence[Slip] = (),
    wanted: str = "one number",
    visible: Sequence[Sequence[Any]] | None = None,
    seed: int = 0,
    autograd: bool = True,
    **judged: Any,
) -> Practice:
    """A practice that asks for a function of the reference's name.

    Parameters
    ----------
    id, title, points
        See :class:`labchecks.registry.Practice`.
    reference : callable
        A right answer. Where an argument is a tensor, it is given one of float64.
    cases : mapping or callable
        For each argument how it is drawn, in the order of the arguments; or a function that draws
        all calls from a ``random.Random``, each a list of arguments.
    slips : sequence of Slip
        What students get wrong; the first that explains all results is named.
    wanted : str
        What the function should return, in words.
    visible : sequence, optional
        The calls of the check cell; drawn with `seed` if left out.
    autograd : bool
        Whether the function may use PyTorch's derivatives; else they are switched off.
    judged
        Further settings of :class:`FunctionJudge`, such as `tolerance` or `praise`.
    """
    arguments = tuple(inspect.signature(reference).parameters)

    def drawn(rng: random.Random) -> list[list[Any]]:
        if callable(cases):
            return cases(rng)
        return [[cases[argument](rng) for argument in arguments] for _ in range(CALLS)]

    def asked(calls: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
        return [{"calls": calls, "autograd": autograd}]

    return Practice.drawn(
        "function",
        FunctionJudge(reference.__name__, _rows(reference, slips), wanted, arguments, **judged),
        lambda rng: asked(drawn(rng)),
        id=id,
        title=title,
        points=points,
        seed=seed,
        visible=None if visible is None else lambda: asked(visible),
    )


def value_practice(
    id: str,
    right: float | Callable[[], float],
    *,
    title: str,
    points: float,
    name: str,
    slips: Sequence[Slip] = (),
    wanted: str = "one number",
    **judged: Any,
) -> Practice:
    """A practice that asks for a number which is the same for everybody."""
    judge = FunctionJudge(name, _rows(right, slips), wanted, function=False, **judged)
    question = ("value", name)
    return Practice(id, title, points, (name,), question, judge, visible=lambda: [{"calls": [[]]}])


# Drawing arguments ----------------------------------------------------------------------------

#: Calls of a case whose arguments are drawn one by one.
CALLS = 6


def uniform(low: float, high: float, size: int | Draw | None = None) -> Draw:
    """Draw a number between two bounds, to three decimals; with `size`, a list of so many."""

    def draw(rng: random.Random) -> Any:
        if size is None:
            return round(rng.uniform(low, high), 3)
        count = size(rng) if callable(size) else size
        return [round(rng.uniform(low, high), 3) for _ in range(count)]

    return draw


def whole(low: int, high: int) -> Draw:
    """Draw a whole number between two bounds, both included."""
    return lambda rng: rng.randint(low, high)


def tensor(
    rng: random.Random, shape: Sequence[int], grad: bool = False, dtype: str = "float32"
) -> dict[str, Any]:
    """A tensor as an argument of a call: values of moderate size, none of them near zero."""
    count = int(np.prod(shape))
    values = [round(rng.choice((-1, 1)) * rng.uniform(0.3, 4.0), 3) for _ in range(count)]
    return {"values": values, "shape": list(shape), "grad": grad, "dtype": dtype}
