"""What the labs import: data, loss surface, run history, figures and practice checks."""

from importlib import import_module

from labhelpers import data
from labhelpers.data import DataSet
from labhelpers.history import History
from labhelpers.prediction import compare
from labhelpers.surface import LossSurface

#: Loaded at first use: who only wants the data or a check need not wait for matplotlib.
_LAZY = {
    **dict.fromkeys(("check", "progress"), "labchecks"),
    "DescentExplorer": "labhelpers.explorer",
    **dict.fromkeys(
        (
            "Drawing",
            "plot_clouds",
            "plot_contours",
            "plot_curve_fits",
            "plot_fit",
            "plot_gradient_noise",
            "plot_losses",
            "plot_run",
            "plot_step",
            "plot_steps",
            "plot_surface",
        ),
        "labhelpers.figures",
    ),
}

__all__ = [
    "DataSet",
    "History",
    "LossSurface",
    "compare",
    "data",
    *_LAZY,
]


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
