"""What all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib
import pytest

from tests.chromium import browser, open_page  # noqa: F401 (fixtures)

# Not through the environment: a kernel that a test starts would inherit it and lose its figures.
matplotlib.use("Agg")


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
