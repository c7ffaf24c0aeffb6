"""Draw the pictures that README.md shows: `python docs/images/draw.py`."""

from pathlib import Path

import numpy as np

from labhelpers import History, LossSurface, data, plot_step

HERE = Path(__file__).parent


def main() -> None:
    """Write the two panels of the step figure of Lab 1: the second point of the run at η = 0.1."""
    dataset = data.gentle_line()
    surface = LossSurface(dataset.x, dataset.y)
    theta = np.array([-15.0, -10.0])
    history = History(surface, theta, lr=0.1)
    for _ in range(15):
        theta = theta - history.lr * surface.gradient(*theta)
        history.step(*theta)
    panels = plot_step(dataset, surface, history, step=1).panels()
    for name, svg in zip(("step-data", "step-parameters"), panels, strict=True):
        (HERE / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
