"""Where the packages lie, without importing what they import."""

from importlib.util import find_spec
from pathlib import Path

LABCHECKS, LABHELPERS, LABTOOLS = (
    Path(find_spec(name).origin).resolve().parent
    for name in ("labchecks", "labhelpers", "labtools")
)
