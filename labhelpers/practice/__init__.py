"""Practice checks: probe, case and judge of every practice in the labs."""

from labhelpers.practice.checking import check, progress
from labhelpers.practice.feedback import Feedback, Score
from labhelpers.practice.registry import Practice, find, labs, of_lab

__all__ = ["Feedback", "Practice", "Score", "check", "find", "labs", "of_lab", "progress"]
