r"""Gaussian dual maps of GELU in double precision, down to nearly equal and opposite inputs.

The formulas are those that `lemmata.theory.gaussian_duals` derives. At large variances GELU is
ReLU but for a width of 1, and how far two images are from proportional hangs on terms that are
smaller than the variances by a power 3/2: so all of them are worked out with the leading terms
taken out, from the shortfalls $h(q) = q/2 - V(q)$ and $H$, the same at the greatest covariance
$m = \sqrt{q_1 q_2}$ that unequal variances allow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import hyp2f1, spherical_jn

from lemmata.verify.kernel_pairs import Array, Pairs, equal, ratio

# Half the logarithm of the variances' ratio, up to which their difference is called small.
_CLOSE = 0.1
# On [0, 1]: over that range, what six nodes leave out of an integral is smaller than rounding.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(6)
_NODES, _WEIGHTS = (_NODES + 1) / 2, _WEIGHTS / 2


@dataclass(frozen=True)
class Gelu:
    r"""$x\,\Phi(x)$ with the normal distribution function itself, not its tanh approximation."""

    def image(self, pairs: Pairs) -> Pairs:
        own = _value(equal(pairs.first)), _value(equal(pairs.second))
        roots = np.sqrt(own[0]), np.sqrt(own[1])
        value = _value(pairs)
        short, difference = _between(pairs, own)
        return Pairs(
            *own, value, short + _to_largest(pairs), roots[0] * roots[1] + value, difference
        )

    def slope(self, pairs: Pairs) -> Array:
        c, one, two, det = _augmented(pairs)
        orthant = np.arctan2(np.sqrt(det), -c)
        return (orthant + c / np.sqrt(det) * (1 / one + 1 / two + 1 / det)) / (2 * np.pi)


def _augmented(pairs: Pairs) -> tuple[Array, Array, Array, Array]:
    """c, 1 + q1, 1 + q2 and the determinant of one plus the covariance matrix."""
    first, second = pairs.first, pairs.second
    return pairs.covariance, 1 + first, 1 + second, 1 + (first + second) + pairs.determinant


def _value(pairs: Pairs) -> Array:
    c, one, two, det = _augmented(pairs)
    root = np.sqrt(det)
    product = (pairs.determinant + c**2 * (1 / one + 1 / two)) / root
    value = c * np.arctan2(root, -c) + product
    # For opposite inputs of large variance these cancel. Then, with t = root / |c|, the same is
    # |c| (t - arctan t) and terms that fall with the variances.
    steep = c < -root
    t = np.where(steep, ratio(root, np.abs(c)), 0.0)
    opposed = np.abs(c) * _beyond_arctan(t) + 1 / root - root * (1 / one + 1 / two)
    return np.where(steep, opposed, value) / (2 * np.pi)


def _beyond_arctan(t: Array) -> Array:
    """t - arctan t for t in [0, 1]; 2F1 is the sum of its series."""
    return t**3 / 3 * hyp2f1(1.0, 1.5, 2.5, -(t**2))


def _to_largest(pairs: Pairs) -> Array:
    r"""What the value falls short of that at covariance m: $\int_c^m V_{\phi'}$.

    With $\cos a = c / \sqrt{(1 + q_1)(1 + q_2)}$ the integrand is elementary in a, and of its three
    terms each grows; the first is $(\pi - a) \sin a$.
    """
    c, one, two, det = _augmented(pairs)
    mean, least = pairs.mean, 1 + (pairs.first + pairs.second)
    radius, root, root_least = np.sqrt(one) * np.sqrt(two), np.sqrt(det), np.sqrt(least)
    start, end = np.arctan2(root_least, mean), np.arctan2(root, c)
    # of end - start; where c < 0 the sine is a sum as it stands
    sine = np.where(
        c > 0,
        ratio(pairs.determinant, mean * root + c * root_least),
        (mean / radius) * (root / radius) - (c / radius) * (root_least / radius),
    )
    cosine = (root / radius) * (root_least / radius) + (mean / radius) * (c / radius)
    half, middle = np.arctan2(sine, cosine) / 2, (start + end) / 2
    # sin x - x cos x at half the width
    bent = half**2 * spherical_jn(1, half)
    angles = (np.pi - middle) * pairs.below - 2 * radius * np.cos(middle) * bent
    roots = ratio(pairs.determinant, root + root_least)
    return (angles + roots * (1 / one + 1 / two + 1 / (root * root_least))) / (2 * np.pi)


def _between(pairs: Pairs, own: tuple[Array, Array]) -> tuple[Array, Array]:
    """What the value at covariance m falls short of the mean of `own`, and their difference."""
    first, second, mean, apart = pairs.first, pairs.second, pairs.mean, pairs.difference
    h_1, h_2 = _short_of_half(first, 2 * first), _short_of_half(second, 2 * second)
    both = _short_of_half(mean, first + second)
    roots = np.sqrt(own[0]) + np.sqrt(own[1])
    crossed = (first * h_2 + second * h_1) / 2 - h_1 * h_2
    far = both - ratio(crossed, np.sqrt(own[0]) * np.sqrt(own[1]) + mean / 2)
    # Of nearly equal variances all this is small as the square of their difference.
    delta = np.arctanh(np.clip(ratio(apart, first + second), -0.9, 0.9))
    change, bend = _changes(mean, delta, pairs.radial)
    square = roots**2
    part = ratio(pairs.radial, 2 * square)
    bending = change * ratio(apart - change, square) - part * (h_1 + h_2 + 2 * both) - bend
    close = np.abs(delta) < _CLOSE
    near = bending / 2 / np.where(close, 1 - part, 1.0)
    short = np.maximum(np.where(close, near, far), 0.0)
    return short, np.where(close, apart / 2 - change, own[0] - own[1])


def _short_of_half(mean: Array, total: Array) -> Array:
    r"""$m/2$ less the value at covariance m, at variances of this sum; it falls like $m^{-1/2}$."""
    a = 1 + total
    det, root = a + mean**2, np.sqrt(a)
    wide, t = _wide(root, mean)
    large = (a - mean) * (a + mean) / (det * root) - mean * _beyond_arctan(t)
    small = mean * np.arctan2(root, mean) - mean**2 * (1 + a) / (det * root)
    return np.where(wide, large, small) / (2 * np.pi)


def _wide(root: Array, mean: Array) -> tuple[NDArray[np.bool_], Array]:
    """Whether root / mean is below 1, so that it is much like its arctangent, and then itself."""
    wide = root < mean
    return wide, np.where(wide, ratio(root, mean), 0.0)


def _changes(mean: Array, delta: Array, radial: Array) -> tuple[Array, Array]:
    r"""$h(q_1) - h(q_2)$ and $h(q_1) + h(q_2) - 2 H$ for $q = m e^{\pm \delta}$.

    Of h the derivatives by the logarithm of q are integrated, and of H that by the variances' sum,
    which exceeds 2m by `radial`.
    """
    change = bend = by_total = np.zeros(np.shape(delta))
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        # Both sides at once, so that the order of the inputs is not seen in the rounding.
        up, down = (_derivatives(mean * np.exp(side * node * delta)) for side in (1, -1))
        change = change + weight * delta * (up[0] + down[0])
        bend = bend + weight * delta**2 * (1 - node) * (up[1] + down[1])
        a = 1 + 2 * mean + node * radial
        det = a + mean**2
        rate = mean**2 / (np.sqrt(a) * det) * ((1 + a) / det + 1 / (2 * a))
        by_total = by_total + weight * rate / (2 * np.pi)
    return change, bend - 2 * radial * by_total


def _derivatives(q: Array) -> tuple[Array, Array]:
    """The first two derivatives of h by the logarithm of q."""
    a, det = 1 + 2 * q, (1 + q) ** 2
    root = np.sqrt(a)
    wide, t = _wide(root, q)
    large = ratio(root, q) * (a / det) - _beyond_arctan(t)
    small = np.arctan2(root, q) - q * root / det
    first = q * (np.where(wide, large, small) - 4 * q / (root * det) + q**2 / (a * root * det))
    second = q**2 * (5 * q**3 - 11 * q**2 - 18 * q - 6) / (a**2 * root * (1 + q) ** 3)
    return first / (2 * np.pi), (first + second) / (2 * np.pi)
