"""Numbers and counts as words, rounded so that a description holds on every machine."""

import math
from decimal import ROUND_HALF_UP, Context, Decimal

from matplotlib.ticker import Formatter

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
#: Smaller than any parameter or loss that the labs speak of: rounding noise, shown as 0.
_NOISE_FLOOR = 1e-12


def rounded(value: float, digits: int = 3, power_digits=None, least: float = _NOISE_FLOOR) -> str:
    """`value` to three significant digits, with a true minus sign: ``−0.0123``, ``1.2 × 10²⁹``.

    With a power of ten it has `power_digits`, if given; up to `least` it is 0.
    """
    value = float(value)
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) <= least:
        return "0"
    # Rounding comes first, so that 99999 is written as the 100000 that it rounds to.
    short = _to_digits(value, digits)
    if 1e-3 <= abs(float(short)) < 1e5:
        text = _without_zeros(f"{short:f}")
    else:
        factor, exponent = f"{_to_digits(value, power_digits or digits):e}".split("e")
        text = f"{_without_zeros(factor)} × {power_of_ten(int(exponent))}"
    return text.replace("-", "−")


def _to_digits(value: float, digits: int) -> Decimal:
    # A tie goes away from zero, as in JavaScript.
    return Context(prec=digits, rounding=ROUND_HALF_UP).create_decimal_from_float(value)


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def power_of_ten(exponent: int) -> str:
    """``10⁶`` for 6."""
    return f"10{str(exponent).translate(_SUPERSCRIPT)}"


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


class AxisNumbers(Formatter):
    """The numbers of one axis: plain, or all with the same power of ten, never a mix of both.

    A log axis that leaves the plain range keeps 0.01 to 100 and has powers of ten beyond.
    """

    def __init__(self, log: bool) -> None:
        self._log = log

    def __call__(self, value: float, position: int | None = None) -> str:
        return self.format_ticks([value])[0]

    def format_ticks(self, values) -> list[str]:
        sizes = [abs(value) for value in values if value != 0 and math.isfinite(value)]
        least = min(sizes, default=1) if self._log else max(sizes, default=1)
        if least >= 1e-3 and max(sizes, default=1) < 1e5:
            return [rounded(value, 6) for value in values]
        if self._log:
            return [
                rounded(value) if 0.0099 < value < 101 else _scaled(value, value)
                for value in values
            ]
        return [_scaled(value, max(sizes)) for value in values]


def _scaled(value: float, like: float) -> str:
    """`value` in units of the power of ten of `like`."""
    exponent = math.floor(math.log10(like) + 1e-9)
    factor, power = rounded(value / 10.0**exponent, 6), power_of_ten(exponent)
    return {"0": "0", "1": power}.get(factor, f"{factor} × {power}")
