"""Matrix sensing as it is written down: one run, one step at a time, in NumPy."""

import numpy as np


def operator(maps):
    """M to A*A M: the matrices A_i of shape (m, n1, n2), or None for the identity."""
    if maps is None:
        return lambda M: M

    def normal(M):
        total = np.zeros_like(M)
        for A in maps:
            total += np.sum(A * M) * A
        return total / len(maps)

    return normal


def symmetric_path(X, truth, rate, steps, maps=None, shift=0.0):
    """X_0 ... X_T; `shift` is A*s, of what disturbs the values."""
    normal, path = operator(maps), [X]
    for _ in range(steps):
        R = normal(X @ X.T - truth) - shift
        X = X - rate * (R + R.T) / 2 @ X
        path.append(X)
    return np.array(path)


def asymmetric_path(F, G, truth, rate, steps, maps=None, shift=0.0):
    """The pairs (F_0, G_0) ... (F_T, G_T)."""
    normal, path = operator(maps), [(F, G)]
    for _ in range(steps):
        R = normal(F @ G.T - truth) - shift
        F, G = F - rate * R @ G, G - rate * R.T @ F
        path.append((F, G))
    return path


def absolute_path(X, truth, rate, decay, steps, maps=None, values=None):
    """Subgradient steps; without maps those of the mean over Gaussian ones."""
    path = [X]
    for t in range(steps):
        if maps is None:
            R = X @ X.T - truth
            D = np.sqrt(2 / np.pi) * R / np.linalg.norm(R)
        else:
            D = np.zeros_like(truth)
            for A, y in zip(maps, values, strict=True):
                D += np.sign(np.sum(A * (X @ X.T)) - y) * (A + A.T) / 2
            D /= len(maps)
        X = X - rate * decay**t * D @ X
        path.append(X)
    return np.array(path)


def unbalance(F, G, beta):
    """The modified step, written out by the singular value decomposition of F."""
    _, S, Bt = np.linalg.svd(F, full_matrices=False)
    return F @ Bt.T @ np.diag(beta / S), G @ Bt.T @ np.diag(S / beta)


def squared_error(F, G, truth):
    return np.sum((F @ G.T - truth) ** 2)


def psd(rng, n, values):
    """A positive semidefinite matrix with these eigenvalues, in no special coordinates."""
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0][:, : len(values)]
    return Q @ np.diag(values) @ Q.T
