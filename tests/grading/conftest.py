"""What the grading tests share."""

from __future__ import annotations

import shutil
import sys

import pytest

from labtools.grading.judging.assignment import Assignment, draw_cases, read_release
from labtools.grading.judging.secret import Secret
from labtools.grading.sandbox.home import PARENT, SharedParent
from labtools.grading.sandbox.station import Station
from tests.grading.corpora.base import ROOT

SECRET = Secret("for the tests alone")


@pytest.fixture(scope="session")
def secret() -> Secret:
    return SECRET


@pytest.fixture(scope="session")
def assignment(secret) -> Assignment:
    return draw_cases(read_release(ROOT, "lab05"), secret)


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        pytest.skip("needs Linux with bubblewrap")


@pytest.fixture(scope="session")
def own_station(needs_sandbox, assignment):
    """A station with a parent of its own, for all tests of a worker."""
    with Station(assignment.lab, assignment.modules) as made:
        yield made


@pytest.fixture(
    scope="module",
    params=["a parent of its own", pytest.param("a shared parent", marks=pytest.mark.prove)],
)
def station(request, needs_sandbox, assignment, tmp_path_factory):
    """A station, and beside it another one where both share a warm parent."""
    if request.param == "a parent of its own":
        yield request.getfixturevalue("own_station")
        return
    address = tmp_path_factory.mktemp("shared") / PARENT
    parent = SharedParent(assignment.lab, assignment.modules, assignment.sources, address)
    try:
        with (
            Station(assignment.lab, assignment.modules, shared=address) as other,
            Station(assignment.lab, assignment.modules, shared=address) as made,
        ):
            other.warm_up()
            yield made
            assert made.shared == address, "the shared parent was given up"
    finally:
        parent.close()
