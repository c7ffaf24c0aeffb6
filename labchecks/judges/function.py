"""Judging a function, or one value: which known program returns what the student's returns.

The reference and the slips are programs. Each is run on the cases, tensors in float64; the first
whose results are the student's, in every call, is the verdict. Where none is, the feedback says
what the results show.
"""

from __future__ import annotations

import inspect
import itertools
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from labchecks.ask.function import argument, back
from labchecks.ask.values import read_numbers
from labchecks.engine.compare import OVERFLOW, rounded_to, shown
from labchecks.engine.unusable import unusable
from labchecks.feedback import Feedback, correct, incorrect, not_attempted, not_checked, partial
from labchecks.judges.drawn import drawn_practice
from labchecks.registry import Practice

__all__ = [
    "Slip",
    "function_practice",
    "slip",
    "tensor",
    "uniform",
    "value_practice",
    "whole",
]

Case = Mapping[str, Any]
Answer = Mapping[str, Any]
Draw = Callable[[random.Random], Any]
#: What a program gives for one call: values, shape, gradients; None where it fails.
Outcome = Mapping[str, Any] | None

#: Relative difference that float32 may leave; right answers stay far below it.
TOLERANCE = 2e-5

#: Relative difference up to which a value that is not right comes close.
NEARLY = 2e-3

#: Share of the points where the values are right and the gradient, or an argument, is lost.
VALUES_ONLY = 0.5

#: Values with so many decimals are as good as the formula's; the labs quote three of them.
ENOUGH_DECIMALS = 4

#: What is said of several values in place of one number that is no function's.
SEVERAL = "Look for a comma or a list in it: either makes several numbers of one."

#: Share of the points where the values are right and were rounded to fewer decimals.
ROUNDED = 0.5


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
        course the outcomes in the visible calls.
    says : str
        The sentence: ``{name}``, ``{value}`` (the first value that differs), ``{rows}`` (how many
        rows came back in that call) and ``{call}`` (its arguments) are filled in. One that begins
        with a colon or a comma goes on from ``{name} gives {value}``.
    look : str
        A sentence on what to look at; it holds no number, so it can be said of hidden cases.
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
        if isinstance(self.program, Recorded):
            return iter(self.program[first : first + len(calls)])
        if callable(self.program):
            return (_known_outcome(self.program, json.dumps(given)) for given in calls)
        return (_outcome(self.program, given) for given in calls)


class Recorded(tuple):
    """The outcomes of a program in the visible calls, in place of the program."""


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
    autograd : bool
        Whether PyTorch's derivatives may be used.
    sooner : sequence of sequences
        What may stand for the last arguments of the last call, so that a program takes less time:
        each makes a quick case.
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
    autograd: bool = True
    sooner: Sequence[Sequence[Any]] = ()

    def __call__(self, cases: Sequence[Case], answers: Sequence[Answer]) -> Feedback:
        """The verdict on all calls of all cases."""
        if not cases or len(cases) != len(answers):
            return not_checked(f"No answer for `{self.name}` reached the check.")
        calls = [given for case in cases for given in case["calls"]]
        hidden = [bool(case.get("hidden")) for case in cases for _ in case["calls"]]
        results = []
        for case, answer in zip(cases, answers, strict=True):
            where = "" if case.get("hidden") else self._circumstance(case, answer)
            found = [answer]
            if self.function:
                nothing = self._nothing(answer, "calls", where)
                if nothing is not None:
                    return nothing
                found = answer["results"]
            for result in found:
                nothing = self._nothing(result, "numbers", where)
                if nothing is not None:
                    return nothing
            results += found
        if len(results) != len(calls):
            return not_checked(f"Not all answers of `{self.name}` reached the check.")
        right, *slips = self.programs
        expected = list(right.outcomes(calls))
        wrong = [k for k in range(len(calls)) if not self._agrees(expected[k], results[k])]
        if not wrong:
            return self._gradients(expected, results, calls)
        first = wrong[0]
        off = self._first_off(expected[first], results[first])
        facts = {
            "name": f"`{self.name}`",
            "value": shown(results[first]["values"][off]),
            "rows": results[first]["shape"][0] if results[first]["shape"] else 1,
            "call": self._call(calls[first], hidden[first]),
        }
        if all(map(self._is_list, expected, results)):
            return partial(
                VALUES_ONLY,
                f"The values are right, but `{self.name}` returns a {results[0]['type']}, and one "
                "tensor is asked for. Look at how the parts become one result.",
                "a list in place of a tensor",
            )
        for known in slips:
            # It need not show in every call, but it must explain them all.
            if all(map(self._agrees, known.outcomes(calls), results, expected)):
                if known.given:
                    return not_attempted(known.says.format(**facts))
                says = (known.says or self._default(facts["call"])).format(**facts)
                if hidden[first] and known.look:
                    says = "Right for the cases of the lab, but not for others."
                return incorrect(f"{says} {known.look}".strip(), known.name)
        return self._rounded(expected, results, calls) or self._unknown(
            expected, results, wrong, calls, facts, hidden[first]
        )

    def may_be_right(self, cases: Sequence[Case], answers: Sequence[Answer]) -> bool:
        """Whether these answers, perhaps to the first cases only, can be a right program's.

        A quick look that does not ask what went wrong.
        """
        found = [r for a in answers for r in (a.get("results", []) if self.function else [a])]
        calls = [given for case in cases for given in case["calls"]]
        if len(found) != len(calls):
            return False
        expected = self.programs[0].outcomes(calls, cases[0].get("first", 0))
        rounding = 0.5 * 10.0**-ENOUGH_DECIMALS
        return all(
            self._agrees(e, r, rounding=rounding) for e, r in zip(expected, found, strict=True)
        )

    def quick_cases(self, case: Case) -> list[Case]:
        """Cases that a right program passes as well, and that take less time: one call each."""
        calls = list(enumerate(self._with_sooner(case["calls"])))
        sooner, usual = calls[len(case["calls"]) :], calls[: len(case["calls"])]
        return [{**case, "calls": [given], "first": k} for k, given in sooner + usual]

    def _with_sooner(self, calls: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
        """The calls, and after them those that take less time."""
        return [*calls, *([*calls[-1][: -len(last)], *last] for last in self.sooner)]

    def _default(self, call: str) -> str:
        return "For {call} {name} gives {value}." if call else "{name} is {value}."

    def _nothing(self, answer: Answer, kind: str, where: str) -> Feedback | None:
        return unusable(
            answer,
            self.name,
            self.wanted,
            kind=kind,
            function=self.function,
            circumstance=where,
        )

    def _circumstance(self, case: Case, answer: Answer) -> str:
        """In which call it was that something went wrong."""
        number = answer.get("call", 0)
        if not self.arguments or not isinstance(number, int) or number >= len(case["calls"]):
            return ""
        where = f"The call was with {self._call(case['calls'][number])}."
        if not self.autograd and "grad" in str(answer.get("message")):
            where = f"The check calls `{self.name}` while autograd is switched off. {where}"
        return where

    def _call(self, given: Sequence[Any], hidden: bool = False) -> str:
        """The arguments of a call in words: numbers as they are, tensors by their shape."""
        pieces = []
        if hidden and any(isinstance(value, (int, float)) for value in given):
            return ""
        for name, value in zip(self.arguments, given, strict=False):
            if isinstance(value, Mapping):
                pieces.append(f"`{name}` of shape {tuple(value['shape'])}")
            elif isinstance(value, (int, float)):
                pieces.append(f"`{name}` = {shown(value)}")
            else:
                pieces.append(f"{len(value)} values in `{name}`")
        return ", ".join(pieces[:-1]) + (" and " if len(pieces) > 1 else "") + "".join(pieces[-1:])

    def _agrees(
        self,
        outcome: Outcome,
        result: Answer,
        right: Outcome = None,
        *,
        rounding: float = 0.0,
        nearly: bool = False,
    ) -> bool:
        if outcome is None or result["kind"] != "numbers":
            return False
        expected = np.asarray(outcome["values"], dtype=float)
        values = np.asarray(result["values"], dtype=float)
        if expected.size != values.size:
            return False
        # One number is right in any shape, and so is a plain list of them.
        strict = expected.size > 1 and (outcome["tensor"] or len(outcome["shape"]) > 1)
        if strict and list(outcome["shape"]) != list(result["shape"]):
            return False
        with np.errstate(all="ignore"):
            more = max(1.0, NEARLY / self.tolerance) if nearly else 1.0
            allowed = more * self._allowed(outcome, right)
            near = np.abs(values - expected) <= allowed + rounding
            # What overflows ends in infinity or in nan, in float32 earlier than in float64.
            lost = ~np.isfinite(values) & ~(np.abs(expected) < OVERFLOW)
        return bool((near | lost).all())

    def _is_list(self, outcome: Outcome, result: Answer) -> bool:
        """Whether these are the right values in a list of tensors, whatever its shape."""
        return (
            bool(outcome and outcome["tensor"])
            and str(result.get("type")) in ("list of Tensor", "tuple of Tensor")
            and self._agrees({**outcome, "shape": result["shape"]}, result)
        )

    def _allowed(self, outcome: Mapping[str, Any], right: Outcome) -> np.ndarray:
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

    def _first_off(self, outcome: Mapping[str, Any], result: Answer) -> int:
        """The index of the first value that is not the right one."""
        values, expected = (np.asarray(one["values"], dtype=float) for one in (result, outcome))
        # Of two tables of different lengths the rows that both have are compared.
        both = min(values.size, expected.size)
        if both < max(values.size, expected.size) and self.compared != "columns":
            return 0
        with np.errstate(all="ignore"):
            allowed = self._allowed(outcome, None)[:both]
            off = ~(np.abs(values[:both] - expected[:both]) <= allowed)
        return int(np.argmax(off))

    def _rounded(self, expected, results, calls) -> Feedback | None:
        """Feedback for the right values, rounded to two or more decimals; None if they are not."""
        decimals = rounded_to([v for r in results for v in r["values"]], fewest=2, error=1e-7)
        if decimals is None or not all(
            self._agrees(e, r, rounding=0.5 * 10.0**-decimals) for e, r in zip(expected, results)
        ):
            return None
        found = f"`{self.name}` has the right values, but rounds them to {decimals} decimals"
        if any(isinstance(v, Mapping) and v.get("grad") for given in calls for v in given):
            return incorrect(
                f"{found}: no gradient flows through that. Look for what rounds, and leave it to "
                "where a number is printed.",
                "rounded",
            )
        if decimals < ENOUGH_DECIMALS:
            return partial(
                ROUNDED,
                f"{found}: whoever works on with them has no more digits than that. Look for what "
                "rounds, and leave it to where a number is printed.",
                "rounded",
            )
        return self._gradients(expected, results, calls)

    def _gradients(self, expected, results, calls) -> Feedback:
        """What is said where all values are right: of the gradients that flow through them."""
        for outcome, result, given in zip(expected, results, calls, strict=True):
            if not result.get("unchanged", True):
                return partial(
                    VALUES_ONLY,
                    f"The values are right, but `{self.name}` changes one of its arguments while "
                    "it computes: whoever calls it again gets something else. Look for an "
                    "assignment that works in place.",
                    "changes its arguments",
                )
            names = [n for n, v in zip(self.arguments, given) if isinstance(v, Mapping)]
            for name, right, found in zip(
                names, outcome["gradients"], result.get("gradients", []), strict=False
            ):
                if right is None:
                    continue
                if found is None:
                    return partial(
                        VALUES_ONLY,
                        f"The values are right, but no gradient flows back to `{name}`: PyTorch "
                        "can no longer tell how the result came about. Look for a step that leaves "
                        "the tensors, such as turning them into plain numbers.",
                        "not differentiable",
                    )
                right = np.asarray(right)
                # A sum whose terms cancel keeps their rounding.
                allowed = 10 * TOLERANCE * np.abs(right).max() + 1e-4
                if not (np.abs(np.array(found) - right) <= allowed).all():
                    return partial(
                        VALUES_ONLY,
                        f"The values are right, but the gradient with respect to `{name}` is not. "
                        "Look for a part of the formula that PyTorch treats as a constant.",
                        "wrong gradient",
                    )
        return correct(self.praise.format(value=shown(results[0]["values"][0])))

    def _unknown(self, expected, results, wrong, calls, facts, hidden: bool) -> Feedback:
        """What the results show, where no known program gives them."""
        outcome, result = expected[wrong[0]], results[wrong[0]]
        values, wanted = np.array(result["values"]), len(outcome["values"])
        if self._kept(expected, results):
            return incorrect(
                f"What `{self.name}` returns begins with what the call before returned. Look at "
                "where its list is made: is it empty when the call begins?",
                "list kept between calls",
            )
        exact = self.tolerance < TOLERANCE
        if not exact and all(self._agrees(e, r, nearly=True) for e, r in zip(expected, results)):
            off = self._first_off(outcome, result)
            right = "" if hidden else f", not {outcome['values'][off]:.7g}"
            return incorrect(
                f"`{self.name}` comes close in every call, but is off by more than rounding: a "
                f"value is {values[off]:.7g}{right}. Look for numbers that were rounded, and for a "
                "formula that holds only nearly, such as a difference quotient.",
                "close, not right",
            )
        ignored = self._ignored(expected, results, calls)
        if ignored:
            return incorrect(
                f"`{self.name}` returns the same for two calls that differ in nothing but "
                f"`{ignored}`, where the right answers differ. Look at where `{ignored}` enters, "
                "and at whether something else decides before it does.",
                f"ignores {ignored}",
            )
        if not np.isfinite(values).all():
            return incorrect(
                f"`{self.name}` {self._gives('values')} that are not finite numbers. Look for a "
                "division by zero, and for a run that grows without bound.",
                "not finite",
            )
        table = self.compared == "columns"
        if table and len(result["shape"]) == 2 and len(values) != wanted:
            return self._other_table(outcome, result, facts, hidden)
        if len(values) != wanted:
            count = "1 number" if len(values) == 1 else f"{len(values)} numbers"
            look = (
                ("Look at how the rows become one number." if self.function else SEVERAL)
                if wanted == 1
                else "Look at the names in it: which of them are its arguments?"
            )
            if wanted > 1 and not outcome["tensor"]:
                look = "Look at how they are collected, and at its last line."
            return incorrect(
                f"`{self.name}` {self._gives(count)} instead of {wanted if wanted > 1 else 'one'}. "
                f"{look}",
                "not one number" if wanted == 1 else "wrong number of values",
            )
        if wanted > 1 and list(outcome["shape"]) != list(result["shape"]):
            shape = f"the shape {tuple(result['shape'])} where {tuple(outcome['shape'])} is right"
            return incorrect(
                f"`{self.name}` returns {'another shape' if hidden else shape}. Look at which of "
                "the names in it are its arguments, and at what broadcasting makes of them.",
                "wrong shape",
            )
        if len(results) > 1 and len({str(r["values"]) for r in results}) == 1:
            return incorrect(
                f"`{self.name}` returns the same whatever it is given. Look at which names in it "
                "are its arguments.",
                "ignores its arguments",
            )
        if len(wrong) < len(results):
            call = f"; wrong with {facts['call']}" if self.look and facts["call"] else ""
            look = self.look or (
                "Look for a shape, a number or a name from outside the function that it relies on."
            )
            return incorrect(
                f"`{self.name}` is right in some calls and wrong in others{call}. {look}",
                "right for some calls only",
            )
        k = int(np.argmax(_far(values, outcome["values"])))
        which = f"Value {k + 1} of {len(values)} from `{self.name}`" if wanted > 1 else ""
        if table:
            row, column = divmod(k, outcome["shape"][1])
            which = f"In row {row + 1} of those from `{self.name}` value {column + 1}"
        right = "" if hidden or not self.function else f", not {shown(outcome['values'][k])}"
        given = f" for {facts['call']}" if facts["call"] else ""
        return incorrect(
            f"{which or f'`{self.name}`'} is {shown(values[k] + 0.0)}{right}{given}. "
            f"{self.look or 'Compute a small case by hand and compare.'}",
            "wrong values",
        )

    def _other_table(self, outcome, result, facts, hidden: bool) -> Feedback:
        """What is said of a table that has another number of rows or columns."""
        wanted, found = outcome["shape"], result["shape"]
        if wanted[1] != found[1]:
            return incorrect(
                f"Each row from `{self.name}` holds {found[1]} numbers instead of {wanted[1]}. "
                f"The practice asks for {self.wanted}.",
                "other columns",
            )
        more = "too many" if found[0] > wanted[0] else "too few"
        count = "" if hidden else f": {found[0]}, not {wanted[0]}, for {facts['call']}"
        both = min(len(outcome["values"]), len(result["values"]))
        off = np.flatnonzero(_far(result["values"][:both], outcome["values"][:both]))
        # Where the rows themselves are wrong, that they are so many may be a consequence.
        first = ""
        if len(off):
            row, column = divmod(int(off[0]), wanted[1])
            right = "" if hidden else f", not {shown(outcome['values'][off[0]])}"
            first = (
                f" The first number that differs is value {column + 1} of row {row + 1}: it is "
                f"{shown(result['values'][off[0]])}{right}."
            )
        return incorrect(
            f"`{self.name}` returns {more} rows{count}.{first} {self.look}".rstrip(),
            f"{more} rows",
        )

    def _kept(self, expected, results) -> bool:
        """Whether a call's list begins with that of the call before, and is right from there on."""
        for before, outcome, result in zip(results, expected[1:], results[1:], strict=False):
            old, values = before["values"], result["values"]
            rest = {"kind": "numbers", "values": values[len(old) :], "shape": outcome["shape"]}
            if outcome["shape"] and values[: len(old)] == old and self._agrees(outcome, rest):
                return True
        return False

    def _ignored(self, expected, results, calls) -> str:
        """An argument that makes no difference, though calls differ in it alone and it should."""
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
        return ignored[0] if len(ignored) == 1 else ""  # of several none may be the reason

    def _gives(self, what: str) -> str:
        return f"{'returns' if self.function else 'holds'} {what}"

    def recorded(self, cases: Sequence[Case]) -> dict[str, Any]:
        """The settings as plain data, each program replaced by what it gives on `cases`.

        To ten digits: the last ones depend on the machine, and what is released must not.
        """
        calls = self._with_sooner([given for case in cases for given in case["calls"]])
        rows = [
            {**vars(p), "program": _to_ten_digits(list(p.outcomes(calls)))} for p in self.programs
        ]
        return {**vars(self), "programs": rows}

    @classmethod
    def of(cls, programs: Sequence[Mapping[str, Any]], **settings: Any) -> FunctionJudge:
        """The judge of settings that were `recorded`."""
        rows = (Slip(**{**row, "program": Recorded(row["program"])}) for row in programs)
        return cls(programs=tuple(rows), **settings)


def _far(values: Sequence[float], right: Sequence[float]) -> np.ndarray:
    """Which values differ by more than the eye passes over."""
    values = np.asarray(values, dtype=float)
    with np.errstate(all="ignore"):
        return np.abs(values - np.asarray(right, dtype=float)) > 1e-3 * np.abs(values) + 1e-9


def _to_ten_digits(value: Any) -> Any:
    """Plain data with every number in it rounded."""
    if isinstance(value, float):
        return float(f"{value:.10g}")
    if isinstance(value, Mapping):
        return {key: _to_ten_digits(part) for key, part in value.items()}
    return [_to_ten_digits(part) for part in value] if isinstance(value, (list, tuple)) else value


@lru_cache(maxsize=1024)
def _known_outcome(program: Any, given: str) -> Outcome:
    return _outcome(program, json.loads(given))


def _outcome(program: Any, given: Sequence[Any]) -> Outcome:
    """What a program gives for one call, and the gradients sent back; None if it fails."""
    arguments = [argument(value, torch.float64) for value in given]
    try:
        with np.errstate(all="ignore"):
            result = program(*arguments) if callable(program) else program
        answer = read_numbers(result)
        if answer["kind"] != "numbers":
            return None
        tensors = [value for value in arguments if isinstance(value, torch.Tensor)]
        is_tensor = isinstance(result, torch.Tensor)
        if is_tensor and result.requires_grad:
            back(result)
    except (ArithmeticError, IndexError, RuntimeError, TypeError, ValueError):
        return None  # a mistake that these arguments do not allow
    return {
        "values": answer["values"],
        "shape": answer["shape"],
        "tensor": is_tensor,
        "gradients": [None if t.grad is None else t.grad.flatten().tolist() for t in tensors],
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
    name: str = "",
    visible: Sequence[Sequence[Any]] | None = None,
    seed: int = 0,
    autograd: bool = True,
    **judged: Any,
) -> Practice:
    """A practice that asks for a function.

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
    name : str
        What the student's function is called, if not as the reference.
    visible : sequence, optional
        The calls of the check cell; drawn with `seed` if left out.
    autograd : bool
        Whether the function may use PyTorch's derivatives; else they are switched off.
    judged
        Further settings of :class:`FunctionJudge`, such as `tolerance` or `praise`.
    """
    name = name or reference.__name__
    arguments = tuple(inspect.signature(reference).parameters)

    def drawn(rng: random.Random) -> list[list[Any]]:
        if callable(cases):
            return cases(rng)
        return [[cases[argument](rng) for argument in arguments] for _ in range(CALLS)]

    shown_calls = [list(given) for given in visible or drawn(random.Random(seed))]
    off = {} if autograd else {"autograd": False}
    programs = _rows(reference, slips)
    return drawn_practice(
        "function",
        FunctionJudge(name, programs, wanted, arguments, autograd=autograd, **judged),
        lambda rng: [{"calls": drawn(rng), **off}],
        id=id,
        title=title,
        points=points,
        visible=lambda: [{"calls": shown_calls, **off}],
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


def uniform(low: float, high: float, size: int | Draw | None = None, digits: int = 3) -> Draw:
    """Draw a number between two bounds, rounded; with `size`, a list of so many."""

    def draw(rng: random.Random) -> Any:
        if size is None:
            return round(rng.uniform(low, high), digits)
        count = size(rng) if callable(size) else size
        return [round(rng.uniform(low, high), digits) for _ in range(count)]

    return draw


def whole(low: int, high: int) -> Draw:
    """Draw a whole number between two bounds, both included."""
    return lambda rng: rng.randint(low, high)


def tensor(
    rng: random.Random, shape: Sequence[int], grad: bool = False, dtype: str = "float32"
) -> dict[str, Any]:
    """A tensor as an argument of a call: values of moderate size, none of them near zero."""
    values = [
        round(rng.choice((-1, 1)) * rng.uniform(0.3, 4.0), 3) for _ in range(int(np.prod(shape)))
    ]
    return {"values": values, "shape": list(shape), "grad": grad, "dtype": dtype}
