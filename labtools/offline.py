"""`labs html`: a notebook as one page that needs no network, its formulas included.

nbconvert's own page takes MathJax and two more scripts from the web. Here formulas are MathML, as
on the pages of `labs grade`. The page is light on every machine and says so, for the figures in it.
"""

import argparse
from pathlib import Path

from jinja2 import DictLoader, pass_context
from nbconvert import HTMLExporter
from nbformat import ValidationError

from labtools.grading.results.formulas import with_formulas

_TEMPLATE = """\
{% extends 'index.html.j2' %}
{% block html_head %}<meta name="color-scheme" content="light">
{{ super() }}{% endblock %}
{% block html_head_js %}{% endblock %}
{% block jupyter_widgets %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}
"""


class OfflineExporter(HTMLExporter):
    """nbconvert's page without a request to anywhere."""

    def __init__(self, **settings) -> None:
        loaders = [DictLoader({"offline.html.j2": _TEMPLATE})]
        super().__init__(extra_loaders=loaders, template_file="offline.html.j2", **settings)

    @pass_context
    def markdown2html(self, context, source: str) -> str:
        """Text as HTML, with formulas as MathML."""
        return with_formulas(super().markdown2html(context, source))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK", help="a notebook")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the pages (default: the one you are in)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write a page for each notebook; return the exit code."""
    folder: Path = arguments.out or Path.cwd()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in arguments.notebooks:
            page, _ = OfflineExporter().from_filename(str(path))
            target = folder / f"{path.stem}.html"
            target.write_text(page, encoding="utf-8")
            print(f"wrote {target}")
    except OSError as error:
        print(f"labs html: {error.filename}: {error.strerror}")
        return 1
    except (ValueError, ValidationError) as error:
        print(f"labs html: {path} is not a notebook: {str(error).splitlines()[0][:200]}")
        return 1
    return 0
