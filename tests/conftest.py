"""What all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import pytest

from tests.chromium import browser, open_page  # noqa: F401 (fixtures)

# Not through the environment: a kernel that a test starts would inherit it and lose its figures.
matplotlib.use("Agg")


#: Folders whose tests share one long set-up: a worker that has made it runs them all.
TOGETHER = ("tests/release", "tests/site")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With ``--dist loadscope``, also keep some folders together, not only each module."""
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            folder = nodeid.partition("::")[0].rpartition("/")[0]
            return folder if folder in TOGETHER else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def course() -> Path:
    """Return the course's folder."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def no_figure_left_open():
    """Close what a test left open in pyplot: the next one counts its own figures."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
