"""Comparing sequences of numbers."""

import math
from collections.abc import Sequence

import numpy as np

#: Relative difference up to which two losses count as the same: float32 stays far below it.
TOLERANCE = 1e-3

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


def allowed(expected, absolute: float = 0.0):
    """How far a value, or each of an array, may be from the expected one."""
    # 1e-9: where a loss is exactly zero, float32 leaves a little.
    return TOLERANCE * abs(expected) + absolute + 1e-9


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
        units = np.abs(a - e) / allowed(e, absolute)
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


def printed(values: Sequence[float]) -> bool:
    """Whether the numbers look copied from a printed line: at most five digits in each."""
    finite = all(map(math.isfinite, values))
    return len(values) > 3 and finite and all(digits(value) <= 5 for value in values)


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


def half_unit(values: Sequence[float]) -> float:
    """Half a unit of the last decimal to which all values are rounded; 0 if they are not."""
    decimals = rounded_to(values)
    return 0.0 if decimals is None else 0.5 * 10.0**-decimals
