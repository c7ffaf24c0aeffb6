"""Practices of Lab 6: a backward pass, a hidden layer, and a deep network that trains."""

from labchecks import Practice
from labchecks.labs.lab06_backward import BACKWARD

PRACTICES = (
    BACKWARD,
    Practice.network("lab06-hidden-net", title="A network with one hidden layer", points=10),
    Practice.trained(
        "lab06-deep-net",
        title="A deep network that trains",
        points=10,
        name="DeepNet",
        sizes=(2, 10, 20, 2, 1),
        lr=0.01,
        epochs=40,
        batch_size=64,
    ),
)
