r"""Gaussian dual maps in double precision: $V_\phi = E\,\phi(u)\phi(v)$ and that of $\phi'$.

The formulas are those that `lemmata.theory.gaussian_duals` derives, rearranged so that nothing
cancels for nearly equal and nearly opposite (u, v); a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, factorial
from typing import Protocol

import numpy as np
from scipy.special import hyp2f1, spherical_jn

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_pairs import Array, Pairs, ratio


class Dual(Protocol):
    """An activation whose dual maps are known."""

    def image(self, pairs: Pairs) -> Pairs:
        """The second moments of phi(u) and phi(v)."""
        ...

    def slope(self, pairs: Pairs) -> Array:
        """E phi'(u) phi'(v)."""
        ...


@dataclass(frozen=True)
class LeakyRelu:
    """phi(x) = x for x > 0 and `slope_below` x for x < 0: ReLU at 0, the identity at 1, |x| at -1.

    Where a variance is zero the value of the slope is arbitrary, for phi has no derivative at 0;
    it multiplies a kernel that is zero there.
    """

    slope_below: float = 0.01

    def __post_init__(self) -> None:
        if not np.isfinite(self.slope_below):
            raise UsageError(f"slope_below={self.slope_below!r} of a leaky ReLU must be finite.")

    def image(self, pairs: Pairs) -> Pairs:
        a, mean, psi = self.slope_below, pairs.mean, pairs.supplement
        # phi is odd and even parts, (1+a)/2 x and (1-a)/2 |x|, which are uncorrelated.
        total = pairs.scaled((1 + a) ** 2 / 4).plus(_absolute(pairs).scaled((1 - a) ** 2 / 4))
        # sin(psi) - psi cos(psi), which falls like psi^3 for opposite inputs
        rectified = mean * psi**2 * spherical_jn(1, psi) / (2 * np.pi)
        return total.with_covariance(a * pairs.covariance + (1 - a) ** 2 * rectified)

    def slope(self, pairs: Pairs) -> Array:
        a = self.slope_below
        return a + (1 - a) ** 2 * pairs.supplement / (2 * np.pi)


def _absolute(pairs: Pairs) -> Pairs:
    """The image under |x|."""
    nearer, farther = np.minimum(pairs.below, pairs.above), np.maximum(pairs.below, pairs.above)
    angle = 2 * np.arctan2(np.sqrt(nearer), np.sqrt(farther))
    # (2/pi)(sin t + (pi/2 - t) cos t) is one less (2/pi)(pi sin^2(t/2) - (sin t - t cos t))
    gap = (2 / np.pi) * (np.pi * np.sin(angle / 2) ** 2 - angle**2 * spherical_jn(1, angle))
    mean = pairs.mean
    return Pairs(pairs.first, pairs.second, mean * (1 - gap), mean * gap, mean * (2 - gap))


@dataclass(frozen=True)
class StepFunction:
    """phi(x) = 1 for x > 0 and 0 for x < 0."""

    def image(self, pairs: Pairs) -> Pairs:
        if np.any(pairs.first == 0) or np.any(pairs.second == 0):
            raise UsageError(
                "the step function jumps at 0, and a pre-activation is 0 for certain (an input of "
                "zeros with b_std=0); leave that input out, or take b_std > 0."
            )
        theta, psi = pairs.angle / (2 * np.pi), pairs.supplement / (2 * np.pi)
        half = np.asarray(0.5)
        return Pairs(
            np.broadcast_to(half, pairs.first.shape),
            np.broadcast_to(half, pairs.second.shape),
            psi,
            theta,
            half + psi,
        )

    def slope(self, pairs: Pairs) -> Array:
        raise UsageError(
            "the step function has no tangent kernel: its derivative is zero but for a jump, where "
            "it is a delta function; ask for get='nngp', or take a smooth activation such as 'erf'."
        )


@dataclass(frozen=True)
class Erf:
    """The error function."""

    def image(self, pairs: Pairs) -> Pairs:
        first, second, mean, det = pairs.first, pairs.second, pairs.mean, pairs.determinant
        on_line = 1 + 2 * (first + second)
        root, root_on_line = np.sqrt(on_line + 4 * det), np.sqrt(on_line)
        size = np.abs(pairs.covariance)
        value = np.arctan2(2 * size, root)
        largest = np.arctan2(2 * mean, root_on_line)
        # largest - value as the angle between the two, without the difference
        sine = ratio(2 * det, mean * root + size * root_on_line)
        cosine = (root_on_line * root + 4 * mean * size) / ((1 + 2 * first) * (1 + 2 * second))
        near, far = np.arctan2(sine, cosine), largest + value
        own = [np.arctan2(2 * q, np.sqrt(1 + 4 * q)) for q in (first, second)]
        # Zero for equal variances, where rounding would leave a trace.
        short = np.where(first == second, 0.0, np.sqrt(own[0]) * np.sqrt(own[1]) - largest)
        return _assembled(pairs, own, value, near, far, np.maximum(short, 0.0), 2 / np.pi)

    def slope(self, pairs: Pairs) -> Array:
        spread = 1 + 2 * (pairs.first + pairs.second) + 4 * pairs.determinant
        return (4 / np.pi) / np.sqrt(spread)


@dataclass(frozen=True)
class Sine:
    """The sine."""

    def image(self, pairs: Pairs) -> Pairs:
        size = np.abs(pairs.covariance)
        nearer = np.minimum(pairs.below, pairs.above)
        radial, mean = pairs.radial, pairs.mean
        peak, trough = np.exp(-radial / 2), np.exp(-radial / 2 - 2 * mean)
        value = -np.exp(-radial / 2 - nearer) * np.expm1(-2 * size) / 2
        largest = (peak - trough) / 2
        near = -np.expm1(-nearer) * (peak + np.exp(nearer - radial / 2 - 2 * mean)) / 2
        own = [-np.expm1(-2 * q) / 2 for q in (pairs.first, pairs.second)]
        # What `largest` falls short of the mean, times four times their sum, by terms of order r
        total, smaller = pairs.first + pairs.second, np.minimum(pairs.first, pairs.second)
        outer = -np.expm1(-radial) * (1 - np.exp(radial - 2 * total))
        inner = np.exp(-2 * smaller) * np.expm1(-np.abs(pairs.first - pairs.second)) ** 2
        both = np.sqrt(own[0]) * np.sqrt(own[1]) + largest
        short = ratio(np.maximum(outer - inner, 0.0), 4 * both)
        return _assembled(pairs, own, value, near, largest + value, short, 1.0)

    def slope(self, pairs: Pairs) -> Array:
        radial = pairs.radial
        return (np.exp(-radial / 2 - pairs.below) + np.exp(-radial / 2 - pairs.above)) / 2


def _assembled(
    pairs: Pairs,
    own: list[Array],
    value: Array,
    near: Array,
    far: Array,
    short: Array,
    factor: float,
) -> Pairs:
    """The image under an odd function, from its values at |c|.

    `near` and `far` are what `value` and minus `value` fall short of the value at the greatest
    covariance that the variances allow, and `short` is what that falls short of the mean.
    """
    opposed = pairs.covariance < 0
    return Pairs(
        own[0],
        own[1],
        np.where(opposed, -value, value),
        short + np.where(opposed, far, near),
        short + np.where(opposed, near, far),
    ).scaled(factor)


@dataclass(frozen=True)
class Gelu:
    r"""$x\,\Phi(x)$ with the normal distribution function itself, not its tanh approximation."""

    def image(self, pairs: Pairs) -> Pairs:
        first, second = _gelu(_equal(pairs.first)), _gelu(_equal(pairs.second))
        return _direct(pairs, first, second, _gelu(pairs))

    def slope(self, pairs: Pairs) -> Array:
        c, one, two, det = _augmented(pairs)
        orthant = np.arctan2(np.sqrt(det), -c)
        return (orthant + c / np.sqrt(det) * (1 / one + 1 / two + 1 / det)) / (2 * np.pi)


def _augmented(pairs: Pairs) -> tuple[Array, Array, Array, Array]:
    """c, 1 + q1, 1 + q2 and the determinant of one plus the covariance matrix."""
    first, second = pairs.first, pairs.second
    return pairs.covariance, 1 + first, 1 + second, 1 + first + second + pairs.determinant


def _gelu(pairs: Pairs) -> Array:
    c, one, two, det = _augmented(pairs)
    root = np.sqrt(det)
    product = (pairs.determinant + c**2 * (1 / one + 1 / two)) / root
    value = c * np.arctan2(root, -c) + product
    # For opposite inputs of large variance these cancel. Then, with t = root / |c|, the same is
    # |c| (t - arctan t) and terms that fall with the variances; 2F1 is the sum of its series.
    steep = c < -root
    t = np.where(steep, ratio(root, np.abs(c)), 0.0)
    excess = t**3 / 3 * hyp2f1(1.0, 1.5, 2.5, -(t**2))
    opposed = np.abs(c) * excess + 1 / root - root * (1 / one + 1 / two)
    return np.where(steep, opposed, value) / (2 * np.pi)


@dataclass(frozen=True)
class Exponential:
    """The exponential function."""

    def image(self, pairs: Pairs) -> Pairs:
        first, second = pairs.first, pairs.second
        mean = np.exp(first + second)
        half_spread = pairs.radial / 2 + pairs.below
        value = np.exp((first + second) / 2 + pairs.covariance)
        return Pairs(
            np.exp(2 * first),
            np.exp(2 * second),
            value,
            -mean * np.expm1(-half_spread),
            mean + value,
        )

    def slope(self, pairs: Pairs) -> Array:
        return np.exp((pairs.first + pairs.second) / 2 + pairs.covariance)


@dataclass(frozen=True)
class Polynomial:
    """sum_k coefficients[k] x^k; (0, 1) is the identity."""

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        given = np.asarray(self.coefficients)
        if given.ndim != 1 or not given.size or given.dtype.kind not in "fiu":
            raise UsageError(
                f"coefficients={self.coefficients!r} of a polynomial must be a sequence of real "
                "numbers, that of x^0 first."
            )
        if not np.all(np.isfinite(given)):
            raise UsageError(f"coefficients={self.coefficients!r} of a polynomial must be finite.")
        object.__setattr__(self, "coefficients", tuple(float(a) for a in given))

    def image(self, pairs: Pairs) -> Pairs:
        first, second = self._value(_equal(pairs.first)), self._value(_equal(pairs.second))
        return _direct(pairs, first, second, self._value(pairs))

    def slope(self, pairs: Pairs) -> Array:
        derivative = tuple(k * a for k, a in enumerate(self.coefficients))[1:]
        return Polynomial(derivative or (0.0,))._value(pairs)

    def _value(self, pairs: Pairs) -> Array:
        """sum_n n! B_n(q1) B_n(q2) c^n, B_n the coefficients in Wick powers."""
        first, second, c = pairs.first, pairs.second, pairs.covariance
        total = np.zeros(np.broadcast_shapes(first.shape, second.shape, c.shape))
        for n in range(len(self.coefficients)):
            total = total + factorial(n) * self._wick(n, first) * self._wick(n, second) * c**n
        return total

    def _wick(self, n: int, q: Array) -> Array:
        total = np.zeros(q.shape)
        for k in range(n, len(self.coefficients), 2):
            half = (k - n) // 2
            pairings = factorial(2 * half) // (2**half * factorial(half))
            total = total + self.coefficients[k] * comb(k, n) * pairings * q**half
        return total


def _equal(q: Array) -> Pairs:
    """Pairs of one variable with itself."""
    return Pairs(q, q, q, np.zeros(q.shape), 2 * q)


def _direct(pairs: Pairs, first: Array, second: Array, value: Array) -> Pairs:
    """The image under a smooth function, whose next layers see the gaps to rounding only."""
    mean = np.sqrt(first) * np.sqrt(second)
    equal = (pairs.below == 0) & (pairs.first == pairs.second)
    return Pairs(
        first,
        second,
        value,
        np.where(equal, 0.0, np.maximum(mean - value, 0.0)),
        np.maximum(mean + value, 0.0),
    )


BY_NAME: dict[str, Dual] = {
    "relu": LeakyRelu(0.0),
    "erf": Erf(),
    "gelu": Gelu(),
    "sin": Sine(),
    "exp": Exponential(),
    "step": StepFunction(),
    "linear": Polynomial((0.0, 1.0)),
}
