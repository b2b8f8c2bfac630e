"""The infinitesimal generator of a linear delay equation, collocated at Chebyshev points.

The generator differentiates a history, and its domain holds the equation as a boundary condition;
its eigenvalues are the characteristic roots. Those of the matrix converge to them faster than any
power of 1/nodes. Source: Breda, Maset and Vermiglio, Stability of Linear Delay Differential
Equations (Springer, 2015), chapter 5; the differentiation matrix is that of Trefethen, Spectral
Methods in MATLAB (2000), chapter 6; the interpolation that of Berrut and Trefethen, Barycentric
Lagrange interpolation, SIAM Review 46 (2004), equation (4.2).
"""

from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from lemmata.solvers.linear_delay import Gamma, LinearDelay

Floats = NDArray[np.float64]


def collocated_roots(system: LinearDelay, nodes: int) -> NDArray[np.complex128]:
    """The eigenvalues of the collocated generator, largest real part first.

    A gamma kernel is realised by a chain of `order` stages u -> z_1 -> z_2 ... of the given rate,
    as wide as the rank of its matrix. What lies at or left of -rate belongs to the chain alone, and
    is left out.
    """
    if system.memory > 0:
        lags, weights = [system.lags], [system.matrices]
        for window in system.windows:
            points, densities = window.rule(nodes)
            lags.append(points)
            weights.append(densities)
        matrix = generator(
            np.concatenate(weights), np.concatenate(lags), np.asarray(system.memory), nodes
        )
    else:
        matrix = system.matrices.sum(axis=0)
    for gamma in system.gammas:
        matrix = _with_chain(matrix, gamma)
    roots = np.asarray(scipy.linalg.eigvals(matrix), dtype=complex)
    roots = roots[np.real(roots) > system.edge]
    return roots[np.argsort(-np.real(roots), kind="stable")]


def generator(weights: Floats, lags: Floats, memory: Floats, nodes: int) -> Floats:
    """The generator of u' = sum_j weights[j] u(t - lags[j]), on histories over [-memory, 0].

    `weights`: (..., m, n, n); `lags`: (..., m); `memory`: (...). Returns (..., N, N) with
    N = n (nodes + 1); the unknowns are the history at the Chebyshev points, from time 0 back.
    """
    n = weights.shape[-1]
    size = n * (nodes + 1)
    batch = np.broadcast_shapes(weights.shape[:-3], lags.shape[:-1], memory.shape)
    matrix = np.zeros((*batch, size, size))
    rate = 2 / memory[..., None, None]
    matrix[..., n:, :] = np.kron(_chebyshev_derivative(nodes)[1:], np.eye(n)) * rate
    at_lags = _interpolation(1 - 2 * lags / memory[..., None], nodes)
    rows = np.einsum("...mij,...mk->...ikj", weights, at_lags)
    matrix[..., :n, :] = rows.reshape(*rows.shape[:-3], n, size)
    return matrix


def _with_chain(matrix: Floats, gamma: Gamma) -> Floats:
    """Append z_1' = rate (V u - z_1), z_k' = rate (z_(k-1) - z_k), and U z_order to u'."""
    u, s, vh = np.linalg.svd(np.asarray(gamma.matrix))
    rank = int((s > s[0] * len(s) * np.finfo(float).eps).sum())
    old, n, order = len(matrix), len(s), int(gamma.order)
    grown = np.zeros((old + rank * order, old + rank * order))
    grown[:old, :old] = matrix
    if rank:
        stages = np.kron(np.eye(order, k=-1) - np.eye(order), np.eye(rank))
        grown[old:, old:] = gamma.rate * stages
        grown[old : old + rank, :n] = gamma.rate * vh[:rank]
        grown[:n, -rank:] += u[:, :rank] * s[:rank]
    return grown


def _chebyshev_derivative(nodes: int) -> Floats:
    """Differentiation matrix (nodes + 1)^2 on the points cos(i pi / nodes), from 1 down to -1."""
    x = _points(nodes)
    c = np.where((np.arange(nodes + 1) % nodes) == 0, 2.0, 1.0) * (-1.0) ** np.arange(nodes + 1)
    gap = x[:, None] - x[None, :] + np.eye(nodes + 1)
    d = np.outer(c, 1 / c) / gap
    # The diagonal from the row sums (constants have derivative 0) is the stable choice.
    return d - np.diag(d.sum(axis=1))


def _interpolation(x: Floats, nodes: int) -> Floats:
    """Values (..., nodes + 1) of the Lagrange polynomials of the Chebyshev points at `x` (...)."""
    weights = (-1.0) ** np.arange(nodes + 1)
    weights[[0, -1]] /= 2
    gap: Any = x[..., None] - _points(nodes)
    hit = gap == 0
    terms = weights / np.where(hit, 1.0, gap)
    values = terms / terms.sum(axis=-1, keepdims=True)
    return np.where(hit.any(axis=-1, keepdims=True), hit.astype(float), values)


def _points(nodes: int) -> Floats:
    return np.cos(np.pi * np.arange(nodes + 1) / nodes)
