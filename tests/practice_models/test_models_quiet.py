"""A probe prints no warning of its own, whatever a student's function does to its arguments."""

from __future__ import annotations

import random
import warnings

from labhelpers.practice.lab05_formulas import model_cases
from labhelpers.practice.tensor_functions import probe_function


def test_argument_changed_in_place_gives_no_warning() -> None:
    def model(data, weight, bias):
        data.mul_(weight)
        return data + bias

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = probe_function("model", {"model": model}, model_cases(random.Random(3))[0])
    assert answer["unchanged"] is False
