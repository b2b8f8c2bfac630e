r"""Covariances of pairs of Gaussians, held so that no digits are lost where the pairs nearly agree.

Of two inputs that nearly agree, the covariance $c$ and the variances $q_1, q_2$ are one number to
sixteen digits, while a kernel with a kink depends on the angle between them, which is the root of
what they differ by. So the gaps $\sqrt{q_1 q_2} \mp c$ are quantities of their own, and every
operation on pairs has its own formula for them, in which nothing cancels.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Veltkamp's constant: it splits a double into halves whose products are exact.
_SPLIT = 2.0**27 + 1


@dataclass(frozen=True)
class Pairs:
    r"""Covariance matrices of Gaussian pairs (u, v), elementwise over arrays that broadcast.

    **Fields:**

    - `first`, `second`: the variances of u and v.
    - `covariance`: that of u and v.
    - `below`: $\sqrt{q_1 q_2} - c$, zero where u and v are proportional.
    - `above`: $\sqrt{q_1 q_2} + c$, zero where they are so with opposite signs.
    - `difference`: $q_1 - q_2$, which variances that nearly agree do not tell in full; where it is
      left out, it is worked out from them.
    """

    first: Array
    second: Array
    covariance: Array
    below: Array
    above: Array
    difference: Array = field(default=None)  # pyright: ignore[reportAssignmentType]

    def __post_init__(self) -> None:
        if self.difference is None:
            object.__setattr__(self, "difference", self.first - self.second)

    @property
    def mean(self) -> Array:
        """The geometric mean of the variances; their product may underflow."""
        return np.sqrt(self.first) * np.sqrt(self.second)

    @property
    def determinant(self) -> Array:
        """That of the covariance matrix."""
        return self.below * self.above

    @property
    def angle(self) -> Array:
        """The angle whose cosine is the correlation, in [0, pi]; 0 where a variance is 0."""
        return 2 * np.arctan2(np.sqrt(self.below), np.sqrt(self.above))

    @property
    def supplement(self) -> Array:
        """pi minus the angle, to full relative accuracy; 0 where a variance is 0."""
        return 2 * np.arctan2(np.sqrt(self.above), np.sqrt(self.below))

    @property
    def radial(self) -> Array:
        r"""$(\sqrt{q_1} - \sqrt{q_2})^2$."""
        roots = np.sqrt(self.first) + np.sqrt(self.second)
        return ratio(self.difference, roots) ** 2

    def scaled(self, factor: float) -> Pairs:
        """The pairs (r u, r v) with r^2 = `factor`."""
        return Pairs(
            self.first * factor,
            self.second * factor,
            self.covariance * factor,
            self.below * factor,
            self.above * factor,
            self.difference * factor,
        )

    def plus(self, other: Pairs) -> Pairs:
        """The pairs of sums with independent `other` pairs; both gaps are sums of terms >= 0."""
        first, second = self.first + other.first, self.second + other.second
        mine_theirs = np.sqrt(self.first) * np.sqrt(other.second)
        theirs_mine = np.sqrt(other.first) * np.sqrt(self.second)
        # (sqrt(a1 b2) - sqrt(a2 b1))^2, by which the mean of sums exceeds the sum of means
        mine, theirs = (
            np.where(self.first < self.second, one.first, one.second) for one in (self, other)
        )
        # a1 b2 - a2 b1 by the smaller member, beside which the differences may be large
        crossing = self.difference * theirs - mine * other.difference
        excess = ratio(crossing, mine_theirs + theirs_mine)
        crossed = ratio(excess**2, np.sqrt(first) * np.sqrt(second) + self.mean + other.mean)
        return Pairs(
            first,
            second,
            self.covariance + other.covariance,
            self.below + other.below + crossed,
            self.above + other.above + crossed,
            self.difference + other.difference,
        )

    def with_covariance(self, covariance: Array) -> Pairs:
        """The same pairs, where a formula for the covariance alone is more accurate."""
        return replace(self, covariance=covariance)


def ratio(above: Array, below: Array) -> Array:
    """`above / below`, and 0 where `below` is 0."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.zeros(above.shape), where=below != 0)


def constant(value: float) -> Pairs:
    """Both members equal: a bias of this variance that the two inputs share."""
    return equal(np.asarray(float(value)))


def equal(q: Array) -> Pairs:
    """Both members one variable of this variance."""
    return Pairs(q, q, q, np.zeros(q.shape), 2 * q)


def of_inputs(x1: Array, x2: Array) -> Pairs:
    r"""The pairs with variances $|x|^2/d$ and covariances $x \cdot x'/d$.

    **Arguments:** `x1` of shape (N1, d) and `x2` of shape (N2, d).
    **Returns:** pairs of shape (N1, N2), `first` of shape (N1, 1) and `second` of (1, N2). The gaps
    have a relative error of a few roundings of the numbers given, however small they are.
    **Raises:** `FloatingPointError` where |x|^2 leaves the range of double precision.
    """
    dimension = x1.shape[1]
    (one, exponents_1), (two, exponents_2) = _binary_scaled(x1), _binary_scaled(x2)
    norms_1, norms_2 = _dots(one, one), _dots(two, two)
    shape = len(one), len(two)
    covariance, small, differences = np.empty(shape), np.empty(shape), np.empty(shape)
    for i, x in enumerate(one):
        common = np.maximum(exponents_1[i], exponents_2)
        x_there = np.ldexp(x, (exponents_1[i] - common)[:, None])
        y_there = np.ldexp(two, (exponents_2 - common)[:, None])
        differences[i] = _dots(x_there - y_there, x_there + y_there)
        covariance[i] = _dots(two, x)
        small[i] = _determinants(x, two, covariance[i])
    mean = np.sqrt(norms_1)[:, None] * np.sqrt(norms_2)
    small = ratio(small, mean + np.abs(covariance))
    large = mean + np.abs(covariance)
    opposed = covariance < 0
    # Powers of two come back exactly.
    both = exponents_1[:, None] + exponents_2
    with np.errstate(over="ignore", under="ignore"):
        pairs = Pairs(
            np.ldexp(norms_1, 2 * exponents_1)[:, None] / dimension,
            np.ldexp(norms_2, 2 * exponents_2)[None, :] / dimension,
            np.ldexp(covariance, both) / dimension,
            np.ldexp(np.where(opposed, large, small), both) / dimension,
            np.ldexp(np.where(opposed, small, large), both) / dimension,
            np.ldexp(differences, 2 * np.maximum(exponents_1[:, None], exponents_2)) / dimension,
        )
    for x, q in ((x1, pairs.first.ravel()), (x2, pairs.second.ravel())):
        lost = ~np.isfinite(q) | ((q < np.finfo(float).tiny) & np.any(x != 0, axis=1))
        if np.any(lost):
            i = int(np.argmax(lost))
            raise FloatingPointError(
                f"input {i} has entries up to {np.max(np.abs(x[i])):.3g}, whose squares leave the "
                "range of double precision; rescale the inputs."
            )
    return pairs


def _binary_scaled(x: Array) -> tuple[Array, NDArray[np.int_]]:
    """Each row over the power of two that brings its entries to 1 at most, with the exponents."""
    exponents = np.frexp(np.max(np.abs(x), axis=1))[1].astype(int)
    return np.ldexp(x, -exponents[:, None]), exponents


def _dots(x: Array, y: Array) -> Array:
    """Inner products along the last axis, summed in one order whatever the shapes."""
    return np.sum(x * y, axis=-1)


def _determinants(x: Array, y: Array, dots: Array) -> Array:
    """|x|^2 |y|^2 - (x.y)^2 by rows of y, to relative accuracy, and the same for y and x.

    It is |z|^2 times the squared distance of the other from the line through z, the greater of the
    two in dictionary order; 0 exactly where they are parallel.
    """
    x = np.broadcast_to(x, y.shape)
    first_apart = np.argmax(x != y, axis=1)[:, None]
    swapped = np.take_along_axis(x < y, first_apart, axis=1)
    onto, other = np.where(swapped, y, x), np.where(swapped, x, y)
    norm = _dots(onto, onto)
    # What is left may be tiny, so products are exact; twice, for the multiple was rounded.
    residual = _minus_multiple(other, ratio(dots, norm), onto)
    residual = _minus_multiple(residual, ratio(_dots(residual, onto), norm), onto)
    return np.where(_parallel(x, y), 0.0, norm * _dots(residual, residual))


def _parallel(x: Array, y: Array) -> NDArray[np.bool_]:
    """Whether rows are proportional: all minors with x's greatest entry vanish, unrounded."""
    pivot = np.argmax(np.abs(x), axis=1)[:, None]
    x_pivot, y_pivot = (np.take_along_axis(one, pivot, axis=1) for one in (x, y))
    (one, left), (two, right) = _product(x_pivot, y), _product(y_pivot, x)
    return np.all((one == two) & (left == right), axis=1)


def _minus_multiple(y: Array, factor: Array, x: Array) -> Array:
    product, rounding = _product(factor[:, None], x)
    return (y - product) - rounding


def _product(x: Array, y: Array) -> tuple[Array, Array]:
    """The product rounded, and what it differs from the exact one by, as Dekker has it."""
    product = x * y
    (a, b), (c, d) = _halves(x), _halves(y)
    return product, ((a * c - product) + a * d + b * c) + b * d


def _halves(x: Array) -> tuple[Array, Array]:
    shifted = _SPLIT * x
    high = shifted - (shifted - x)
    return high, x - high
