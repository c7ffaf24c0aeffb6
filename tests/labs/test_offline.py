"""A lab as one page that needs no network."""

from __future__ import annotations

import re

import nbformat
import pytest


@pytest.fixture(scope="module")
def page(course) -> str:
    from labtools.offline import Page

    notebook = nbformat.read(course / "solutions" / "lab01_two_parameter_training.ipynb", 4)
    return Page().from_notebook_node(notebook)[0]


def test_its_formulas_are_set_without_a_script(page):
    assert page.count("<math") > 10
    assert "$$" not in re.sub(r"<(script|pre|code).*?</\1>", "", page, flags=re.DOTALL)


def test_it_fetches_nothing(page):
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//[^"'> ]+\.(?:js|mjs|css)""", page)
    assert not re.search(r"import\(\s*[\"']http", page)
