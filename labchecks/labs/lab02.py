"""Practices of Lab 2: batch losses, a stop condition, a stochastic epoch, a stable rate."""

from labchecks import Practice
from labchecks.judges.passes import sgd_epoch
from labchecks.judges.stable_rate import stable_rate
from labchecks.judges.steep_runs import RATES, START
from labchecks.labs.lab02_until import TRAIN_UNTIL

#: 20 full-data losses of batch descent at rate 0.1, each before its update.
BATCH = Practice.losses(
    "lab02-batch",
    title="Batch descent on the steep line",
    points=5,
    data="steep_line",
    name="loss_BGD",
    rate=0.1,
    epochs=20,
    start=START,
    rate_before=(0.1, "where a run at rate 0.1 ended"),
    other_starts=(((-15.0, -10.0), "from the start of Lab 1"),),
    other_rates=RATES,
    other_data=("gentle_line", "wide_line"),
)

PRACTICES = (BATCH, TRAIN_UNTIL, sgd_epoch(), stable_rate())
