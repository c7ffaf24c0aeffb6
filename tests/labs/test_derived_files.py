"""No lab lacks a derived notebook, and none is left of a lab that is gone.

What the notebooks hold is compared where they are run: see `UpToDate` in the course's conftest.py.
"""

from __future__ import annotations

from labtools.build import find_orphans, find_sources


def test_every_lab_has_both_notebooks_and_no_other_is_there(course):
    names = [path.stem for path in find_sources(course)]
    for folder in ("solutions", "notebooks"):
        assert sorted(path.stem for path in (course / folder).glob("*.ipynb")) == names, folder
    assert find_orphans(course) == []
