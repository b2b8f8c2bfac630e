r"""Kernels of activations that are integrated numerically, with bounds carried through the layers.

What enters a layer is known up to an error in the variances and in the gap between covariance and
mean variance, on which the angle depends; of inputs the gap is known to its own last digits. The
dual maps are evaluated at the edges of that range as well, one quantity at a time; twice the
largest change, summed, bounds what the errors make of each other. That rests on the range being far
smaller than what the maps vary over, so that they are monotone in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_pairs import Array, Pairs, constant, equal, of_inputs, ratio
from lemmata.verify.kernel_quadrature import Quadrature, single
from lemmata.verify.kernels import check_kind, checked

_EPS = float(np.finfo(float).eps)
# Inputs this close, relative to their variance, are the same input.
_SAME = 1e-40


def analytic_with_bound(
    x1: Any,
    x2: Any,
    depth: int,
    activation: Quadrature,
    w_std: float,
    b_std: float,
    convention: str,
    get: Literal["ntk", "nngp"] = "ntk",
) -> tuple[Array, Array]:
    """The kernel and a bound on its error, both of shape (N1, N2).

    Arguments and errors are those of `kernels.analytic`; what the bound rests on stands in
    `kernel_quadrature`, and above for what it becomes with depth.
    """
    network = checked(x1, x2, depth, activation, w_std, b_std, convention)
    if not isinstance(activation, Quadrature):
        raise UsageError(
            f"activation={activation!r} has a closed form, accurate to rounding; bounds are for "
            "Quadrature(phi)."
        )
    check_kind(get)
    own = network.convention
    w2, b2 = network.w_std**2, network.b_std**2
    weight, bias = (w2, b2) if own.unit_parameters else (1.0, 1.0)
    moments = of_inputs(network.x1, network.x2)
    errors = _rounded(moments)
    kernel = weight * moments.covariance + bias
    bound = weight * errors[2] + 4 * _EPS * np.abs(kernel)
    for layer in range(1, network.layers):
        inside = moments.scaled(w2).plus(constant(b2))
        rounding = _rounded(inside)
        errors = tuple(w2 * e + more for e, more in zip(errors, rounding, strict=True))
        last = layer == network.layers - 1
        share = bias if not last or own.readout_bias else 0.0
        grown = np.zeros(kernel.shape)
        if get == "ntk":
            slope, slope_error = _mapped(activation, inside, errors, slope=True)
            grown = w2 * slope * kernel
            bound = w2 * (np.abs(slope) * bound + slope_error * (np.abs(kernel) + bound))
        moments, errors = _image(activation, inside, errors)
        if get == "ntk":
            kernel = weight * moments.covariance + share + grown
            bound = bound + weight * errors[2] + 8 * _EPS * (np.abs(kernel) + np.abs(grown))
    if get == "nngp":
        kernel = w2 * moments.covariance + (b2 if own.readout_bias else 0.0)
        bound = w2 * errors[2] + 8 * _EPS * np.abs(kernel)
    return kernel, bound


def _image(
    activation: Quadrature, inside: Pairs, errors: tuple[Array, ...]
) -> tuple[Pairs, tuple[Array, ...]]:
    """The second moments after the activation, and bounds on them."""
    own = []
    for q, error in ((inside.first, errors[0]), (inside.second, errors[1])):
        same = equal(q)
        # One variable: both variances are off by the same, and the correlation is 1.
        none = np.zeros(q.shape)
        own.append(_mapped(activation, same, (error, error, none, none), slope=False))
    (first, first_error), (second, second_error) = own
    value, value_error = _mapped(activation, inside, errors, slope=False)
    mean = np.sqrt(first) * np.sqrt(second)
    image = Pairs(
        first, second, value, np.maximum(mean - value, 0.0), np.maximum(mean + value, 0.0)
    )
    alike = (inside.first == inside.second) & (inside.below <= _SAME * inside.mean)
    image = replace(image, below=np.where(alike, 0.0, image.below))
    mean_error = (
        first_error * np.sqrt(ratio(second, first)) + second_error * np.sqrt(ratio(first, second))
    ) / 2
    gap_error = np.where(alike, 0.0, value_error + mean_error + 4 * _EPS * mean)
    return image, (first_error, second_error, value_error, gap_error)


def _rounded(pairs: Pairs) -> tuple[Array, ...]:
    """What rounding makes of pairs that `kernel_pairs` has worked out; the last is of the gap."""
    gap = np.minimum(pairs.below, pairs.above)
    mean = pairs.mean
    # That of the angle, for differences of nearly equal norms are rounded.
    angle = np.where(gap > _SAME * mean, 16 * _EPS * np.sqrt(gap * mean), 0.0)
    return 8 * _EPS * pairs.first, 8 * _EPS * pairs.second, 8 * _EPS * mean, angle


def _mapped(
    activation: Quadrature, inside: Pairs, errors: tuple[Array, ...], *, slope: bool
) -> tuple[Array, Array]:
    """A dual map at every pair, and a bound that counts the errors of what enters it."""
    shape = inside.covariance.shape
    values, bounds = [], []
    first, second, _, gap = errors
    ranges = [np.ravel(np.broadcast_to(e, shape)) for e in (first, second, gap)]
    for pair, *off in zip(single(inside), *ranges, strict=True):
        found = activation.integrate(pair, slope=slope)
        changes = [
            max(
                abs(activation.value_by(found.rule, moved, slope=slope) - found.value)
                for moved in both
            )
            for both in _edges(pair, *off)
        ]
        values.append(found.value)
        bounds.append(found.bound + 2 * sum(changes))
    return np.array(values).reshape(shape), np.array(bounds).reshape(shape)


def _edges(pair: Pairs, first: float, second: float, gap: float) -> list[list[Pairs]]:
    """The pair at both ends of its ranges: of either variance at fixed correlation, and of that."""
    q1, q2, mean = float(pair.first), float(pair.second), float(pair.mean)
    if mean == 0:
        return []
    edges = []
    for error, q, which in ((first, q1, "first"), (second, q2, "second")):
        factors = [np.sqrt(max(q + side * error, 0.0) / q) for side in (1, -1)]
        edges.append([_stretched(pair, factor, which) for factor in factors])
    if gap:
        moved = []
        for side in (1, -1):
            below = float(np.clip(pair.below + side * gap, 0.0, 2 * mean))
            moved.append(
                Pairs(
                    pair.first,
                    pair.second,
                    np.asarray(mean - below),
                    np.asarray(below),
                    np.asarray(2 * mean - below),
                )
            )
        edges.append(moved)
    return edges


def _stretched(pair: Pairs, factor: float, which: str) -> Pairs:
    """The pair with one of its members multiplied by `factor`."""
    square = factor**2
    first = pair.first * square if which == "first" else pair.first
    second = pair.second * square if which == "second" else pair.second
    return Pairs(first, second, pair.covariance * factor, pair.below * factor, pair.above * factor)
