"""Practices of Lab 5: model, loss, batch and mini-batch descent written from scratch."""

from labchecks import Curve, Practice
from labchecks.labs.lab05_formulas import LOSS_FUNC, MODEL

DATA = "wide_line"


def _plot(id_: str, title: str, letters: str) -> Practice:
    held = f"LOSS_{letters}"
    return Practice.figure(
        id_,
        title=title,
        points=5,
        data=DATA,
        axes=f"ax_{letters}",
        praise=f"`ax_{letters}` shows the losses of `{held}`, with labels and a title.",
        curves=[Curve(held, f"`{held}`")],
    )


PRACTICES = (
    MODEL,
    LOSS_FUNC,
    Practice.training(
        "lab05-fit-gd",
        title="Batch gradient descent",
        points=30,
        name="fit_GD",
        data=DATA,
        seed=5,
        run={"seed": 11, "lr": 0.01, "num_epochs": 20},
    ),
    _plot("lab05-plot-gd", "The losses of batch descent", "GD"),
    Practice.training(
        "lab05-fit-bgd",
        title="Descent in mini-batches",
        points=30,
        name="fit_BGD",
        data=DATA,
        seed=6,
        run={"seed": 12, "lr": 0.004, "num_epochs": 10, "batch_size": 32},
    ),
    _plot("lab05-plot-bgd", "The losses of mini-batch descent", "BGD"),
    Practice("lab05-discussion", "When to use mini-batches", 10, (), manual=True),
)
