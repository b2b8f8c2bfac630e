r"""Iterations that use a matrix and its transpose in turn, as tensor programs.

- `iteration`: approximate message passing. From $q^0$ of independent N(0, 1), for t = 0, 1, ...:
  $b^t = A q^t - \lambda_t m^{t-1}$, $m^t = g(b^t + w)$, $h^{t+1} = A^T m^t - \xi_t q^t$,
  $q^{t+1} = f(h^{t+1} + x)$. A is n by N, $\delta = n/N$, with entries N(0, 1/n); w and x have
  entries of variances $s^2$ and $u^2$; $\xi_t$ is the mean of g' and $\lambda_t$ that of f' over
  $\delta$ (the Onsager terms).
- `state_evolution`: what is claimed of it.
- `autoencoder`: a layer, and back through the same weights.

Source: Yang, arXiv 1902.04760, Corollaries D.12 and D.18.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from lemmata.theory.program_limit import Expectation
from lemmata.theory.tensor_programs import Program, Scalar

_z = sp.Symbol("z", real=True)


def relu(z: Any) -> sp.Expr:
    """What is g here, and the activation of the autoencoder."""
    return sp.Max(z, 0)


def _denoised_slope(z: Any) -> sp.Expr:
    return 1 - sp.tanh(z) ** 2


def iteration(
    steps: int, delta: Any, s: Any, u: Any, *, xi: Any = 1, memory: Any = 1
) -> tuple[Program, list[Scalar], list[Scalar]]:
    r"""The iteration with f = tanh and g = ReLU, $\xi_t$ and $\lambda_t$ times `xi` and `memory`.

    **Returns:** the program, the averages of the squares of $b^0, b^1, \ldots$, and those of
    $h^1, h^2, \ldots$.
    """
    p = Program()
    N, n = p.width("N"), p.width("n", delta)
    A = p.matrix("A", n, N, variance=1 / sp.sympify(delta))  # the variance is over columns
    q, x = p.vector("q", N), p.vector("x", N, variance=u**2)
    w = p.vector("w", n, variance=s**2)
    sizes: tuple[list[Scalar], list[Scalar]] = [], []
    h = m = None
    for step in range(steps):
        b = A @ q
        if memory and h is not None and m is not None:
            b = b - p.mean(lambda h, x: memory * _denoised_slope(h + x) / delta, h, x) * m
        m = p.apply(lambda b, w: relu(b + w), b, w)
        sizes[0].append(p.mean(_square, b))
        h = A.T @ m
        if xi:
            h = h - p.mean(lambda b, w: xi * sp.Heaviside(b + w), b, w) * q
        sizes[1].append(p.mean(_square, h))
        if step + 1 < steps:
            q = p.apply(lambda h, x: sp.tanh(h + x), h, x)
    return p, *sizes


def state_evolution(
    steps: int, delta: Any, s: Any, u: Any, mean: Expectation
) -> tuple[list[sp.Expr], list[sp.Expr]]:
    r"""The variances $\sigma_t^2$ and $\tau_t^2$ of Gaussians that $b^t$ and $h^{t+1}$ look like.

    $\tau_t^2 = E g(\sigma_t Z + W)^2$ and $\sigma_{t+1}^2 = E f(\tau_t Z + X)^2 / \delta$.
    """
    sigmas, taus = [1 / sp.sympify(delta)], []
    for _ in range(steps):
        taus.append(mean(relu(_z) ** 2, {(_z, _z): sigmas[-1] + s**2}))
        sigmas.append(mean(sp.tanh(_z) ** 2, {(_z, _z): taus[-1] + u**2}) / delta)
    return sigmas[:steps], taus


#: of the autoencoder: rows over columns of W, and the factors of its entries and of both biases
alpha, w, b, v = sp.symbols("alpha w b v", positive=True)


def autoencoder(*, tied: bool = True) -> tuple[Program, tuple[Scalar, ...]]:
    r"""From $y = \max(x, 0)$, x of N(0, 1): $\hat y = W^T \max(W y + b, 0) + v$.

    W has $\alpha n$ rows and n columns, of entries N(0, w^2/n); b and v have entries of variances
    $b^2$ and $v^2$. Not `tied`, the decoder has a matrix of its own.

    **Returns:** the program, and the averages of $y^2$, $y \hat y$ and $\hat y^2$.
    """
    p = Program()
    n, m = p.width("n"), p.width("m", alpha)
    W, x = p.matrix("W", m, n, variance=w**2), p.vector("x", n)
    into, out = p.vector("b", m, variance=b**2), p.vector("v", n, variance=v**2)
    back = W.T if tied else p.matrix("V", n, m, variance=alpha * w**2)
    y = p.apply(relu, x)
    again = back @ p.apply(relu, W @ y + into) + out
    return p, (p.mean(_square, y), p.mean(_product, y, again), p.mean(_square, again))


def _square(z: Any) -> Any:
    return z**2


def _product(one: Any, other: Any) -> Any:
    return one * other
