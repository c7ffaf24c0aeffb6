"""The release of the course as it stands, made once for all tests that look into it."""

from __future__ import annotations

import io
import zipfile

import pytest

from labtools.release.command import release


@pytest.fixture(scope="session")
def zipped(course, tmp_path_factory) -> bytes:
    """The zip that students get."""
    target, _ = release(course, tmp_path_factory.mktemp("release"))
    return target.read_bytes()


@pytest.fixture(scope="session")
def files(zipped) -> dict[str, str]:
    """Each file of the zip: path inside its one folder, and text."""
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        return {name.partition("/")[2]: archive.read(name).decode() for name in archive.namelist()}
