"""The final figure: what a run fitted, the way it took, and how its loss fell."""

from labhelpers.figures.contours import plot_contours
from labhelpers.figures.drawing import Drawing, Sheet
from labhelpers.figures.fit import plot_fit
from labhelpers.figures.inputs import check_choice, check_runs, read_points
from labhelpers.figures.losses import plot_losses
from labhelpers.figures.wording import count, equation, rounded
from labhelpers.history import History
from labhelpers.surface import LossSurface


def plot_run(dataset, surface: LossSurface, history: History, *, scale: str = "log") -> Drawing:
    """Plot a whole run in one row: data and final line, contours and path, loss curve.

    Parameters
    ----------
    dataset : DataSet or pair (x, y)
    surface : LossSurface
    history : History
    scale : {"log", "linear"}
        Scale of the loss axis.

    Returns
    -------
    Drawing
        With artists ``"fit"``, ``"contours"``, ``"losses"``: of each panel, what `plot_fit`,
        `plot_contours` and `plot_losses` return as artists.
    """
    read_points(dataset)
    check_runs(surface, history)
    check_choice(scale, "scale", ("linear", "log"))
    least = surface.minimum_loss
    # Data that lie on a line have a least-squares loss of 0, which no log axis can show.
    reference = least if least > 0 or scale == "linear" else None
    sheet = Sheet(size=(262, 254), columns=3)
    left, middle, right = sheet.axes
    artists = {
        "fit": plot_fit(dataset, history, labels=[history.label], ax=left).artists_,
        "contours": plot_contours(surface, history, ax=middle).artists_,
        "losses": plot_losses(history, ax=right, scale=scale, reference=reference).artists_,
    }
    text = f"{history.label}: {count(history.steps, 'step')}, "
    if history.diverged:
        text += f"diverged from step {history.diverged_at}; "
    text += (
        f"loss from {rounded(history.loss[0])} to {rounded(history.loss[-1])} "
        f"(least squares {rounded(least)}), "
        f"final line {equation(history.w[-1], history.b[-1])}."
    )
    notice = "One run, three views: its last line, the path of (w, b), and the loss on the way."
    return sheet.finish(artists, text, notice)
