"""A table below a cell: columns, numbers in the labs' one format."""

from __future__ import annotations

import re

import pytest

from labhelpers.table import show_table


@pytest.fixture
def shown(monkeypatch):
    """A function that shows a table and returns what a notebook is given."""
    tables = []
    monkeypatch.setattr("labhelpers.table.display", tables.append)

    def show(*arguments):
        show_table(*arguments)
        return tables[-1]

    return show


def test_numbers_have_the_labs_format(shown):
    table = shown(
        {"run": "", "loss": ".2f", "w": ".1e", "seen": ",", "share": ".0%"},
        [
            ("a-b", 0.114, -2e-5, 481000, 0.5),
            ("c", 12, 3e12, 5, -0.5),
            ("d", -0.004, -0.0, -1, -0.004),
        ],
    )
    assert repr(table).splitlines() == [
        "run   loss            w     seen  share",
        "a-b   0.11  −2.0 × 10⁻⁵  481,000    50%",
        "c    12.00   3.0 × 10¹²        5   −50%",
        "d     0.00    0.0 × 10⁰       −1     0%",
    ]


def test_html_has_headings_and_escapes_words(shown):
    page = shown({"model <1>": "", "R²": ".2f"}, [("a & b", -4.371)])._repr_html_()
    assert re.findall('<th scope="col"[^>]*>(.*?)</th>', page) == ["model &lt;1&gt;", "R²"]
    assert re.findall("<td[^>]*>(.*?)</td>", page) == ["a &amp; b", "−4.37"]
    assert "script" not in page and "class" not in page


def test_a_row_that_does_not_fit_is_named(shown):
    with pytest.raises(ValueError, match="row 1 has 3 values for 2 columns"):
        shown({"a": "d", "b": "d"}, [(1, 2), (1, 2, 3)])
