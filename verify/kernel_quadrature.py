r"""Dual maps of any activation by quadrature, with a bound on the error.

Smooth functions are integrated by the trapezoidal rule, which converges geometrically for what is
analytic near the real axis; functions with kinks or jumps by Gauss-Legendre rules on the pieces
into which the kinks of $\phi(u)$ and of $\phi(v)$ cut the plane. Where a variance is large, a
smooth function such as tanh changes over a small part of it: then the plane is cut around 0 and the
kinks at distances that grow threefold, for there such functions change and farther out they do not.

The bound rests on four things, of which the first three are tested at every point. The rule is
refined until two successive differences fall by a factor of eight at least (or are rounding): where
the error goes on falling so, twice the last difference exceeds it, many times over. An undeclared
kink makes the error fall too slowly, and is refused. At the same nodes the rule has to give means
of u and of v alone that `kernel_probe` knows from a finer look, and sixteen times what it misses
them by is added: a rule whose nodes miss where phi is steep is found out, unless that is narrower
than a millionth of the range, which has to be named in `kinks`. The integrand is rounded to some
ulps of its absolute mean. And beyond 13 standard deviations, phi grows by no more than a
factor e per deviation from its largest ratio to that growth within.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from numbers import Real
from typing import Any

import numpy as np
from scipy.special import ndtr

from lemmata.verify.errors import UsageError
from lemmata.verify.kernel_numbers import real_array
from lemmata.verify.kernel_pairs import Array, Pairs, equal
from lemmata.verify.kernel_probe import line_means, steep_places, tests
from lemmata.verify.kernel_rules import REACH, Rule, inner_pieces, outer_pieces, trapezoidal

# sqrt(P(|z| > 13 or |y| > 13)) sqrt(E exp(4|z|)), by Cauchy and Schwarz twice
_BEYOND = float(np.sqrt(4 * ndtr(-REACH)) * np.sqrt(2 * np.exp(8.0) * ndtr(4.0)))
_ROUNDINGS = 64 * np.finfo(float).eps
# The variance from which on smooth functions are cut, too.
_WIDE = 30.0
_LEVELS = 7
_FALL = 8.0
# What rounding alone may make of the means that a rule has to give.
_MISSED = 64 * np.finfo(float).eps
# How many means are kept: beyond what the inputs and layers of one kernel recur to.
_KEPT = 1024


class NotConverged(ArithmeticError):
    """A quadrature that did not come to an error that it can vouch for.

    `value` is the last that it had, and `change` what that differs from the one before by.
    """

    def __init__(self, text: str, value: float = np.nan, change: float = np.nan) -> None:
        super().__init__(text)
        self.value, self.change = value, change


@dataclass(frozen=True)
class Bounded:
    """A value, an upper bound on its error, and the rule that gave it."""

    value: float
    bound: float
    rule: Rule


@dataclass(frozen=True)
class _Sums:
    """A rule's value, its rounding, the product of root mean squares, what is beyond, and means.

    `means` are those of `kernel_probe.tests` for u and for v, of shape (2, 3).
    """

    value: float
    noise: float
    scale: float
    tail: float
    means: Array

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.value + self.noise + self.scale + self.tail))


@dataclass(frozen=True)
class Quadrature:
    """An activation whose dual maps are integrated numerically.

    **Arguments:**

    - `phi`: takes and returns float64 arrays, elementwise; NumPy's or JAX's.
    - `derivative`: phi'; where it is None, JAX differentiates phi.
    - `kinks`: where phi or its derivatives jump, and points around which it is steep. It must name
      all that jump. Of large variances 0 is taken for one such point where none is named.
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
        kinks = real_array(self.kinks)
        if kinks is None or kinks.ndim != 1:
            raise UsageError(f"kinks={self.kinks!r} must be a sequence of real numbers.")
        if not np.all(np.isfinite(kinks.astype(float))):
            raise UsageError(f"kinks={self.kinks!r} must be finite.")
        object.__setattr__(self, "kinks", tuple(sorted(float(k) for k in kinks)))
        if not isinstance(self.tolerance, Real) or not 0 < self.tolerance < 1:
            raise UsageError(f"tolerance={self.tolerance!r} must be a number between 0 and 1.")

    def __getstate__(self) -> dict[str, Any]:
        # What is kept beside the fields is found anew; compiled functions and caches do not travel.
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @cached_property
    def _slope(self) -> Callable[[Any], Any]:
        if self.derivative is not None:
            return self.derivative
        import jax

        by_element = jax.jit(jax.vmap(jax.grad(self.phi)))

        def slope(x: Any) -> Any:
            try:
                return by_element(np.ravel(x)).reshape(np.shape(x))
            except TypeError as error:
                name = getattr(self.phi, "__name__", repr(self.phi))
                raise UsageError(
                    f"phi={name} is not differentiated by JAX, which takes functions of jax.numpy "
                    "and none of NumPy; write it with these (jnp.tanh for np.tanh), or give its "
                    "derivative: Quadrature(phi, derivative)."
                ) from error

        return slope

    def integrate(self, pairs: Pairs, *, slope: bool) -> Bounded:
        """E phi(u) phi(v), or that of phi', for a single pair.

        **Raises:** `NotConverged`; `UsageError` where phi returns what is not finite or not double.
        """
        wide = float(np.maximum(pairs.first, pairs.second)) > _WIDE
        failed: NotConverged | None = None
        # Around 0 most functions change that do so anywhere; those that do not may wave, and are
        # then known best at equal distances.
        for cuts, graded in self._kinds(wide):
            try:
                found = self._refined(pairs, cuts, graded, slope=slope)
            except NotConverged as error:
                failed = failed or error
                continue
            # Of two rules that contradict each other neither is believed.
            if failed is None or abs(found.value - failed.value) <= 8 * failed.change + found.bound:
                return found
        assert failed is not None
        raise failed

    def _kinds(self, wide: bool) -> list[tuple[tuple[float, ...], bool]]:
        if self.kinks:
            return [(self.kinks, wide)]
        return [((0.0,), True), ((), False)] if wide else [((), False)]

    def _refined(
        self, pairs: Pairs, cuts: tuple[float, ...], graded: bool, *, slope: bool
    ) -> Bounded:
        function = self._slope if slope else self.phi
        name = "derivative" if slope else "phi"
        values: list[float] = []
        missed = 0.0
        for level in range(_LEVELS):
            rule = Rule(level, cuts, graded)
            sums = self._by(rule, pairs, function, name)
            values.append(sums.value)
            allowed = self.tolerance * sums.scale
            if not sums.is_finite or max(sums.noise, sums.tail) > allowed:
                break
            if level < 2:
                continue
            last, before = abs(values[-1] - values[-2]), abs(values[-2] - values[-3])
            if last > max(before / _FALL, sums.noise):
                continue
            bound = 2 * last + sums.noise + sums.tail
            if bound > allowed:
                continue
            missed = self._missed(pairs, sums, slope=slope)
            if bound + missed <= allowed:
                return Bounded(sums.value, bound + missed, rule)
        raise NotConverged(
            f"E {name}(u) {name}(v) at q1={pairs.first}, c={pairs.covariance}, q2={pairs.second} "
            f"is not known to {self.tolerance:.3g} of the root mean squares: "
            + _reason(values, sums, missed, self.tolerance),  # pyright: ignore[reportPossiblyUnboundVariable]
            values[-1],
            abs(values[-1] - values[-2]) if len(values) > 1 else np.nan,
        )

    def _missed(self, pairs: Pairs, sums: _Sums, *, slope: bool) -> float:
        """A bound by what the rule's means of u and of v alone differ from those known."""
        worst, square = 0.0, 1.0
        for q, means in zip(
            sorted((pairs.first, pairs.second), reverse=True), sums.means, strict=True
        ):
            known, errors = self._known(float(q), slope)
            size = np.array([known[0], *2 * [np.sqrt(known[0])]])
            square *= known[0]
            if known[0] > 0:
                apart = (np.abs(means - known) + errors) / size
                worst = max(worst, float(np.max(apart)))
            elif np.any(means):
                return np.inf
        return 16 * max(worst - _MISSED, 0.0) * float(np.sqrt(square))

    @cached_property
    def _known(self) -> Callable[[float, bool], tuple[Array, Array]]:
        """Means of one Gaussian of a variance, and their errors; the same variances recur."""
        return lru_cache(maxsize=_KEPT)(self._means)

    def _means(self, q: float, slope: bool) -> tuple[Array, Array]:
        function, root = self._slope if slope else self.phi, np.sqrt(q)
        if not root:
            return tests(np.asarray(function(np.zeros(1))), np.zeros(1))[:, 0], np.zeros(3)
        places = self._steep(float(2.0 ** np.ceil(np.log2(REACH * root))), slope)
        return line_means(function, root, REACH, np.concatenate([self.kinks, places]))

    @cached_property
    def _steep(self) -> Callable[[float, bool], Array]:
        """Where phi (or its slope) is steep within a reach, of which there are few."""
        return lru_cache(maxsize=_KEPT)(self._places)

    def _places(self, reach: float, slope: bool) -> Array:
        return steep_places(self._slope if slope else self.phi, reach)

    def value_by(self, rule: Rule, pairs: Pairs, *, slope: bool) -> float:
        """The value that a rule gives, without a bound."""
        function = self._slope if slope else self.phi
        return self._by(rule, pairs, function, "phi").value

    def _by(self, rule: Rule, pairs: Pairs, function: Callable[[Any], Any], name: str) -> _Sums:
        if pairs.second > pairs.first:
            pairs = Pairs(pairs.second, pairs.first, pairs.covariance, pairs.below, pairs.above)
        q1, q2 = float(pairs.first), float(pairs.second)
        if q1 == 0:
            f = float(_evaluated(function, name, np.zeros((1, 1)))[0, 0])
            means = np.tile(tests(np.array([f]), np.zeros(1)).T, (2, 1))
            return _Sums(f**2, _ROUNDINGS * f**2, f**2, 0.0, means)
        # v is this multiple of z and of y, two independent standard normals; u is of z.
        across = float(pairs.covariance) / np.sqrt(q1)
        rest = float(np.sqrt(pairs.determinant / q1))
        if rule.cuts:
            z, weight_z = outer_pieces(rule, np.sqrt(q1), across, rest)
            y, weight_y = inner_pieces(rule, np.sqrt(q1), across * z, rest)
        else:
            z, weight_z = trapezoidal(rule.level)
            y, weight_y = trapezoidal(rule.level)
            y, weight_y = y[None, :], weight_y[None, :]
        if rest == 0:
            y, weight_y = np.zeros((1, 1)), np.ones((1, 1))
        v = across * z[:, None] + rest * y
        f_u = _evaluated(function, name, np.sqrt(q1) * z[:, None])
        f_v = _evaluated(function, name, v)
        weights = weight_z[:, None] * weight_y
        with np.errstate(over="ignore", invalid="ignore"):
            return self._sums(weights, f_u, f_v, z[:, None], v / np.sqrt(q2) if q2 else v)

    @staticmethod
    def _sums(weights: Array, f_u: Array, f_v: Array, z: Array, z_v: Array) -> _Sums:
        terms = weights * f_u * f_v
        across = np.sum(weights, axis=1, keepdims=True)
        means = np.stack(
            [
                np.sum(across * tests(f_u, z), axis=(1, 2)),
                [np.sum(weights * f_v**2), np.sum(weights * f_v), 0.0],
            ]
        )
        means[1, 2] = np.sum(weights * f_v * np.sin(1.3 * z_v + 0.4))
        size_u = np.max(np.abs(f_u) * np.exp(-np.abs(z)))
        size_v = np.max(np.abs(f_v) * np.exp(-np.abs(z_v)))
        return _Sums(
            float(np.sum(terms)),
            float(_ROUNDINGS * np.sum(np.abs(terms))),
            float(np.sqrt(means[0, 0]) * np.sqrt(means[1, 0])),
            float(_BEYOND * size_u * size_v),
            means,
        )

    def image(self, pairs: Pairs) -> Pairs:
        """The second moments; see `lemmata.verify.kernel_bounds` for bounds on them."""
        first, second = (self._each(equal(q), slope=False) for q in (pairs.first, pairs.second))
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


def _reason(values: list[float], sums: _Sums, missed: float, tolerance: float) -> str:
    """Why a quadrature has no small bound, and what to do about it."""
    if not sums.is_finite:
        return "it leaves the range of double precision; take smaller variances."
    if sums.tail > tolerance * sums.scale:
        return (
            f"beyond {REACH:g} standard deviations there may be {sums.tail:.3g}, for phi grows "
            "fast; take smaller variances, or allow more by tolerance=..."
        )
    if sums.noise > tolerance * sums.scale:
        return f"rounding alone is {sums.noise:.3g}; allow more by tolerance=..."
    change, advice = (
        abs(values[-1] - values[-2]),
        "name phi's kinks in kinks=(...), and the points around which it is steep, take smaller "
        "variances, or allow more by tolerance=...",
    )
    if missed > tolerance * sums.scale:
        return (
            f"its nodes pass over places where phi changes, so that the means of u and v alone "
            f"leave {missed:.3g} open after {_LEVELS} refinements; {advice}"
        )
    return (
        f"after {_LEVELS} refinements the last change is {change:.3g} and they do not fall as for "
        f"a smooth function; {advice}"
    )


def single(pairs: Pairs) -> list[Pairs]:
    """The pairs one by one, in the order of the covariances' entries."""
    fields = (pairs.first, pairs.second, pairs.covariance, pairs.below, pairs.above)
    columns = [np.ravel(one) for one in np.broadcast_arrays(*fields)]
    return [Pairs(*one) for one in zip(*columns, strict=True)]


def _evaluated(function: Callable[[Any], Any], name: str, x: Array) -> Array:
    # What is too large is told below; 1/cosh(x)^2 overflows on the way to a right 0.
    try:
        with np.errstate(all="ignore"):
            values = np.asarray(function(x))
    except UsageError:
        raise
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{name} fails on an array ({error}); it must work by elements, as numpy.tanh does and "
            "math.tanh does not."
        ) from error
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
            f"{REACH:g} standard deviations of what enters it; take smaller w_std, b_std or "
            "inputs, or a function that is."
        )
    return values
