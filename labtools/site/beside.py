"""For the pages about mistakes: the right run and the run with one mistake, side by side."""

from collections.abc import Mapping, Sequence

import numpy as np
from IPython.display import HTML, display
from myst_nb import glue

from labchecks.engine.diagnosis import describe
from labchecks.engine.mistakes import find
from labchecks.engine.run import Descent, points_of, simulate
from labhelpers.figures import Drawing, plot_losses
from labhelpers.figures.drawing import Sheet
from labhelpers.figures.style import dress, run_styles
from labhelpers.figures.wording import rounded

SHOWN = 5
RUN = Descent(rate=0.1, epochs=15, start=(-15.0, -10.0))


def note(**numbers: float) -> None:
    """Keep numbers for the sentences of a page, which show one as ``{glue:text}`name:.2f```."""
    for name, number in numbers.items():
        glue(name, float(number), display=False)


def both(mistake: str, data: str = "gentle_line", **changes) -> tuple[np.ndarray, np.ndarray]:
    """The losses of the right run and of the run with a mistake.

    Parameters
    ----------
    mistake : str
        Its name in `labchecks.engine.mistakes`.
    data : str
        A function of `labhelpers.data`.
    **changes
        What the right run has other than `RUN`: fields of `labchecks.engine.run.Descent`.
    """
    points, run = points_of(data, 1), RUN.with_(**changes)
    return simulate(run, points).losses, simulate(find(mistake).applied_to(run), points).losses


def show_beside(
    mistake: str, data: str = "gentle_line", **changes
) -> tuple[np.ndarray, np.ndarray]:
    """Show and return the losses of `both` runs, as numbers and curves, and what a check says."""
    right, wrong = both(mistake, data, **changes)
    display(HTML(_table(mistake, right, wrong)))
    run = RUN.with_(**changes)
    by = "step" if run.batch_size is None else "epoch"
    looks = {"labels": ["right", mistake], "roles": [None, "wrong"]}
    display(plot_losses(right, wrong, **looks, by=by, scale="log"))
    display(HTML("<p class='lead-in'>A check that sees the second list says:</p>"))
    display(HTML(describe([find(mistake)], wrong.tolist(), run, "losses").to_html()))
    return right, wrong


def over_shuffles(
    mistake: str, data: str = "gentle_line", draws: int = 200, **changes
) -> tuple[np.ndarray, np.ndarray]:
    """The losses of both runs with many shuffles, the same for both, each of shape (draws, values).

    A sentence about one shuffle is true by chance. The parameters are those of `both`.
    """
    runs = [both(mistake, data, **changes, order="shuffled", seed=k) for k in range(draws)]
    right, wrong = zip(*runs, strict=True)
    return np.array(right), np.array(wrong)


def draw_curves(
    curves: Mapping[str, tuple], *, x: str, y: str, wrong: str, describe: str, notice: str
) -> Drawing:
    """Draw curves over axes of any kind; `wrong` names the one in the colour of a mistake.

    Parameters
    ----------
    curves : mapping of str to pair of sequences
        Horizontal and vertical coordinates by label.
    x, y : str
        Labels of the axes.
    describe, notice : str
        The alternative text and the caption.
    """
    styles = run_styles(curves, ["wrong" if name == wrong else None for name in curves])
    sheet = Sheet()
    for (name, (across, height)), style in zip(curves.items(), styles, strict=True):
        few = max(1, len(across) // 16)
        sheet.ax.plot(across, height, **style.line(label=name, markevery=few))
    dress(sheet.ax, x, y)
    return sheet.finish({"lines": list(sheet.ax.lines)}, describe, notice)


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
