"""Which page of the course's site explains a known mistake."""

import re
from html import escape
from pathlib import Path

#: Page of the site, in ``mistakes/``: the mistakes of judges' feedback that it explains.
PAGES: dict[str, tuple[str, ...]] = {
    "batch-never-sliced": ("batch ignored",),
    "divergence-read-as-noise": ("diverged",),
    "divided-by-batch-size": ("divided by the batch size",),
    "factor-in-the-step": ("half steps", "double steps", "half the mean squared error"),
    "gradients-never-zeroed": (
        "gradients never zeroed",
        "gradient of w never zeroed",
        "gradient of b never zeroed",
    ),
    "gradients-zeroed-once": ("gradients zeroed once per epoch",),
    "last-batch-recorded": ("only the last batch recorded",),
    "moved-weight": (
        "b updated with the moved w",
        "w updated with the moved b",
        "second parameter updated with the moved first",
    ),
    "noise-free-targets": (
        "noise-free targets",
        "noise-free targets for the loss",
        "noise-free targets for the steps",
    ),
    "one-parameter-still": ("b never updated", "w never updated", "only the weights moved"),
    "one-update-per-epoch": (
        "one update per epoch",
        "one update per epoch, with the first batch",
        "one update per epoch, with summed gradients",
    ),
    "r-squared-swapped": ("targets and predictions swapped",),
    "recorded-after-the-update": ("recorded after the update", "recorded after each update"),
    "short-batch-dropped": ("last short batch dropped", "short batch forgotten"),
    "sign-of-the-intercept": ("sign of b in the model", "bias subtracted"),
    "sorted-samples": ("points in order",),
    "sum-instead-of-mean": ("sum instead of mean", "sum instead of mean in the gradient"),
    "uphill": ("stepping uphill", "w steps uphill", "b steps uphill"),
}

#: Beside this module: the address of the site, if the course has one.
ADDRESS = Path(__file__).with_name("site.txt")


def site() -> str:
    """The address of the course's site, without a slash at its end; empty if it is not known."""
    return ADDRESS.read_text(encoding="utf-8").strip().rstrip("/") if ADDRESS.exists() else ""


def links(mistake: str) -> str:
    """A paragraph of HTML that leads to the pages of a feedback's mistake; empty if none is known.

    Parameters
    ----------
    mistake : str
        As in :attr:`Feedback.mistake`: one name, or several joined by "or" or "+".
    """
    names = re.split(r" or | \+ ", mistake)
    found = {page: name for name in names for page, told in PAGES.items() if name in told}
    if not found or not (address := escape(site())):
        return ""
    made = [
        f'<a href="{address}/mistakes/{page}.html" target="_blank" rel="noopener">'
        f"See {'this mistake' if len(found) == 1 else f'“{escape(name)}”'} →</a>"
        for page, name in found.items()
    ]
    return f'<p style="margin:.35em 0 0 0">{" &nbsp; ".join(made)}</p>'
