"""What numbers a name of the student's holds."""

import itertools
import math
from collections.abc import Mapping, Sequence, ValuesView
from typing import Any

import numpy as np

from labchecks.ask.call import Answer, Case, call, is_stub

#: More numbers than any practice asks for; a longer answer is refused unread.
MAX_NUMBERS = 20_000


def read(namespace: Mapping[str, object], name: str) -> Answer | None:
    """``{"kind": "absent"}`` or ``{"kind": "stub"}`` where `name` holds no answer, else None."""
    if name not in namespace:
        return {"kind": "absent"}
    try:
        return {"kind": "stub"} if is_stub(namespace[name]) else None
    except Exception:  # an object of the student's own class may refuse even to be looked at
        return None


def read_callable(namespace: Mapping[str, object], name: str) -> tuple[Any, Answer | None]:
    """The function that `name` holds and ``None``, or ``None`` and what is there instead."""
    if nothing := read(namespace, name):
        return None, nothing
    found = namespace[name]
    if not callable(found):
        return None, {"kind": "other", "type": type(found).__name__, "what": "name"}
    return found, None


def read_numbers(thing: object) -> Answer:
    """Numbers out of a float, a tensor, an array, or a list, tuple or other sequence of those."""
    described = type(thing).__name__
    try:
        described = describe(thing)
        values, shape = numbers(thing)
    except _Complex:
        described = described if "complex" in described else f"complex {described}"
        return {"kind": "other", "type": described}
    except Exception:  # a class of the student's own may raise anything when it is read
        return {"kind": "other", "type": described}
    return {"kind": "numbers", "values": values, "shape": shape, "type": described}


def read_value(namespace: Mapping[str, object], name: str) -> Answer:
    """The numbers that `name` holds; ``absent`` or ``stub`` where it holds no answer."""
    if nothing := read(namespace, name):
        return nothing
    # An object of the student's own class may do anything when it is read.
    answer, failure = call(lambda: read_numbers(namespace[name]))
    return answer if failure is None else failure


def ask_value(namespace: Mapping[str, object], case: Case, name: str, *beside: str) -> Answer:
    """The numbers that `name` holds; under each name in `beside`, the answer for that name."""
    others = {other: read_value(namespace, other) for other in beside}
    return {**read_value(namespace, name), **others}


class NotNumbers(Exception):
    """Raised where an object holds something else than numbers, or too many of them."""


class _Complex(NotNumbers):
    """Raised where numbers have an imaginary part."""


def describe(thing: object) -> str:
    """The name of an object's type, of a list also those of its items."""
    name = type(thing).__name__
    if isinstance(thing, (list, tuple)):
        inner = sorted({type(item).__name__ for item in thing[:1000]})
        return f"{name} of {' and '.join(inner[:3])}" if inner else f"empty {name}"
    return name


def numbers(thing: object) -> tuple[list[float], list[int]]:
    """The numbers in an object, in a row, and their shape.

    Raises
    ------
    NotNumbers
        If it holds something else, or too many.
    """
    if isinstance(thing, (str, bytes, bool, dict, set)):
        raise NotNumbers
    if type(thing) in (int, float):
        return [float(thing)], []
    if hasattr(thing, "detach"):
        thing = thing.detach().cpu()
        # bfloat16 has no numpy type of its own.
        if thing.is_floating_point() and thing.numel() <= MAX_NUMBERS:
            thing = thing.double()
    elif isinstance(thing, (list, tuple, ValuesView)) or (
        isinstance(thing, Sequence) and not hasattr(thing, "__array__")
    ):
        return _numbers_of_sequence(thing)
    array = np.asarray(thing)
    if array.size > MAX_NUMBERS:
        raise NotNumbers
    if array.dtype == object and array.ndim:
        return _numbers_of_sequence(array.tolist())
    if array.dtype == object:
        # Decimal, Fraction and their like: what says itself that it is one number.
        if isinstance(thing, (type, np.generic)) or not hasattr(type(thing), "__float__"):
            raise NotNumbers
        return [float(thing)], []
    if array.dtype.kind == "c":
        # The eigenvalues of a symmetric matrix come as complex numbers out of `eigvals`; who makes
        # a plain Python complex number means one.
        if type(thing) is complex or array.imag.any():
            raise _Complex
        array = array.real
    if array.dtype.kind not in "iuf":
        raise NotNumbers
    return [float(value) for value in array.ravel()], list(array.shape)


def _numbers_of_sequence(sequence) -> tuple[list[float], list[int]]:
    if len(sequence) > MAX_NUMBERS:
        raise NotNumbers
    values: list[float] = []
    shapes = []
    # A length may be a lie: no more is read than is allowed.
    for item in itertools.islice(sequence, MAX_NUMBERS + 1):
        inner, shape = numbers(item)
        values += inner
        shapes.append(shape)
        if len(values) > MAX_NUMBERS:
            raise NotNumbers
    # [tensor(1.), tensor([2.])] counts as two numbers, as a reader would count them.
    if all(math.prod(shape) == 1 for shape in shapes):
        return values, [len(shapes)]
    if shapes and all(shape == shapes[0] for shape in shapes):
        return values, [len(shapes), *shapes[0]]
    raise NotNumbers
