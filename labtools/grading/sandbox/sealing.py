"""The course's packages as a graded notebook finds them: nothing in them answers a practice.

A student's code can read everything that is in its process. So of `labchecks` what runs there is
the part that asks, beside the lab's questions as plain data; judges, references and the drawing of
hidden cases stay outside.
"""

import shutil
from pathlib import Path

from labchecks.registry import plain_lab
from labtools.grading.sandbox.places import LABCHECKS, LABHELPERS

#: What of `labchecks` knows of no practice.
_KEPT = ("__init__.py", "ask", "checking.py", "feedback.py", "pages.py", "registry.py")


def write_sealed_copy(target: Path, lab: str) -> None:
    """Write ``target/labhelpers`` and ``target/labchecks``."""
    compiled = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(LABHELPERS, target / "labhelpers", ignore=compiled)
    checks = target / "labchecks"
    checks.mkdir()
    for name in _KEPT:
        if (LABCHECKS / name).is_dir():
            shutil.copytree(LABCHECKS / name, checks / name, ignore=compiled)
        else:
            shutil.copyfile(LABCHECKS / name, checks / name)
    (checks / "labs").mkdir()
    (checks / "labs" / f"{lab}.json").write_text(plain_lab(lab, judged=False), encoding="utf-8")
