"""How noisy a mini-batch gradient is, against the size of the batch."""

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator

from labhelpers.figures.callout import write_note
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.style import BATCH, MUTED, SeriesStyle, dress
from labhelpers.figures.wording import rounded
from labhelpers.reading import read_vector


def plot_gradient_noise(batch_sizes, spreads, ax=None) -> Drawing:
    """Plot the spread of the mini-batch gradient at one point against the batch size.

    Both axes are logarithmic. The guide falls as 1/√B from the smallest batch: independent samples
    would follow it. Batches drawn without replacement fall below it as they near the whole data
    set, and the batch of all samples has no spread; a log axis cannot show that zero, so it is
    said in words.

    Parameters
    ----------
    batch_sizes : sequence of int, shape (M,)
        Samples in a batch, each at least 1.
    spreads : sequence of float, shape (M,)
        Standard deviation of the gradient over batches of that size, in units of the gradient.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure is made if left out.

    Returns
    -------
    Drawing
        With artists ``"spread"``, ``"guide"``, ``"zeros"`` (a text or ``None``).
    """
    sizes, spread = read_vector(batch_sizes, "batch_sizes"), read_vector(spreads, "spreads")
    if sizes.size != spread.size:
        raise ValueError(
            f"batch_sizes and spreads must have the same length, got {sizes.size} and {spread.size}"
        )
    if not (np.isfinite(sizes).all() and (sizes >= 1).all()):
        raise ValueError(f"batch_sizes must be finite and at least 1, got {batch_sizes!r}")
    if not (np.isfinite(spread).all() and (spread >= 0).all() and (spread > 0).any()):
        raise ValueError(f"spreads must be finite, >= 0 and not all 0, got {spreads!r}")
    order = np.argsort(sizes)
    sizes, spread = sizes[order], spread[order]
    shown = spread > 0
    first = int(np.flatnonzero(shown)[0])
    guide = spread[first] * np.sqrt(sizes[first] / sizes)
    low, high = (float(end) for end in (min(spread[shown].min(), guide.min()), spread.max()))
    sheet = Sheet(ax)
    ax = sheet.ax
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlim(sizes[0] / 1.2, sizes[-1] * 1.2)
    # Room for the text below the last point.
    ax.set_ylim(low / (1.3 if shown.all() else 1.8), high * 1.3)
    look = SeriesStyle(BATCH, "o", "-").line(label="spread of the gradient", zorder=4)
    artists = {"spread": ax.plot(sizes[shown], spread[shown], **look)[0], "zeros": None}
    (artists["guide"],) = ax.plot(
        sizes, guide, color=MUTED, linestyle=(0, (4, 3)), linewidth=1.4, label="1/√B", zorder=3
    )
    if not shown.all():
        text = f"B = {', '.join(map(rounded, sizes[~shown]))}: no spread ↓"
        artists["zeros"] = write_note(ax, text, (0.98, 0.06), ha="right")
    dress(ax, "batch size B", "spread of the gradient")
    if sizes.size <= 9:
        # The measured batch sizes mean more here than powers of ten.
        ax.xaxis.set_major_locator(FixedLocator(sizes))
        ax.xaxis.set_minor_locator(NullLocator())
    notice = "Four times the batch gives about half the spread"
    notice += ", and less near the batch of all samples." if not shown.all() else "."
    ends = dict.fromkeys(np.flatnonzero(shown)[[0, -1]])
    places = ", ".join(f"{rounded(spread[k])} at B = {rounded(sizes[k])}" for k in ends)
    text = (
        "Spread of the mini-batch gradient against batch size, both on log axes: "
        f"{places}; the guide falls as 1/√B."
    )
    if not shown.all():
        text += f" No spread at B = {', '.join(map(rounded, sizes[~shown]))}."
    return sheet.finish(artists, text, notice)
