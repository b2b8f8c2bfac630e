"""Random problems of matrix factorisation: truths, and starts of the scale of a paper's."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def truth(seed: int, shape: tuple[int, int], r: int, least: float, symmetric: bool = True) -> Array:
    """A matrix of rank r, singular values from `least` up to 1, in random singular vectors."""
    rng = np.random.default_rng([seed, 1])
    U, V = (np.linalg.qr(rng.normal(size=(n, r)))[0] for n in shape)
    return (U * np.linspace(least, 1.0, r)) @ (U if symmetric else V).T


def start(seed: int, n: int, k: int, alpha: float, which: int = 0) -> Array:
    """Entries N(0, alpha^2/n), shape (n, k); the same draws whatever alpha is."""
    return alpha * np.random.default_rng([seed, 2, which]).normal(size=(n, k)) / np.sqrt(n)


def free_eigenvalues(truth: Array, start: Array, r: int) -> Array:
    """Of a truth of rank r and a start of more columns, whose rows along the truth have rank r.

    The eigenvalues, ascending, of the noise in columns that the signal leaves free. They choose
    where to measure; in all digits, and for any start, they are those of `sensing_forms`.
    """
    noise, signal = np.split(np.linalg.eigh(truth)[1].T @ start, [len(truth) - r])
    free = noise @ np.linalg.svd(signal)[2][r:].T
    return np.linalg.eigvalsh(free.T @ free)


def balanced(seed: int, n1: int, n2: int, k: int, c: float, alpha: float) -> tuple[Array, Array]:
    """F (n1, k) and G (n2, k) with F^T F - G^T G = c I."""
    if c < 0:
        G, F = balanced(seed, n2, n1, k, -c, alpha)
        return F, G
    G = start(seed, n2, k, alpha)
    values, vectors = np.linalg.eigh(G.T @ G)
    frame = np.linalg.qr(start(seed, n1, k, 1.0, which=1))[0]
    return frame @ (vectors * np.sqrt(c + values)) @ vectors.T, G
