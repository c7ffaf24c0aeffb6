"""The runs of Lab 3: what its practices share."""

from __future__ import annotations

from labchecks.engine.run import Descent
from labchecks.judges.losses import on_lab_data

__all__ = ["EPOCHS", "RATE", "SIZES", "START", "TWENTY", "hidden", "visible"]

START = (-15.0, -10.0)
EPOCHS = 10
RATE = 0.1
SIZES = {"batch": 60, "one-sample": 1, "batch size 5": 5, "batch size 10": 10, "batch size 20": 20}
TWENTY = Descent(rate=RATE, epochs=EPOCHS, start=START, batch_size=20)

visible, hidden = on_lab_data("gentle_line")
