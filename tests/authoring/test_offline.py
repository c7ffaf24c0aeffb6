"""`labs html`: a notebook's page shows its formulas and asks nobody for anything."""

from __future__ import annotations

import re

import nbformat
import pytest

from labtools import cli

TEXT = r"""The slope is $2\lambda_1$, and

$$L = \frac{1}{N}\sum_i (y_i - \hat y_i)^2$$

`cost $5`"""


@pytest.fixture
def page(tmp_path):
    cells = [nbformat.v4.new_markdown_cell(TEXT), nbformat.v4.new_code_cell("price = '$x$'")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    # What would bring the widgets' scripts in.
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    nbformat.write(notebook, tmp_path / "lab.ipynb")
    assert cli.main(["html", str(tmp_path / "lab.ipynb"), "--out", str(tmp_path / "out")]) == 0
    return (tmp_path / "out" / "lab.html").read_text(encoding="utf-8")


def test_formulas_are_mathml_and_code_is_left_alone(page):
    assert page.count("<math") == 2 and "<mfrac>" in page and 'display="block"' in page
    assert "$$" not in page and "cost $5" in page
    assert "$x$" in page


def test_no_script_and_no_style_is_fetched(page):
    assert not re.search(
        r"<(?:script|link|iframe|img)\b[^>]*\b(?:src|href)\s*=\s*[\"'](?!data:)", page
    )
    assert not re.search(r"@import|url\(\s*[\"']?http|\bimport\(", page)


def test_figures_are_as_light_as_the_page(page):
    """A machine set to dark would else give a legend's samples light ink on the white page."""
    (tag,) = re.findall(r"<meta[^>]*color-scheme[^>]*>", page)
    assert 'content="light"' in tag


@pytest.mark.parametrize("content", [None, "{}", "no notebook"])
def test_what_is_no_notebook_is_named(tmp_path, capsys, content):
    path = tmp_path / "lab.ipynb"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert cli.main(["html", str(path), "--out", str(tmp_path)]) == 1
    assert str(path) in capsys.readouterr().out
