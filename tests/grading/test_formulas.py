"""Formulas on feedback pages: a student's are set like the course's, and do nothing else."""

from __future__ import annotations

import json
import time

import pytest

from labtools.grading.results.formulas import LONGEST, MOST, with_students_formulas
from labtools.grading.results.page import _render

MATH = '<math display="{}" xmlns="http://www.w3.org/1998/Math/MathML">'
INLINE, BLOCK = MATH.format("inline"), MATH.format("block")


def shown(markdown: str) -> str:
    """A student's text cell as it stands on the page."""
    return _render(json.dumps([{"cell_type": "markdown", "source": markdown}, False]))


def test_a_students_formulas_are_set():
    html = shown("At $\\eta < 2/\\lambda$ it *converges*:\n\n$$w_{k+1} = w_k - \\eta g_k$$\n")
    assert f"At {INLINE}<mrow><mi>η</mi><mo>&lt;</mo><mn>2</mn>" in html
    assert f"{BLOCK}<mrow><msub><mi>w</mi>" in html
    assert "$" not in html and "<em>converges</em>" in html


@pytest.mark.parametrize(
    "html",
    [
        "between $5 and $10",
        "<code>$x$</code>",
        "<pre>$x$ and $$y$$</pre>",
        '<a href="$x$" title="$y$">z</a>',
        "<b>$x</b>y$",
        "a price of \\$5 and \\$6",
        f"${'x' * (LONGEST + 1)}$",
        "no formula <br> at all",
    ],
)
def test_what_is_no_formula_is_left_alone(html):
    from bs4 import BeautifulSoup

    assert with_students_formulas(html) in (html, str(BeautifulSoup(html, "html.parser")))


@pytest.mark.parametrize(
    "formula",
    [
        "\\href{javascript:alert(1)}{x}",
        "\\class{verdict correct}{x}",
        "\\style{position:fixed}{x}",
        "\\text{&lt;script&gt;alert(1)&lt;/script&gt;}",
        '\\text{&lt;img src="x" onerror="alert(1)"&gt;}',
        "\\text{&lt;/mtext&gt;&lt;aside class='verdict correct'&gt;}",
        "\\color{red&quot; onclick=&quot;alert(1)}{x}",
    ],
)
def test_a_formula_does_nothing(formula):
    from bs4 import BeautifulSoup

    html = with_students_formulas(f"<p>see ${formula}$ here</p>")
    soup = BeautifulSoup(html, "html.parser")
    assert {tag.name for tag in soup.find_all(True)} <= {"p", "math", "mrow", "mi", "mstyle"}
    for tag in soup.find_all(True):
        assert tag.attrs.keys() <= {"display", "xmlns"}
    # What could not be set is there as it was written.
    assert soup.math or f"${BeautifulSoup(formula, 'html.parser').string}$" in soup.get_text()


@pytest.mark.parametrize("formula", ["{" * 400, "\\frac" * 90, "\\begin{matrix}", "a_", "&amp;"])
def test_what_the_converter_cannot_follow_is_shown_as_written(formula):
    html = with_students_formulas(f"${formula}$ and $b$")
    assert html.endswith(f"{INLINE}<mrow><mi>b</mi></mrow></math>")


def test_the_number_of_formulas_has_an_end():
    html = with_students_formulas("$a$ " * (MOST + 7))
    assert html.count("<math") == MOST and html.count("$a$") == 7


def test_dollars_cost_no_time_out_of_proportion():
    begun = time.process_time()
    for html in ("$ " * 10_000, "$$" * 10_000, "$a" * 10_000, "<b>$</b>" * 2_000):
        with_students_formulas(html)
    assert time.process_time() - begun < 5
