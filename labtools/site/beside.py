"""For the pages about mistakes: the right run and the run with one mistake, side by side."""

from __future__ import annotations

from collections.abc import Sequence

from IPython.display import HTML, display

from labchecks.engine.diagnosis import describe
from labchecks.engine.mistakes import find
from labchecks.engine.run import Descent, points_of, simulate
from labhelpers.figures import plot_losses
from labhelpers.figures.wording import rounded

SHOWN = 5


def show_beside(
    mistake: str,
    *,
    data: str = "gentle_line",
    rate: float = 0.1,
    epochs: int = 15,
    start: tuple[float, float] = (-15.0, -10.0),
    batch_size: int | None = None,
    series: str = "full",
    scale: str = "log",
) -> tuple[Sequence[float], Sequence[float]]:
    """Show the losses of both runs, as numbers and as curves, and what a check says.

    Parameters
    ----------
    mistake : str
        Its name in `labchecks.engine.mistakes`.
    data : str
        A function of `labhelpers.data`.
    rate, epochs, start, batch_size, series
        The run, as in `labchecks.engine.run.Descent`.
    scale : {"log", "linear"}
        Of the loss axis.

    Returns
    -------
    (list of float, list of float)
        The losses of the right run and of the run with the mistake.
    """
    points = points_of(data, 1)
    run = Descent(rate, epochs, start, batch_size=batch_size, series=series)
    known = find(mistake)
    right = simulate(run, points).losses.tolist()
    wrong = simulate(known.applied_to(run), points).losses.tolist()
    display(HTML(_table(mistake, right, wrong)))
    labels, roles = ["right", mistake], [None, "wrong"]
    display(plot_losses(right, wrong, labels=labels, roles=roles, scale=scale))
    display(HTML("<p class='lead-in'>A check that sees the second list says:</p>"))
    display(HTML(describe([known], wrong, run, "losses").to_html()))
    return right, wrong


def _table(mistake: str, right: Sequence[float], wrong: Sequence[float]) -> str:
    heads = "".join(f"<th scope='col'>{k}</th>" for k in range(SHOWN))
    rows = "".join(
        f"<tr><th scope='row'>{name}</th>"
        + "".join(f"<td>{rounded(value, 4)}</td>" for value in losses[:SHOWN])
        + f"<td>{rounded(losses[-1], 4)}</td></tr>"
        for name, losses in (("right", right), (mistake, wrong))
    )
    return (
        "<div class='numbers'><table><thead><tr><th scope='col'>recorded loss</th>"
        f"{heads}<th scope='col'>last</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )
