"""The loss surface as a bowl seen from above and from the side, with the path of a run on it.

The bowl is cut off at one loss. Each level of it is an ellipse, and a parallel projection makes an
ellipse of an ellipse, so the bowl is drawn exactly from a stack of them, without a mesh: first the
outside, every level over the one below; then, inside the rim alone, the levels from the rim down,
each as the opening through which the lower ones are seen.
"""

import numpy as np
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator

from labhelpers.figures.callout import write_note
from labhelpers.figures.contours import (
    MOST_MARKERS,
    bowl,
    contour,
    describe_run,
    draw_ellipse,
    edge_loss,
)
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.inputs import check_runs
from labhelpers.figures.style import CONTOUR, GRID, INK, MUTED, SHADES, mark_minimum, run_styles
from labhelpers.figures.vector import FONT_SIZE
from labhelpers.figures.window import find_exit, parameter_window
from labhelpers.figures.wording import point, rounded
from labhelpers.history import History
from labhelpers.surface import LossSurface

#: From where the bowl is seen: turned about the vertical, and how far from above, in radians.
TURN, ELEVATION = np.radians(28), np.radians(42)
#: The bowl's height as a share of the longer side of its floor.
HEIGHT = 0.5
#: Ellipses that make up the outside and the inside.
OUTSIDE, INSIDE = 28, 16
#: Pieces that a step is cut into.
DRAPE = 12
_TEXT = {"color": INK, "fontsize": FONT_SIZE * 0.75, "ha": "center", "va": "center"}
_TICKS = MaxNLocator(5, steps=[1, 2, 5, 10])


def plot_surface(surface: LossSurface, history: History | None = None, ax=None) -> Drawing:
    """Plot the loss over (w, b) as a bowl in three dimensions.

    Parameters
    ----------
    surface : LossSurface
    history : History, optional
        A run; its path is drawn on the surface.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure is made if left out.

    Returns
    -------
    Drawing
        With artists ``"rim"``, ``"levels"``, ``"minimum"``, ``"path"`` and ``"exit"`` (``None``
        where there is none).
    """
    histories = () if history is None else (history,)
    check_runs(surface, *histories)
    window = parameter_window(surface, histories)
    # The bowl is cut off above every point, or where it leaves the window.
    top, points, gone = edge_loss(surface, window), np.empty((0, 2)), None
    for run in histories:
        gone = find_exit(run.w, run.b, window, first=run.diverged)
        points = np.stack([run.w, run.b], axis=1)[: None if gone is None else gone.step]
        excess = surface(*points.T).max(initial=0.0) - surface.minimum_loss
        top = surface.minimum_loss + 1.1 * excess if excess > 0 else top
    stride, marked = max(1, -(-len(points) // MOST_MARKERS)), len(points)
    if gone is not None and gone.inside is not None:
        points = np.vstack([points, gone.edge])
    view = _View(surface, top)
    sheet = Sheet(ax, size=(428, 332), margins=(4, 4, 4, 4))
    ax = sheet.ax
    artists = view.draw(ax) | {"path": None, "exit": None}
    for run in histories:
        (style,) = run_styles([run])
        every = [index * DRAPE for index in range(0, marked, stride)]
        look = style.line(label=run.label, zorder=4, markevery=every)
        w, b = _drape(points).T
        (artists["path"],) = ax.plot(*view.project(w, b, surface(w, b)).T, **look)
        if gone is not None:
            artists["exit"] = write_note(ax, gone.told(), (0.5, 0.97))
    lowest = view.project(*surface.minimum, surface.minimum_loss)
    artists["minimum"] = mark_minimum(ax, *lowest)
    text = (
        "The loss as a surface over slope w and intercept b, a bowl that rises from "
        f"{rounded(surface.minimum_loss)} at {point(*surface.minimum)} to {rounded(top)}."
    )
    for run in histories:
        text += f" {describe_run(run, window)}."
    notice = "Every cut at one height is an ellipse. Seen from above, these are the contours."
    return sheet.finish(artists, text, notice)


class _View:
    """A parallel projection of the bowl below the loss `top`."""

    def __init__(self, surface: LossSurface, top: float) -> None:
        self._surface, self._top = surface, top
        corner = 1.05 * np.abs(contour(surface, top) - surface.minimum).max(axis=0)
        self._w, self._b = np.transpose([surface.minimum - corner, surface.minimum + corner])
        ahead = np.array([-np.sin(TURN), np.cos(TURN)])
        self._floor = np.stack([(ahead[1], -ahead[0]), np.sin(ELEVATION) * ahead])
        self._up = HEIGHT * 2 * corner.max() * np.cos(ELEVATION) / (top - surface.minimum_loss)

    def project(self, w, b, loss=None) -> np.ndarray:
        """Where points of the surface (without `loss`: of the floor) are seen, shape (…, 2)."""
        flat = np.stack([np.asarray(w, float), np.asarray(b, float)], axis=-1)
        seen = (flat - self._surface.minimum) @ self._floor.T
        if loss is not None:
            seen[..., 1] += self._up * (np.asarray(loss) - self._surface.minimum_loss)
        return seen

    def _ellipse(self, ax, level: float, zorder: float, rim=None, **look) -> Ellipse:
        centre = self.project(*self._surface.minimum, level)
        look = {"linewidth": 0.0, "zorder": zorder} | look
        patch = draw_ellipse(ax, centre, self._floor @ bowl(self._surface, level), **look)
        if rim is not None:
            patch.set_clip_path(rim)
        return patch

    def draw(self, ax) -> dict:
        """Draw floor, bowl and numbers; returns the rim and the ellipses of round losses."""
        least, top = self._surface.minimum_loss, self._top
        ax.set_axis_off()
        ax.set_aspect("equal", adjustable="box")
        self._draw_floor(ax)
        for share in np.linspace(0, 1, OUTSIDE)[1:] ** 2:
            self._ellipse(ax, least + share * (top - least), 1, facecolor=SHADES[-1])
        rim = self._ellipse(ax, top, 2, facecolor=SHADES[-3])
        for share in np.linspace(0, 1, INSIDE)[-2:0:-1] ** 2:
            shade = SHADES[int(share * (len(SHADES) - 3))]
            self._ellipse(ax, least + share * (top - least), 2, rim, facecolor=shade)
        numbers = _TICKS.tick_values(least, top)
        numbers = numbers[(numbers > least + 0.03 * (top - least)) & (numbers < top)]
        ring = {"facecolor": "none", "edgecolor": CONTOUR, "linewidth": 0.8}
        levels = [self._ellipse(ax, level, 2.5, rim, **ring) for level in numbers]
        self._ellipse(ax, top, 3, **(ring | {"edgecolor": MUTED, "linewidth": 1.0}))
        # Each loss beside the left end of the bowl at its height.
        for level in numbers:
            seen = self.project(*contour(self._surface, level).T, level)
            x, y = seen[seen[:, 0].argmin()]
            left = {"x": x - 0.02 * np.ptp(ax.get_xlim()), "color": MUTED, "ha": "right"}
            ax.text(y=y, s=rounded(level, 6), **(_TEXT | left))
        return {"rim": rim, "levels": levels}

    def _draw_floor(self, ax) -> None:
        """A grid below the bowl, with w along its front edge and b along its right one."""
        corners = self.project(*np.meshgrid(self._w, self._b)).reshape(-1, 2)
        size = np.ptp(corners, axis=0).max()
        low, high = corners.min(axis=0), corners.max(axis=0)
        front, right = self._b[0], self._w[1]
        for name, ends, across, shift, far, (turn, fixed) in (
            ("slope w", self._w, self._b, (-0.025, -0.04), 3, (1, front)),
            ("intercept b", self._b, self._w, (0.05, -0.03), 4.5, (-1, right)),
        ):
            for value in _TICKS.tick_values(*ends):
                if ends[0] <= value <= ends[1]:
                    line = self.project(*([value, value], across)[::turn])
                    ax.plot(*line.T, color=GRID, linewidth=0.8, zorder=0)
                    at = self.project(*(value, fixed)[::turn]) + np.multiply(shift, size)
                    ax.text(*at, rounded(value, 6), **_TEXT)
            at = self.project(*(sum(ends) / 2, fixed)[::turn]) + np.multiply(shift, far * size)
            ax.text(*at, name, **_TEXT)
        outline = self.project([self._w[0], right, right], [front, front, self._b[1]])
        ax.plot(*outline.T, color=MUTED, linewidth=0.9, zorder=0)
        rise = self.project(*contour(self._surface, self._top).T, self._top)[:, 1].max()
        ax.set_xlim(low[0] - 0.08 * size, high[0] + 0.2 * size)
        ax.set_ylim(low[1] - 0.12 * size, max(high[1], rise) + 0.08 * size)


def _drape(points: np.ndarray) -> np.ndarray:
    """Points between the steps, so that the path follows the ground and does not fly over it."""
    between = np.arange(DRAPE)[None, :, None] / DRAPE
    filled = points[:-1, None] + between * np.diff(points, axis=0)[:, None]
    return np.vstack([filled.reshape(-1, 2), points[-1:]])
