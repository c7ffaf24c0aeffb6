"""Reading an answer as a sequence of numbers, and comparing sequences."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from labhelpers.practice.feedback import Feedback, incorrect, not_attempted

__all__ = [
    "agree",
    "digits",
    "failed",
    "mismatch",
    "no_module",
    "rounded_to",
    "shown",
    "too_slow",
    "unreadable",
]

#: Relative difference up to which two losses count as the same: float32 stays far below it.
TOLERANCE = 1e-3

#: Module -> how a student knows it: what an answer can import where it is graded.
PACKAGES = {
    "numpy": "NumPy",
    "torch": "PyTorch",
    "matplotlib": "Matplotlib",
    "scipy": "SciPy",
    "sklearn": "scikit-learn",
    "tqdm": "tqdm",
}

#: From here on a simulated run counts as overflown: in float32 a sum over points already is.
OVERFLOW = 1e34


def shown(value: float) -> str:
    """A number as a sentence quotes it: four digits, no needless zeros."""
    if math.isnan(value):
        return "nan"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value != 0 and not 1e-4 <= abs(value) < 1e6:
        return f"{value:.2e}"
    return f"{value:.4g}" if abs(value) < 10_000 else f"{value:.0f}"


def agree(values: Sequence[float], expected: Sequence[float], absolute: float = 0.0) -> bool:
    """Whether two sequences are the same up to float32, or to `absolute` where that is coarser."""
    return mismatch(values, expected, absolute) <= 1


def mismatch(
    values: Sequence[float],
    expected: Sequence[float],
    absolute: float = 0.0,
    chaotic: bool = False,
) -> float:
    """The largest difference between two sequences, in units of what is allowed.

    A one-sample run that blows up loses its digits to float32 on the way: with `chaotic`, values
    beyond a million times the first need only be alike in size.

    Where the expected run has overflown float32, infinity and nan agree with it.
    Sequences of different lengths have an infinite mismatch.
    """
    if len(values) != len(expected) or not len(values):
        return math.inf
    a, e = np.asarray(values, dtype=float), np.asarray(expected, dtype=float)
    lost = ~np.isfinite(a)
    with np.errstate(all="ignore"):
        if (lost & (np.abs(e) < OVERFLOW)).any() or (~lost & ~np.isfinite(e)).any():
            return math.inf
        # 1e-9: where a loss is exactly zero, float32 leaves a little.
        units = np.abs(a - e) / (TOLERANCE * np.abs(e) + absolute + 1e-9)
        if chaotic:
            blown = np.abs(e) > 1e6 * max(abs(e[0]), 1.0)
            units = np.where(blown, np.abs(np.log(np.abs(a / e))) / math.log(4), units)
    return float(units[~lost].max(initial=0.0))


def digits(value: float) -> int:
    """Significant digits of a number as it is written: 835.3 has 4, 0.0078 has 2."""
    if value == 0 or not math.isfinite(value):
        return 1
    mantissa = repr(abs(float(value))).split("e")[0].replace(".", "").lstrip("0").rstrip("0")
    return max(1, len(mantissa))


def rounded_to(values: Sequence[float], fewest: int = 3, error: float = 0.0) -> int | None:
    """The number of decimals to which all values are rounded; None if they are not.

    Parameters
    ----------
    values : sequence of float
        The numbers.
    fewest : int
        Of so many decimals to six is one looked for.
    error : float
        How far, relative to 1 + |value|, a value may be from the rounded one: float32 does not hold
        that exactly.
    """
    for decimals in range(fewest, 7):
        if all(
            math.isfinite(v) and abs(v - round(v, decimals)) <= error * (1 + abs(v)) for v in values
        ):
            return decimals
    return None


def unreadable(answer: Mapping[str, Any], name: str, wanted: str) -> Feedback | None:
    """Feedback for an answer in which there is no sequence of finite numbers; None if there is.

    Parameters
    ----------
    answer : mapping
        As a probe returns it.
    name : str
        The student's name for it.
    wanted : str
        What it should be, such as ``"a list of 15 losses"``.
    """
    kind = answer.get("kind")
    if kind == "stub":
        return not_attempted(f"`{name}` is still empty. It should become {wanted}.")
    if kind == "absent":
        return not_attempted(
            f"There is no `{name}` yet. Run the practice cell above, and use exactly this name for "
            f"{wanted}."
        )
    if kind == "error":
        return failed(answer, f"`{name}`")
    if kind == "timeout":
        return too_slow(answer, f"`{name}`")
    if kind != "numbers":
        found = _a(str(answer.get("type", "something else")).replace("`", ""))
        return incorrect(f"`{name}` should be {wanted}, and it is {found}.", "wrong type")
    if not answer["values"]:
        return not_attempted(f"`{name}` is still empty. It should become {wanted}.")
    return None


def failed(answer: Mapping[str, Any], what: str) -> Feedback:
    """Feedback for code that raised an error: the error, and the student's own line."""
    where = ""
    if answer.get("line"):
        where = f" in line {answer['line']}"
        if answer.get("source"):
            where += f", `{str(answer['source']).replace('`', '')}`"
    if answer.get("error") == "NotImplementedError":
        return not_attempted(f"{what} still raises NotImplementedError: it awaits your code.")
    message = str(answer.get("message", "")).replace("`", "'").strip().split("\n")[0][:200]
    error = str(answer.get("error", "an error"))
    end = f": {message.rstrip('.')}." if message else "."
    return incorrect(f"{what} stopped with {error}{where}{end}{no_module(message)}", "error")


def no_module(message: str) -> str:
    """A sentence on what can be imported, where an error says that a module is not there.

    A package may well be installed where the student works, and then nothing there warns of it. A
    module of their own that they did not hand in reads the same, so it is named as well.
    """
    absent = re.match(r"No module named ['\"](\w+)['\"]", message)
    if absent is None or absent[1] in PACKAGES:
        return ""
    *most, last = PACKAGES.values()
    return (
        f" `{absent[1]}` is not part of the course. Where labs are graded there are Python's own "
        f"modules, {', '.join(most)} and {last}, and the files handed in beside the notebook."
    )


def too_slow(answer: Mapping[str, Any], what: str) -> Feedback:
    """Feedback for code that had to be stopped."""
    return incorrect(
        f"{what} was stopped: it had not finished after {answer.get('seconds', 0):g} seconds. "
        "Either a loop in it never ends, or what it does takes that long, such as compiling, "
        "waiting, or drawing at every step: look for both.",
        "never returns",
    )


def _a(described: str) -> str:
    if described.startswith("empty"):
        return f"an {described}"
    return f"{'an' if described[:1].lower() in 'aeiou' else 'a'} `{described}`"
