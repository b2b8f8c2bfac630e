r"""Gradient flow of matrix factorisation in numbers: symmetric, asymmetric, one coordinate alone.

The formulas are those of `lemmata.theory.sensing_*`, arranged so that errors keep their relative
accuracy from the start to where they underflow. Times are those of the flow: eta T.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lemmata.verify.errors import UsageError
from lemmata.verify.riccati_flow import RiccatiFlow, riccati_flow

Array = np.ndarray

# Eigenvalues of the truth below this, relative to the largest, are what rounding left of zeros.
_NEGLIGIBLE = 1e-12


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
        truth, start = _matrix(self.truth, "truth"), _matrix(self.start, "start")
        largest = np.abs(truth).max()
        if truth.shape[0] != truth.shape[1] or np.abs(truth - truth.T).max() > 1e-12 * largest:
            raise UsageError(
                f"truth of shape {truth.shape} is not symmetric, and X X^T is; of one that is not, "
                "take BalancedFlow."
            )
        least = np.linalg.eigvalsh(truth)[0]
        if least < -_NEGLIGIBLE * len(truth) * largest:
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
    def _spectrum(self) -> tuple[float, Array, Array]:
        """The scale of the truth, its eigenvalues over that, and its eigenvectors."""
        values, vectors = np.linalg.eigh((self.truth + self.truth.T) / 2)
        scale = float(values[-1]) if values[-1] > 0 else 1.0
        values = values / scale
        return scale, np.where(values > _NEGLIGIBLE, values, 0.0), vectors

    @cached_property
    def _flow(self) -> RiccatiFlow:
        scale, values, vectors = self._spectrum
        return riccati_flow(values, vectors.T @ self.start / np.sqrt(scale))

    def product(self, time: float) -> Array:
        """X X^T, shape (n, n)."""
        scale, _, vectors = self._spectrum
        X = vectors @ self._flow.factor(scale * _time(time))[0]
        return scale * X @ X.T

    def deviation(self, time: float) -> Array:
        """X X^T - Sigma, shape (n, n), with the digits that a subtraction would lose."""
        scale, _, vectors = self._spectrum
        return scale * vectors @ self._flow.factor(scale * _time(time))[1] @ vectors.T

    def errors(self, times: Any) -> Array:
        """The squared Frobenius error at each of the times, (T,)."""
        scale = self._spectrum[0]
        found = [self._flow.factor(scale * t)[1] for t in _times(times)]
        return scale**2 * np.array([np.sum(E**2) for E in found])

    @cached_property
    def free_eigenvalues(self) -> Array:
        r"""The $\lambda_i$, min(k - r, n - r) of them, descending: what descent must shrink.

        They are the squared singular values of the start's rows in the null space of the truth, on
        those columns that the rest of the start leaves free.
        """
        _, values, vectors = self._spectrum
        rows = vectors.T @ self.start
        signal, noise = rows[values > 0], rows[values == 0]
        _, sizes, Vt = np.linalg.svd(signal)
        rank = int(
            np.sum(sizes > 32 * np.finfo(float).eps * max(rows.shape) * sizes.max(initial=0))
        )
        return np.linalg.svd(noise @ Vt[rank:].T, compute_uv=False) ** 2

    def lower_bounds(self, times: Any) -> Array:
        r"""$\sum_i (\lambda_i / (1 + 2 \lambda_i t))^2$ at each of the times, (T,)."""
        lam = self.free_eigenvalues
        return np.array([np.sum((lam / (1 + 2 * lam * t)) ** 2) for t in _times(times)])


@dataclass(frozen=True, eq=False)
class BalancedFlow:
    r"""$F' = (\Sigma - F G^T) G$ and $G' = (\Sigma - F G^T)^T F$ from $F^T F - G^T G = c I$.

    **Arguments:** `truth`: Sigma, (n1, n2); `F`: (n1, k); `G`: (n2, k).

    **Raises:** `UsageError` unless they fit, and the imbalance is a multiple of the identity to
    1e-9 of the factors' squares.
    """

    truth: Any
    F: Any
    G: Any

    def __post_init__(self) -> None:
        truth = _matrix(self.truth, "truth")
        F, G = _matrix(self.F, "F"), _matrix(self.G, "G")
        if (F.shape[0], G.shape[0]) != truth.shape or F.shape[1] != G.shape[1]:
            raise UsageError(
                f"F of shape {F.shape} and G of {G.shape} make no matrix of the truth's shape "
                f"{truth.shape}; give (n1, k) and (n2, k)."
            )
        gap = F.T @ F - G.T @ G
        rest = np.abs(gap - np.trace(gap) / len(gap) * np.eye(len(gap))).max()
        if rest > 1e-9 * (np.sum(F**2) + np.sum(G**2)) or not (np.any(F) or np.any(G)):
            raise UsageError(
                f"F^T F - G^T G is {rest:.3g} away from a multiple of the identity (or F and G are "
                "zero), and only for such a start is there a closed form."
            )
        for name, value in (("truth", truth), ("F", F), ("G", G)):
            object.__setattr__(self, name, value)

    @cached_property
    def imbalance(self) -> float:
        """The c in F^T F - G^T G = c I, which the flow conserves."""
        return float(np.sum(self.F**2) - np.sum(self.G**2)) / self.F.shape[1]

    @cached_property
    def _parts(self) -> tuple[Any, ...]:
        U, sigma, Vt = np.linalg.svd(self.truth)
        n = max(self.truth.shape)
        sigma = np.pad(sigma, (0, n - len(sigma)))
        sigma = np.where(sigma > _NEGLIGIBLE * sigma.max(), sigma, 0.0)
        rows = lambda turn, f: np.pad(turn @ f, ((0, n - len(f)), (0, 0)))
        F, G = rows(U.T, self.F), rows(Vt, self.G)
        h, C, S = eigenvectors(self.imbalance, sigma)
        # In its eigenvectors [[c/2, sigma], [sigma, -c/2]] is diag(h, -h), pair by pair.
        forward, backward = C[:, None] * F + S[:, None] * G, C[:, None] * G - S[:, None] * F
        scale = float(h.max()) or 1.0
        start = np.concatenate([forward, backward]) / np.sqrt(2 * scale)
        return U, Vt, C, S, scale, riccati_flow(np.concatenate([h, -h]) / scale, start)

    def deviation(self, time: float) -> Array:
        """F G^T - Sigma, shape (n1, n2)."""
        U, Vt, C, S, scale, flow = self._parts
        E = flow.factor(scale * _time(time))[1]
        n = len(C)
        C, S = C[:, None], S[:, None]
        AA, AB, BA, BB = E[:n, :n], E[:n, n:], E[n:, :n], E[n:, n:]
        inside = C * AA * S.T + C * AB * C.T - S * BA * S.T - S * BB * C.T
        n1, n2 = self.truth.shape
        return 2 * scale * U @ inside[:n1, :n2] @ Vt

    def product(self, time: float) -> Array:
        """F G^T, shape (n1, n2)."""
        return self.truth + self.deviation(time)

    def errors(self, times: Any) -> Array:
        """The squared Frobenius error at each of the times, (T,)."""
        return np.array([np.sum(self.deviation(t) ** 2) for t in _times(times)])


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
    start = _matrix(np.array([[f0, g0, sigma]], dtype=float), "(f0, g0, sigma)")
    if start[0, 2] < 0:
        raise UsageError(f"sigma={sigma!r} must be at least 0; change the sign of g otherwise.")
    f0, g0, sigma = (float(v) for v in start[0])
    t = _times(times)
    # (f - g)(f + g), for the squares would lose what makes them differ.
    h, C, S = (v[0] for v in eigenvectors((f0 - g0) * (f0 + g0), np.array([sigma])))
    a, b = C * f0 + S * g0, C * g0 - S * f0
    fade = np.exp(-2 * h * t)
    span = -np.expm1(-2 * h * t) / (2 * h) if h > 0 else t
    # e^{-2ht} times 1 + a^2 (e^{2ht} - 1)/2h + b^2 (1 - e^{-2ht})/2h
    size = fade + (a**2 + b**2 * fade) * span
    root = np.sqrt(size)
    return ScalarFlow(
        (C * a - S * b * fade) / root,
        (S * a + C * b * fade) / root,
        (f0 * g0 - sigma) * fade / size,
    )


def eigenvectors(c: float, sigma: Array) -> tuple[Array, Array, Array]:
    """The h > 0 and (C, S), (-S, C) with [[c/2, sigma], [sigma, -c/2]] (C, S) = h (C, S)."""
    h = np.hypot(c / 2, sigma)
    safe = np.where(h > 0, h, 1.0)
    large = np.sqrt((1 + np.abs(c) / (2 * safe)) / 2)
    large = np.where(h > 0, large, 1.0)
    little = sigma / (2 * safe * large)
    return (h, large, little) if c >= 0 else (h, little, large)


def _matrix(value: Any, name: str) -> Array:
    array = np.asarray(value, dtype=float)
    if array.ndim != 2 or not array.size:
        raise UsageError(f"{name} has shape {array.shape}; give a matrix, with at least one entry.")
    if not np.all(np.isfinite(array)):
        raise UsageError(f"{name} is not finite everywhere; all numbers must be.")
    return array


def _times(times: Any) -> Array:
    array = np.atleast_1d(np.asarray(times, dtype=float))
    if array.ndim != 1 or not np.all((array >= 0) & np.isfinite(array)):
        raise UsageError(f"times={times!r} must be finite numbers of at least 0, in one row.")
    return array


def _time(time: float) -> float:
    (one,) = _times(time)
    return float(one)
