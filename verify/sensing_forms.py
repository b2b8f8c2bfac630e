r"""Gradient flow of matrix factorisation in numbers: symmetric, asymmetric, one coordinate alone.

The formulas are those of `lemmata.theory.sensing_*`, arranged so that errors keep their relative
accuracy from the start to where they underflow. Times are those of the flow: eta T. The numbers
that come in are taken to be exact, so that a start on a saddle stays there and one that is close
leaves it. Eigenvalues and singular values of the truth below 1e-12 of the largest count as zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from lemmata.verify.errors import UsageError
from lemmata.verify.flow_inputs import check_reach, instant, instants, matrix, number
from lemmata.verify.matrix_digits import (
    NEGLIGIBLE,
    balls,
    middles,
    singular,
    symmetric,
    times,
)
from lemmata.verify.riccati_flow import (
    RiccatiFlow,
    Turned,
    first_bits,
)

Array = np.ndarray

# How far F^T F - G^T G may be from a multiple of the identity, relative to the factors' squares:
# what rounding leaves in factors made to be balanced, with room for a hundred columns.
_ROUNDED = 1e-13


@dataclass(frozen=True, eq=False)
class SymmetricFlow:
    r"""$X' = (\Sigma - X X^T) X$ from any start.

    **Arguments:** `truth`: Sigma, (n, n), positive semidefinite; `start`: X_0, (n, k), any k.

    **Raises:** `UsageError` on anything else.

    >>> flow = SymmetricFlow(np.diag([1.0, 0.0]), np.array([[0.5, 0.1], [0.1, 0.3]]))
    >>> print(round(1e12 * flow.errors([1e6])[0], 4))  # 1/4, and a little
    0.25
    """

    truth: Any
    start: Any

    def __post_init__(self) -> None:
        truth, start = matrix(self.truth, "truth"), matrix(self.start, "start")
        largest = np.abs(truth).max()
        if truth.shape[0] != truth.shape[1] or np.abs(truth - truth.T).max() > 1e-12 * largest:
            raise UsageError(
                f"truth of shape {truth.shape} is not symmetric, and X X^T is; of one that is not, "
                "take BalancedFlow."
            )
        truth = truth / 2 + truth.T / 2
        least = np.linalg.eigvalsh(truth)[0]
        if least < -NEGLIGIBLE * len(truth) * largest:
            raise UsageError(
                f"truth has the eigenvalue {least:.3g}; it must be positive semidefinite."
            )
        if start.shape[0] != len(truth) or not np.any(start):
            raise UsageError(
                f"start has shape {start.shape} for a truth of shape {truth.shape}"
                f"{'' if np.any(start) else ' and is zero'}; give (n, k) numbers, not all 0."
            )
        object.__setattr__(self, "truth", truth)
        object.__setattr__(self, "start", start)

    @cached_property
    def _flow(self) -> RiccatiFlow:
        return RiccatiFlow(self._turned, first_bits(self.start))

    def _turned(self) -> Turned:
        rates, frame = symmetric(self.truth)
        return Turned(rates, middles(times(frame.T, balls(self.start))), frame)

    @cached_property
    def _still(self) -> bool:
        return _solved(self.truth, self.start, self.start)

    def product(self, time: float) -> Array:
        """X X^T, shape (n, n)."""

        def look(problem: Turned, E: Array) -> Array:
            M = E.copy()
            M[range(len(M)), range(len(M))] += problem.rates
            return times(problem.frame, M, problem.frame.T)

        return self._flow.read(look, instant(time))

    def deviation(self, time: float) -> Array:
        """X X^T - Sigma, shape (n, n), with the digits that a subtraction would lose."""
        t = instant(time)
        if self._still:
            return np.zeros(self.truth.shape)
        return self._flow.read(lambda p, E: times(p.frame, E, p.frame.T), t)

    def errors(self, times: Any) -> Array:
        """The squared Frobenius error at each of the times, (T,)."""
        found = instants(times)
        if self._still:
            return np.zeros(len(found))
        return np.array([self._flow.read(lambda _, E: _square(E), t)[0] for t in found.tolist()])

    @cached_property
    def free_eigenvalues(self) -> Array:
        r"""The $\lambda_i$, min(k - r, n - r) of them, descending: what descent must shrink.

        They are the squared singular values of the start's rows in the null space of the truth, on
        those columns that the rest of the start leaves free.
        """
        return self._flow.free_eigenvalues()

    def lower_bounds(self, times: Any) -> Array:
        r"""$\sum_i (\lambda_i / (1 + 2 \lambda_i t))^2$ at each of the times, (T,)."""
        lam = self.free_eigenvalues
        return np.array([np.sum((lam / (1 + 2 * lam * t)) ** 2) for t in instants(times)])


@dataclass(frozen=True, eq=False)
class BalancedFlow:
    r"""$F' = (\Sigma - F G^T) G$ and $G' = (\Sigma - F G^T)^T F$ from $F^T F - G^T G = c I$.

    **Arguments:** `truth`: Sigma, (n1, n2); `F`: (n1, k); `G`: (n2, k).

    What $F^T F - G^T G$ is away from $c I$, `rounding`, is neglected, which changes errors by a
    share of at most the order of `rounding` t: till t = 1e-12 / `rounding` they hold to 1e-12.

    **Raises:** `UsageError` unless they fit, and the rounding is below 1e-13 of the factors'
    squares.
    """

    truth: Any
    F: Any
    G: Any

    def __post_init__(self) -> None:
        truth = matrix(self.truth, "truth")
        F, G = matrix(self.F, "F"), matrix(self.G, "G")
        if (F.shape[0], G.shape[0]) != truth.shape or F.shape[1] != G.shape[1]:
            raise UsageError(
                f"F of shape {F.shape} and G of {G.shape} make no matrix of the truth's shape "
                f"{truth.shape}; give (n1, k) and (n2, k)."
            )
        for name, value in (("truth", truth), ("F", F), ("G", G)):
            object.__setattr__(self, name, value)
        size = np.sum(F**2) + np.sum(G**2)
        if not size or self.rounding > _ROUNDED * size:
            raise UsageError(
                f"F^T F - G^T G is {self.rounding:.3g} away from a multiple of the identity (or F "
                f"and G are zero), more than {_ROUNDED:.0e} of the factors' squares, and only for "
                "such a start is there a closed form."
            )

    @cached_property
    def imbalance(self) -> float:
        """The c in F^T F - G^T G = c I, which the flow conserves."""
        return float(np.sum(self.F**2) - np.sum(self.G**2)) / self.F.shape[1]

    @cached_property
    def rounding(self) -> float:
        """The largest entry of F^T F - G^T G - c I, which is neglected."""
        gap = self.F.T @ self.F - self.G.T @ self.G
        return float(np.abs(gap - np.trace(gap) / len(gap) * np.eye(len(gap))).max())

    @cached_property
    def _flow(self) -> RiccatiFlow:
        every = np.concatenate([self.F, self.G])
        return RiccatiFlow(self._turned, first_bits(every))

    def _turned(self) -> Turned:
        F, G = balls(self.F), balls(self.G)
        # Exact, as doubles are, so that factors of one size have an imbalance of 0.
        c = ((_square(F)[0] - _square(G)[0]) / self.F.shape[1]).mid()
        U, sigma, V = singular(self.truth)
        n1, n2 = self.truth.shape
        frame, rates = balls(np.zeros((n1 + n2, n1 + n2))), []
        # In its eigenvectors [[c/2, sigma], [sigma, -c/2]] is diag(h, -h), pair by pair.
        for i, s in enumerate(sigma):
            h = (c * c / 4 + s * s).sqrt().mid()
            large = ((1 + abs(c) / (2 * h)) / 2).sqrt() if h > 0 else arb(1)
            little = s / (2 * h * large) if h > 0 else arb(0)
            C, S = (large, little) if c >= 0 else (little, large)
            frame[:n1, 2 * i], frame[n1:, 2 * i] = C * U[:, i], S * V[:, i]
            frame[:n1, 2 * i + 1], frame[n1:, 2 * i + 1] = -S * U[:, i], C * V[:, i]
            rates += [h, -h]
        pairs = len(sigma)
        for i in range(pairs, n1):
            frame[:n1, len(rates)] = U[:, i]
            rates.append(c / 2)
        for i in range(pairs, n2):
            frame[n1:, len(rates)] = V[:, i]
            rates.append(-c / 2)
        start = times(frame.T, np.concatenate([F, G])) / arb(2).sqrt()
        return Turned(np.array(rates, dtype=object), middles(start), middles(frame))

    @cached_property
    def _still(self) -> bool:
        return _solved(self.truth, self.F, self.G)

    def _inside(self, problem: Turned, E: Array) -> Array:
        n1 = len(self.F)
        return 2 * times(problem.frame[:n1], E, problem.frame[n1:].T)

    def deviation(self, time: float) -> Array:
        """F G^T - Sigma, shape (n1, n2)."""
        t = instant(time)
        return np.zeros(self.truth.shape) if self._still else self._flow.read(self._inside, t)

    def product(self, time: float) -> Array:
        """F G^T, shape (n1, n2)."""
        t = instant(time)
        if self._still:
            return np.array(self.truth)
        truth = balls(self.truth)
        return self._flow.read(lambda problem, E: self._inside(problem, E) + truth, t)

    def errors(self, times: Any) -> Array:
        """The squared Frobenius error at each of the times, (T,)."""
        found = instants(times)
        if self._still:
            return np.zeros(len(found))
        look = lambda problem, E: _square(self._inside(problem, E))
        return np.array([self._flow.read(look, t)[0] for t in found.tolist()])


class ScalarFlow(NamedTuple):
    """One coordinate at each of the times: f, g, and f g - sigma with all its digits."""

    f: Array
    g: Array
    deviation: Array

    @property
    def product(self) -> Array:
        """The value of f g."""
        return self.f * self.g

    @property
    def error(self) -> Array:
        """(f g - sigma)^2."""
        return self.deviation**2


def scalar_flow(f0: float, g0: float, sigma: float, times: Any) -> ScalarFlow:
    r"""$f' = (\sigma - f g) g$ and $g' = (\sigma - f g) f$ for $\sigma \ge 0$, any $f_0$ and $g_0$.

    >>> scalar_flow(0.1, 0.1, 0.0, [50.0]).product  # p_0 / (1 + 2 p_0 t)
    array([0.005])
    """
    f0, g0, sigma = number(f0, "f0"), number(g0, "g0"), number(sigma, "sigma")
    if sigma < 0:
        raise UsageError(f"sigma={sigma!r} must be at least 0; change the sign of g otherwise.")
    check_reach(max(abs(f0), abs(g0)), "(f0, g0)")
    check_reach(sigma, "sigma")
    t = instants(times)
    # (f - g)(f + g), for the squares would lose what makes them differ.
    plus, minus = f0 + g0, f0 - g0
    h, C, S = _eigenvector(plus * minus, sigma)
    # C f0 + S g0 and C g0 - S f0: as they stand, f0 = -g0 would leave its saddle by rounding.
    tilt = (plus * minus / (2 * h) if h > 0 else 0.0) / (C + S)
    a = _sum(C * f0, S * g0, (plus * (C + S) + minus * tilt) / 2)
    b = _sum(C * g0, -S * f0, (plus * tilt - minus * (C + S)) / 2)
    span = -np.expm1(-2 * h * t) / (2 * h) if h > 0 else t
    off = float(Fraction(f0) * Fraction(g0) - Fraction(sigma))
    if a == 0:  # on the stable side of the saddle, where nothing grows and all may underflow
        size = 1 + b**2 * span
        left = b * np.exp(-h * t) / np.sqrt(size)
        return ScalarFlow(-S * left, C * left, off / size)
    fade = np.exp(-2 * h * t)
    # e^{-2ht} times 1 + a^2 (e^{2ht} - 1)/2h + b^2 (1 - e^{-2ht})/2h
    size = fade + (a**2 + b**2 * fade) * span
    root = np.sqrt(size)
    return ScalarFlow(
        (C * a - S * b * fade) / root, (S * a + C * b * fade) / root, off * fade / size
    )


def _sum(one: float, other: float, otherwise: float) -> float:
    """The sum of two where none of their digits go in it, and else what is given for it."""
    direct = one + other
    return direct if abs(direct) >= (abs(one) + abs(other)) / 2 else otherwise


def _eigenvector(c: float, sigma: float) -> tuple[float, float, float]:
    """The h of at least 0 and (C, S) with [[c/2, sigma], [sigma, -c/2]] (C, S) = h (C, S)."""
    if c == 0:
        return sigma, math.sqrt(0.5), math.sqrt(0.5)
    h = math.hypot(c / 2, sigma)
    large = math.sqrt((1 + abs(c) / (2 * h)) / 2)
    little = sigma / (2 * h * large)
    return (h, large, little) if c > 0 else (h, little, large)


def _solved(truth: Array, F: Array, G: Array) -> bool:
    """Whether F G^T is the truth, exactly."""
    rows = [[Fraction(v) for v in row] for row in F.tolist()]
    columns = [[Fraction(v) for v in row] for row in G.tolist()]
    return bool(np.allclose(F @ G.T, truth, rtol=1e-9, atol=0)) and all(
        sum((a * b for a, b in zip(f, g, strict=True)), Fraction(0)) == Fraction(s)
        for f, row in zip(rows, truth.tolist(), strict=True)
        for g, s in zip(columns, row, strict=True)
    )


def _square(E: Array) -> Array:
    """The sum of squares, as an array of one."""
    return np.array([sum((v * v for v in E.ravel()), arb(0))], dtype=object)
