"""What a lab may set in the figure, and the checks on it."""

import math
import sys
from collections.abc import Iterable
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


def read_real(name: str, value, allowed: str, low, high=sys.float_info.max, kind: type = Real):
    """The number `value`, if it lies between `low` and `high`; `allowed` says what may be."""
    if isinstance(value, bool) or not isinstance(value, kind):
        raise TypeError(f"{name} must be {allowed}, got {value!r}")
    if not low <= value <= high:
        raise ValueError(f"{name} must be {allowed}, got {value!r}")
    return float(value) if kind is Real else int(value)


def read_hide(hide) -> tuple[str, ...]:
    """The names in `hide`, each once and in the order of `HIDEABLE`."""
    names = [None] if isinstance(hide, str) or not isinstance(hide, Iterable) else list(hide)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(
            f'hide must be a tuple of names of controls such as ("momentum",), got {hide!r}'
        )
    for name in names:
        if name not in HIDEABLE:
            raise ValueError(f"hide may hold {', '.join(HIDEABLE)}; got {name!r}")
    return tuple(name for name in HIDEABLE if name in names)


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

        put("lr", read_real("lr", self.lr, "a number above 0", math.ulp(0)))
        put("momentum", read_real("momentum", self.momentum, "a number from 0 to 0.99", 0, 0.99))
        if self.batch_size is not None:
            put("batch_size", read_real("batch_size", self.batch_size, _BATCHES, 1, kind=Integral))
        for name, low, high in (("seed", 0, LARGEST_SEED), ("steps", 1, MOST_STEPS)):
            allowed = f"a whole number from {low} to {high}"
            put(name, read_real(name, getattr(self, name), allowed, low, high, Integral))
        if not isinstance(self.shuffle, bool):
            raise TypeError(f"shuffle must be True or False, got {self.shuffle!r}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f'optimizer must be "sgd" or "adam", got {self.optimizer!r}')
        try:
            w, b = self.start
        except (TypeError, ValueError) as error:
            raise TypeError(f"start must be two numbers (w, b), got {self.start!r}") from error
        both = enumerate((w, b))
        far = FARTHEST_START
        put("start", tuple(read_real(f"start[{i}]", v, _STARTS, -far, far) for i, v in both))

    def as_dict(self) -> dict:
        """The settings by name, as JSON has them (the start as a list)."""
        return {**asdict(self), "start": list(self.start)}
