"""Practice checks: what is asked, how an answer is judged, and what is said of it."""

from importlib import import_module

from labchecks.checking import check, progress
from labchecks.feedback import Feedback, Score
from labchecks.registry import Practice, find, lab_names, of_lab

#: What a lab's module is written with. Students' copies of a lab need none of it.
_AUTHORS = {
    **dict.fromkeys(("slip", "tensor", "uniform", "whole"), "labchecks.judges.function"),
    "Curve": "labchecks.judges.figure",
}

__all__ = [
    "Feedback",
    "Practice",
    "Score",
    "check",
    "find",
    "lab_names",
    "of_lab",
    "progress",
    *_AUTHORS,
]


def __getattr__(name: str):
    if name in _AUTHORS:
        return getattr(import_module(_AUTHORS[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
