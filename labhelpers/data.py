"""The data sets of the labs, each made from a seed so that everyone sees the same points."""

# An older Python comes as far as an ImportError then, which the start page explains.
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch

from labhelpers.reading import read_whole_number


@dataclass(frozen=True, eq=False)
class DataSet:
    """Points scattered about a known line (or curve).

    Attributes
    ----------
    name : str
        What the data set is called in the labs.
    x, y : torch.Tensor, shape (N, 1), float32
        Inputs and noisy targets.
    slope, intercept : float or None
        The true parameters; ``None`` where the target is not a line.
    noise : float
        Standard deviation of the Gaussian noise in ``y``.
    """

    name: str
    x: torch.Tensor
    y: torch.Tensor
    slope: float | None
    intercept: float | None
    noise: float

    def __len__(self) -> int:
        return len(self.x)

    @property
    def rule(self) -> str:
        """The noise-free rule as text, such as ``y = 1·x − 1``."""
        if self.slope is None or self.intercept is None:
            return "y = (x − 2)²"
        slope = f"{self.slope:g}".replace("-", "−")
        if self.intercept == 0:
            return f"y = {slope}·x"
        sign = "+" if self.intercept > 0 else "−"
        return f"y = {slope}·x {sign} {abs(self.intercept):g}"

    def __repr__(self) -> str:
        return f"DataSet({self.name!r}: {len(self)} points, {self.rule}, noise {self.noise:g})"


def _line(
    name: str, x: torch.Tensor, slope: float, intercept: float, noise: float, rng: torch.Generator
) -> DataSet:
    y = slope * x + intercept + noise * _gaussian(len(x), rng)
    return DataSet(name, x, y, slope, intercept, noise)


#: The seed of the labs' own data, by function.
OWN_SEEDS = {"gentle_line": 1, "steep_line": 1, "gaussian_line": 242, "curve": 242, "wide_line": 1}
_replaced: dict[str, int] = {}


def replace_seeds(seeds: Mapping[str, int]) -> None:
    """Make the labs' own data from other `seeds`, by function, until this is called again.

    For grading: a notebook is run once more on data that its author has not seen, so that numbers
    which were typed in do not fit. Data with any other seed stay as they are, as do functions that
    are left out.

    Raises
    ------
    ValueError
        If there is no such function.
    """
    unknown = set(seeds) - set(OWN_SEEDS)
    if unknown:
        raise ValueError(f"no data called {sorted(unknown)}; there are {sorted(OWN_SEEDS)}")
    _replaced.clear()
    _replaced.update(seeds)


def _seeded(name: str, seed: int) -> torch.Generator:
    seed = read_whole_number(seed, "seed", 0)
    if seed == OWN_SEEDS[name]:
        seed = _replaced.get(name, seed)
    # A private generator: making a data set neither reads nor moves torch's global random state.
    return torch.Generator().manual_seed(seed)


def _steps_of_a_tenth(limit: int) -> torch.Tensor:
    return (torch.arange(-10 * limit, 10 * limit, dtype=torch.float32) / 10).view(-1, 1)


def _gaussian(n: int, rng: torch.Generator) -> torch.Tensor:
    # Whatever a notebook has made torch's default: another type would be other random numbers.
    return torch.randn(n, 1, generator=rng, dtype=torch.float32)


def gentle_line(seed: int = 1) -> DataSet:
    """Labs 1 and 3: y = 1·x − 1 + 0.1·ε at the 60 points x = −3.0, −2.9, …, 2.9."""
    return _line("gentle line", _steps_of_a_tenth(3), 1.0, -1.0, 0.1, _seeded("gentle_line", seed))


def steep_line(seed: int = 1) -> DataSet:
    """Lab 2: y = −5·x + 0.4·ε at the 100 points x = −5.0, −4.9, …, 4.9."""
    return _line("steep line", _steps_of_a_tenth(5), -5.0, 0.0, 0.4, _seeded("steep_line", seed))


def gaussian_line(seed: int = 242, n: int = 1000) -> DataSet:
    """Labs 4 and 6: y = 5 + 2·x + ε at `n` points with x ~ N(2, 1) and ε ~ N(0, 1).

    The noise is added once: its variance in the sample is 1, as announced.
    """
    rng = _seeded("gaussian_line", seed)
    x = 2 + _gaussian(read_whole_number(n, "n", 1), rng)
    return _line("Gaussian line", x, 2.0, 5.0, 1.0, rng)


def curve(seed: int = 242, n: int = 1000) -> DataSet:
    """Lab 6: the same inputs with a curved target, y = (x − 2)² + 0.5·ε."""
    rng = _seeded("curve", seed)
    x = 2 + _gaussian(read_whole_number(n, "n", 1), rng)
    y = (x - 2) ** 2 + 0.5 * _gaussian(n, rng)
    return DataSet("curve", x, y, None, None, 0.5)


def wide_line(seed: int = 1) -> DataSet:
    """Lab 5: y = 3·x + 0.5·ε at the 200 points x = −10.0, −9.9, …, 9.9."""
    return _line("wide line", _steps_of_a_tenth(10), 3.0, 0.0, 0.5, _seeded("wide_line", seed))
