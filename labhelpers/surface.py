"""The mean-squared-error surface of a line, in closed form.

For the line ŷ = w·x + b the loss L(w, b) = mean (w·x + b − y)² is an exact quadratic. Writing
x̄, ȳ for the means, s_xx = mean (x − x̄)², s_xy = mean (x − x̄)(y − ȳ), w* = s_xy / s_xx and
b* = ȳ − w*·x̄, completing the square gives

    L(w, b) = L* + s_xx·(w − w*)² + (w·x̄ + b − ȳ)²,      L* = mean (w*·x + b* − y)².

Every term is a square, so no digits are lost by subtraction (as they would be with the raw means
of x², xy and y²), and once the means are known a value costs O(1) whatever the number of points.
"""

import math
from functools import cached_property

import numpy as np

from labhelpers.reading import read_array, read_vector


def _parameters(w, b) -> list[np.ndarray]:
    return [read_array(one, name, "a number or an array") for one, name in ((w, "w"), (b, "b"))]


def _mean(values: np.ndarray, name: str) -> float:
    # On the small data of the labs ndarray.mean costs three times as much as the sum, and a sum
    # that is not finite finds a NaN or an infinity without a pass of its own.
    mean = float(np.add.reduce(values)) / values.size
    if not math.isfinite(mean):
        raise ValueError(f"{name} contains NaN or infinite values")
    return mean


class LossSurface:
    """Mean-squared-error surface L(w, b) = mean (w·x + b − y)² of a line on a data set.

    Parameters
    ----------
    x, y : array_like or Tensor, shape (N,) or (N, 1)
        Inputs and targets. They are read once, in float64, and not kept.

    Raises
    ------
    TypeError
        If `x` or `y` are not numbers.
    ValueError
        If a shape does not fit, the lengths differ, a value is NaN or infinite, or the values are
        so large that their squares are not finite.

    Examples
    --------
    >>> surface = LossSurface([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    >>> surface.minimum
    (2.0, 1.0)
    >>> surface(2.0, 0.0)
    1.0
    """

    def __init__(self, x, y) -> None:
        x, y = read_vector(x, "x"), read_vector(y, "y")
        if x.size != y.size:
            raise ValueError(f"x and y must have the same length, got {x.size} and {y.size}")
        self.n = int(x.size)
        self.x_mean, self.y_mean = _mean(x, "x"), _mean(y, "y")
        with np.errstate(over="ignore", invalid="ignore"):
            dx, dy = x - self.x_mean, y - self.y_mean
            self._sxx = float(dx @ dx) / self.n
            self._sxy = float(dx @ dy) / self.n
            # Products, because a power of floats raises where it overflows.
            squares = self._sxx + float(dy @ dy) + self.x_mean * self.x_mean
        if not math.isfinite(squares):
            raise ValueError("x or y are too large: their squares are not finite")
        # With a single x value every slope fits equally well; 0 keeps the formula finite.
        self._w = self._sxy / self._sxx if self._sxx > 0 else 0.0
        self._b = self.y_mean - self._w * self.x_mean
        residual = dy - self._w * dx
        self.minimum_loss = float(residual @ residual) / self.n
        self._x2_max = max(float(x.max()) ** 2, float(x.min()) ** 2)

    def __call__(self, w, b):
        """Loss at (w, b); arrays and tensors broadcast against each other and give an array.

        On a grid, ``surface(w, b[:, None])``, the slope's share is computed for each w alone.
        """
        w, b = _parameters(w, b)
        # A diverging path may overflow to inf, which is the honest value and needs no warning.
        with np.errstate(over="ignore", invalid="ignore"):
            slope_part = self._sxx * (w - self._w) ** 2
            level_part = (w * self.x_mean + b - self.y_mean) ** 2
            loss = self.minimum_loss + slope_part + level_part
        return float(loss) if loss.ndim == 0 else loss

    def gradient(self, w, b) -> np.ndarray:
        """Gradient (∂L/∂w, ∂L/∂b) at (w, b), shape (2,) or (2, …) for arrays."""
        w, b = _parameters(w, b)
        level = w * self.x_mean + b - self.y_mean
        slope = self._sxx * (w - self._w) + level * self.x_mean
        return 2 * np.stack(np.broadcast_arrays(slope, level))

    @property
    def minimum(self) -> tuple[float, float]:
        """Least-squares parameters (w*, b*).

        Raises
        ------
        ValueError
            If every x is the same: then infinitely many lines are equally good.
        """
        if self._sxx == 0:
            raise ValueError("every x is the same, so no single line is best")
        return self._w, self._b

    @cached_property
    def hessian(self) -> np.ndarray:
        """Matrix of second derivatives, 2·[[mean x², x̄], [x̄, 1]], shape (2, 2)."""
        mean_x2 = self._sxx + self.x_mean**2
        return 2 * np.array([[mean_x2, self.x_mean], [self.x_mean, 1.0]])

    @cached_property
    def _eigen(self) -> tuple[np.ndarray, np.ndarray]:
        values, vectors = np.linalg.eigh(self.hessian)
        return np.maximum(values, 0.0), vectors

    @property
    def eigenvalues(self) -> np.ndarray:
        """Curvatures λ₁ ≤ λ₂ along the two principal directions, shape (2,)."""
        return self._eigen[0].copy()

    @property
    def eigenvectors(self) -> np.ndarray:
        """Principal directions as columns, in the order of `eigenvalues`, shape (2, 2)."""
        return self._eigen[1].copy()

    @property
    def condition_number(self) -> float:
        """κ = λ₂/λ₁; infinite if every x is the same."""
        low, high = self._eigen[0]
        return float(high / low) if low > 0 else float("inf")

    @property
    def largest_stable_rate(self) -> float:
        """2/λ₂: batch gradient descent converges exactly for 0 < η < 2/λ₂."""
        return float(2 / self._eigen[0][1])

    @property
    def fastest_rate(self) -> float:
        """2/(λ₁ + λ₂): the constant rate whose worse factor max |1 − η·λᵢ| is smallest."""
        return float(2 / self._eigen[0].sum())

    @property
    def largest_sample_rate(self) -> float:
        """1/(max x² + 1): up to this rate no one-sample step enlarges that sample's own error."""
        return 1 / (self._x2_max + 1)

    def factors(self, lr: float) -> np.ndarray:
        """Factors 1 − η·λᵢ by which one batch step multiplies the error, shape (2,)."""
        return 1 - lr * self._eigen[0]

    def __repr__(self) -> str:
        return (
            f"LossSurface(n={self.n}, minimum at w = {self._w:.4g}, b = {self._b:.4g}, "
            f"eigenvalues {self._eigen[0][0]:.4g} and {self._eigen[0][1]:.4g})"
        )
