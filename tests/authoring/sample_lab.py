"""A small lab, right in every respect; a test takes it and plants one fault."""

from __future__ import annotations

from pathlib import Path

NAME = "lab01_sample"

# The class stands in for the package, so that the sample needs no practice of the real course.
SOURCE = '''\
# %% [markdown]
# # Lab 1: a sample
#
# What doubling is.

# %%
import math

half = 0.5
print(f"{math.pi:.3f}")

# %%
class labhelpers:
    @staticmethod
    def check(name):
        answer = double(2)
        return 0.0 if answer is None else 10.0 * (answer == 4)

# %% [markdown]
# ## Practice
#
# Write `double`.

# %% practice="lab01-double"
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    twofold = x / half
    return twofold
    ### END SOLUTION

# %% check="lab01-double" points=10
labhelpers.check("lab01-double")

# %% [markdown] answer="lab01-why" points=5
# Why is it so?
#
# ### BEGIN SOLUTION
# Because two halves make one whole.
# ### END SOLUTION
'''


def write_course(folder: Path, source: str = SOURCE, name: str = NAME) -> Path:
    """Lay out a course of one lab in a folder; return the path of its source."""
    (folder / "pyproject.toml").touch()
    path = folder / "solutions" / f"{name}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path
