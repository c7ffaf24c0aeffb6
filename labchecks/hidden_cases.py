"""Marking the cases that are asked when graded, so that no feedback tells what is in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["as_hidden"]


def as_hidden(cases: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The cases, each marked ``"hidden": True``: a judge then names no size, rate or shape."""
    return [{**case, "hidden": True} for case in cases]
