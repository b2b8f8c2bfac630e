r"""Dual maps of any activation by quadrature, with a bound on the error.

Smooth functions are integrated by the trapezoidal rule, which converges geometrically for what is
analytic near the real axis; functions with kinks or jumps by Gauss-Legendre rules on the pieces
into which the kinks of $\phi(u)$ and of $\phi(v)$ cut the plane.

The bound rests on three things, of which the first two are tested at every point. The rule is
refined until two successive differences fall by a factor of eight at least (or are rounding): where
the error goes on falling so, twice the last difference exceeds it, many times over. An undeclared
kink makes the error fall too slowly, and is refused. The integrand is rounded to some ulps of its
absolute mean. And beyond 13 standard deviations, phi grows by no more than a factor e per deviation
from its largest ratio to that growth within.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from scipy.special import ndtr

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_pairs import Array, Pairs

# Standard deviations to which the plane is integrated.
_REACH = 13.0
# sqrt(P(|z| > 13 or |y| > 13)) sqrt(E exp(4|z|)), by Cauchy and Schwarz twice
_BEYOND = float(np.sqrt(4 * ndtr(-_REACH)) * np.sqrt(2 * np.exp(8.0) * ndtr(4.0)))
_ROUNDINGS = 64 * np.finfo(float).eps
_LEVELS = 7
_FALL = 8.0


class NotConverged(ArithmeticError):
    """A quadrature that did not come to an error that it can vouch for."""


@dataclass(frozen=True)
class Bounded:
    """A value, an upper bound on its error, and the level of refinement that it took."""

    value: float
    bound: float
    level: int


@dataclass(frozen=True)
class Quadrature:
    """An activation whose dual maps are integrated numerically.

    **Arguments:**

    - `phi`: takes and returns float64 arrays, elementwise; NumPy's or JAX's.
    - `derivative`: phi'; where it is None, JAX differentiates phi.
    - `kinks`: where phi or its derivatives jump. It must name all such points.
    - `tolerance`: the largest bound that is accepted, relative to the root mean squares.
    """

    phi: Callable[[Any], Any]
    derivative: Callable[[Any], Any] | None = None
    kinks: tuple[float, ...] = ()
    tolerance: float = 1e-11

    def __post_init__(self) -> None:
        for name in ("phi", "derivative"):
            function = getattr(self, name)
            if not callable(function) and not (name == "derivative" and function is None):
                raise UsageError(f"{name}={function!r} is no function; give one of an array.")
        kinks = np.asarray(self.kinks)
        if kinks.ndim != 1 or (kinks.size and kinks.dtype.kind not in "fiu"):
            raise UsageError(f"kinks={self.kinks!r} must be a sequence of real numbers.")
        if not np.all(np.isfinite(kinks.astype(float))):
            raise UsageError(f"kinks={self.kinks!r} must be finite.")
        object.__setattr__(self, "kinks", tuple(sorted(float(k) for k in kinks)))
        if not 0 < self.tolerance < 1:
            raise UsageError(f"tolerance={self.tolerance!r} must lie between 0 and 1.")

    @cached_property
    def _slope(self) -> Callable[[Any], Any]:
        if self.derivative is not None:
            return self.derivative
        import jax

        by_element = jax.jit(jax.vmap(jax.grad(self.phi)))
        return lambda x: by_element(np.ravel(x)).reshape(np.shape(x))

    def integrate(self, pairs: Pairs, *, slope: bool) -> Bounded:
        """E phi(u) phi(v), or that of phi', for a single pair.

        **Raises:** `NotConverged`; `UsageError` where phi returns what is not finite or not double.
        """
        function = self._slope if slope else self.phi
        name = "derivative" if slope else "phi"
        values: list[float] = []
        bound = np.inf
        for level in range(_LEVELS):
            total, noise, scale, tail = self.at_level(pairs, function, name, level)
            values.append(total)
            if level < 2:
                continue
            last, before = abs(values[-1] - values[-2]), abs(values[-2] - values[-3])
            if last > max(before / _FALL, noise):
                continue
            bound = 2 * last + noise + tail
            if bound <= self.tolerance * scale:
                return Bounded(total, bound, level)
        change = abs(values[-1] - values[-2])
        raise NotConverged(
            f"E {name}(u) {name}(v) at q1={pairs.first}, c={pairs.covariance}, q2={pairs.second}: "
            f"after {_LEVELS} refinements the last change is {change:.3g} and the bound "
            f"{bound:.3g}, against a tolerance of {self.tolerance:.3g}; name phi's kinks in "
            "kinks=(...), take smaller variances, or allow more."
        )

    def value_at(self, pairs: Pairs, level: int, *, slope: bool) -> float:
        """The value of the rule at one level, without a bound."""
        function = self._slope if slope else self.phi
        return self.at_level(pairs, function, "phi", level)[0]

    def at_level(
        self, pairs: Pairs, function: Callable[[Any], Any], name: str, level: int
    ) -> tuple[float, float, float, float]:
        """The rule's value, its rounding, the product of root mean squares, and what is beyond."""
        if pairs.second > pairs.first:
            pairs = Pairs(pairs.second, pairs.first, pairs.covariance, pairs.below, pairs.above)
        q1, q2 = float(pairs.first), float(pairs.second)
        if q1 == 0:
            value = float(_evaluated(function, name, np.zeros((1, 1)))[0, 0]) ** 2
            return value, _ROUNDINGS * value, value, 0.0
        # v is this multiple of z and of y, two independent standard normals; u is of z.
        across = float(pairs.covariance) / np.sqrt(q1)
        rest = float(np.sqrt(pairs.determinant / q1))
        if self.kinks:
            z, weight_z = _outer_pieces(self.kinks, np.sqrt(q1), across, rest, level)
            y, weight_y = _inner_pieces(self.kinks, across * z, rest, level)
        else:
            z, weight_z = _trapezoidal(level)
            y, weight_y = _trapezoidal(level)
            y, weight_y = y[None, :], weight_y[None, :]
        if rest == 0:
            y, weight_y = np.zeros((1, 1)), np.ones((1, 1))
        v = across * z[:, None] + rest * y
        f_u = _evaluated(function, name, np.sqrt(q1) * z[:, None])
        f_v = _evaluated(function, name, v)
        weights = weight_z[:, None] * weight_y
        terms = weights * f_u * f_v
        scale = np.sqrt(np.sum(weights * f_u**2) * np.sum(weights * f_v**2))
        size_u = np.max(np.abs(f_u) * np.exp(-np.abs(z[:, None])))
        size_v = np.max(np.abs(f_v) * np.exp(-np.abs(v) / np.sqrt(q2))) if q2 else np.max(abs(f_v))
        noise = _ROUNDINGS * np.sum(np.abs(terms))
        return float(np.sum(terms)), float(noise), float(scale), float(_BEYOND * size_u * size_v)

    def image(self, pairs: Pairs) -> Pairs:
        """The second moments; see `lemmata.verify.kernel_bounds` for bounds on them."""
        first, second = (
            self._each(Pairs(q, q, q, np.zeros(q.shape), 2 * q), slope=False)
            for q in (pairs.first, pairs.second)
        )
        value = self._each(pairs, slope=False)
        mean = np.sqrt(first) * np.sqrt(second)
        below, above = np.maximum(mean - value, 0.0), np.maximum(mean + value, 0.0)
        return Pairs(first, second, value, below, above)

    def slope(self, pairs: Pairs) -> Array:
        return self._each(pairs, slope=True)

    def _each(self, pairs: Pairs, *, slope: bool) -> Array:
        shape = pairs.covariance.shape
        values = [self.integrate(one, slope=slope).value for one in single(pairs)]
        return np.array(values).reshape(shape)


def single(pairs: Pairs) -> list[Pairs]:
    """The pairs one by one, in the order of the covariances' entries."""
    fields = (pairs.first, pairs.second, pairs.covariance, pairs.below, pairs.above)
    columns = [np.ravel(one) for one in np.broadcast_arrays(*fields)]
    return [Pairs(*one) for one in zip(*columns, strict=True)]


def _evaluated(function: Callable[[Any], Any], name: str, x: Array) -> Array:
    values = np.asarray(function(x))
    if values.shape != x.shape or values.dtype != np.float64:
        raise UsageError(
            f"{name} returned {values.dtype} of shape {values.shape} for float64 of shape "
            f"{x.shape}; it must work by elements and in double precision (with JAX, set "
            "jax_enable_x64)."
        )
    finite = np.isfinite(values)
    if not np.all(finite):
        where = float(x[~finite][0])
        raise UsageError(
            f"{name}({where:.6g}) is {float(values[~finite][0])}; it must be finite within "
            f"{_REACH:g} standard deviations of what enters it."
        )
    return values


@lru_cache
def _trapezoidal(level: int) -> tuple[Array, Array]:
    step = 2.0**-level
    count = round(_REACH / step)
    z = step * np.arange(-count, count + 1, dtype=np.float64)
    return z, step * _density(z)


def _density(z: Array) -> Array:
    return np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)


@lru_cache
def _legendre(level: int) -> tuple[Array, Array]:
    nodes, weights = np.polynomial.legendre.leggauss(6 * 2**level if level < 4 else 24 * level)
    return nodes, weights


# Cuts that there are always, so that no piece is much longer than the density is wide.
_CUTS = np.arange(-_REACH, _REACH + 1, _REACH / 4)


def _outer_pieces(
    kinks: tuple[float, ...], root: float, across: float, rest: float, level: int
) -> tuple[Array, Array]:
    """Nodes of z, cut at u's kinks and around where the mean of v given u is at a kink."""
    cuts = [_CUTS, np.array(kinks) / root]
    if across:
        # Over this width the mean passes a kink; far outside it phi(v) is as good as smooth.
        width = rest / abs(across)
        cuts += [k / across + width * np.array([-13.0, -4.0, 0.0, 4.0, 13.0]) for k in kinks]
    z, weights = _pieces(np.concatenate(cuts)[None, :], level)
    return z[0], weights[0]


def _inner_pieces(
    kinks: tuple[float, ...], means: Array, rest: float, level: int
) -> tuple[Array, Array]:
    """Nodes of y for each mean of v, cut at v's kinks."""
    if rest == 0:
        return np.zeros((1, 1)), np.ones((1, 1))
    with np.errstate(over="ignore"):
        own = (np.array(kinks)[None, :] - means[:, None]) / rest
    always = np.broadcast_to(_CUTS, (len(means), len(_CUTS)))
    return _pieces(np.concatenate([always, own], axis=1), level)


def _pieces(cuts: Array, level: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes, by rows, between cuts; empty pieces stay, so that shapes are fixed."""
    cuts = np.sort(np.clip(cuts, -_REACH, _REACH), axis=1)
    nodes, weights = _legendre(level)
    middle = (cuts[:, 1:] + cuts[:, :-1])[:, :, None] / 2
    half = (cuts[:, 1:] - cuts[:, :-1])[:, :, None] / 2
    z = (middle + half * nodes).reshape(len(cuts), -1)
    return z, (half * weights).reshape(len(cuts), -1) * _density(z)
