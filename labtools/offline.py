"""A lab as one HTML page that needs no network, for reading, printing or a projector.

    jupyter nbconvert --to labtools.offline.Page solutions/lab01_two_parameter_training.ipynb

nbconvert's own page fetches MathJax and other scripts; without a network its formulas stay TeX.
Here they are MathML.
"""

from __future__ import annotations

from jinja2 import pass_context
from nbconvert import HTMLExporter

from labtools.grading.results.formulas import with_formulas

__all__ = ["Page"]

#: JupyterLab's look without the blocks that fetch something.
_TEMPLATE = """\
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js -%}{%- endblock -%}
{%- block jupyter_widgets -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
"""


class Page(HTMLExporter):
    """nbconvert's page, all of it in the file."""

    raw_template = _TEMPLATE

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        """A text cell as HTML, its formulas as MathML."""
        return with_formulas(super().markdown2html(context, source))
