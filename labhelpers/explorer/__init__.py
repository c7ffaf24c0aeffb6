"""The interactive figure of the course: one run of gradient descent, seen from three sides."""

from labhelpers.explorer.descent import epoch_order
from labhelpers.explorer.figure import DescentExplorer

__all__ = ["DescentExplorer", "epoch_order"]
