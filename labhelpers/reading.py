"""Reading the numbers that a lab passes in, with errors that name the argument."""

import math

import numpy as np


def read_number(value, name: str) -> float:
    """A plain float, or a `TypeError` if the value is not a single number.

    A tensor is read and let go, so that no autograd graph is kept alive.
    """
    if hasattr(value, "detach"):
        value = value.detach()
    try:
        return float(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be a single number, got {value!r:.80}") from error


def read_whole_number(value, name: str, least: int) -> int:
    """An int from `least`, or a `ValueError`; 3.0 and a 0-d tensor count as the number they are."""
    number = read_number(value, name)
    if not math.isfinite(number) or number != int(number) or number < least:
        raise ValueError(f"{name} must be a whole number >= {least}, got {number:g}")
    return int(number)


def read_array(values, name: str, wanted: str) -> np.ndarray:
    """Numbers as a float64 array of any shape; tensors are read and let go.

    What is not a number raises `TypeError`, which says what is `wanted`.
    """
    try:
        if values is None:  # NumPy would take it for NaN
            raise TypeError
        if isinstance(values, (list, tuple)):
            # A list of 0-d tensors that still carry gradients is a common answer in a lab.
            values = [value.detach() if hasattr(value, "detach") else value for value in values]
        elif hasattr(values, "detach"):
            values = values.detach().cpu()
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise TypeError(f"{name} must be {wanted}, got {values!r:.80}") from error


def read_vector(values, name: str) -> np.ndarray:
    """Numbers as `read_array` reads them, with shape (N,).

    A shape other than (N,) or (N, 1), or one with nothing in it, raises `ValueError`.
    """
    array = read_array(values, name, "a sequence of numbers")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        raise ValueError(f"{name} must have shape (N,) or (N, 1), got {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name} is empty")
    return array
