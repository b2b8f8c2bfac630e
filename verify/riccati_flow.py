r"""The flow $M' = D M + M D - 2 M^2$ from $M_0 = X_0 X_0^T$, in closed form, without losing digits.

With $W = \int_0^t 2 e^{2 D s} ds$ the solution is $M = P N^{-1} P^T$, $P = e^{D t} X_0$ and
$N = I + X_0^T W X_0$ (`lemmata.theory.sensing_riccati`). As it stands this overflows at late times,
and before that the large entries of N swamp the small ones. Here D is diagonal, its eigenvalues
descend, and an orthogonal change of columns makes $X_0$ trapezoidal: rows that grow faster come
first, and win. All exponentials are then ratios of at most about one, and $M = X X^T$.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

Array = np.ndarray

_EPS = float(np.finfo(float).eps)
# Eigenvalues this close, relative to the largest, are one.
_SAME = 8 * _EPS


@dataclass(frozen=True, eq=False)
class RiccatiFlow:
    """The flow, in rows that win and rows that depend on them.

    **Fields:** of the p rows that win: `rates` (p,), the eigenvalues of D, and `inverse`, that of
    their triangular part of X_0, (p, p). Of the other rows: `other_rates`, and `others`, their part
    of X_0 times that inverse, (n - p, p). `frame`: the orthogonal matrix from rows so ordered back
    to those that were given, (n, n).
    """

    rates: Array
    inverse: Array
    other_rates: Array
    others: Array
    frame: Array

    def factor(self, t: float) -> tuple[Array, Array]:
        """X with M = X X^T, (n, p), and M less the positive part of D, (n, n), at time t."""
        half = _half_log_weight(self.rates, t)
        # q is W^(-1/2) where that is small, and else 1: neither early nor late does it overflow.
        log_q = -np.maximum(half, 0.0)
        q = np.exp(log_q)
        weights = np.exp(_half_log_weight(self.other_rates, t)[:, None] + log_q)
        rest = np.concatenate([self.inverse * q, self.others * weights])
        stacked = np.concatenate([np.diag(np.exp(half + log_q)), rest])
        R = np.asarray(np.linalg.qr(stacked, mode="r"))
        growth = np.exp(self.rates * t + log_q)
        other_growth = np.exp((self.other_rates * t)[:, None] + log_q)
        P = np.concatenate([np.diag(growth), self.others * other_growth])
        X = solve_triangular(R, P.T, trans="T").T
        return self.frame @ X, self.frame @ self._deviation(t, X, R, rest, half) @ self.frame.T

    def _deviation(self, t: float, X: Array, R: Array, rest: Array, half: Array) -> Array:
        """M less what it tends to, in the order of `rates` and then `other_rates`."""
        M = X @ X.T
        every = np.concatenate([self.rates, self.other_rates])
        E = M - np.diag(np.maximum(every, 0.0))
        # Late, M and its limit agree in their leading digits. There W^(-1/2) is q, and with
        # Y = rest^T rest the difference is W^-1 - g Y (I + Y)^-1 g, g the growth.
        late = np.flatnonzero((self.rates * t > 0.5) & (half >= 0))
        if late.size:
            Y = rest.T @ rest
            both = solve_triangular(R, solve_triangular(R, Y, trans="T"))
            growth = np.exp(self.rates * t - half)
            exact = np.diag(np.exp(-2 * half)) - growth[:, None] * (both + both.T) / 2 * growth
            E[np.ix_(late, late)] = exact[np.ix_(late, late)]
        return E


def riccati_flow(rates: Array, start: Array) -> RiccatiFlow:
    """The flow for D of diagonal `rates`, (n,), from `start` X_0, (n, k), which is not zero."""
    order = np.argsort(-rates, kind="stable")
    mu, X = rates[order], start[order]
    turn = np.eye(len(mu))
    scale = np.abs(mu).max()
    basis = np.zeros((0, X.shape[1]))
    wins: list[int] = []
    begin = 0
    while begin < len(mu):
        end = begin + int(np.sum(mu[begin] - mu[begin:] <= _SAME * scale))
        mu[begin:end] = mu[begin:end].mean()
        group = X[begin:end]
        # Twice, for what is left of the first time.
        new = group - (group @ basis.T) @ basis
        new = new - (new @ basis.T) @ basis
        V, S, Y = np.linalg.svd(new)
        least = 32 * _EPS * max(X.shape) * np.linalg.norm(group)
        rank = min(np.count_nonzero(least < S), X.shape[1] - len(basis))
        # Rows of one rate may be turned among each other, so that as few as can be bring news.
        X[begin:end] = V.T @ group
        turn[:, begin:end] = turn[:, begin:end] @ V
        basis = np.concatenate([basis, Y[:rank]])
        wins += range(begin, begin + rank)
        begin = end
    others = np.setdiff1d(np.arange(len(mu)), wins)
    L = np.tril(X[wins] @ basis.T)
    inverse = solve_triangular(L, np.eye(len(wins)), lower=True)
    frame = np.zeros_like(turn)
    frame[order] = turn[:, [*wins, *others]]
    return RiccatiFlow(mu[wins], inverse, mu[others], X[others] @ basis.T @ inverse, frame)


def _half_log_weight(mu: Array, t: float) -> Array:
    """Half of ln W, W = (e^{2 mu t} - 1) / mu, or 2 t where mu = 0."""
    size = np.abs(mu)
    safe = np.where(size > 0, size, 1.0)
    with np.errstate(divide="ignore"):
        log_w = np.log(np.where(size > 0, -np.expm1(-2 * size * t) / safe, 2 * t))
    return np.maximum(mu, 0.0) * t + log_w / 2
