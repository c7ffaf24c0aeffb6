"""Practice checks: probe, case and judge of every practice in the labs."""

from labchecks.checking import check, progress
from labchecks.feedback import Feedback, Score
from labchecks.registry import Practice, find, lab_names, of_lab

__all__ = ["Feedback", "Practice", "Score", "check", "find", "lab_names", "of_lab", "progress"]
