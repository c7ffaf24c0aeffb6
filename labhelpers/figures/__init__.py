"""The figures of the labs.

Every function makes a figure of its own, or draws a single panel on the axes that it is given, and
returns a `Drawing`: the axes, the artists and a sentence that says what is shown. None of them
touches pyplot, the backend or matplotlib's settings. An argument that does not fit raises
`TypeError` or `ValueError` with a message that names it.
"""

from importlib import import_module

#: The module of each name, which is loaded with matplotlib when the name is first used.
_MODULES = {
    "Drawing": "drawing",
    "plot_clouds": "contours",
    "plot_contours": "contours",
    "plot_curve_fits": "fit",
    "plot_fit": "fit",
    "plot_gradient_noise": "noise",
    "plot_losses": "losses",
    "plot_run": "run",
    "plot_step": "step",
    "plot_steps": "step",
    "plot_surface": "surface3d",
}

__all__ = [*_MODULES]


def __getattr__(name: str):
    if name in _MODULES:
        return getattr(import_module(f"labhelpers.figures.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
