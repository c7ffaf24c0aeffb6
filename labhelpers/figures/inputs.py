"""Reading what a lab passes to a figure: points, lines, runs and losses."""

from collections.abc import Iterable

import numpy as np

from labhelpers.figures.style import ROLES
from labhelpers.history import History
from labhelpers.reading import read_vector
from labhelpers.surface import LossSurface


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


def read_line(line) -> tuple[float, float, str | None]:
    """w, b and the run's name, if any, of a pair (w, b) or of the last point of a `History`."""
    if isinstance(line, History):
        return float(line.w[-1]), float(line.b[-1]), line.label
    try:
        w, b = (float(value.detach() if hasattr(value, "detach") else value) for value in line)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"each line must be a pair (w, b) or a History, got {line!r}") from error
    return w, b, None


def check_runs(surface, *histories, name: str = "history") -> None:
    """Raise `TypeError` unless a `LossSurface` and `History` objects came."""
    runs = [(history, History, name) for history in histories]
    for value, kind, what in [(surface, LossSurface, "surface"), *runs]:
        if not isinstance(value, kind):
            raise TypeError(f"{what} must be a {kind.__name__}, got {type(value).__name__}")


def check_labels(labels, number: int) -> list[str] | None:
    """The labels as a list of `number` strings, or ``None`` where none were given."""
    return None if labels is None else [str(label) for label in _one_each(labels, number, "labels")]


def check_roles(roles, number: int) -> list[str | None]:
    """The roles as a list of `number` names in the table of colours or ``None``."""
    roles = [None] * number if roles is None else _one_each(roles, number, "roles")
    for role in roles:
        check_choice(role, "each of roles", (None, *ROLES))
    return roles


def _one_each(names, number: int, what: str) -> list:
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise TypeError(f"{what} must be a sequence of strings, got {names!r}")
    names = list(names)
    if len(names) != number:
        raise ValueError(f"{what} must hold {number} names, one for each, got {len(names)}")
    return names


def check_choice(value, name: str, allowed: tuple) -> None:
    """Raise `ValueError` unless `value` is one of `allowed`."""
    if value not in allowed:
        options = ", ".join(repr(option) for option in allowed)
        raise ValueError(f"{name} must be one of {options}, got {value!r}")
