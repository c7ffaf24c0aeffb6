"""What all tests share."""

from __future__ import annotations

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
