"""The short form that practices share whose cases are drawn."""

import random
from collections.abc import Callable
from typing import Any

from labchecks.registry import Practice


def drawn_practice(
    kind: str,
    judge: Any,
    draw: Callable[[random.Random], list[dict[str, Any]]],
    *,
    id: str,
    title: str,
    points: float,
    seed: int = 0,
    visible: Callable[[], list[dict[str, Any]]] | None = None,
) -> Practice:
    """A practice whose cases `draw` makes.

    Parameters
    ----------
    kind : str
        Of the question, see :mod:`labchecks.ask`.
    judge
        The practice's judge; its ``name`` is what the student defines.
    draw : callable
        ``draw(rng)`` gives cases.
    id, title, points
        See :class:`labchecks.registry.Practice`.
    seed : int
        With which the visible cases are drawn.
    visible : callable, optional
        Gives the visible cases, where they are not just drawn.
    """
    return Practice(
        id=id,
        title=title,
        points=points,
        names=(judge.name,),
        question=(kind, judge.name),
        judge=judge,
        visible=visible or (lambda: draw(random.Random(seed))),
        hidden=draw,
    )
