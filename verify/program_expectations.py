r"""Expectations of any function of Gaussians, in numbers, with an estimate of their error.

A term is split into factors that are uncorrelated with each other. Within each, only the linear
forms of Gaussians that stand inside functions count: their covariance, brought to its principal
axes, says how many independent directions there are. Where a `Max`, `Abs`, `Heaviside` or `sign`
has a kink on a hyperplane, the integration stops there and starts again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import sympy as sp
from scipy.special import erf

from lemmata.theory.program_expectation import Covariance, gaussians_of, isserlis, shortened
from lemmata.theory.program_limit import execute
from lemmata.theory.tensor_programs import Program, Scalar

_REACH = 9.0  # standard deviations; beyond are 2e-19 of the probability
_TAIL = 1.5  # standard deviations: what lies in the last so many, and in as many before them
_MOST = 1300  # nodes of Gauss and Legendre between two kinks; they are eigenvalues
_FLAT = 1e-13  # a direction with this share of the largest variance is rounding
_REFUSED = (sp.Piecewise, sp.floor, sp.ceiling, sp.Mod)
_KINKED = (sp.Max, sp.Min, sp.Abs, sp.Heaviside, sp.sign)


@dataclass(frozen=True)
class Estimate:
    """A number and a bound of its error as two resolutions tell it."""

    value: float
    error: float


@dataclass(frozen=True)
class NumericExpectation:
    """Expectations by quadrature, refined until two resolutions agree.

    **Fields:**

    - `accuracy`: two resolutions agree to this, relative to the size of the integrand.
    - `dimensions`: more independent directions than these are refused.
    - `points`: more points than these are refused.
    - `shift`: every expectation is moved by this many of its own errors, with alternating sign, so
      that executing a program twice shows what errors do to it.

    >>> x = sp.Symbol("x", real=True)
    >>> round(float(NumericExpectation()(sp.tanh(x) ** 2, {(x, x): sp.Integer(1)})), 10)
    0.3942944904
    """

    accuracy: float = 1e-10
    dimensions: int = 4
    points: int = 8_000_000
    shift: float = 0.0
    _known: dict[Any, Estimate] = field(default_factory=dict, compare=False, repr=False)

    def __call__(self, expression: sp.Expr, covariance: Covariance) -> sp.Expr:
        """The expectation as a floating-point number; see `estimate`."""
        return sp.Float(self.estimate(expression, covariance).value, 17)

    def estimate(self, expression: sp.Expr, covariance: Covariance) -> Estimate:
        """The expectation over centred Gaussians, and its error.

        **Raises:** ValueError for a symbol that is no Gaussian and for too many directions;
        ArithmeticError where the integrand is not finite or resolutions do not come to agree.
        """
        known = {symbol for pair in covariance for symbol in pair}
        if extra := expression.free_symbols - known:
            raise ValueError(
                f"{shortened(expression)} holds {sorted(map(str, extra))}, whose covariance is not "
                "given; put numbers for parameters."
            )
        value = error = 0.0
        for term in sp.Add.make_args(_expanded(expression)):
            one = self._term(term, covariance)
            value, error = value + one.value, error + one.error
        return Estimate(value, error)

    def _term(self, term: sp.Expr, covariance: Covariance) -> Estimate:
        constant, rest = term.as_independent(*gaussians_of(term, covariance), as_Add=False)
        value, error = float(constant), 0.0
        for cluster in _clusters(rest, covariance):
            own = gaussians_of(cluster, covariance)
            key = cluster, tuple(covariance.get((g, h), 0) for g in own for h in own)
            if key not in self._known:
                one = self._cluster(cluster, covariance)
                sign = 1 if len(self._known) % 2 else -1
                moved = one.value + sign * self.shift * one.error
                self._known[key] = Estimate(moved, one.error)
            one = self._known[key]
            error = abs(error * one.value) + abs(value * one.error) + error * one.error
            value *= one.value
        return Estimate(value, error)

    def _cluster(self, term: sp.Expr, covariance: Covariance) -> Estimate:
        gaussians = gaussians_of(term, covariance)
        K = _matrix(gaussians, covariance)
        if not gaussians:
            return Estimate(float(term), 0.0)
        if term.is_polynomial(*gaussians):
            return Estimate(
                sum(
                    float(c) * float(isserlis(powers, sp.Matrix(K)))
                    for powers, c in sp.Poly(term, *gaussians).terms()
                ),
                0.0,
            )
        forms: list[sp.Expr] = []
        # A Gaussian that is one factor to the first power is its regression on the other forms.
        linear = [f for f in sp.Mul.make_args(term) if f in gaussians]
        linear = linear if len(linear) == 1 else []
        written, kinks = _in_forms(term / sp.Mul(*linear), gaussians, forms)
        rows = np.array([[float(sp.diff(f, g)) for g in gaussians] for f in forms])
        offsets = np.array([float(f.xreplace(dict.fromkeys(gaussians, 0))) for f in forms])
        variances, axes = np.linalg.eigh(rows @ K @ rows.T)
        kept = variances > _FLAT * max(variances.max(), 1e-300)
        if kept.sum() > self.dimensions:
            raise ValueError(
                f"{shortened(term)} depends on {kept.sum()} independent Gaussians, more than "
                f"dimensions={self.dimensions}; split it, or estimate it by simulation."
            )
        root = (axes * np.sqrt(np.maximum(variances, 0)))[:, kept]
        names = [sp.Symbol(f"form{i}", real=True) for i in range(len(forms))]
        function = sp.lambdify(names, written, modules=[_OWN, "numpy"])
        factor = None
        if linear:
            inverse = (axes[:, kept] / np.sqrt(variances[kept])).T
            factor = inverse @ rows @ K[:, gaussians.index(linear[0])]

        def integrand(u: np.ndarray) -> np.ndarray:
            value = function(*(u @ root.T + offsets).T)
            return value * (u @ factor) if factor is not None else value * np.ones(len(u))

        planes = []
        for kink in kinks:
            normal = np.array([float(sp.diff(kink, name)) for name in names])
            offset = float(kink.xreplace(dict.fromkeys(names, 0))) + normal @ offsets
            planes.append(np.append(normal @ root, offset))
        return self._integral(integrand, int(kept.sum()), planes, term)

    def _integral(
        self,
        integrand: Callable[[Any], Any],
        d: int,
        planes: list[np.ndarray],
        term: sp.Expr,
    ) -> Estimate:
        """The Gaussian average over d directions, finer until two resolutions agree."""
        levels = _levels(planes, d)
        before, n = None, 12
        while True:
            count = np.prod(
                [n * (len(level) + 1) if level else 2.0 * n + n % 2 for level in levels]
            )
            if count > self.points or (n > _MOST and any(levels)):
                raise ArithmeticError(
                    f"the expectation of {shortened(term)} is not settled to {self.accuracy:.0e} "
                    f"with {self.points} points in {d} dimensions, or {_MOST} between kinks (at "
                    f"last it was {before}); ask for less accuracy, or allow more points."
                )
            u, weights = _nodes(levels, n)
            with np.errstate(all="ignore"):  # what is not finite is refused
                values = integrand(u)
            if not np.isfinite(values).all():
                raise ArithmeticError(
                    f"{shortened(term)} is not finite within {_REACH:g} standard deviations."
                )
            value, masses = float(weights @ values), weights * np.abs(values)
            size, tail = float(masses.sum()), _beyond(u, masses)
            if tail > 1e-6 * size:
                raise ArithmeticError(
                    f"{shortened(term)} does not fade within {_REACH:g} standard deviations, and "
                    "its expectation may be infinite; nonlinearities must grow more slowly than "
                    "exp(z^2/2) over the variance of z."
                )
            if before is not None and abs(value - before) <= self.accuracy * size:
                # At a kink that is not cut out an error comes and goes with the grid.
                return Estimate(value, 4 * abs(value - before) + tail + 1e-15 * size)
            # Even and odd in turn, so that a narrow dip at the mean is not missed both times.
            before, n = value, n + n // 2 + (n // 2 + 1) % 2


def estimated_limits(
    program: Program, scalars: Sequence[Scalar], accuracy: float = 1e-10
) -> tuple[Estimate, ...]:
    """What the averages of a program tend to, in numbers, with their errors.

    The program is executed three times: with every expectation as found, and with each moved up or
    down by its own error. The error is four times the largest change, and rounding.
    """
    found = []
    for shift in (0.0, 1.0, -1.0):
        limit = execute(program, NumericExpectation(accuracy, shift=shift))
        found.append([float(limit.scalar(scalar)) for scalar in scalars])
    values = np.array(found)
    errors = 4 * np.abs(values - values[0]).max(axis=0) + 1e-13 * np.abs(values[0])
    return tuple(map(Estimate, values[0].tolist(), errors.tolist()))


_OWN = {"erf": erf, "Heaviside": lambda x, half=0.5: np.heaviside(x, half)}


def _expanded(expression: sp.Expr) -> sp.Expr:
    """Products and powers of sums written as sums, as far as functions."""
    while (again := sp.expand(expression, deep=False)) != expression:
        expression = again
    return expression


def _matrix(gaussians: list[sp.Symbol], covariance: Covariance) -> np.ndarray:
    return np.array([[float(covariance.get((g, h), 0)) for h in gaussians] for g in gaussians])


def _clusters(term: sp.Expr, covariance: Covariance) -> list[sp.Expr]:
    """Products of the factors of a term, such that different ones are independent."""
    groups: list[tuple[sp.Expr, set[sp.Symbol]]] = []
    for factor in sp.Mul.make_args(term):
        whole, own = factor, set(gaussians_of(factor, covariance))
        apart = []
        for other, symbols in groups:
            if any(covariance.get((g, h), 0) != 0 for g in own for h in symbols):
                whole, own = whole * other, own | symbols
            else:
                apart.append((other, symbols))
        groups = [*apart, (whole, own)]
    return [whole for whole, _ in groups]


def _in_forms(
    expression: sp.Expr, gaussians: list[sp.Symbol], forms: list[sp.Expr]
) -> tuple[sp.Expr, set[sp.Expr]]:
    """The expression in `form0`, `form1`, ..., which are appended to, and where it has kinks."""
    if not expression.has(*gaussians):
        return expression, set()
    if isinstance(expression, _REFUSED):
        raise NotImplementedError(
            f"{shortened(expression)}: where its pieces end is not found; write it with Max, Min, "
            "Abs, sign or Heaviside, such as Heaviside(z) * a + Heaviside(-z) * b."
        )
    if _is_affine(expression, gaussians):
        if expression not in forms:
            forms.append(expression)
        return sp.Symbol(f"form{forms.index(expression)}", real=True), set()
    arguments: list[sp.Expr] = list(expression.args)
    if isinstance(expression, sp.Add):
        affine = [a for a in arguments if _is_affine(a, gaussians)]
        arguments = [a for a in arguments if a not in affine] + (
            [sp.Add(*affine)] if affine else []
        )
    kinks: set[sp.Expr] = set()
    parts = []
    for argument in arguments:
        part, more = _in_forms(argument, gaussians, forms)
        parts.append(part)
        kinks |= more
    found = expression.func(*parts)
    if isinstance(expression, sp.Max | sp.Min):
        edges = [one - other for one, other in combinations(parts, 2)]
    elif isinstance(expression, _KINKED):
        edges = [parts[0]]
    else:
        edges = []
    # What is not affine on any side of inner kinks is left to the refinement and its error.
    kinks |= {branch for edge in edges for branch in _branches(edge) if _is_affine(branch, None)}
    return found, kinks


def _is_affine(expression: sp.Expr, symbols: list[sp.Symbol] | None) -> bool:
    names = symbols if symbols is not None else sorted(expression.free_symbols, key=str)
    return (
        bool(names)
        and expression.is_polynomial(*names)
        and sp.Poly(expression, *names).total_degree() <= 1
    )


def _branches(expression: sp.Expr) -> list[sp.Expr]:
    """What a piecewise linear expression is on the sides of the kinks inside it."""
    inner = [part for part in sp.preorder_traversal(expression) if isinstance(part, _KINKED)]
    if not inner:
        return [sp.expand(expression)]
    part = inner[-1]  # it holds no kink itself
    if isinstance(part, sp.Max | sp.Min):
        sides: tuple[Any, ...] = part.args
    elif isinstance(part, sp.Abs):
        sides = (part.args[0], -part.args[0])
    else:
        sides = (-1, 0, 1)
    return [b for side in sides for b in _branches(expression.xreplace({part: sp.sympify(side)}))]


def _levels(planes: list[np.ndarray], d: int) -> list[list[np.ndarray]]:
    """For each direction, where it is cut, as planes in it and the directions before it.

    Integrating a direction out leaves kinks where two of its cuts meet, and where a plane does
    not hold the direction at all.
    """
    levels = []
    for last in range(d - 1, -1, -1):
        planes = _distinct(planes)
        holding = [plane for plane in planes if abs(plane[last]) > 1e-9]
        apart = [np.delete(plane, last) for plane in planes if abs(plane[last]) <= 1e-9]
        solved = [-np.delete(plane, last) / plane[last] for plane in holding]
        meeting = [one - other for one, other in combinations(solved, 2)]
        levels.append(solved)
        planes = [*apart, *meeting]
    return levels[::-1]


def _distinct(planes: list[np.ndarray]) -> list[np.ndarray]:
    """Each plane once, and none without a normal."""
    found: list[np.ndarray] = []
    for plane in planes:
        size = np.linalg.norm(plane[:-1])
        if size > 1e-9:
            unit = plane / size
            known = (min(abs(unit - one).max(), abs(unit + one).max()) < 1e-10 for one in found)
            if not any(known):
                found.append(unit)
    return found


def _beyond(u: np.ndarray, masses: np.ndarray) -> float:
    """About what lies beyond the reach, from what lies before it: infinite if that grows.

    Tails that fade like those of a Gaussian, times an exponential of less than its square, lose at
    each step outwards a larger share than at the step before.
    """
    far = np.abs(u).max(axis=1)
    last = float(masses[far > _REACH - _TAIL].sum())
    before = float(masses[(far > _REACH - 2 * _TAIL) & (far <= _REACH - _TAIL)].sum())
    if last == 0:
        return 0.0
    return last**2 / (before - last) if before > last else math.inf


def _nodes(levels: list[list[np.ndarray]], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights of the Gaussian average, direction by direction."""
    u, weights = np.zeros((1, 0)), np.ones(1)
    gauss, gauss_weights = np.polynomial.legendre.leggauss(n if any(levels) else 1)
    for cuts in levels:
        if cuts:
            places = np.stack([u @ cut[:-1] + cut[-1] for cut in cuts], axis=1)
            ends = np.full((len(u), 1), _REACH)
            edges = np.hstack([-ends, np.sort(np.clip(places, -_REACH, _REACH), axis=1), ends])
            half = np.diff(edges)[:, :, None] / 2
            x = (edges[:, :-1, None] + half * (1 + gauss)).reshape(len(u), -1)
            w = (half * gauss_weights).reshape(len(u), -1)
        else:
            # The equidistant rule: exponentially accurate for what is smooth on the whole line.
            count = 2 * n + n % 2
            line, step = np.linspace(-_REACH, _REACH, count, retstep=True)
            x, w = np.broadcast_to(line, (len(u), count)), np.full((len(u), count), step)
        w = w * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
        u = np.hstack([np.repeat(u, x.shape[1], axis=0), x.reshape(-1, 1)])
        weights = (weights[:, None] * w).reshape(-1)
    return u, weights
