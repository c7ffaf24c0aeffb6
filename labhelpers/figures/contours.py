"""Parameter space from above: contours of the loss and the paths of runs.

The loss is a quadratic, so its contours are ellipses: they are drawn as such, from the minimum, the
Hessian and the level, and with one scale for w and b. Only then are the shape of the valley and the
right angle between a step and the contour below it what they are.
"""

from collections.abc import Sequence

import numpy as np
from matplotlib.patches import Ellipse
from matplotlib.ticker import MaxNLocator

from labhelpers.figures.callout import draw_arrowhead, occupied, point_out
from labhelpers.figures.drawing import MARGINS, Drawing, Sheet
from labhelpers.figures.inputs import check_runs
from labhelpers.figures.style import (
    CONTOUR,
    MUTED,
    SHADES,
    SeriesStyle,
    dress,
    mark_minimum,
    run_styles,
)
from labhelpers.figures.window import Window, find_exit, parameter_window
from labhelpers.figures.wording import count, point, rounded
from labhelpers.history import History
from labhelpers.surface import LossSurface

SIZE, CLOUD = (428, 364), (262, 254)
#: Below this share of the largest loss shown, an ellipse is too small to see.
SMALLEST_SHARE = 2e-4
MOST_LABELS = 4
#: More markers than this along one path would hide it.
MOST_MARKERS = 30
MOST_ARROWS = 8


def loss_levels(lowest: float, highest: float) -> np.ndarray:
    """Round contour levels, whose excess above the least loss grows in ratios of about 3.

    The loss spans several decades, so equal steps would leave the valley empty.
    """
    excess = highest - lowest
    decades = range(
        int(np.floor(np.log10(excess * SMALLEST_SHARE))), int(np.ceil(np.log10(excess))) + 1
    )
    # Rounded to the excess's own digit, so that 0.93 + 0.3 becomes 1.2.
    levels = {round(lowest + factor * 10.0**k, -k) for k in decades for factor in (1, 3)}
    least = lowest + excess * SMALLEST_SHARE
    return np.array(sorted(level for level in levels if least <= level < highest))


def frame_ratio(size: tuple[float, float], margins=MARGINS) -> float:
    """Height over width of the axes of a panel."""
    left, right, top, bottom = margins
    return (size[1] - top - bottom) / (size[0] - left - right)


def bowl(surface: LossSurface, level: float) -> np.ndarray:
    """The matrix that makes the contour of `level` of the unit circle, shape (2, 2).

    Half of dᵀ·H·d is the loss at a distance d from the minimum, above the least loss.
    """
    return surface.eigenvectors * np.sqrt(2 * (level - surface.minimum_loss) / surface.eigenvalues)


def contour(surface: LossSurface, level: float) -> np.ndarray:
    """Points of the contour of `level`, shape (120, 2)."""
    turn = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    return surface.minimum + np.stack([np.cos(turn), np.sin(turn)], 1) @ bowl(surface, level).T


def draw_ellipse(ax, centre, matrix: np.ndarray, **look) -> Ellipse:
    """Draw what `matrix` makes of the unit circle, about `centre`."""
    directions, halves, _ = np.linalg.svd(matrix)
    angle = np.degrees(np.arctan2(*directions[::-1, 0]))
    return ax.add_patch(Ellipse(centre, *(2 * halves), angle=angle, **look))


def draw_contours(ax, surface: LossSurface, window: Window, *, directions: bool = False) -> dict:
    """Fill `ax` with the loss over `window` and mark the minimum."""
    window.apply(ax)
    ax.set_aspect("equal", adjustable="box")
    ax.apply_aspect()
    corners = surface(*np.meshgrid(window.x, window.y))
    whole = window.contains(*surface.minimum)
    lowest = surface.minimum_loss if whole else edge_loss(surface, window)
    levels = loss_levels(lowest, float(corners.max()))
    shades = np.linspace(0, len(SHADES) - 1, len(levels) + 1).round().astype(int)
    ax.set_facecolor(SHADES[shades[-1]])
    artists = {"contours": [], "directions": []}
    for level, shade in zip(levels[::-1], shades[-2::-1], strict=True):
        look = {"facecolor": SHADES[shade], "edgecolor": CONTOUR, "linewidth": 0.7, "zorder": 0}
        ellipse = draw_ellipse(ax, surface.minimum, bowl(surface, level), **look)
        artists["contours"].insert(0, ellipse)
    dotted = {"color": MUTED, "linestyle": (0, (1, 2.2)), "linewidth": 1.1, "zorder": 1.5}
    for vector in surface.eigenvectors.T if directions else ():
        far = np.outer([-1, 1], vector) * 4 * np.hypot(*np.ptp([window.x, window.y], axis=1))
        ends = (far + surface.minimum).T
        artists["directions"] += ax.plot(*ends, label="principal directions", **dotted)
    artists["minimum"] = mark_minimum(ax, *surface.minimum)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    dress(ax, "slope w", "intercept b", grid=False)
    return artists | {"levels": levels}


def edge_loss(surface: LossSurface, window: Window) -> float:
    """The least loss on the edges of `window`."""
    w, b = np.linspace(*window.x, 200), np.linspace(*window.y, 200)
    edges = [surface(w, end) for end in window.y] + [surface(end, b) for end in window.x]
    return float(np.min(edges))


def label_contours(ax, surface: LossSurface, levels: np.ndarray) -> list:
    """Write the loss on a few contours, as far as possible from all that is drawn by now."""
    busy, texts = occupied(ax), []
    to_fraction = (ax.transData + ax.transAxes.inverted()).transform
    # From the outside inwards, every other contour: few numbers, powers of ten where there are any.
    first = 1 if len(levels) < 2 or f"{levels[-1]:e}".startswith("1") else 2
    for level in levels[-first::-2]:
        points = contour(surface, level)
        places = to_fraction(points)
        # A number at the frame would be cut off; one on a tiny ellipse would hide it.
        inner = ((places > 0.08) & (places < 0.92)).all(axis=1)
        if not inner.any() or np.ptp(places, axis=0).max() < 0.16 or len(texts) == MOST_LABELS:
            continue
        room = np.hypot(*(places[inner, None] - busy[None]).transpose(2, 0, 1))
        room = room.min(axis=1, initial=np.inf)
        if room.max() > 0.07:
            w, b = points[inner][room.argmax()]
            look = {"color": MUTED, "fontsize": 9, "ha": "center", "va": "center"}
            texts.append(ax.text(w, b, rounded(level, 6), **look))
            busy = np.vstack([busy, places[inner][room.argmax()]])
    return texts


def draw_paths(
    ax, histories: Sequence[History], window: Window, *, labels=None, until=None
) -> dict:
    """Draw the paths of runs over the contours, up to point `until`, or to where they leave.

    Arrowheads show the direction; where a path leaves, a text says when.
    """
    styles = run_styles(histories)
    labels = labels or [history.label for history in histories]
    artists, leaving = {"paths": [], "exits": []}, []
    for history, style, label in zip(histories, styles, labels, strict=True):
        end = history.steps if until is None else until
        w, b = history.w[: end + 1], history.b[: end + 1]
        gone = find_exit(w, b, window, first=history.diverged)
        leaving.append(gone)
        # The point on the edge is where the path is cut, not a point of the run: no marker there.
        marked = np.arange(w.size if gone is None else gone.step)
        if gone is not None:
            w, b = w[: gone.step], b[: gone.step]
            if gone.inside is not None:
                w, b = np.append(w, gone.edge[0]), np.append(b, gone.edge[1])
        look = style.line(linewidth=1.6, markersize=5, label=label, zorder=4)
        if marked.size > 40:
            # Dashes of a path with dozens of turns could not be distinguished from its turns.
            look |= {"linestyle": "-", "linewidth": 1.0, "markersize": 4}
        look["markevery"] = marked[:: max(1, -(-marked.size // MOST_MARKERS))].tolist()
        artists["paths"] += ax.plot(w, b, **look)
        _show_direction(ax, np.stack([w, b], axis=1), style)
    # When every path is drawn it is known where there is room for words.
    several = len(leaving) - leaving.count(None) > 1
    for history, gone, style in zip(histories, leaving, styles, strict=True):
        outside = gone is not None and gone.inside is None and gone.number
        text = "outside the plot from step 0" if outside else gone and gone.told()
        text = f"{history.label} {text}" if several else text
        artists["exits"].append(gone and point_out(ax, gone, text, style.color))
    return artists


def _show_direction(ax, points: np.ndarray, style: SeriesStyle) -> None:
    """Put arrowheads on steps that are long enough to be seen."""
    steps = np.diff(ax.transData.transform(points), axis=0)
    long = np.flatnonzero(np.hypot(*steps.T) > 22)
    # An odd stride: of a path that jumps to and fro, both ways are shown.
    for step in long[:: -(-long.size // MOST_ARROWS) | 1]:
        # Short of the marker at the end, which would hide it.
        middle = points[step] + 0.62 * (points[step + 1] - points[step])
        draw_arrowhead(ax, middle, steps[step], style.color, size=8, zorder=4.5)


def plot_contours(
    surface: LossSurface, *histories: History, ax=None, w_range=None, b_range=None, directions=False
) -> Drawing:
    """Plot contours of the loss over (w, b) with the paths of runs, on one scale for w and b.

    Parameters
    ----------
    surface : LossSurface
    *histories : History
        Runs, each with its own colour, marker and line style.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure is made if left out.
    w_range, b_range : (float, float), optional
        Limits; if left out, they hold the minimum and the paths. A run that leaves is shown
        leaving, with the step in words.
    directions : bool
        Whether to draw the Hessian's principal directions, dotted: along and across the valley.

    Returns
    -------
    Drawing
        With artists ``"contours"`` (ellipses from the lowest level up), ``"levels"``,
        ``"contour_labels"``, ``"directions"``, ``"minimum"``, ``"paths"`` and ``"exits"`` (one for
        each run; an exit is ``None`` or an arrowhead and a text).
    """
    check_runs(surface, *histories, name="each history")
    box = getattr(ax, "bbox", None)
    ratio = frame_ratio(SIZE) if box is None else box.height / box.width
    window = parameter_window(surface, histories, w_range=w_range, b_range=b_range, ratio=ratio)
    left, right, top, bottom = MARGINS
    # Two ranges that are both chosen shape the panel, within reason.
    height = min(max((SIZE[0] - left - right) * window.ratio, 140.0), 420.0) + top + bottom
    sheet = Sheet(ax, size=(SIZE[0], height))
    ax = sheet.ax
    artists = draw_contours(ax, surface, window, directions=directions)
    artists |= draw_paths(ax, histories, window)
    artists["contour_labels"] = label_contours(ax, surface, artists["levels"])
    text = (
        "Contours of the loss over slope w and intercept b; minimum "
        f"{rounded(surface.minimum_loss)} at {point(*surface.minimum)}."
    )
    for history in histories:
        text += f" {describe_run(history, window)}."
    return sheet.finish(artists, text, _notice(histories, artists["exits"]))


def describe_run(history: History, window: Window) -> str:
    """A clause on one run: where from, where to, or where it left the plot."""
    gone = find_exit(history.w, history.b, window, first=history.diverged)
    start = point(history.w[0], history.b[0])
    if gone is not None:
        if not gone.number:
            return f"{history.label}: starts at {start}, {gone.told()}"
        place = gone.told() if gone.step else "lies outside the plot"
        return f"{history.label}: starts at {start} and {place}"
    end = point(history.w[-1], history.b[-1])
    return f"{history.label}: {count(history.steps, 'step')} from {start} to {end}"


def _notice(histories: Sequence[History], exits: Sequence) -> str:
    if any(exits):
        return "Where a run leaves the plot, an arrow leads out of it and a text names the step."
    if any(history.batch_size is not None for history in histories):
        return "Each batch has a gradient of its own: a path wanders where they disagree."
    if histories:
        return "Look at the angle between the path and the contours, and at where the path turns."
    return "On each ellipse the loss is the same. Where ellipses lie close, the loss is steep."


def plot_clouds(surface: LossSurface, *histories: History) -> Drawing:
    """Plot where runs stay once they are near the minimum, each in a panel of its own.

    The second half of each run is shown, point by point, with the ellipse of two standard
    deviations of its points. The panels share their limits.

    Parameters
    ----------
    surface : LossSurface
    *histories : History
        Runs of at least four steps.

    Returns
    -------
    Drawing
        With artists ``"contours"``, ``"points"`` and ``"ellipses"``, lists with one of each run.
    """
    check_runs(surface, *histories, name="each history")
    if not histories or any(run.steps < 4 or run.diverged for run in histories):
        raise ValueError(f"histories must be bounded runs of 4 steps or more, got {histories!r}")
    clouds = [np.stack([run.w, run.b], 1)[run.steps // 2 :] for run in histories]
    far = max(float(np.abs(cloud - surface.minimum).max()) for cloud in clouds)
    (w, b), room = surface.minimum, 1.08 * far or 1.0
    ratio = frame_ratio(CLOUD)
    window = Window((w - room / ratio, w + room / ratio), (b - room, b + room))
    artists: dict = {"contours": [], "points": [], "ellipses": []}
    text = "The second half of each run about the minimum, point by point."
    sheet = Sheet(size=CLOUD, columns=len(histories))
    panels = sheet.axes, histories, clouds, run_styles(histories)
    for ax, run, cloud, style in zip(*panels, strict=True):
        artists["contours"].append(draw_contours(ax, surface, window)["contours"])
        look = style.line(
            linestyle="none", marker="o", markersize=3.6, markeredgewidth=0.4, zorder=4
        )
        artists["points"] += ax.plot(*cloud.T, label=run.label, **look)
        variances, vectors = np.linalg.eigh(np.cov(cloud.T))
        spread = np.sqrt(np.maximum(variances, 0))
        look = {"facecolor": "none", "edgecolor": style.color, "linewidth": 2, "zorder": 6}
        ellipse = draw_ellipse(ax, cloud.mean(axis=0), 2 * vectors * spread, **look)
        artists["ellipses"].append(ellipse)
        ax.set_title(run.label, loc="left", fontsize=10)
        text += f" {run.label}: {count(len(cloud), 'point')}, standard deviations "
        text += f"{rounded(spread[1])} and {rounded(spread[0])} along the cloud's own axes."
    notice = "Compare the ellipses: each holds most of the points of its run (two standard "
    return sheet.finish(artists, text, f"{notice}deviations).")
