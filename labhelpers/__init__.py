"""What the labs import: data, loss surface, run history, figures and practice checks.

In a notebook, the import also lets the figures that a student makes with pyplot follow the page's
theme, as the course's own do (see `labhelpers.figures.plain`).
"""

import sys
from importlib import import_module

from labhelpers import data, figures
from labhelpers.data import DataSet
from labhelpers.history import History
from labhelpers.prediction import compare
from labhelpers.surface import LossSurface

#: Loaded at first use: who only wants the data or a check need not wait for matplotlib.
_LAZY = {
    **dict.fromkeys(("check", "progress"), "labchecks"),
    "DescentExplorer": "labhelpers.explorer",
    "show_table": "labhelpers.table",
    **dict.fromkeys(figures.__all__, "labhelpers.figures"),
}

__all__ = ["DataSet", "History", "LossSurface", "compare", "data", *_LAZY]


def _show_pyplot_in_the_theme() -> None:
    """Have the notebook's kernel, if there is one, show pyplot's figures in their page's theme."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    if hasattr(shell, "kernel"):
        formatter = shell.display_formatter.mimebundle_formatter
        plain = "labhelpers.figures.plain"
        formatter.for_type_by_name(
            "matplotlib.figure", "Figure", lambda figure: import_module(plain).mime_bundle(figure)
        )


_show_pyplot_in_the_theme()


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
