"""Practices of Lab 2: batch losses, one stochastic epoch, a stable stochastic rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labchecks.engine.mistakes import find
from labchecks.engine.run import Points, points_of, simulate
from labchecks.feedback import Feedback
from labchecks.judges.losses import Asked, judge_cases, judge_losses
from labchecks.labs.lab02_epoch import sgd_epoch
from labchecks.labs.lab02_runs import BATCH, RATES, START, hidden, visible
from labchecks.labs.lab02_stable import stable_rate
from labchecks.registry import Practice

__all__ = ["PRACTICES"]


def batch() -> Practice:
    """`loss_BGD`: 20 full-data losses of batch descent at rate 0.1, each before its update."""

    def judge(cases: Sequence[Mapping], answers: Sequence[Mapping]) -> Feedback:
        def one(case, answer):
            return judge_losses(_asked(points_of(case["data"], case["seed"])), case, answer)

        return judge_cases(cases, answers, one, "loss_BGD")

    return Practice(
        id="lab02-batch",
        title="Batch descent on the steep line",
        points=10,
        names=("loss_BGD",),
        question=("value", "loss_BGD"),
        judge=judge,
        visible=visible,
        hidden=hidden,
    )


def _asked(points: Points) -> Asked:
    return Asked(
        name="loss_BGD",
        run=BATCH,
        other_starts=(
            (simulate(BATCH, points).end, "where a run at rate 0.1 ended"),
            ((0.0, 0.0), "from zero"),
            ((-15.0, -10.0), "from the start of Lab 1"),
            ((START[1], START[0]), "with `w` and `b` in each other's place"),
            ((-START[0], -START[1]), "with other signs"),
        ),
        other_rates=RATES,
        alone=(find("one-sample descent"),),
        other_data=("gentle_line", "wide_line"),
    )


PRACTICES = (batch(), sgd_epoch(), stable_rate())
