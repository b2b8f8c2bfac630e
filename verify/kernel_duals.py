r"""Gaussian dual maps in double precision: $V_\phi = E\,\phi(u)\phi(v)$ and that of $\phi'$.

The formulas are those that `lemmata.theory.gaussian_duals` derives, rearranged so that nothing
cancels for nearly equal and nearly opposite (u, v); a test holds the two together.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb, factorial
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import spherical_jn

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_gelu import Gelu
from lemmata.verify.kernel_numbers import MOST, real_array, real_number, shown
from lemmata.verify.kernel_pairs import Array, Pairs, equal, ratio

# Up to here factorials and numbers of pairings are doubles.
_DEGREE = 150


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
        number = real_number(self.slope_below)
        if number is None or not abs(number) <= MOST:
            raise UsageError(
                f"slope_below={shown(self.slope_below)} of a leaky ReLU must be finite, and one "
                f"number: the slope for x < 0, such as 0.01, of at most {MOST:g} in size."
            )
        object.__setattr__(self, "slope_below", number)

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
    gaps = mean * gap, mean * (2 - gap)
    return Pairs(pairs.first, pairs.second, mean * (1 - gap), *gaps, pairs.difference)


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
        # No product of variances: it may leave the range, though the angles do not.
        q1, q2, mean, gap = pairs.first, pairs.second, pairs.mean, self._gap(pairs)
        root_on_line = np.sqrt(1 + 2 * (q1 + q2))
        root = np.hypot(root_on_line, gap)
        size = np.abs(pairs.covariance)
        value = np.arctan2(2 * size, root)
        largest = np.arctan2(2 * mean, root_on_line)
        # largest - value as the angle between the two, without the difference
        sine = ratio(gap * ratio(gap, 2 * mean), root + ratio(size, mean) * root_on_line)
        unit = np.sqrt(1 + 2 * q1) * np.sqrt(1 + 2 * q2)
        cosine = root_on_line / unit * (root / unit) + 4 * (mean / unit) * (size / unit)
        near, far = np.arctan2(sine, cosine), largest + value
        own = [np.arctan2(2 * q, np.sqrt(1 + 4 * q)) for q in (q1, q2)]
        r1, r2 = np.sqrt(1 + 4 * q1), np.sqrt(1 + 4 * q2)
        u1, u2, r = 1 / (1 + q1), 1 / (1 + q2), np.maximum(r1, r2)
        weight = (q1 * u1) * u2 + (q2 * u2) * u1 + 4 * (q1 * u1) * (q2 * u2)
        sine = weight * ratio(2 * (pairs.difference / r), q1 * (r2 / r) + q2 * (r1 / r))
        apart = np.arctan2(sine, (r1 * u1) * (r2 * u2) + 4 * (q1 * u1) * (q2 * u2))
        short = np.maximum(self._short(own, apart, largest), 0.0)
        return _assembled(pairs, (own[0], own[1], apart), value, near, far, short, 2 / np.pi)

    @staticmethod
    def _short(own: list[Array], apart: Array, largest: Array) -> Array:
        """What `largest` falls short of the mean m of `own` = A, B, which are `apart`: a square.

        sin A sin B is sin^2 `largest` and also sin^2((A+B)/2) - sin^2((A-B)/2).
        """
        roots = np.sqrt(own[0]), np.sqrt(own[1])
        mean, half = roots[0] * roots[1], (own[0] + own[1]) / 2
        beyond = ratio(apart, roots[0] + roots[1]) ** 2 / 2  # (A+B)/2 - m
        close = np.sin(apart / 2) ** 2 - np.sin(beyond) * np.sin(half + mean)
        # Far apart this would be small beside its terms: then by 1 - sin(x)/x of A, B and m.
        a, b, m = (_short_sine(x) for x in (own[0], own[1], mean))
        far = mean**2 * (a + b - a * b - 2 * m + m**2)
        gap = np.where(_are_far(own[0], own[1]), far, close)
        return np.arcsin(np.clip(ratio(gap, np.sin(mean + largest)), -1.0, 1.0))

    def slope(self, pairs: Pairs) -> Array:
        on_line = np.sqrt(1 + 2 * (pairs.first + pairs.second))
        return (4 / np.pi) / np.hypot(on_line, self._gap(pairs))

    @staticmethod
    def _gap(pairs: Pairs) -> Array:
        """Twice the root of the determinant."""
        return 2 * np.sqrt(pairs.below) * np.sqrt(pairs.above)


@dataclass(frozen=True)
class Sine:
    """The sine."""

    def image(self, pairs: Pairs) -> Pairs:
        size = np.abs(pairs.covariance)
        nearer = np.minimum(pairs.below, pairs.above)
        radial, mean = pairs.radial, pairs.mean
        peak = np.exp(-radial / 2)
        value = -np.exp(-radial / 2 - nearer) * np.expm1(-2 * size) / 2
        largest = -peak * np.expm1(-2 * mean) / 2
        near = -np.expm1(-nearer) * (peak + np.exp(nearer - radial / 2 - 2 * mean)) / 2
        own = [-np.expm1(-2 * q) / 2 for q in (pairs.first, pairs.second)]
        size_apart = np.abs(pairs.difference)
        # What `largest` falls short of the mean, times four times their sum, by terms of order r
        total, smaller = pairs.first + pairs.second, np.minimum(pairs.first, pairs.second)
        outer = -np.expm1(-radial) * (1 - np.exp(radial - 2 * total))
        inner = np.exp(-2 * smaller) * np.expm1(-size_apart) ** 2
        root = np.sqrt(own[0]) * np.sqrt(own[1])
        close = ratio(np.maximum(outer - inner, 0.0), 4 * (root + largest))
        # Far apart: the logarithm of the mean over `largest`, in which e^-r drops out
        one, two, middle = (_log_sinh(q) for q in (pairs.first, pairs.second, mean))
        power = (one + two) / 2 - middle
        far = np.where(power < 1, largest * np.expm1(np.minimum(power, 1.0)), root - largest)
        short = np.where(_are_far(pairs.first, pairs.second), far, close)
        apart = -np.exp(-2 * smaller) * np.expm1(-2 * size_apart) / 2
        variances = own[0], own[1], np.copysign(apart, pairs.difference)
        return _assembled(pairs, variances, value, near, largest + value, short, 1.0)

    def slope(self, pairs: Pairs) -> Array:
        radial = pairs.radial
        return (np.exp(-radial / 2 - pairs.below) + np.exp(-radial / 2 - pairs.above)) / 2


def _are_far(one: Array, two: Array) -> NDArray[np.bool_]:
    """Whether one is twice the other or more, so that their differences are not small."""
    return np.maximum(one, two) > 2 * np.minimum(one, two)


def _short_sine(x: Array) -> Array:
    """1 - sin(x)/x for x in [0, pi/2], to relative accuracy."""
    series = sum((-1.0) ** (k + 1) * x ** (2 * k) / factorial(2 * k + 1) for k in range(1, 13))
    return np.asarray(series)


def _log_sinh(x: Array) -> Array:
    """log(sinh(x)/x) for x >= 0, to relative accuracy."""
    small = np.minimum(x, 1.0)
    series = sum(small ** (2 * k) / factorial(2 * k + 1) for k in range(1, 11))
    large = np.maximum(x, 1.0)
    return np.where(x < 1, np.log1p(series), large + np.log(-np.expm1(-2 * large) / (2 * large)))


def _assembled(
    pairs: Pairs,
    own: tuple[Array, Array, Array],
    value: Array,
    near: Array,
    far: Array,
    short: Array,
    factor: float,
) -> Pairs:
    """The image under an odd function, from its values at |c|.

    `own` are the variances and their difference; `near` and `far` are what `value` and minus
    `value` fall short of the value at the greatest covariance that the variances allow, and `short`
    is what that falls short of the mean.
    """
    opposed = pairs.covariance < 0
    return Pairs(
        own[0],
        own[1],
        np.where(opposed, -value, value),
        short + np.where(opposed, far, near),
        short + np.where(opposed, near, far),
        own[2],
    ).scaled(factor)


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
            np.exp(2 * second) * np.expm1(2 * pairs.difference),
        )

    def slope(self, pairs: Pairs) -> Array:
        return np.exp((pairs.first + pairs.second) / 2 + pairs.covariance)


@dataclass(frozen=True)
class Polynomial:
    """sum_k coefficients[k] x^k; (0, 1) is the identity."""

    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        given = real_array(self.coefficients)
        if given is None or given.ndim != 1 or not given.size:
            raise UsageError(
                f"coefficients={self.coefficients!r} of a polynomial must be a sequence of real "
                "numbers, that of x^0 first."
            )
        if not np.all(np.isfinite(given)):
            raise UsageError(f"coefficients={self.coefficients!r} of a polynomial must be finite.")
        if len(given) > _DEGREE + 1:
            raise UsageError(
                f"coefficients has {len(given)} entries; Gaussian moments of polynomials beyond "
                f"degree {_DEGREE} leave the range of double precision. Leave out zeros at the "
                "end, or use Quadrature(phi)."
            )
        object.__setattr__(self, "coefficients", tuple(float(a) for a in given))

    def image(self, pairs: Pairs) -> Pairs:
        first, second = self._value(equal(pairs.first)), self._value(equal(pairs.second))
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


def _direct(pairs: Pairs, first: Array, second: Array, value: Array) -> Pairs:
    """The image under a smooth function, whose next layers see the gaps to rounding only."""
    mean = np.sqrt(first) * np.sqrt(second)
    same = (pairs.below == 0) & (pairs.difference == 0)
    return Pairs(
        first,
        second,
        value,
        np.where(same, 0.0, np.maximum(mean - value, 0.0)),
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
