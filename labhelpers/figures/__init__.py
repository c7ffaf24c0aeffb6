"""The figures of the labs.

Every function makes a figure of its own, or draws a single panel on the axes that it is given, and
returns a `Drawing`: the axes, the artists and a sentence that says what is shown. None of them
touches pyplot, the backend or matplotlib's settings. An argument that does not fit raises
`TypeError` or `ValueError` with a message that names it.
"""

from labhelpers.figures.contours import plot_clouds, plot_contours
from labhelpers.figures.curves import plot_curve_fits
from labhelpers.figures.drawing import Drawing
from labhelpers.figures.fit import plot_fit
from labhelpers.figures.losses import plot_losses
from labhelpers.figures.noise import plot_gradient_noise
from labhelpers.figures.run import plot_run
from labhelpers.figures.step import plot_step, plot_steps
from labhelpers.figures.surface3d import plot_surface

__all__ = [
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
]
