"""What a lab may set in the figure, and the checks on it."""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from numbers import Integral, Real

MOST_STEPS = 5000
LARGEST_SEED = 2**31 - 1
FARTHEST_START = 1e9

#: Everything that can be left out: the controls, the two marks on the rate's scale and the map
#: (they give the answer to "find the largest rate that still converges"), and the kept run.
HIDEABLE = (
    *("lr", "batch_size", "shuffle", "seed", "steps", "momentum", "optimizer", "start"),
    *("marks", "map", "compare"),
)

#: The names that ``torch.optim`` has for them, in small letters.
OPTIMIZERS = ("sgd", "adam")


def read_real(name: str, value, allowed: str, accept: Callable[[float], bool]) -> float:
    """The number `value`, if it is finite and `accept` takes it; `allowed` says what may be."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be {allowed}, got {value!r}")
    number = float(value)
    if not (math.isfinite(number) and accept(number)):
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return number


def _whole(name: str, value, low: int, high: float, allowed: str = "") -> int:
    allowed = allowed or f"a whole number from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be {allowed}, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return int(value)


def names_among(name: str, value: Iterable[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """The names in `value`, each once and in the order of `allowed`.

    Raises
    ------
    TypeError
        If `value` is a single string or holds something that is not a string.
    ValueError
        If a name is not among the allowed ones.
    """
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise TypeError(f'{name} must be a tuple of names such as ("momentum",), got {value!r}')
    given = list(value)
    for item in given:
        if not isinstance(item, str):
            raise TypeError(f"{name} must hold names of controls, got {item!r}")
        if item not in allowed:
            raise ValueError(f"{name} may hold {', '.join(allowed)}; got {item!r}")
    return tuple(item for item in allowed if item in given)


def check_batch_size(batch_size: int | None, n: int) -> None:
    """Refuse a batch that is larger than the data."""
    if batch_size is not None and batch_size > n:
        raise ValueError(f"batch_size may be up to the number of points, {n}, got {batch_size}")


_BATCHES = "None (all samples) or a whole number from 1 up to the number of points"
_STARTS = f"a finite number between -{FARTHEST_START:g} and {FARTHEST_START:g}"


@dataclass(frozen=True)
class Settings:
    """The settings of one run, as `DescentExplorer` describes and this class checks them."""

    lr: float = 0.1
    batch_size: int | None = None
    shuffle: bool = True
    seed: int = 0
    steps: int = 30
    momentum: float = 0.0
    optimizer: str = "sgd"
    start: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        def put(name, value):
            object.__setattr__(self, name, value)

        put("lr", read_real("lr", self.lr, "a number above 0", lambda v: v > 0))
        allowed = "a number from 0 to 0.99"
        put("momentum", read_real("momentum", self.momentum, allowed, lambda v: 0 <= v <= 0.99))
        if self.batch_size is not None:
            put("batch_size", _whole("batch_size", self.batch_size, 1, math.inf, _BATCHES))
        put("seed", _whole("seed", self.seed, 0, LARGEST_SEED))
        put("steps", _whole("steps", self.steps, 1, MOST_STEPS))
        if not isinstance(self.shuffle, bool):
            raise TypeError(f"shuffle must be True or False, got {self.shuffle!r}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f'optimizer must be "sgd" or "adam", got {self.optimizer!r}')
        try:
            w, b = self.start
        except (TypeError, ValueError) as error:
            raise TypeError(f"start must be two numbers (w, b), got {self.start!r}") from error
        both = [
            read_real(f"start[{i}]", value, _STARTS, lambda v: abs(v) <= FARTHEST_START)
            for i, value in enumerate((w, b))
        ]
        put("start", tuple(both))

    def as_dict(self) -> dict:
        """The settings by name, as JSON has them (the start as a list)."""
        return {**asdict(self), "start": list(self.start)}
