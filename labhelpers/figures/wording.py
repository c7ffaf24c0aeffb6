"""Numbers and counts as words, rounded so that a description holds on every machine."""

from __future__ import annotations

import math

__all__ = ["count", "equation", "point", "rounded"]

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Smaller than any parameter or loss that the labs speak of: rounding noise, shown as 0.
_NOISE_FLOOR = 1e-12


def rounded(value: float, digits: int = 3) -> str:
    """`value` to three significant digits, with a true minus sign: ``−0.0123``, ``1.2 × 10²⁹``."""
    value = float(value)
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) < _NOISE_FLOOR:
        return "0"
    # Rounding comes first, so that 99999 is written as the 100000 that it rounds to.
    value = float(f"{value:.{digits}g}")
    if 1e-3 <= abs(value) < 1e5:
        text = f"{value:.10f}".rstrip("0").rstrip(".")
    else:
        mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        text = f"{mantissa} × 10{str(int(exponent)).translate(_SUPERSCRIPT)}"
    return text.replace("-", "−")


def point(w: float, b: float) -> str:
    """A point of parameter space: ``(−15, −10)``."""
    return f"({rounded(w)}, {rounded(b)})"


def equation(w: float, b: float) -> str:
    """A line's equation: ``ŷ = 1.02·x − 0.98``."""
    sign = "−" if b < 0 else "+"
    return f"ŷ = {rounded(w)}·x {sign} {rounded(abs(b))}"


def count(number: int, noun: str) -> str:
    """A number with its noun in the right form: ``1 step``, ``15 steps``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
