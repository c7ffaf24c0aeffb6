"""What the grading tests share."""

from __future__ import annotations

import shutil
import sys

import pytest

from labtools.grading.assignment import Assignment, load_assignment
from labtools.grading.secret import Secret
from labtools.grading.station import Station
from tests.grading.corpora.base import ROOT

SECRET = Secret("for the tests alone")


@pytest.fixture(scope="session")
def secret() -> Secret:
    return SECRET


@pytest.fixture(scope="session")
def assignment(secret) -> Assignment:
    return load_assignment(ROOT, "lab05", secret)


@pytest.fixture(scope="session")
def needs_sandbox() -> None:
    if sys.platform != "linux" or shutil.which("bwrap") is None:
        pytest.skip("needs Linux with bubblewrap")


@pytest.fixture(scope="module")
def station(needs_sandbox, assignment):
    with Station(assignment.lab, assignment.modules) as made:
        yield made
