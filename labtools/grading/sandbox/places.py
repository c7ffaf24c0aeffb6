"""Where the packages lie, without importing what they import."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

__all__ = ["LABCHECKS", "LABHELPERS", "LABTOOLS"]

LABCHECKS, LABHELPERS, LABTOOLS = (
    Path(find_spec(name).origin).resolve().parent
    for name in ("labchecks", "labhelpers", "labtools")
)
