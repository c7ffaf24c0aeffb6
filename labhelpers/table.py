"""Results in columns, below a cell: they keep their columns on a narrow page."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence

from IPython.display import display

from labhelpers.figures.wording import power_of_ten


def show_table(columns: Mapping[str, str], rows: Iterable[Sequence]) -> None:
    """Show a table below the cell.

    Parameters
    ----------
    columns : mapping of str to str
        The heading of each column and how its values are written, as in an f-string: ``".3f"``;
        ``""`` for words.
    rows : iterable of sequences
        The values, one for each column.

    Raises
    ------
    ValueError
        If a row has more or fewer values than there are columns.

    Examples
    --------
    >>> show_table({"rate": "", "loss": ".2f"}, [("η = 0.1", 0.1174), ("η = 0.3", 0.9957)])
    rate     loss
    η = 0.1  0.12
    η = 0.3  1.00
    """
    heads, formats = list(columns), list(columns.values())
    written = []
    for number, row in enumerate(rows):
        if len(row) != len(heads):
            raise ValueError(f"row {number} has {len(row)} values for {len(heads)} columns: {row}")
        written.append([_written(value, spec) for value, spec in zip(row, formats, strict=True)])
    display(_Table(heads, [bool(spec) for spec in formats], written))


def _written(value, spec: str) -> str:
    """`value` in the one format of the labs: a true minus, and ``2 × 10⁻⁵``."""
    text = format(value, spec)
    if not spec:
        return text
    if not re.search("[1-9]", text.partition("e")[0]):
        text = text.lstrip("-")  # what rounds to 0 has no sign
    text = re.sub(r"e([+-]\d+)$", lambda found: f" × {power_of_ten(int(found[1]))}", text)
    return text.replace("-", "−")


class _Table:
    """What a notebook shows: HTML, and the same in plain text."""

    def __init__(self, heads: list[str], numbers: list[bool], rows: list[list[str]]) -> None:
        self._heads, self._numbers, self._rows = heads, numbers, rows

    def __repr__(self) -> str:
        lines = [self._heads, *self._rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                text.rjust(width) if number else text.ljust(width)
                for text, width, number in zip(line, widths, self._numbers, strict=True)
            ).rstrip()
            for line in lines
        )

    def _repr_html_(self) -> str:
        def line(tag: str, texts: list[str], break_numbers: bool) -> str:
            cells = ""
            for text, number in zip(texts, self._numbers, strict=True):
                look = f"text-align:{'right' if number else 'left'};padding:.2em .4em .2em .7em"
                if number and not break_numbers:
                    look += ";white-space:nowrap"
                cells += f'<{tag} style="{look}">{html.escape(text)}</{tag[:2]}>'
            return cells

        head = line('th scope="col"', self._heads, True)
        body = "".join(f"<tr>{line('td', row, False)}</tr>" for row in self._rows)
        return (
            '<table style="border-collapse:collapse;margin:.3em 0;font-size:13px;'
            f'font-variant-numeric:tabular-nums"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>"
        )
