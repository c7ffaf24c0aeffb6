"""A measured row, and the table that it goes into."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["HEADER", "Row", "as_markdown", "shown"]

HEADER = (
    "| what | plain way | ours | ratio: median (range) | physical limit | ours / limit |\n"
    "|---|---:|---:|---:|---|---:|"
)

_UNITS = ((1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h"))


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what : str
        What was measured.
    ours : list of float
        Our measurements, one per round.
    plain : list of float
        Those of the plain way, the i-th taken next to our i-th; empty where it was not run.
    unit : str
        ``"s"``, or ``"1/s"`` where more is better.
    limit : float, optional
        The least time that the machine could take, in the same unit.
    limit_is : str
        What that limit is.
    note : str
        What a reader must know, such as that a number is extrapolated.
    """

    what: str
    ours: Sequence[float]
    plain: Sequence[float] = ()
    unit: str = "s"
    limit: float | None = None
    limit_is: str = ""
    note: str = ""

    def ratios(self) -> list[float]:
        """How many times better ours is, round by round; above 1 is better."""
        plain = self.plain
        if min(self.ours) == 0:  # nothing is infinitely many times less than something
            return []
        if len(plain) == 1:  # measured once, because it takes long
            plain = list(plain) * len(self.ours)
        better = zip(self.ours, plain) if self.unit == "1/s" else zip(plain, self.ours)
        return [above / below for above, below in better]

    def to_markdown(self) -> str:
        """Return the line of the table."""
        ratios = self.ratios()
        cells = [
            self.what + (f" ({self.note})" if self.note else ""),
            _median(self.plain, self.unit) if self.plain else "not run",
            _median(self.ours, self.unit),
            _ratio(ratios) if ratios else "",
            f"{shown(self.limit, self.unit)}: {self.limit_is}" if self.limit else "",
            _number(statistics.median(self.ours) / self.limit) if self.limit else "",
        ]
        return f"| {' | '.join(cells)} |"


def as_markdown(rows: Iterable[Row]) -> str:
    """Return the table."""
    return "\n".join([HEADER, *(row.to_markdown() for row in rows)])


def shown(value: float, unit: str = "s") -> str:
    """Write a measurement with three digits and a fitting unit."""
    if unit != "s":
        return f"{_number(value)} {unit}".rstrip()
    size, name = next((u for u in reversed(_UNITS) if abs(value) >= u[0]), _UNITS[0])
    return f"{_number(value / size)} {name}"


def _median(values: Sequence[float], unit: str) -> str:
    middle = shown(statistics.median(values), unit)
    if len(values) < 2:
        return middle
    return f"{middle} ({shown(min(values), unit)} to {shown(max(values), unit)})"


def _ratio(ratios: Sequence[float]) -> str:
    middle = _number(statistics.median(ratios))
    if len(ratios) < 2:
        return middle
    return f"{middle} ({_number(min(ratios))} to {_number(max(ratios))})"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
