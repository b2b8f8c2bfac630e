r"""Rules of quadrature on evenly spaced samples of a window [0, 1]: weights, and what they miss.

A kernel's rule integrates the interpolant of least norm in the kernel's Hilbert space, which is
Bayesian quadrature: its weights solve $K w = z$, $K_{ij} = k(t_i, t_j)$, $z_i = \int k(s, t_i) ds$.
Its error on functions of norm 1 is at most, and for one of them is,
$\sqrt{\iint k - z \cdot w}$ (O'Hagan, J. Stat. Plan. Inference 29 (1991) 245).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lemmata.solvers.aligned import check_count

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]

#: nodes of the Gaussian rule between two samples, where a kernel is smooth
NODES = 20
#: of the kernels that go by name, in windows: so short that no utility of a slow policy is one of
#: the few exponentials that a kernel's rule integrates exactly
LENGTHS = {1: 0.15, 2: 0.3, 3: 0.4}
#: rounding of a sum of positive numbers, and of a solution that reproduces such sums
ROUNDING = 1e-15


def left(samples: int) -> np.ndarray:
    """Each sample but the last, for the stretch that it begins."""
    check_count("samples", samples)
    return np.append(np.full(samples, 1 / samples), 0.0)


def trapezoid(samples: int) -> np.ndarray:
    """The line between neighbours."""
    check_count("samples", samples)
    return (left(samples) + left(samples)[::-1]) / 2


def simpson(samples: int) -> np.ndarray:
    """The parabola through three neighbours."""
    return _refined(trapezoid, samples, 4)


def boole(samples: int) -> np.ndarray:
    """The polynomial through five neighbours."""
    return _refined(simpson, samples, 16)


def _refined(rule: Callable[[int], np.ndarray], samples: int, gain: int) -> np.ndarray:
    """Richardson's step from a rule on half as many stretches, to the rule of higher order."""
    check_count("samples", samples)
    if samples % 2:
        raise ValueError(f"`samples={samples}` must be even for a rule on pairs of stretches.")
    coarse = np.zeros(samples + 1)
    coarse[::2] = rule(samples // 2)
    return (gain * rule(samples) - coarse) / (gain - 1)


def matern(smoothness: int, length: float = 1.0) -> Kernel:
    r"""The Matérn kernel whose space has b square-integrable derivatives: $\nu = b - 1/2$.

    **Raises:** `ValueError` unless b is 1, 2 or 3 and the length a positive number.
    """
    if smoothness not in (1, 2, 3):
        raise ValueError(f"`smoothness={smoothness!r}` must be 1, 2 or 3.")
    if not 0 < length < np.inf:
        raise ValueError(f"`length={length!r}` must be positive and finite.")

    def kernel(s: np.ndarray, t: np.ndarray) -> np.ndarray:
        x = np.sqrt(2 * smoothness - 1) * np.abs(s - t) / length
        return (1.0, 1 + x, 1 + x + x**2 / 3)[smoothness - 1] * np.exp(-x)

    return kernel


def wiener(s: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The kernel of Brownian motion that starts from N(0, 1)."""
    return 1 + np.minimum(s, t)


def of_kernel(kernel: Kernel, samples: int) -> np.ndarray:
    """The rule of a kernel that is smooth between samples."""
    K, z, _, _ = _integrals(kernel, samples)
    return np.linalg.solve(K, z)


class Worst(NamedTuple):
    """The error on the worst function of norm 1, and a bound on what rounding makes of it."""

    error: float
    rounding: float


def worst_case(kernel: Kernel, samples: int) -> Worst:
    """How far the rule of a kernel is off at worst."""
    K, z, s, ds = _integrals(kernel, samples)
    w = np.linalg.solve(K, z)
    twice = float(ds @ _above(kernel, s))
    # Quadratic about the weights that solve for it, so that their own rounding counts twice.
    square = twice - 2 * w @ z + w @ K @ w
    rounding = ROUNDING * (twice + 2 * np.abs(w) @ np.abs(z) + np.abs(w) @ K @ np.abs(w))
    error = float(np.sqrt(max(square, 0.0)))
    return Worst(error, float(np.sqrt(max(square, 0.0) + rounding)) - error)


def _integrals(kernel: Kernel, samples: int) -> tuple[np.ndarray, ...]:
    """K and z of evenly spaced samples, and nodes and weights of a Gaussian rule between them."""
    check_count("samples", samples)
    t = np.linspace(0, 1, samples + 1)
    node, weight = np.polynomial.legendre.leggauss(NODES)
    s = ((node + 1) / 2 / samples + t[:-1, None]).ravel()
    ds = np.tile(weight / 2 / samples, samples)
    return kernel(t[:, None], t), ds @ kernel(s[:, None], t), s, ds


def _above(kernel: Kernel, s: np.ndarray) -> np.ndarray:
    """The integral of k(., s) for each s, cut where the kernel has its kink."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    lengths = np.stack([s, 1 - s], axis=1)[:, :, None]
    t = (node + 1) / 2 * lengths + np.stack([0 * s, s], axis=1)[:, :, None]
    return np.sum(lengths / 2 * weight * kernel(t, s[:, None, None]), axis=(1, 2))


def named(rule: str, samples: int) -> np.ndarray:
    """Weights by name: left, trapezoid, simpson, boole, wiener, matern-1, matern-2, matern-3."""
    rules: dict[str, Any] = {"left": left, "trapezoid": trapezoid, "simpson": simpson}
    rules["boole"] = boole
    if rule in rules:
        return rules[rule](samples)
    if rule == "wiener":
        return of_kernel(wiener, samples)
    if rule in ("matern-1", "matern-2", "matern-3"):
        b = int(rule[-1])
        return of_kernel(matern(b, LENGTHS[b]), samples)
    known = ", ".join([*rules, "wiener", "matern-1", "matern-2", "matern-3"])
    raise ValueError(f"no rule is called {rule!r}; there are: {known}.")
