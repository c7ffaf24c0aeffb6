"""Reading what a lab passes to a figure: points, lines, runs and losses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labhelpers.figures.style import ROLES
from labhelpers.history import History
from labhelpers.reading import read_vector
from labhelpers.surface import LossSurface

__all__ = [
    "Line",
    "check_choice",
    "check_history",
    "check_labels",
    "check_roles",
    "check_surface",
    "read_line",
    "read_points",
    "read_vector",
]


@dataclass(frozen=True)
class Line:
    """A line ŷ = w·x + b and the name of the run that it comes from, if any."""

    w: float
    b: float
    run: str | None = None


def read_points(
    dataset, name: str = "dataset", *, finite: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """The points of a `DataSet` or of a pair (x, y), each of shape (N,).

    The y of a prediction may be NaN or infinite (`finite` is false): that is what a model predicts
    whose training diverged.
    """
    if hasattr(dataset, "x") and hasattr(dataset, "y"):
        x, y = dataset.x, dataset.y
    else:
        try:
            x, y = dataset
        except (TypeError, ValueError) as error:
            kind = type(dataset).__name__
            raise TypeError(f"{name} must be a DataSet or a pair (x, y), got {kind}") from error
    x, y = read_vector(x, f"x of {name}"), read_vector(y, f"y of {name}")
    if x.size != y.size:
        raise ValueError(f"x and y of {name} must have the same length, got {x.size} and {y.size}")
    for part, values in (("x", x), ("y", y)):
        if not np.isfinite(values).all() and (finite or part == "x"):
            raise ValueError(f"{part} of {name} must be finite: it contains NaN or infinite values")
    return x, y


def read_line(line) -> Line:
    """A line from a pair (w, b) or from the last point of a `History`."""
    if isinstance(line, History):
        return Line(float(line.w[-1]), float(line.b[-1]), line.label)
    try:
        w, b = (float(value.detach() if hasattr(value, "detach") else value) for value in line)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"each line must be a pair (w, b) or a History, got {line!r}") from error
    return Line(w, b)


def check_surface(surface) -> None:
    """Raise `TypeError` unless `surface` is a `LossSurface`."""
    if not isinstance(surface, LossSurface):
        raise TypeError(f"surface must be a LossSurface, got {type(surface).__name__}")


def check_history(history, name: str = "history") -> None:
    """Raise `TypeError` unless `history` is a `History`."""
    if not isinstance(history, History):
        raise TypeError(f"{name} must be a History, got {type(history).__name__}")


def check_labels(labels, number: int) -> list[str] | None:
    """The labels as a list of `number` strings, or ``None`` where none were given."""
    if labels is None:
        return None
    if isinstance(labels, str):
        raise TypeError(f"labels must be a sequence of strings, got the single string {labels!r}")
    try:
        labels = [str(label) for label in labels]
    except TypeError as error:
        raise TypeError(f"labels must be a sequence of strings, got {labels!r}") from error
    if len(labels) != number:
        raise ValueError(f"labels must hold {number} names, one for each, got {len(labels)}")
    return labels


def check_roles(roles, number: int) -> list[str | None] | None:
    """The roles as a list of `number` names in the table of colours or ``None``."""
    if roles is None:
        return None
    roles = list(roles)
    if len(roles) != number:
        raise ValueError(f"roles must hold {number} names, one for each, got {len(roles)}")
    for role in roles:
        check_choice(role, "each of roles", (None, *ROLES))
    return roles


def check_choice(value, name: str, allowed: tuple) -> None:
    """Raise `ValueError` unless `value` is one of `allowed`."""
    if value not in allowed:
        options = ", ".join(repr(option) for option in allowed)
        raise ValueError(f"{name} must be one of {options}, got {value!r}")
