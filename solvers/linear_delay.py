r"""Linear delay equations with several discrete and with distributed delays.

u'(t) = sum_j A_j u(t - tau_j) + sum_k int K_k(s) u(t - s) ds has the characteristic matrix
Delta(z) = z - sum_j A_j exp(-z tau_j) - sum_k int K_k(s) exp(-z s) ds, whose determinant vanishes
at the characteristic roots. Source: Hale and Verduyn Lunel, Introduction to Functional
Differential Equations (Springer, 1993), chapter 7.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.polynomial import legendre
from numpy.typing import ArrayLike, NDArray

from lemmata.solvers.functional import Delay, Field, linear_part

_EPS = float(np.finfo(float).eps)
_RESOLVED = 1e-13  # of a density, relative to its largest value: a few hundred roundings
_FINEST = 256  # points on a smooth piece of a density


class Piece(NamedTuple):
    """A smooth piece of a density: sum_k coefficients[k] P_k((s - middle) / half), (d, n, n)."""

    middle: float
    half: float
    coefficients: NDArray[np.float64]


@dataclass(frozen=True)
class Window:
    """A kernel on [start, end]: `density(s)` is a matrix (n, n), or a number where n = 1.

    `breaks` are the points between which the density is smooth. It is resolved there by Legendre
    polynomials on 8, 16, ... points, and each resolution is checked at the points of the next.
    Raises ValueError where 256 points do not resolve it, and on a range that is not
    0 <= start < breaks < end.
    """

    density: Callable[[float], ArrayLike]
    start: float
    end: float
    breaks: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        edges = np.array([0.0, self.start, *self.breaks, self.end])
        if not np.isfinite(edges).all() or edges[1] < 0 or not (np.diff(edges[1:]) > 0).all():
            raise ValueError(
                f"The window from start={self.start!r} over breaks={self.breaks!r} to "
                f"end={self.end!r} must increase, from 0 or later to a finite end."
            )
        _ = self.pieces

    @cached_property
    def pieces(self) -> tuple[Piece, ...]:
        """The density on each smooth piece."""
        edges = [self.start, *self.breaks, self.end]
        return tuple(self._resolve(a, b) for a, b in pairwise(edges))

    def rule(self, degree: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Points (p,) and weighted densities (p, n, n), exact for polynomials up to `degree`."""
        points, values = [], []
        for middle, half, coefficients in self.pieces:
            x, w = _gauss(int(degree + len(coefficients)) // 2 + 1)
            points.append(middle + half * x)
            density = np.moveaxis(legendre.legval(x, coefficients), -1, 0)
            values.append(half * w[:, None, None] * density)
        return np.concatenate(points), np.concatenate(values)

    def bound(self, order: int, right_of: NDArray[np.float64]) -> NDArray[np.float64]:
        """A bound of int |s^order K(s) exp(-z s)| ds for Re z >= `right_of`, by Cauchy-Schwarz."""
        total = np.zeros_like(right_of)
        reach = float(np.abs(right_of).max(initial=0.0)) * self.end
        for middle, half, coefficients in self.pieces:
            x, w = _gauss(16 + order + int(1.5 * min(reach, 1e3)))
            squares = (
                half
                * (2 / (2 * np.arange(len(coefficients)) + 1))
                @ ((coefficients**2).sum((1, 2)))
            )
            s = middle + half * x
            fades = (s ** (2 * order) * np.exp(-2 * right_of[..., None] * s)) @ (half * w)
            total = total + np.sqrt(squares * fades)
        return total

    def _resolve(self, a: float, b: float) -> Piece:
        middle, half = (a + b) / 2, (b - a) / 2
        points = 8
        x, _ = _gauss(points)
        values = self._sample(middle + half * x)
        while points <= _FINEST:
            # By interpolation: the rule's weights would bring in more round-off, a hundredfold.
            flat = np.linalg.solve(legendre.legvander(x, points - 1), values.reshape(points, -1))
            coefficients = np.asarray(flat.reshape(values.shape), dtype=np.float64)
            points *= 2
            x, _ = _gauss(points)
            values = self._sample(middle + half * x)
            there = np.moveaxis(legendre.legval(x, coefficients), -1, 0)
            largest = np.abs(values).max()
            if np.abs(there - values).max() <= _RESOLVED * largest:
                sizes = np.abs(coefficients).max(axis=(1, 2))
                kept = np.flatnonzero(sizes > 4 * _EPS * largest)
                return Piece(middle, half, coefficients[: kept[-1] + 1 if len(kept) else 1])
        raise ValueError(
            f"`density` is not resolved on [{a!r}, {b!r}] by {_FINEST} Gauss points; it must be "
            "smooth between the `breaks`, so name there the points where it is not."
        )

    def _sample(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        values = np.array([np.asarray(self.density(float(t)), dtype=float) for t in s])
        if values.ndim == 1:
            values = values[:, None, None]
        if values.ndim != 3 or values.shape[1] != values.shape[2]:
            raise ValueError(
                f"`density` has shape {values.shape[1:]}; it must return a square matrix, or a "
                "number for an equation of one unknown."
            )
        if not np.isfinite(values).all():
            raise ValueError(f"`density` must be finite on [{self.start!r}, {self.end!r}].")
        return values


@dataclass(frozen=True)
class Gamma:
    """The kernel `matrix` (n, n) times the gamma density of integer `order` and `rate`, on s > 0.

    Its Laplace transform matrix (1 + z / rate)^-order exists right of -rate; the mean lag is
    order / rate. A number stands for a matrix (1, 1). Raises ValueError on another order or rate.
    """

    matrix: ArrayLike
    order: int
    rate: float

    def __post_init__(self) -> None:
        matrix = np.atleast_2d(np.asarray(self.matrix, dtype=float))
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
            raise ValueError(f"`matrix={self.matrix!r}` must be square and finite.")
        if self.order != int(self.order) or self.order < 1:
            raise ValueError(f"`order={self.order!r}` must be a whole number from 1 on.")
        if not 0 < self.rate < np.inf:
            raise ValueError(f"`rate={self.rate!r}` must be positive and finite.")
        object.__setattr__(self, "matrix", matrix)

    def transform(self, root: NDArray[Any], order: int = 0) -> NDArray[Any]:
        """The `order`-th moment int s^order g(s) exp(-root s) ds of the density g."""
        rising = np.prod([(self.order + i) / self.rate for i in range(order)])
        return rising * (1 + root / self.rate) ** -float(self.order + order)


@dataclass(frozen=True, eq=False)
class LinearDelay:
    """u'(t) = sum_j matrices[j] u(t - lags[j]) + sum over `kernels` of int K(s) u(t - s) ds.

    `matrices`: (m, n, n), per unit of time; `lags`: (m,), in units of time, where lag 0 is the part
    without delay. Numbers (m,) stand for matrices (m, 1, 1). Raises ValueError on other shapes and
    on values that are not finite or lags below 0.

    >>> hayes = LinearDelay([0.0, -1.0], [0.0, 1.0])
    >>> delta, slope = hayes.characteristic(0.0)
    >>> print(delta.real, slope.real)
    [[1.]] [[0.]]
    """

    matrices: Any
    lags: Any
    kernels: tuple[Window | Gamma, ...] = field(default=())

    def __post_init__(self) -> None:
        lags = np.asarray(self.lags, dtype=float)
        matrices = np.asarray(self.matrices, dtype=float)
        if matrices.ndim == 1:
            matrices = matrices[:, None, None]
        if lags.ndim != 1 or matrices.shape[:1] != lags.shape or not len(lags):
            raise ValueError(
                f"`matrices` and `lags` have shapes {matrices.shape} and {lags.shape}; give one "
                "matrix for each lag, (m, n, n) and (m,), with m at least 1."
            )
        if matrices.ndim != 3 or matrices.shape[1] != matrices.shape[2]:
            raise ValueError(f"`matrices` has shape {matrices.shape}; it must be (m, n, n).")
        if not np.isfinite(matrices).all():
            raise ValueError(f"`matrices` must be finite, got {matrices!r}.")
        if not ((lags >= 0) & np.isfinite(lags)).all():
            raise ValueError(f"`lags` must be finite and not negative, got {lags!r}.")
        kernels = tuple(self.kernels)
        for i, kernel in enumerate(kernels):
            found = kernel.pieces[0].coefficients if isinstance(kernel, Window) else kernel.matrix
            if np.shape(found)[-2:] != matrices.shape[1:]:
                raise ValueError(
                    f"`kernels[{i}]` has matrices {np.shape(found)[-2:]} beside `matrices` of "
                    f"shape {matrices.shape}; all must be (n, n) for one n."
                )
        for name, value in (("lags", lags), ("matrices", matrices), ("kernels", kernels)):
            object.__setattr__(self, name, value)

    @property
    def size(self) -> int:
        """The number n of unknowns."""
        return self.matrices.shape[-1]

    @cached_property
    def memory(self) -> float:
        """The longest lag of the discrete delays and the windows, in units of time."""
        return max([float(self.lags.max()), *(window.end for window in self.windows)])

    @cached_property
    def windows(self) -> tuple[Window, ...]:
        """The kernels of bounded support."""
        return tuple(kernel for kernel in self.kernels if isinstance(kernel, Window))

    @cached_property
    def gammas(self) -> tuple[Gamma, ...]:
        """The kernels that fade like gamma densities."""
        return tuple(kernel for kernel in self.kernels if isinstance(kernel, Gamma))

    @cached_property
    def edge(self) -> float:
        """The abscissa -min(rate) right of which Delta exists; -inf without gamma kernels."""
        return max([-np.inf, *(-gamma.rate for gamma in self.gammas)])

    def characteristic(self, root: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
        """Delta and its derivative, each of shape (..., n, n), at every `root` (...)."""
        z = np.asarray(root, dtype=complex)
        lags, matrices = [self.lags], [self.matrices]
        reach = float(np.abs(z).max(initial=0.0))
        for window in self.windows:
            # exp(-z s) on a stretch 2 h is a polynomial of degree about |z| h, to round-off.
            points, weights = window.rule(32 + 1.5 * reach * (window.end - window.start) / 2)
            lags.append(points)
            matrices.append(weights)
        s, weights = np.concatenate(lags), np.concatenate(matrices)
        fade = np.exp(-z[..., None] * s)
        eye = np.eye(self.size)
        delta = z[..., None, None] * eye - np.tensordot(fade, weights, 1)
        slope = eye + np.tensordot(fade * s, weights, 1)
        for gamma in self.gammas:
            delta = delta - gamma.transform(z)[..., None, None] * gamma.matrix
            slope = slope + gamma.transform(z, 1)[..., None, None] * gamma.matrix
        return delta, slope

    def bound(self, order: int, right_of: ArrayLike, above: ArrayLike = 0.0) -> NDArray[np.float64]:
        """A bound of the `order`-th derivative of z - Delta(z) in the 2-norm.

        It holds where Re z >= `right_of` and |Im z| >= `above`, two arrays of one shape. Of order
        0, it bounds every root there: Delta(z) u = 0 gives |z| |u| <= bound |u|. It is inf where
        that reaches the `edge`.
        """
        c, y = np.broadcast_arrays(np.asarray(right_of, float), np.asarray(above, float))
        with np.errstate(over="ignore"):
            fades = self.lags**order * np.exp(-c[..., None] * self.lags)
            total = fades @ self._norms
            for window in self.windows:
                total = total + window.bound(order, c)
            for gamma in self.gammas:
                # |1 + z / rate| is least at the corner of the region.
                far = np.hypot(np.maximum(1 + c / gamma.rate, 0), y / gamma.rate)
                fade = gamma.transform(gamma.rate * (np.where(far > 0, far, 1.0) - 1), order)
                norm = np.linalg.norm(np.asarray(gamma.matrix), 2)
                total = total + np.where(far > 0, fade * norm, np.inf)
        return np.asarray(total)

    def noise(self, root: ArrayLike) -> NDArray[np.float64]:
        """How far off the computed Delta(root) may be in the 2-norm, by round-off."""
        z = np.asarray(root, dtype=complex)
        mass, moment = (self.bound(order, np.real(z)) for order in (0, 1))
        roundings = 8 * self.size * (np.abs(z) + mass) + np.abs(z) * moment
        windows = [window.bound(0, np.real(z)) for window in self.windows]
        unresolved = np.sum([np.zeros(z.shape), *windows], axis=0)
        return _EPS * roundings + _RESOLVED * unresolved

    @cached_property
    def _norms(self) -> NDArray[np.float64]:
        return np.linalg.norm(self.matrices, 2, axis=(-2, -1))


def linearised(
    f: Field, delays: Sequence[Delay], state: ArrayLike, args: Any = None
) -> LinearDelay:
    """Linearise y' = f(t, y, (y(t - delays[0]), ...), args) at the steady `state`, () or (n,).

    Delays are numbers or callables (t, y, args) -> lag, frozen at their value in the state.
    """
    matrices, lags = linear_part(f, delays, jnp.asarray(state, dtype=float), args)
    return LinearDelay(np.asarray(matrices), np.asarray(lags))


@lru_cache(maxsize=256)
def _gauss(points: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gauss-Legendre points and weights on [-1, 1]."""
    x, w = legendre.leggauss(points)
    return x, w
